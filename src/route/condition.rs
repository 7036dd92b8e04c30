//! Conditions on header fields and query parameters, and sets of methods.

use http::header::HeaderName;
use http::{HeaderMap, Method};
use regex_lite::Regex;

use crate::transform::query;

/// What one value must be.
#[derive(Debug, Clone)]
pub enum Expect {
    /// Equal to this.
    Exact(Box<str>),
    /// Whatever it is.
    Present,
    /// There must be none.
    Absent,
    /// A match for this, anywhere in it.
    Regex(Regex),
}

/// A condition on a header field.
#[derive(Debug, Clone)]
pub struct HeaderCondition {
    /// The field's name.
    pub name: HeaderName,
    /// What its value must be; where the field stands several times, one of them.
    pub expect: Expect,
}

/// A condition on a query parameter.
#[derive(Debug, Clone)]
pub struct QueryCondition {
    /// The parameter's name, decoded.
    pub name: Box<str>,
    /// What its value must be, decoded; where the parameter stands several times, one of them.
    pub expect: Expect,
}

/// Which methods a route takes.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Methods {
    /// Those written, in the order written; empty for any but CONNECT and TRACE.
    pub listed: Vec<Method>,
    /// `GET` is listed and `HEAD` is not, so that `GET` stands for both (RFC 9110 section 9.3.2).
    pub head_through_get: bool,
}

/// What "any method" means to a client that asks: the methods that every server knows, but for CONNECT and TRACE.
pub(super) const ANY: [Method; 7] =
    [Method::GET, Method::HEAD, Method::POST, Method::PUT, Method::PATCH, Method::DELETE, Method::OPTIONS];

// === impl Expect ===

impl PartialEq for Expect {
    fn eq(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Exact(a), Self::Exact(b)) => a == b,
            (Self::Present, Self::Present) | (Self::Absent, Self::Absent) => true,
            (Self::Regex(a), Self::Regex(b)) => a.as_str() == b.as_str(),
            _ => false,
        }
    }
}

impl Expect {
    /// Whether one of `values` is as it must be.
    pub fn holds<V: AsRef<[u8]>>(&self, mut values: impl Iterator<Item = V>) -> bool {
        match self {
            Self::Exact(text) => values.any(|value| value.as_ref() == text.as_bytes()),
            Self::Present => values.next().is_some(),
            Self::Absent => values.next().is_none(),
            // A value that is not text cannot match a pattern of characters.
            Self::Regex(regex) => {
                values.any(|value| std::str::from_utf8(value.as_ref()).is_ok_and(|text| regex.is_match(text)))
            }
        }
    }

    /// Whether no value can satisfy both.
    fn excludes(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Absent, Self::Absent) => false,
            (Self::Absent, _) | (_, Self::Absent) => true,
            _ => false,
        }
    }
}

impl std::fmt::Display for Expect {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Exact(text) => write!(f, " is {text:?}"),
            Self::Present => f.write_str(" is present"),
            Self::Absent => f.write_str(" is absent"),
            Self::Regex(regex) => write!(f, " matches {:?}", regex.as_str()),
        }
    }
}

// === impl HeaderCondition ===

impl HeaderCondition {
    /// Whether it holds for `headers`.
    pub fn holds(&self, headers: &HeaderMap) -> bool {
        self.expect.holds(headers.get_all(&self.name).iter())
    }
}

// === impl QueryCondition ===

impl QueryCondition {
    /// Whether it holds for a raw query.
    pub fn holds(&self, raw: Option<&str>) -> bool {
        self.expect.holds(query::values(raw, &self.name).map(|value| value.into_owned().into_bytes()))
    }
}

/// Whether two sets of conditions can never hold at once: one asks for a value that the other forbids.
pub fn exclude(a: &[(&str, &Expect)], b: &[(&str, &Expect)]) -> bool {
    a.iter().any(|(name, expect)| b.iter().any(|(other, theirs)| name == other && expect.excludes(theirs)))
}

// === impl Methods ===

impl Methods {
    /// Whether any method will do.
    pub fn is_any(&self) -> bool {
        self.listed.is_empty()
    }

    /// Whether `method` is taken.
    pub fn contains(&self, method: &Method) -> bool {
        if self.listed.is_empty() {
            // CONNECT makes a tunnel and TRACE shows the client's own credentials: neither is meant by "any".
            return *method != Method::CONNECT && *method != Method::TRACE;
        }
        self.listed.contains(method) || self.takes_through_get(method)
    }

    /// Whether `method` is taken without being listed.
    pub fn takes_through_get(&self, method: &Method) -> bool {
        self.head_through_get && *method == Method::HEAD
    }

    /// What both take by name.
    pub fn shared<'a>(&'a self, other: &'a Self) -> impl Iterator<Item = &'a Method> {
        self.listed.iter().filter(|method| other.listed.contains(method))
    }
}
