//! Where an answer goes, and what stands under its address then.

use std::sync::Arc;

use super::super::rules::NotKept;
use super::super::{Entry, coding};
use super::record::{First, Varies, What};
use super::vary::{self, Coded, Variants};
use super::{Digest, Sought};
use crate::host::UnixMillis;

/// Where an answer goes.
#[derive(Debug)]
pub enum Next {
    /// It stands under the address itself.
    Answer,
    /// It stands under what tells it from others.
    Variant {
        /// What tells them apart.
        varies: Arc<Varies>,
        /// Whether that is other than it was.
        changed: bool,
        /// Its coding, where that makes a difference.
        coded: Option<Coded>,
    },
}

// === impl Next ===

impl Next {
    /// Where `entry` goes, with `current` under its address.
    ///
    /// # Errors
    /// It depends on too much.
    pub fn new(
        current: Option<&First>,
        sought: &Sought<'_>,
        entry: &Entry,
        now: UnixMillis,
    ) -> Result<Self, NotKept> {
        let names = vary::names(&entry.headers)?;
        let old = current.and_then(|first| first.varies(now));
        if names.is_empty() && sought.keys.part.is_none() && old.is_none() {
            return Ok(Self::Answer);
        }
        // An answer may depend on fields that an earlier one for the same address did not name; what it does not name
        // tells it apart too much, never too little.
        let names = vary::union(names, old.map_or(&[], |old| &*old.names))?;
        let coded =
            vary::by_coding(&names).then(|| (coding::of(&entry.headers), coding::offers(sought.headers)));
        let end = entry.useful_until();
        if let Some(old) = old
            && old.names == names
            && old.until >= end
            && coded.is_none_or(|coded| old.kept.contains(&coded))
        {
            return Ok(Self::Variant { varies: Arc::clone(old), changed: false, coded });
        }
        let mut kept = old.filter(|old| old.names == names).map_or(Vec::new(), |old| old.kept.clone());
        if let Some(coded) = coded.filter(|coded| !kept.contains(coded)) {
            kept.push(coded);
        }
        // Twice as long as needed, so that it need not be written again with each answer.
        let until = UnixMillis(end.0.saturating_add(end.0.saturating_sub(now.0)));
        let until = old.map_or(until, |old| old.until.max(until));
        Ok(Self::Variant { varies: Arc::new(Varies { names, kept, until }), changed: true, coded })
    }

    /// What stands under the address then, and, for a variant, the digest of the answer.
    pub fn under(
        self,
        generation: u64,
        sought: &Sought<'_>,
        entry: &Arc<Entry>,
    ) -> (Option<First>, Option<Digest>) {
        match self {
            Self::Answer => (Some(First { generation, what: What::Answer(Arc::clone(entry)) }), None),
            Self::Variant { varies, changed, coded } => {
                let variants = Variants::new(sought.keys, generation, &varies.names, sought.headers);
                let first = changed.then_some(First { generation, what: What::Varies(varies) });
                (first, Some(variants.one(coded)))
            }
        }
    }
}

// === impl First ===

impl First {
    /// What tells the answers apart that are kept, where it is of use still.
    pub fn varies(&self, now: UnixMillis) -> Option<&Arc<Varies>> {
        match &self.what {
            What::Varies(varies) if now < varies.until => Some(varies),
            What::Varies(_) | What::Gone | What::Answer(_) => None,
        }
    }
}
