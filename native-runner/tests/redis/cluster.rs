//! A cluster of three: keys of one request lie on several of them.

use native_runner::host::store::now;
use tollgate::limit::{Ask, Limit};
use tollgate::plan::RedisPlan;

use crate::fixture::{ask, hourly, plan, store};
use crate::redis::{Redis, is_there};
use crate::support::within;

fn start() -> Vec<Redis> {
    let arguments = ["--cluster-enabled", "yes", "--cluster-node-timeout", "2000"];
    let nodes: Vec<_> = (0..3).map(|_| Redis::with(&arguments)).collect();
    let addresses: Vec<_> = nodes.iter().map(|node| node.address().to_string()).collect();
    let mut create = vec!["--cluster", "create"];
    create.extend(addresses.iter().map(String::as_str));
    create.push("--cluster-yes");
    nodes[0].cli(&create);
    nodes
}

#[tokio::test]
async fn limits_are_asked_one_by_one_and_values_are_found() {
    if !is_there() {
        return;
    }
    let nodes = tokio::task::spawn_blocking(start).await.unwrap();
    let store = store(&RedisPlan { cluster: true, ..plan(&nodes[0]) });
    let until = async {
        while !nodes.iter().all(|node| node.cli(&["cluster", "info"]).contains("cluster_state:ok")) {
            tokio::time::sleep(std::time::Duration::from_millis(50)).await;
        }
    };
    within("the cluster", until).await;
    let (many, few) = (hourly(9), hourly(1));
    let mut asks = asks(&many, &few);
    store.count(&mut asks, now()).await.unwrap();
    assert!(asks.iter().all(|ask| ask.verdict.taken == 1));
    store.count(&mut asks, now()).await.unwrap();
    let said = asks.iter().map(|ask| (ask.verdict.enough, ask.verdict.taken, ask.verdict.remaining));
    let mut expected = vec![(true, 0, 8); 8];
    expected.push((false, 0, 0));
    assert_eq!(said.collect::<Vec<_>>(), expected);
    // What the eight took is given back, soon.
    let given_back = async {
        loop {
            let mut looks: Vec<_> =
                (1..=8).map(|caller| Ask { least: 0, most: 0, ..ask(&many, caller) }).collect();
            store.count(&mut looks, now()).await.unwrap();
            if looks.iter().all(|look| look.verdict.remaining == 8) {
                return;
            }
        }
    };
    within("giving back", given_back).await;
    let spread = nodes.iter().filter(|node| node.cli(&["dbsize"]) != "0").count();
    assert_eq!(spread, 3);

    for number in 0..100 {
        store.set(&format!("key/{number:03}"), b"v", None).await.unwrap();
    }
    let found = store.list("key/", Some("key/009"), 500).await.unwrap();
    let keys: Vec<_> = found.into_iter().map(|entry| entry.key).collect();
    assert_eq!(keys, (10..100).map(|number| format!("key/{number:03}")).collect::<Vec<_>>());
    assert!(store.swap("key/000", Some(b"v"), b"w", None).await.unwrap());
    assert_eq!(store.get("key/000").await.unwrap().unwrap(), b"w");
    assert!(store.delete("key/000").await.unwrap());
    for node in &nodes {
        node.cli(&["script", "flush"]);
    }
    store.count(&mut asks[..1], now()).await.unwrap();
}

/// Eight callers of one limit, and one of the other.
fn asks<'a>(many: &'a Limit, few: &'a Limit) -> Vec<Ask<'a>> {
    (1..=8).map(|caller| ask(many, caller)).chain([ask(few, 100)]).collect()
}
