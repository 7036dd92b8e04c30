//! What operators see: one record a request, counts that agree with it, and identifiers that pass through.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use native_runner::serve::admin;
use tokio::time::sleep;

use crate::support::gateway::proxy;
use crate::support::h2::Client;
use crate::support::wire::{field, fields, status};
use crate::support::{Gateway, Upstream, Wire};

const OK: &str = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nX-Request-Id: theirs\r\n\r\nok";
const TRACE: &str = "4bf92f3577b34da6a3ce929d0e0e4736";

#[tokio::test]
async fn a_record_says_everything() {
    let upstream = Upstream::start(|mut wire, _| async move {
        while wire.next_request().await.is_some() {
            sleep(Duration::from_millis(30)).await;
            wire.send(OK).await;
        }
    })
    .await;
    let gateway = Gateway::start("", &proxy(upstream.address, ""));
    let mut client = gateway.connect().await;
    client
        .send(format!(
            "POST /a/b?token=secret HTTP/1.1\r\nHost: a\r\nX-Request-Id: mine-1\r\nContent-Length: 5\r\n\
             traceparent: 00-{TRACE}-00f067aa0ba902b7-01\r\n\r\n12345"
        ))
        .await;
    assert_eq!(field(&client.message().await.0, "x-request-id"), Some("mine-1"));
    let record = gateway.record().await;
    for (key, value) in [
        ("request_id", "mine-1"),
        ("trace_id", TRACE),
        ("route", "all"),
        ("client", "127.0.0.1"),
        ("method", "POST"),
        ("path", "/a/b"),
        ("version", "1.1"),
        ("outcome", "answered"),
        ("upstream", "up"),
    ] {
        assert_eq!(record[key], value, "{record}");
    }
    for (key, value) in [("status", 200), ("attempts", 1), ("bytes_in", 5), ("bytes_out", 2)] {
        assert_eq!(record[key], value, "{record}");
    }
    let [total, before, answer] =
        ["duration_ms", "gateway_ms", "upstream_ms"].map(|key| record[key].as_f64().unwrap());
    assert!(answer >= 29.0 && before + answer <= total && total < 2_000.0, "{record}");
    let time = record["time"].as_str().unwrap();
    assert!(time.len() == 24 && time.ends_with('Z') && time.starts_with("20"), "{time}");
    assert!(!record.to_string().contains("secret"), "{record}");
}

/// W3C Trace Context level 2: the trace goes on, and the parent is this gateway's own.
#[tokio::test]
async fn identifiers_pass_on() {
    let (seen, mut heads) = tokio::sync::mpsc::unbounded_channel();
    let upstream = Upstream::start(move |mut wire, _| {
        let seen = seen.clone();
        async move {
            while let Some((head, _)) = wire.next_request().await {
                seen.send(head).unwrap();
                wire.send(OK).await;
            }
        }
    })
    .await;
    let gateway = Gateway::start("", &(proxy(upstream.address, "") + "\n[telemetry]\nserver_timing = true"));
    let mut client = gateway.connect().await;
    let parent = format!("00-{TRACE}-00f067aa0ba902b7-01");
    client
        .send(format!(
            "GET / HTTP/1.1\r\nHost: a\r\ntraceparent: {parent}\r\ntracestate: a=1\r\ntracestate: b=2\r\n\r\n"
        ))
        .await;
    let (answer, _) = client.message().await;
    let head = heads.recv().await.unwrap();
    let sent = field(&head, "traceparent").unwrap();
    assert!(sent.starts_with(&format!("00-{TRACE}-")) && sent.ends_with("-01") && sent != parent, "{sent}");
    assert_eq!(fields(&head, "tracestate"), ["a=1,b=2"]);
    // One identifier, in both directions and in the log.
    let made = field(&head, "x-request-id").unwrap();
    assert_eq!((made.len(), fields(&answer, "x-request-id")), (32, vec![made]));
    assert_eq!(gateway.record().await["request_id"], made);
    let timing = field(&answer, "server-timing").unwrap();
    assert!(timing.starts_with("gateway;dur=") && timing.contains(", upstream;dur="), "{timing}");
    // Several parents are none: the trace is begun anew.
    client
        .send(format!("GET / HTTP/1.1\r\nHost: a\r\ntraceparent: {parent}\r\ntraceparent: {parent}\r\n\r\n"))
        .await;
    client.message().await;
    let head = heads.recv().await.unwrap();
    assert!(!field(&head, "traceparent").unwrap().contains(TRACE), "{head}");
}

