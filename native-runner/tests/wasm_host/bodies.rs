//! Requests into the guest and its bodies out of it.

use crate::support::{assert_answer, get, options, raw, serve};
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::{Instant, timeout};

#[tokio::test]
async fn the_request_reaches_the_guest_whole() {
    let to = serve(options()).await;
    let request = "PUT /echo?a=1 HTTP/1.1\r\nhost: gateway.test\r\nx-a: 1\r\nx-a: 2\r\nspin-client-addr: 6.6.6.6:6\r\n\
                   content-length: 5\r\nconnection: close\r\n\r\nhello";
    let answer = raw(to, request).await;
    assert_answer(&answer, 200, "hello");
    for part in [
        "echo-method: PUT\r\n",
        "echo-uri: http://gateway.test/echo?a=1\r\n",
        "echo-x-a: 1\r\necho-x-a: 2\r\n",
        "echo-spin-client-addr: 6.6.6.6:6\r\necho-spin-client-addr: 127.0.0.1:",
        "echo-spin-full-url: http://gateway.test/echo?a=1\r\n",
        "echo-spin-path-info: /echo\r\n",
    ] {
        assert!(answer.contains(part), "{part:?} in {answer}");
    }
}

#[tokio::test]
async fn a_request_without_a_host_is_refused() {
    let to = serve(options()).await;
    assert_answer(
        &raw(to, "GET /echo HTTP/1.0\r\n\r\n").await.replace("HTTP/1.0", "HTTP/1.1"),
        400,
        "names no host\n",
    );
}

#[tokio::test]
async fn chunks_arrive_as_they_are_made() {
    let to = serve(options()).await;
    let start = Instant::now();
    let mut stream = TcpStream::connect(to).await.expect("connected");
    let request = "GET /stream?count=4 HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n";
    stream.write_all(request.as_bytes()).await.expect("sent");
    let mut seen = String::new();
    while !seen.contains("chunk 0") {
        let mut some = [0; 1024];
        let count = stream.read(&mut some).await.expect("read");
        seen.push_str(std::str::from_utf8(&some[..count]).expect("text"));
    }
    assert!(!seen.contains("chunk 1"), "{seen}");
    let first = start.elapsed();
    stream.read_to_string(&mut seen).await.expect("the rest");
    assert!(seen.ends_with("chunk 3\n\r\n0\r\n\r\n"), "{seen}");
    assert!(start.elapsed() - first > Duration::from_millis(100));
}

#[tokio::test]
async fn the_upload_streams_too() {
    let to = serve(options()).await;
    let mut stream = TcpStream::connect(to).await.expect("connected");
    let head = "POST /echo HTTP/1.1\r\nhost: a\r\ntransfer-encoding: chunked\r\nconnection: close\r\n\r\n";
    stream.write_all(head.as_bytes()).await.expect("sent");
    let mut seen = String::new();
    for part in ["one", "two", "six"] {
        stream.write_all(format!("3\r\n{part}\r\n").as_bytes()).await.expect("sent");
        // Each part comes back before the next is sent.
        let echoed = async {
            while !seen.contains(part) {
                let mut some = [0; 1024];
                let count = stream.read(&mut some).await.expect("read");
                seen.push_str(std::str::from_utf8(&some[..count]).expect("text"));
            }
        };
        timeout(Duration::from_secs(10), echoed).await.expect("echoed in time");
    }
    stream.write_all(b"0\r\n\r\n").await.expect("sent");
    stream.read_to_string(&mut seen).await.expect("the rest");
    assert!(seen.ends_with("0\r\n\r\n"), "{seen}");
}

#[tokio::test]
async fn trailers_pass() {
    let to = serve(options()).await;
    let answer = get(to, "/trailers").await;
    assert!(answer.ends_with("5\r\nbody\n\r\n0\r\nchecksum: abc\r\n\r\n"), "{answer}");
}

#[tokio::test]
async fn a_body_that_is_not_finished_is_a_broken_transfer() {
    let to = serve(options()).await;
    // The guest drops the body; the guest traps and leaves it open.
    for path in ["/abort", "/leak"] {
        let answer = get(to, path).await;
        assert!(answer.contains("5\r\nhalf\n\r\n"), "{path}: {answer}");
        assert!(!answer.contains("\r\n0\r\n"), "{path}: {answer}");
    }
}
