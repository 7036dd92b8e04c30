//! Connections to upstreams: kept, closed by the other side, of older versions, with odd answers.

use std::time::Duration;

use tokio::time::sleep;

use crate::support::gateway::proxy;
use crate::support::wire::{End, field, fields, status};
use crate::support::{Gateway, Upstream};

const OK: &str = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";

#[tokio::test]
async fn connections_are_used_again() {
    let upstream = Upstream::answering(OK).await;
    let gateway = Gateway::start("", &proxy(upstream.address, ""));
    for _ in 0..3 {
        let mut client = gateway.connect().await;
        for _ in 0..5 {
            client.get("/").await;
            assert_eq!(client.message().await.1, "ok");
        }
    }
    assert_eq!(upstream.connections(), 1);
}

/// RFC 9112 section 9.3.1: a connection that the upstream closes just when a request is sent over it. The request
/// goes out once more over a new one, and the client notices nothing.
#[tokio::test]
async fn a_used_connection_that_dies_is_replaced() {
    // Every connection answers once, and ends at the second request without an answer.
    let upstream = Upstream::start(|mut wire, _| async move {
        wire.next_request().await;
        wire.send(OK).await;
        wire.next_request().await;
    })
    .await;
    let gateway = Gateway::start("", &proxy(upstream.address, ""));
    let mut client = gateway.connect().await;
    for method in ["GET", "HEAD", "OPTIONS", "PUT", "DELETE", "GET"] {
        client.send(format!("{method} /{method} HTTP/1.1\r\nHost: a\r\n\r\n")).await;
        assert_eq!(status(&client.head().await), 200, "{method}");
        if method != "HEAD" {
            client.exactly(2).await;
        }
        sleep(Duration::from_millis(40)).await;
    }
    assert_eq!(upstream.connections(), 6);
}

/// RFC 9110 section 9.2.2: what is not idempotent, or has a body, is never sent twice.
#[tokio::test]
async fn what_may_have_been_done_is_not_done_again() {
    for request in
        ["POST /b HTTP/1.1\r\nHost: a\r\n\r\n", "PUT /b HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\n\r\nx"]
    {
        let upstream = Upstream::start(|mut wire, number| async move {
            assert_eq!(number, 0, "sent again");
            wire.next_request().await;
            wire.send(OK).await;
            wire.next_request().await;
        })
        .await;
        let gateway = Gateway::start("", &proxy(upstream.address, ""));
        let mut client = gateway.connect().await;
        client.get("/").await;
        assert_eq!(client.status().await, 200);
        sleep(Duration::from_millis(40)).await;
        client.send(request).await;
        let (head, body) = client.message().await;
        assert_eq!(status(&head), 502, "{head}");
        assert!(body.contains("#upstream-terminated"), "{body}");
        assert_eq!(upstream.connections(), 1);
    }
}

/// Closed while it lay unused: noticed before anything is sent, so that even a POST goes through.
#[tokio::test]
async fn closed_idle_connections_are_not_used() {
    let upstream = Upstream::start(|mut wire, _| async move {
        wire.next_request().await;
        wire.send(OK).await;
    })
    .await;
    let gateway = Gateway::start("", &proxy(upstream.address, ""));
    let mut client = gateway.connect().await;
    for _ in 0..5 {
        client.send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\n\r\nx").await;
        assert_eq!(client.status().await, 200);
        sleep(Duration::from_millis(60)).await;
    }
    assert_eq!(upstream.connections(), 5);
}

/// `Connection: close` of either side is that side's own.
#[tokio::test]
async fn an_upstream_that_closes_does_not_close_the_client() {
    let upstream = Upstream::start(|mut wire, _| async move {
        wire.next_request().await;
        wire.send(
            "HTTP/1.1 200 OK\r\nConnection: close, x-private\r\nX-Private: 1\r\nContent-Length: 2\r\n\r\nok",
        )
        .await;
        // Announced, but late: the gateway must not send another request here.
        assert!(wire.next_request().await.is_none());
    })
    .await;
    let gateway = Gateway::start("", &proxy(upstream.address, ""));
    let mut client = gateway.connect().await;
    for _ in 0..3 {
        client.get("/").await;
        let (head, body) = client.message().await;
        assert_eq!((status(&head), &*body), (200, "ok"));
        assert_eq!((field(&head, "connection"), field(&head, "x-private")), (None, None), "{head}");
    }
    assert_eq!(upstream.connections(), 3);
}

