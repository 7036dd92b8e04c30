//! Probes of real servers, and what an operator sees of them.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

#[path = "../support/shared.rs"]
mod support;

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU8, Ordering};

use bytes::Bytes;
use http::Response;
use native_runner::serve::admin;
use support::wire::{Wire, status};
use support::{Gateway, Upstream, eventually};
use tokio::net::TcpListener;

/// A server that answers probes as it is told to, and everything else with `name`.
async fn server(name: &'static str, well: &Arc<AtomicBool>) -> SocketAddr {
    let well = Arc::clone(well);
    let upstream = Upstream::start(move |mut wire, _| {
        let well = Arc::clone(&well);
        async move {
            while let Some((head, _)) = wire.next_request().await {
                let status = match head.starts_with("GET /health ") {
                    true if !well.load(Ordering::SeqCst) => "503 Service Unavailable",
                    _ => "200 OK",
                };
                let length = name.len();
                wire.send(format!("HTTP/1.1 {status}\r\nContent-Length: {length}\r\n\r\n{name}")).await;
            }
        }
    })
    .await;
    upstream.address
}

/// Two targets, of which the first is asked while it is fit.
fn configuration(first: SocketAddr, second: SocketAddr, probe: &str) -> String {
    format!(
        "[upstreams.up]\n\
         targets = [{{ name = \"a\", url = \"http://{first}\" }}, {{ name = \"b\", url = \"http://{second}\", priority = 1 }}]\n\
         [upstreams.up.health.probe]\ninterval = \"100ms\"\n{probe}\n\
         [[routes]]\nauth = \"public\"\nid = \"all\"\nupstream = \"up\"\n"
    )
}

/// Waits until the target `a` is fit, or is not.
async fn until(gateway: &Gateway, fit: bool) {
    let seen = || {
        let upstreams = gateway.server.seen();
        let target = upstreams[0].targets.iter().find(|target| &*target.name == "a").unwrap();
        let known = target.probes.as_ref().unwrap().verdict != "unknown";
        known && target.unfit.is_none() == fit
    };
    eventually(if fit { "the target to be fit" } else { "the target to be unfit" }, seen).await;
}

async fn get(gateway: &Gateway) -> String {
    let mut client = gateway.connect().await;
    client.get("/").await;
    client.message().await.1
}

#[tokio::test]
async fn a_target_whose_probes_fail_gets_no_requests_until_they_pass() {
    let (well, fine) = (Arc::new(AtomicBool::new(true)), Arc::new(AtomicBool::new(true)));
    let (a, b) = (server("a", &well).await, server("b", &fine).await);
    let probe = "http = { path = \"/health\", body_contains = \"a\" }\nhealthy = 1\nunhealthy = 2";
    // The second has no such text in its answers, and is asked only because there is no other.
    let gateway = Gateway::start("", &configuration(a, b, probe));
    for _ in 0..2 {
        until(&gateway, true).await;
        assert_eq!(get(&gateway).await, "a");
        well.store(false, Ordering::SeqCst);
        until(&gateway, false).await;
        well.store(true, Ordering::SeqCst);
    }
}

#[tokio::test]
async fn others_are_asked_meanwhile() {
    let (well, fine) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicBool::new(true)));
    let (a, b) = (server("a", &well).await, server("b", &fine).await);
    let gateway = Gateway::start("", &configuration(a, b, "http = \"/health\"\nunhealthy = 1"));
    until(&gateway, false).await;
    for _ in 0..3 {
        assert_eq!(get(&gateway).await, "b");
    }
    well.store(true, Ordering::SeqCst);
    until(&gateway, true).await;
    assert_eq!(get(&gateway).await, "a");

    let address = admin::start("127.0.0.1:0".parse().unwrap(), Arc::clone(&gateway.server)).await.unwrap();
    let mut client = Wire::connect(address).await;
    client.get("/upstreams").await;
    let (head, body) = client.message().await;
    assert_eq!(status(&head), 200);
    let shown: serde_json::Value = serde_json::from_str(&body).unwrap();
    let target = &shown["upstreams"][0]["targets"][0];
    assert_eq!(
        (&target["name"], &target["fit"], &target["probes"]["verdict"]),
        (&"a".into(), &true.into(), &"passing".into())
    );
    assert!(target["probes"]["failed"].as_u64() >= Some(1) && target["probes"]["passed"].as_u64() >= Some(2));
    client.get("/metrics").await;
    let (_, metrics) = client.message().await;
    for line in [
        "tollgate_upstream_target_fit{upstream=\"up\",target=\"a\"} 1",
        "tollgate_upstream_target_in_flight{upstream=\"up\",target=\"b\"} 0",
        "tollgate_upstream_probes_total{upstream=\"up\",target=\"b\",result=\"failed\"} 0",
    ] {
        assert!(metrics.contains(line), "no {line} in\n{metrics}");
    }
}

#[tokio::test]
async fn connections_are_probes_too() {
    let fine = Arc::new(AtomicBool::new(true));
    let b = server("b", &fine).await;
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let a = listener.local_addr().unwrap();
    let gateway = Gateway::start("", &configuration(a, b, "tcp = true\nunhealthy = 1\nhealthy = 1"));
    until(&gateway, true).await;
    drop(listener);
    until(&gateway, false).await;
    assert_eq!(get(&gateway).await, "b");
    let why = gateway.server.seen()[0].targets[0].probes.as_ref().unwrap().why.clone();
    assert!(why.is_some_and(|why| why.contains("refused")));
    let _listener = TcpListener::bind(a).await.unwrap();
    until(&gateway, true).await;
}

/// A server of gRPC that knows one service, and says of it what it is told to.
async fn grpc_server(says: &Arc<AtomicU8>) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let says = Arc::clone(says);
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            let says = Arc::clone(&says);
            tokio::spawn(async move {
                let Ok(mut connection) = h2::server::handshake(stream).await else { return };
                while let Some(Ok((mut request, mut respond))) = connection.accept().await {
                    assert_eq!(request.uri().path(), "/grpc.health.v1.Health/Check");
                    let says = Arc::clone(&says);
                    tokio::spawn(async move {
                        let asked = support::h2::collect(request.body_mut()).await.unwrap();
                        assert_eq!(asked, [0, 0, 0, 0, 5, 10, 3, b'a', b'.', b'B']);
                        let head =
                            Response::builder().header("content-type", "application/grpc").body(()).unwrap();
                        let mut body = respond.send_response(head, false).unwrap();
                        let message = [0, 0, 0, 0, 2, 8, says.load(Ordering::SeqCst)];
                        body.send_data(Bytes::copy_from_slice(&message), false).unwrap();
                        let mut trailers = http::HeaderMap::new();
                        trailers.insert("grpc-status", "0".parse().unwrap());
                        body.send_trailers(trailers).unwrap();
                    });
                }
            });
        }
    });
    address
}

#[tokio::test]
async fn grpc_is_asked_by_its_own_protocol() {
    let (says, fine) = (Arc::new(AtomicU8::new(1)), Arc::new(AtomicBool::new(true)));
    let (a, b) = (grpc_server(&says).await, server("b", &fine).await);
    let gateway =
        Gateway::start("", &configuration(a, b, "grpc.service = \"a.B\"\nunhealthy = 1\nhealthy = 1"));
    until(&gateway, true).await;
    says.store(2, Ordering::SeqCst);
    until(&gateway, false).await;
    let why = gateway.server.seen()[0].targets[0].probes.as_ref().unwrap().why.clone();
    assert_eq!(why.as_deref(), Some("the service says NOT_SERVING"));
    says.store(1, Ordering::SeqCst);
    until(&gateway, true).await;
}
