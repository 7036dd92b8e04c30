//! What a signature must be like to be accepted (RFC 9421 section 3.2.1).

use std::time::Duration;

use http::HeaderName;

use super::component::{Component, Derived, Form, Kind};
use super::{Rejection, Signature, content_digest};

/// What a signature must be like to be accepted, besides being right.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Policy {
    /// The label that the signature must have; any, where there is none.
    pub label: Option<Box<str>>,
    /// What it must cover.
    pub required: Box<[Required]>,
    /// Whether it must cover `Content-Digest` where there is content.
    pub content_digest: bool,
    /// How long ago it may have been made; `created` need not be there where there is no such limit.
    pub max_age: Option<Duration>,
    /// How far the client's clock may be off.
    pub skew: Duration,
    /// The `tag` that it must have; any or none, where there is none.
    pub tag: Option<Box<str>>,
    /// Whether it must have a `nonce`.
    pub nonce: bool,
}

/// A component that a signature must cover.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Required {
    /// A part of the request line, by itself or within another: `@path` is covered by `@target-uri` too, and
    /// `@target-uri` by `@authority`, `@path` and `@query` together.
    Derived(Derived),
    /// A header field as a whole.
    Field(HeaderName),
}

// === impl Policy ===

impl Default for Policy {
    fn default() -> Self {
        Self {
            label: None,
            required: Box::new([Required::Derived(Derived::Method), Required::Derived(Derived::TargetUri)]),
            content_digest: true,
            max_age: Some(Duration::from_secs(300)),
            skew: Duration::from_secs(60),
            tag: None,
            nonce: false,
        }
    }
}

impl Policy {
    /// Whether what `signature` says of itself is enough, at `now` in Unix seconds.
    pub(super) fn accepts(
        &self,
        signature: &Signature,
        has_content: bool,
        now: i64,
    ) -> Result<(), Rejection> {
        if self.tag.is_some() && self.tag.as_deref() != signature.tag.as_deref() {
            return Err(Rejection::Tag);
        }
        if self.nonce && signature.nonce.as_ref().is_none_or(String::is_empty) {
            return Err(Rejection::Missing("nonce"));
        }
        self.accepts_times(signature, now)?;
        for required in &self.required {
            if !required.is_covered(&signature.covered) {
                return Err(Rejection::Uncovered(required.name().to_owned()));
            }
        }
        if self.content_digest && has_content && !covers_content(&signature.covered) {
            return Err(Rejection::Uncovered("content-digest".to_owned()));
        }
        Ok(())
    }

    fn accepts_times(&self, signature: &Signature, now: i64) -> Result<(), Rejection> {
        let skew = seconds(self.skew);
        if signature.created.is_some_and(|created| created > now.saturating_add(skew)) {
            return Err(Rejection::Future);
        }
        if signature.expires.is_some_and(|expires| expires.saturating_add(skew) < now) {
            return Err(Rejection::Expired);
        }
        match (self.max_age, signature.created) {
            (None, _) => Ok(()),
            (Some(_), None) => Err(Rejection::Missing("created")),
            (Some(_), Some(_)) if self.end(signature).is_some_and(|end| end < now) => Err(Rejection::TooOld),
            (Some(_), Some(_)) => Ok(()),
        }
    }

    /// When `signature` will not be accepted any more, in Unix seconds; never, if nothing says so.
    pub(super) fn end(&self, signature: &Signature) -> Option<i64> {
        let skew = seconds(self.skew);
        let aged = self.max_age.zip(signature.created);
        let aged = aged.map(|(age, created)| created.saturating_add(seconds(age)).saturating_add(skew));
        let expired = signature.expires.map(|expires| expires.saturating_add(skew));
        match (aged, expired) {
            (Some(aged), Some(expired)) => Some(aged.min(expired)),
            (aged, expired) => aged.or(expired),
        }
    }
}

fn seconds(duration: Duration) -> i64 {
    i64::try_from(duration.as_secs()).unwrap_or(i64::MAX)
}

