//! Splits, fallbacks and mirrors, ready to be followed.

use super::compile::{Context, Pointer};
use crate::config;
use crate::migration::{Fallback, Mirror, Split};

impl Context<'_> {
    /// Which of several upstreams answers, and the index of the first.
    pub(super) fn split(&mut self, at: &Pointer, written: &config::Split) -> Option<(usize, Split)> {
        let _ = written;
        self.error(at, "a split has several upstreams");
        None
    }

    /// Which upstream is asked where the first has nothing.
    pub(super) fn fallback(&mut self, at: &Pointer, written: &config::Fallback) -> Option<Fallback> {
        let _ = (at, written);
        Some(Fallback {})
    }

    /// Another upstream that gets requests too.
    pub(super) fn mirror(&mut self, at: &Pointer, written: &config::Mirror) -> Option<Mirror> {
        let _ = (at, written);
        Some(Mirror {})
    }
}
