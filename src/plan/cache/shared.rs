//! What all routes that keep answers have in common.

use std::time::Duration;

use super::super::compile::{Context, Pointer};
use super::super::scalar;
use crate::cache::Caching;
use crate::config::{self, DurationText};
use crate::diagnostic::Diagnostic;

/// The longest time that a store may take: a request waits for it.
const LONGEST_TIMEOUT: Duration = Duration::from_secs(10);
/// The longest time that an answer is given although it may have been purged: whoever purges waits for it.
const LONGEST_TRUST: Duration = Duration::from_secs(3600);
/// How many answers a store may hold at most that forgets nothing by itself: some gigabytes.
const MOST_PLACES: u32 = 1 << 20;

impl Context<'_> {
    /// What `[caching]` says; stores, and the route that purges, are found out later.
    pub(super) fn common(&mut self, written: Option<(Pointer, &config::Caching)>) -> Caching {
        let mut common = Caching::default();
        let Some((at, written)) = written else { return common };
        if let Some(text) = &written.memory {
            let at = at.key("memory");
            common.memory = self.some_bytes(&at, text).unwrap_or(common.memory);
            self.only_with_memory(&at);
        }
        if let Some(places) = written.places {
            if !(1..=MOST_PLACES).contains(&places) {
                self.error(&at.key("places"), format!("a store has no {places} places for answers"))
                    .help(format!("1 to {MOST_PLACES}"));
            }
            common.places = places;
        }
        if let Some(text) = &written.trust_memory {
            let at = at.key("trust_memory");
            common.trust_memory = self.span_or_none(&at, text);
            if common.trust_memory > LONGEST_TRUST {
                self.error(&at, "what was purged would be given for that long").help("at most \"1h\"");
            }
            self.only_with_memory(&at);
        }
        let at = at.key("store_timeout");
        common.timeout = self.duration_or(&at, written.store_timeout.as_ref(), common.timeout);
        if common.timeout > LONGEST_TIMEOUT {
            self.error(&at, "requests would wait that long for a store").help("choose at most \"10s\"");
        }
        common
    }

    /// A span of time that may be none: `"0s"`.
    fn span_or_none(&mut self, at: &Pointer, text: &DurationText) -> Duration {
        match scalar::duration(&text.0) {
            Some(span) => span,
            None => self.duration(at, text).unwrap_or_default(),
        }
    }

    fn only_with_memory(&mut self, at: &Pointer) {
        if !self.abilities.remembers {
            let host = self.abilities.name;
            let message = format!("{host} keeps no answers in memory: this has no effect there");
            self.report(Diagnostic::warning(at.into(), message));
        }
    }
}