/// Whether the content cannot be changed without `covered` changing. One member of `Content-Digest` is enough if it is
/// one that the content is compared with; others say nothing.
pub(super) fn covers_content(covered: &[Component]) -> bool {
    covered.iter().any(|component| match &component.kind {
        Kind::Field(name, form) if *name == content_digest::CONTENT_DIGEST => match form {
            Form::Member(key) => content_digest::is_known(key),
            Form::Plain | Form::Structured | Form::Binary => true,
        },
        _ => false,
    })
}

// === impl Required ===

impl Required {
    /// As it stands in `Signature-Input`.
    pub fn name(&self) -> &str {
        match self {
            Self::Derived(derived) => derived.as_str(),
            Self::Field(name) => name.as_str(),
        }
    }

    fn is_covered(&self, covered: &[Component]) -> bool {
        match self {
            Self::Derived(derived) => {
                let parts = covered.iter().fold(0, |parts, component| match component.kind {
                    Kind::Derived(derived) => parts | provides(derived),
                    _ => parts,
                });
                needs(*derived) & !parts == 0
            }
            // A member of a dictionary is not the field.
            Self::Field(required) => covered.iter().any(|component| match &component.kind {
                Kind::Field(name, form) => name == required && !matches!(form, Form::Member(_)),
                _ => false,
            }),
        }
    }
}

const METHOD: u8 = 1;
const SCHEME: u8 = 1 << 1;
const AUTHORITY: u8 = 1 << 2;
const PATH: u8 = 1 << 3;
const QUERY: u8 = 1 << 4;

/// Which parts of the request cannot be changed without the component changing.
const fn provides(derived: Derived) -> u8 {
    match derived {
        Derived::Method => METHOD,
        Derived::TargetUri => SCHEME | AUTHORITY | PATH | QUERY,
        Derived::Authority => AUTHORITY,
        Derived::Scheme => SCHEME,
        Derived::RequestTarget => PATH | QUERY,
        Derived::Path => PATH,
        Derived::Query => QUERY,
    }
}

