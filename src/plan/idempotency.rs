//! Idempotency keys, ready to be looked for.

use super::compile::{Context, Pointer};
use crate::config;
use crate::idempotency::Idempotency;

impl Context<'_> {
    /// What becomes of requests with an `Idempotency-Key`.
    pub(super) fn idempotency(&mut self, at: &Pointer, written: &config::Idempotency) -> Option<Idempotency> {
        let _ = (at, written);
        Some(Idempotency {})
    }
}
