//! What stands under a prefix, as far as it is known.

use std::collections::BTreeMap;

use super::message::Change;
use crate::discovery::{Fault, Found, written};
use crate::plan::MOST_TARGETS;

/// The keys under a prefix and their values, at a revision.
#[derive(Debug, Default)]
pub(super) struct Seen {
    pub(super) revision: u64,
    pub(super) values: BTreeMap<Vec<u8>, Vec<u8>>,
}

// === impl Seen ===

impl Seen {
    /// Takes changes at `revision` over, and says whether there were any.
    pub(super) fn apply(
        &mut self,
        prefix: &[u8],
        revision: u64,
        changes: Vec<Change>,
    ) -> Result<bool, Fault> {
        let mut changed = false;
        for change in changes {
            // One that is known already is not news, and one of another prefix is nobody's.
            if change.revision <= self.revision || !change.key.starts_with(prefix) {
                continue;
            }
            changed |= match change.value {
                Some(value) => self.values.insert(change.key, value.clone()) != Some(value),
                None => self.values.remove(&change.key).is_some(),
            };
        }
        self.revision = self.revision.max(revision);
        if self.values.len() > MOST_TARGETS {
            return Err(Fault::new(format!("there are more than {MOST_TARGETS} keys")));
        }
        Ok(changed)
    }

    /// The targets that the values are, each by the rest of its key.
    pub(super) fn found(&self, prefix: &str) -> Vec<Found> {
        let found = |(key, value): (&Vec<u8>, &Vec<u8>)| {
            let mut found = written::value(value);
            if found.name.is_empty() {
                let rest = key.get(prefix.len()..).unwrap_or_default();
                found.name = String::from_utf8_lossy(rest).into_owned();
            }
            found
        };
        self.values.iter().map(found).collect()
    }
}
