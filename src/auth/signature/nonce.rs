//! Nonces that have been used (RFC 9421 section 7.2.2): each is let through once.
//!
//! They are remembered in the store that all instances share, for as long as the policy would accept their signature.
//! A store has no expiry and no list of its keys, so nonces stand together in a bounded number of slots, and whoever
//! writes one into a slot takes those out that have ended. A store that only reads and writes lets two requests at the
//! same moment both find a nonce unused; within one process that keeps memory they are told apart.

use std::convert::Infallible;

use bytes::Bytes;
use sha2::{Digest as _, Sha256};

use super::Replay;
use crate::host::{KeyValue, Remember};
use crate::plan::StorePlan;

/// How many slots a key's nonces are spread over.
const SLOTS: u16 = 1024;

/// How many nonces a slot holds: with 1,024 slots and the default age, some 700 requests a second of one key. A slot
/// is 6 KiB then. When it is full, nobody can say whether the next nonce is new: it is not let through.
const MOST_IN_SLOT: usize = 256;

/// A value of the store begins with its version, and a check sum of what follows.
const VERSION: u8 = 1;
const HEAD: usize = 5;
/// 16 bytes of a nonce's digest, and its end in Unix seconds.
const ENTRY: usize = 24;

/// Whether a nonce has not been used; from now on it has. The error is for the operator.
pub(super) async fn is_fresh<H: KeyValue + Remember>(
    host: &H,
    store: Option<&StorePlan>,
    replay: &Replay,
    now: i64,
) -> Result<bool, String> {
    let store = store.ok_or("there is no store for nonces")?;
    if let Some(memory) = host.memory() {
        let mut fresh = false;
        let _ = memory.auth.nonces.get_or_insert_with(&replay.digest, || {
            fresh = true;
            Ok::<_, Infallible>(())
        });
        if !fresh {
            return Ok(false);
        }
    }
    let place = replay.place();
    let slot = host.get(store, &place).await.map_err(|error| error.cause)?;
    match with(slot.as_deref().unwrap_or_default(), replay, now)? {
        Some(slot) => host.set(store, &place, slot).await.map(|()| true).map_err(|error| error.cause),
        None => Ok(false),
    }
}

/// The slot with this nonce in it and without those that have ended; nothing, if it is there already.
fn with(slot: &[u8], replay: &Replay, now: i64) -> Result<Option<Bytes>, String> {
    let nonce = &replay.digest[..16];
    let mut entries = Vec::new();
    for entry in entries_of(slot) {
        if &entry[..16] == nonce {
            return Ok(None);
        }
        if end_of(entry) >= now {
            entries.extend_from_slice(entry);
        }
    }
    if entries.len() / ENTRY >= MOST_IN_SLOT {
        return Err("too many nonces are in use".to_owned());
    }
    entries.extend_from_slice(nonce);
    entries.extend_from_slice(&replay.until.unwrap_or(i64::MAX).to_be_bytes());
    let mut slot = Vec::with_capacity(HEAD + entries.len());
    slot.push(VERSION);
    slot.extend_from_slice(&check_sum(&entries));
    slot.extend_from_slice(&entries);
    Ok(Some(slot.into()))
}

/// What is not as it was written is as good as nothing.
fn entries_of(slot: &[u8]) -> std::slice::ChunksExact<'_, u8> {
    let entries = match slot.split_at_checked(HEAD) {
        Some(([VERSION, sum @ ..], entries)) if *sum == check_sum(entries) => entries,
        _ => &[],
    };
    entries.chunks_exact(ENTRY)
}

fn end_of(entry: &[u8]) -> i64 {
    entry[16..].try_into().map_or(i64::MAX, i64::from_be_bytes)
}

fn check_sum(entries: &[u8]) -> [u8; 4] {
    let digest = Sha256::digest(entries);
    [digest[0], digest[1], digest[2], digest[3]]
}

// === impl Replay ===

