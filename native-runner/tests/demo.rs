//! Every line of the demo's tour does what the tour says.

#![allow(clippy::unwrap_used)]

use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::sync::Arc;
use std::time::Duration;

use native_runner::demo::tour::{self, Stop};
use native_runner::demo::{self, Ports, Services, shipped};
use native_runner::manifest::{self, Needs};
use tollgate::config::AccessLog;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_line_of_the_tour_works() {
    let ports = Ports { gateway: Some(0), services: [0; 3], admin: false };
    let services = Services::start(ports.services).await.unwrap();
    let mut plan = shipped::built_in().unwrap().plan;
    demo::adjust(&mut plan, &services, ports);
    let server = Arc::new(demo::gateway(plan, None, AccessLog::Off).unwrap());
    let (address, _) = server.addresses()[0];
    // All at once: together they take no longer than the slowest.
    let tries: Vec<_> =
        tour::stops().map(|stop| tokio::task::spawn_blocking(move || (stop, last(stop, address)))).collect();
    for tried in tries {
        let (stop, answer) = tried.await.unwrap();
        let begins = format!("HTTP/1.1 {} ", stop.status);
        assert!(answer.starts_with(&begins), "{}\n{answer}", stop.curl(address));
        for part in stop.contains {
            assert!(
                answer.contains(part),
                "{part:?} is not in the answer to\n{}\n{answer}",
                stop.curl(address)
            );
        }
    }
    server.start_drain();
    tokio::task::spawn_blocking(move || server.join()).await.unwrap();
}

/// The last of as many answers as the stop is for.
fn last(stop: &Stop, gateway: SocketAddr) -> String {
    for _ in 1..stop.times {
        ask(stop, gateway);
    }
    ask(stop, gateway)
}

/// The answer, head and body, as it came.
fn ask(stop: &Stop, gateway: SocketAddr) -> String {
    let mut request = format!("{} {} HTTP/1.1\r\nConnection: close\r\n", stop.method, stop.target);
    if !stop.headers.iter().any(|(name, _)| *name == "Host") {
        request += &format!("Host: {gateway}\r\n");
    }
    for (name, value) in stop.headers {
        request += &format!("{name}: {value}\r\n");
    }
    let body = stop.body.unwrap_or_default();
    if !body.is_empty() {
        request += &format!("Content-Length: {}\r\n", body.len());
    }
    let mut stream = TcpStream::connect(gateway).unwrap();
    stream.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
    stream.write_all(format!("{request}\r\n{body}").as_bytes()).unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    answer
}

#[tokio::test]
async fn a_port_that_is_taken_is_said() {
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let port = taken.local_addr().unwrap().port();
    let error = format!("{:#}", Services::start([0, port, 0]).await.unwrap_err());
    let expected = format!("the catalog service cannot listen on 127.0.0.1:{port}; is another demo running?");
    assert!(error.starts_with(&expected), "{error}");
}

#[test]
fn the_shipped_files_and_the_program_agree() {
    let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
    let mut there: Vec<_> =
        std::fs::read_dir(root.join("routes")).unwrap().map(|file| file.unwrap().file_name()).collect();
    there.sort();
    let built_in: Vec<_> = shipped::FILES.iter().map(|(name, _)| *name).collect();
    assert_eq!(there, built_in, "shipped::FILES must name every file of routes/");
}

#[test]
fn the_shipped_manifest_allows_exactly_what_the_shipped_routes_need() {
    let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
    let text = std::fs::read_to_string(root.join("spin.toml")).unwrap();
    let needs = Needs::of(&shipped::built_in().unwrap().plan);
    assert_eq!(manifest::compare("spin.toml", &text, &needs), []);
    assert_eq!(manifest::update(&text, &needs).unwrap(), text);
}
