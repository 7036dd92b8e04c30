//! What Eureka says of an application, in the JSON that XStream makes of its XML: numbers may be text, text may be numbers,
//! and a list of one may be what would stand in it.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::Value;

use crate::discovery::answer::unreadable;
use crate::discovery::found::MOST_WEIGHT;
use crate::discovery::{Fault, Found};

#[derive(Deserialize)]
struct Written {
    application: Application,
}

#[derive(Deserialize)]
struct Application {
    instance: Option<Value>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Instance {
    host_name: Option<String>,
    ip_addr: Option<String>,
    status: Option<String>,
    port: Option<Port>,
    secure_port: Option<Port>,
    metadata: Option<BTreeMap<String, Value>>,
    data_center_info: Option<DataCenter>,
}

#[derive(Deserialize)]
struct Port {
    #[serde(rename = "$")]
    number: Value,
    #[serde(rename = "@enabled")]
    enabled: Option<Value>,
}

#[derive(Deserialize)]
struct DataCenter {
    metadata: Option<BTreeMap<String, Value>>,
}

/// Reads the instances that are up: those that listen with TLS, or without (`secure`), by address or by name.
///
/// # Errors
/// It is no such answer.
pub fn read(json: &[u8], secure: bool, by_name: bool) -> Result<Vec<Found>, Fault> {
    let written: Written = serde_json::from_slice(json).map_err(|error| unreadable(&error))?;
    let instances = match written.application.instance {
        None | Some(Value::Null) => Vec::new(),
        Some(Value::Array(instances)) => instances,
        Some(one) => vec![one],
    };
    let found = |instance| {
        let Ok(instance) = serde_json::from_value::<Instance>(instance) else {
            return Some(Found::default());
        };
        // STARTING, DOWN, OUT_OF_SERVICE and UNKNOWN are no states to send requests in.
        let up = instance.status.as_deref() == Some("UP");
        up.then(|| instance.found(secure, by_name).unwrap_or_default())
    };
    Ok(instances.into_iter().filter_map(found).collect())
}

// === impl Instance ===

impl Instance {
    fn found(self, secure: bool, by_name: bool) -> Option<Found> {
        let port = if secure { &self.secure_port } else { &self.port };
        let port = port.as_ref()?.open()?;
        let zone = self.zone();
        let weight = self.weight();
        let host = if by_name { self.host_name } else { self.ip_addr };
        Some(Found { weight, zone, ..Found::at(host?, Some(port)) })
    }

    /// What the metadata call `zone`, as Spring Cloud writes it; else the availability zone that Amazon's have.
    fn zone(&self) -> Option<String> {
        let own = text(self.metadata.as_ref(), "zone");
        own.or_else(|| text(self.data_center_info.as_ref()?.metadata.as_ref(), "availability-zone"))
    }

