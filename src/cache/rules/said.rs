//! What an answer says about caching (RFC 9111 section 5.2.2, RFC 5861), from whichever field decides.

use std::time::Duration;

use http::HeaderMap;
use http::header::{CACHE_CONTROL, EXPIRES, HeaderName};

use super::directives::{Directive, directives};
use super::seconds::seconds;
use super::targeted;

/// What an answer says.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Said {
    /// A field for caches like this one says it, so that `Expires` counts for nothing (RFC 9213 section 2.2).
    pub targeted: bool,
    /// `no-store`.
    pub no_store: bool,
    /// `must-understand`.
    pub must_understand: bool,
    /// `private`.
    pub private: Part,
    /// `no-cache`.
    pub no_cache: Part,
    /// `public`.
    pub public: bool,
    /// `must-revalidate`.
    pub must_revalidate: bool,
    /// `proxy-revalidate`.
    pub proxy_revalidate: bool,
    /// `max-age`; zero where it cannot be read.
    pub max_age: Option<Duration>,
    /// `s-maxage`; zero where it cannot be read.
    pub s_maxage: Option<Duration>,
    /// `stale-while-revalidate`; zero where it cannot be read.
    pub while_revalidate: Option<Duration>,
    /// `stale-if-error`; zero where it cannot be read.
    pub if_error: Option<Duration>,
}

/// Which part of an answer a directive is about.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum Part {
    /// The directive is not there.
    #[default]
    Nothing,
    /// These fields.
    Fields(Vec<HeaderName>),
    /// All of it.
    Whole,
}

/// Reads what an answer says.
pub fn said(headers: &HeaderMap) -> Said {
    targeted::said(headers).unwrap_or_else(|| {
        let mut said = Said::default();
        for directive in directives(headers, CACHE_CONTROL) {
            heed(&mut said, &directive);
        }
        said
    })
}

/// Of a directive that stands several times, the first counts (RFC 9111 section 4.2.1). Where several contradict each
/// other, the strictest does, which is for those to see who decide.
fn heed(said: &mut Said, directive: &Directive<'_>) {
    // RFC 9111 section 4.2.1: what cannot be read is stale.
    let number = || directive.argument.and_then(seconds).unwrap_or(Duration::ZERO);
    if directive.is("no-store") {
        said.no_store = true;
    } else if directive.is("must-understand") {
        said.must_understand = true;
    } else if directive.is("private") {
        said.private.add(Part::of(directive.argument));
    } else if directive.is("no-cache") {
        said.no_cache.add(Part::of(directive.argument));
    } else if directive.is("public") {
        said.public = true;
    } else if directive.is("must-revalidate") {
        said.must_revalidate = true;
    } else if directive.is("proxy-revalidate") {
        said.proxy_revalidate = true;
    } else if directive.is("max-age") {
        said.max_age.get_or_insert_with(number);
    } else if directive.is("s-maxage") {
        said.s_maxage.get_or_insert_with(number);
    } else if directive.is("stale-while-revalidate") {
        said.while_revalidate.get_or_insert_with(number);
    } else if directive.is("stale-if-error") {
        said.if_error.get_or_insert_with(number);
    }
}

// === impl Said ===

impl Said {
    /// Whether the answer, which has `headers`, says for how long it is fresh.
    pub fn has_lifetime(&self, headers: &HeaderMap) -> bool {
        let expires = !self.targeted && headers.contains_key(EXPIRES);
        self.max_age.is_some() || self.s_maxage.is_some() || expires
    }
}

// === impl Part ===

impl Part {
    /// The fields that an argument of `private` or `no-cache` names. Where it is not a list of fields that can be left out,
    /// the directive is about the whole answer, which is always a safe reading of it (RFC 9111 section 5.2.2.7).
    pub fn of(argument: Option<&[u8]>) -> Self {
        let Some(argument) = argument else { return Self::Whole };
        let names = argument.split(|byte| *byte == b',').map(<[u8]>::trim_ascii);
        let names = names.filter(|name| !name.is_empty()).map(HeaderName::from_bytes);
        match names.collect::<Result<Vec<_>, _>>() {
            Ok(names) if !names.is_empty() && names.iter().all(can_be_left_out) => Self::Fields(names),
            _ => Self::Whole,
        }
    }

