//! Probes are made: by one worker of all, spread over time, and only so many at once.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::Semaphore;
use tollgate::gateway::Gateway;
use tollgate::host::Clock as _;

use crate::host::NativeHost;

/// How many targets are asked at once: each is a connection and little else, and ten thousand of them every ten seconds, each
/// of which takes its 2 s because it is down, still have their turn within a few minutes.
const AT_ONCE: usize = 128;

/// How often it is looked for who is due at most, so that looking through thousands costs nothing worth mentioning.
const SHORTEST: Duration = Duration::from_millis(20);

/// How often at least: another plan, or targets that were discovered, are seen by then.
const LONGEST: Duration = Duration::from_secs(1);

/// Probes the targets of the plan that is in force, for ever. One that began under a plan ends under it.
pub async fn probe(current: impl Fn() -> Arc<Gateway<NativeHost>>) {
    let places = Arc::new(Semaphore::new(AT_ONCE));
    loop {
        let gateway = current();
        let (due, next) = gateway.probes_due();
        for target in due {
            let Ok(place) = Arc::clone(&places).acquire_owned().await else { return };
            let gateway = Arc::clone(&gateway);
            tokio::spawn(async move {
                gateway.probe(target).await;
                drop(place);
            });
        }
        let now = gateway.host().tick();
        let wait = next.map_or(LONGEST, |next| next - now);
        drop(gateway);
        tokio::time::sleep(wait.clamp(SHORTEST, LONGEST)).await;
    }
}
