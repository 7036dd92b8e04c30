//! `wasi:keyvalue`, as far as adding to numbers needs it.

use std::sync::Arc;

use wasmtime::component::Resource;

use super::OpenStore;
use crate::wasm_host::bindings::wasi::keyvalue::{atomics, store};
use crate::wasm_host::state::State;

type Outcome<T> = wasmtime::Result<Result<T, store::Error>>;

impl store::Host for State {
    fn open(&mut self, label: String) -> Outcome<Resource<OpenStore>> {
        match self.options.stores.get(&label) {
            Some(store) => Ok(Ok(self.table.push(OpenStore(Arc::clone(store)))?)),
            None => Ok(Err(store::Error::AccessDenied)),
        }
    }
}

impl store::HostBucket for State {
    fn get(&mut self, bucket: Resource<OpenStore>, key: String) -> Outcome<Option<Vec<u8>>> {
        Ok(self.opened(&bucket)?.get(&key).map_err(store::Error::Other))
    }

    fn set(&mut self, bucket: Resource<OpenStore>, key: String, value: Vec<u8>) -> Outcome<()> {
        Ok(self.opened(&bucket)?.set(&key, value).map_err(store::Error::Other))
    }

    fn delete(&mut self, bucket: Resource<OpenStore>, key: String) -> Outcome<()> {
        Ok(self.opened(&bucket)?.delete(&key).map_err(store::Error::Other))
    }

    fn exists(&mut self, bucket: Resource<OpenStore>, key: String) -> Outcome<bool> {
        Ok(self.opened(&bucket)?.get(&key).map(|value| value.is_some()).map_err(store::Error::Other))
    }

    fn drop(&mut self, bucket: Resource<OpenStore>) -> wasmtime::Result<()> {
        self.table.delete(bucket)?;
        Ok(())
    }
}

impl atomics::Host for State {
    fn increment(&mut self, bucket: Resource<OpenStore>, key: String, delta: i64) -> Outcome<i64> {
        Ok(self.opened(&bucket)?.increment(&key, delta).map_err(store::Error::Other))
    }
}
