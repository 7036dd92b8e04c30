//! Where answers are kept, and how large they may be.

use super::super::compile::{Context, Pointer};
use super::super::scalar;
use super::super::store::{DEFAULT, MEMORY};
use super::settings::Settings;
use crate::cache::policy::{Caching, LARGEST_IN_STORE, Place};
use crate::config::SizeText;

impl Context<'_> {
    pub(super) fn cache_place(&mut self, settings: &Settings<'_>) -> Place {
        let usual = if self.default_store().is_some() { DEFAULT } else { MEMORY };
        let (at, name) = match settings.find("store", |table| table.store.as_ref()) {
            Some((at, name)) => (at, name.as_str()),
            None => (settings.at.clone(), usual),
        };
        if name == MEMORY {
            self.has_memory_for_answers(&at);
            return Place::Memory;
        }
        self.store_of_answers(&at, name).map_or(Place::Memory, Place::Store)
    }

    fn has_memory_for_answers(&mut self, at: &Pointer) {
        if self.abilities.remembers {
            return;
        }
        let (host, stores) = (self.abilities.name, self.abilities.stores);
        self.error(at, format!("{host} keeps nothing in memory from one request to the next")).help(
            match stores {
                true => "keep answers in a store: write [store], or store = the name of one of [stores]",
                false => "it has no store either: use the component for Spin, or the native runner",
            },
        );
    }

    /// The largest content that is kept, in bytes.
    pub(super) fn cache_largest(&mut self, settings: &Settings<'_>, place: Place, common: &Caching) -> u64 {
        let Some((at, text)) = settings.find("largest", |table| table.largest.as_ref()) else {
            return LARGEST_IN_STORE;
        };
        let bytes = self.some_bytes(&at, text).unwrap_or(LARGEST_IN_STORE);
        if matches!(place, Place::Store(_)) && bytes > LARGEST_IN_STORE {
            self.error(&at, "that is more than a value in a store may have")
                .help("at most \"1000KiB\" in a store; larger answers with store = \"memory\"");
        } else if bytes > common.memory {
            self.error(&at, "that is more than answers may take in memory all together")
                .help("raise memory in [caching], or lower this");
        }
        bytes
    }

    /// A size that is neither nothing nor without an end; anything else is reported.
    pub(super) fn some_bytes(&mut self, at: &Pointer, text: &SizeText) -> Option<u64> {
        let bytes = scalar::size(&text.0).or_else(|| (text.0 == "off").then_some(0));
        let Some(bytes) = bytes else {
            self.size(at, text);
            return None;
        };
        if bytes == 0 {
            self.error(at, "nothing can be kept in no room").help("such as \"1MiB\"");
        }
        Some(bytes).filter(|bytes| *bytes > 0)
    }
}
