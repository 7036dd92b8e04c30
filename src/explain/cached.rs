//! Whether a request could be answered with what is kept, and under what that is.

use http::header::{AUTHORIZATION, HeaderName};
use http::request::Parts;
use http::uri::PathAndQuery;
use serde::Serialize;

use super::Question;
use super::host::Recorded;
use crate::auth::claims;
use crate::auth::conceal::conceal;
use crate::cache::Policy;
use crate::cache::key;
use crate::cache::policy::Place;
use crate::cache::rules::{Asked, asked};
use crate::cache::status::Forward;
use crate::forward::client::client_of;
use crate::gateway::{Peer, origin};
use crate::plan::Plan;

/// What the cache of a route has to do with a request.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "is", rename_all = "kebab-case")]
pub enum Cached {
    /// Nothing: it goes to the upstream, and its answer is not kept.
    PassedBy {
        /// Why, in words.
        why: &'static str,
    },
    /// What is kept under its key is its answer, where that is fresh.
    LookedUp(Lookup),
}

/// Where an answer is looked for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Lookup {
    /// The digest of the address: all answers for it are kept under this.
    pub address: String,
    /// What makes up the key. What an answer's `Vary` names is in the key of that answer too.
    pub key: Vec<Keyed>,
    /// The label of the store in which answers are kept; `None` for the memory of each server.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub store: Option<String>,
    /// What comes of what the request says about caching, in words.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub asked: Vec<&'static str>,
}

/// A part of a key.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Keyed {
    /// What it is, in words: `header x-tenant`.
    pub part: String,
    /// What the request has of it; `None` where that is nothing, or a secret.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub value: Option<String>,
    /// Whether it is a secret.
    pub secret: bool,
}

/// What the cache had to do with the request `head`; `None` where none was asked.
pub(super) fn of(
    plan: &Plan,
    question: &Question,
    head: &Parts,
    authority: &str,
    recorded: &Recorded,
) -> Option<Cached> {
    let route = plan.routes.get(recorded.route?)?;
    let (policy, status) = (route.cache.as_deref()?, recorded.cache?);
    let why = match status.forward {
        Some(Forward::Method) => Some("only answers to GET and HEAD are kept"),
        Some(Forward::Bypass) if question.length() > 0 => {
            Some("it has content, on which its answer may depend")
        }
        Some(Forward::Bypass) => {
            Some("its Authorization goes on to the upstream, and is neither in the key nor excused")
        }
        _ => None,
    };
    if let Some(why) = why {
        return Some(Cached::PassedBy { why });
    }
    // As the gateway looks at it: without the credentials that were its own.
    let mut head = head.clone();
    conceal(&plan.auth, &route.access, &mut head);
    let root = PathAndQuery::from_static("/");
    let target = head.uri.path_and_query().unwrap_or(&root);
    let client = client_of(question.peer.ip(), &plan.trusted, &head.headers);
    let origin = origin(Peer { address: question.peer, secure: question.secure }, &client, authority);
    let mut parts = vec![
        Keyed::shown("route", Some(route.id.to_string())),
        Keyed::shown("scheme", Some(if origin.secure { "https" } else { "http" }.to_owned())),
        Keyed::shown("host", Some(origin.authority.to_ascii_lowercase())),
    ];
    parts
        .extend(origin.forwarded.map(|host| Keyed::shown("forwarded host", Some(host.to_ascii_lowercase()))));
    parts.push(Keyed::shown("path", Some(target.path().to_owned())));
    let query = key::counted(&policy.key.query, target.query());
    parts.push(Keyed::shown("query", query.map(Into::into)));
    parts.extend(recorded.api_version.clone().map(|version| Keyed::shown("version", Some(version))));
    parts.extend(added(policy, &head, recorded));
    let store = match policy.place {
        Place::Memory => None,
        Place::Store(index) => plan.caching.stores.get(index).map(|store| store.label.to_string()),
    };
    Some(Cached::LookedUp(Lookup {
        address: key::address(policy, &origin, target).hex(),
        key: parts,
        store,
        asked: consequences(&asked(&head.headers, policy.ignore_client)),
    }))
}

/// What the policy adds to the address.
fn added(policy: &Policy, head: &Parts, recorded: &Recorded) -> Vec<Keyed> {
    let (caller, key) = (recorded.caller.as_deref(), &policy.key);
    let consumer = || Some(caller?.consumer.as_deref()?.id.to_string());
    let header = |name: &HeaderName| match *name == AUTHORIZATION {
        true => Keyed::secret(format!("header {name}")),
        false => {
            let lines: Vec<_> = head.headers.get_all(name).iter().collect();
            let lines = lines.iter().map(|line| String::from_utf8_lossy(line.as_bytes()));
            let text = lines.collect::<Vec<_>>().join(", ");
            let value = head.headers.contains_key(name).then_some(text);
            Keyed::shown(&format!("header {name}"), value)
        }
    };
    let mut parts: Vec<_> = key.headers.iter().map(header).collect();
    parts.extend(key.cookies.iter().map(|name| Keyed::secret(format!("cookie {name}"))));
    parts.extend(key.claims.iter().map(|path| {
        let value = caller.and_then(|caller| claims::at(&caller.claims, path)).map(ToString::to_string);
        Keyed::shown(&format!("claim {}", path.as_str()), value)
    }));
    if key.consumer {
        parts.push(Keyed::shown("consumer", consumer()));
    }
    if key.caller {
        let subject = caller.and_then(|caller| caller.subject.as_deref()).map(ToOwned::to_owned);
        parts.push(Keyed::shown("caller", subject.or_else(consumer)));
    }
    parts
}