/// Whatever becomes of a request, there is one record of it, and `/metrics` counts the same.
#[tokio::test]
async fn counts_agree_with_records() {
    let upstream = Upstream::answering(OK).await;
    let gone = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let rest = format!(
        "[upstreams]\nup.url = \"http://{}\"\ngone.url = \"http://{gone}\"\n\
         [[routes]]\nauth = \"public\"\nid = \"up\"\nupstream = \"up\"\nmatch.prefix = \"/up\"\n\
         [[routes]]\nauth = \"public\"\nid = \"gone\"\nupstream = \"gone\"\nmatch.prefix = \"/gone\"\n\
         [[routes]]\nauth = \"public\"\nid = \"moved\"\nmatch.path = \"/moved\"\nmatch.methods = [\"GET\"]\nredirect = {{ path = \"/up\", status = 301 }}\n",
        upstream.address
    );
    let gateway = Gateway::start("", &rest);
    let mut client = gateway.connect().await;
    for path in ["/up/1", "/up/2", "/gone/1", "/moved", "/none", "/up/3"] {
        client.get(path).await;
        client.message().await;
    }
    for request in ["HEAD /moved", "DELETE /moved", "OPTIONS /moved", "FROB /up"] {
        client.send(format!("{request} HTTP/1.1\r\nHost: a\r\n\r\n")).await;
        client.head().await;
        if request.starts_with('D') || request.starts_with('F') {
            client.rest_of_problem().await;
        }
    }
    Client::connect(gateway.address).await.get("/up/4").await.unwrap();
    let mut bad = gateway.connect().await;
    bad.send("GET / HTTP/1.1\r\nHost : a\r\n\r\n").await;
    bad.rest().await;
    let records = gateway.records(12).await;
    let mut expected: BTreeMap<(String, String, String), u64> = BTreeMap::new();
    for record in &records {
        let text = |key: &str| record[key].as_str().unwrap_or_default().to_owned();
        *expected.entry((text("route"), record["status"].to_string(), text("outcome"))).or_default() += 1;
    }
    assert_eq!(records.len(), 12, "{records:?}");
    let metrics = scrape(&gateway).await;
    let mut counted = BTreeMap::new();
    for line in metrics.lines().filter(|line| line.starts_with("tollgate_requests_total{")) {
        let (labels, value) = line.rsplit_once(' ').unwrap();
        let label = |name: &str| {
            let (_, rest) = labels.split_once(&format!("{name}=\"")).unwrap();
            rest.split_once('"').unwrap().0.to_owned()
        };
        counted.insert((label("route"), label("status"), label("outcome")), value.parse::<u64>().unwrap());
    }
    assert_eq!(counted, expected, "{metrics}");
    for line in [
        "tollgate_upstream_requests_total{upstream=\"up\",status=\"200\",outcome=\"answered\"} 4",
        "tollgate_request_duration_seconds_count{route=\"up\"} 4",
        "tollgate_response_body_bytes_total{route=\"up\"} 8",
        "tollgate_requests_in_flight 0",
        "# EOF",
    ] {
        assert!(metrics.contains(line), "no {line} in\n{metrics}");
    }
    assert!(!metrics.contains("/up/"), "raw paths");
}

