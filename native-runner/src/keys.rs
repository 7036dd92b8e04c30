//! Consumers and keys of the key-value store: what `tollgate keys` and the operator's address both do.
//!
//! A key itself is given out once, when it is made, and kept by nobody. Whoever reads the store reads it anew for each
//! request, so that a change counts from the moment it is written.

use std::fmt;

use tollgate::auth::api_key::form;
use tollgate::auth::consumer::{Consumer, Key, check, record};
use tollgate::auth::digest::{Digest, NAME_DIGITS};
use tollgate::host::{Secret, UnixMillis};

use crate::host::Opened;
use crate::host::store::{Entry, StoreError};

pub mod remote;
pub mod shown;

/// The store under one label.
#[derive(Debug, Clone)]
pub struct Register {
    store: Opened,
    label: Box<str>,
}

/// What a new key is to be.
#[derive(Debug, Clone, Default)]
pub struct NewKey {
    /// Whose.
    pub consumer: String,
    /// What it is called.
    pub label: String,
    /// From when it counts, in seconds since 1970.
    pub not_before: Option<u64>,
    /// From when it counts no more, in seconds since 1970.
    pub expires: Option<u64>,
}

/// Why something could not be done. Holds no key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Refusal {
    /// What was asked for makes no sense.
    Invalid(String),
    /// There is no such thing.
    Missing(String),
    /// There are several such things.
    Ambiguous(String),
    /// The store failed, or a record in it cannot be read.
    Store(String),
}

/// How often a change is tried while others change the same key.
const ATTEMPTS: usize = 5;

/// How many entries one page of a list has.
pub const PAGE: usize = 500;

// === impl NewKey ===

impl NewKey {
    /// Makes the key: its text for its owner, once, and what is to be kept of it.
    pub fn make(self, prefix: &str, now: UnixMillis) -> Result<(Secret, Key), Refusal> {
        if !form::is_prefix(prefix) {
            return Err(Refusal::Invalid(format!(
                "\"{}\" cannot be what keys begin with",
                prefix.escape_debug()
            )));
        }
        let mut failed = None;
        let mut random = |bytes: &mut [u8]| failed = getrandom::fill(bytes).err();
        let (text, digest) = form::make(prefix, &mut random);
        match failed {
            // Without random numbers there is no key.
            Some(error) => Err(Refusal::Store(format!("the system has no random numbers: {error}"))),
            None => Ok((text, self.with(digest, now)?)),
        }
    }

    /// A key that was made elsewhere, of which only the digest is known.
    pub fn with(self, digest: Digest, now: UnixMillis) -> Result<Key, Refusal> {
        let key = Key {
            digest,
            consumer: self.consumer.into(),
            label: self.label.into(),
            created: now.0 / 1_000,
            not_before: self.not_before,
            expires: self.expires,
            disabled: false,
        };
        key.check().map_err(|what| Refusal::Invalid(what.to_string()))?;
        if key.expires.is_some_and(|expires| expires <= now.0 / 1_000) {
            return Err(Refusal::Invalid("the key would have expired already".to_owned()));
        }
        Ok(key)
    }
}

// === impl Register ===

impl Register {
    /// What is in `store` under `label`.
    pub fn new(store: impl Into<Opened>, label: &str) -> Self {
        Self { store: store.into(), label: label.into() }
    }

    // --- consumers ---

    /// The consumer of this name; `None` where the store has none.
    pub async fn consumer(&self, id: &str, now: UnixMillis) -> Result<Option<Consumer>, Refusal> {
        let place = record::consumer_place(id);
        let Some(found) = self.store.get(&self.label, &place, now).await? else { return Ok(None) };
        record::read_consumer(id, &found).map(Some).map_err(|why| unreadable(&place, why))
    }

    /// Writes a consumer, in place of any of its name; says whether there was one.
    pub async fn put_consumer(&self, consumer: &Consumer, now: UnixMillis) -> Result<bool, Refusal> {
        check(consumer).map_err(|what| Refusal::Invalid(what.to_string()))?;
        let place = record::consumer_place(&consumer.id);
        let known = self.store.get(&self.label, &place, now).await?.is_some();
        self.store.set(&self.label, &place, record::write_consumer(consumer).as_bytes(), None).await?;
        Ok(known)
    }

