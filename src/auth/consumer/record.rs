//! How consumers and keys stand in the key-value store.
//!
//! A key is found by its digest, `tollgate/key/` and 64 hexadecimal digits; a consumer by its name,
//! `tollgate/consumer/` and the name; a token that is revoked by its issuer's authenticator and its identifier. A record is `1:CHECK:JSON`: the version of this form, the CRC-32 of the JSON as 8 hexadecimal digits, and the JSON. The
//! checksum finds what was cut off or changed by hand. A record that cannot be read is never taken for one that is not
//! there: whoever asked is told that the store is not to be relied on.

use std::collections::BTreeMap;
use std::fmt;

use serde::{Deserialize, Serialize};

use super::{Consumer, Key, check};
use crate::auth::digest::Digest;

/// The version of the form. Another is refused: who wrote it meant something that is not known here.
const VERSION: &str = "1";

/// The longest record, in bytes: larger than any that keeps the bounds of a consumer, which may be 32 pairs of 576
/// bytes and 64 groups of 128, each byte of which takes up to six in JSON.
pub const LONGEST: usize = 192 << 10;

/// What goes before a key's digest.
pub const KEYS: &str = "tollgate/key/";
/// What goes before a consumer's name.
pub const CONSUMERS: &str = "tollgate/consumer/";
/// What goes before the name of an authenticator and a token that is revoked.
pub const REVOKED: &str = "tollgate/revoked/";

