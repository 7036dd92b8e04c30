//! What can be ambiguous about a path, as a set: one name for each setting of the configuration's `paths`.

use std::fmt;

/// A set of ways in which servers are known to read a path differently.
#[derive(Clone, Copy, Default, PartialEq, Eq, Hash)]
pub struct Ambiguities(u8);

impl Ambiguities {
    /// Nothing ambiguous.
    pub const NONE: Self = Self(0);
    /// `%2F`: kept as it is, an ordinary character inside its segment (RFC 3986, 2.2: not equivalent to `/`).
    pub const ENCODED_SLASH: Self = Self(1);
    /// A backslash, plain or encoded: `%5C` in the normal form, never a separator.
    pub const BACKSLASH: Self = Self(1 << 1);
    /// A control character, `%00` to `%1F` and `%7F`: stays encoded.
    pub const CONTROL: Self = Self(1 << 2);
    /// A segment `.` or `..`, once encodings are decoded: resolved.
    pub const DOT_SEGMENTS: Self = Self(1 << 3);
    /// `%2E`: decoded.
    pub const ENCODED_DOT: Self = Self(1 << 4);
    /// `//`: one slash in the normal form.
    pub const EMPTY_SEGMENTS: Self = Self(1 << 5);
    /// A `%` that two hexadecimal digits do not follow: `%25` in the normal form.
    pub const INVALID_ENCODING: Self = Self(1 << 6);

    /// Each with the name of its setting in the configuration.
    const NAMES: [(Self, &'static str); 7] = [
        (Self::ENCODED_SLASH, "encoded_slash"),
        (Self::BACKSLASH, "backslash"),
        (Self::CONTROL, "control"),
        (Self::DOT_SEGMENTS, "dot_segments"),
        (Self::ENCODED_DOT, "encoded_dot"),
        (Self::EMPTY_SEGMENTS, "empty_segments"),
        (Self::INVALID_ENCODING, "invalid_encoding"),
    ];

    /// Whether there is none.
    pub const fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// Whether all of `others` are here.
    pub const fn contains(self, others: Self) -> bool {
        self.0 & others.0 == others.0
    }

    /// These and the others.
    #[must_use]
    pub const fn union(self, others: Self) -> Self {
        Self(self.0 | others.0)
    }

    /// These without the others.
    #[must_use]
    pub const fn minus(self, others: Self) -> Self {
        Self(self.0 & !others.0)
    }

    /// The names of the settings that decide about these, in the order of the configuration's reference.
    pub fn names(self) -> impl Iterator<Item = &'static str> {
        Self::NAMES.into_iter().filter(move |(one, _)| self.contains(*one)).map(|(_, name)| name)
    }

    /// Adds the others.
    pub(super) fn insert(&mut self, others: Self) {
        *self = self.union(others);
    }

    /// Adds what is ambiguous about this byte, encoded.
    pub(super) fn note_encoded(&mut self, value: u8) {
        match value {
            b'/' => self.insert(Self::ENCODED_SLASH),
            b'.' => self.insert(Self::ENCODED_DOT),
            _ => self.note_plain(value),
        }
    }

    /// Adds what is ambiguous about this byte, plain or encoded.
    pub(super) fn note_plain(&mut self, byte: u8) {
        match byte {
            b'\\' => self.insert(Self::BACKSLASH),
            0..=0x1F | 0x7F => self.insert(Self::CONTROL),
            _ => {}
        }
    }
}

impl fmt::Debug for Ambiguities {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.names()).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sets() {
        let both = Ambiguities::CONTROL.union(Ambiguities::BACKSLASH);
        assert!(both.contains(Ambiguities::CONTROL) && !both.contains(Ambiguities::ENCODED_DOT));
        assert_eq!(both.minus(Ambiguities::CONTROL), Ambiguities::BACKSLASH);
        assert!(both.minus(both).is_empty());
        assert_eq!(format!("{both:?}"), r#"{"backslash", "control"}"#);
    }
}