/// Which parts must be covered, where the component must be. The scheme of a target matters where it is asked for by
/// itself: a client that signs authority, path and query has said where its request goes.
const fn needs(derived: Derived) -> u8 {
    match derived {
        Derived::TargetUri => AUTHORITY | PATH | QUERY,
        other => provides(other),
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use http::{HeaderMap, HeaderValue};

    use super::*;
    use crate::auth::signature::signatures;

    /// Whether `policy` accepts what `Signature-Input` says, at 1000.
    fn judged(policy: &Policy, input: &str, has_content: bool) -> Result<(), Rejection> {
        let mut headers = HeaderMap::new();
        headers.append("signature-input", HeaderValue::from_str(&format!("a={input}")).unwrap());
        headers.append("signature", HeaderValue::from_static("a=:AQ==:"));
        let signature = signatures(&headers)?.remove(0).1?;
        policy.accepts(&signature, has_content, 1000)
    }

    fn uncovered(name: &str) -> Result<(), Rejection> {
        Err(Rejection::Uncovered(name.to_owned()))
    }

    #[test]
    fn what_is_covered_by_default() {
        let policy = Policy { max_age: None, ..Policy::default() };
        for (covered, expected) in [
            ("\"@method\" \"@target-uri\"", Ok(())),
            ("\"@method\" \"@authority\" \"@path\" \"@query\"", Ok(())),
            ("\"@method\" \"@authority\" \"@request-target\"", Ok(())),
            ("\"@target-uri\"", uncovered("@method")),
            ("\"@method\" \"@authority\" \"@path\"", uncovered("@target-uri")),
            ("\"@method\" \"@request-target\"", uncovered("@target-uri")),
            ("\"@method\" \"@authority\" \"@path\" \"@query-param\";name=\"a\"", uncovered("@target-uri")),
            ("", uncovered("@method")),
        ] {
            assert_eq!(judged(&policy, &format!("({covered})"), false), expected, "{covered}");
        }
    }

    #[test]
    fn what_is_asked_for() {
        let requires = |name: &str| {
            let required = Derived::parse(name)
                .map_or_else(|| Required::Field(HeaderName::try_from(name).unwrap()), Required::Derived);
            Policy { max_age: None, required: Box::new([required]), ..Policy::default() }
        };
        for (required, covered, is_covered) in [
            ("@authority", "\"@target-uri\"", true),
            ("@scheme", "\"@target-uri\"", true),
            ("@scheme", "\"@authority\" \"@path\"", false),
            ("@path", "\"@request-target\"", true),
            ("@query", "\"@path\"", false),
            ("@request-target", "\"@path\" \"@query\"", true),
            ("date", "\"date\"", true),
            ("date", "\"date\";bs", true),
            ("priority", "\"priority\";sf", true),
            ("priority", "\"priority\";key=\"u\"", false),
            ("date", "\"x-date\"", false),
        ] {
            let expected = if is_covered { Ok(()) } else { uncovered(required) };
            assert_eq!(
                judged(&requires(required), &format!("({covered})"), false),
                expected,
                "{required} {covered}"
            );
        }
    }

    #[test]
    fn content() {
        let policy = Policy { max_age: None, required: Box::new([]), ..Policy::default() };
        for (covered, expected) in [
            ("\"content-digest\"", Ok(())),
            ("\"content-digest\";sf", Ok(())),
            ("\"content-digest\";bs", Ok(())),
            ("\"content-digest\";key=\"sha-256\"", Ok(())),
            ("\"content-digest\";key=\"sha-512\"", Ok(())),
            ("\"content-digest\";key=\"md5\"", uncovered("content-digest")),
            ("\"content-length\" \"repr-digest\"", uncovered("content-digest")),
        ] {
            assert_eq!(judged(&policy, &format!("({covered})"), true), expected, "{covered}");
            assert_eq!(judged(&policy, &format!("({covered})"), false), Ok(()), "{covered}");
        }
        let any = Policy { content_digest: false, ..policy };
        assert_eq!(judged(&any, "()", true), Ok(()));
    }

    #[test]
    fn times() {
        let policy = Policy {
            required: Box::new([]),
            max_age: Some(Duration::from_secs(300)),
            skew: Duration::from_secs(60),
            ..Policy::default()
        };
        let off = Policy { max_age: None, ..policy.clone() };
        for (times, expected, without) in [
            ("created=1000", Ok(()), Ok(())),
            ("created=1060", Ok(()), Ok(())),
            ("created=1061", Err(Rejection::Future), Err(Rejection::Future)),
            ("created=640", Ok(()), Ok(())),
            ("created=639", Err(Rejection::TooOld), Ok(())),
            ("created=-999999999999999", Err(Rejection::TooOld), Ok(())),
            ("created=999999999999999", Err(Rejection::Future), Err(Rejection::Future)),
            ("expires=2000", Err(Rejection::Missing("created")), Ok(())),
            ("created=900;expires=940", Ok(()), Ok(())),
            ("created=900;expires=939", Err(Rejection::Expired), Err(Rejection::Expired)),
            ("created=639;expires=2000", Err(Rejection::TooOld), Ok(())),
        ] {
            assert_eq!(judged(&policy, &format!("();{times}"), false), expected, "{times}");
            assert_eq!(judged(&off, &format!("();{times}"), false), without, "{times}");
        }
    }

    #[test]
    fn tags_and_nonces() {
        let policy = Policy { max_age: None, required: Box::new([]), ..Policy::default() };
        let tagged = Policy { tag: Some("shop".into()), ..policy.clone() };
        assert_eq!(judged(&policy, "();tag=\"other\"", false), Ok(()));
        assert_eq!(judged(&tagged, "();tag=\"shop\"", false), Ok(()));
        assert_eq!(judged(&tagged, "();tag=\"other\"", false), Err(Rejection::Tag));
        assert_eq!(judged(&tagged, "()", false), Err(Rejection::Tag));
        let once = Policy { nonce: true, ..policy };
        assert_eq!(judged(&once, "();nonce=\"n\"", false), Ok(()));
        assert_eq!(judged(&once, "();nonce=\"\"", false), Err(Rejection::Missing("nonce")));
        assert_eq!(judged(&once, "()", false), Err(Rejection::Missing("nonce")));
    }
}
