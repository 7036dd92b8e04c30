//! Where targets are found, ready to be asked.

use super::compile::{Context, Pointer};
use crate::config;
use crate::discovery::Source;

impl Context<'_> {
    /// Where an upstream's targets are found.
    pub(super) fn discovery(&mut self, at: &Pointer, written: &config::Discovery) -> Option<Source> {
        let _ = written;
        self.error(at, "a discovery has exactly one source");
        None
    }
}
