//! Not one request that may be repeated fails while a target is well.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use crate::service::Service;
use crate::support::gateway::Directory;
use crate::support::{Gateway, Wire};

/// How many clients ask at once, each over a connection of its own.
const CLIENTS: usize = 12;

fn configuration(services: &[Service]) -> String {
    let targets: Vec<_> = services
        .iter()
        .enumerate()
        .map(|(at, service)| format!("{{ name = \"s{at}\", url = \"http://{}\" }}", service.address))
        .collect();
    format!(
        r#"
[upstreams.up]
targets = [{}]
[upstreams.up.retries]
attempts = 6
backoff = "2ms"
per_try = "1s"
budget = {{ percent = 100, per_second = 100000 }}
[[routes]]
id = "all"
auth = "public"
upstream = "up"
timeouts = {{ request = "15s", connect = "1s" }}
"#,
        targets.join(", ")
    )
}

/// What clients get until they are told to stop: how often which answer.
async fn load(gateway: &Gateway, stop: Arc<AtomicBool>) -> BTreeMap<String, usize> {
    let clients = (0..CLIENTS).map(|_| {
        let (address, stop) = (gateway.address, Arc::clone(&stop));
        tokio::spawn(async move {
            let (mut got, mut wire) = (BTreeMap::<_, usize>::new(), Wire::connect(address).await);
            while !stop.load(Ordering::Relaxed) {
                wire.get("/").await;
                let (head, body) = wire.message().await;
                let status = head.split(' ').nth(1).unwrap_or_default().to_owned();
                *got.entry(format!("{status} {body}")).or_default() += 1;
            }
            got
        })
    });
    let mut all = BTreeMap::new();
    for client in clients.collect::<Vec<_>>() {
        for (answer, times) in client.await.unwrap() {
            *all.entry(answer).or_default() += times;
        }
    }
    all
}

/// Serves while `chaos` is at work, and says what clients got; prints the records of requests that failed.
fn serve(count: usize, chaos: impl FnOnce(&mut [Service]) + Send) -> BTreeMap<String, usize> {
    let mut services: Vec<_> = (0..count).map(|at| Service::start(&format!("s{at}"))).collect();
    let gateway = Gateway::with(Directory::new(), 2, "", &configuration(&services));
    let stop = Arc::new(AtomicBool::new(false));
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
    std::thread::scope(|scope| {
        let stopped = Arc::clone(&stop);
        // Theirs until the last client has its answer: a service is killed when it is dropped.
        let services = &mut services;
        scope.spawn(move || {
            std::thread::sleep(Duration::from_millis(200));
            chaos(services);
            stopped.store(true, Ordering::Relaxed);
        });
        runtime.block_on(async {
            let got = load(&gateway, stop).await;
            let records = gateway.records(1).await;
            records.iter().filter(|record| record["status"] != 200).for_each(|record| println!("{record}"));
            got
        })
    })
}

/// That every client always got an answer of some service, and each service gave some.
fn only_good(got: &BTreeMap<String, usize>, services: usize) {
    let bad: Vec<_> = got.iter().filter(|(answer, _)| !answer.starts_with("200 s")).collect();
    assert!(bad.is_empty(), "{bad:?} among {got:?}");
    assert_eq!(got.len(), services, "{got:?}");
}

#[test]
fn services_are_killed_and_come_back() {
    let got = serve(3, |services| {
        for round in 0..9 {
            let (one, other) = (round % 3, (round + 1) % 3);
            services[one].kill();
            std::thread::sleep(Duration::from_millis(100));
            // Two of three are dead for a while.
            services[other].kill();
            std::thread::sleep(Duration::from_millis(100));
            services[one].revive();
            services[other].revive();
            std::thread::sleep(Duration::from_millis(100));
        }
    });
    only_good(&got, 3);
}

#[test]
fn a_service_that_hangs_is_passed_by() {
    let got = serve(2, |services| {
        for round in 0..3 {
            services[round % 2].freeze();
            std::thread::sleep(Duration::from_millis(300));
            services[round % 2].thaw();
            std::thread::sleep(Duration::from_millis(300));
        }
    });
    only_good(&got, 2);
}
