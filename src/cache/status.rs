//! What the cache says of an answer: `Cache-Status` (RFC 9211), the log and the metrics.

use bytes::Bytes;
use http::header::HeaderName;
use http::{HeaderValue, StatusCode};

/// Each cache on the way appends what it did (RFC 9211 section 2).
pub const CACHE_STATUS: HeaderName = HeaderName::from_static("cache-status");

/// The greatest Integer of a structured field (RFC 9651 section 3.3.1).
const GREATEST: i64 = 999_999_999_999_999;

/// What the cache did with a request. Only requests of routes that keep answers have one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Status {
    /// Whether, and how, what was kept was used.
    pub hit: Hit,
    /// Why the upstream was asked, where it was (RFC 9211 section 2.2).
    pub forward: Option<Forward>,
    /// What the upstream answered, where that is not what the client got (section 2.3).
    pub forward_status: Option<StatusCode>,
    /// How long what was given is fresh still, in seconds; negative where it is stale (section 2.4).
    pub ttl: Option<i64>,
    /// The answer is kept (section 2.5).
    pub stored: bool,
    /// Another request's fetch was waited for (section 2.6).
    pub collapsed: bool,
}

/// How what was kept was used.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Hit {
    /// Not.
    #[default]
    None,
    /// It was fresh.
    Fresh,
    /// It was stale, and the client took that, or a new one is being fetched.
    Stale,
    /// It was stale, and the upstream failed.
    Rescued,
    /// The upstream said that it is still good.
    Validated,
}

/// Why the upstream was asked (RFC 9211 section 2.2).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Forward {
    /// The cache has no say in requests like this one.
    Bypass,
    /// The method is not one whose answers are kept.
    Method,
    /// Nothing is kept for this address.
    UriMiss,
    /// Something is kept for this address, for other requests.
    VaryMiss,
    /// The request asked for it.
    Request,
    /// What is kept is stale.
    Stale,
}

/// What the cache did, for the log and the metrics: one of a closed set.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Outcome {
    /// What was kept was fresh, and given.
    Hit,
    /// It was stale, and given.
    Stale,
    /// It was stale, and given because the upstream failed.
    Rescued,
    /// The upstream said that it is still good.
    Validated,
    /// The upstream answered.
    Miss,
    /// The cache had no say.
    Bypass,
    /// Another request's fetch was waited for, and its answer given.
    Coalesced,
}

// === impl Status ===

impl Status {
    /// Another request's fetch is waited for, which this one would have had to make too, for the reason `why`.
    pub fn collapse(&mut self, why: Forward) {
        self.collapsed = true;
        self.forward = Some(why);
    }

    /// What the cache of `name` says in `Cache-Status`.
    pub fn field(&self, name: &str) -> HeaderValue {
        // Room for a name as they are, and for all parameters.
        let mut field = Vec::with_capacity(96);
        push_name(&mut field, name);
        match self.forward {
            // Section 2: a request that was forwarded is no hit, whatever became of it.
            Some(forward) => {
                field.extend_from_slice(b"; fwd=");
                field.extend_from_slice(forward.token());
                if let Some(status) = self.forward_status {
                    field.extend_from_slice(b"; fwd-status=");
                    push_integer(&mut field, i64::from(status.as_u16()));
                }
            }
            None if self.hit != Hit::None => field.extend_from_slice(b"; hit"),
            None => {}
        }
        if let Some(ttl) = self.ttl {
            field.extend_from_slice(b"; ttl=");
            push_integer(&mut field, ttl);
        }
        if self.forward.is_some() && self.stored {
            field.extend_from_slice(b"; stored");
        }
        if self.forward.is_some() && self.collapsed {
            field.extend_from_slice(b"; collapsed");
        }
        // Nothing else was pushed than visible ASCII and spaces.
        HeaderValue::from_maybe_shared(Bytes::from(field)).unwrap_or(HeaderValue::from_static("cache"))
    }

    /// What the cache did.
    pub const fn outcome(&self) -> Outcome {
        match (self.hit, self.forward) {
            (Hit::Rescued, _) => Outcome::Rescued,
            (Hit::None, Some(Forward::Bypass | Forward::Method)) => Outcome::Bypass,
            _ if self.collapsed => Outcome::Coalesced,
            (Hit::Fresh, _) => Outcome::Hit,
            (Hit::Stale, _) => Outcome::Stale,
            (Hit::Validated, _) => Outcome::Validated,
            (Hit::None, _) => Outcome::Miss,
        }
    }
}

