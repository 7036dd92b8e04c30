//! The registry of a real server: upstreams that register over HTTP, whose heartbeats stop, and who come all at once.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]
#![allow(clippy::disallowed_methods, reason = "a test measures its own time")]

#[path = "../support/shared.rs"]
mod support;

mod sources;

use std::net::SocketAddr;
use std::time::Duration;

use serde_json::Value;
use support::gateway::Gateway;
use support::{Upstream, Wire};
use tokio::task::JoinHandle;

const KEY: &str = "demo_5CieLaJvaux5WpCK2COaZscPKVPQmW0SJ2aMpR7gC7H3Bvn3q";

/// How long anything is waited for that depends on real time.
const PATIENCE: Duration = Duration::from_secs(60);

fn gateway() -> Gateway {
    let rest = "[store]\nfile = \"store.redb\"\n\
        [auth.keys.api_key]\nprefix = \"demo\"\n\
        [consumers.orders]\n\
        keys = [{ digest = \"sha256:ea05e8427bf9bd5242bd3b2b17993c4758d4c357b978d7b64054cce0ac7fc933\" }]\n\
        [registry]\nauth = \"keys\"\nallow = [\"127.0.0.0/8\"]\nttl = \"4s\"\n\
        [upstreams.orders]\nurl = \"http://orders.internal\"\n\
        discovery = { registry = { service = \"orders\" }, allow = [\"127.0.0.0/8\"] }\n\
        [[routes]]\nauth = \"public\"\nid = \"orders\"\nmatch = { prefix = \"/orders\" }\nupstream = \"orders\"\n";
    Gateway::with(support::gateway::Directory::new(), 2, "", rest)
}

/// One request to the registry: its status and what it said.
async fn ask(gateway: SocketAddr, method: &str, path: &str, json: &str) -> (u16, String) {
    let mut wire = Wire::connect(gateway).await;
    let content = match json.len() {
        0 => String::new(),
        length => format!("Content-Type: application/json\r\nContent-Length: {length}\r\n"),
    };
    wire.send(format!(
        "{method} /.tollgate/registry{path} HTTP/1.1\r\nHost: gateway.test\r\nX-Api-Key: {KEY}\r\n{content}\r\n{json}"
    ))
    .await;
    let head = wire.head().await;
    let status = support::wire::status(&head);
    let length = support::wire::field(&head, "content-length").and_then(|length| length.parse().ok());
    let body = wire.exactly(length.unwrap_or(0)).await;
    (status, String::from_utf8(body).unwrap())
}

/// An upstream that registers itself every second.
async fn register(gateway: SocketAddr, name: &'static str, upstream: &Upstream) -> JoinHandle<()> {
    let json = format!("{{\"address\": \"{}\"}}", upstream.address);
    assert_eq!(ask(gateway, "PUT", &format!("/orders/{name}"), &json).await.0, 201);
    tokio::spawn(async move {
        loop {
            tokio::time::sleep(Duration::from_secs(1)).await;
            let (status, said) = ask(gateway, "PUT", &format!("/orders/{name}"), &json).await;
            // On a busy machine, a heartbeat may come too late for the last one.
            assert!([201, 204].contains(&status), "{status} {said}");
        }
    })
}

/// Who answers a request; `None` where nobody does.
async fn answers(gateway: SocketAddr) -> Option<String> {
    let mut wire = Wire::connect(gateway).await;
    wire.get("/orders/1").await;
    let (head, body) = wire.message().await;
    (support::wire::status(&head) == 200).then_some(body)
}

/// Asks until `enough` of who answered.
async fn until(gateway: SocketAddr, what: &str, enough: impl Fn(&[Option<String>]) -> bool) {
    let begun = std::time::Instant::now();
    let mut answered = Vec::new();
    while !enough(&answered) {
        assert!(
            begun.elapsed() < PATIENCE,
            "{what}: {:?}",
            answered.iter().rev().take(10).collect::<Vec<_>>()
        );
        answered.push(answers(gateway).await);
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

fn last(answered: &[Option<String>], count: usize, who: &str) -> bool {
    answered.len() >= count && answered.iter().rev().take(count).all(|it| it.as_deref() == Some(who))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_registers_is_asked_and_who_stops_vanishes() {
    let gateway = gateway();
    let one = Upstream::answering("HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\none").await;
    let two = Upstream::answering("HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\ntwo").await;
    assert_eq!(answers(gateway.address).await, None, "nobody is there");
    let heart_of_one = register(gateway.address, "one", &one).await;
    until(gateway.address, "one is asked", |answered| last(answered, 1, "one")).await;
    let heart_of_two = register(gateway.address, "two", &two).await;
    until(gateway.address, "both are asked", |answered| {
        let has = |who: &str| answered.iter().any(|it| it.as_deref() == Some(who));
        has("one") && has("two")
    })
    .await;
    // The process lives on, and only no longer says so: nothing that is sent to it fails.
    heart_of_two.abort();
    until(gateway.address, "two has vanished", |answered| {
        assert!(answered.iter().all(Option::is_some), "{answered:?}");
        last(answered, 50, "one")
    })
    .await;
    let (status, said) = ask(gateway.address, "GET", "/orders", "").await;
    let said: Value = serde_json::from_str(&said).unwrap();
    assert_eq!((status, said["instances"].as_array().unwrap().len()), (200, 1), "{said}");
    assert_eq!(said["instances"][0]["instance"], "one");
    // And comes back.
    let heart_of_two = register(gateway.address, "two", &two).await;
    until(gateway.address, "two is back", |answered| last(answered, 1, "two")).await;
    assert_eq!(ask(gateway.address, "DELETE", "/orders/one", "").await.0, 204);
    heart_of_one.abort();
    heart_of_two.abort();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn those_who_come_all_at_once_are_all_there() {
    const COUNT: usize = 40;
    let gateway = gateway();
    let address = gateway.address;
    let came = (0..COUNT).map(|number| {
        tokio::spawn(async move {
            let json = format!("{{\"address\": \"127.0.0.1:{}\", \"ttl\": \"4s\"}}", 10_000 + number);
            let mut again = 0;
            // Who finds too many others at the store is told to come again.
            while !matches!(ask(address, "PUT", &format!("/orders/i{number}"), &json).await.0, 201 | 204) {
                again += 1;
                assert!(again < 100);
            }
            again
        })
    });
    let came: Vec<_> = came.collect();
    let mut again = 0;
    for one in came {
        again += one.await.unwrap();
    }
    let (_, said) = ask(address, "GET", "", "").await;
    println!("{COUNT} at once, {again} told to come again: {said}");
    assert_eq!(said, format!("{{\"services\":[{{\"instances\":{COUNT},\"service\":\"orders\"}}]}}"));
}
