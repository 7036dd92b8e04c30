//! What the tests of real traffic share: the server itself, scripted upstreams, and clients that see every byte.

#![allow(dead_code, unused_imports, reason = "each test uses a part")]

pub mod gateway;
pub mod h2;
pub mod upstream;
pub mod wire;

use std::future::Future;
use std::time::Duration;

pub use gateway::Gateway;
pub use upstream::Upstream;
pub use wire::Wire;

/// Nothing in a test may take longer than this.
pub const PATIENCE: Duration = Duration::from_secs(20);

/// Waits for `future`, but not for ever.
pub async fn within<T>(what: &str, future: impl Future<Output = T>) -> T {
    match tokio::time::timeout(PATIENCE, future).await {
        Ok(value) => value,
        Err(_) => panic!("{what} took too long"),
    }
}

/// Looks again and again until `condition` holds.
pub async fn eventually(what: &str, mut condition: impl FnMut() -> bool) {
    within(what, async {
        while !condition() {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    })
    .await;
}
