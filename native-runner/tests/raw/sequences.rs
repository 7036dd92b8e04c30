//! Several requests on a connection: order, time, bodies that nobody reads, other protocols.

use std::net::SocketAddr;
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::{sleep, timeout};

use super::harness::Recorder;
use super::server;
use native_runner::serve::guard::{Guard, Limits};

/// More than any test takes.
const LONG: Duration = Duration::from_secs(10);
const GOOD: &str = "GET /case HTTP/1.1\r\nHost: a.example\r\n\r\n";
const SMUGGLED: &str = "GET /smuggled HTTP/1.1\r\nHost: a.example\r\n\r\n";

/// Sends `parts` with a pause between them; everything that comes back, and whether the server closed.
async fn talk(parts: &[&str], header_time: Duration) -> (String, bool, Vec<Vec<u8>>) {
    let recorder = Recorder::start().await;
    let gateway = server::real(recorder.address, header_time);
    converse(gateway.address, &recorder, parts).await
}

/// The same with the server of the test's own, which answers `/early` and `/upgrade`.
async fn talk_to_own(parts: &[&str]) -> (String, bool, Vec<Vec<u8>>) {
    let recorder = Recorder::start().await;
    let server = server::start(recorder.address, true).await;
    converse(server, &recorder, parts).await
}

async fn converse(server: SocketAddr, recorder: &Recorder, parts: &[&str]) -> (String, bool, Vec<Vec<u8>>) {
    let mut stream = TcpStream::connect(server).await.unwrap();
    for part in parts {
        let _ = stream.write_all(part.as_bytes()).await;
        sleep(Duration::from_millis(20)).await;
    }
    let mut answer = Vec::new();
    let closed = timeout(Duration::from_millis(1500), stream.read_to_end(&mut answer)).await.is_ok();
    (String::from_utf8_lossy(&answer).into_owned(), closed, recorder.take())
}

fn statuses(answer: &str) -> Vec<&str> {
    answer
        .match_indices("HTTP/1.1 ")
        .map(|(at, text)| &answer[at + text.len()..at + text.len() + 3])
        .collect()
}

#[tokio::test]
async fn a_refusal_waits_for_its_turn() {
    let bad = "GET /bad HTTP/1.1\r\nHost: a.example\r\nX-A : b\r\n\r\n";
    let body =
        "POST /bad HTTP/1.1\r\nHost: a.example\r\nTransfer-Encoding: chunked\r\n\r\n3 \r\nabc\r\n0\r\n\r\n";
    for bad in [bad, body] {
        let whole = [GOOD, GOOD, bad, SMUGGLED].concat();
        for parts in [&[GOOD, GOOD, bad, SMUGGLED][..], &[&whole]] {
            let (answer, closed, upstream) = talk(parts, LONG).await;
            assert_eq!(statuses(&answer), ["200", "200", "400"], "{answer}");
            assert!(closed);
            let served: Vec<_> = upstream.iter().filter(|bytes| bytes.starts_with(b"GET /case")).collect();
            assert_eq!(served.len(), 2);
            assert!(!upstream.iter().any(|bytes| String::from_utf8_lossy(bytes).contains("smuggled")));
        }
    }
}

#[tokio::test]
async fn a_slow_head_is_answered() {
    let limits = Duration::from_millis(100);
    let (answer, closed, upstream) = talk(&["GET /case HTTP/1.1\r\nHost:"], limits).await;
    assert_eq!((statuses(&answer), closed, upstream.len()), (vec!["408"], true, 0), "{answer}");
    // Also after a request, and however lively the client is.
    let drip = ["X", ": ", "y", "\r", "\n", "X", ": ", "y", "\r", "\n", "\r\n"];
    let parts = [&[GOOD, "GET /smuggled HTTP/1.1\r\nHost: a.example\r\n"], &drip[..]].concat();
    let (answer, closed, upstream) = talk(&parts, limits).await;
    assert_eq!((statuses(&answer), closed, upstream.len()), (vec!["200", "408"], true, 1), "{answer}");
    // Every head has its own time.
    let part = ["GET /case HTTP/1.1\r\n", "Host: a", ".exam", "ple\r\n\r\n"];
    let (answer, ..) = talk(&[part, part].concat(), limits).await;
    assert_eq!(statuses(&answer), ["200", "200"], "{answer}");
    // A connection on which nothing has begun is not a slow one.
    let (answer, closed, _) = talk(&[GOOD], limits).await;
    assert_eq!((statuses(&answer), closed), (vec!["200"], false));
}

