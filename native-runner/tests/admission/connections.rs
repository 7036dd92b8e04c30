//! Bounded connections, over all workers.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use crate::support::gateway::Directory;
use crate::support::{Gateway, Upstream, Wire, eventually};

/// An upstream that takes a moment, and how many connections it has, and the most requests it had at the same time.
async fn slow(open: &Arc<AtomicUsize>, most: &Arc<AtomicUsize>) -> Upstream {
    let (open, most, now) = (Arc::clone(open), Arc::clone(most), Arc::new(AtomicUsize::new(0)));
    Upstream::start(move |mut wire, _| {
        let (open, most, now) = (Arc::clone(&open), Arc::clone(&most), Arc::clone(&now));
        async move {
            open.fetch_add(1, Ordering::SeqCst);
            while wire.next_request().await.is_some() {
                most.fetch_max(now.fetch_add(1, Ordering::SeqCst) + 1, Ordering::SeqCst);
                tokio::time::sleep(Duration::from_millis(3)).await;
                now.fetch_sub(1, Ordering::SeqCst);
                wire.send("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok").await;
            }
            open.fetch_sub(1, Ordering::SeqCst);
        }
    })
    .await
}

fn bounded(upstream: &Upstream, connections: u32, connect: &str) -> String {
    format!(
        "[upstreams.up]\nurl = \"http://{}\"\nadmission = {{ connections = {connections} }}\n\
         [[routes]]\nauth = \"public\"\nid = \"all\"\nupstream = \"up\"\ntimeouts = {{ connect = \"{connect}\" }}\n",
        upstream.address
    )
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn never_more_and_everybody_is_answered() {
    for most_connections in [1, 3] {
        let (open, most) = (Arc::default(), Arc::default());
        let upstream = slow(&open, &most).await;
        let gateway = Gateway::with(Directory::new(), 4, "", &bounded(&upstream, most_connections, "20s"));
        let clients: Vec<_> = (0..12)
            .map(|_| {
                let address = gateway.address;
                tokio::spawn(async move {
                    let mut client = Wire::connect(address).await;
                    for _ in 0..20 {
                        client.get("/").await;
                        assert_eq!(client.status().await, 200);
                    }
                })
            })
            .collect();
        for client in clients {
            client.await.unwrap();
        }
        let most = most.load(Ordering::SeqCst);
        assert!((1..=most_connections as usize).contains(&most), "{most} at once of {most_connections}");
        eventually("what is left", || open.load(Ordering::SeqCst) <= most_connections as usize).await;
        println!(
            "{most_connections} connections at once: {} in all for 240 requests",
            upstream.connections()
        );
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn unused_connections_of_other_workers_are_in_nobodys_way() {
    let (open, most) = (Arc::default(), Arc::default());
    let upstream = slow(&open, &most).await;
    let gateway = Gateway::with(Directory::new(), 4, "", &bounded(&upstream, 1, "20s"));
    let mut clients = Vec::new();
    for _ in 0..12 {
        clients.push(gateway.connect().await);
    }
    // One after the other, so that the only connection lies unused with another worker most of the time.
    for _ in 0..3 {
        for client in &mut clients {
            client.get("/").await;
            assert_eq!(client.status().await, 200);
        }
    }
    eventually("one connection", || open.load(Ordering::SeqCst) == 1).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nobody_waits_for_one_longer_than_for_making_it() {
    let upstream = Upstream::start(|mut wire, _| async move {
        wire.next_request().await;
        // It never answers.
        wire.goes_on().await;
    })
    .await;
    let gateway = Gateway::with(Directory::new(), 2, "", &bounded(&upstream, 1, "50ms"));
    let mut first = gateway.connect().await;
    first.get("/").await;
    eventually("a connection", || upstream.connections() == 1).await;
    let mut second = gateway.connect().await;
    second.get("/").await;
    let (head, body) = second.message().await;
    assert!(head.starts_with("HTTP/1.1 504 ") && body.contains("#upstream-connect-timeout"), "{head}{body}");
    assert_eq!(upstream.connections(), 1);
    // The first goes away, and its connection with it, so that there is room again.
    drop(first);
    let mut third = gateway.connect().await;
    eventually("room", || gateway.server.snapshot().in_flight == 0).await;
    third.get("/").await;
    eventually("another connection", || upstream.connections() == 2).await;
}
