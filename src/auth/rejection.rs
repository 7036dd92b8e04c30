//! Why a caller is turned away, and in which words.

use std::borrow::Cow;

use crate::problem::{Failure, Problem};

/// Why a caller is turned away. The texts are for the operator and never reach the client.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Rejection {
    /// No credentials: 401, and RFC 6750 section 3.1 says to give no error code then.
    Missing,
    /// Credentials presented wrongly, or in two ways at once: 400 `invalid_request`.
    Malformed(Cow<'static, str>),
    /// Credentials that are not valid, or no longer: 401 `invalid_token`.
    Invalid(Cow<'static, str>),
    /// A good token that was not granted enough: 403 `insufficient_scope`, with the scopes that are needed.
    Insufficient(Vec<Box<str>>),
    /// A known caller who may not do this: 403.
    Denied(Cow<'static, str>),
    /// Nobody can say at the moment: 503.
    Unavailable(Cow<'static, str>),
    /// The content, which has to be looked at, cannot be read: the problem that it would be without authentication.
    Content(Problem, Cow<'static, str>),
}

// === impl Rejection ===

impl Rejection {
    /// Credentials that are not valid.
    pub fn invalid(cause: impl Into<Cow<'static, str>>) -> Self {
        Self::Invalid(cause.into())
    }

    /// Credentials presented wrongly.
    pub fn malformed(cause: impl Into<Cow<'static, str>>) -> Self {
        Self::Malformed(cause.into())
    }

    /// A known caller who may not do this.
    pub fn denied(cause: impl Into<Cow<'static, str>>) -> Self {
        Self::Denied(cause.into())
    }

    /// Nobody can say at the moment.
    pub fn unavailable(cause: impl Into<Cow<'static, str>>) -> Self {
        Self::Unavailable(cause.into())
    }

    /// The answer, without its challenges.
    pub fn failure(&self) -> Failure {
        let (problem, cause) = match self {
            Self::Missing => return Failure::from(Problem::Unauthenticated),
            Self::Malformed(cause) => (Problem::InvalidRequest, cause),
            Self::Invalid(cause) => (Problem::InvalidCredentials, cause),
            Self::Insufficient(needed) => {
                let cause = format!("needs the scopes {}", needed.join(" "));
                return Failure::from(Problem::InsufficientScope).cause(cause);
            }
            Self::Denied(cause) => (Problem::Forbidden, cause),
            Self::Unavailable(cause) => (Problem::AuthUnavailable, cause),
            Self::Content(problem, cause) => (*problem, cause),
        };
        Failure::from(problem).cause(cause.clone())
    }

    /// Whether RFC 6750 section 3.1 has an error code for it, so that it is told beside a status other than 401 too.
    pub fn is_about_a_token(&self) -> bool {
        matches!(self, Self::Malformed(_) | Self::Invalid(_) | Self::Insufficient(_))
    }

    /// The challenge of any other scheme, where credentials are missing or wrong.
    pub fn challenge(&self, scheme: &str) -> Option<String> {
        matches!(self, Self::Missing | Self::Invalid(_)).then(|| scheme.to_owned())
    }

    /// RFC 6750 section 3: the challenge of a bearer token.
    pub fn bearer_challenge(&self) -> Option<String> {
        Some(match self {
            Self::Missing => "Bearer".to_owned(),
            Self::Malformed(_) => "Bearer error=\"invalid_request\"".to_owned(),
            Self::Invalid(_) => "Bearer error=\"invalid_token\"".to_owned(),
            // The plan takes only scopes of RFC 6749 appendix A.4, which have neither quotes nor backslashes.
            Self::Insufficient(needed) => {
                format!("Bearer error=\"insufficient_scope\", scope=\"{}\"", needed.join(" "))
            }
            Self::Denied(_) | Self::Unavailable(_) | Self::Content(..) => return None,
        })
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn the_words_are_those_of_rfc_6750() {
        let told = |rejection: Rejection| {
            (rejection.failure().problem.spec().status.as_u16(), rejection.bearer_challenge())
        };
        let text = |text: &str| Some(text.to_owned());
        assert_eq!(told(Rejection::Missing), (401, text("Bearer")));
        assert_eq!(told(Rejection::malformed("x")), (400, text("Bearer error=\"invalid_request\"")));
        assert_eq!(told(Rejection::invalid("x")), (401, text("Bearer error=\"invalid_token\"")));
        let scopes = Rejection::Insufficient(vec!["a".into(), "b:c".into()]);
        assert_eq!(told(scopes), (403, text("Bearer error=\"insufficient_scope\", scope=\"a b:c\"")));
        assert_eq!(told(Rejection::denied("x")), (403, None));
        assert_eq!(told(Rejection::unavailable("x")), (503, None));
    }

    #[test]
    fn why_is_for_the_operator_only() {
        let failure = Rejection::invalid("the signature is not the key's").failure();
        assert_eq!(failure.detail, None);
        assert_eq!(failure.cause.as_deref(), Some("the signature is not the key's"));
    }
}
