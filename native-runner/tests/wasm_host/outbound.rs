//! The guest's outbound HTTP: the pool, the limits, the errors' names, the allow-list.

use crate::support::{always, assert_answer, get, head, options, raw, serve, upstream};
use native_runner::wasm_host::Options;
use std::net::SocketAddr;
use std::sync::atomic::Ordering;
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::sleep;

const OK: &str = "HTTP/1.1 200 OK\r\nset-cookie: a\r\nset-cookie: b\r\ncontent-length: 2\r\n\r\nok";

async fn proxy(to: SocketAddr, url: &str, limits: &str) -> String {
    get(to, &format!("/proxy?{limits}&to={}", url.replace('&', "%26"))).await
}

/// Holds the connection without a word.
async fn silent(mut stream: TcpStream) {
    let mut sink = Vec::new();
    let _ = stream.read_to_end(&mut sink).await;
}

#[tokio::test]
async fn connections_are_shared_by_all_instances() {
    let (upstream, connections) = always(OK).await;
    let to = serve(options()).await;
    for _ in 0..5 {
        let answer = proxy(to, &format!("http://{upstream}/a"), "").await;
        assert_answer(&answer, 200, "ok");
        assert!(answer.contains("set-cookie: a\r\nset-cookie: b\r\n"), "{answer}");
    }
    assert_eq!(connections.load(Ordering::SeqCst), 1);
}

#[tokio::test]
async fn the_request_reaches_the_upstream() {
    let (sender, mut seen) = tokio::sync::mpsc::unbounded_channel();
    let (upstream, _) = upstream(move |mut stream| {
        let sender = sender.clone();
        async move {
            let mut text = head(&mut stream).await.expect("a head");
            while !text.ends_with("hello") {
                let mut some = [0; 64];
                let count = stream.read(&mut some).await.expect("read");
                text.push_str(std::str::from_utf8(&some[..count]).expect("text"));
            }
            sender.send(text).expect("seen");
            let _ = stream.write_all(OK.as_bytes()).await;
        }
    })
    .await;
    let to = serve(options()).await;
    let request = format!(
        "POST /proxy?to=http://{upstream}/b?c=d HTTP/1.1\r\nhost: a\r\ncontent-length: 5\r\nconnection: close\r\n\r\nhello"
    );
    assert_answer(&raw(to, &request).await, 200, "ok");
    let text = seen.recv().await.expect("a request");
    assert!(text.starts_with("POST /b?c=d HTTP/1.1\r\n"), "{text}");
    assert!(
        text.contains(&format!("host: {upstream}\r\n")) && text.contains("content-length: 5\r\n"),
        "{text}"
    );
}

#[tokio::test]
async fn trailers_come_through() {
    let answer = "HTTP/1.1 200 OK\r\ntrailer: x-sum\r\ntransfer-encoding: chunked\r\n\r\n2\r\nok\r\n0\r\nx-sum: 7\r\n\r\n";
    let (upstream, _) = always(answer).await;
    let to = serve(options()).await;
    let answer = proxy(to, &format!("http://{upstream}/"), "").await;
    assert!(answer.ends_with("2\r\nok\r\n0\r\nx-sum: 7\r\n\r\n"), "{answer}");
}

#[tokio::test]
async fn each_failure_has_its_name() {
    let to = serve(options()).await;
    let unused = tokio::net::TcpListener::bind("127.0.0.1:0")
        .await
        .expect("a port")
        .local_addr()
        .expect("its address");
    let (mute, _) = upstream(silent).await;
    let (closing, _) = upstream(|mut stream| async move { drop(head(&mut stream).await) }).await;
    let (plain, _) = upstream(|mut stream| async move {
        let _ = stream.write_all(b"neither TLS nor HTTP\r\n\r\n").await;
        silent(stream).await;
    })
    .await;
    for (url, limits, expected) in [
        (format!("http://{unused}/"), "", "ErrorCode::ConnectionRefused"),
        (String::from("http://no-such-host.invalid/"), "", "ErrorCode::DnsError"),
        (format!("https://{mute}/"), "connect=60", "ErrorCode::ConnectionTimeout"),
        (format!("http://{mute}/"), "connect=5000&first=60", "ErrorCode::ConnectionReadTimeout"),
        (format!("http://{closing}/"), "", "ErrorCode::ConnectionTerminated"),
        (format!("http://{plain}/"), "", "ErrorCode::HttpProtocolError"),
        (format!("https://{plain}/"), "", "ErrorCode::TlsProtocolError"),
        (String::from("http://[::1]:1/"), "", "ErrorCode::ConnectionRefused"),
    ] {
        let answer = tokio::time::timeout(Duration::from_secs(10), proxy(to, &url, limits)).await;
        let answer = answer.unwrap_or_else(|_| panic!("{url} takes too long"));
        assert!(
            answer.starts_with("HTTP/1.1 502") && answer.contains(expected),
            "{url}: {expected} in {answer}"
        );
    }
}

#[tokio::test]
async fn a_body_that_stalls_or_is_cut_breaks_the_transfer() {
    let half = |stall: u64| {
        upstream(move |mut stream| async move {
            let _ = head(&mut stream).await;
            let _ =
                stream.write_all(b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n4\r\nhalf\r\n").await;
            sleep(Duration::from_millis(stall)).await;
        })
    };
    let to = serve(options()).await;
    for stall in [20, 5000] {
        let (upstream, _) = half(stall).await;
        let answer = proxy(to, &format!("http://{upstream}/"), "between=100").await;
        assert!(answer.contains("half\r\n") && !answer.contains("\r\n0\r\n"), "{stall}: {answer}");
    }
}

#[tokio::test]
async fn only_allowed_hosts() {
    let (upstream, _) = always(OK).await;
    let allowed = Some(vec![format!("http://{upstream}")]);
    let to = serve(Options { allowed_outbound_hosts: allowed, ..options() }).await;
    assert_answer(&proxy(to, &format!("http://{upstream}/"), "").await, 200, "ok");
    let denied = proxy(to, "http://127.0.0.1:1/", "").await;
    assert!(denied.contains("ErrorCode::HttpRequestDenied"), "{denied}");
}