    /// What the metadata call `weight`, where that is a number; else 1.
    fn weight(&self) -> u32 {
        let written = self.metadata.as_ref().and_then(|metadata| number(metadata.get("weight")?));
        written.map_or(1, |weight| u32::try_from(weight).unwrap_or(MOST_WEIGHT).min(MOST_WEIGHT))
    }
}

// === impl Port ===

impl Port {
    /// Its number, where the instance listens there.
    fn open(&self) -> Option<u16> {
        let enabled = match &self.enabled {
            Some(Value::Bool(enabled)) => *enabled,
            Some(Value::String(enabled)) => enabled == "true",
            _ => false,
        };
        let number = number(&self.number).and_then(|number| u16::try_from(number).ok());
        number.filter(|number| enabled && *number != 0)
    }
}

fn number(value: &Value) -> Option<u64> {
    match value {
        Value::Number(number) => number.as_u64(),
        Value::String(text) => text.parse().ok(),
        _ => None,
    }
}

fn text(table: Option<&BTreeMap<String, Value>>, key: &str) -> Option<String> {
    Some(table?.get(key)?.as_str().filter(|text| !text.is_empty())?.to_owned())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    /// An instance as github.com/Netflix/eureka/wiki/Eureka-REST-operations describes it, with everything that a Spring Cloud
    /// server of today says.
    fn instance() -> Value {
        json!({
            "instanceId": "10.0.0.7:orders:8080", "hostName": "orders-1.internal", "app": "ORDERS",
            "ipAddr": "10.0.0.7", "status": "UP", "overriddenStatus": "UNKNOWN",
            "port": {"$": 8080, "@enabled": "true"}, "securePort": {"$": 8443, "@enabled": "false"},
            "countryId": 1,
            "dataCenterInfo": {"@class": "com.netflix.appinfo.InstanceInfo$DefaultDataCenterInfo", "name": "MyOwn"},
            "leaseInfo": {
                "renewalIntervalInSecs": 30, "durationInSecs": 90, "registrationTimestamp": 1611512017058_u64,
                "lastRenewalTimestamp": 1611515916921_u64, "evictionTimestamp": 0, "serviceUpTimestamp": 1611512016403_u64
            },
            "metadata": {"management.port": "8080", "zone": "zone-a", "weight": "3"},
            "homePageUrl": "http://orders-1.internal:8080/", "vipAddress": "orders", "secureVipAddress": "orders",
            "isCoordinatingDiscoveryServer": "false", "lastUpdatedTimestamp": "1611512017058",
            "lastDirtyTimestamp": "1611512016401", "actionType": "ADDED"
        })
    }

    fn answer(instances: Value) -> String {
        json!({"application": {"name": "ORDERS", "instance": instances}}).to_string()
    }

    fn with(key: &str, value: Value) -> Value {
        let mut instance = instance();
        instance[key] = value;
        instance
    }

    fn plain(instance: Value) -> Vec<Found> {
        read(answer(json!([instance])).as_bytes(), false, false).unwrap()
    }

    #[test]
    fn an_instance_is_found_alone_or_in_a_list() {
        let expected =
            Found { weight: 3, zone: Some("zone-a".to_owned()), ..Found::at("10.0.0.7", Some(8080)) };
        for instances in [json!([instance()]), instance()] {
            let found = read(answer(instances).as_bytes(), false, false).unwrap();
            assert_eq!(found, std::slice::from_ref(&expected));
        }
        let named = read(answer(instance()).as_bytes(), false, true).unwrap();
        assert_eq!(named, [Found { host: "orders-1.internal".to_owned(), ..expected }]);
        for none in [json!([]), json!(null)] {
            assert_eq!(read(answer(none).as_bytes(), false, false).unwrap(), []);
        }
        assert_eq!(read(br#"{"application": {"name": "ORDERS"}}"#, false, false).unwrap(), []);
    }

    #[test]
    fn only_what_is_up_is_found() {
        for status in ["DOWN", "STARTING", "OUT_OF_SERVICE", "UNKNOWN", "up", ""] {
            assert_eq!(plain(with("status", json!(status))), [], "{status}");
        }
        assert_eq!(plain(with("status", json!(null))), []);
    }

    #[test]
    fn ports_are_numbers_or_text_and_must_be_open() {
        for (port, open) in [
            (json!({"$": 8080, "@enabled": "true"}), true),
            (json!({"$": "8080", "@enabled": "true"}), true),
            (json!({"$": 8080, "@enabled": true}), true),
            (json!({"$": 8080, "@enabled": "false"}), false),
            (json!({"$": 8080, "@enabled": false}), false),
            (json!({"$": 8080}), false),
            (json!({"$": 0, "@enabled": "true"}), false),
            (json!({"$": 65536, "@enabled": "true"}), false),
            (json!({"$": -1, "@enabled": "true"}), false),
            (json!({"$": "http", "@enabled": "true"}), false),
            (json!(8080), false),
            (json!(null), false),
        ] {
            let found = plain(with("port", port.clone()));
            assert_eq!(found.len(), 1, "{port}");
            assert_eq!(found[0].port == Some(8080), open, "{port}");
            assert_eq!(found[0] == Found::default(), !open, "{port}");
        }
        let both = with("securePort", json!({"$": 8443, "@enabled": "true"}));
        let secure = read(answer(both).as_bytes(), true, false).unwrap();
        assert_eq!(secure[0].port, Some(8443));
        assert_eq!(read(answer(instance()).as_bytes(), true, false).unwrap(), [Found::default()]);
    }

    #[test]
    fn weights_and_zones_are_metadata() {
        for (written, weight) in [
            (json!("7"), 7),
            (json!(7), 7),
            (json!("0"), 0),
            (json!("99999999999"), MOST_WEIGHT),
            (json!("-1"), 1),
            (json!("much"), 1),
            (json!({}), 1),
        ] {
            assert_eq!(plain(with("metadata", json!({"weight": written})))[0].weight, weight, "{written}");
        }
        let mut amazon = with("metadata", json!({"@class": "java.util.Collections$EmptyMap"}));
        amazon["dataCenterInfo"] = json!({"name": "Amazon", "metadata": {"availability-zone": "us-east-1c"}});
        assert_eq!(plain(amazon)[0].zone.as_deref(), Some("us-east-1c"));
        assert_eq!(plain(with("metadata", json!(null)))[0].zone, None);
    }

    #[test]
    fn what_cannot_be_an_instance_is_at_no_address() {
        for broken in [json!(7), json!("UP"), with("ipAddr", json!(null)), with("metadata", json!(7))] {
            let found = read(answer(json!([broken, instance()])).as_bytes(), false, false).unwrap();
            assert_eq!((found.len(), &found[0]), (2, &Found::default()));
        }
    }

    #[test]
    fn what_is_no_application_is_no_answer() {
        for broken in ["", "{}", "[]", "<application/>", r#"{"applications": {}}"#, r#"{"application": 7}"#] {
            assert!(read(broken.as_bytes(), false, false).is_err(), "{broken}");
        }
    }

    proptest! {
        #[test]
        fn nothing_makes_it_panic(
            json in "[\\[\\]{}\":, a-zA-Z0-9.$@-]{0,80}", port in any::<i64>(), weight in "\\PC{0,20}",
        ) {
            let _ = read(json.as_bytes(), false, false);
            let mut instance = with("metadata", json!({"weight": weight}));
            instance["port"]["$"] = json!(port);
            prop_assert!(plain(instance).iter().all(|found| found.weight <= MOST_WEIGHT));
        }
    }
}
