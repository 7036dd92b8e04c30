//! Consumers: who keys and passwords belong to, and whether a key counts now.
//!
//! Many keys may belong to one consumer. To change a key, make a second, let the consumer begin to use it, and revoke
//! the first; both count meanwhile.

use std::fmt;
use std::sync::Arc;

pub use super::caller::Consumer;
use super::digest::Digest;
use super::password::{Cost, Password};

pub mod record;

/// Consumers that stand in the configuration, with their keys and passwords.
#[derive(Debug, Default)]
pub struct Consumers {
    /// By name, sorted.
    pub all: Vec<Arc<Consumer>>,
    /// By digest, sorted.
    pub keys: Vec<Key>,
    /// By the name of the consumer, sorted.
    pub passwords: Vec<(Box<str>, Password)>,
    /// What is computed for a name that has no password: as costly as the costliest of them.
    pub nobodys: Option<Password>,
}

/// One key of a consumer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Key {
    /// What is kept of it.
    pub digest: Digest,
    /// The name of its consumer.
    pub consumer: Box<str>,
    /// What its owner calls it; empty for nothing.
    pub label: Box<str>,
    /// When it was made, in seconds since 1970; 0 where that is not known.
    pub created: u64,
    /// From when it counts, in seconds since 1970.
    pub not_before: Option<u64>,
    /// From when it counts no more, in seconds since 1970.
    pub expires: Option<u64>,
    /// Switched off.
    pub disabled: bool,
}

/// Whether a key counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum State {
    /// It does.
    Live,
    /// Its time has not come.
    Early,
    /// Its time is over.
    Expired,
    /// It is switched off.
    Disabled,
}

/// The longest name of a consumer, a group or a plan, in bytes: they go into header fields and logs.
pub const NAME_LENGTH: usize = 128;
/// How many groups a consumer may be in: all of them may go into one header field.
pub const GROUPS: usize = 64;
/// How many pairs of metadata a consumer may have; like the lengths, so that a record stays below [`record::LONGEST`].
pub const METADATA: usize = 32;
/// The longest name in metadata, in bytes.
pub const METADATA_NAME: usize = 64;
/// The longest value in metadata, in bytes.
pub const METADATA_VALUE: usize = 512;
/// The longest label of a key, in bytes.
pub const LABEL_LENGTH: usize = 128;

/// What is beyond a bound, for whoever wrote it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OutOfBounds(pub String);

// === impl Key ===

impl Key {
    /// Whether it counts at `now`, in seconds since 1970.
    pub fn state(&self, now: u64) -> State {
        if self.disabled {
            State::Disabled
        } else if self.not_before.is_some_and(|moment| now < moment) {
            State::Early
        } else if self.expires.is_some_and(|moment| now >= moment) {
            State::Expired
        } else {
            State::Live
        }
    }

    /// What is wrong with it.
    pub fn check(&self) -> Result<(), OutOfBounds> {
        check_name("a consumer", &self.consumer)?;
        check_text("a label", &self.label, LABEL_LENGTH)?;
        match (self.not_before, self.expires) {
            (Some(from), Some(to)) if from >= to => {
                Err(OutOfBounds("the key would expire before it counts".to_owned()))
            }
            _ => Ok(()),
        }
    }
}

// === impl Consumers ===

impl Consumers {
    /// Puts together what was written; the order does not matter.
    pub fn new(mut all: Vec<Consumer>, mut keys: Vec<Key>, mut passwords: Vec<(Box<str>, Password)>) -> Self {
        all.sort_by(|a, b| a.id.cmp(&b.id));
        keys.sort_by(|a, b| a.digest.bytes().cmp(b.digest.bytes()));
        passwords.sort_by(|a, b| a.0.cmp(&b.0));
        let costliest: Option<Cost> =
            passwords.iter().map(|(_, password)| password.cost()).max_by_key(|cost| cost.work());
        let nobodys = costliest.map(Password::nobodys);
        Self { all: all.into_iter().map(Arc::new).collect(), keys, passwords, nobodys }
    }

    /// The consumer of this name.
    pub fn consumer(&self, id: &str) -> Option<&Arc<Consumer>> {
        let at = self.all.binary_search_by(|known| (*known.id).cmp(id)).ok()?;
        Some(&self.all[at])
    }

    /// The key with this digest. What the search finds is compared again in constant time; [`Digest::bytes`] says why
    /// the search itself need not be.
    pub fn key(&self, digest: &Digest) -> Option<&Key> {
        let at = self.keys.binary_search_by(|known| known.digest.bytes().cmp(digest.bytes())).ok()?;
        Some(&self.keys[at]).filter(|key| key.digest == *digest)
    }

    /// The password of the consumer of this name.
    pub fn password(&self, id: &str) -> Option<&Password> {
        let at = self.passwords.binary_search_by(|(known, _)| (**known).cmp(id)).ok()?;
        Some(&self.passwords[at].1)
    }
}

// === bounds ===

