//! Bodies pass as they come, in both directions and both versions, with their trailers.

use std::time::Duration;

use bytes::Bytes;
use http::{HeaderMap, HeaderValue};
use tokio::time::{Instant, sleep};

use crate::support::gateway::proxy;
use crate::support::h2::{Client, collect, get, post};
use crate::support::wire::field;
use crate::support::{Gateway, Upstream, within};

/// Server-sent events arrive when they are sent, not when there are enough of them.
#[tokio::test]
async fn events_arrive_as_they_are_sent() {
    let upstream = Upstream::start(|mut wire, _| async move {
        wire.next_request().await;
        wire.send("HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n")
            .await;
        for _ in 0..4 {
            sleep(Duration::from_millis(100)).await;
            wire.send("a\r\ndata: tick\r\n").await;
        }
        sleep(Duration::from_millis(100)).await;
        wire.send("0\r\n\r\n").await;
    })
    .await;
    let gateway = Gateway::start("", &proxy(upstream.address, ""));
    let mut client = gateway.connect().await;
    let begun = Instant::now();
    client.get("/").await;
    client.head().await;
    let mut moments = vec![begun.elapsed()];
    for _ in 0..4 {
        assert_eq!(client.chunk().await, b"data: tick");
        moments.push(begun.elapsed());
    }
    assert_eq!(client.chunk().await, b"");
    assert_apart(&moments);

    let client = Client::connect(gateway.address).await;
    let begun = Instant::now();
    let (answer, _) = client.open(get("/"), true).await;
    let mut body = within("an answer", answer).await.unwrap().into_body();
    let mut moments = vec![begun.elapsed()];
    while let Some(event) = within("an event", body.data()).await {
        let event = event.unwrap();
        if !event.is_empty() {
            assert_eq!(event, "data: tick");
            moments.push(begun.elapsed());
        }
    }
    assert_eq!(moments.len(), 5);
    assert_apart(&moments);
}

/// Each is 100 ms after the one before; a busy machine may delay one and so bring it nearer to the next.
fn assert_apart(moments: &[Duration]) {
    let close = moments.windows(2).filter(|pair| pair[1] - pair[0] < Duration::from_millis(30)).count();
    assert!(close <= 1 && moments[0] < Duration::from_millis(100), "not one by one: {moments:?}");
}

/// RFC 9110 section 6.5: trailers pass in both directions, but for those that must not be in one (6.5.1).
#[tokio::test]
async fn trailers_pass_over_http1() {
    let upstream = Upstream::start(|mut wire, _| async move {
        let head = wire.head().await;
        assert_eq!(
            (field(&head, "te"), field(&head, "connection")),
            (Some("trailers"), Some("te")),
            "{head}"
        );
        assert_eq!(wire.chunk().await, b"up");
        assert_eq!(wire.chunk().await, b"");
        let mut trailers = vec![wire.line().await, wire.line().await, wire.line().await];
        trailers.sort();
        assert_eq!(trailers, ["\r\n", "x-one: 1\r\n", "x-two: 2\r\n"]);
        wire.send(
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nTrailer: X-Sum, Set-Cookie\r\n\r\n\
             4\r\ndown\r\n0\r\nX-Sum: 9\r\nSet-Cookie: no=1\r\n\r\n",
        )
        .await;
    })
    .await;
    let gateway = Gateway::start("", &proxy(upstream.address, ""));
    let mut client = gateway.connect().await;
    client
        .send(
            "POST / HTTP/1.1\r\nHost: a\r\nTE: trailers\r\nConnection: te\r\nTransfer-Encoding: chunked\r\n\
             Trailer: X-One, X-Two, Authorization\r\n\r\n2\r\nup\r\n0\r\nX-One: 1\r\nAuthorization: no\r\nX-Two: 2\r\n\r\n",
        )
        .await;
    let head = client.head().await;
    assert!(field(&head, "trailer").is_some(), "{head}");
    assert_eq!(client.chunk().await, b"down");
    assert_eq!(client.chunk().await, b"");
    assert_eq!([client.line().await, client.line().await], ["x-sum: 9\r\n", "\r\n"]);
}

