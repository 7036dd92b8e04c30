//! Where the live document stands.

use std::time::Duration;

use super::compile::{Context, Pointer, one};
use super::store::{DEFAULT, MEMORY};
use crate::config::{Document, DurationText};
use crate::live::Live;

/// How often the document is read again, unless the author says.
const REFRESH: Duration = Duration::from_secs(1);
/// The bounds of that: the upkeep works every second, and an operator waits for what was changed.
const REFRESHES: (Duration, Duration) = (REFRESH, Duration::from_secs(3600));
/// How long the store may take, unless the author says.
const TIMEOUT: Duration = Duration::from_millis(250);
/// The longest that it may: requests of a component wait for it.
const LONGEST_TIMEOUT: Duration = Duration::from_secs(10);

impl Context<'_> {
    /// What may be changed while the gateway runs, and where it stands. Stores have been read.
    pub(super) fn live(&mut self, documents: &[(String, Document)]) -> Option<Live> {
        let (at, written) = one(documents, "live", |document| document.live.as_ref())?;
        let refresh = self.span_of(&at.key("refresh"), written.refresh.as_ref(), REFRESH);
        if refresh < REFRESHES.0 || refresh > REFRESHES.1 {
            self.error(
                &at.key("refresh"),
                "the document is read again every second at most, and every hour at least",
            )
            .help("\"1s\" to \"1h\"");
        }
        let timeout = self.span_of(&at.key("store_timeout"), written.store_timeout.as_ref(), TIMEOUT);
        if timeout > LONGEST_TIMEOUT {
            self.error(&at.key("store_timeout"), "requests would wait that long for a store")
                .help("choose at most \"10s\"");
        }
        let (at, name) = match &written.store {
            Some(name) => (at.key("store"), name.as_str()),
            None => (at, DEFAULT),
        };
        if name == MEMORY {
            self.error(&at, "the document is what instances share: it stands in a store")
                .help("write [store], or the name of one of [stores]");
            return None;
        }
        let store = self.store_of_live(&at, name)?;
        Some(Live { store, refresh, timeout })
    }

    fn span_of(&mut self, at: &Pointer, written: Option<&DurationText>, usual: Duration) -> Duration {
        written.and_then(|text| self.duration(at, text)).unwrap_or(usual)
    }
}