#[tokio::test]
async fn answers_of_http_1_0_and_without_length() {
    for (head, version) in [("HTTP/1.0 200 OK\r\nX-A: b\r\n\r\n", "1.0"), ("HTTP/1.1 200 OK\r\n\r\n", "1.1")]
    {
        let upstream = Upstream::start(move |mut wire, _| async move {
            wire.next_request().await;
            wire.send(head).await;
            wire.send("some").await;
            sleep(Duration::from_millis(10)).await;
            wire.send(" more").await;
        })
        .await;
        let gateway = Gateway::start("", &proxy(upstream.address, ""));
        let mut client = gateway.connect().await;
        for _ in 0..2 {
            client.get("/").await;
            let (head, body) = client.message().await;
            assert!(head.starts_with("HTTP/1.1 200 OK\r\n"), "{head}");
            assert_eq!(
                (field(&head, "transfer-encoding"), &*body),
                (Some("chunked"), "some more"),
                "{version}"
            );
        }
        // A client of HTTP/1.0 knows no chunks: the end of the connection is the end of the body.
        let mut client = gateway.connect().await;
        client.send("GET / HTTP/1.0\r\nHost: a\r\n\r\n").await;
        let (rest, end) = client.rest().await;
        let text = String::from_utf8(rest).unwrap();
        assert!(text.ends_with("\r\n\r\nsome more") && !text.contains("chunked"), "{text}");
        assert_eq!(end, End::Closed);
    }
}

#[tokio::test]
async fn interim_answers_do_not_disturb() {
    let upstream = Upstream::answering(
        "HTTP/1.1 103 Early Hints\r\nLink: </a>; rel=preload\r\n\r\nHTTP/1.1 102 Processing\r\n\r\n\
         HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok",
    )
    .await;
    let gateway = Gateway::start("", &proxy(upstream.address, ""));
    let mut client = gateway.connect().await;
    for _ in 0..2 {
        client.get("/").await;
        let (head, body) = client.message().await;
        assert_eq!((status(&head), &*body), (200, "ok"));
    }
}

