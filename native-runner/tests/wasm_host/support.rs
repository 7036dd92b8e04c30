//! A host that serves the probe on a port of its own, upstreams made of raw bytes, and a raw client.

use hyper_util::rt::{TokioExecutor, TokioIo};
use native_runner::freeze::componentize;
use native_runner::wasm_host::{Options, WasmHost};
use serde_json::{Value, json};
use std::convert::Infallible;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::LazyLock;
use std::sync::atomic::{AtomicUsize, Ordering};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

/// The folder that holds what cargo builds.
pub fn target() -> &'static Path {
    Path::new(env!("CARGO_TARGET_TMPDIR")).parent().expect("the target folder")
}

/// The probe's core module.
pub fn module() -> Vec<u8> {
    let path = target().join("guests/probe.wasm");
    std::fs::read(&path)
        .unwrap_or_else(|e| panic!("{}: {e}\nMake it with: scripts/guests.sh", path.display()))
}

/// The file of the gateway's module for Spin.
pub const SPIN: &str = "tollgate.spin.module.wasm";

/// One of the gateway's core modules, as it was made.
pub fn gateway(module: &str) -> Vec<u8> {
    let file = target().join("component").join(module);
    std::fs::read(&file).unwrap_or_else(|error| {
        panic!(
            "{}: {error}\nMake it with: scripts/component.sh spin, scripts/component.sh atomics",
            file.display()
        )
    })
}

/// Serves the gateway with `document`, which it reads for each request: all tests share what is compiled of it.
pub async fn serve_gateway(module: &str, document: &Value, mut options: Options) -> SocketAddr {
    let directory = tempfile::tempdir().expect("a directory");
    let documents = json!([["a.json", document]]).to_string();
    std::fs::write(directory.path().join("configuration.json"), documents).expect("written");
    options.directories.push((directory.path().to_owned(), "/tollgate".to_owned()));
    let to = serve_component(&componentize(&gateway(module)).expect("a component"), options).await;
    tokio::spawn(async move {
        // Until the test is over.
        let _directory = directory;
        std::future::pending::<()>().await;
    });
    to
}

static PROBE: LazyLock<Vec<u8>> = LazyLock::new(|| componentize(&module()).expect("a component"));

/// Options for tests: few instances, and compiled code shared between them.
pub fn options() -> Options {
    let cache: PathBuf = target().join("tmp/wasm-cache");
    Options { instances: 8, cache: Some(cache), ..Options::default() }
}

/// Serves the probe; the address to ask.
pub async fn serve(options: Options) -> SocketAddr {
    serve_component(&PROBE, options).await
}

/// Serves any component.
pub async fn serve_component(component: &[u8], options: Options) -> SocketAddr {
    let host = WasmHost::new(component, options).expect("a host");
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let address = listener.local_addr().expect("an address");
    tokio::spawn(async move {
        while let Ok((stream, client)) = listener.accept().await {
            tokio::spawn(connection(host.clone(), stream, client));
        }
    });
    address
}

async fn connection(host: WasmHost, stream: TcpStream, client: SocketAddr) {
    let service = hyper::service::service_fn(move |request| {
        let host = host.clone();
        async move { Ok::<_, Infallible>(host.answer(request, &http::uri::Scheme::HTTP, client).await) }
    });
    let server = hyper_util::server::conn::auto::Builder::new(TokioExecutor::new());
    // A connection that breaks is what some of the tests ask for.
    let _ = server.serve_connection(TokioIo::new(stream), service).await;
}

/// Everything the server sends in answer to `request`, until it closes the connection.
pub async fn raw(to: SocketAddr, request: &str) -> String {
    let mut stream = TcpStream::connect(to).await.expect("connected");
    stream.write_all(request.as_bytes()).await.expect("sent");
    let mut answer = Vec::new();
    // A reset after data is a broken transfer as well as an early end is.
    let _ = stream.read_to_end(&mut answer).await;
    String::from_utf8(answer).expect("text")
}

/// The same for a GET of `path`.
pub async fn get(to: SocketAddr, path: &str) -> String {
    raw(
        to,
        &format!("GET {path} HTTP/1.1\r\nhost: gateway.test\r\nte: trailers\r\nconnection: close\r\n\r\n"),
    )
    .await
}

/// Whether `answer` has `status` and ends in `body`, chunked or not.
#[track_caller]
pub fn assert_answer(answer: &str, status: u16, body: &str) {
    assert!(answer.starts_with(&format!("HTTP/1.1 {status} ")), "{answer}");
    let text = dechunked(answer);
    assert!(text.ends_with(body), "expected the body {body:?} in {answer:?}");
}

/// The body, its chunks joined.
fn dechunked(answer: &str) -> String {
    let (head, body) = answer.split_once("\r\n\r\n").expect("a head");
    if !head.contains("transfer-encoding: chunked") {
        return body.to_owned();
    }
    let (mut rest, mut text) = (body, String::new());
    while let Some((size, after)) = rest.split_once("\r\n") {
        let size = usize::from_str_radix(size, 16).expect("a chunk's size");
        text.push_str(after.get(..size).expect("a whole chunk"));
        rest = after.get(size + 2..).unwrap_or_default();
        if size == 0 {
            break;
        }
    }
    text
}

/// An upstream that accepts connections, counts them, and gives each to `serve`.
pub async fn upstream<F, S>(serve: S) -> (SocketAddr, Arc<AtomicUsize>)
where
    S: Fn(TcpStream) -> F + Send + 'static,
    F: Future<Output = ()> + Send + 'static,
{
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let address = listener.local_addr().expect("an address");
    let connections = Arc::new(AtomicUsize::new(0));
    let count = Arc::clone(&connections);
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            count.fetch_add(1, Ordering::SeqCst);
            tokio::spawn(serve(stream));
        }
    });
    (address, connections)
}

/// Reads one request's head, and as much of the body as came with it.
pub async fn head(stream: &mut TcpStream) -> Option<String> {
    let mut seen = Vec::new();
    while !seen.windows(4).any(|end| end == b"\r\n\r\n") {
        if stream.read_buf(&mut seen).await.ok()? == 0 {
            return None;
        }
    }
    String::from_utf8(seen).ok()
}

/// An upstream that gives every request the same bytes and keeps the connection.
pub async fn always(answer: &'static str) -> (SocketAddr, Arc<AtomicUsize>) {
    upstream(move |mut stream| async move {
        while head(&mut stream).await.is_some() {
            if stream.write_all(answer.as_bytes()).await.is_err() {
                return;
            }
        }
    })
    .await
}