impl Replay {
    /// The key of the slot in the store.
    fn place(&self) -> String {
        let slot = u16::from_be_bytes([self.digest[30], self.digest[31]]) % SLOTS;
        format!("tollgate/nonce/{:016x}/{slot:03x}", self.key)
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use std::cell::RefCell;
    use std::collections::BTreeMap;
    use std::pin::pin;
    use std::task::{Context, Poll, Waker};

    use super::*;
    use crate::host::StoreError;
    use crate::memory::Memory;

    fn replay(nonce: u16, until: i64) -> Replay {
        let mut digest = [0; 32];
        digest[..2].copy_from_slice(&nonce.to_be_bytes());
        Replay { digest, key: 0x1f, until: Some(until) }
    }

    #[test]
    fn once() {
        let slot = with(b"", &replay(1, 100), 50).unwrap().unwrap();
        assert_eq!(with(&slot, &replay(1, 100), 50).unwrap(), None);
        let both = with(&slot, &replay(2, 200), 100).unwrap().unwrap();
        assert_eq!(with(&both, &replay(1, 100), 100).unwrap(), None);
        assert_eq!(with(&both, &replay(2, 200), 100).unwrap(), None);
        let without_the_first = with(&both, &replay(3, 200), 101).unwrap().unwrap();
        assert_eq!(without_the_first.len(), both.len());
        assert_eq!(with(&without_the_first, &replay(2, 200), 101).unwrap(), None);
        assert!(with(&without_the_first, &replay(1, 100), 101).unwrap().is_some());
    }

    #[test]
    fn a_full_slot_lets_nothing_through() {
        let mut slot = Bytes::new();
        for nonce in 0..256 {
            slot = with(&slot, &replay(nonce, 100), 50).unwrap().unwrap();
        }
        assert_eq!(slot.len(), HEAD + 256 * ENTRY);
        assert!(with(&slot, &replay(256, 100), 50).is_err());
        assert_eq!(with(&slot, &replay(255, 100), 50), Ok(None));
        assert!(with(&slot, &replay(256, 200), 101).unwrap().is_some());
    }

    #[test]
    fn what_was_not_written_so_is_nothing() {
        let slot = with(b"", &replay(1, 100), 50).unwrap().unwrap();
        for at in 0..slot.len() {
            let mut damaged = slot.to_vec();
            damaged[at] ^= 1;
            assert!(with(&damaged, &replay(1, 100), 50).unwrap().is_some(), "{at}");
        }
        for end in 0..slot.len() {
            assert!(with(&slot[..end], &replay(1, 100), 50).unwrap().is_some(), "{end}");
        }
    }

    /// A host that keeps nothing in memory, and whose store may be out of reach.
    #[derive(Default)]
    struct Fresh {
        store: RefCell<BTreeMap<String, Bytes>>,
        is_out_of_reach: bool,
    }

    impl Fresh {
        fn reach(&self) -> Result<(), StoreError> {
            if self.is_out_of_reach { Err(StoreError { cause: "gone".to_owned() }) } else { Ok(()) }
        }
    }

    impl KeyValue for Fresh {
        async fn get(&self, _: &StorePlan, key: &str) -> Result<Option<Bytes>, StoreError> {
            self.reach().map(|()| self.store.borrow().get(key).cloned())
        }

        async fn set(&self, _: &StorePlan, key: &str, value: Bytes) -> Result<(), StoreError> {
            self.reach().map(|()| drop(self.store.borrow_mut().insert(key.to_owned(), value)))
        }

        async fn delete(&self, _: &StorePlan, _: &str) -> Result<(), StoreError> {
            panic!("no nonce is forgotten by itself")
        }
    }

    impl Remember for Fresh {
        fn memory(&self) -> Option<&Memory> {
            None
        }
    }

    /// Nothing in here ever waits.
    fn now<T>(future: impl Future<Output = T>) -> T {
        match pin!(future).poll(&mut Context::from_waker(Waker::noop())) {
            Poll::Ready(value) => value,
            Poll::Pending => panic!("it waits"),
        }
    }

    #[test]
    fn the_store_alone_is_enough() {
        let plan = StorePlan { label: "default".into(), ..StorePlan::default() };
        let host = Fresh::default();
        let ask = |nonce, at| now(is_fresh(&host, Some(&plan), &replay(nonce, 100), at));
        assert_eq!(ask(1, 50), Ok(true));
        assert_eq!(ask(1, 50), Ok(false));
        assert_eq!(ask(2, 50), Ok(true));
        assert_eq!(host.store.borrow().len(), 1);
        assert!(now(is_fresh(&host, None, &replay(3, 100), 50)).is_err());
    }

    #[test]
    fn without_its_store_nothing_is_let_through() {
        let plan = StorePlan { label: "default".into(), ..StorePlan::default() };
        let host = Fresh { is_out_of_reach: true, ..Fresh::default() };
        assert_eq!(now(is_fresh(&host, Some(&plan), &replay(1, 100), 50)), Err("gone".to_owned()));
    }

    #[test]
    fn places() {
        let mut one = replay(1, 100);
        assert_eq!(one.place(), "tollgate/nonce/000000000000001f/000");
        one.digest[30..].copy_from_slice(&[0xff, 0xff]);
        assert_eq!(one.place(), "tollgate/nonce/000000000000001f/3ff");
    }
}