    /// Removes a consumer and its keys; says how many keys there were. The consumer goes first: from then on none of its
    /// keys counts, and what fails in the middle can be done again.
    pub async fn remove_consumer(&self, id: &str, now: UnixMillis) -> Result<usize, Refusal> {
        let known = self.store.delete(&self.label, &record::consumer_place(id)).await?;
        let mut removed = 0;
        let mut after = None;
        loop {
            let (keys, next) = self.keys(Some(id), after.as_deref(), now).await?;
            for key in &keys {
                self.store.delete(&self.label, &record::key_place(&key.digest)).await?;
                removed += 1;
            }
            after = next;
            if after.is_none() {
                break;
            }
        }
        if known || removed > 0 { Ok(removed) } else { Err(no_consumer(id)) }
    }

    /// A page of consumers, and where the next one begins.
    pub async fn consumers(
        &self,
        after: Option<&str>,
        now: UnixMillis,
    ) -> Result<(Vec<Consumer>, Option<String>), Refusal> {
        let after = after.map(record::consumer_place);
        let found = self.store.list(&self.label, record::CONSUMERS, after.as_deref(), PAGE, now).await?;
        let next = next(&found, record::CONSUMERS);
        let read = found.iter().map(|entry| {
            let id = entry.key.strip_prefix(record::CONSUMERS).unwrap_or_default();
            record::read_consumer(id, &entry.value).map_err(|why| unreadable(&entry.key, why))
        });
        Ok((read.filter_map(readable).collect(), next))
    }

    // --- keys ---

    /// Writes what is kept of a key. Its consumer must be there, or be `configured`.
    pub async fn put_key(&self, key: &Key, configured: bool, now: UnixMillis) -> Result<(), Refusal> {
        if !configured && self.consumer(&key.consumer, now).await?.is_none() {
            return Err(no_consumer(&key.consumer));
        }
        let place = record::key_place(&key.digest);
        Ok(self.store.set(&self.label, &place, record::write_key(key).as_bytes(), None).await?)
    }

    /// The one key whose digest begins with `id`.
    pub async fn key(&self, id: &str, now: UnixMillis) -> Result<Key, Refusal> {
        read_key(&self.key_entry(id, now).await?)
    }

    async fn key_entry(&self, id: &str, now: UnixMillis) -> Result<Entry, Refusal> {
        let is_digit = |byte: u8| matches!(byte, b'0'..=b'9' | b'a'..=b'f');
        if !(NAME_DIGITS / 2..=64).contains(&id.len()) || !id.bytes().all(is_digit) {
            let text = format!("a key is named by the first {NAME_DIGITS} hexadecimal digits of its digest");
            return Err(Refusal::Invalid(text));
        }
        let mut found = self.store.list(&self.label, &format!("{}{id}", record::KEYS), None, 2, now).await?;
        match (found.pop(), found.pop()) {
            (None, _) => Err(Refusal::Missing(format!("there is no key {id}"))),
            (Some(entry), None) => Ok(entry),
            _ => Err(Refusal::Ambiguous(format!("several keys begin with {id}: give more digits"))),
        }
    }

    /// Changes a key. Where somebody else changes it at the same time, or revokes it, theirs is seen first: a key that is
    /// revoked is never written again.
    pub async fn change_key(
        &self,
        id: &str,
        now: UnixMillis,
        change: impl Fn(&mut Key) + Send,
    ) -> Result<Key, Refusal> {
        for _ in 0..ATTEMPTS {
            let entry = self.key_entry(id, now).await?;
            let mut key = read_key(&entry)?;
            change(&mut key);
            key.check().map_err(|what| Refusal::Invalid(what.to_string()))?;
            let written = record::write_key(&key);
            if self.store.swap(&self.label, &entry.key, Some(&entry.value), written.as_bytes(), None).await? {
                return Ok(key);
            }
        }
        Err(Refusal::Store(format!("the key {id} changes all the time")))
    }

    /// Removes a key: from now on it is nobody's. One whose record cannot be read is removed too.
    pub async fn revoke(&self, id: &str, now: UnixMillis) -> Result<(), Refusal> {
        let entry = self.key_entry(id, now).await?;
        self.store.delete(&self.label, &entry.key).await?;
        Ok(())
    }

    /// A page of keys, all or those of one consumer, and where the next one begins.
    pub async fn keys(
        &self,
        consumer: Option<&str>,
        after: Option<&str>,
        now: UnixMillis,
    ) -> Result<(Vec<Key>, Option<String>), Refusal> {
        let after = after.map(|digest| format!("{}{digest}", record::KEYS));
        let found = self.store.list(&self.label, record::KEYS, after.as_deref(), PAGE, now).await?;
        let next = next(&found, record::KEYS);
        let mut keys: Vec<_> = found.iter().map(read_key).filter_map(readable).collect();
        keys.retain(|key| consumer.is_none_or(|consumer| *key.consumer == *consumer));
        Ok((keys, next))
    }

