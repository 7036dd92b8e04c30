//! What an instance says of itself when it registers, in JSON.

use std::time::Duration;

use serde::Deserialize;
use url::Url;

use super::document::{Instance, LONGEST_ZONE, is_name, millis};
use super::{Registry, Service};
use crate::discovery::Found;
use crate::discovery::found::{MOST_WEIGHT, is_host};
use crate::host::UnixMillis;
use crate::plan;

/// The shortest time to live that an instance may ask for.
const SHORTEST_TTL: Duration = Duration::from_secs(1);

/// As it is sent.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Written {
    #[serde(default)]
    url: Option<String>,
    #[serde(default)]
    address: Option<String>,
    #[serde(default)]
    weight: Option<u32>,
    #[serde(default)]
    zone: Option<String>,
    #[serde(default)]
    ttl: Option<String>,
}

/// Why an instance is not registered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Refused {
    /// What it says is not right; in a sentence for whoever said it.
    Wrong(String),
    /// Nobody may register that address.
    Forbidden(String),
}

/// Where an instance is.
struct At {
    secure: Option<bool>,
    host: String,
    port: u16,
}

/// Reads what the instance `name` of `service` says at `now`.
///
/// # Errors
/// Why it is not registered.
pub fn read(
    json: &[u8],
    registry: &Registry,
    service: &Service,
    name: &str,
    now: UnixMillis,
) -> Result<Instance, Refused> {
    let written: Written = serde_json::from_slice(json).map_err(|error| {
        // What the parser says may quote all that was sent.
        let (line, column) = (error.line(), error.column());
        Refused::Wrong(format!(
            "line {line} column {column} is not what is expected: an object with url or address, and perhaps weight, zone \
             and ttl"
        ))
    })?;
    let at = match (&written.url, &written.address) {
        (Some(url), None) => by_url(url)?,
        (None, Some(address)) => by_address(address)?,
        _ => return Err(wrong("it has exactly one of url and address")),
    };
    if let (Some(said), Some(known)) = (at.secure, service.secure)
        && said != known
    {
        let scheme = if known { "https" } else { "http" };
        return Err(wrong(format!("instances of this service speak {scheme}")));
    }
    let secure = at.secure.or(service.secure).unwrap_or(false);
    registry.allow.check(secure, &at.host, at.port).map_err(Refused::Forbidden)?;
    let weight = written.weight.unwrap_or(1);
    if weight > MOST_WEIGHT {
        return Err(wrong(format!("a weight is at most {MOST_WEIGHT}")));
    }
    if written.zone.as_ref().is_some_and(|zone| !is_name(zone)) {
        return Err(wrong(format!("a zone has 1 to {LONGEST_ZONE} letters, digits, and any of . _ -")));
    }
    let ttl = ttl(written.ttl.as_deref(), registry.ttl)?;
    let zone = written.zone.map(Into::into);
    let until = now.0.saturating_add(millis(ttl));
    Ok(Instance { name: name.into(), host: at.host.into(), port: at.port, weight, zone, until })
}

fn wrong(text: impl Into<String>) -> Refused {
    Refused::Wrong(text.into())
}

fn by_url(text: &str) -> Result<At, Refused> {
    let wrong = || wrong("a url has http or https, a host and perhaps a port, and nothing else");
    let url = Url::parse(text).map_err(|_| wrong())?;
    let secure = match url.scheme() {
        "http" => false,
        "https" => true,
        _ => return Err(wrong()),
    };
    let bare = url.path() == "/" && url.query().is_none() && url.fragment().is_none();
    let anonymous = url.username().is_empty() && url.password().is_none();
    let host = url.host_str().unwrap_or_default();
    let host = host.trim_start_matches('[').trim_end_matches(']').trim_end_matches('.').to_ascii_lowercase();
    match url.port_or_known_default() {
        Some(port) if bare && anonymous && port != 0 && is_host(&host) => {
            Ok(At { secure: Some(secure), host, port })
        }
        _ => Err(wrong()),
    }
}

fn by_address(text: &str) -> Result<At, Refused> {
    let found = Found::parse(text).filter(|_| text.trim() == text);
    let host = found.as_ref().map(|found| found.host.trim_end_matches('.').to_ascii_lowercase());
    match (host, found.and_then(|found| found.port)) {
        (Some(host), Some(port)) if is_host(&host) => Ok(At { secure: None, host, port }),
        _ => Err(wrong("an address is a host and a port, such as 10.0.0.7:8080 or [fd00::7]:8080")),
    }
}

