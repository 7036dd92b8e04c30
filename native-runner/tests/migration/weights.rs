//! Weights that are set while servers run.

use std::time::Duration;

use crate::harness::{Running, answering};
use crate::support::gateway::Directory;
use crate::support::{Upstream, within};

fn configuration(old: &Upstream, new: &Upstream, more: &str) -> String {
    format!(
        "{more}[upstreams]\nold = {{ url = \"http://{}\" }}\nnew = {{ url = \"http://{}\" }}\n\
         [[routes]]\nid = \"shop/v1\"\nauth = \"public\"\n\
         split = {{ to = [{{ upstream = \"old\", weight = 100, min = 0 }}, \
         {{ upstream = \"new\", weight = 0, max = 100 }}] }}\n",
        old.address, new.address
    )
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_operator_sets_weights_within_their_bounds() {
    let (old, new) = (answering("\"old\"").await, answering("\"new\"").await);
    let directory = Directory::new();
    let running = Running::start(directory.path(), &configuration(&old, &new, "")).await;
    assert_eq!(running.get("/").await, (200, "\"old\"".to_owned()));
    let (status, said) = running.operate("GET", "/splits/shop/v1", "").await;
    assert_eq!(
        (status, &said["weights"]["new"]["weight"], &said["weights"]["new"]["max"]),
        (200, &0.into(), &100.into())
    );
    let all = r#"{ "weights": { "old": 0, "new": 100 } }"#;
    assert_eq!(running.operate_with("PUT", "/splits/shop/v1", all, "wrong").await.0, 401);
    assert_eq!(running.get("/").await.1, "\"old\"");
    assert_eq!(running.operate("PUT", "/splits/shop/v1", all).await.0, 200);
    for _ in 0..8 {
        assert_eq!(running.get("/").await, (200, "\"new\"".to_owned()));
    }
    for (wrong, why) in [
        (r#"{ "weights": { "new": 101 } }"#, "the weight of \"new\" is 0 to 100, not 101"),
        (r#"{ "weights": { "old": 0 } }"#, "nobody would have any requests: some weight must be more than 0"),
        (r#"{ "weights": { "other": 1 } }"#, "\"other\" is no upstream that shares requests by weight here"),
    ] {
        let (status, said) = running.operate("PUT", "/splits/shop/v1", wrong).await;
        assert_eq!((status, said["detail"].as_str()), (422, Some(why)));
    }
    assert_eq!(running.operate("PUT", "/splits/other", all).await.0, 404);
    assert_eq!(running.get("/").await.1, "\"new\"");
    assert_eq!(running.operate("DELETE", "/splits/shop/v1", "").await.0, 200);
    assert_eq!(running.get("/").await.1, "\"old\"");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn other_servers_follow_the_live_document() {
    let (old, new) = (answering("\"old\"").await, answering("\"new\"").await);
    let (one, other, file) = (Directory::new(), Directory::new(), Directory::new());
    let store = file.path().join("store.redb");
    let store = format!("[store]\nfile = \"{}\"\n[live]\n", store.display());
    let one = Running::start(one.path(), &configuration(&old, &new, &store)).await;
    let other = Running::start(other.path(), &configuration(&old, &new, &store)).await;
    assert_eq!(other.get("/").await.1, "\"old\"");
    let all = r#"{ "weights": { "old": 0, "new": 100 } }"#;
    let (status, said) = one.operate("PUT", "/splits/shop/v1", all).await;
    assert_eq!((status, &said["shared"]), (200, &true.into()));
    assert_eq!(one.get("/").await.1, "\"new\"");
    within("the other follows", async {
        while other.get("/").await.1 != "\"new\"" {
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    })
    .await;
}