/// RFC 9110 section 8.6: these have no content, whatever length they announce. (hyper leaves the length of a 304
/// out, which need not have one.)
#[tokio::test]
async fn answers_without_content() {
    for (method, answer, expected, length) in [
        ("HEAD", "HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n", 200, Some("1000")),
        ("HEAD", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", 200, None),
        ("GET", "HTTP/1.1 204 No Content\r\n\r\n", 204, None),
        ("GET", "HTTP/1.1 304 Not Modified\r\nContent-Length: 1000\r\nETag: \"a\"\r\n\r\n", 304, None),
    ] {
        let upstream = Upstream::answering(answer).await;
        let gateway = Gateway::start("", &proxy(upstream.address, ""));
        let mut client = gateway.connect().await;
        for _ in 0..2 {
            client.send(format!("{method} / HTTP/1.1\r\nHost: a\r\n\r\n")).await;
            let head = client.head().await;
            assert_eq!(
                (status(&head), field(&head, "content-length")),
                (expected, length),
                "{method}: {head}"
            );
        }
        assert!(client.is_silent_for(Duration::from_millis(30)).await);
        let record = &gateway.records(2).await[0];
        assert_eq!((&record["outcome"], &record["bytes_out"]), (&"answered".into(), &0.into()), "{record}");
    }
}

/// RFC 9110 section 15.3.5: 204 has no length either, and what an upstream sends after it is not the next answer.
#[tokio::test]
async fn content_after_204_is_no_answer() {
    let upstream = Upstream::answering("HTTP/1.1 204 No Content\r\nContent-Length: 3\r\n\r\nbad").await;
    let gateway = Gateway::start("", &proxy(upstream.address, ""));
    let mut client = gateway.connect().await;
    for _ in 0..3 {
        client.get("/").await;
        let head = client.head().await;
        assert_eq!((status(&head), field(&head, "content-length")), (204, None), "{head}");
    }
    assert!(client.is_silent_for(Duration::from_millis(30)).await);
}

/// What an upstream sends beyond its answer would be the answer to somebody else's request.
#[tokio::test]
async fn an_answer_that_nobody_asked_for_is_nobodys() {
    let upstream = Upstream::answering(
        "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nokHTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\npoison",
    )
    .await;
    let gateway = Gateway::start("", &proxy(upstream.address, ""));
    let mut client = gateway.connect().await;
    for _ in 0..4 {
        client.get("/").await;
        assert_eq!(client.message().await.1, "ok");
        sleep(Duration::from_millis(20)).await;
    }
}

#[tokio::test]
async fn bad_answers_are_502() {
    const PROTOCOL: &str = "upstream-protocol";
    for (answer, slug) in [
        ("garbage\r\n\r\n", PROTOCOL),
        ("HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 3\r\n\r\nokk", PROTOCOL),
        ("HTTP/1.1 200 OK\r\nContent-Length: -2\r\n\r\nok", PROTOCOL),
        ("HTTP/1.1 200 OK\r\nBad Name: 2\r\nContent-Length: 2\r\n\r\nok", PROTOCOL),
        ("HTTP/1.1 99 Low\r\nContent-Length: 2\r\n\r\nok", PROTOCOL),
        ("HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\nConnection: upgrade\r\n\r\n", PROTOCOL),
        ("HTTP/2 200\r\n\r\n", PROTOCOL),
        ("HTTP/1.1 200 OK\r\nContent-Len", "upstream-terminated"),
        ("", "upstream-terminated"),
    ] {
        let upstream = Upstream::start(move |mut wire, _| async move {
            wire.next_request().await;
            wire.send(answer).await;
        })
        .await;
        let gateway = Gateway::start("", &proxy(upstream.address, ""));
        let mut client = gateway.connect().await;
        client.get("/").await;
        let (head, body) = client.message().await;
        assert_eq!(status(&head), 502, "{answer:?}: {head}");
        assert!(body.contains(&format!("#{slug}\"")), "{answer:?}: {body}");
        assert_eq!(field(&head, "content-type"), Some("application/problem+json"));
        let proxy_status = field(&head, "proxy-status").unwrap();
        assert!(proxy_status.starts_with("tollgate; error="), "{proxy_status}");
        let told = format!("{head}{body}");
        assert!(
            !told.contains("127.0.0.1") && !told.contains(&upstream.address.port().to_string()),
            "{told}"
        );
        assert_eq!(gateway.record().await["outcome"], slug);
        // The client's connection is none the worse for it.
        client.get("/").await;
        assert_eq!(client.status().await, 502);
    }
}

/// RFC 9112 section 6.3 (3): a length beside chunks is not what the client gets to see.
#[tokio::test]
async fn an_answer_with_two_framings_has_one() {
    let upstream = Upstream::start(|mut wire, _| async move {
        wire.next_request().await;
        wire.send(
            "HTTP/1.1 200 OK\r\nContent-Length: 99\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n",
        )
        .await;
    })
    .await;
    let gateway = Gateway::start("", &proxy(upstream.address, ""));
    let mut client = gateway.connect().await;
    client.get("/").await;
    let (head, body) = client.message().await;
    assert_eq!((status(&head), field(&head, "content-length"), &*body), (200, None, "ok"), "{head}");
}

#[tokio::test]
async fn repeated_fields_stay_in_order() {
    let upstream = Upstream::start(|mut wire, _| async move {
        let (head, _) = wire.next_request().await.unwrap();
        assert_eq!(fields(&head, "x-list"), ["1", "2", "3"], "{head}");
        wire.send(
            "HTTP/1.1 200 OK\r\nSet-Cookie: a=1; Path=/\r\nX-Between: 1\r\nSet-Cookie: b=2\r\nSet-Cookie: a=3\r\n\
             Content-Length: 0\r\n\r\n",
        )
        .await;
    })
    .await;
    let gateway = Gateway::start("", &proxy(upstream.address, ""));
    let mut client = gateway.connect().await;
    client.send("GET / HTTP/1.1\r\nX-List: 1\r\nHost: a\r\nX-List: 2\r\nX-List: 3\r\n\r\n").await;
    let head = client.head().await;
    assert_eq!(fields(&head, "set-cookie"), ["a=1; Path=/", "b=2", "a=3"], "{head}");
}
