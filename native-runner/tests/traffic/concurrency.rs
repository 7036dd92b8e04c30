//! Limits on requests at the same time: a place is held until the answer has ended or its client is gone, on real
//! connections of both versions.

use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use tokio::sync::Notify;

use crate::support::gateway::{Directory, proxy};
use crate::support::h2::{Client, get};
use crate::support::wire::{field, status};
use crate::support::{Gateway, Upstream, eventually, within};

const TWO: &str = "[rate_limits.two]\nconcurrency = 2\nkey = \"everybody\"\n";
const LIMITED: &str = "rate_limits = \"two\"";

fn limited(upstream: &Upstream) -> String {
    format!("{TWO}{}", proxy(upstream.address, LIMITED))
}

/// An upstream that sends half of each answer, and the rest when it is told to.
async fn halfway(gate: &Arc<Notify>) -> Upstream {
    let gate = Arc::clone(gate);
    Upstream::start(move |mut wire, _| {
        let gate = Arc::clone(&gate);
        async move {
            while wire.next_request().await.is_some() {
                let mut told = pin!(gate.notified());
                // From before its client can know of it.
                told.as_mut().enable();
                wire.send("HTTP/1.1 200 OK\r\nContent-Length: 8\r\n\r\nhalf").await;
                told.await;
                wire.send("half").await;
            }
        }
    })
    .await
}

/// Asserts that both places are free, by taking them and giving them back.
async fn is_free(gateway: &Gateway, gate: &Notify, when: &str) {
    eventually("the end of all", || gateway.server.snapshot().in_flight == 0).await;
    let mut both = [gateway.connect().await, gateway.connect().await];
    for client in &mut both {
        client.get("/").await;
        assert_eq!(status(&client.head().await), 200, "{when}");
    }
    let mut third = gateway.connect().await;
    third.get("/").await;
    assert_eq!(third.status().await, 429, "{when}");
    gate.notify_waiters();
    for client in &mut both {
        assert_eq!(client.exactly(8).await, b"halfhalf");
    }
    eventually("the end of all", || gateway.server.snapshot().in_flight == 0).await;
}

#[tokio::test]
async fn held_to_the_last_byte() {
    let gate = Arc::new(Notify::new());
    let upstream = halfway(&gate).await;
    let gateway = Gateway::start("", &limited(&upstream));
    let mut http1 = gateway.connect().await;
    http1.get("/").await;
    assert_eq!(status(&http1.head().await), 200);
    let http2 = Client::connect(gateway.address).await;
    let (answer, _stream) = http2.open(get("/"), true).await;
    let mut answer = within("an answer", answer).await.unwrap();
    assert_eq!(answer.status(), 200);

    let mut third = gateway.connect().await;
    third.get("/").await;
    let (head, body) = third.message().await;
    assert_eq!((status(&head), field(&head, "retry-after")), (429, Some("1")), "{head}");
    assert!(body.contains("#quota-exceeded") && body.contains("\"two\""), "{body}");
    assert_eq!(http2.get("/").await.unwrap().0.status(), 429);

    gate.notify_waiters();
    assert_eq!(http1.exactly(8).await, b"halfhalf");
    let collected = crate::support::h2::collect(answer.body_mut()).await.unwrap();
    assert_eq!(collected, b"halfhalf");
    is_free(&gateway, &gate, "after both have ended").await;
}

#[tokio::test]
async fn given_back_when_clients_go_away() {
    let gate = Arc::new(Notify::new());
    let upstream = halfway(&gate).await;
    let gateway = Gateway::start("", &limited(&upstream));
    for reset in [false, true] {
        let mut clients = [gateway.connect().await, gateway.connect().await];
        for client in &mut clients {
            client.get("/").await;
            assert_eq!(status(&client.head().await), 200);
            if reset {
                socket2::SockRef::from(&client.stream).set_linger(Some(Duration::ZERO)).unwrap();
            }
        }
        drop(clients);
        is_free(&gateway, &gate, &format!("HTTP/1.1, reset: {reset}")).await;
    }
    for whole_connection in [false, true] {
        let client = Client::connect(gateway.address).await;
        let (one, other) = (client.open(get("/"), true).await, client.open(get("/"), true).await);
        let bodies = [within("an answer", one.0).await.unwrap(), within("an answer", other.0).await.unwrap()];
        assert!(bodies.iter().all(|answer| answer.status() == 200));
        if whole_connection {
            client.connection.abort();
        }
        // Nobody holds on to the streams: they are reset.
        drop((bodies, one.1, other.1));
        is_free(&gateway, &gate, &format!("HTTP/2, connection: {whole_connection}")).await;
    }
}

