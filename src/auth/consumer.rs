//! Consumers: who keys and passwords belong to, and whether a key counts now.

use std::collections::BTreeMap;
use std::fmt;

use super::digest::Digest;

pub mod record;

/// Somebody who may call. Many keys may belong to one consumer: to change a key, make a second, let the consumer begin
/// to use it, and revoke the first; both count meanwhile.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Consumer {
    /// Its name: 1 to [`NAME_LENGTH`] letters, digits, `-`, `_`, `.`, `@`, `:` and `+`.
    pub id: Box<str>,
    /// The groups it is in, for policies.
    pub groups: Vec<Box<str>>,
    /// What it may use, by name.
    pub plan: Option<Box<str>>,
    /// What else is known of it, for policies and upstreams.
    pub metadata: BTreeMap<Box<str>, Box<str>>,
    /// Switched off: none of its credentials counts.
    pub disabled: bool,
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

// === impl Consumer ===

impl Consumer {
    /// What is wrong with it.
    pub fn check(&self) -> Result<(), OutOfBounds> {
        check_name("a consumer", &self.id)?;
        self.groups.iter().try_for_each(|group| check_name("a group", group))?;
        self.plan.iter().try_for_each(|plan| check_name("a plan", plan))?;
        if self.groups.len() > GROUPS {
            return Err(OutOfBounds(format!("a consumer is in {GROUPS} groups at most")));
        }
        if self.metadata.len() > METADATA {
            return Err(OutOfBounds(format!("a consumer has {METADATA} pairs of metadata at most")));
        }
        self.metadata.iter().try_for_each(|(name, value)| {
            check_text("a name in metadata", name, METADATA_NAME)?;
            check_text("a value in metadata", value, METADATA_VALUE)
        })
    }
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
        assert!(acme.check().is_ok());
        assert!(Consumer { groups: vec!["g".into(); GROUPS], ..acme.clone() }.check().is_ok());
        assert!(Consumer { metadata: pairs(METADATA), ..acme.clone() }.check().is_ok());
        for bad in [
            Consumer { id: "".into(), ..acme.clone() },
            Consumer { id: "a b".into(), ..acme.clone() },
            Consumer { id: "a/b".into(), ..acme.clone() },
            Consumer { id: "a".repeat(NAME_LENGTH + 1).into(), ..acme.clone() },
            Consumer { groups: vec!["g".into(); GROUPS + 1], ..acme.clone() },
            Consumer { groups: vec!["a,b".into()], ..acme.clone() },
            Consumer { plan: Some("é".into()), ..acme.clone() },
            Consumer { metadata: pairs(METADATA + 1), ..acme.clone() },
            Consumer { metadata: BTreeMap::from([("a\0".into(), "".into())]), ..acme.clone() },
            Consumer { metadata: BTreeMap::from([("a".into(), "b".repeat(513).into())]), ..acme.clone() },
        ] {
            assert!(bad.check().is_err(), "{bad:?}");
        }
    }
}
