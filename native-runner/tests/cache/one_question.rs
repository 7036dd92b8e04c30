//! Many who ask the same at the same time: the upstream is asked once.

use std::time::Duration;

use tokio::task::JoinSet;

use crate::harness::{Answers, Got, Origin, Running, configuration, get};
use crate::redis::{Redis, is_there};
use crate::support::gateway::Directory;
use crate::support::{Wire, within};

/// How long requests that are in flight have to come to where they wait. One that takes longer asks by itself or finds
/// the answer, and no test here needs that it does not.
const SETTLED: Duration = Duration::from_millis(300);

/// As many answers as there were clients, all at the same time.
async fn all(mut clients: JoinSet<Got>) -> Vec<Got> {
    let mut all = Vec::new();
    while let Some(got) = within("an answer", clients.join_next()).await {
        all.push(got.unwrap());
    }
    all
}

/// 64 clients ask for the same, and wait in the gateway before the upstream answers.
async fn sixty_four(place: &str, workers: usize) {
    let (origin, directory) = (Origin::held(Answers::Well).await, Directory::new());
    let running = Running::start(directory.path(), workers, &configuration(&origin, place)).await;
    let mut clients = JoinSet::new();
    for _ in 0..64 {
        clients.spawn(get(running.address, "/same?a=b"));
    }
    running.holds(64).await;
    tokio::time::sleep(SETTLED).await;
    assert_eq!(origin.asked(), 1, "{place}");
    origin.let_go();
    let all = all(clients).await;
    assert!(all.iter().all(|got| (got.status, &*got.body) == (200, "answer 1")), "{place}: {all:?}");
    assert_eq!((all.len(), origin.asked()), (64, 1), "{place}");
    // And who comes now.
    assert!(running.get("/same?a=b").await.is_hit());
    assert_eq!(running.get("/same?a=c").await.body, "answer 2");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn in_memory() {
    sixty_four("memory", 1).await;
    sixty_four("memory", 3).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn in_a_file() {
    sixty_four("file = \"store.redb\"", 2).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn in_redis() {
    if !is_there() {
        return;
    }
    let redis = Redis::start();
    sixty_four(&format!("redis = \"{}\"", redis.url()), 2).await;
}

/// 200 clients on several workers ask for ten things, each again and again: the upstream is asked for each once.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_hundred_clients_on_several_workers() {
    const THINGS: usize = 10;
    let (origin, directory) = (Origin::open().await, Directory::new());
    let running = Running::start(directory.path(), 4, &configuration(&origin, "memory")).await;
    let mut clients = JoinSet::new();
    for client in 0..200 {
        let address = running.address;
        clients.spawn(async move {
            let mut wire = Wire::connect(address).await;
            let mut bodies = Vec::new();
            for round in 0..THINGS {
                wire.get(&format!("/thing/{}", (client + round) % THINGS)).await;
                bodies.push(crate::harness::got(wire.message().await));
            }
            bodies.rotate_right(client % THINGS);
            bodies.into_iter().map(|got| (got.status, got.body)).collect::<Vec<_>>()
        });
    }
    let mut bodies = clients.join_all().await;
    bodies.sort_unstable();
    bodies.dedup();
    // All of them have the same answers to the same questions.
    assert_eq!(bodies.len(), 1, "{bodies:?}");
    assert!(bodies[0].iter().all(|(status, _)| *status == 200));
    assert_eq!(origin.asked(), THINGS);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn when_the_first_client_goes_away_another_asks() {
    let (origin, directory) = (Origin::held(Answers::Well).await, Directory::new());
    let running = Running::start(directory.path(), 2, &configuration(&origin, "memory")).await;
    let mut first = Wire::connect(running.address).await;
    first.get("/same").await;
    origin.is_asked(1).await;
    let mut others = JoinSet::new();
    for _ in 0..8 {
        others.spawn(get(running.address, "/same"));
    }
    running.holds(9).await;
    tokio::time::sleep(SETTLED).await;
    assert_eq!(origin.asked(), 1);
    drop(first);
    origin.is_asked(2).await;
    origin.let_go();
    let others = all(others).await;
    assert!(others.iter().all(|got| (got.status, &*got.body) == (200, "answer 2")), "{others:?}");
    assert_eq!(origin.asked(), 2);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn when_the_upstream_fails_all_are_told_so() {
    let (origin, directory) = (Origin::held(Answers::Never).await, Directory::new());
    let running = Running::start(directory.path(), 2, &configuration(&origin, "memory")).await;
    let mut clients = JoinSet::new();
    for _ in 0..64 {
        clients.spawn(get(running.address, "/same"));
    }
    running.holds(64).await;
    tokio::time::sleep(SETTLED).await;
    assert_eq!(origin.asked(), 1);
    origin.let_go();
    let all = all(clients).await;
    assert!(all.iter().all(|got| got.status == 502), "{all:?}");
    // Not each in turn: at most those who had not come to wait yet.
    assert!(origin.asked() < 8, "{}", origin.asked());
    // Nothing of it stays: who asks now asks the upstream.
    let before = origin.asked();
    assert_eq!(running.get("/same").await.status, 502);
    assert_eq!(origin.asked(), before + 1);
}