fn consequences(asked: &Asked) -> Vec<&'static str> {
    let said = [
        (asked.no_cache, "what is kept is given only after the upstream said that it is still good"),
        (asked.no_store, "the upstream's answer is not kept"),
        (asked.only_if_cached, "where nothing fresh is kept, the answer is 504"),
        (asked.max_age.is_some() || asked.min_fresh.is_some(), "what is kept has to be fresher than usual"),
        (asked.max_stale.is_some(), "what is kept may be stale, where the upstream allows it"),
    ];
    said.into_iter().filter(|(is_so, _)| *is_so).map(|(_, consequence)| consequence).collect()
}

// === impl Keyed ===

impl Keyed {
    fn shown(part: &str, value: Option<String>) -> Self {
        Self { part: part.to_owned(), value, secret: false }
    }

    fn secret(part: String) -> Self {
        Self { part, value: None, secret: true }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use std::net::SocketAddr;
    use std::sync::Arc;

    use http::{HeaderMap, HeaderValue, Method};
    use serde_json::{Value, json};

    use crate::explain::{Question, explain};
    use crate::host::UnixMillis;
    use crate::plan::{Abilities, Plan};

    /// What is said of the cache, on a route whose cache is `cache`.
    fn said(cache: &Value, method: Method, target: &str, headers: &[(&str, &str)], body: u64) -> Value {
        let document = serde_json::from_value(json!({
            "store": {},
            "upstreams": { "a": { "url": "http://a.internal" } },
            "routes": [{ "id": "a", "auth": "public", "upstream": "a", "cache": cache }],
        }))
        .unwrap();
        let plan = Plan::compile(&[("a.json".to_owned(), document)], &Abilities::NATIVE).unwrap().0;
        let field =
            |(name, value): &(&str, &str)| (name.parse().unwrap(), HeaderValue::from_str(value).unwrap());
        let question = Question {
            method,
            secure: true,
            authority: "Shop.example".to_owned(),
            target: target.to_owned(),
            headers: headers.iter().map(field).collect::<HeaderMap>(),
            body,
            content: None,
            peer: SocketAddr::from(([192, 0, 2, 1], 0)),
            now: UnixMillis(0),
            caller: None,
        };
        serde_json::to_value(explain(&Arc::new(plan), &question).unwrap()).unwrap()["cache"].clone()
    }

    fn key(said: &Value) -> Vec<String> {
        let part = |part: &Value| format!("{}={}", part["part"].as_str().unwrap(), part["value"]);
        said["key"].as_array().unwrap().iter().map(part).collect()
    }

    #[test]
    fn under_which_key() {
        let cache = json!({
            "store": "memory",
            "key": { "query": { "ignore": ["utm_*"] }, "headers": ["x-tenant"], "cookies": ["sid"] },
        });
        let headers = [("x-tenant", "t"), ("cookie", "sid=s3cr3t; a=b")];
        let first = said(&cache, Method::GET, "/x?utm_a=1&b=2", &headers, 0);
        assert_eq!(first["is"], "looked-up");
        assert_eq!(first["address"].as_str().unwrap().len(), 64);
        assert_eq!(first.get("store"), None);
        let expected = [
            r#"route="a""#,
            r#"scheme="https""#,
            r#"host="shop.example""#,
            r#"path="/x""#,
            r#"query="b=2""#,
            r#"header x-tenant="t""#,
            "cookie sid=null",
        ];
        assert_eq!(key(&first), expected);
        assert!(!first.to_string().contains("s3cr3t"), "{first}");
        // The address is one whatever does not count, and another for another query.
        let second = said(&cache, Method::HEAD, "/x?b=2&utm_z=9", &[], 0);
        assert_eq!(second["address"], first["address"]);
        assert_ne!(said(&cache, Method::GET, "/x?b=3", &[], 0)["address"], first["address"]);
    }

    #[test]
    fn why_not() {
        let why = |method, headers: &[(&str, &str)], body| {
            let said = said(&json!(true), method, "/", headers, body);
            said["why"].as_str().map(ToOwned::to_owned)
        };
        assert!(why(Method::POST, &[], 0).unwrap().starts_with("only answers to GET"));
        assert!(why(Method::GET, &[], 3).unwrap().starts_with("it has content"));
        assert!(why(Method::GET, &[("authorization", "Bearer a")], 0).unwrap().contains("Authorization"));
        assert_eq!(why(Method::GET, &[], 0), None);
    }

    #[test]
    fn what_the_request_says_and_where_answers_are() {
        let headers = [("cache-control", "no-cache, no-store, max-stale")];
        let heeded = said(&json!({ "store": "default" }), Method::GET, "/", &headers, 0);
        assert_eq!(heeded["asked"].as_array().unwrap().len(), 3, "{heeded}");
        assert_eq!(heeded["store"], "default");
        let ignored = said(&json!({ "ignore_client": true }), Method::GET, "/", &headers, 0);
        assert_eq!(ignored.get("asked"), None);
        assert_eq!(said(&json!(false), Method::GET, "/", &[], 0), Value::Null);
    }
}
