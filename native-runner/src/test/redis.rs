//! Cases whose configuration counts or keeps in Redis: on real hosts they need a real one.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{SystemTime, UNIX_EPOCH};

use tollgate::config::{Document, Redis, RedisSetting, Store};
use tollgate::sim::Case;
use tollgate::sim::case::HostKind;

/// The environment variable with the address of a server to run cases against: `redis://127.0.0.1:6379`.
pub const VARIABLE: &str = "TOLLGATE_REDIS";

/// The address of the server to run cases against, where the environment names one.
pub fn named() -> Option<String> {
    std::env::var(VARIABLE).ok().filter(|address| !address.is_empty())
}

/// Why the case cannot run without a server, or with one; `None` where it can.
pub fn skips(
    case: &Case,
    host: HostKind,
    documents: &[(String, Document)],
    redis: Option<&str>,
) -> Option<String> {
    let in_redis = |store: &Store| store.redis.is_some();
    let asks = case.refused_by(host).is_none();
    if !asks || !documents.iter().flat_map(|(_, document)| stores(document)).any(in_redis) {
        return None;
    }
    let default = documents.iter().find_map(|(_, document)| document.store.as_ref());
    if redis.is_none() {
        Some(format!("needs Redis: {VARIABLE} is not set to the address of one"))
    } else if !case.stored.is_empty() && default.is_some_and(in_redis) {
        Some("needs a Redis that holds something already".to_owned())
    } else {
        None
    }
}

/// `documents` with every Redis at `address`, and what each keeps there apart from what every other run of a case keeps.
pub fn moved(documents: &[(String, Document)], address: &str) -> Vec<(String, Document)> {
    let mut all = documents.to_vec();
    let apart = apart();
    for (_, document) in &mut all {
        let named = document.stores.values_mut();
        for setting in document.store.iter_mut().chain(named).filter_map(|store| store.redis.as_mut()) {
            *setting = RedisSetting::Table(at(setting, address, &apart));
        }
    }
    all
}

/// The same at `address`. The number of a database stays: the server has it too.
fn at(setting: &RedisSetting, address: &str, apart: &str) -> Redis {
    let (written, table) = match setting {
        RedisSetting::Address(written) => (written.as_str(), Redis::default()),
        RedisSetting::Table(table) => (table.address.as_str(), table.clone()),
    };
    let path = written.split_once("://").and_then(|(_, rest)| rest.split_once('/')).map(|(_, path)| path);
    let address = match path.filter(|path| !path.is_empty()) {
        Some(database) => {
            let origin = address.splitn(4, '/').take(3).collect::<Vec<_>>().join("/");
            format!("{origin}/{database}")
        }
        None => address.to_owned(),
    };
    let prefix = format!("{apart}{}", table.prefix.as_deref().unwrap_or_default());
    Redis { address, prefix: Some(prefix), ..table }
}

/// A beginning of keys that no other run of a case has.
fn apart() -> String {
    static NUMBER: AtomicUsize = AtomicUsize::new(0);
    let number = NUMBER.fetch_add(1, Ordering::Relaxed);
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_millis();
    format!("tollgate-test:{}-{now}-{number}:", std::process::id())
}

fn stores(document: &Document) -> impl Iterator<Item = &Store> {
    document.store.iter().chain(document.stores.values())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use serde_json::json;

    use super::*;

    #[test]
    fn every_redis_is_moved_and_apart() {
        let document: Document = serde_json::from_value(json!({
            "store": {"redis": "redis://counts.test"},
            "stores": {
                "a": {"redis": {"address": "redis://counts.test:7000/3", "prefix": "a:"}},
                "b": {"label": "default"},
            },
        }))
        .unwrap();
        let all = [("a".to_owned(), document)];
        let moved = |at| serde_json::to_value(&moved(&all, at)[0].1).unwrap();
        let (first, second) = (moved("redis://127.0.0.1:1"), moved("redis://127.0.0.1:1/7"));
        assert_eq!(first["store"]["redis"]["address"], "redis://127.0.0.1:1");
        assert_eq!(first["stores"]["a"]["redis"]["address"], "redis://127.0.0.1:1/3");
        assert_eq!(second["store"]["redis"]["address"], "redis://127.0.0.1:1/7");
        assert_eq!(second["stores"]["a"]["redis"]["address"], "redis://127.0.0.1:1/3");
        assert_eq!(first["stores"]["b"], json!({"label": "default"}));
        assert_ne!(first["store"]["redis"]["prefix"], second["store"]["redis"]["prefix"]);
        let prefixes = &first["stores"]["a"]["redis"]["prefix"];
        assert!(prefixes.as_str().unwrap().ends_with(":a:"), "{prefixes}");
    }
}
