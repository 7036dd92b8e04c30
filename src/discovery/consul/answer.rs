//! What Consul says of a service's instances: `/v1/health/service/NAME`, as developer.hashicorp.com/consul/api-docs/health
//! describes it.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::Value;

use crate::discovery::found::MOST_WEIGHT;
use crate::discovery::{Fault, Found, answer::unreadable};

/// One instance on one node, with its checks. What is not used here is not read. Go writes what is empty as `null`.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Entry {
    node: Option<Node>,
    service: Service,
    checks: Option<Vec<Check>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Node {
    address: Option<String>,
    datacenter: Option<String>,
    meta: Option<BTreeMap<String, Value>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Service {
    address: Option<String>,
    port: Option<u32>,
    tags: Option<Vec<String>>,
    meta: Option<BTreeMap<String, Value>>,
    weights: Option<Weights>,
    locality: Option<Locality>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Weights {
    passing: Option<i64>,
    warning: Option<i64>,
}

/// Since Consul 1.17.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Locality {
    zone: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Check {
    status: Option<String>,
}

/// How an instance is doing, by the worst of its checks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Status {
    Passing,
    Warning,
    /// Critical, in maintenance, or something that only a later Consul knows.
    Critical,
}

/// Reads the instances that may be asked. `warnings`: those with a warning too, with the weight that they have for that.
/// One that cannot be read is at no address, and so left out and counted by [`crate::discovery::Source::targets`].
///
/// # Errors
/// It is no such answer.
pub fn read(json: &[u8], warnings: bool) -> Result<Vec<Found>, Fault> {
    // Entries are read one by one, so that one which cannot be read takes no other away.
    let entries: Vec<Value> = serde_json::from_slice(json).map_err(|error| unreadable(&error))?;
    let found = |entry| {
        let Ok(entry) = serde_json::from_value::<Entry>(entry) else { return Some(Found::default()) };
        let status = entry.status();
        let fit = status == Status::Passing || (status == Status::Warning && warnings);
        fit.then(|| entry.found(status).unwrap_or_default())
    };
    Ok(entries.into_iter().filter_map(found).collect())
}

// === impl Entry ===

impl Entry {
    fn status(&self) -> Status {
        let mut worst = Status::Passing;
        for check in self.checks.iter().flatten() {
            match check.status.as_deref() {
                Some("passing") => {}
                Some("warning") => worst = Status::Warning,
                _ => return Status::Critical,
            }
        }
        worst
    }

    fn found(&self, status: Status) -> Option<Found> {
        // A service without an address of its own is at its node's: "If the address is not provided, the agent's address is
        // used" (developer.hashicorp.com/consul/api-docs/agent/service).
        let own = self.service.address.as_deref().filter(|address| !address.is_empty());
        let address = own.or(self.node.as_ref()?.address.as_deref())?;
        let port = u16::try_from(self.service.port?).ok().filter(|port| *port != 0)?;
        let zone = self.zone().filter(|zone| !zone.is_empty()).map(Into::into);
        Some(Found { weight: self.weight(status), zone, ..Found::at(address, Some(port)) })
    }

    /// Where nothing is said: 1 while all checks pass, and 1 with a warning, which is what Consul's agents write themselves.
    fn weight(&self, status: Status) -> u32 {
        let weights = self.service.weights.as_ref();
        let written = match status {
            Status::Warning => weights.and_then(|weights| weights.warning),
            _ => weights.and_then(|weights| weights.passing),
        };
        let most = i64::from(MOST_WEIGHT);
        u32::try_from(written.unwrap_or(1).clamp(0, most)).unwrap_or(MOST_WEIGHT)
    }

    /// The first of: what the service's metadata call `zone`, what the node's do, a tag `zone=…`, the service's locality,
    /// the node's datacenter.
    fn zone(&self) -> Option<&str> {
        fn named(meta: Option<&BTreeMap<String, Value>>) -> Option<&str> {
            meta?.get("zone")?.as_str()
        }
        let service = &self.service;
        let node = self.node.as_ref();
        let tag = || service.tags.iter().flatten().find_map(|tag| tag.strip_prefix("zone="));
        named(service.meta.as_ref())
            .or_else(|| named(node?.meta.as_ref()))
            .or_else(tag)
            .or_else(|| service.locality.as_ref()?.zone.as_deref())
            .or_else(|| node?.datacenter.as_deref())
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use proptest::prelude::*;

    use super::*;

    /// The sample of developer.hashicorp.com/consul/api-docs/health, "List Service Instances for Service".
    const SAMPLE: &str = r#"[{
        "Node": {
            "ID": "40e4a748-2192-161a-0510-9bf59fe950b5", "Node": "foobar", "Address": "10.1.10.12",
            "Datacenter": "dc1", "TaggedAddresses": {"lan": "10.1.10.12", "wan": "10.1.10.12"},
            "Meta": {"instance_type": "t2.medium"}
        },
        "Service": {
            "ID": "redis", "Service": "redis", "Tags": ["primary"], "Address": "10.1.10.12",
            "TaggedAddresses": {
                "lan": {"address": "10.1.10.12", "port": 8000},
                "wan": {"address": "198.18.1.2", "port": 80}
            },
            "Meta": {"redis_version": "4.0"}, "Port": 8000, "Weights": {"Passing": 10, "Warning": 1},
            "Namespace": "default"
        },
        "Checks": [
            {"Node": "foobar", "CheckID": "service:redis", "Name": "Service 'redis' check", "Status": "passing",
             "Notes": "", "Output": "", "ServiceID": "redis", "ServiceName": "redis", "ServiceTags": ["primary"],
             "Namespace": "default"},
            {"Node": "foobar", "CheckID": "serfHealth", "Name": "Serf Health Status", "Status": "passing",
             "Notes": "", "Output": "", "ServiceID": "", "ServiceName": "", "ServiceTags": [], "Namespace": "default"}
        ]
    }]"#;

    fn found(host: &str, port: u16, weight: u32, zone: Option<&str>) -> Found {
        Found { weight, zone: zone.map(Into::into), ..Found::at(host, Some(port)) }
    }

    fn one(json: &str) -> Vec<Found> {
        read(format!("[{json}]").as_bytes(), true).unwrap()
    }

    #[test]
    fn the_sample_of_the_documentation() {
        let read = read(SAMPLE.as_bytes(), false).unwrap();
        assert_eq!(read, [found("10.1.10.12", 8000, 10, Some("dc1"))]);
    }

    #[test]
    fn a_service_without_an_address_is_at_its_node() {
        for address in ["\"\"", "null"] {
            let json = format!(
                r#"{{"Node": {{"Address": "fd00::7"}}, "Service": {{"Address": {address}, "Port": 80}}}}"#
            );
            assert_eq!(one(&json), [found("fd00::7", 80, 1, None)], "{address}");
        }
    }

    #[test]
    fn what_is_empty_may_be_null() {
        let json = r#"{"Node": {"Address": "10.0.0.1", "Meta": null}, "Service": {"Address": "", "Port": 80, "Tags": null,
            "Meta": null, "Weights": null, "Locality": null}, "Checks": null}"#;
        assert_eq!(one(json), [found("10.0.0.1", 80, 1, None)]);
    }

    #[test]
    fn weights_go_by_the_worst_check() {
        let entry = |checks: &str| {
            format!(
                r#"[{{"Node": {{"Address": "10.0.0.1"}}, "Checks": {checks},
                    "Service": {{"Port": 80, "Weights": {{"Passing": 10, "Warning": 3}}}}}}]"#
            )
        };
        let weights = |checks: &str, warnings| {
            let read = read(entry(checks).as_bytes(), warnings).unwrap();
            read.iter().map(|found| found.weight).collect::<Vec<_>>()
        };
        assert_eq!(weights("[]", true), [10]);
        assert_eq!(weights(r#"[{"Status": "passing"}, {"Status": "warning"}]"#, true), [3]);
        assert_eq!(weights(r#"[{"Status": "passing"}, {"Status": "warning"}]"#, false), [0_u32; 0]);
        for worse in ["critical", "maintenance", "unheard-of"] {
            let checks = format!(r#"[{{"Status": "warning"}}, {{"Status": "{worse}"}}]"#);
            assert_eq!(weights(&checks, true), [0_u32; 0], "{worse}");
        }
        assert_eq!(weights(r#"[{}]"#, true), [0_u32; 0]);
    }

    #[test]
    fn weights_are_bounded() {
        let entry = |weight: &str| {
            format!(
                r#"{{"Node": {{"Address": "10.0.0.1"}}, "Service": {{"Port": 80, "Weights": {{"Passing": {weight}}}}}}}"#
            )
        };
        for (written, weight) in [("-1", 0), ("0", 0), ("65535", 65_535), ("65536", 65_535), ("null", 1)] {
            assert_eq!(one(&entry(written)), [found("10.0.0.1", 80, weight, None)], "{written}");
        }
    }

    #[test]
    fn zones_are_found_in_their_order() {
        let all = [
            r#""Meta": {"zone": "a"}"#,
            r#""Tags": ["primary", "zone=c"]"#,
            r#""Locality": {"Region": "r", "Zone": "d"}"#,
        ];
        let entry = |service: &[&str], node: &str| {
            let service = service.iter().map(|part| format!(", {part}")).collect::<String>();
            let json = format!(
                r#"{{"Node": {{"Address": "10.0.0.1"{node}, "Datacenter": "e"}}, "Service": {{"Port": 80{service}}}}}"#
            );
            one(&json).remove(0).zone.unwrap()
        };
        let node = r#", "Meta": {"zone": "b"}"#;
        assert_eq!(&*entry(&all, node), "a");
        assert_eq!(&*entry(&all[1..], node), "b");
        assert_eq!(&*entry(&all[1..], ""), "c");
        assert_eq!(&*entry(&all[2..], ""), "d");
        assert_eq!(&*entry(&[], ""), "e");
    }

    #[test]
    fn what_cannot_be_an_instance_is_at_no_address() {
        for broken in [
            r#"{}"#,
            r#"7"#,
            r#"{"Node": {"Address": "10.0.0.1"}, "Service": {}}"#,
            r#"{"Node": {"Address": "10.0.0.1"}, "Service": {"Port": 0}}"#,
            r#"{"Node": {"Address": "10.0.0.1"}, "Service": {"Port": 65536}}"#,
            r#"{"Node": null, "Service": {"Port": 80}}"#,
        ] {
            let json =
                format!(r#"{broken}, {{"Node": {{"Address": "10.0.0.2"}}, "Service": {{"Port": 80}}}}"#);
            assert_eq!(one(&json), [Found::default(), found("10.0.0.2", 80, 1, None)], "{broken}");
        }
    }

    #[test]
    fn what_is_no_list_is_no_answer() {
        for broken in ["", "{}", "null", "[", "\"rpc error\"", "No cluster leader"] {
            assert!(read(broken.as_bytes(), false).is_err(), "{broken}");
        }
        assert_eq!(read(b"[]", false).unwrap(), []);
    }

    proptest! {
        #[test]
        fn nothing_makes_it_panic(json in "[\\[\\]{}\":, a-zA-Z0-9.-]{0,80}") {
            let _ = read(json.as_bytes(), true);
        }

        #[test]
        fn nothing_that_looks_like_an_answer_makes_it_panic(
            address in "\\PC{0,20}", port in any::<i64>(), status in "\\PC{0,8}", weight in any::<i64>(),
        ) {
            let json = serde_json::json!([{
                "Node": {"Address": address}, "Checks": [{"Status": status}],
                "Service": {"Port": port, "Address": address, "Weights": {"Passing": weight, "Warning": weight}},
            }]);
            if let Ok(read) = read(json.to_string().as_bytes(), true) {
                prop_assert!(read.iter().all(|found| found.weight <= MOST_WEIGHT));
            }
        }
    }
}