/// What is wrong with a consumer.
pub fn check(consumer: &Consumer) -> Result<(), OutOfBounds> {
    check_name("a consumer", &consumer.id)?;
    consumer.groups.iter().try_for_each(|group| check_name("a group", group))?;
    consumer.plan.iter().try_for_each(|plan| check_name("a plan", plan))?;
    if consumer.groups.len() > GROUPS {
        return Err(OutOfBounds(format!("a consumer is in {GROUPS} groups at most")));
    }
    if consumer.metadata.len() > METADATA {
        return Err(OutOfBounds(format!("a consumer has {METADATA} pairs of metadata at most")));
    }
    consumer.metadata.iter().try_for_each(|(name, value)| {
        check_text("a name in metadata", name, METADATA_NAME)?;
        check_text("a value in metadata", value, METADATA_VALUE)
    })
}

/// Whether `text` can name a consumer, a group or a plan: what header fields, logs and paths carry as it is.
pub fn is_name(text: &str) -> bool {
    let may = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.@:+".contains(&byte);
    (1..=NAME_LENGTH).contains(&text.len()) && text.bytes().all(may)
}

fn check_name(what: &str, text: &str) -> Result<(), OutOfBounds> {
    if is_name(text) {
        return Ok(());
    }
    let shown: String = text.chars().take(NAME_LENGTH).collect();
    Err(OutOfBounds(format!(
        "\"{}\" cannot be the name of {what}: letters, digits and - _ . @ : +, at most {NAME_LENGTH}",
        shown.escape_debug()
    )))
}

fn check_text(what: &str, text: &str, length: usize) -> Result<(), OutOfBounds> {
    if text.len() > length {
        Err(OutOfBounds(format!("{what} has {length} bytes at most")))
    } else if text.chars().any(char::is_control) {
        Err(OutOfBounds(format!("{what} has no control characters")))
    } else {
        Ok(())
    }
}

impl fmt::Display for OutOfBounds {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

// === impl State ===

impl State {
    /// The state in one word.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Live => "live",
            Self::Early => "early",
            Self::Expired => "expired",
            Self::Disabled => "disabled",
        }
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
            label: "".into(),
            created: 0,
            not_before: Some(100),
            expires: Some(200),
            disabled: false,
        }
    }

    #[test]
    fn counts_from_the_first_second_until_before_the_last() {
        for (now, state) in [
            (0, State::Early),
            (99, State::Early),
            (100, State::Live),
            (199, State::Live),
            (200, State::Expired),
            (u64::MAX, State::Expired),
        ] {
            assert_eq!(key().state(now), state, "{now}");
        }
        assert_eq!(Key { not_before: None, expires: None, ..key() }.state(0), State::Live);
        assert_eq!(Key { disabled: true, ..key() }.state(150), State::Disabled);
    }

    #[test]
    fn a_key_must_count_some_time() {
        assert!(key().check().is_ok());
        assert!(Key { expires: Some(100), ..key() }.check().is_err());
        assert!(Key { label: "a\nb".into(), ..key() }.check().is_err());
        assert!(Key { consumer: "".into(), ..key() }.check().is_err());
    }

    #[test]
    fn everything_about_a_consumer_has_bounds() {
        let acme = Consumer { id: "acme".into(), ..Consumer::default() };
        let pairs = |count: usize| (0..count).map(|it| (it.to_string().into(), "".into())).collect();
        let pair = |name: &str, value: &str| vec![(name.into(), value.into())];
        assert!(check(&acme).is_ok());
        assert!(check(&Consumer { groups: vec!["g".into(); GROUPS], ..acme.clone() }).is_ok());
        assert!(check(&Consumer { metadata: pairs(METADATA), ..acme.clone() }).is_ok());
        for bad in [
            Consumer { id: "".into(), ..acme.clone() },
            Consumer { id: "a b".into(), ..acme.clone() },
            Consumer { id: "a/b".into(), ..acme.clone() },
            Consumer { id: "a".repeat(NAME_LENGTH + 1).into(), ..acme.clone() },
            Consumer { groups: vec!["g".into(); GROUPS + 1], ..acme.clone() },
            Consumer { groups: vec!["a,b".into()], ..acme.clone() },
            Consumer { plan: Some("é".into()), ..acme.clone() },
            Consumer { metadata: pairs(METADATA + 1), ..acme.clone() },
            Consumer { metadata: pair("a\0", ""), ..acme.clone() },
            Consumer { metadata: pair("a", &"b".repeat(METADATA_VALUE + 1)), ..acme.clone() },
        ] {
            assert!(check(&bad).is_err(), "{bad:?}");
        }
    }

    #[test]
    fn finds_what_is_there_and_nothing_else() {
        let consumer = |id: &str| Consumer { id: id.into(), ..Consumer::default() };
        let keys = (0..100_u8).map(|number| Key { digest: Digest::of(&[number]), ..key() }).collect();
        let found = Consumers::new(vec![consumer("b"), consumer("a"), consumer("c")], keys, Vec::new());
        assert!((0..100_u8).all(|number| {
            found.key(&Digest::of(&[number])).is_some_and(|key| key.digest == Digest::of(&[number]))
        }));
        assert!(found.key(&Digest::of(&[100])).is_none());
        assert_eq!(found.consumer("a").map(|it| &*it.id), Some("a"));
        assert!(found.consumer("d").is_none() && found.password("a").is_none() && found.nobodys.is_none());
    }
}