// === impl Forward ===

impl Forward {
    const fn token(self) -> &'static [u8] {
        match self {
            Self::Bypass => b"bypass",
            Self::Method => b"method",
            Self::UriMiss => b"uri-miss",
            Self::VaryMiss => b"vary-miss",
            Self::Request => b"request",
            Self::Stale => b"stale",
        }
    }
}

// === impl Outcome ===

impl Outcome {
    /// All of them, in the order of their discriminants.
    pub const ALL: [Self; 7] =
        [Self::Hit, Self::Stale, Self::Rescued, Self::Validated, Self::Miss, Self::Bypass, Self::Coalesced];

    /// Its name in the log and in metrics.
    pub const fn slug(self) -> &'static str {
        match self {
            Self::Hit => "hit",
            Self::Stale => "stale",
            Self::Rescued => "rescued",
            Self::Validated => "validated",
            Self::Miss => "miss",
            Self::Bypass => "bypass",
            Self::Coalesced => "coalesced",
        }
    }

    /// Whether what the client got came out of the cache.
    pub const fn is_served(self) -> bool {
        !matches!(self, Self::Miss | Self::Bypass)
    }
}

/// RFC 9211 section 2: a cache is named by a Token or a String.
fn push_name(field: &mut Vec<u8>, name: &str) {
    let is_token = name.starts_with(|first: char| first.is_ascii_alphabetic() || first == '*')
        && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~:/".contains(&byte));
    if is_token {
        field.extend_from_slice(name.as_bytes());
        return;
    }
    field.push(b'"');
    for byte in name.bytes() {
        match byte {
            b'"' | b'\\' => field.extend_from_slice(&[b'\\', byte]),
            b' '..=b'~' => field.push(byte),
            // RFC 9651 section 3.3.3: Strings are ASCII.
            _ => field.push(b'?'),
        }
    }
    field.push(b'"');
}

