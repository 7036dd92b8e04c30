//! Whether a token is to be believed: the cheap questions first, the signature when they are answered, the claims last.

use std::borrow::Cow;

use serde_json::Value;

use super::key_set::Search;
use super::policy::millis;
use super::{KeySet, Malformed, Policy, Token};
use crate::auth::claims::{self, Claims};
use crate::host::UnixMillis;

/// A token that its issuer has signed, and that says what it must. Whether it is valid now is asked at each use.
#[derive(Debug, Clone, PartialEq)]
pub struct Judged {
    /// What the issuer says.
    pub claims: Claims,
    /// `exp`, in milliseconds since 1970.
    expires: Option<i64>,
    /// `nbf`.
    not_before: Option<i64>,
    /// `iat`.
    issued: Option<i64>,
}

/// Why a token is not believed. The text is for the operator: it names claims and repeats nothing of the token.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Rejection {
    /// It is not a signed token, or one that is made to be misread (RFC 6750 section 3.1, `invalid_token`).
    Malformed(&'static str),
    /// Another issuer's, or nobody's: it says nothing about whether another way in takes it.
    Foreign,
    /// The issuer has no key here that could have signed it. A newer set may have one.
    UnknownKey,
    /// It is the issuer's by its own account, and not to be believed or not to be taken.
    Invalid(Cow<'static, str>),
}

/// Judges `text` by what `policy` asks, with the `keys` of its issuer, at the time `now`.
///
/// # Errors
///
/// Why it is not believed.
pub fn judge(policy: &Policy, keys: &KeySet, text: &str, now: UnixMillis) -> Result<Judged, Rejection> {
    verify(policy, keys, &examine(policy, text)?, now)
}

/// What can be said of a token without any key. What is refused here costs no signature, and fetches no keys.
///
/// # Errors
///
/// Why it is not believed.
pub fn examine<'a>(policy: &Policy, text: &'a str) -> Result<Token<'a>, Rejection> {
    let token = Token::read(text, policy.max_bytes)?;
    is_of_issuer(policy, &token.claims)?;
    match token.algorithm {
        None => Err(invalid("the token's alg is none that could be verified")),
        Some(algorithm) if !policy.algorithms.contains(algorithm) => {
            Err(invalid("the token's alg is not allowed"))
        }
        Some(_) if !policy.takes_type(token.typ.as_deref()) => Err(invalid("typ is not what is asked for")),
        Some(_) => Ok(token),
    }
}

/// Whether one of the `keys` has signed `token`, and what it says is what `policy` asks.
///
/// # Errors
///
/// Why it is not believed.
pub fn verify(
    policy: &Policy,
    keys: &KeySet,
    token: &Token<'_>,
    now: UnixMillis,
) -> Result<Judged, Rejection> {
    match keys.search(token) {
        Search::Signed => {}
        Search::NotSigned => return Err(invalid("the signature does not verify")),
        Search::OtherAlgorithm => return Err(invalid("the token's alg is not its key's")),
        Search::NoKey => return Err(Rejection::UnknownKey),
    }
    let judged = Judged::new(token.claims.clone())?;
    judged.check_claims(policy)?;
    judged.check_times(policy, now)?;
    Ok(judged)
}

/// Before anything is believed: of several issuers, the token's own is to judge it.
fn is_of_issuer(policy: &Policy, claims: &Claims) -> Result<(), Rejection> {
    match claims.get("iss") {
        Some(Value::String(issuer)) if **issuer == *policy.issuer => Ok(()),
        Some(Value::String(_)) | None => Err(Rejection::Foreign),
        // RFC 7519 section 4.1.1. Readers that look for a text in an array have been led astray by one.
        Some(_) => Err(Rejection::Malformed("iss is not text")),
    }
}

fn invalid(why: &'static str) -> Rejection {
    Rejection::Invalid(Cow::Borrowed(why))
}

// === impl Judged ===

impl Judged {
    fn new(claims: Claims) -> Result<Self, Rejection> {
        let date = |name: &str, wrong: &'static str| match claims.get(name) {
            None => Ok(None),
            Some(value) => claims::numeric_date(value).map(Some).ok_or_else(|| invalid(wrong)),
        };
        let expires = date("exp", "exp is not a date")?;
        let not_before = date("nbf", "nbf is not a date")?;
        let issued = date("iat", "iat is not a date")?;
        Ok(Self { claims, expires, not_before, issued })
    }

    /// What is the same at any time.
    fn check_claims(&self, policy: &Policy) -> Result<(), Rejection> {
        if policy.expires && self.expires.is_none() {
            return Err(invalid("there is no exp"));
        }
        if let Some(longest) = policy.max_lifetime {
            let (Some(expires), Some(issued)) = (self.expires, self.issued) else {
                return Err(invalid("without exp and iat it is not known how long the token lives"));
            };
            if expires.saturating_sub(issued) > millis(longest) {
                return Err(invalid("the token lives too long"));
            }
        }
        if !policy.takes_audience(&self.claims) {
            return Err(invalid("aud is somebody else"));
        }
        match policy.required.iter().find(|required| !required.holds(&self.claims)) {
            None => Ok(()),
            Some(missing) => {
                Err(Rejection::Invalid(format!("{} is not what is asked for", missing.claim.as_str()).into()))
            }
        }
    }

    /// Whether the token is valid at the time `now`: for whoever keeps it, at each use.
    ///
    /// # Errors
    ///
    /// Where it has expired, or its time has not come.
    pub fn check_times(&self, policy: &Policy, now: UnixMillis) -> Result<(), Rejection> {
        let now = i64::try_from(now.0).unwrap_or(i64::MAX);
        let skew = policy.skew_millis();
        // RFC 7519 section 4.1.4: the time must be before `exp`; section 4.1.5: `nbf` or later.
        if self.expires.is_some_and(|expires| now >= expires.saturating_add(skew)) {
            return Err(invalid("the token has expired"));
        }
        if self.not_before.is_some_and(|not_before| now.saturating_add(skew) < not_before) {
            return Err(invalid("the token is not valid yet"));
        }
        // RFC 7519 section 4.1.6 does not say so, but no honest clock writes what has not happened.
        if self.issued.is_some_and(|issued| now.saturating_add(skew) < issued) {
            return Err(invalid("iat is in the future"));
        }
        Ok(())
    }

    /// When the token ends to be valid, the skew counted in; `None` where it never does.
    pub fn valid_until(&self, policy: &Policy) -> Option<UnixMillis> {
        let until = self.expires?.saturating_add(policy.skew_millis());
        Some(UnixMillis(u64::try_from(until).unwrap_or(0)))
    }
}

// === impl Rejection ===

impl Rejection {
    /// For the operator's log.
    pub fn reason(&self) -> &str {
        match self {
            Self::Malformed(why) => why,
            Self::Foreign => "the token is another issuer's",
            Self::UnknownKey => "no key of the issuer has signed the token",
            Self::Invalid(why) => why,
        }
    }
}

impl From<Malformed> for Rejection {
    fn from(malformed: Malformed) -> Self {
        Self::Malformed(malformed.0)
    }
}