#[tokio::test]
async fn an_unread_body_is_never_a_request() {
    let head = "POST /early HTTP/1.1\r\nHost: a.example\r\n";
    // Complete: read and thrown away, and the connection goes on.
    let whole = format!("{head}Content-Length: {}\r\n\r\n{SMUGGLED}{GOOD}", SMUGGLED.len());
    let (answer, _, upstream) = talk_to_own(&[&whole]).await;
    assert_eq!(statuses(&answer), ["200", "200"], "{answer}");
    assert_eq!(upstream.len(), 1);
    // Not complete: closed.
    let length = format!("{head}Content-Length: 100000\r\n\r\n");
    let chunked = format!("{head}Transfer-Encoding: chunked\r\n\r\n");
    let chunk = format!("{:x}\r\n{SMUGGLED}\r\n0\r\n\r\n{SMUGGLED}", SMUGGLED.len());
    let bad = "3 \r\nabc\r\n0\r\n\r\n".to_owned() + SMUGGLED;
    // RFC 9110, 10.1.1: nor if the client waits for 100, does not get it and so does not send the body.
    let expecting = format!("{head}Expect: 100-continue\r\nContent-Length: {}\r\n\r\n", SMUGGLED.len());
    for parts in [[&length, SMUGGLED], [&chunked, &chunk], [&chunked, &bad], [&expecting, SMUGGLED]] {
        let (answer, closed, upstream) = talk_to_own(&parts).await;
        assert_eq!((statuses(&answer), closed), (vec!["200"], true), "{answer}");
        assert!(upstream.is_empty());
    }
}

#[tokio::test]
async fn another_protocol_is_not_looked_at() {
    let head =
        "GET /upgrade HTTP/1.1\r\nHost: a.example\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n";
    for parts in [[head, "\0\n\x01"], [&[head, "\0\n"].concat(), "\x01"]] {
        let (answer, _, upstream) = talk_to_own(&parts).await;
        assert!(answer.starts_with("HTTP/1.1 101 ") && answer.ends_with("\r\n\r\n\0\n\x01"), "{answer}");
        assert!(upstream.is_empty());
    }
}

/// RFC 9112, 9.6: what the server will not read must not make the system reset the connection over the answer.
#[tokio::test]
async fn a_refusal_survives_what_comes_after_it() {
    let junk = "x".repeat(200_000);
    let head = "POST /case HTTP/1.1\r\nHost: a.example\r\nContent-Length: 200000\r\n";
    for bad in ["X-A : b\r\n\r\n", "Expect: x\r\n\r\n"] {
        let (answer, closed, upstream) = talk(&[head, bad, &junk], LONG).await;
        assert_eq!((statuses(&answer).len(), closed), (1, true), "{answer}");
        assert!(upstream.is_empty());
    }
}

#[tokio::test]
async fn the_end_comes_in_stages() {
    let head = b"POST /case HTTP/1.1\r\nHost: a.example\r\nContent-Length: 100\r\n\r\n";
    for (sent, waits) in [(&head[..], true), (&head[..9], true), (GOOD.as_bytes(), false)] {
        let (mut client, server) = tokio::io::duplex(1024);
        let mut guard = Guard::new(server, Limits::default());
        client.write_all(sent).await.unwrap();
        let _ = timeout(Duration::from_millis(1), guard.read(&mut [0; 1024])).await;
        let end = timeout(Duration::from_millis(500), guard.shutdown()).await;
        assert_eq!(end.is_err(), waits);
        assert_eq!(client.read(&mut [0; 8]).await.unwrap(), 0, "the client has been told");
        // Until the client closes too, or its time is over.
        assert!(timeout(Duration::from_millis(600), guard.shutdown()).await.is_ok());
    }
}
