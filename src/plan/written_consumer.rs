//! Consumers that other tables name.

use std::collections::BTreeMap;

use super::compile::{Context, Pointer};
use super::consumer::ready;
use super::scalar::nearest;
use crate::auth::caller::Consumer;
use crate::config::{self, Document};

/// The consumers of all files, by name.
pub(super) type Written<'a> = BTreeMap<&'a str, &'a config::Consumer>;

/// The consumers of all files.
pub(super) fn written(documents: &[(String, Document)]) -> Written<'_> {
    let all = documents.iter().flat_map(|(_, document)| &document.consumers);
    all.map(|(name, consumer)| (name.as_str(), consumer)).collect()
}

impl Context<'_> {
    /// The consumer of this name; an unknown one is reported.
    pub(super) fn written_consumer(&mut self, at: &Pointer, name: &str) -> Option<Consumer> {
        let Some(consumer) = self.written_consumers.get(name) else {
            let near = nearest(name, self.written_consumers.keys().copied());
            let help = match near {
                Some(near) => format!("did you mean \"{near}\"?"),
                None => format!("add [consumers.{name}]"),
            };
            self.error(at, format!("there is no consumer \"{name}\"")).help(help);
            return None;
        };
        Some(ready(name, consumer))
    }
}
