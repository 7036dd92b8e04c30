//! `Expect: 100-continue` (RFC 9110 section 10.1.1): the body is asked for once it is wanted, and only then.

use std::time::Duration;

use crate::support::gateway::proxy;
use crate::support::wire::status;
use crate::support::{Gateway, Upstream};

const ECHO: &str = "POST / HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 4\r\n\r\n";

#[tokio::test]
async fn the_client_is_told_to_go_on() {
    let upstream = Upstream::start(|mut wire, _| async move {
        while let Some((_, body)) = wire.next_request().await {
            wire.send(format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n{body}", body.len())).await;
        }
    })
    .await;
    let gateway = Gateway::start("", &proxy(upstream.address, ""));
    let mut client = gateway.connect().await;
    for _ in 0..3 {
        client.send(ECHO).await;
        assert_eq!(client.head().await, "HTTP/1.1 100 Continue\r\n\r\n");
        client.send("body").await;
        let (head, body) = client.message().await;
        assert_eq!((status(&head), &*body), (200, "body"));
    }
    // Who does not wait gets at most that.
    client.send(format!("{ECHO}body")).await;
    let (mut head, mut body) = client.message().await;
    if status(&head) == 100 {
        (head, body) = client.message().await;
    }
    assert_eq!((status(&head), &*body), (200, "body"));
}

#[tokio::test]
async fn a_refused_request_is_not_asked_for_its_body() {
    let gone = {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        listener.local_addr().unwrap()
    };
    let rest = proxy(gone, "limits = { body = \"3B\" }\nmatch = { path = \"/small\" }")
        + "\n[[routes]]\nauth = \"public\"\nid = \"gone\"\nupstream = \"up\"\nmatch = { path = \"/gone\" }";
    let gateway = Gateway::start("", &rest);
    for (path, expected) in [("/small", 413), ("/none", 404), ("/gone", 502)] {
        let mut client = gateway.connect().await;
        client.send(ECHO.replacen("/ ", &format!("{path} "), 1)).await;
        assert_eq!(client.status().await, expected, "{path}");
        // The body that the client has not sent is not waited for, and nothing else is read as the next request.
        client.send("GET /none HTTP/1.1\r\nHost: a\r\n\r\n").await;
        let (rest, _) = client.rest().await;
        assert_eq!(rest, b"", "{path}");
    }
    let mut client = gateway.connect().await;
    client.send(ECHO.replace("100-continue", "other")).await;
    assert_eq!(client.status().await, 417);
    tokio::time::sleep(Duration::from_millis(1)).await;
}
