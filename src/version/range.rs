//! Ranges of versions: `2`, `1.2`, `^1.2`, `~1.2`, `>=1 <3`.
//!
//! They are read as `node-semver` and Cargo read them, but that a version without a sign means all that begin with it:
//! `1.2` is `1.2.0` to `1.2.9…`, as in `node-semver`, and a version in full is that one alone.

use super::number::{Kind, Number, Partial};

/// Versions from one to before another.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Range {
    /// The first that is in it.
    from: Number,
    /// The first that is not in it any more.
    to: Option<Number>,
}

/// The most comparisons in a range: one for each end is enough, and some more do no harm.
const MOST_COMPARISONS: usize = 4;

// === impl Range ===

impl Range {
    /// Reads a range: comparisons that all must hold, with spaces or commas between.
    pub fn read(kind: Kind, text: &str) -> Option<Self> {
        let mut range = Self { from: Number([0; 3]), to: None };
        let mut count = 0;
        for comparison in text.split([' ', ',']).filter(|piece| !piece.is_empty()) {
            count += 1;
            if count > MOST_COMPARISONS {
                return None;
            }
            range = range.shared(Self::comparison(kind, comparison)?);
        }
        (count > 0).then_some(range)
    }

    /// Whether `number` is in it.
    pub fn contains(&self, number: Number) -> bool {
        self.from <= number && self.to.is_none_or(|to| number < to)
    }

    fn comparison(kind: Kind, text: &str) -> Option<Self> {
        let end = text.find(|c: char| c.is_ascii_digit() || c.eq_ignore_ascii_case(&'v'))?;
        let (sign, text) = text.split_at(end);
        let written = kind.partial(text)?;
        let (from, after) = (written.number, kind.after(written));
        Some(match sign {
            "" | "=" => Self { from, to: Some(after) },
            ">=" => Self { from, to: None },
            ">" => Self { from: after, to: None },
            "<=" => Self { from: Number([0; 3]), to: Some(after) },
            "<" => Self { from: Number([0; 3]), to: Some(from) },
            // Days are not compatible with one another.
            "^" if kind != Kind::Date => Self { from, to: Some(kind.after(compatible(written))) },
            "~" if kind != Kind::Date => {
                let parts = written.parts.min(2);
                Self { from, to: Some(kind.after(Partial { parts, ..written })) }
            }
            _ => return None,
        })
    }

    fn shared(self, other: Self) -> Self {
        let to = match (self.to, other.to) {
            (Some(a), Some(b)) => Some(a.min(b)),
            (to, None) | (None, to) => to,
        };
        Self { from: self.from.max(other.from), to }
    }
}

/// Up to the first number that is not 0: before `1.0.0`, anything may change (Semantic Versioning 2.0.0, item 4).
fn compatible(written: Partial) -> Partial {
    let first = written.number.0.iter().position(|part| *part != 0);
    Partial { parts: first.map_or(written.parts, |at| at + 1).min(written.parts), ..written }
}