    /// Adds what another directive of the same name is about.
    pub fn add(&mut self, other: Self) {
        match (&mut *self, other) {
            (Self::Fields(names), Self::Fields(more)) => names.extend(more),
            (Self::Whole, _) | (_, Self::Nothing) => {}
            (_, other) => *self = other,
        }
    }
}

/// Whether an answer is still itself without the field: what says how to read it, for whom it is and for how long, or where
/// to go cannot be left out.
fn can_be_left_out(name: &HeaderName) -> bool {
    const NEEDED: [&str; 5] = ["age", "date", "expires", "location", "vary"];
    let name = name.as_str();
    !(NEEDED.contains(&name) || name.starts_with("content-") || name.ends_with("cache-control"))
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;

    use super::*;

    fn of(line: &'static str) -> Said {
        said(&HeaderMap::from_iter([(CACHE_CONTROL, HeaderValue::from_static(line))]))
    }

    #[test]
    fn what_an_answer_says() {
        let (none, secs) = (Said::default, |secs| Some(Duration::from_secs(secs)));
        let fields = |names: &[&'static str]| {
            Part::Fields(names.iter().map(|name| HeaderName::from_static(name)).collect())
        };
        for (line, expected) in [
            ("foo", none()),
            ("No-StOrE", Said { no_store: true, ..none() }),
            ("no-store=\"x\"", Said { no_store: true, ..none() }),
            ("max-age=60", Said { max_age: secs(60), ..none() }),
            ("max-age=-60", Said { max_age: secs(0), ..none() }),
            ("max-age='60'", Said { max_age: secs(0), ..none() }),
            ("max-age", Said { max_age: secs(0), ..none() }),
            ("max-age=1, max-age=1800", Said { max_age: secs(1), ..none() }),
            ("max-age=1800, max-age=1", Said { max_age: secs(1800), ..none() }),
            ("max-age=1, s-maxage=\"60\"", Said { max_age: secs(1), s_maxage: secs(60), ..none() }),
            ("private", Said { private: Part::Whole, ..none() }),
            ("private=\"Set-Cookie, X-A\"", Said { private: fields(&["set-cookie", "x-a"]), ..none() }),
            ("private=x-a", Said { private: fields(&["x-a"]), ..none() }),
            ("private=x-a, private=x-b", Said { private: fields(&["x-a", "x-b"]), ..none() }),
            ("private=x-a, private", Said { private: Part::Whole, ..none() }),
            ("private, private=x-a", Said { private: Part::Whole, ..none() }),
            ("private=\"\"", Said { private: Part::Whole, ..none() }),
            ("private=\"x a\"", Said { private: Part::Whole, ..none() }),
            ("private =\"x-a\"", Said { private: Part::Whole, ..none() }),
            ("no-cache=\"x-a\"", Said { no_cache: fields(&["x-a"]), ..none() }),
            ("no-cache=\"content-encoding\"", Said { no_cache: Part::Whole, ..none() }),
            ("no-cache=\"x-a, cache-control\"", Said { no_cache: Part::Whole, ..none() }),
            (
                "public,must-revalidate, proxy-revalidate, must-understand",
                Said {
                    public: true,
                    must_revalidate: true,
                    proxy_revalidate: true,
                    must_understand: true,
                    ..none()
                },
            ),
            (
                "stale-while-revalidate=3, stale-if-error=x",
                Said { while_revalidate: secs(3), if_error: secs(0), ..none() },
            ),
        ] {
            assert_eq!(of(line), expected, "{line}");
        }
    }

    #[test]
    fn lines_are_one_list() {
        let mut headers = HeaderMap::new();
        for line in ["max-age=3600", "s-maxage=1, ext=\"", "no-store"] {
            headers.append(CACHE_CONTROL, HeaderValue::from_static(line));
        }
        let said = said(&headers);
        assert_eq!(said.max_age, Some(Duration::from_secs(3600)));
        assert_eq!(said.s_maxage, Some(Duration::from_secs(1)));
        assert!(said.no_store);
    }
}
