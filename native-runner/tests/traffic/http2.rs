//! HTTP/2: many requests at once on one connection, and what its clients may not do to it.

use std::time::Duration;

use bytes::Bytes;
use h2::Reason;
use http::Response;
use tokio::time::sleep;

use crate::support::gateway::proxy;
use crate::support::h2::{Client, collect, get};
use crate::support::wire::{field, status};
use crate::support::{Gateway, Upstream, eventually, within};

/// An upstream of HTTP/2 that answers each path with itself, `/slow` after a while.
async fn echoing() -> Upstream {
    Upstream::start(|wire, _| async move {
        let mut connection = h2::server::handshake(wire.stream).await.unwrap();
        while let Some(Ok((request, mut respond))) = connection.accept().await {
            tokio::spawn(async move {
                assert_eq!(request.headers().get("host"), None);
                let path = request.uri().path().to_owned();
                if path == "/slow" {
                    sleep(Duration::from_millis(300)).await;
                }
                let mut stream = respond.send_response(Response::new(()), false).unwrap();
                stream.send_data(Bytes::from(path), true).unwrap();
            });
        }
    })
    .await
}

fn over_http2(upstream: &Upstream) -> String {
    proxy(upstream.address, "").replace("[[routes]]", "protocol = \"http2\"\n[[routes]]")
}

#[tokio::test]
async fn streams_run_side_by_side() {
    let upstream = echoing().await;
    let gateway = Gateway::start("", &over_http2(&upstream));
    let client = Client::connect(gateway.address).await;
    assert_eq!(client.get("/first").await.unwrap().1, "/first");
    let (slow, _) = client.open(get("/slow"), true).await;
    let mut answers = Vec::new();
    for number in 0..60 {
        answers.push((number, client.open(get(&format!("/{number}")), true).await.0));
    }
    for (number, answer) in answers {
        let mut body = within("an answer", answer).await.unwrap().into_body();
        assert_eq!(collect(&mut body).await.unwrap(), format!("/{number}").into_bytes());
    }
    let mut body = within("the slow answer", slow).await.unwrap().into_body();
    assert_eq!(collect(&mut body).await.unwrap(), b"/slow");
    assert_eq!(upstream.connections(), 1, "one connection to the upstream for all");
    let records = gateway.records(62).await;
    assert!(records.iter().all(|record| record["version"] == "2"), "{records:?}");
    // A client of HTTP/1.1 shares it too, and sees nothing of HTTP/2.
    let mut client = gateway.connect().await;
    client.get("/one").await;
    let (head, body) = client.message().await;
    assert_eq!((status(&head), &*body), (200, "/one"), "{head}");
}

/// RFC 9113 section 6.8: an upstream that says GOAWAY finishes what it has, and the next request has a new connection.
#[tokio::test]
async fn an_upstream_may_go_away() {
    let upstream = Upstream::start(|wire, _| async move {
        let mut connection = h2::server::handshake(wire.stream).await.unwrap();
        let (_, mut respond) = connection.accept().await.unwrap().unwrap();
        connection.graceful_shutdown();
        let mut stream = respond.send_response(Response::new(()), false).unwrap();
        stream.send_data(Bytes::from_static(b"ok"), true).unwrap();
        while connection.accept().await.is_some() {}
    })
    .await;
    let gateway = Gateway::start("", &over_http2(&upstream));
    let mut client = gateway.connect().await;
    for _ in 0..5 {
        client.get("/").await;
        let (head, body) = client.message().await;
        assert_eq!((status(&head), &*body), (200, "ok"), "{head}");
        sleep(Duration::from_millis(20)).await;
    }
    assert_eq!(upstream.connections(), 5);
}

/// When the server is about to stop, a connection that is never idle is told so, and what it began is answered.
#[tokio::test]
async fn draining_says_goaway() {
    let upstream = echoing().await;
    let gateway = Gateway::start("", &over_http2(&upstream));
    let client = Client::connect(gateway.address).await;
    let Client { sender, connection } = client;
    let client = Client { sender, connection: tokio::spawn(async { Ok(()) }) };
    client.get("/first").await.unwrap();
    gateway.server.start_drain();
    let mut answered = 0;
    // No more than the answers that were begun may fail: none.
    loop {
        let Ok(mut ready) = client.sender.clone().ready().await else { break };
        let Ok((answer, _)) = ready.send_request(get("/slow"), true) else { break };
        match within("an answer", answer).await {
            Ok(response) => assert_eq!(collect(&mut response.into_body()).await.unwrap(), b"/slow"),
            // Not taken any more, and said so: RFC 9113 section 8.7 lets the client send it elsewhere.
            Err(error) => {
                assert!(error.is_go_away() || error.reason() == Some(Reason::REFUSED_STREAM), "{error}");
                break;
            }
        }
        answered += 1;
        assert!(answered < 40, "the connection goes on for ever");
    }
    within("the end", connection).await.unwrap().unwrap();
    let server = gateway.server.clone();
    within("the workers", tokio::task::spawn_blocking(move || server.join())).await.unwrap();
}

/// CVE-2023-44487: opening streams and resetting them at once costs the client its connection, and nobody else
/// anything.
#[tokio::test]
async fn rapid_resets_hurt_nobody() {
    let upstream = echoing().await;
    let gateway = Gateway::start("", &over_http2(&upstream));
    let attacker = Client::connect(gateway.address).await;
    let mut opened = 0;
    for _ in 0..5_000 {
        let Ok(mut ready) = attacker.sender.clone().ready().await else { break };
        let Ok((answer, mut stream)) = ready.send_request(get("/slow"), true) else { break };
        stream.send_reset(Reason::CANCEL);
        drop(answer);
        opened += 1;
    }
    assert!(opened > 0);
    let client = Client::connect(gateway.address).await;
    for _ in 0..20 {
        assert_eq!(client.get("/quick").await.unwrap().1, "/quick");
    }
    drop(attacker);
    eventually("nothing in flight", || gateway.server.snapshot().in_flight == 0).await;
}

/// What only begins like HTTP/2 ends.
#[tokio::test]
async fn a_broken_preface_ends_the_connection() {
    let upstream = echoing().await;
    let gateway = Gateway::start("", &over_http2(&upstream));
    let mut client = gateway.connect().await;
    client.send("PRI * HTTP/1.1\r\nHost: a\r\n\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n").await;
    let (rest, _) = client.rest().await;
    assert!(!String::from_utf8_lossy(&rest).contains("HTTP/1."), "{rest:?}");
    assert_eq!(upstream.connections(), 0);
}

/// RFC 9113 section 8.2.3: cookies may come one by one, and go as one.
#[tokio::test]
async fn cookies_are_joined() {
    let upstream = Upstream::start(|mut wire, _| async move {
        let (head, _) = wire.next_request().await.unwrap();
        assert_eq!(field(&head, "cookie"), Some("a=1; b=2"), "{head}");
        wire.send("HTTP/1.1 200 OK\r\nSet-Cookie: a=1\r\nSet-Cookie: b=2\r\nContent-Length: 0\r\n\r\n").await;
    })
    .await;
    let gateway = Gateway::start("", &proxy(upstream.address, ""));
    let client = Client::connect(gateway.address).await;
    let mut request = get("/");
    request.headers_mut().append("cookie", "a=1".parse().unwrap());
    request.headers_mut().append("cookie", "b=2".parse().unwrap());
    let response = within("an answer", client.open(request, true).await.0).await.unwrap();
    let cookies: Vec<_> = response.headers().get_all("set-cookie").iter().collect();
    assert_eq!(cookies, ["a=1", "b=2"]);
}