/// What the cache did stands in the metrics, by route, with the bytes that it spared upstreams.
#[tokio::test]
async fn what_the_cache_did_is_counted() {
    let upstream = Upstream::answering(
        "HTTP/1.1 200 OK\r\nCache-Control: max-age=600\r\nContent-Length: 5\r\n\r\nhello",
    )
    .await;
    let rest = format!(
        "[upstreams]\nup.url = \"http://{}\"\n\
         [[routes]]\nauth = \"public\"\nid = \"kept\"\nupstream = \"up\"\nmatch.path = \"/kept\"\ncache = true\n\
         [[routes]]\nauth = \"public\"\nid = \"other\"\nupstream = \"up\"\nmatch.path = \"/other\"\n",
        upstream.address
    );
    let gateway = Gateway::start("", &rest);
    let mut client = gateway.connect().await;
    for path in ["/kept", "/kept", "/kept", "/other"] {
        client.get(path).await;
        assert_eq!(client.message().await.1, "hello");
    }
    let records = gateway.records(4).await;
    let did: Vec<_> = records.iter().map(|record| record["cache"].as_str()).collect();
    assert_eq!(did, [Some("miss"), Some("hit"), Some("hit"), None]);
    let metrics = scrape(&gateway).await;
    for line in [
        "tollgate_cache_requests_total{route=\"kept\",result=\"hit\"} 2",
        "tollgate_cache_requests_total{route=\"kept\",result=\"miss\"} 1",
        "tollgate_cache_requests_total{route=\"kept\",result=\"coalesced\"} 0",
        "tollgate_cache_body_bytes_total{route=\"kept\"} 10",
        "tollgate_cache_memory_entries 1",
        "tollgate_cache_store_failures_total{result=\"failed\"} 0",
        "tollgate_cache_lost_invalidations_total 0",
    ] {
        assert!(metrics.contains(line), "no {line} in\n{metrics}");
    }
    let bytes = metrics.lines().find_map(|line| line.strip_prefix("tollgate_cache_memory_bytes "));
    assert!(bytes.unwrap().parse::<u64>().unwrap() > 5, "{metrics}");
    assert!(!metrics.contains("tollgate_cache_requests_total{route=\"other\""), "{metrics}");
}