/// The digits of a number, no further from zero than an Integer may be.
fn push_integer(field: &mut Vec<u8>, number: i64) {
    let number = number.clamp(-GREATEST, GREATEST);
    if number < 0 {
        field.push(b'-');
    }
    let (mut left, mut digits, mut first) = (number.unsigned_abs(), [b'0'; 15], 15);
    while left > 0 || first == 15 {
        first -= 1;
        digits[first] = b'0' + (left % 10) as u8;
        left /= 10;
    }
    field.extend_from_slice(&digits[first..]);
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    const FORWARDS: [Forward; 6] = [
        Forward::Bypass,
        Forward::Method,
        Forward::UriMiss,
        Forward::VaryMiss,
        Forward::Request,
        Forward::Stale,
    ];
    const HITS: [Hit; 5] = [Hit::None, Hit::Fresh, Hit::Stale, Hit::Rescued, Hit::Validated];

    fn text(status: &Status, name: &str) -> String {
        status.field(name).to_str().unwrap().to_owned()
    }

    #[test]
    fn as_rfc_9211_has_it() {
        let hit = Status { hit: Hit::Fresh, ttl: Some(376), ..Status::default() };
        assert_eq!(text(&hit, "tollgate"), "tollgate; hit; ttl=376");
        let stale = Status { hit: Hit::Stale, ttl: Some(-412), ..Status::default() };
        assert_eq!(text(&stale, "tollgate"), "tollgate; hit; ttl=-412");
        let miss = Status { forward: Some(Forward::UriMiss), stored: true, ..Status::default() };
        assert_eq!(text(&miss, "tollgate"), "tollgate; fwd=uri-miss; stored");
        let joined = Status { forward: Some(Forward::UriMiss), collapsed: true, ..Status::default() };
        assert_eq!(text(&joined, "tollgate"), "tollgate; fwd=uri-miss; collapsed");
        let validated = Status {
            hit: Hit::Validated,
            forward: Some(Forward::Stale),
            forward_status: Some(StatusCode::NOT_MODIFIED),
            ttl: Some(0),
            stored: true,
            collapsed: false,
        };
        assert_eq!(text(&validated, "tollgate"), "tollgate; fwd=stale; fwd-status=304; ttl=0; stored");
        assert_eq!(text(&Status::default(), "tollgate"), "tollgate");
    }

    #[test]
    fn any_name_is_a_token_or_a_string() {
        let status = Status::default();
        for (name, written) in [
            ("a.b:c/d", "a.b:c/d"),
            ("*", "*"),
            ("1st", "\"1st\""),
            ("two words", "\"two words\""),
            ("\"\\", "\"\\\"\\\\\""),
            ("caf\u{e9}\n", "\"caf???\""),
            ("", "\"\""),
        ] {
            assert_eq!(text(&status, name), written);
        }
    }

    #[test]
    fn numbers_stay_within_their_bounds() {
        let with = |ttl| Status { ttl: Some(ttl), ..Status::default() };
        assert_eq!(text(&with(0), "a"), "a; ttl=0");
        assert_eq!(text(&with(-1), "a"), "a; ttl=-1");
        assert_eq!(text(&with(i64::MAX), "a"), "a; ttl=999999999999999");
        assert_eq!(text(&with(i64::MIN), "a"), "a; ttl=-999999999999999");
    }

    /// All that can be said, read by a parser of structured fields.
    #[test]
    fn whatever_happened_is_a_list_of_one_item() {
        use sfv::{BareItem, KeyRef, List, ListEntry, Parser};

        let forwards = FORWARDS.into_iter().map(Some).chain([None]);
        for (hit, forward) in HITS.into_iter().flat_map(|hit| forwards.clone().map(move |it| (hit, it))) {
            for bits in 0..16_u8 {
                let status = Status {
                    hit,
                    forward,
                    forward_status: (bits & 1 > 0).then_some(StatusCode::BAD_GATEWAY),
                    ttl: (bits & 2 > 0).then_some(-7),
                    stored: bits & 4 > 0,
                    collapsed: bits & 8 > 0,
                };
                let field = status.field("gate way");
                let list: List = Parser::new(field.as_bytes()).parse().unwrap();
                let [ListEntry::Item(item)] = &list[..] else { unreachable!("{field:?}") };
                assert_eq!(item.bare_item.as_string().unwrap().as_str(), "gate way");
                let said = |name| item.params.get(KeyRef::from_str(name).unwrap());
                let (is_hit, is_forward) = (said("hit").is_some(), said("fwd").is_some());
                assert!(!(is_hit && is_forward), "RFC 9211 section 2: never both");
                assert_eq!(is_forward, forward.is_some());
                assert_eq!(is_hit, forward.is_none() && hit != Hit::None);
                let ttl = said("ttl").and_then(BareItem::as_integer);
                assert_eq!(ttl, status.ttl.map(|_| (-7_i8).into()));
                let code = said("fwd-status").and_then(BareItem::as_integer);
                assert_eq!(code, (is_forward && bits & 1 > 0).then(|| 502_u16.into()));
                assert_eq!(said("stored").is_some(), is_forward && status.stored);
                assert_eq!(said("collapsed").is_some(), is_forward && status.collapsed);
            }
        }
    }

    #[test]
    fn outcomes() {
        for (index, outcome) in Outcome::ALL.into_iter().enumerate() {
            assert_eq!(outcome as usize, index);
        }
        let outcome =
            |hit, forward, collapsed| Status { hit, forward, collapsed, ..Status::default() }.outcome();
        assert_eq!(outcome(Hit::Fresh, None, false), Outcome::Hit);
        assert_eq!(outcome(Hit::Fresh, None, true), Outcome::Coalesced);
        assert_eq!(outcome(Hit::Fresh, Some(Forward::UriMiss), true), Outcome::Coalesced);
        assert_eq!(outcome(Hit::Stale, None, false), Outcome::Stale);
        assert_eq!(outcome(Hit::Rescued, Some(Forward::Stale), true), Outcome::Rescued);
        assert_eq!(outcome(Hit::Validated, Some(Forward::Stale), false), Outcome::Validated);
        assert_eq!(outcome(Hit::None, Some(Forward::UriMiss), false), Outcome::Miss);
        assert_eq!(outcome(Hit::None, Some(Forward::Request), false), Outcome::Miss);
        assert_eq!(outcome(Hit::None, None, false), Outcome::Miss);
        for forward in [Forward::Bypass, Forward::Method] {
            assert_eq!(outcome(Hit::None, Some(forward), false), Outcome::Bypass);
        }
    }
}
