//! Clients that stay with a target: the cookie read from a request, and written on its answer.

use http::HeaderMap;
use http::header::SET_COOKIE;

use super::Gateway;
use crate::auth::login::cookie;
use crate::balance::sticky::{Keys, LEAST_SECRET};
use crate::balance::{Sticky, hash};
use crate::host::Host;
use crate::plan::Upstream;
use crate::problem::{Failure, Problem};
use crate::transform;

/// Whose target a client stays with.
pub(super) struct Session<'a> {
    sticky: &'a Sticky,
    keys: Keys,
    /// The target that its cookie names, by the hash of its name.
    pub(super) held: Option<u64>,
}

impl<H: Host> Gateway<H> {
    /// The session of a request with these fields; `None` where clients of `upstream` do not stay with targets.
    pub(super) async fn session<'a>(
        &self,
        upstream: &'a Upstream,
        headers: &HeaderMap,
    ) -> Result<Option<Session<'a>>, Failure> {
        let Some(sticky) = &upstream.balance.sticky else { return Ok(None) };
        let secret = transform::variable(&self.host, &sticky.secret).await?;
        let keys = Keys::derive(secret.expose(), &upstream.name).ok_or_else(|| {
            let cause = format!("the variable {} is shorter than {LEAST_SECRET} characters", sticky.secret);
            Failure::from(Problem::Misconfigured).cause(cause)
        })?;
        let held = cookie::find(headers, &sticky.cookie).and_then(|text| keys.read(text));
        Ok(Some(Session { sticky, keys, held }))
    }
}

// === impl Session ===

impl Session<'_> {
    /// Has the client come back to the target of this name, where its cookie names another or none.
    pub(super) fn stay(&self, target: &str, secure: bool, answer: &mut HeaderMap) {
        let target = hash::of_name(target);
        if self.held == Some(target) {
            return;
        }
        if let Some(value) = self.sticky.set(&self.keys.write(target), secure) {
            answer.append(SET_COOKIE, value);
        }
    }
}