/// Whoever adds requests up over all routes gets what clients asked for; what it came to stands beside, and upstreams count
/// each call.
#[tokio::test]
async fn parts_are_no_requests_of_clients() {
    let upstream = Upstream::answering(
        "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nCache-Control: max-age=600\r\nContent-Length: 2\r\n\r\n{}",
    )
    .await;
    let rest = format!(
        "[upstreams]\nup.url = \"http://{}\"\n\
         [[routes]]\nauth = \"public\"\nid = \"one\"\nupstream = \"up\"\nmatch.path = \"/one\"\n\
         [[routes]]\nauth = \"public\"\nid = \"both\"\nmatch.path = \"/both\"\n\
         [[routes.compose.steps]]\nname = \"a\"\nupstream = \"up\"\npath = \"/a\"\ncache = true\n\
         [[routes.compose.steps]]\nname = \"b\"\nupstream = \"up\"\npath = \"/b\"\nneeds = [\"a\"]\n\
         [[routes]]\nauth = \"public\"\nid = \"batch\"\nmatch = {{ path = \"/batch\", methods = [\"POST\"] }}\nbatch = {{ most = 5 }}\n",
        upstream.address
    );
    let gateway = Gateway::start("", &rest);
    let mut client = gateway.connect().await;
    client.get("/both").await;
    assert_eq!(client.message().await.1, "{\"a\":{},\"b\":{}}");
    let batch = "{\"requests\":[{\"id\":\"1\",\"url\":\"/one\"},{\"id\":\"2\",\"url\":\"/both\"}]}";
    client
        .send(format!(
            "POST /batch HTTP/1.1\r\nHost: a.example\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\r\n{batch}",
            batch.len()
        ))
        .await;
    assert_eq!(status(&client.message().await.0), 200);
    // The second time, the first step's answer is kept.
    let records = gateway.records(8).await;
    let whole: Vec<_> = records.iter().filter(|record| record["part"] != true).collect();
    assert_eq!(whole.iter().map(|record| &record["route"]).collect::<Vec<_>>(), ["both", "batch"]);
    let id = &whole[1]["request_id"];
    assert_eq!(
        records.iter().filter(|record| record["part"] == true && record["request_id"] == *id).count(),
        4
    );
    let metrics = scrape(&gateway).await;
    for line in [
        "tollgate_requests_total{route=\"both\",status=\"200\",outcome=\"answered\"} 1",
        "tollgate_requests_total{route=\"batch\",status=\"200\",outcome=\"answered\"} 1",
        "tollgate_request_duration_seconds_count{route=\"both\"} 1",
        "tollgate_part_requests_total{route=\"one\",status=\"200\",outcome=\"answered\"} 1",
        "tollgate_part_requests_total{route=\"both\",status=\"200\",outcome=\"answered\"} 1",
        "tollgate_part_requests_total{route=\"both/a\",status=\"200\",outcome=\"answered\"} 2",
        "tollgate_part_requests_total{route=\"both/b\",status=\"200\",outcome=\"answered\"} 2",
        "tollgate_part_duration_seconds_count{route=\"both/b\"} 2",
        "tollgate_cache_requests_total{route=\"both/a\",result=\"hit\"} 1",
        "tollgate_upstream_requests_total{upstream=\"up\",status=\"200\",outcome=\"answered\"} 4",
    ] {
        assert!(metrics.contains(line), "no {line} in\n{metrics}");
    }
    let families = ["requests_total", "request_duration", "request_body", "response_body"];
    let of_clients =
        |line: &&str| families.iter().any(|family| line.starts_with(&format!("tollgate_{family}")));
    let routes = ["route=\"both/", "route=\"one\""];
    let wrong =
        metrics.lines().filter(of_clients).find(|line| routes.iter().any(|route| line.contains(route)));
    assert_eq!(wrong, None, "{metrics}");
}

#[tokio::test]
async fn a_store_that_fails_is_counted() {
    let gone = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let rest = format!(
        "[stores.counts]\nredis = \"redis://{gone}\"\n\
         [rate_limits.few]\nrate = \"5/s\"\nstore = \"counts\"\non_store_failure = \"allow\"\n\
         [[routes]]\nauth = \"public\"\nid = \"all\"\nrate_limits = \"few\"\nrespond = {{ status = 204 }}\n"
    );
    let gateway = Gateway::start("", &rest);
    let mut client = gateway.connect().await;
    client.get("/").await;
    assert_eq!(status(&client.head().await), 204);
    assert_eq!(gateway.record().await["limits_unavailable"], serde_json::json!(["few"]));
    let metrics = scrape(&gateway).await;
    for line in [
        "tollgate_rate_limit_decisions_total{limit=\"few\",outcome=\"allowed-without-store\"} 1",
        "tollgate_rate_limit_store_failures_total{result=\"failed\"} 1",
        "tollgate_rate_limit_lost_permits_total 0",
    ] {
        assert!(metrics.contains(line), "no {line} in\n{metrics}");
    }
}

/// The text of `/metrics`, each line of which is a comment or a name, labels and a number.
async fn scrape(gateway: &Gateway) -> String {
    let address = admin::start("127.0.0.1:0".parse().unwrap(), Arc::clone(&gateway.server)).await.unwrap();
    let mut client = Wire::connect(address).await;
    client.get("/metrics").await;
    let (head, text) = client.message().await;
    assert_eq!(status(&head), 200);
    for line in text.lines().filter(|line| !line.starts_with('#')) {
        let (name, value) = line.rsplit_once(' ').unwrap();
        assert!(name.starts_with("tollgate_") && value.parse::<f64>().is_ok(), "{line}");
    }
    text
}

impl Wire {
    /// A body of whatever length, once its head was read: problems are short and end with a brace.
    async fn rest_of_problem(&mut self) {
        while self.exactly(1).await != b"}" {}
    }
}
