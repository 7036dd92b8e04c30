//! Spin's key-value store; elsewhere there is none, and the plan asks for none. Whether it can add to numbers
//! (`wasi:keyvalue/atomics`, over the same values) is a feature of its own, because it is an import of its own.

use bytes::Bytes;

use crate::host::StoreError;

#[cfg(feature = "spin")]
mod store {
    use spin_sdk::key_value::{Error, Store};

    use super::StoreError;

    pub(super) fn open(label: &str) -> Result<Store, StoreError> {
        Store::open(label).map_err(|error| failed(label, &error))
    }

    pub(super) fn failed(label: &str, error: &Error) -> StoreError {
        StoreError { cause: format!("the key-value store \"{label}\": {error}") }
    }
}

#[cfg(feature = "spin-atomics")]
mod bucket {
    use spin_sdk::wit::wasi::keyvalue::store::{Bucket, Error, open as open_bucket};

    use super::StoreError;

    pub(super) fn open(label: &str) -> Result<Bucket, StoreError> {
        open_bucket(label).map_err(|error| failed(label, &error))
    }

    pub(super) fn failed(label: &str, error: &Error) -> StoreError {
        let why = match error {
            Error::NoSuchStore => "there is none",
            Error::AccessDenied => "access is denied",
            Error::Other(why) => why,
        };
        StoreError { cause: format!("the key-value store \"{label}\": {why}") }
    }
}

#[cfg(feature = "spin-atomics")]
pub fn exists(label: &str, key: &str) -> Result<bool, StoreError> {
    bucket::open(label)?.exists(key).map_err(|error| bucket::failed(label, &error))
}

#[cfg(feature = "spin-atomics")]
pub fn increment(label: &str, key: &str, delta: i64) -> Result<i64, StoreError> {
    use spin_sdk::wit::wasi::keyvalue::atomics;

    atomics::increment(&bucket::open(label)?, key, delta).map_err(|error| bucket::failed(label, &error))
}

#[cfg(feature = "spin")]
pub fn get(label: &str, key: &str) -> Result<Option<Bytes>, StoreError> {
    let value = store::open(label)?.get(key).map_err(|error| store::failed(label, &error))?;
    Ok(value.map(Bytes::from))
}

#[cfg(feature = "spin")]
pub fn set(label: &str, key: &str, value: &[u8]) -> Result<(), StoreError> {
    store::open(label)?.set(key, value).map_err(|error| store::failed(label, &error))
}

#[cfg(feature = "spin")]
pub fn delete(label: &str, key: &str) -> Result<(), StoreError> {
    store::open(label)?.delete(key).map_err(|error| store::failed(label, &error))
}

#[cfg(not(feature = "spin"))]
pub fn get(label: &str, _: &str) -> Result<Option<Bytes>, StoreError> {
    Err(none(label))
}

#[cfg(not(feature = "spin"))]
pub fn set(label: &str, _: &str, _: &[u8]) -> Result<(), StoreError> {
    Err(none(label))
}

#[cfg(not(feature = "spin"))]
pub fn delete(label: &str, _: &str) -> Result<(), StoreError> {
    Err(none(label))
}

#[cfg(not(feature = "spin"))]
fn none(label: &str) -> StoreError {
    StoreError { cause: format!("there is no key-value store \"{label}\" outside Spin") }
}
