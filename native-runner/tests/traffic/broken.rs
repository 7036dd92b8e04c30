//! What breaks on one side is broken on the other, never a clean end.

use std::time::Duration;

use bytes::Bytes;
use tokio::time::sleep;

use crate::support::gateway::proxy;
use crate::support::h2::{Client, collect, get};
use crate::support::wire::{End, status};
use crate::support::{Gateway, Upstream, eventually, within};

const BROKEN: [&str; 2] = [
    "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf",
    "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nhalf\r\n",
];

/// RFC 9112 section 8: the client of HTTP/1.1 sees fewer bytes than announced, or no last chunk.
#[tokio::test]
async fn an_upstream_that_dies_breaks_the_answer_over_http1() {
    for answer in BROKEN {
        let upstream = broken(answer).await;
        let gateway = Gateway::start("", &proxy(upstream.address, ""));
        let mut client = gateway.connect().await;
        client.get("/").await;
        assert_eq!(status(&client.head().await), 200);
        let (rest, _) = client.rest().await;
        let text = String::from_utf8(rest).unwrap();
        assert!(text == "half" || text == "4\r\nhalf\r\n", "{text:?}");
        assert_eq!(gateway.record().await["outcome"], "answer-broken");
    }
}

/// RFC 9113 section 8.1: the client of HTTP/2 sees the stream reset, and the connection goes on.
#[tokio::test]
async fn an_upstream_that_dies_breaks_the_answer_over_http2() {
    for answer in BROKEN {
        let upstream = broken(answer).await;
        let gateway = Gateway::start("", &proxy(upstream.address, ""));
        let client = Client::connect(gateway.address).await;
        for _ in 0..2 {
            let (response, _) = client.open(get("/"), true).await;
            let mut body = within("an answer", response).await.unwrap().into_body();
            let error = collect(&mut body).await.unwrap_err();
            assert!(error.is_reset() && error.is_remote(), "{error}");
        }
        let records = gateway.records(2).await;
        assert!(records.iter().all(|record| record["outcome"] == "answer-broken"), "{records:?}");
    }
}

async fn broken(answer: &'static str) -> Upstream {
    Upstream::start(move |mut wire, _| async move {
        wire.next_request().await;
        wire.send(answer).await;
        // So that the head is on its way before the end is known: else the client sees no answer at all.
        sleep(Duration::from_millis(50)).await;
    })
    .await
}

/// The same where the upstream speaks HTTP/2 and resets the stream.
#[tokio::test]
async fn an_upstream_that_resets_breaks_the_answer() {
    let upstream = Upstream::start(|wire, _| async move {
        let mut connection = h2::server::handshake(wire.stream).await.unwrap();
        while let Some(Ok((_, mut respond))) = connection.accept().await {
            let mut stream = respond.send_response(http::Response::new(()), false).unwrap();
            stream.send_data(Bytes::from_static(b"half"), false).unwrap();
            tokio::spawn(async move {
                sleep(Duration::from_millis(20)).await;
                stream.send_reset(h2::Reason::INTERNAL_ERROR);
            });
        }
    })
    .await;
    let rest = proxy(upstream.address, "").replace("[[routes]]", "protocol = \"http2\"\n[[routes]]");
    let gateway = Gateway::start("", &rest);
    let mut client = gateway.connect().await;
    client.get("/").await;
    assert_eq!(status(&client.head().await), 200);
    assert_eq!(client.rest().await.0, b"4\r\nhalf\r\n");
}

/// A client that goes away lets the upstream go too, whether the upstream sends or waits.
#[tokio::test]
async fn a_client_that_goes_away_frees_the_upstream() {
    for sends in [true, false] {
        let (gone, mut known) = tokio::sync::mpsc::unbounded_channel();
        let upstream = Upstream::start(move |mut wire, _| {
            let gone = gone.clone();
            async move {
                wire.next_request().await;
                wire.send("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nx\r\n").await;
                let chunk = [&b"10000\r\n"[..], &[b'x'; 0x10000], b"\r\n"].concat();
                while sends && wire.send(&chunk).await {}
                let _ = wire.rest().await;
                gone.send(()).unwrap();
            }
        })
        .await;
        let gateway = Gateway::start("", &proxy(upstream.address, ""));
        let mut client = gateway.connect().await;
        client.get("/").await;
        client.head().await;
        client.chunk().await;
        drop(client);
        within("the upstream's connection", known.recv()).await.unwrap();

        let client = Client::connect(gateway.address).await;
        let (response, stream) = client.open(get("/"), true).await;
        let mut body = within("an answer", response).await.unwrap().into_body();
        within("data", body.data()).await.unwrap().unwrap();
        drop((body, stream));
        within("the upstream's connection", known.recv()).await.unwrap();
        let records = gateway.records(2).await;
        assert!(records.iter().all(|record| record["outcome"] == "client-gone"), "{records:?}");
        assert!(records.iter().all(|record| record["status"] == 200), "{records:?}");
    }
}

/// Nor does a request go on whose client went away before there was an answer.
#[tokio::test]
async fn a_client_that_does_not_wait_is_recorded() {
    let (gone, mut known) = tokio::sync::mpsc::unbounded_channel();
    let upstream = Upstream::start(move |mut wire, _| {
        let gone = gone.clone();
        async move {
            wire.next_request().await;
            assert_eq!(wire.rest().await, (Vec::new(), End::Closed));
            gone.send(()).unwrap();
        }
    })
    .await;
    let gateway = Gateway::start("", &proxy(upstream.address, ""));
    let mut client = gateway.connect().await;
    client.get("/").await;
    eventually("the request", || upstream.connections() == 1).await;
    drop(client);
    within("the upstream's connection", known.recv()).await.unwrap();
    let record = gateway.record().await;
    assert_eq!((&record["outcome"], &record["status"]), (&"client-gone".into(), &499.into()), "{record}");
    assert_eq!(record["upstream"], "up", "{record}");
    eventually("the place of the request", || gateway.server.snapshot().in_flight == 0).await;
}

/// A client that breaks off its upload breaks it off upstream: no shorter request is made of it.
#[tokio::test]
async fn a_broken_upload_is_no_request() {
    let (ends, mut known) = tokio::sync::mpsc::unbounded_channel();
    let upstream = Upstream::start(move |mut wire, _| {
        let ends = ends.clone();
        async move {
            wire.head().await;
            ends.send(String::from_utf8(wire.rest().await.0).unwrap()).unwrap();
        }
    })
    .await;
    let gateway = Gateway::start("", &proxy(upstream.address, ""));
    for framing in ["Content-Length: 100\r\n\r\nhalf", "Transfer-Encoding: chunked\r\n\r\n4\r\nhalf\r\n"] {
        let mut client = gateway.connect().await;
        client.send(format!("POST / HTTP/1.1\r\nHost: a\r\n{framing}")).await;
        sleep(Duration::from_millis(30)).await;
        drop(client);
        let text = within("the end", known.recv()).await.unwrap();
        assert!(text == "half" || text == "4\r\nhalf\r\n", "{text:?}");
    }
    let records = gateway.records(2).await;
    assert!(records.iter().all(|record| record["outcome"] != "answered"), "{records:?}");
}
