//! Whether an answer that is found is one for a request, and looking for it in memory.

use std::sync::Arc;

use super::super::Entry;
use super::super::memory::Shelves;
use super::super::purge::{Purges, Verdict};
use super::record::{First, Record, What};
use super::vary::Variants;
use super::{Digest, Sought};
use crate::host::{Tick, UnixMillis};

/// What an answer is good for.
#[derive(Debug, Clone, Copy)]
pub struct Judge<'a> {
    /// For which request.
    pub sought: &'a Sought<'a>,
    /// What was purged.
    pub purges: &'a Purges,
    /// When.
    pub now: UnixMillis,
}

/// What came of looking.
#[derive(Debug, Default)]
pub struct Looked {
    /// An answer, and whether it was softly purged.
    pub entry: Option<(Arc<Entry>, bool)>,
    /// Something else is kept for the address.
    pub others: bool,
    /// The generation of the address, where something stands under it.
    pub generation: Option<u64>,
}

/// Where to look on, under the digests of variants.
#[derive(Debug)]
pub enum Step {
    /// Nowhere: this is it.
    Done(Looked),
    /// Here, the best first.
    Tries(Vec<Digest>),
}

// === impl Judge ===

impl Judge<'_> {
    /// Whether the answer is one for the request and still of use; with whether it was softly purged.
    pub fn takes(&self, entry: &Arc<Entry>) -> Option<(Arc<Entry>, bool)> {
        let Sought { host, target, .. } = self.sought;
        if !entry.is_useful(self.now) {
            return None;
        }
        match self.purges.verdict(entry.serial, host, target, &entry.tags) {
            Verdict::Kept => Some((Arc::clone(entry), false)),
            Verdict::Stale => Some((Arc::clone(entry), true)),
            Verdict::Gone => None,
        }
    }

    /// What `first`, which stands under the address, comes to.
    pub fn step(&self, first: &First) -> Step {
        let (keys, generation) = (self.sought.keys, Some(first.generation));
        match &first.what {
            What::Gone => Step::Done(Looked { generation, ..Looked::default() }),
            // It was kept for those who have no part of the key of their own.
            What::Answer(_) if keys.part.is_some() => {
                Step::Done(Looked { entry: None, others: true, generation })
            }
            What::Answer(entry) => Step::Done(Looked { entry: self.takes(entry), others: false, generation }),
            What::Varies(_) => match first.varies(self.now) {
                None => Step::Done(Looked { generation, ..Looked::default() }),
                Some(varies) => {
                    let headers = self.sought.headers;
                    let variants = Variants::new(keys, first.generation, &varies.names, headers);
                    Step::Tries(variants.tries(varies.codings()))
                }
            },
        }
    }

    /// Looks in memory, where what was read from a store at a moment is believed or not. What is of no use is taken away.
    pub fn look(&self, shelves: &Shelves, place: u32, is_believed: impl Fn(Tick) -> bool) -> Looked {
        let address = &self.sought.keys.address;
        let believed = |digest| shelves.get(place, digest).filter(|held| is_believed(held.checked));
        let Some(Record::First(first)) = believed(address).map(|held| held.record) else {
            return Looked::default();
        };
        let tries = match self.step(&first) {
            Step::Done(looked) => {
                if let (What::Answer(entry), None, false) = (&first.what, &looked.entry, looked.others) {
                    shelves.drop(place, address, entry);
                }
                return looked;
            }
            Step::Tries(tries) => tries,
        };
        let entry = tries.iter().find_map(|digest| match believed(digest)?.record {
            Record::Variant(entry) => {
                let taken = self.takes(&entry);
                if taken.is_none() {
                    shelves.drop(place, digest, &entry);
                }
                taken
            }
            Record::First(_) => None,
        });
        Looked { others: entry.is_none(), entry, generation: Some(first.generation) }
    }
}
