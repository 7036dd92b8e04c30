//! Health and circuits, ready to be judged by.

use super::compile::{Context, Pointer};
use crate::circuit::Circuit;
use crate::config;
use crate::health::Health;

impl Context<'_> {
    /// Which targets are fit.
    pub(super) fn health(&mut self, at: &Pointer, written: Option<&config::Health>) -> Health {
        let _ = (at, written);
        Health::default()
    }

    /// When an upstream is left alone.
    pub(super) fn circuit(&mut self, at: &Pointer, written: &config::Circuit) -> Option<Circuit> {
        let _ = (at, written);
        Some(Circuit::default())
    }
}