/// gRPC's way: trailers that no field announces, over HTTP/2 on both sides.
#[tokio::test]
async fn trailers_pass_over_http2() {
    let upstream = Upstream::start(|wire, _| async move {
        let mut connection = h2::server::handshake(wire.stream).await.unwrap();
        while let Some(Ok((request, mut respond))) = connection.accept().await {
            tokio::spawn(async move {
                let mut body = request.into_body();
                assert_eq!(collect(&mut body).await.unwrap(), b"up");
                let trailers = body.trailers().await.unwrap().unwrap();
                assert_eq!((&trailers["x-one"], trailers.len()), (&HeaderValue::from_static("1"), 1));
                let mut stream = respond.send_response(http::Response::new(()), false).unwrap();
                stream.send_data(Bytes::from_static(b"down"), false).unwrap();
                let trailers = [("grpc-status", "0"), ("set-cookie", "no=1")];
                stream.send_trailers(fields(&trailers)).unwrap();
            });
        }
    })
    .await;
    let rest = proxy(upstream.address, "").replace("[[routes]]", "protocol = \"http2\"\n[[routes]]");
    let gateway = Gateway::start("", &rest);
    let client = Client::connect(gateway.address).await;
    let (answer, mut stream) = client.open(post("/"), false).await;
    stream.send_data(Bytes::from_static(b"up"), false).unwrap();
    stream.send_trailers(fields(&[("x-one", "1"), ("authorization", "no")])).unwrap();
    let mut body = within("an answer", answer).await.unwrap().into_body();
    assert_eq!(collect(&mut body).await.unwrap(), b"down");
    let trailers = within("trailers", body.trailers()).await.unwrap().unwrap();
    assert_eq!((&trailers["grpc-status"], trailers.len()), (&HeaderValue::from_static("0"), 1));
}

fn fields(lines: &[(&'static str, &'static str)]) -> HeaderMap {
    lines.iter().map(|(name, value)| (name.parse().unwrap(), HeaderValue::from_static(value))).collect()
}

/// An upstream may answer before it has read the request, and both go on for as long as they want.
#[tokio::test]
async fn an_early_answer_lets_the_upload_go_on() {
    let upstream = Upstream::start(|mut wire, _| async move {
        wire.head().await;
        wire.send("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n").await;
        // An echo, piece by piece.
        loop {
            let piece = wire.chunk().await;
            let size = format!("{:x}\r\n", piece.len());
            wire.send([size.as_bytes(), &piece, b"\r\n"].concat()).await;
            if piece.is_empty() {
                wire.line().await;
                return;
            }
        }
    })
    .await;
    // The answer may rest for as long as the request moves.
    let gateway = Gateway::start("", &proxy(upstream.address, "timeouts = { idle = \"300ms\" }"));
    let mut client = gateway.connect().await;
    client.send("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n").await;
    client.head().await;
    for word in ["one", "two", "three"] {
        client.send(format!("{:x}\r\n{word}\r\n", word.len())).await;
        assert_eq!(client.chunk().await, word.as_bytes());
        sleep(Duration::from_millis(200)).await;
    }
    client.send("0\r\n\r\n").await;
    assert_eq!(client.chunk().await, b"");
    client.line().await;
    let record = gateway.record().await;
    assert_eq!(
        (&record["outcome"], &record["bytes_in"], &record["bytes_out"]),
        (&"answered".into(), &11.into(), &11.into())
    );
}

/// The answer's progress is not the only progress.
#[tokio::test]
async fn a_long_upload_after_an_early_head_is_not_idle() {
    let upstream = Upstream::start(|mut wire, _| async move {
        wire.head().await;
        wire.send("HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\n").await;
        while !wire.chunk().await.is_empty() {}
        wire.line().await;
        wire.send("done").await;
    })
    .await;
    let gateway = Gateway::start("", &proxy(upstream.address, "timeouts = { idle = \"300ms\" }"));
    let mut client = gateway.connect().await;
    client.send("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n").await;
    client.head().await;
    for _ in 0..8 {
        client.send("1\r\nx\r\n").await;
        sleep(Duration::from_millis(100)).await;
    }
    client.send("0\r\n\r\n").await;
    assert_eq!(client.exactly(4).await, b"done");
}

/// An answer that ends before the request does is delivered, and then the connections are not used again.
#[tokio::test]
async fn an_early_answer_that_ends_is_delivered() {
    let upstream = Upstream::start(|mut wire, _| async move {
        wire.head().await;
        wire.send("HTTP/1.1 403 Forbidden\r\nContent-Length: 2\r\nConnection: close\r\n\r\nno").await;
    })
    .await;
    let gateway = Gateway::start("", &proxy(upstream.address, "limits = { body = \"off\" }"));
    let mut client = gateway.connect().await;
    client.send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 100000000\r\n\r\n").await;
    let (head, body) = client.message().await;
    assert_eq!((crate::support::wire::status(&head), &*body), (403, "no"));
    // The rest of the body can only be thrown away.
    client.send(vec![b'x'; 1 << 16]).await;
    assert_eq!(client.rest().await.0, b"");
}
