//! Places and the line before them.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use tokio::sync::Semaphore;

use crate::support::gateway::Directory;
use crate::support::wire::{field, status};
use crate::support::{Gateway, Upstream, Wire, eventually};

/// An upstream that answers a request for each permit, and the most requests it had at the same time.
async fn patient(permits: &Arc<Semaphore>, now: &Arc<AtomicUsize>, most: &Arc<AtomicUsize>) -> Upstream {
    let (permits, now, most) = (Arc::clone(permits), Arc::clone(now), Arc::clone(most));
    Upstream::start(move |mut wire, _| {
        let (permits, now, most) = (Arc::clone(&permits), Arc::clone(&now), Arc::clone(&most));
        async move {
            while wire.next_request().await.is_some() {
                most.fetch_max(now.fetch_add(1, Ordering::SeqCst) + 1, Ordering::SeqCst);
                permits.acquire().await.unwrap().forget();
                wire.send("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\no").await;
                tokio::time::sleep(Duration::from_millis(2)).await;
                // Before the last byte, after which the gateway may send the next.
                now.fetch_sub(1, Ordering::SeqCst);
                wire.send("k").await;
            }
        }
    })
    .await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn four_at_once_and_eight_wait() {
    let (permits, now, most) = (Arc::new(Semaphore::new(0)), Arc::default(), Arc::default());
    let upstream = patient(&permits, &now, &most).await;
    let rest = format!(
        "[upstreams.up]\nurl = \"http://{}\"\nadmission = {{ in_flight = 4, pending = 8, pending_timeout = \"20s\" }}\n\
         [[routes]]\nauth = \"public\"\nid = \"all\"\nupstream = \"up\"\n",
        upstream.address
    );
    let gateway = Gateway::with(Directory::new(), 4, "", &rest);
    let refused = Arc::new(AtomicUsize::new(0));
    let clients: Vec<_> = (0..50)
        .map(|_| {
            let (address, refused) = (gateway.address, Arc::clone(&refused));
            tokio::spawn(async move {
                let mut client = Wire::connect(address).await;
                client.get("/").await;
                let (head, body) = client.message().await;
                if status(&head) == 503 {
                    assert_eq!(field(&head, "retry-after"), Some("1"), "{head}");
                    assert!(body.contains("#upstream-busy"), "{body}");
                    refused.fetch_add(1, Ordering::SeqCst);
                }
                status(&head)
            })
        })
        .collect();
    // Nobody is answered before all who are too many have been refused: they do not wait.
    eventually("38 refusals", || refused.load(Ordering::SeqCst) == 38).await;
    eventually("four requests", || now.load(Ordering::SeqCst) == 4).await;
    let gates = gateway.server.snapshot().gates;
    let view = gates[0].1;
    assert_eq!((&*gates[0].0, view.in_flight, view.pending, view.limit), ("up", 4, 8, Some(4)));
    let text = gateway.server.snapshot().expose().unwrap();
    for line in [
        "tollgate_upstream_in_flight{upstream=\"up\"} 4",
        "tollgate_upstream_pending{upstream=\"up\"} 8",
        "tollgate_upstream_limit{upstream=\"up\"} 4",
        "tollgate_upstream_rejected_total{upstream=\"up\",reason=\"pending-full\"} 38",
        "tollgate_upstream_rejected_total{upstream=\"up\",reason=\"pending-timeout\"} 0",
    ] {
        assert!(text.lines().any(|known| known == line), "{line} is not in\n{text}");
    }
    permits.add_permits(50);
    let mut answered = 0;
    for client in clients {
        answered += usize::from(client.await.unwrap() == 200);
    }
    assert_eq!((answered, refused.load(Ordering::SeqCst)), (12, 38));
    assert_eq!(most.load(Ordering::SeqCst), 4, "at the same time");
    eventually("free places", || gateway.server.snapshot().gates[0].1.in_flight == 0).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_goes_away_leaves_its_place_in_the_line() {
    let (permits, now, most) = (Arc::new(Semaphore::new(0)), Arc::default(), Arc::default());
    let upstream = patient(&permits, &now, &most).await;
    let rest = format!(
        "[upstreams.up]\nurl = \"http://{}\"\nadmission = {{ in_flight = 1, pending = 2, pending_timeout = \"20s\" }}\n\
         [[routes]]\nauth = \"public\"\nid = \"all\"\nupstream = \"up\"\n",
        upstream.address
    );
    let gateway = Gateway::with(Directory::new(), 2, "", &rest);
    let pending = || gateway.server.snapshot().gates[0].1.pending;
    let mut first = gateway.connect().await;
    first.get("/").await;
    eventually("the first", || gateway.server.snapshot().gates[0].1.in_flight == 1).await;
    let mut waiting = [gateway.connect().await, gateway.connect().await];
    for client in &mut waiting {
        client.get("/").await;
    }
    eventually("two who wait", || pending() == 2).await;
    let [gone, mut stays] = waiting;
    drop(gone);
    eventually("one who waits", || pending() == 1).await;
    permits.add_permits(2);
    assert_eq!((first.status().await, stays.status().await), (200, 200));
}
