//! What is looked after while no request is there, on hosts that live longer than one.

use super::Gateway;
use crate::auth::key_source;
use crate::host::Host;
use crate::live;

impl<H: Host> Gateway<H> {
    /// Looks after what would otherwise make a request wait: key sets are fetched at the start, and again before they
    /// are no longer fresh, the live document is read again, and what is known of upstreams is shared. To be called every second
    /// or so, by one worker; most calls do nothing.
    pub async fn tick(&self) {
        let auth = &self.plan.auth;
        for source in auth.key_sources() {
            key_source::refresh(&self.host, auth.store.as_ref(), source).await;
        }
        self.share(true).await;
        if let Some(live) = &self.plan.live {
            live::refresh(&self.host, live).await;
        }
    }
}
