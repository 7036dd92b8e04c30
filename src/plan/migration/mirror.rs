//! Mirrors, ready to be followed.

use std::time::Duration;

use http::header::{AUTHORIZATION, COOKIE, HeaderName, PROXY_AUTHORIZATION};

use super::super::compile::{Context, Pointer};
use super::BODY;
use crate::config;
use crate::migration::Mirror;

/// How long a mirror may take, unless the author says.
const TIMEOUT: Duration = Duration::from_secs(10);
/// The bounds of that: what takes longer holds on to memory.
const TIMEOUTS: (Duration, Duration) = (Duration::from_secs(1), Duration::from_secs(60));
/// How many requests of a route it is asked at once, unless the author says.
const AT_ONCE: u32 = 32;
/// The most that may be: of each, request and answer are in memory.
const MOST_AT_ONCE: u32 = 1_000;
/// What callers prove themselves by.
const CREDENTIALS: [HeaderName; 3] = [AUTHORIZATION, PROXY_AUTHORIZATION, COOKIE];

impl Context<'_> {
    /// Another upstream that gets requests too.
    pub(in crate::plan) fn mirror(
        &mut self,
        at: &Pointer,
        route: &str,
        written: &config::Mirror,
        first: &[usize],
    ) -> Option<Mirror> {
        let upstream = self.another(&at.key("to"), &written.to, first);
        let share = self.share_of(&at.key("share"), written.share.as_ref());
        let by =
            written.by.as_ref().map(|parts| self.told_apart_by(&at.key("by"), parts)).unwrap_or_default();
        let methods = self.methods_of(&at.key("methods"), written.methods.as_ref());
        let body = self.kept_content(&at.key("body"), written.body.as_ref(), BODY);
        let timeout = written.timeout.as_ref().and_then(|text| self.duration(&at.key("timeout"), text));
        let timeout = timeout.unwrap_or(TIMEOUT);
        if timeout < TIMEOUTS.0 || timeout > TIMEOUTS.1 {
            self.error(&at.key("timeout"), "a mirror has at least a second and at most a minute")
                .help("\"1s\" to \"1m\"");
        }
        let at_once = written.at_once.unwrap_or(AT_ONCE);
        if !(1..=MOST_AT_ONCE).contains(&at_once) {
            self.error(&at.key("at_once"), format!("1 to {MOST_AT_ONCE} at once, not {at_once}"));
        }
        let withheld = if written.credentials == Some(true) { Vec::new() } else { CREDENTIALS.to_vec() };
        let salt = format!("{route} mirror").into();
        Some(Mirror { upstream: upstream?, share, by, salt, methods, body, timeout, at_once, withheld })
    }
}
