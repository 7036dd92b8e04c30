//! How a source is doing, for metrics and for the operator.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use super::Fault;
use crate::host::UnixMillis;
use crate::live::Document;

/// How the source of an upstream is doing.
#[derive(Debug, Default)]
pub struct Status {
    known: Mutex<Known>,
    /// The source itself has said something good to this process.
    spoken: AtomicBool,
    /// The live document that the targets were last taken from.
    document: Mutex<Option<Arc<Document>>>,
}

/// What is known about a source.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Known {
    /// What it is, see [`super::Kind::name`]; empty where nothing has been asked yet.
    pub source: &'static str,
    /// Its last word was good; where not, what it said before is still in force, or what is written.
    pub fresh: bool,
    /// When it last said something good; `None` where it never has.
    pub good: Option<UnixMillis>,
    /// The last fault.
    pub fault: Option<(UnixMillis, String)>,
    /// How often it said something good.
    pub answers: u64,
    /// How often it failed, or said what cannot be.
    pub faults: u64,
    /// How often the targets changed by what it said.
    pub changes: u64,
    /// How many targets there are by its last good word.
    pub targets: usize,
    /// How many instances were left out of them.
    pub refused: usize,
    /// Why the first of those was.
    pub because: Option<String>,
}

// === impl Status ===

impl Status {
    /// What is known.
    pub fn known(&self) -> Known {
        self.known.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Whether the source itself has ever said something good to this process.
    pub fn has_spoken(&self) -> bool {
        self.spoken.load(Ordering::Relaxed)
    }

    /// Whether `document` is another than the last that this was said of.
    pub fn note_document(&self, document: &Arc<Document>) -> bool {
        let mut last = self.document.lock().unwrap_or_else(PoisonError::into_inner);
        let same = last.as_ref().is_some_and(|last| Arc::ptr_eq(last, document));
        if !same {
            *last = Some(Arc::clone(document));
        }
        !same
    }

    /// The source said something good at `now`.
    pub fn note_good(&self, source: &'static str, now: UnixMillis) {
        self.change(|known| {
            known.source = source;
            known.fresh = true;
            known.good = Some(now);
            known.answers += 1;
        });
    }

    /// It came to so many targets.
    pub fn note_targets(&self, targets: usize, (refused, because): (usize, Option<String>), changed: bool) {
        self.spoken.store(true, Ordering::Relaxed);
        self.change(|known| {
            known.targets = targets;
            known.refused = refused;
            known.because = because;
            known.changes += u64::from(changed);
        });
    }

    /// The source failed at `now`.
    pub fn note_fault(&self, source: &'static str, fault: &Fault, now: UnixMillis) {
        self.change(|known| {
            known.source = source;
            known.fresh = false;
            known.fault = Some((now, fault.cause.clone()));
            known.faults += 1;
        });
    }

    fn change(&self, change: impl FnOnce(&mut Known)) {
        change(&mut self.known.lock().unwrap_or_else(PoisonError::into_inner));
    }
}
