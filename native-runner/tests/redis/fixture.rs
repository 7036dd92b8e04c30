//! What the tests of Redis share.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use native_runner::host::{Redis as Store, Variables};
use tollgate::host::Secret;
use tollgate::limit::{Algorithm, Ask, Key, Limit, Verdict};
use tollgate::plan::RedisPlan;

use crate::model;
use crate::redis::Redis;

/// What a configuration that names this server comes to.
pub fn plan(redis: &Redis) -> RedisPlan {
    plan_at(redis.port())
}

/// The same for any port.
pub fn plan_at(port: u16) -> RedisPlan {
    RedisPlan {
        secure: false,
        host: "127.0.0.1".into(),
        port,
        database: 0,
        username: None,
        password: None,
        cluster: false,
        ca: None,
        prefix: "tollgate:".into(),
    }
}

/// The store that such a configuration opens.
pub fn store(plan: &RedisPlan) -> Store {
    let secret = |name: &str, value: &str| (name.to_owned(), Secret::new(value));
    let variables = BTreeMap::from([secret("redis_password", PASSWORD)]);
    Store::new(plan, Path::new("/"), Arc::new(Variables::new(variables))).unwrap()
}

/// The password of servers that have one.
pub const PASSWORD: &str = "a pass-word with \"quotes\"";

/// A limit that refuses.
pub fn limit(algorithm: Algorithm) -> Limit {
    model::limit(0, &(algorithm, false))
}

/// So many in each hour.
pub fn hourly(most: u64) -> Limit {
    limit(Algorithm::Fixed { most, per: 3_600_000 })
}

/// One permit for this caller.
pub fn ask(limit: &Limit, caller: u8) -> Ask<'_> {
    Ask { limit, key: key(caller), least: 1, most: 1, verdict: Verdict::default() }
}

/// A caller's key.
pub fn key(caller: u8) -> Key {
    Key([caller; 16])
}

/// Tries until it works, and says how long that took; each try is given up after a while, as a request's is.
pub async fn until_it_counts(store: &Store, limit: &Limit) -> Duration {
    let since = tokio::time::Instant::now();
    loop {
        let mut asks = [ask(limit, 200)];
        let counted = store.count(&mut asks, native_runner::host::store::now());
        if let Ok(Ok(())) = tokio::time::timeout(Duration::from_millis(50), counted).await {
            return since.elapsed();
        }
        assert!(since.elapsed() < Duration::from_secs(20), "it never counts again");
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}
