//! For how long an answer may be kept that is made of several: no longer than any of them.

use std::fmt::Write as _;
use std::time::Duration;

use http::HeaderMap;
use http::header::HeaderValue;

use super::lifetime::left;
use super::said::{Part, said};
use super::storable::is_for_all;
use crate::host::UnixMillis;

/// The least that several answers allow; the default is what nobody has said anything of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Least {
    no_store: bool,
    private: bool,
    no_cache: bool,
    /// Whether all say that they are for everybody (RFC 9111 section 3.5); `None` where there are none.
    for_all: Option<bool>,
    fresh: Option<Duration>,
}

// === impl Least ===

impl Least {
    /// What one answer allows that arrived at `received`. Where a part of it is private or must be validated, all of it is: what
    /// has been made of it has no parts any more.
    pub fn of(headers: &HeaderMap, received: UnixMillis) -> Self {
        let said = said(headers);
        Self {
            no_store: said.no_store || said.must_understand,
            private: said.private != Part::Nothing,
            no_cache: said.no_cache != Part::Nothing,
            for_all: Some(is_for_all(&said)),
            fresh: said.has_lifetime(headers).then(|| left(headers, &said, received)),
        }
    }

    /// The least of both.
    #[must_use]
    pub fn and(self, other: Self) -> Self {
        let fresh = match (self.fresh, other.fresh) {
            (Some(one), Some(other)) => Some(one.min(other)),
            (one, other) => one.or(other),
        };
        Self {
            no_store: self.no_store || other.no_store,
            private: self.private || other.private,
            no_cache: self.no_cache || other.no_cache,
            for_all: match (self.for_all, other.for_all) {
                (Some(one), Some(other)) => Some(one && other),
                (one, other) => one.or(other),
            },
            fresh,
        }
    }

    /// `Cache-Control`; `None` where nobody has said anything.
    pub fn field(self) -> Option<HeaderValue> {
        if self.no_store {
            return Some(HeaderValue::from_static("no-store"));
        }
        let mut text = String::new();
        let public = self.for_all == Some(true) && !self.private;
        let said = [(public, "public"), (self.private, "private"), (self.no_cache, "no-cache")];
        let said = said.into_iter().filter(|(is_said, _)| *is_said).map(|(_, word)| word);
        for word in said {
            let between = if text.is_empty() { "" } else { ", " };
            let _ = write!(text, "{between}{word}");
        }
        if let Some(fresh) = self.fresh {
            let between = if text.is_empty() { "" } else { ", " };
            let _ = write!(text, "{between}max-age={}", fresh.as_secs());
        }
        if text.is_empty() { None } else { HeaderValue::try_from(text).ok() }
    }
}

#[cfg(test)]
mod tests {
    use http::header::{AGE, CACHE_CONTROL};

    use super::*;

    fn of(lines: &[&'static str]) -> Option<HeaderValue> {
        let one = |line: &&'static str| {
            let headers = HeaderMap::from_iter([(CACHE_CONTROL, HeaderValue::from_static(line))]);
            Least::of(&headers, UnixMillis(0))
        };
        lines.iter().map(one).fold(Least::default(), Least::and).field()
    }

    #[test]
    fn no_part_is_kept_for_longer_than_it_may_be() {
        for (lines, expected) in [
            (&[][..], None),
            (&["", "immutable"], None),
            (&["max-age=60", "max-age=5"], Some("max-age=5")),
            (&["max-age=60", ""], Some("max-age=60")),
            (&["max-age=60, s-maxage=7"], Some("public, max-age=7")),
            (&["public, max-age=60", "public"], Some("public, max-age=60")),
            (&["public, max-age=60", "max-age=70"], Some("max-age=60")),
            (&["max-age=60", "private"], Some("private, max-age=60")),
            (&["no-cache=\"x-a\"", "max-age=3"], Some("no-cache, max-age=3")),
            (&["no-store, max-age=60", "max-age=5"], Some("no-store")),
            (&["max-age=soon"], Some("max-age=0")),
        ] {
            assert_eq!(of(lines), expected.map(HeaderValue::from_static), "{lines:?}");
        }
    }

    #[test]
    fn what_is_old_has_less_left() {
        let headers = HeaderMap::from_iter([
            (CACHE_CONTROL, HeaderValue::from_static("max-age=60")),
            (AGE, HeaderValue::from_static("50")),
        ]);
        assert_eq!(Least::of(&headers, UnixMillis(0)).field(), Some(HeaderValue::from_static("max-age=10")));
    }
}
