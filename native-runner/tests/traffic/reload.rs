//! Configurations that change, and a server that stops, while clients never do: no request is lost.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use native_runner::serve::{admin, reload};
use tokio::time::{Instant, sleep};

use crate::support::gateway::{self, Directory};
use crate::support::h2::{Client, collect, get};
use crate::support::wire::{End, field, status};
use crate::support::{Gateway, Upstream, Wire, eventually, within};

/// A configuration that marks what passes in both directions with its number.
fn numbered(upstream: &Upstream, number: usize) -> String {
    format!(
        "[upstreams.up]\nurl = \"http://{}\"\n[[routes]]\nauth = \"public\"\nid = \"all\"\nupstream = \"up\"\n\
         headers.request.set.x-plan = \"{number}\"\nheaders.response.set.x-plan = \"{number}\"\n",
        upstream.address
    )
}

/// Answers with the mark of the request; `/slow` after a while.
async fn marking() -> Upstream {
    Upstream::start(|mut wire, _| async move {
        while let Some((head, _)) = wire.next_request().await {
            let span = if head.contains(" /slow ") { 400 } else { 3 };
            sleep(Duration::from_millis(span)).await;
            let mark = field(&head, "x-plan").unwrap();
            wire.send(format!("HTTP/1.1 200 OK\r\nX-Seen: {mark}\r\nContent-Length: 2\r\n\r\nok")).await;
        }
    })
    .await
}

/// Asks again and again until the server says that it is enough; how often it was answered.
async fn ask_http1(mut client: Wire) -> usize {
    for answered in 1.. {
        client.get("/").await;
        // A request that is sent is answered: anything else ends the test.
        let (head, body) = client.message().await;
        assert_eq!((status(&head), &*body), (200, "ok"));
        assert_eq!(field(&head, "x-plan"), field(&head, "x-seen"), "two plans for one request");
        if field(&head, "connection") == Some("close") {
            assert_eq!(client.rest().await, (Vec::new(), End::Closed));
            return answered;
        }
    }
    0
}

