//! Consul, Kubernetes and Eureka, played by scripts over real connections.

use std::sync::Arc;
use std::sync::atomic::{AtomicU16, Ordering};
use std::time::Duration;

use crate::support::gateway::Gateway;
use crate::support::{Upstream, Wire};
use crate::{last, until};

async fn two() -> (Upstream, Upstream) {
    let one = Upstream::answering("HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\none").await;
    let two = Upstream::answering("HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\ntwo").await;
    (one, two)
}

fn gateway(discovery: &str) -> Gateway {
    let rest = format!(
        "[upstreams.orders]\nurl = \"http://orders.internal\"\n\
         discovery = {{ {discovery}, allow = [\"127.0.0.0/8\"] }}\n\
         [[routes]]\nauth = \"public\"\nid = \"orders\"\nupstream = \"orders\"\n"
    );
    Gateway::with(crate::support::gateway::Directory::new(), 2, "", &rest)
}

async fn say(wire: &mut Wire, fields: &str, json: &str) {
    let length = json.len();
    wire.send(format!("HTTP/1.1 200 OK\r\n{fields}Content-Length: {length}\r\n\r\n{json}")).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn consul_is_followed() {
    let (one, two) = two().await;
    let port = Arc::new(AtomicU16::new(one.address.port()));
    let now = Arc::clone(&port);
    let consul = Upstream::start(move |mut wire, _| {
        let now = Arc::clone(&now);
        async move {
            while let Some((head, _)) = wire.next_request().await {
                let port = now.load(Ordering::Relaxed);
                let line = head.lines().next().unwrap_or_default();
                assert!(line.starts_with("GET /v1/health/service/orders?passing=1"), "{line}");
                // Held until there is something else than what was asked from.
                let held = line.contains(&format!("&index={port}&"));
                for _ in 0..200 {
                    if !held || now.load(Ordering::Relaxed) != port {
                        break;
                    }
                    tokio::time::sleep(Duration::from_millis(20)).await;
                }
                // Ports are as good an index as any: where the next is lower, it has gone back.
                let port = now.load(Ordering::Relaxed);
                let json = format!(
                    "[{{\"Node\": {{\"Address\": \"127.0.0.1\"}}, \"Service\": {{\"Address\": \"\", \"Port\": {port}}}}}]"
                );
                say(&mut wire, &format!("X-Consul-Index: {port}\r\n"), &json).await;
            }
        }
    })
    .await;
    let gateway =
        gateway(&format!("consul = {{ url = \"http://{}\", service = \"orders\" }}", consul.address));
    until(gateway.address, "one is asked", |answered| last(answered, 1, "one")).await;
    port.store(two.address.port(), Ordering::Relaxed);
    until(gateway.address, "two is asked", |answered| last(answered, 10, "two")).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn kubernetes_is_followed() {
    let (one, two) = two().await;
    let slice = |version: u32, port: u16| {
        format!(
            "{{\"metadata\": {{\"name\": \"orders-x\", \"resourceVersion\": \"{version}\"}}, \"addressType\": \"IPv4\", \
             \"ports\": [{{\"name\": \"http\", \"port\": {port}}}], \"endpoints\": [{{\"addresses\": [\"127.0.0.1\"]}}]}}"
        )
    };
    let list = format!(
        "{{\"metadata\": {{\"resourceVersion\": \"10\"}}, \"items\": [{}]}}",
        slice(9, one.address.port())
    );
    let event = format!("{{\"type\": \"MODIFIED\", \"object\": {}}}\n", slice(11, two.address.port()));
    let api = Upstream::start(move |mut wire, _| {
        let (list, event) = (list.clone(), event.clone());
        async move {
            while let Some((head, _)) = wire.next_request().await {
                let line = head.lines().next().unwrap_or_default();
                if !line.contains("&watch=1") {
                    say(&mut wire, "", &list).await;
                    continue;
                }
                assert!(line.contains("&resourceVersion=1"), "{line}");
                wire.send("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n").await;
                tokio::time::sleep(Duration::from_millis(500)).await;
                let (before, after) = event.split_at(event.len() / 2);
                for part in [before, after] {
                    wire.send(format!("{:x}\r\n{part}\r\n", part.len())).await;
                    tokio::time::sleep(Duration::from_millis(50)).await;
                }
                // The watch stays open until the gateway goes.
                wire.goes_on().await;
            }
        }
    })
    .await;
    let kubernetes = format!("kubernetes = {{ url = \"http://{}\", service = \"orders\" }}", api.address);
    let gateway = gateway(&kubernetes);
    until(gateway.address, "one is asked, then two", |answered| last(answered, 10, "two")).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn eureka_is_followed() {
    let (one, two) = two().await;
    let port = Arc::new(AtomicU16::new(one.address.port()));
    let now = Arc::clone(&port);
    let eureka = Upstream::start(move |mut wire, _| {
        let now = Arc::clone(&now);
        async move {
            while let Some((head, _)) = wire.next_request().await {
                assert!(head.starts_with("GET /eureka/apps/ORDERS HTTP/1.1"), "{head}");
                let port = now.load(Ordering::Relaxed);
                let json = format!(
                    "{{\"application\": {{\"name\": \"ORDERS\", \"instance\": {{\"ipAddr\": \"127.0.0.1\", \
                     \"status\": \"UP\", \"port\": {{\"$\": \"{port}\", \"@enabled\": \"true\"}}}}}}}}"
                );
                say(&mut wire, "", &json).await;
            }
        }
    })
    .await;
    let gateway = gateway(&format!(
        "eureka = {{ urls = [\"http://{}/eureka\"], application = \"ORDERS\" }}, interval = \"1s\"",
        eureka.address
    ));
    until(gateway.address, "one is asked", |answered| last(answered, 1, "one")).await;
    port.store(two.address.port(), Ordering::Relaxed);
    until(gateway.address, "two is asked", |answered| last(answered, 10, "two")).await;
}
