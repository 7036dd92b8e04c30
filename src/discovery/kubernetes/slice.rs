//! EndpointSlices (discovery.k8s.io/v1): what they say of endpoints, as the comments of k8s.io/api/discovery/v1/types.go have
//! it.

use std::collections::{BTreeMap, BTreeSet};

use serde::Deserialize;
use serde_json::Value;

use crate::discovery::{Fault, Found};

/// The most slices of a service: with 100 endpoints in each, as the controller fills them, ten times the most targets.
const MOST_SLICES: usize = 1000;

/// Which port of the endpoints is asked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Port {
    /// The only one.
    Only,
    /// The one of this name.
    Named(Box<str>),
}

/// The slices of a service, by their names.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Slices(BTreeMap<String, Slice>);

/// What one slice says.
#[derive(Debug, Clone, Default, PartialEq)]
struct Slice {
    /// Endpoints that are ready.
    ready: Vec<Found>,
    /// Endpoints that still answer while they are about to go.
    leaving: Vec<Found>,
    /// It has the port that is wanted.
    has_port: bool,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Written {
    metadata: Metadata,
    address_type: Option<String>,
    endpoints: Option<Vec<Value>>,
    ports: Option<Vec<WrittenPort>>,
}

#[derive(Deserialize)]
struct Metadata {
    name: String,
}

#[derive(Deserialize)]
struct WrittenPort {
    name: Option<String>,
    protocol: Option<String>,
    port: Option<u32>,
}

#[derive(Deserialize)]
struct Endpoint {
    addresses: Vec<String>,
    conditions: Option<Conditions>,
    zone: Option<String>,
}

#[derive(Default, Deserialize)]
struct Conditions {
    ready: Option<bool>,
    serving: Option<bool>,
    terminating: Option<bool>,
}

// === impl Slices ===

impl Slices {
    /// Takes a slice in, in place of the one of its name.
    ///
    /// # Errors
    /// It is none, or one too many.
    pub fn put(&mut self, slice: Value, port: &Port) -> Result<(), Fault> {
        let written = Written::read(slice)?;
        let name = written.metadata.name.clone();
        if self.0.len() >= MOST_SLICES && !self.0.contains_key(&name) {
            return Err(Fault::new(format!("the service has more than {MOST_SLICES} slices")));
        }
        self.0.insert(name, written.slice(port)?);
        Ok(())
    }

    /// Takes a slice out.
    ///
    /// # Errors
    /// It is none.
    pub fn remove(&mut self, slice: Value) -> Result<(), Fault> {
        let name = Written::read(slice)?.metadata.name;
        self.0.remove(&name);
        Ok(())
    }

    /// All endpoints that may be asked: those that are ready; where there are none, those that still serve while they
    /// terminate, as kube-proxy does it (KEP-1669). One that moves from one slice to another may be in both for a while, and
    /// is there once (kubernetes.io/docs/concepts/services-networking/endpoint-slices, "Duplicate endpoints").
    ///
    /// # Errors
    /// There are slices, and none has the port.
    pub fn found(&self, port: &Port) -> Result<Vec<Found>, Fault> {
        if let Port::Named(name) = port
            && !self.0.is_empty()
            && !self.0.values().any(|slice| slice.has_port)
        {
            return Err(Fault::new(format!("no slice of the service has a port \"{name}\"")));
        }
        let ready = merged(self.0.values().map(|slice| &slice.ready));
        let some = ready.iter().any(|found| !found.host.is_empty());
        Ok(if some { ready } else { merged(self.0.values().map(|slice| &slice.leaving)) })
    }
}

fn merged<'a>(lists: impl Iterator<Item = &'a Vec<Found>>) -> Vec<Found> {
    let mut seen = BTreeSet::new();
    // What is at no address is counted as often as it is there.
    lists.flatten().filter(|it| it.host.is_empty() || seen.insert((&it.host, it.port))).cloned().collect()
}

// === impl Written ===

impl Written {
    fn read(slice: Value) -> Result<Self, Fault> {
        serde_json::from_value(slice).map_err(|_| Fault::new("what came is no EndpointSlice"))
    }

    fn slice(self, wanted: &Port) -> Result<Slice, Fault> {
        let port = self.port(wanted)?;
        let mut slice = Slice { has_port: port.is_some(), ..Slice::default() };
        let Some(port) = port else { return Ok(slice) };
        // "No semantics are defined for the FQDN type", and whoever may write one would choose what is asked by DNS.
        let addresses = matches!(self.address_type.as_deref(), Some("IPv4" | "IPv6"));
        for endpoint in self.endpoints.into_iter().flatten() {
            let Ok(endpoint) = serde_json::from_value::<Endpoint>(endpoint) else {
                slice.ready.push(Found::default());
                continue;
            };
            let conditions = endpoint.conditions.unwrap_or_default();
            // "A nil value should be interpreted as true", and that of terminating as false.
            let ready = conditions.ready.unwrap_or(true);
            let leaving = conditions.serving.unwrap_or(true) && conditions.terminating.unwrap_or(false);
            let list = match (ready, leaving) {
                (true, _) => &mut slice.ready,
                (false, true) => &mut slice.leaving,
                (false, false) => continue,
            };
            // "No semantics are defined for additional addresses beyond the first, and kube-proxy does not look at them."
            let address = endpoint.addresses.into_iter().next().filter(|it| addresses && is_address(it));
            let zone = endpoint.zone.filter(|zone| !zone.is_empty());
            list.push(match address {
                Some(address) => Found { zone, ..Found::at(address, Some(port)) },
                None => Found::default(),
            });
        }
        Ok(slice)
    }

