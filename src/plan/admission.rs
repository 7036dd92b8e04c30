//! How much upstreams are asked at once, ready to be counted.

use super::compile::{Context, Pointer};
use crate::admission::Admission;
use crate::config;

impl Context<'_> {
    /// How much an upstream is asked at once.
    pub(super) fn admission(&mut self, at: &Pointer, written: &config::Admission) -> Option<Admission> {
        let _ = (at, written);
        Some(Admission {})
    }
}
