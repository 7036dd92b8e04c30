//! `fermyon:spin/key-value` and `wasi:keyvalue`: stores by label, given in the options. Both show the same values.

mod atomics;

use crate::host::store::{self, Store, now};
use crate::wasm_host::bindings::fermyon::spin::key_value::{Error, Host, HostStore};
use crate::wasm_host::state::State;
use std::collections::BTreeMap;
use std::sync::{Arc, PoisonError, RwLock};
use wasmtime::component::Resource;

/// A store as Spin offers it: no expiry. Shared by all guests; an error's text reaches the guest.
pub trait KeyValue: Send + Sync {
    /// The value of `key`.
    ///
    /// # Errors
    /// The store failed, as text.
    fn get(&self, key: &str) -> Result<Option<Vec<u8>>, String>;
    /// Sets or replaces the value of `key`.
    ///
    /// # Errors
    /// The store failed, as text.
    fn set(&self, key: &str, value: Vec<u8>) -> Result<(), String>;
    /// Removes `key`; no error where there is none.
    ///
    /// # Errors
    /// The store failed, as text.
    fn delete(&self, key: &str) -> Result<(), String>;
    /// Adds `delta` to the number under `key`, 0 where there is none, and nothing comes between; the sum. A number is a value
    /// of 8 bytes, as in Spin's own store: the least significant first.
    ///
    /// # Errors
    /// The store failed, or there is something else under `key`, or the sum is too large; as text.
    fn increment(&self, key: &str, delta: i64) -> Result<i64, String>;
    /// All keys, in no order that may be relied on.
    ///
    /// # Errors
    /// The store failed, as text.
    fn keys(&self) -> Result<Vec<String>, String>;
}

/// A store in this process's memory, as Spin's without a path.
#[derive(Debug, Default)]
pub struct Memory(RwLock<BTreeMap<String, Vec<u8>>>);

/// The native runner's store under one label, shared with whoever else has it open. Writes wait for the disk.
#[derive(Debug)]
pub struct Shared {
    store: Store,
    label: String,
}

/// What a guest's `store` handle stands for.
pub struct OpenStore(Arc<dyn KeyValue>);

/// A store in memory for each of these labels.
pub fn in_memory<'a>(labels: impl IntoIterator<Item = &'a str>) -> BTreeMap<String, Arc<dyn KeyValue>> {
    let store = |label: &str| (label.to_owned(), Arc::new(Memory::default()) as Arc<dyn KeyValue>);
    labels.into_iter().map(store).collect()
}

// === impl Memory ===

// A lock is poisoned only where a map operation panicked, which these cannot; the data is whole either way.
impl KeyValue for Memory {
    fn get(&self, key: &str) -> Result<Option<Vec<u8>>, String> {
        Ok(self.0.read().unwrap_or_else(PoisonError::into_inner).get(key).cloned())
    }

    fn set(&self, key: &str, value: Vec<u8>) -> Result<(), String> {
        self.0.write().unwrap_or_else(PoisonError::into_inner).insert(key.to_owned(), value);
        Ok(())
    }

    fn delete(&self, key: &str) -> Result<(), String> {
        self.0.write().unwrap_or_else(PoisonError::into_inner).remove(key);
        Ok(())
    }

    fn increment(&self, key: &str, delta: i64) -> Result<i64, String> {
        let mut values = self.0.write().unwrap_or_else(PoisonError::into_inner);
        let sum = store::sum(values.get(key).map(Vec::as_slice), delta).map_err(|error| error.0)?;
        values.insert(key.to_owned(), sum.to_le_bytes().to_vec());
        Ok(sum)
    }

    fn keys(&self) -> Result<Vec<String>, String> {
        Ok(self.0.read().unwrap_or_else(PoisonError::into_inner).keys().cloned().collect())
    }
}

// === impl Shared ===

impl Shared {
    /// What is in `store` under `label`.
    pub fn new(store: Store, label: String) -> Self {
        Self { store, label }
    }
}

/// How many keys a guest is told of at most: a list of all is the only one that Spin's interface has.
const MOST_KEYS: usize = 100_000;

impl KeyValue for Shared {
    fn get(&self, key: &str) -> Result<Option<Vec<u8>>, String> {
        self.store.get(&self.label, key, now()).map_err(|error| error.0)
    }

    fn set(&self, key: &str, value: Vec<u8>) -> Result<(), String> {
        self.store.set_blocking(&self.label, key, &value, None).map_err(|error| error.0)
    }

    fn delete(&self, key: &str) -> Result<(), String> {
        self.store.delete_blocking(&self.label, key).map(drop).map_err(|error| error.0)
    }

    fn increment(&self, key: &str, delta: i64) -> Result<i64, String> {
        self.store.add_blocking(&self.label, key, delta).map_err(|error| error.0)
    }

    fn keys(&self) -> Result<Vec<String>, String> {
        let found = self.store.list(&self.label, "", None, MOST_KEYS, now()).map_err(|error| error.0)?;
        Ok(found.into_iter().map(|entry| entry.key).collect())
    }
}

// === impl State ===

impl State {
    fn opened(&self, store: &Resource<OpenStore>) -> wasmtime::Result<&dyn KeyValue> {
        Ok(self.table.get(store)?.0.as_ref())
    }
}

impl Host for State {}

impl HostStore for State {
    fn open(&mut self, label: String) -> wasmtime::Result<Result<Resource<OpenStore>, Error>> {
        match self.options.stores.get(&label) {
            Some(store) => Ok(Ok(self.table.push(OpenStore(Arc::clone(store)))?)),
            None => Ok(Err(Error::AccessDenied)),
        }
    }

    fn get(
        &mut self,
        store: Resource<OpenStore>,
        key: String,
    ) -> wasmtime::Result<Result<Option<Vec<u8>>, Error>> {
        Ok(self.opened(&store)?.get(&key).map_err(Error::Other))
    }

    fn set(
        &mut self,
        store: Resource<OpenStore>,
        key: String,
        value: Vec<u8>,
    ) -> wasmtime::Result<Result<(), Error>> {
        Ok(self.opened(&store)?.set(&key, value).map_err(Error::Other))
    }

    fn delete(&mut self, store: Resource<OpenStore>, key: String) -> wasmtime::Result<Result<(), Error>> {
        Ok(self.opened(&store)?.delete(&key).map_err(Error::Other))
    }

    fn exists(&mut self, store: Resource<OpenStore>, key: String) -> wasmtime::Result<Result<bool, Error>> {
        Ok(self.opened(&store)?.get(&key).map(|value| value.is_some()).map_err(Error::Other))
    }

    fn get_keys(&mut self, store: Resource<OpenStore>) -> wasmtime::Result<Result<Vec<String>, Error>> {
        Ok(self.opened(&store)?.keys().map_err(Error::Other))
    }

    fn drop(&mut self, store: Resource<OpenStore>) -> wasmtime::Result<()> {
        self.table.delete(store)?;
        Ok(())
    }
}
