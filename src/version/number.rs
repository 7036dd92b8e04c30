//! What versions are called: whole numbers, dates, or numbers in three parts.
//!
//! All are read into three numbers, so that they can be compared, and written in one form each.

use std::fmt;

use crate::plan::moment;

/// What the versions of an API are called.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// `2`.
    Integer,
    /// `2026-11-21`.
    Date,
    /// `1.2.0` (Semantic Versioning 2.0.0), without pre-releases: clients cannot agree on what is still to change.
    Semver,
}

/// What a version is called, to be compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Number(pub [u32; 3]);

/// A version of which the last parts may be left out: `1`, `1.2`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Partial {
    pub(super) number: Number,
    /// How many parts were written.
    pub(super) parts: usize,
}

/// A number in its normal form, as text.
#[derive(Debug, Clone, Copy)]
pub struct Name(Kind, Number);

/// The most digits that a number may have: all fit, and one more does too.
const MOST_DIGITS: usize = 9;

// === impl Kind ===

impl Kind {
    /// Reads what a version is called; parts that are left out are 0. `2` and `1.2` may have a `v` before them.
    pub fn read(self, text: &str) -> Option<Number> {
        Some(self.partial(text)?.number)
    }

    /// Reads what may be the beginning of what a version is called.
    pub(super) fn partial(self, text: &str) -> Option<Partial> {
        let plain = text.strip_prefix(['v', 'V']).unwrap_or(text);
        match self {
            Self::Integer => Some(Partial { number: Number([whole(plain)?, 0, 0]), parts: 1 }),
            Self::Date => date(text).map(|number| Partial { number, parts: 3 }),
            Self::Semver => {
                let mut number = [0; 3];
                let mut parts = 0;
                for part in plain.split('.') {
                    *number.get_mut(parts)? = whole(part)?;
                    parts += 1;
                }
                Some(Partial { number: Number(number), parts })
            }
        }
    }

    /// The normal form of `number`.
    pub const fn name(self, number: Number) -> Name {
        Name(self, number)
    }

    /// The first that is after `number`, where only its first `parts` count: after `1.2`, `1.3.0`. After a day there is the
    /// next number of a day, whether or not the month has it: it is for comparing.
    pub(super) fn after(self, Partial { number: Number(mut number), parts }: Partial) -> Number {
        let last = parts.clamp(1, 3) - 1;
        number[last] += 1;
        number[last + 1..].fill(0);
        Number(number)
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Integer => "a whole number, such as \"2\"",
            Self::Date => "a date, such as \"2026-11-21\"",
            Self::Semver => "one to three numbers with dots between, such as \"1.2.0\"",
        })
    }
}

// === impl Name ===

impl fmt::Display for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self(kind, Number([first, second, third])) = self;
        match kind {
            Kind::Integer => write!(f, "{first}"),
            Kind::Date => write!(f, "{first:04}-{second:02}-{third:02}"),
            Kind::Semver => write!(f, "{first}.{second}.{third}"),
        }
    }
}

/// Digits, without a zero before others: two texts for one version would be two versions to caches in front.
fn whole(digits: &str) -> Option<u32> {
    let fits = (1..=MOST_DIGITS).contains(&digits.len()) && digits.bytes().all(|byte| byte.is_ascii_digit());
    let canonical = digits == "0" || !digits.starts_with('0');
    (fits && canonical).then(|| digits.parse().ok()).flatten()
}

/// A day that there is (RFC 3339 section 5.6, `full-date`).
fn date(text: &str) -> Option<Number> {
    if text.len() != 10 {
        return None;
    }
    moment(text)?;
    let part = |range: std::ops::Range<usize>| text.get(range)?.parse().ok();
    Some(Number([part(0..4)?, part(5..7)?, part(8..10)?]))
}