    /// The port that is wanted; `None` where the slice has none of that name.
    fn port(&self, wanted: &Port) -> Result<Option<u16>, Fault> {
        // "Default is TCP", and nothing else carries HTTP here.
        let tcp = |port: &&WrittenPort| port.protocol.as_deref().is_none_or(|protocol| protocol == "TCP");
        let mut ports = self.ports.iter().flatten().filter(tcp);
        let port = match wanted {
            Port::Named(name) => ports.find(|port| port.name.as_deref().unwrap_or_default() == &**name),
            Port::Only => {
                let first = ports.next();
                if ports.next().is_some() {
                    return Err(Fault::new("the service has several ports: port must name one"));
                }
                first
            }
        };
        Ok(port.and_then(|port| u16::try_from(port.port?).ok()).filter(|port| *port != 0))
    }
}

fn is_address(text: &str) -> bool {
    text.parse::<std::net::IpAddr>().is_ok()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    /// The sample of kubernetes.io/docs/concepts/services-networking/endpoint-slices, as JSON.
    fn sample() -> Value {
        json!({
            "apiVersion": "discovery.k8s.io/v1", "kind": "EndpointSlice",
            "metadata": {"name": "example-abc", "labels": {"kubernetes.io/service-name": "example"}},
            "addressType": "IPv4",
            "ports": [{"name": "http", "protocol": "TCP", "port": 80}],
            "endpoints": [{
                "addresses": ["10.1.2.3"], "conditions": {"ready": true}, "hostname": "pod-1",
                "nodeName": "node-1", "zone": "us-west2-a"
            }]
        })
    }

    fn slice(name: &str, endpoints: Value) -> Value {
        json!({
            "metadata": {"name": name}, "addressType": "IPv4", "ports": [{"name": "", "port": 80}],
            "endpoints": endpoints
        })
    }

    fn hosts(slices: &Slices) -> Vec<String> {
        slices.found(&Port::Only).unwrap().into_iter().map(|found| found.host).collect()
    }

    fn with(all: impl IntoIterator<Item = Value>) -> Slices {
        let mut slices = Slices::default();
        for slice in all {
            slices.put(slice, &Port::Only).unwrap();
        }
        slices
    }

    #[test]
    fn the_sample_of_the_documentation() {
        let expected = Found { zone: Some("us-west2-a".to_owned()), ..Found::at("10.1.2.3", Some(80)) };
        for port in [Port::Only, Port::Named("http".into())] {
            let mut slices = Slices::default();
            slices.put(sample(), &port).unwrap();
            assert_eq!(slices.found(&port).unwrap(), std::slice::from_ref(&expected));
        }
    }

    #[test]
    fn slices_are_put_together_and_replaced_by_name() {
        let mut slices = with([
            slice("b", json!([{"addresses": ["10.0.0.3"]}])),
            slice("a", json!([{"addresses": ["10.0.0.1"]}, {"addresses": ["10.0.0.3"]}])),
        ]);
        assert_eq!(hosts(&slices), ["10.0.0.1", "10.0.0.3"]);
        slices.put(slice("a", json!([{"addresses": ["10.0.0.2"]}])), &Port::Only).unwrap();
        assert_eq!(hosts(&slices), ["10.0.0.2", "10.0.0.3"]);
        slices.remove(slice("a", json!(null))).unwrap();
        assert_eq!(hosts(&slices), ["10.0.0.3"]);
        slices.remove(slice("unheard-of", json!([]))).unwrap();
        slices.remove(slice("b", json!([]))).unwrap();
        assert_eq!(hosts(&slices), [""; 0]);
    }

    #[test]
    fn conditions_decide() {
        let all = |conditions: Value| json!({"addresses": ["10.0.0.9"], "conditions": conditions});
        for (conditions, used) in [
            (json!({}), true),
            (json!(null), true),
            (json!({"ready": null}), true),
            (json!({"ready": true, "serving": true, "terminating": false}), true),
            (json!({"ready": false}), false),
            (json!({"ready": false, "serving": true, "terminating": false}), false),
            // As a service with publishNotReadyAddresses has it.
            (json!({"ready": true, "serving": false, "terminating": true}), true),
        ] {
            assert_eq!(
                !hosts(&with([slice("a", json!([all(conditions.clone())]))])).is_empty(),
                used,
                "{conditions}"
            );
        }
    }

    #[test]
    fn those_that_are_about_to_go_are_asked_where_there_are_no_others() {
        let going = json!({"addresses": ["10.0.0.1"], "conditions": {"ready": false, "serving": true, "terminating": true}});
        let gone = json!({"addresses": ["10.0.0.2"], "conditions": {"ready": false, "serving": false, "terminating": true}});
        let ready = json!({"addresses": ["10.0.0.3"], "conditions": {"ready": true}});
        assert_eq!(hosts(&with([slice("a", json!([going, gone, ready]))])), ["10.0.0.3"]);
        assert_eq!(
            hosts(&with([slice("a", json!([going, gone])), slice("b", json!([ready]))])),
            ["10.0.0.3"]
        );
        assert_eq!(hosts(&with([slice("a", json!([going, gone]))])), ["10.0.0.1"]);
        assert_eq!(hosts(&with([slice("a", json!([gone]))])), [""; 0]);
    }

    #[test]
    fn ports_go_by_name() {
        let with_ports = |ports: Value| json!({"metadata": {"name": "a"}, "addressType": "IPv4", "ports": ports, "endpoints": [{"addresses": ["10.0.0.1"]}]});
        let two = with_ports(json!([{"name": "http", "port": 80}, {"name": "admin", "port": 81}]));
        let port = |slice: &Value, port: &Port| {
            let mut slices = Slices::default();
            slices.put(slice.clone(), port)?;
            slices.found(port).map(|found| found.first().and_then(|found| found.port))
        };
        assert_eq!(port(&two, &Port::Named("admin".into())), Ok(Some(81)));
        assert!(port(&two, &Port::Only).unwrap_err().cause.contains("several ports"));
        assert!(port(&two, &Port::Named("grpc".into())).unwrap_err().cause.contains("\"grpc\""));
        let mixed =
            with_ports(json!([{"name": "dns", "protocol": "UDP", "port": 53}, {"name": "http", "port": 80}]));
        assert_eq!(port(&mixed, &Port::Only), Ok(Some(80)));
        assert!(port(&mixed, &Port::Named("dns".into())).is_err());
        for none in [json!([]), json!(null), json!([{"name": "http"}]), json!([{"name": "http", "port": 0}])]
        {
            assert_eq!(port(&with_ports(none.clone()), &Port::Only), Ok(None), "{none}");
        }
    }

    #[test]
    fn only_addresses_are_found() {
        let mut name = slice("a", json!([{"addresses": ["orders.internal"]}]));
        assert_eq!(hosts(&with([name.clone()])), [""; 0], "a name among addresses");
        name["addressType"] = json!("FQDN");
        let slices = with([name]);
        assert_eq!(slices.0["a"].ready, [Found::default()]);
        let mut six = slice("a", json!([{"addresses": ["fd00::1", "fd00::2"]}]));
        six["addressType"] = json!("IPv6");
        assert_eq!(hosts(&with([six])), ["fd00::1"]);
        for broken in
            [json!([7]), json!([{"addresses": []}]), json!([{}]), json!([{"addresses": ["10.0.0.1:80"]}])]
        {
            assert_eq!(with([slice("a", broken.clone())]).0["a"].ready, [Found::default()], "{broken}");
        }
    }

    #[test]
    fn what_is_no_slice_is_a_fault() {
        for broken in
            [json!(7), json!({}), json!({"metadata": {}}), json!({"metadata": {"name": "a"}, "ports": 7})]
        {
            assert!(Slices::default().put(broken.clone(), &Port::Only).is_err(), "{broken}");
        }
    }

    #[test]
    fn slices_are_bounded() {
        let mut slices = Slices::default();
        for number in 0..MOST_SLICES {
            slices.put(slice(&number.to_string(), json!([])), &Port::Only).unwrap();
        }
        assert!(slices.put(slice("one more", json!([])), &Port::Only).is_err());
        assert!(slices.put(slice("7", json!([])), &Port::Only).is_ok());
    }

    proptest! {
        #[test]
        fn nothing_makes_it_panic(
            name in "\\PC{0,5}", kind in "(IPv4|IPv6|FQDN|\\PC{0,4})", address in "\\PC{0,12}", port in any::<i64>(),
            ready in any::<Option<bool>>(), serving in any::<Option<bool>>(), terminating in any::<Option<bool>>(),
        ) {
            let slice = json!({
                "metadata": {"name": name}, "addressType": kind, "ports": [{"name": name, "port": port}],
                "endpoints": [{
                    "addresses": [address], "zone": name,
                    "conditions": {"ready": ready, "serving": serving, "terminating": terminating}
                }]
            });
            let mut slices = Slices::default();
            if slices.put(slice, &Port::Only).is_ok() {
                for found in slices.found(&Port::Only).unwrap() {
                    prop_assert!(found == Found::default() || is_address(&found.host));
                }
            }
        }
    }
}
