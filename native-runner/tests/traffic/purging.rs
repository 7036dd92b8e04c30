//! What is kept, shown and purged at the operator's address while the server runs.

use http::Method;
use serde_json::{Value, json};

use crate::managed::{Operated, TOKEN, start};
use crate::support::gateway::Directory;
use crate::support::{Upstream, Wire};

const OPERATED: &str = "admin_token = \"${admin_token}\"";

const ANSWER: &str =
    "HTTP/1.1 200 OK\r\nContent-Length: 4\r\nCache-Control: max-age=3600\r\nSurrogate-Key: mugs\r\n\r\nmugs";

async fn gateway(directory: &Directory, upstream: &Upstream) -> Operated {
    let text = format!(
        "[store]\nfile = \"store.redb\"\n[upstreams.shop]\nurl = \"http://{}\"\n\
         [[routes]]\nauth = \"public\"\nid = \"memory\"\nmatch = {{ path = \"/memory\" }}\nupstream = \"shop\"\n\
         cache = {{ store = \"memory\" }}\n\
         [[routes]]\nauth = \"public\"\nid = \"store\"\nmatch = {{ path = \"/store\" }}\nupstream = \"shop\"\n\
         cache = {{ store = \"default\" }}\n",
        upstream.address
    );
    start(directory.path(), 4, OPERATED, &text).await
}

/// Whether each of some clients, on whatever worker, gets what is kept.
async fn hits(gateway: &Operated, path: &str) -> Vec<bool> {
    let mut hits = Vec::new();
    for _ in 0..6 {
        let mut client = Wire::connect(gateway.address).await;
        client.get(path).await;
        let (head, body) = client.message().await;
        assert_eq!(body, "mugs", "{head}");
        // Who comes while it is being written into the store waits for that.
        let head = head.to_lowercase();
        hits.push(head.contains("; hit") || head.contains("; collapsed"));
    }
    hits
}

fn purges(said: &Value) -> Vec<(String, u64)> {
    let places = said["places"].as_array().unwrap().iter();
    places.map(|it| (it["place"].as_str().unwrap().to_owned(), it["purges"].as_u64().unwrap())).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_purge_counts_at_once_on_every_worker() {
    let (directory, upstream) = (Directory::new(), Upstream::answering(ANSWER).await);
    let gateway = gateway(&directory, &upstream).await;
    for path in ["/memory", "/store"] {
        assert_eq!(hits(&gateway, path).await[1..], [true; 5], "{path}");
    }
    let (status, said) = gateway.ask(Method::GET, "/cache", None).await;
    assert_eq!(status, 200, "{said}");
    assert_eq!(purges(&said), [("memory".to_owned(), 0), ("default".to_owned(), 0)]);
    assert!(said["places"][0]["entries"].as_u64().unwrap() >= 1, "{said}");
    assert!(said["places"][0]["bytes"].as_u64().unwrap() >= 4, "{said}");
    for (count, order) in
        [json!({ "tags": ["mugs"] }), json!({ "prefix": "/" }), json!({ "all": true })].iter().enumerate()
    {
        let (status, said) = gateway.ask(Method::POST, "/cache/purge", Some(order.clone())).await;
        assert_eq!((status, &said["places"]), (200, &json!(["memory", "default"])), "{said}");
        for path in ["/memory", "/store"] {
            let hits = hits(&gateway, path).await;
            assert_eq!((hits[0], &hits[1..]), (false, &[true; 5][..]), "{path} after {order}");
        }
        let (_, said) = gateway.ask(Method::GET, "/cache", None).await;
        let count = count as u64 + 1;
        assert_eq!(purges(&said), [("memory".to_owned(), count), ("default".to_owned(), count)]);
    }
    // Nothing else is purged by it.
    let (status, _) = gateway.ask(Method::POST, "/cache/purge", Some(json!({ "tags": ["bags"] }))).await;
    assert_eq!((status, hits(&gateway, "/store").await), (200, vec![true; 6]));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_no_order_purges_nothing() {
    let (directory, upstream) = (Directory::new(), Upstream::answering(ANSWER).await);
    let gateway = gateway(&directory, &upstream).await;
    hits(&gateway, "/memory").await;
    for (method, path, body, expected) in [
        (Method::POST, "/cache/purge", Some(json!({})), 422),
        (Method::POST, "/cache/purge", Some(json!({ "all": true, "tags": ["a"] })), 422),
        (Method::POST, "/cache/purge", Some(json!({ "tags": ["x".repeat(300_000)] })), 413),
        (Method::POST, "/cache/purge", None, 415),
        (Method::GET, "/cache/purge", None, 405),
        (Method::DELETE, "/cache", None, 405),
    ] {
        let (status, said) = gateway.ask(method.clone(), path, body).await;
        assert_eq!(status, expected, "{method} {path}: {said}");
    }
    for token in ["", "Authorization: Bearer wrong\r\n"] {
        let mut wire = Wire::connect(gateway.admin).await;
        let body = "{\"all\": true}";
        let length = body.len();
        wire.send(format!(
            "POST /cache/purge HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\n{token}Content-Length: {length}\r\n\r\n{body}"
        ))
        .await;
        let (head, body) = wire.message().await;
        assert!(head.starts_with("HTTP/1.1 401 ") && !body.contains(TOKEN), "{head}{body}");
    }
    assert_eq!(hits(&gateway, "/memory").await, [true; 6]);
}
