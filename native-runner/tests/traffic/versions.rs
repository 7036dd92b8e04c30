//! What operators see of versions: counts by version, and who still uses what is deprecated.

use std::sync::Arc;

use native_runner::serve::admin;
use serde_json::{Value, json};

use crate::support::{Gateway, Wire};

const KEY: &str = "tgk_9zTjIxQlYJTnfTdSYFjejPjd3O53OKVhyHfbWHGSMMc0zu0hm";

const CONFIGURATION: &str = r#"
[auth.partners.api_key]
header = "x-api-key"

[consumers.acme]
keys = [{ digest = "sha256:fcbf618cc2ba56fad200739caed0033aeb59219db31c1b3adb20e7231a9a16a9" }]

[apis.orders]
ask = [{ header = "V" }]
default = "2"
versions.1 = { deprecated = "2020-01-01", successor = "2" }
versions.2 = {}

[[routes]]
id = "ours"
auth = "partners"
match = { prefix = "/ours", api = "orders" }
respond = {}

[[routes]]
id = "all"
auth = "public"
match = { prefix = "/all", api = "orders" }
respond = {}
"#;

#[tokio::test]
async fn who_still_uses_a_version_is_counted() {
    let gateway = Gateway::start("", CONFIGURATION);
    let mut client = gateway.connect().await;
    for (path, fields) in [
        ("/ours", format!("X-API-Key: {KEY}\r\nV: 1\r\n")),
        ("/ours", format!("X-API-Key: {KEY}\r\nV: 1\r\n")),
        ("/ours", format!("X-API-Key: {KEY}\r\n")),
        ("/all", "V: 1\r\n".to_owned()),
        ("/all", "V: 9\r\n".to_owned()),
    ] {
        client.send(format!("GET {path} HTTP/1.1\r\nHost: a\r\n{fields}\r\n")).await;
        client.message().await;
    }
    let records = gateway.records(5).await;
    let seen: Vec<_> = records.iter().map(|record| (&record["api_version"], &record["deprecated"])).collect();
    let (one, two, yes, none) = (json!("1"), json!("2"), json!(true), Value::Null);
    assert_eq!(seen, [(&one, &yes), (&one, &yes), (&two, &none), (&one, &yes), (&none, &none)]);
    let metrics = asked(&gateway, "/metrics").await;
    for line in [
        "tollgate_api_requests_total{api=\"orders\",version=\"1\"} 3",
        "tollgate_api_requests_total{api=\"orders\",version=\"2\"} 1",
        "tollgate_deprecated_requests_total{api=\"orders\",version=\"1\",consumer=\"acme\"} 2",
        "tollgate_deprecated_requests_total{api=\"orders\",version=\"1\",consumer=\"anonymous\"} 1",
    ] {
        assert!(metrics.contains(line), "no {line} in\n{metrics}");
    }
    let shown: Value = serde_json::from_str(&asked(&gateway, "/versions").await).unwrap();
    let old = &shown[0]["versions"][0];
    assert_eq!(old["stage"], "deprecated");
    assert_eq!(old["requests"], 3);
    assert_eq!(old["deprecated_requests"], json!({ "acme": 2, "anonymous": 1 }));
    assert_eq!(old["routes"], json!(["ours", "all"]));
}

async fn asked(gateway: &Gateway, path: &str) -> String {
    let address = admin::start("127.0.0.1:0".parse().unwrap(), Arc::clone(&gateway.server)).await.unwrap();
    let mut client = Wire::connect(address).await;
    client.get(path).await;
    client.message().await.1
}