    // --- tokens ---

    /// Writes that the token with this identifier is revoked, until `expires` where that is known: when the token has
    /// expired, nobody need remember it.
    pub async fn revoke_token(
        &self,
        authenticator: &str,
        token_id: &str,
        expires: Option<u64>,
    ) -> Result<(), Refusal> {
        let place = record::revoked_place(authenticator, token_id);
        let end = expires.map(|seconds| UnixMillis(seconds.saturating_mul(1_000)));
        let value = record::write_revocation(expires);
        Ok(self.store.set(&self.label, &place, value.as_bytes(), end).await?)
    }
}

fn next(found: &[Entry], prefix: &str) -> Option<String> {
    let last = found.last().filter(|_| found.len() == PAGE)?;
    Some(last.key.strip_prefix(prefix)?.to_owned())
}

fn read_key(entry: &Entry) -> Result<Key, Refusal> {
    let digest = entry.key.strip_prefix(record::KEYS).and_then(Digest::from_hex);
    let digest = digest.ok_or_else(|| Refusal::Store(format!("{} is no place of a key", entry.key)))?;
    record::read_key(&digest, &entry.value).map_err(|why| unreadable(&entry.key, why))
}

/// In a list, a record that cannot be read is left out, and the operator is told.
fn readable<T>(read: Result<T, Refusal>) -> Option<T> {
    read.inspect_err(|refusal| tracing::warn!("{refusal}")).ok()
}

fn unreadable(place: &str, why: record::Unreadable) -> Refusal {
    Refusal::Store(format!("the record {place} cannot be read: {why}"))
}

fn no_consumer(id: &str) -> Refusal {
    Refusal::Missing(format!("there is no consumer \"{}\"", id.escape_debug()))
}

impl From<StoreError> for Refusal {
    fn from(error: StoreError) -> Self {
        Self::Store(error.0)
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (Self::Invalid(text) | Self::Missing(text) | Self::Ambiguous(text) | Self::Store(text)) = self;
        f.write_str(text)
    }
}

