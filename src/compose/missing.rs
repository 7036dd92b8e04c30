//! Why something is missing from an answer, as clients are told: one of a closed set, and nothing of what is behind it.

use http::StatusCode;
use http::header::{HeaderName, HeaderValue};
use sfv::{Integer, KeyRef, ListSerializer, TokenRef};

/// `true` where nothing is missing from the answer of a composed route.
pub const COMPLETED: HeaderName = HeaderName::from_static("tollgate-completed");

/// What is missing from it, and why: a list of tokens with parameters (RFC 9651 section 3.1).
pub const MISSING: HeaderName = HeaderName::from_static("tollgate-missing");

const STATUS: &KeyRef = KeyRef::constant("status");
const ELEMENTS: &KeyRef = KeyRef::constant("elements");
const REASON: &KeyRef = KeyRef::constant("reason");

/// Why a step has no answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Reason {
    /// The upstream answered with a status that is no success.
    Status(StatusCode),
    /// It did not answer in time.
    Timeout,
    /// It could not be asked, or broke its answer off.
    Unavailable,
    /// Its answer is no JSON, or not of the form that is expected.
    Content,
    /// Its answer is larger than may be.
    Size,
    /// The request could not be made of what there was.
    Request,
    /// What it should be asked for each element of is no list, or too long.
    List,
    /// A step that it needs has no answer.
    Needs,
    /// So many elements of its list have no answer.
    Elements(usize),
}

// === impl Reason ===

impl Reason {
    /// Its name, in fields, logs and metrics.
    pub const fn slug(self) -> &'static str {
        match self {
            Self::Status(_) => "status",
            Self::Timeout => "timeout",
            Self::Unavailable => "unavailable",
            Self::Content => "content",
            Self::Size => "size",
            Self::Request => "request",
            Self::List => "list",
            Self::Needs => "needs",
            Self::Elements(_) => "elements",
        }
    }
}

impl std::fmt::Display for Reason {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Status(status) => write!(f, "the service answered {}", status.as_u16()),
            Self::Timeout => f.write_str("the service did not answer in time"),
            Self::Unavailable => f.write_str("the service is not available"),
            Self::Content => f.write_str("the service's answer cannot be read"),
            Self::Size => f.write_str("the service's answer is too large"),
            Self::Request => f.write_str("the request for it cannot be made"),
            Self::List => f.write_str("there is no list of what to ask for, or it is too long"),
            Self::Needs => f.write_str("something that it needs is missing"),
            Self::Elements(1) => f.write_str("one of its elements is missing"),
            Self::Elements(count) => write!(f, "{count} of its elements are missing"),
        }
    }
}

/// `Tollgate-Missing`; `None` where nothing is.
pub fn field<'a>(missing: impl IntoIterator<Item = (&'a str, Reason)>) -> Option<HeaderValue> {
    let mut list = ListSerializer::new();
    for (name, reason) in missing {
        // Names of steps are tokens, which the plan has seen to.
        let Ok(name) = TokenRef::from_str(name) else { continue };
        let entry = list.bare_item(name);
        match reason {
            Reason::Status(status) => entry.parameter(STATUS, Integer::from(status.as_u16())),
            Reason::Elements(count) => {
                entry.parameter(ELEMENTS, Integer::from(u32::try_from(count).unwrap_or(u32::MAX)))
            }
            other => entry.parameter(REASON, TokenRef::constant(other.slug())),
        };
    }
    HeaderValue::try_from(list.finish()?).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_missing_is_named_with_its_reason() {
        let missing = [
            ("stock", Reason::Status(StatusCode::SERVICE_UNAVAILABLE)),
            ("reviews", Reason::Timeout),
            ("prices", Reason::Elements(3)),
        ];
        let field = field(missing);
        let expected = "stock;status=503, reviews;reason=timeout, prices;elements=3";
        assert_eq!(field, Some(HeaderValue::from_static(expected)));
        assert_eq!(super::field([]), None);
    }
}