#[tokio::test]
async fn given_back_when_upstreams_die() {
    let gate = Arc::new(Notify::new());
    let dying = Upstream::start(|mut wire, number| async move {
        wire.next_request().await;
        // Before the head, in the middle of the body, and with a reset.
        match number % 3 {
            0 => {}
            1 => drop(wire.send("HTTP/1.1 200 OK\r\nContent-Length: 8\r\n\r\nhalf").await),
            _ => {
                wire.send("HTTP/1.1 200 OK\r\nContent-Length: 8\r\n\r\nhalf").await;
                let _ = socket2::SockRef::from(&wire.stream).set_linger(Some(Duration::ZERO));
            }
        }
    })
    .await;
    let upstream = halfway(&gate).await;
    let rest = format!(
        "{TWO}[upstreams]\ndying.url = \"http://{}\"\nhalfway.url = \"http://{}\"\n\
         [[routes]]\nauth = \"public\"\nid = \"dying\"\nupstream = \"dying\"\nmatch.path = \"/dying\"\n{LIMITED}\n\
         [[routes]]\nauth = \"public\"\nid = \"all\"\nupstream = \"halfway\"\n{LIMITED}\n",
        dying.address, upstream.address
    );
    let gateway = Gateway::start("", &rest);
    // They stay, so that it is not their going away that ends anything.
    let mut clients = Vec::new();
    for _ in 0..9 {
        let mut client = gateway.connect().await;
        client.get("/dying").await;
        clients.push(client);
        gateway.records(clients.len()).await;
    }
    let records = gateway.records(9).await;
    assert!(records.iter().all(|record| record["outcome"] != "quota-exceeded"), "{records:?}");
    is_free(&gateway, &gate, "after nine deaths").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn never_more_at_the_same_time_whatever_happens() {
    let now = Arc::new(AtomicUsize::new(0));
    let most = Arc::new(AtomicUsize::new(0));
    let (inside, peak) = (Arc::clone(&now), Arc::clone(&most));
    let upstream = Upstream::start(move |mut wire, _| {
        let (inside, peak) = (Arc::clone(&inside), Arc::clone(&peak));
        async move {
            while wire.next_request().await.is_some() {
                peak.fetch_max(inside.fetch_add(1, Ordering::SeqCst) + 1, Ordering::SeqCst);
                wire.send("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\no").await;
                tokio::time::sleep(Duration::from_millis(2)).await;
                inside.fetch_sub(1, Ordering::SeqCst);
                wire.send("k").await;
            }
        }
    })
    .await;
    let gateway = Gateway::with(Directory::new(), 4, "", &limited(&upstream));
    let clients = (0..16).map(|_| {
        let address = gateway.address;
        tokio::spawn(async move {
            let mut admitted = 0;
            let mut client = crate::support::Wire::connect(address).await;
            for _ in 0..50 {
                client.get("/").await;
                let (head, _) = client.message().await;
                admitted += usize::from(status(&head) == 200);
            }
            admitted
        })
    });
    let clients: Vec<_> = clients.collect();
    let mut admitted = 0;
    for client in clients {
        admitted += client.await.unwrap();
    }
    let most = most.load(Ordering::SeqCst);
    assert!((1..=2).contains(&most), "{most} at the same time");
    assert!((1..800).contains(&admitted), "{admitted} of 800");
    assert_eq!(now.load(Ordering::SeqCst), 0);
}