/// Why a record cannot be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unreadable {
    /// Longer than any record.
    Length,
    /// Not of this form, or of another version of it.
    Form,
    /// It was changed after it was written.
    Checksum,
    /// The JSON is not that of a record.
    Json,
    /// Something in it is beyond its bounds.
    Bounds,
    /// It is another's: what it says of itself is not where it stands.
    Misplaced,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct ConsumerRecord {
    id: Box<str>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    groups: Vec<Box<str>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    plan: Option<Box<str>>,
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    metadata: BTreeMap<Box<str>, Box<str>>,
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    disabled: bool,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct KeyRecord {
    digest: Box<str>,
    consumer: Box<str>,
    #[serde(default, skip_serializing_if = "str::is_empty")]
    label: Box<str>,
    #[serde(default)]
    created: u64,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    not_before: Option<u64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    expires: Option<u64>,
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    disabled: bool,
}

#[derive(Serialize)]
struct Revocation {
    #[serde(skip_serializing_if = "Option::is_none")]
    expires: Option<u64>,
}

// === where ===

/// Where the record of the key with this digest stands.
pub fn key_place(digest: &Digest) -> String {
    format!("{KEYS}{}", digest.hex())
}

/// Where the record of the consumer with this name stands.
pub fn consumer_place(id: &str) -> String {
    format!("{CONSUMERS}{id}")
}

/// Where it is written that the token with this identifier is revoked: 16 bytes of its SHA-256, because it may be of any
/// length and hold anything.
pub fn revoked_place(authenticator: &str, token_id: &str) -> String {
    let digest = Digest::of(token_id.as_bytes()).hex();
    format!("{REVOKED}{authenticator}/{}", digest.get(..32).unwrap_or_default())
}

// === writing ===

/// The record of `key`.
pub fn write_key(key: &Key) -> String {
    sealed(&KeyRecord {
        digest: key.digest.hex().into(),
        consumer: key.consumer.clone(),
        label: key.label.clone(),
        created: key.created,
        not_before: key.not_before,
        expires: key.expires,
        disabled: key.disabled,
    })
}

/// The record of `consumer`.
pub fn write_consumer(consumer: &Consumer) -> String {
    sealed(&ConsumerRecord {
        id: consumer.id.clone(),
        groups: consumer.groups.clone(),
        plan: consumer.plan.clone(),
        metadata: consumer.metadata.iter().cloned().collect(),
        disabled: consumer.disabled,
    })
}

/// The record of a token that is revoked until `expires`, in seconds since 1970. That it is there says all.
pub fn write_revocation(expires: Option<u64>) -> String {
    sealed(&Revocation { expires })
}

/// Serialising these types cannot fail: they are text, numbers and maps with text for names.
fn sealed(record: &impl Serialize) -> String {
    let json = serde_json::to_string(record).unwrap_or_default();
    format!("{VERSION}:{:08x}:{json}", crc32fast::hash(json.as_bytes()))
}

// === reading ===

/// The key of a record that was found under `digest`.
pub fn read_key(digest: &Digest, record: &[u8]) -> Result<Key, Unreadable> {
    let key = any_key(record)?;
    if key.digest == *digest { Ok(key) } else { Err(Unreadable::Misplaced) }
}

/// The key of a record, wherever it was found.
pub fn any_key(record: &[u8]) -> Result<Key, Unreadable> {
    let written: KeyRecord = opened(record)?;
    let key = Key {
        digest: Digest::from_hex(&written.digest).ok_or(Unreadable::Bounds)?,
        consumer: written.consumer,
        label: written.label,
        created: written.created,
        not_before: written.not_before,
        expires: written.expires,
        disabled: written.disabled,
    };
    key.check().map_err(|_| Unreadable::Bounds)?;
    Ok(key)
}

/// The consumer of a record that was found under the name `id`.
pub fn read_consumer(id: &str, record: &[u8]) -> Result<Consumer, Unreadable> {
    let written: ConsumerRecord = opened(record)?;
    let consumer = Consumer {
        id: written.id,
        groups: written.groups,
        plan: written.plan,
        metadata: written.metadata.into_iter().collect(),
        disabled: written.disabled,
    };
    check(&consumer).map_err(|_| Unreadable::Bounds)?;
    if &*consumer.id == id { Ok(consumer) } else { Err(Unreadable::Misplaced) }
}

fn opened<'a, T: Deserialize<'a>>(record: &'a [u8]) -> Result<T, Unreadable> {
    if record.len() > LONGEST {
        return Err(Unreadable::Length);
    }
    let mut parts = record.splitn(3, |byte| *byte == b':');
    let (version, check, json) = (parts.next(), parts.next(), parts.next().ok_or(Unreadable::Form)?);
    if version != Some(VERSION.as_bytes()) {
        return Err(Unreadable::Form);
    }
    if check != Some(format!("{:08x}", crc32fast::hash(json)).as_bytes()) {
        return Err(Unreadable::Checksum);
    }
    serde_json::from_slice(json).map_err(|_| Unreadable::Json)
}

impl fmt::Display for Unreadable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Length => "it is longer than any record",
            Self::Form => "it has another form or version",
            Self::Checksum => "its checksum is wrong",
            Self::Json => "it is not the JSON of a record",
            Self::Bounds => "something in it is beyond its bounds",
            Self::Misplaced => "it belongs to another",
        })
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn key() -> Key {
        Key {
            digest: Digest::of(b"k"),
            consumer: "acme".into(),
            label: "laptop \"1\"".into(),
            created: 1_800_000_000,
            not_before: None,
            expires: Some(1_900_000_000),
            disabled: true,
        }
    }

    fn consumer() -> Consumer {
        Consumer {
            id: "acme".into(),
            groups: vec!["partners".into(), "eu".into()],
            plan: Some("gold".into()),
            metadata: vec![("tier".into(), "é".into())],
            disabled: false,
        }
    }

    #[test]
    fn what_was_written_is_read() {
        let digest = key().digest;
        assert_eq!(read_key(&digest, write_key(&key()).as_bytes()), Ok(key()));
        assert_eq!(read_consumer("acme", write_consumer(&consumer()).as_bytes()), Ok(consumer()));
        assert_eq!(key_place(&digest), format!("tollgate/key/{}", digest.hex()));
        assert_eq!(consumer_place("acme"), "tollgate/consumer/acme");
        // SHA-256 of "jti-1" begins with these bytes.
        assert_eq!(revoked_place("idp", "jti-1"), "tollgate/revoked/idp/5964da055ae31cf8eb7230e190a50489");
    }

    #[test]
    fn is_the_form_that_is_documented() {
        let least = Consumer { id: "a".into(), ..Consumer::default() };
        assert_eq!(write_consumer(&least), "1:9aa4e643:{\"id\":\"a\"}");
    }

    #[test]
    fn the_largest_consumer_fits() {
        let name = |it: usize, length: usize| -> Box<str> { format!("{it:0>length$}").into() };
        let largest = Consumer {
            id: name(0, super::super::NAME_LENGTH),
            groups: (0..super::super::GROUPS).map(|it| name(it, super::super::NAME_LENGTH)).collect(),
            plan: Some(name(0, super::super::NAME_LENGTH)),
            metadata: (0..super::super::METADATA)
                .map(|it| {
                    (name(it, super::super::METADATA_NAME), "\"".repeat(super::super::METADATA_VALUE).into())
                })
                .collect(),
            disabled: true,
        };
        let record = write_consumer(&largest);
        assert_eq!(read_consumer(&largest.id, record.as_bytes()), Ok(largest.clone()), "{}", record.len());
    }

    #[test]
    fn any_damage_is_noticed() {
        let record = write_key(&key()).into_bytes();
        for at in 0..record.len() {
            let mut changed = record.clone();
            changed[at] ^= 1;
            assert!(read_key(&key().digest, &changed).is_err(), "{at}");
            assert!(read_key(&key().digest, &record[..at]).is_err(), "{at}");
        }
    }

    #[test]
    fn what_is_not_ours_is_unreadable() {
        let seal = |json: &str| format!("1:{:08x}:{json}", crc32fast::hash(json.as_bytes()));
        for (record, why) in [
            (String::new(), Unreadable::Form),
            ("{\"id\":\"acme\"}".to_owned(), Unreadable::Form),
            (seal("{\"id\":\"acme\"}").replacen('1', "2", 1), Unreadable::Form),
            (seal("{\"id\":\"acme\",\"admin\":true}"), Unreadable::Json),
            (seal("{\"id\":\"acme\",\"id\":\"acme\"}"), Unreadable::Json),
            (seal("[]"), Unreadable::Json),
            (seal("{\"id\":\"a b\"}"), Unreadable::Bounds),
            (seal("{\"id\":\"other\"}"), Unreadable::Misplaced),
            (" ".repeat(LONGEST + 1), Unreadable::Length),
        ] {
            assert_eq!(read_consumer("acme", record.as_bytes()), Err(why), "{record:.80}");
        }
        let other = write_key(&Key { digest: Digest::of(b"other"), ..key() });
        assert_eq!(read_key(&key().digest, other.as_bytes()), Err(Unreadable::Misplaced));
    }
}