impl std::error::Error for Refusal {}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::host::Store;

    const NOW: UnixMillis = UnixMillis(1_800_000_000_000);

    fn register() -> Register {
        Register::new(Store::memory().unwrap(), "default")
    }

    fn consumer(id: &str) -> Consumer {
        Consumer { id: id.into(), ..Consumer::default() }
    }

    fn new_key(consumer: &str) -> NewKey {
        NewKey { consumer: consumer.to_owned(), ..NewKey::default() }
    }

    #[tokio::test]
    async fn a_key_lives_from_its_making_to_its_revocation() {
        let register = register();
        let (text, key) = new_key("acme").make("tgk", NOW).unwrap();
        assert_eq!(register.put_key(&key, false, NOW).await, Err(no_consumer("acme")));
        assert!(!register.put_consumer(&consumer("acme"), NOW).await.unwrap());
        assert!(register.put_consumer(&consumer("acme"), NOW).await.unwrap());
        register.put_key(&key, false, NOW).await.unwrap();
        assert_eq!(key.digest, Digest::of(text.expose().as_bytes()));
        assert_eq!(register.key(&key.digest.name(), NOW).await, Ok(key.clone()));
        assert_eq!(register.keys(None, None, NOW).await, Ok((vec![key.clone()], None)));
        assert_eq!(register.keys(Some("other"), None, NOW).await, Ok((Vec::new(), None)));
        let changed = register.change_key(&key.digest.name(), NOW, |key| key.disabled = true).await.unwrap();
        assert!(changed.disabled && register.key(&key.digest.name(), NOW).await.unwrap().disabled);
        register.revoke(&key.digest.name(), NOW).await.unwrap();
        assert!(matches!(register.key(&key.digest.name(), NOW).await, Err(Refusal::Missing(_))));
    }

    #[tokio::test]
    async fn keys_are_named_by_digits_of_their_digests() {
        let register = register();
        for bad in ["", "abc", "ABCDEF", "abcdeg", "../../", &"a".repeat(65)] {
            assert!(matches!(register.key(bad, NOW).await, Err(Refusal::Invalid(_))), "{bad}");
        }
        let of =
            |digits: &str| Digest::from_hex(&format!("{digits}{}", "0".repeat(64 - digits.len()))).unwrap();
        for digits in ["abcdef0", "abcdef1"] {
            let key = new_key("acme").with(of(digits), NOW).unwrap();
            register.put_key(&key, true, NOW).await.unwrap();
        }
        assert!(matches!(register.key("abcdef", NOW).await, Err(Refusal::Ambiguous(_))));
        assert_eq!(register.key("abcdef1", NOW).await.unwrap().digest, of("abcdef1"));
    }

    #[tokio::test]
    async fn a_consumer_goes_with_all_its_keys() {
        let register = register();
        register.put_consumer(&consumer("acme"), NOW).await.unwrap();
        for number in 0..PAGE + 20 {
            let whose = if number % 2 == 0 { "acme" } else { "other" };
            let key = new_key(whose).with(Digest::of(&number.to_be_bytes()), NOW).unwrap();
            register.put_key(&key, true, NOW).await.unwrap();
        }
        assert_eq!(register.remove_consumer("acme", NOW).await, Ok((PAGE + 20) / 2));
        assert_eq!(register.remove_consumer("acme", NOW).await, Err(no_consumer("acme")));
        let (left, next) = register.keys(None, None, NOW).await.unwrap();
        assert!(
            left.len() == (PAGE + 20) / 2
                && left.iter().all(|key| &*key.consumer == "other")
                && next.is_none()
        );
    }

    #[tokio::test]
    async fn a_revoked_key_is_not_written_again_by_a_change() {
        let register = register();
        let key = new_key("acme").with(Digest::of(b"k"), NOW).unwrap();
        register.put_key(&key, true, NOW).await.unwrap();
        let id = key.digest.name();
        // The key is revoked between the reading and the writing of the change.
        let revoked = std::sync::atomic::AtomicBool::new(false);
        let place = record::key_place(&key.digest);
        let Opened::Kept(store) = &register.store else { panic!("it is in memory") };
        let changed = register.change_key(&id, NOW, |key| {
            key.label = "new".into();
            if !revoked.swap(true, std::sync::atomic::Ordering::SeqCst) {
                store.delete_blocking("default", &place).unwrap();
            }
        });
        assert!(matches!(changed.await, Err(Refusal::Missing(_))));
        assert!(matches!(register.key(&id, NOW).await, Err(Refusal::Missing(_))));
    }

    #[tokio::test]
    async fn a_damaged_record_hides_no_other_and_can_be_removed() {
        let register = register();
        let (good, bad) = (Digest::of(b"good"), Digest::of(b"bad"));
        register.put_key(&new_key("acme").with(good, NOW).unwrap(), true, NOW).await.unwrap();
        register.store.set("default", &record::key_place(&bad), b"1:", None).await.unwrap();
        assert_eq!(register.keys(None, None, NOW).await.unwrap().0.len(), 1);
        assert!(matches!(register.key(&bad.name(), NOW).await, Err(Refusal::Store(_))));
        register.revoke(&bad.name(), NOW).await.unwrap();
        assert!(matches!(register.key(&bad.name(), NOW).await, Err(Refusal::Missing(_))));
    }

    #[tokio::test]
    async fn pages_come_one_after_the_other() {
        let register = register();
        for number in 0..PAGE + 1 {
            register.put_consumer(&consumer(&format!("c{number:04}")), NOW).await.unwrap();
        }
        let (first, next) = register.consumers(None, NOW).await.unwrap();
        assert_eq!((first.len(), next.as_deref()), (PAGE, Some("c0499")));
        let (second, next) = register.consumers(next.as_deref(), NOW).await.unwrap();
        assert_eq!((second.len(), &*second[0].id, next), (1, "c0500", None));
    }

    #[test]
    fn what_makes_no_sense_is_refused() {
        let made = |new: NewKey, prefix: &str| new.make(prefix, NOW).map(drop);
        assert!(made(new_key("acme"), "acme_live").is_ok());
        assert!(made(new_key("a/b"), "tgk").is_err());
        assert!(made(new_key("acme"), "Tgk").is_err());
        assert!(made(NewKey { label: "a\nb".to_owned(), ..new_key("acme") }, "tgk").is_err());
        assert!(made(NewKey { expires: Some(1_800_000_000), ..new_key("acme") }, "tgk").is_err());
        assert!(made(NewKey { expires: Some(1_800_000_001), ..new_key("acme") }, "tgk").is_ok());
    }
}
