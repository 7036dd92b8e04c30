//! Mirrors that are compared, and mirrors that stall.

use std::time::{Duration, Instant};

use crate::harness::{Running, answering, silent};
use crate::support::Upstream;
use crate::support::gateway::Directory;

fn configuration(shop: &Upstream, shadow: &Upstream, compare: &str) -> String {
    format!(
        "[upstreams]\nshop = {{ url = \"http://{}\" }}\nshadow = {{ url = \"http://{}\" }}\n\
         [[routes]]\nid = \"shop\"\nauth = \"public\"\nupstream = \"shop\"\n\
         mirror = {{ to = \"shadow\", at_once = 4, timeout = \"60s\", {compare} }}\n",
        shop.address, shadow.address
    )
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn differences_are_counted_and_shown_without_values() {
    let shop = answering(r#"{"name":"Ada","meta":{"time":1},"list":[1,2]}"#).await;
    let shadow = answering(r#"{"list":[1,3],"meta":{"time":2},"name":"Grace"}"#).await;
    let directory = Directory::new();
    let compare = "compare = { headers = [\"content-type\"], ignore = [\"meta.time\"] }";
    let running = Running::start(directory.path(), &configuration(&shop, &shadow, compare)).await;
    assert_eq!(running.get("/a?secret=1").await.0, 200);
    running.server.deferred().done().await;
    let (status, said) = running.operate("GET", "/mirror/shop", "").await;
    assert_eq!((status, &said["results"]["body"], &said["results"]["same"]), (200, &1.into(), &0.into()));
    let shown = &said["differences"][0];
    assert_eq!(shown["differences"], serde_json::json!(["list[1]: value", "name: value"]));
    assert_eq!((&shown["path"], &shown["method"]), (&"/a".into(), &"GET".into()));
    assert!(!said.to_string().contains("Ada") && !said.to_string().contains("secret"));
    let metrics = running.server.snapshot().expose().unwrap();
    assert!(metrics.contains("tollgate_mirror_total{route=\"shop\",result=\"body\"} 1"), "{metrics}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_same_answer_is_the_same() {
    let shop = answering(r#"{"a":1,"meta":{"time":1}}"#).await;
    let shadow = answering(r#"{ "meta": { "time": 2 }, "a": 1.0 }"#).await;
    let directory = Directory::new();
    let compare = "compare = { ignore = [\"meta.time\"] }";
    let running = Running::start(directory.path(), &configuration(&shop, &shadow, compare)).await;
    for _ in 0..3 {
        assert_eq!(running.get("/").await.0, 200);
        running.server.deferred().done().await;
    }
    let (_, said) = running.operate("GET", "/mirror/shop", "").await;
    assert_eq!((&said["results"]["same"], &said["differences"]), (&3.into(), &serde_json::json!([])));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_mirror_that_says_nothing_slows_nobody() {
    let (shop, shadow) = (answering("{}").await, silent().await);
    let directory = Directory::new();
    let running = Running::start(directory.path(), &configuration(&shop, &shadow, "")).await;
    let begun = Instant::now();
    for _ in 0..20 {
        assert_eq!(running.get("/").await, (200, "{}".to_owned()));
    }
    // The mirror would have had a minute for each.
    assert!(begun.elapsed() < Duration::from_secs(60));
    // Four wait for it, and no more.
    let (_, said) = running.operate("GET", "/mirror/shop", "").await;
    assert_eq!(said["results"]["skipped"], 16);
}
