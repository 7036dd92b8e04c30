//! Mirrors, ready to be followed.

use std::time::Duration;

use super::super::compile::{Context, Pointer};
use super::BODY;
use crate::config;
use crate::json::{Path, Rules};
use crate::migration::{Compare, Mirror};

/// How long a mirror may take, unless the author says.
const TIMEOUT: Duration = Duration::from_secs(10);
/// The bounds of that: what takes longer holds on to memory.
const TIMEOUTS: (Duration, Duration) = (Duration::from_secs(1), Duration::from_secs(60));
/// How many requests of a route it is asked at once, unless the author says.
const AT_ONCE: u32 = 32;
/// The most that may be: of each, request and answer are in memory.
const MOST_AT_ONCE: u32 = 1_000;
/// How much content is compared, unless the author says.
const LARGEST: u64 = 256 << 10;

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
        let compare = written.compare.as_ref().map(|it| self.comparison(&at.key("compare"), it));
        Some(Mirror {
            upstream: upstream?,
            share,
            by,
            salt: format!("{route} mirror").into(),
            methods,
            body,
            timeout,
            at_once,
            credentials: written.credentials.unwrap_or(false),
            compare,
        })
    }

    /// How its answers are compared.
    fn comparison(&mut self, at: &Pointer, written: &config::Compare) -> Compare {
        let at_headers = at.key("headers");
        let fields: Vec<_> = written.headers.iter().zip(at_headers.indices()).collect();
        let headers: Vec<_> =
            fields.into_iter().filter_map(|(name, at)| self.header_name(&at, name)).collect();
        let status = written.status.unwrap_or(true);
        let json = written.json.unwrap_or(true);
        let mut rules = Rules::default();
        for (text, at) in written.ignore.iter().zip(at.key("ignore").indices()) {
            match Path::read(text) {
                Ok(path) => rules.ignored.push(path),
                Err(error) => self.error(&at, error.message).help("such as \"meta.time\" or \"items[*].id\""),
            }
        }
        if !json && !written.ignore.is_empty() {
            self.error(&at.key("ignore"), "contents are not compared").help("remove json = false, or ignore");
        }
        if !status && !json && headers.is_empty() {
            self.error(at, "nothing is compared").help("name headers, or remove compare");
        }
        let largest = self.kept_content(&at.key("largest"), written.largest.as_ref(), LARGEST);
        let sample = self.share_of(&at.key("sample"), written.sample.as_ref());
        let show_values = written.show_values.unwrap_or(false);
        Compare { status, headers, json: json.then_some(rules), largest, sample, show_values }
    }
}
