//! The key-value store of the native runner.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use bytes::Bytes;

/// A key-value store in memory.
#[derive(Debug, Default)]
pub struct Store(Mutex<BTreeMap<(Box<str>, Box<str>), Bytes>>);

// === impl Store ===

impl Store {
    /// The value of `key`.
    pub fn get(&self, label: &str, key: &str) -> Option<Bytes> {
        self.lock().get(&(label.into(), key.into())).cloned()
    }

    /// Writes `key`.
    pub fn set(&self, label: &str, key: &str, value: Bytes) {
        self.lock().insert((label.into(), key.into()), value);
    }

    /// Removes `key`.
    pub fn delete(&self, label: &str, key: &str) {
        self.lock().remove(&(label.into(), key.into()));
    }

    fn lock(&self) -> MutexGuard<'_, BTreeMap<(Box<str>, Box<str>), Bytes>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