fn ttl(text: Option<&str>, longest: Duration) -> Result<Duration, Refused> {
    let Some(text) = text else { return Ok(longest) };
    match plan::duration(text) {
        Some(ttl) if (SHORTEST_TTL..=longest).contains(&ttl) => Ok(ttl),
        _ => {
            let longest = longest.as_secs();
            Err(wrong(format!("ttl is a span of time from 1s to {longest}s, such as \"10s\"")))
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use proptest::prelude::*;

    use super::*;
    use crate::discovery::Allow;
    use crate::discovery::allow::Allowed;
    use crate::plan::StorePlan;

    fn registry() -> Registry {
        let allow = ["10.0.0.0/8", "fd00::/8", "*.internal", "https://secure.test:8443"];
        Registry {
            store: StorePlan::default(),
            allow: Allow(allow.iter().map(|text| Allowed::parse(text).unwrap()).collect()),
            ttl: Duration::from_secs(30),
            most: 10,
            own_name_only: false,
            timeout: Duration::from_secs(1),
            services: Vec::new(),
        }
    }

    fn of(json: &str, secure: Option<bool>) -> Result<Instance, Refused> {
        let service = Service { name: "orders".into(), secure };
        read(json.as_bytes(), &registry(), &service, "a", UnixMillis(1000))
    }

    #[test]
    fn what_is_said_is_taken() {
        let plain = Instance {
            name: "a".into(),
            host: "10.0.0.7".into(),
            port: 8080,
            weight: 1,
            zone: None,
            until: 31_000,
        };
        assert_eq!(of(r#"{"address": "10.0.0.7:8080"}"#, None), Ok(plain.clone()));
        assert_eq!(of(r#"{"url": "http://10.0.0.7:8080"}"#, None), Ok(plain.clone()));
        assert_eq!(of(r#"{"url": "http://10.0.0.7:8080/"}"#, Some(false)), Ok(plain.clone()));
        let full = r#"{"address": "10.0.0.7:8080", "weight": 0, "zone": "eu-1a", "ttl": "5s"}"#;
        let expected = Instance { weight: 0, zone: Some("eu-1a".into()), until: 6000, ..plain };
        assert_eq!(of(full, None), Ok(expected));
        for (json, host, port) in [
            (r#"{"url": "https://a.internal"}"#, "a.internal", 443),
            (r#"{"url": "http://A.Internal."}"#, "a.internal", 80),
            (r#"{"url": "http://[fd00:0::7]:81"}"#, "fd00::7", 81),
            (r#"{"address": "[fd00::7]:81"}"#, "fd00::7", 81),
            (r#"{"address": "A.internal:81"}"#, "a.internal", 81),
            (r#"{"url": "https://secure.test:8443"}"#, "secure.test", 8443),
        ] {
            let instance = of(json, None).unwrap();
            assert_eq!((&*instance.host, instance.port), (host, port), "{json}");
        }
    }

    #[test]
    fn what_is_not_right_is_refused() {
        for json in [
            "",
            "[]",
            "{}",
            r#"{"address": "10.0.0.7:80", "url": "http://10.0.0.7"}"#,
            r#"{"address": "10.0.0.7"}"#,
            r#"{"address": "10.0.0.7:0"}"#,
            r#"{"address": "10.0.0.7:65536"}"#,
            r#"{"address": " 10.0.0.7:80"}"#,
            r#"{"address": "user@10.0.0.7:80"}"#,
            r#"{"address": "10.0.0.7:80/x"}"#,
            r#"{"address": "10.7:80"}"#,
            r#"{"address": "0x0a000007:80"}"#,
            r#"{"url": "ftp://10.0.0.7"}"#,
            r#"{"url": "http://10.0.0.7/path"}"#,
            r#"{"url": "http://10.0.0.7?x"}"#,
            r#"{"url": "http://10.0.0.7#x"}"#,
            r#"{"url": "http://user@10.0.0.7"}"#,
            r#"{"url": "http://10.0.0.7:0"}"#,
            r#"{"url": "10.0.0.7"}"#,
            r#"{"address": "10.0.0.7:80", "weight": 65536}"#,
            r#"{"address": "10.0.0.7:80", "weight": -1}"#,
            r#"{"address": "10.0.0.7:80", "weight": 1.5}"#,
            r#"{"address": "10.0.0.7:80", "zone": ""}"#,
            r#"{"address": "10.0.0.7:80", "zone": "a b"}"#,
            r#"{"address": "10.0.0.7:80", "ttl": "500ms"}"#,
            r#"{"address": "10.0.0.7:80", "ttl": "31s"}"#,
            r#"{"address": "10.0.0.7:80", "ttl": "off"}"#,
            r#"{"address": "10.0.0.7:80", "ttl": 30}"#,
            r#"{"address": "10.0.0.7:80", "priority": 1}"#,
        ] {
            assert!(matches!(of(json, None), Err(Refused::Wrong(_))), "{json}");
        }
        assert!(matches!(of(r#"{"url": "https://10.0.0.7"}"#, Some(false)), Err(Refused::Wrong(_))));
        assert!(matches!(of(r#"{"url": "http://10.0.0.7"}"#, Some(true)), Err(Refused::Wrong(_))));
    }

    #[test]
    fn what_is_not_allowed_is_forbidden() {
        for json in [
            r#"{"address": "192.168.0.1:80"}"#,
            r#"{"address": "127.0.0.1:80"}"#,
            r#"{"address": "169.254.169.254:80"}"#,
            r#"{"address": "[::1]:80"}"#,
            r#"{"address": "localhost:80"}"#,
            r#"{"address": "internal:80"}"#,
            r#"{"address": "evil-internal:80"}"#,
            r#"{"url": "http://secure.test:8443"}"#,
            r#"{"url": "https://secure.test"}"#,
            // The same as 127.0.0.1 to whoever reads URLs as browsers do.
            r#"{"url": "http://0x7f.1"}"#,
            r#"{"url": "http://2130706433"}"#,
        ] {
            assert!(matches!(of(json, None), Err(Refused::Forbidden(_))), "{json}: {:?}", of(json, None));
        }
    }

    proptest! {
        #[test]
        fn nothing_makes_it_panic(text in "\\PC{0,40}", weight in any::<i64>()) {
            for key in ["url", "address"] {
                let json = serde_json::json!({key: text, "weight": weight, "zone": text, "ttl": text});
                let _ = of(&json.to_string(), None);
            }
            let _ = of(&text, None);
        }

        #[test]
        fn whatever_is_taken_is_allowed(text in "[a-f0-9.:\\[\\]@/x-]{1,24}") {
            for key in ["url", "address"] {
                let json = serde_json::json!({key: text});
                if let Ok(instance) = of(&json.to_string(), None) {
                    prop_assert!(registry().allow.check(false, &instance.host, instance.port).is_ok());
                }
            }
        }
    }
}
