//! Where a limit counts, and what happens when nobody counts there.

use std::time::Duration;

use super::super::Counts;
use super::super::compile::{Context, Pointer};
use super::super::store::MEMORY;
use crate::config::{Counting, OnStoreFailure, RateLimit};
use crate::diagnostic::Diagnostic;
use crate::limit::{Algorithm, OnFailure, Place};

/// How long a store may take: far longer than one nearby needs, and no time that a person notices.
const USUAL_TIMEOUT: Duration = Duration::from_millis(50);
/// The longest time that a store may take: a request waits for it.
const LONGEST_TIMEOUT: Duration = Duration::from_secs(10);

impl Context<'_> {
    pub(super) fn place(&mut self, at: &Pointer, written: &RateLimit, algorithm: &Algorithm) -> Place {
        let name = written.store.as_deref().unwrap_or(MEMORY);
        if name == MEMORY {
            self.no_store(at, written);
            self.memory(at, written, algorithm);
            return Place::Memory;
        }
        if matches!(algorithm, Algorithm::Concurrent { .. }) {
            self.error(&at.key("store"), "requests at the same time are counted in memory only")
                .help("remove store: each native server counts its own");
            return Place::Memory;
        }
        let Some(index) = self.store_index(&at.key("store"), name) else { return Place::Memory };
        if self.stores.counting.plans[index].redis.is_none() {
            self.platform_store(at, written, algorithm);
        }
        Place::Store(index)
    }

    /// Whether the host has a memory to count in.
    fn memory(&mut self, at: &Pointer, written: &RateLimit, algorithm: &Algorithm) {
        if self.abilities.remembers {
            return;
        }
        let (host, stores) = (self.abilities.name, self.abilities.stores);
        let at_store = if written.store.is_some() { at.key("store") } else { at.clone() };
        let reported = match algorithm {
            Algorithm::Concurrent { .. } => self.error(
                &at.key("concurrency"),
                format!("{host} cannot count requests at the same time: each has an instance of its own"),
            ),
            _ => {
                self.error(&at_store, format!("{host} keeps nothing in memory from one request to the next"))
            }
        };
        reported.help(match (algorithm, stores) {
            (_, false) => "it has no store either: use the component for Spin, or the native runner",
            (Algorithm::Concurrent { .. }, true) => "remove the limit, or use the native runner",
            _ => "count in a store: store = \"default\" with [store] redis = \"redis://…\", or another of [stores]",
        });
    }

    /// Whether the platform's own store can count what it is asked to.
    fn platform_store(&mut self, at: &Pointer, written: &RateLimit, algorithm: &Algorithm) {
        let by_spans = matches!(algorithm, Algorithm::Fixed { .. } | Algorithm::Calendar { .. });
        let exact = match self.abilities.counts {
            Counts::Exactly => true,
            Counts::Spans => by_spans,
            Counts::Roughly => false,
        };
        if exact || written.counting == Some(Counting::Approximate) || !self.abilities.stores {
            return;
        }
        let host = self.abilities.name;
        let choices = "count in Redis (redis in the store's table), or allow it: counting = \"approximate\"";
        let message =
            format!("{host} cannot count exactly: requests at the same time may not see each other");
        let (message, help) = match self.abilities.counts {
            Counts::Spans => (
                format!("{host} counts only windows and quotas exactly: its store can add, and nothing more"),
                format!("write window (not sliding) or quota; or {choices}"),
            ),
            _ if by_spans => {
                (message, format!("{choices}; or build with --atomics, for a Spin host of your own"))
            }
            _ => (message, choices.to_owned()),
        };
        let at = if written.counting.is_some() { at.key("counting") } else { at.key("store") };
        self.error(&at, message).help(help);
    }

    /// What only a store has.
    fn no_store(&mut self, at: &Pointer, written: &RateLimit) {
        let RateLimit { counting, lease, on_store_failure, local_share, store_timeout, .. } = written;
        for (key, is_there) in [
            ("counting", counting.is_some()),
            ("lease", lease.is_some()),
            ("on_store_failure", on_store_failure.is_some()),
            ("local_share", local_share.is_some()),
            ("store_timeout", store_timeout.is_some()),
        ] {
            if is_there {
                self.error(&at.key(key), format!("{key} is for limits that count in a store"))
                    .help("add store = \"default\", or the name of one of [stores]; or remove this");
            }
        }
    }

    pub(super) fn lease(&mut self, at: &Pointer, written: &RateLimit, algorithm: &Algorithm) -> u64 {
        let Some(lease) = written.lease else { return 1 };
        let at = at.key("lease");
        let most = algorithm.most();
        if lease < 2 {
            self.error(&at, "at least two permits are taken at once").help("remove lease to take none ahead");
        } else if lease > most {
            self.error(&at, format!("there are never more than {most} permits to be taken at once"))
                .help("a small part of the limit, such as a hundredth");
        } else if !self.abilities.remembers {
            let host = self.abilities.name;
            self.error(&at, format!("{host} cannot take permits ahead: it keeps nothing between requests"))
                .help("remove lease, or use the native runner");
        }
        lease
    }

    pub(super) fn on_failure(&mut self, at: &Pointer, written: &RateLimit) -> OnFailure {
        let share = written.local_share.unwrap_or(100);
        let at_share = at.key("local_share");
        if !(1..=100).contains(&share) {
            self.error(&at_share, format!("{share} percent is no part of the limit")).help("1 to 100");
        }
        let local = written.on_store_failure == Some(OnStoreFailure::Local);
        if written.local_share.is_some() && written.store.is_some() && !local {
            self.error(&at_share, "local_share is for on_store_failure = \"local\"")
                .help("write on_store_failure = \"local\", or remove this");
        }
        if local && !self.abilities.remembers {
            let host = self.abilities.name;
            self.error(&at.key("on_store_failure"), format!("{host} has no memory to count in meanwhile"))
                .help("choose \"allow\" or \"deny\"");
        }
        match written.on_store_failure {
            None | Some(OnStoreFailure::Allow) => OnFailure::Allow,
            Some(OnStoreFailure::Deny) => OnFailure::Deny,
            Some(OnStoreFailure::Local) => OnFailure::Local(share),
        }
    }

    pub(super) fn store_timeout(&mut self, at: &Pointer, written: &RateLimit) -> Duration {
        let Some(text) = &written.store_timeout else { return USUAL_TIMEOUT };
        let at = at.key("store_timeout");
        let timeout = self.duration_or(&at, Some(text), USUAL_TIMEOUT);
        if timeout > LONGEST_TIMEOUT {
            self.error(&at, "requests would wait that long for a store").help("choose at most \"10s\"");
        }
        // What cannot remember is a component, and its host decides how long it waits.
        if !self.abilities.remembers && written.store.is_some() {
            let host = self.abilities.name;
            self.report(Diagnostic::warning(
                (&at).into(),
                format!("{host} waits for a store as long as its host does: this has no effect there"),
            ))
            .help("remove it, or set the time-out of Spin's store in its runtime configuration");
        }
        timeout
    }
}