/// The same over HTTP/2, four streams at a time.
async fn ask_http2(client: Client) -> usize {
    let mut answered = 0;
    loop {
        let mut answers = Vec::new();
        for _ in 0..4 {
            let Ok(mut ready) = client.sender.clone().ready().await else { break };
            let Ok((answer, _)) = ready.send_request(get("/"), true) else { break };
            answers.push(answer);
        }
        if answers.is_empty() {
            return answered;
        }
        for answer in answers {
            let response = match within("an answer", answer).await {
                Ok(response) => response,
                // RFC 9113 section 6.8: told that this one was not and will not be looked at.
                Err(error) if error.is_go_away() || error.reason() == Some(h2::Reason::REFUSED_STREAM) => {
                    continue;
                }
                Err(error) => panic!("{error}"),
            };
            assert_eq!(response.headers()["x-plan"], response.headers()["x-seen"]);
            assert_eq!(collect(&mut response.into_body()).await.unwrap(), b"ok");
            answered += 1;
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_is_lost_in_reloads_and_a_drain() {
    let upstream = marking().await;
    let gateway = Gateway::with(Directory::new(), 2, "drain = \"10s\"", &numbered(&upstream, 0));
    let mut clients = tokio::task::JoinSet::new();
    for _ in 0..64 {
        clients.spawn(ask_http1(gateway.connect().await));
    }
    for _ in 0..4 {
        clients.spawn(ask_http2(Client::connect(gateway.address).await));
    }
    for number in 1..=20 {
        gateway
            .directory
            .write("gateway.toml", &gateway::text("drain = \"10s\"", &numbered(&upstream, number)));
        reload::reload(&gateway.server, gateway.directory.path(), |_| {});
        sleep(Duration::from_millis(25)).await;
    }
    assert_eq!(gateway.server.snapshot().reloads, (20, 0));
    let mut last = gateway.connect().await;
    last.get("/").await;
    assert_eq!(field(&last.message().await.0, "x-plan"), Some("20"));
    drop(last);

    let begun = Instant::now();
    gateway.server.start_drain();
    let server = Arc::clone(&gateway.server);
    let joined = tokio::task::spawn_blocking(move || server.join());
    let mut answered = 0;
    while let Some(client) = within("the clients", clients.join_next()).await {
        answered += client.unwrap();
    }
    within("the workers", joined).await.unwrap();
    assert!(begun.elapsed() < Duration::from_secs(9), "{:?}", begun.elapsed());
    // Whatever was answered was also recorded, and nothing else: none failed, none was given up.
    let records = gateway.records(answered + 1).await;
    let failed: Vec<_> = records.iter().filter(|record| record["outcome"] != "answered").collect();
    assert!(failed.is_empty(), "{failed:?}");
    assert_eq!(records.len(), answered + 1);
    assert!(answered > 500, "{answered} is no load");
}

#[tokio::test]
async fn a_request_finishes_under_its_plan() {
    let upstream = marking().await;
    let gateway = Gateway::start("", &numbered(&upstream, 1));
    let mut client = gateway.connect().await;
    client.get("/slow").await;
    eventually("the request", || upstream.connections() == 1).await;
    gateway.directory.write("gateway.toml", &gateway::text("", &numbered(&upstream, 2)));
    reload::reload(&gateway.server, gateway.directory.path(), |_| {});
    let (head, _) = client.message().await;
    assert_eq!((field(&head, "x-plan"), field(&head, "x-seen")), (Some("1"), Some("1")));
    client.get("/").await;
    assert_eq!(field(&client.message().await.0, "x-plan"), Some("2"));
}

#[tokio::test]
async fn a_broken_configuration_is_not_taken() {
    let upstream = marking().await;
    let gateway = Gateway::start("", &numbered(&upstream, 1));
    let mut watch = reload::Watch::new(gateway.directory.path(), &gateway.server).unwrap();
    for broken in ["[[routes]]\nauth = \"public\"\nid = \"a\"\nupstream = \"nowhere\"", "not toml at all", ""]
    {
        gateway.directory.write("gateway.toml", broken);
        within("the change", watch.changed()).await;
        reload::reload(&gateway.server, gateway.directory.path(), |_| {});
        if broken.is_empty() {
            break;
        }
        let mut client = gateway.connect().await;
        client.get("/").await;
        assert_eq!(field(&client.message().await.0, "x-plan"), Some("1"), "{broken}");
    }
    assert!(gateway.server.snapshot().reloads.1 >= 2);
}

#[tokio::test]
async fn operators_see_the_drain() {
    let upstream = marking().await;
    let gateway = Gateway::start("", &numbered(&upstream, 1));
    let address = admin::start("127.0.0.1:0".parse().unwrap(), Arc::clone(&gateway.server)).await.unwrap();
    let mut operator = Wire::connect(address).await;
    let mut client = gateway.connect().await;
    let silent = gateway.connect().await;
    for draining in [false, true] {
        client.get("/slow").await;
        let requests = 1 + usize::from(draining);
        eventually("the request", || gateway.server.snapshot().in_flight == 1).await;
        if draining {
            gateway.server.start_drain();
        }
        for (path, expected) in [("/livez", 200), ("/readyz", if draining { 503 } else { 200 })] {
            operator.get(path).await;
            assert_eq!(operator.status().await, expected, "{path} {draining}");
        }
        let (head, body) = client.message().await;
        assert_eq!((status(&head), &*body), (200, "ok"));
        assert_eq!(field(&head, "connection"), draining.then_some("close"));
        gateway.records(requests).await;
    }
    // Neither an unused connection nor one that never said anything delays the end for long.
    let begun = Instant::now();
    let server = Arc::clone(&gateway.server);
    within("the workers", tokio::task::spawn_blocking(move || server.join())).await.unwrap();
    assert!(begun.elapsed() < Duration::from_secs(6), "{:?}", begun.elapsed());
    assert!(tokio::net::TcpStream::connect(gateway.address).await.is_err(), "still accepting");
    drop(silent);
}

/// What lasts longer than the time that was set is cut off, so that the end comes.
#[tokio::test]
async fn a_drain_has_an_end() {
    static STARTED: AtomicUsize = AtomicUsize::new(0);
    let upstream = Upstream::start(|mut wire, _| async move {
        wire.next_request().await;
        STARTED.fetch_add(1, Ordering::Relaxed);
        wire.rest().await;
    })
    .await;
    let gateway = Gateway::start("drain = \"500ms\"", &gateway::proxy(upstream.address, ""));
    let mut client = gateway.connect().await;
    client.get("/").await;
    eventually("the request", || STARTED.load(Ordering::Relaxed) == 1).await;
    let begun = Instant::now();
    gateway.server.start_drain();
    let server = Arc::clone(&gateway.server);
    within("the workers", tokio::task::spawn_blocking(move || server.join())).await.unwrap();
    assert!(begun.elapsed() < Duration::from_secs(3), "{:?}", begun.elapsed());
    assert_eq!(gateway.record().await["outcome"], "client-gone");
}
