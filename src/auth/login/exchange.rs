//! What is asked of the token endpoint, and what it answers: RFC 6749 sections 4.1.3, 5 and 6.

use http::StatusCode;
use http::header::HeaderValue;
use serde::Deserialize;
use url::form_urlencoded::Serializer;

use super::policy::{ClientAuthentication, Login};
use crate::ask::client_secret;
use crate::host::Secret;

/// The most of an answer that is read: three tokens, each larger than a cookie could hold.
pub const ANSWER_MOST: usize = 64 * 1024;

/// A request to the token endpoint: `POST`, `application/x-www-form-urlencoded`.
pub struct TokenRequest {
    /// `Authorization`, where the client proves itself so.
    pub authorization: Option<HeaderValue>,
    /// The form.
    pub form: String,
}

/// What the token endpoint gave.
#[derive(Clone, PartialEq, Eq, Deserialize)]
pub struct Tokens {
    /// Who it is. Always there after a code; a refresh may leave it out (OpenID Connect Core section 12.2).
    #[serde(default)]
    pub id_token: Option<String>,
    /// RFC 6749 section 5.1: required, and of no use to a login.
    access_token: String,
    token_type: String,
    /// For asking again.
    #[serde(default)]
    pub refresh_token: Option<String>,
    /// What was granted, where it is not what was asked for (RFC 6749 section 5.1).
    #[serde(default)]
    pub scope: Option<String>,
    /// How long the access token lasts, in seconds.
    #[serde(default)]
    pub expires_in: Option<u64>,
}

/// Why there are no tokens: for the operator.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ExchangeError {
    /// RFC 6749 section 5.2, `invalid_grant`: the code or the refresh token is over, used, or not ours.
    Grant,
    /// Another of its errors: the configuration here and the registration there do not fit.
    Refused(&'static str),
    /// Neither tokens nor an error: a provider in trouble.
    Unreadable(&'static str),
}

/// The errors of RFC 6749 section 5.2 beside `invalid_grant`.
const ERRORS: [&str; 5] =
    ["invalid_request", "invalid_client", "unauthorized_client", "unsupported_grant_type", "invalid_scope"];

// === impl TokenRequest ===

impl TokenRequest {
    /// Asks for tokens in exchange for a code (RFC 6749 section 4.1.3, RFC 7636 section 4.5). `secret` is the
    /// client's, where it has one.
    pub fn code(login: &Login, secret: Option<&Secret>, code: &str, verifier: &str) -> Option<Self> {
        let redirect_uri = login.redirect_uri();
        let grant = [
            ("grant_type", "authorization_code"),
            ("code", code),
            ("redirect_uri", &redirect_uri),
            ("code_verifier", verifier),
        ];
        Self::new(login, secret, &grant)
    }

    /// Asks for new tokens (RFC 6749 section 6).
    pub fn refresh(login: &Login, secret: Option<&Secret>, refresh_token: &str) -> Option<Self> {
        Self::new(login, secret, &[("grant_type", "refresh_token"), ("refresh_token", refresh_token)])
    }

    fn new(login: &Login, secret: Option<&Secret>, grant: &[(&str, &str)]) -> Option<Self> {
        let mut form = Serializer::new(String::new());
        form.extend_pairs(grant);
        let authorization = match (&login.client, secret) {
            (ClientAuthentication::None, _) => {
                form.append_pair("client_id", &login.client_id);
                None
            }
            (ClientAuthentication::Post(_), Some(secret)) => {
                form.append_pair("client_id", &login.client_id);
                form.append_pair("client_secret", secret.expose());
                None
            }
            (ClientAuthentication::Basic(_), Some(secret)) => {
                Some(client_secret::basic(&login.client_id, secret)?)
            }
            (_, None) => return None,
        };
        Some(Self { authorization, form: form.finish() })
    }
}

// === impl Tokens ===

impl Tokens {
    /// Reads an answer of the token endpoint.
    pub fn read(status: StatusCode, content: &[u8]) -> Result<Self, ExchangeError> {
        if content.len() > ANSWER_MOST {
            return Err(ExchangeError::Unreadable("the answer of the token endpoint is too large"));
        }
        if status != StatusCode::OK {
            return Err(refusal(content));
        }
        let tokens: Self = serde_json::from_slice(content).map_err(|_| {
            ExchangeError::Unreadable("the answer of the token endpoint is no token response")
        })?;
        // RFC 6749 section 7.1: a client must not use a token of a type it does not know.
        if tokens.access_token.is_empty() || !tokens.token_type.eq_ignore_ascii_case("bearer") {
            return Err(ExchangeError::Unreadable("the token endpoint gave no bearer token"));
        }
        Ok(tokens)
    }
}

fn refusal(content: &[u8]) -> ExchangeError {
    #[derive(Deserialize)]
    struct Refusal {
        error: String,
    }
    let Ok(Refusal { error }) = serde_json::from_slice(content) else {
        return ExchangeError::Unreadable("the token endpoint failed");
    };
    if error == "invalid_grant" {
        return ExchangeError::Grant;
    }
    let known = ERRORS.iter().find(|known| **known == error);
    ExchangeError::Refused(known.copied().unwrap_or("an error that RFC 6749 does not have"))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::super::policy::tests::login;
    use super::*;

    const CODE_FORM: &str = "grant_type=authorization_code&code=a%2Bb&redirect_uri=https%3A%2F%2Fapp.example%2F\
                             .tollgate%2Flogin%2Fpeople%2Fcallback&code_verifier=v";

    #[test]
    fn a_client_proves_itself_as_configured() {
        let secret = Secret::new("s e:c");
        let ask = |client: ClientAuthentication, secret: Option<&Secret>| {
            let request = TokenRequest::code(&Login { client, ..login() }, secret, "a+b", "v")?;
            Some((request.authorization.map(|it| it.to_str().unwrap().to_owned()), request.form))
        };
        let (authorization, form) = ask(ClientAuthentication::Basic("v".into()), Some(&secret)).unwrap();
        // app:s+e%3Ac
        assert_eq!(authorization.unwrap(), "Basic YXBwOnMrZSUzQWM=");
        assert_eq!(form, CODE_FORM);
        let (authorization, form) = ask(ClientAuthentication::Post("v".into()), Some(&secret)).unwrap();
        assert_eq!(authorization, None);
        assert_eq!(form, format!("{CODE_FORM}&client_id=app&client_secret=s+e%3Ac"));
        let (authorization, form) = ask(ClientAuthentication::None, None).unwrap();
        assert_eq!(authorization, None);
        assert_eq!(form, format!("{CODE_FORM}&client_id=app"));
        assert_eq!(ask(ClientAuthentication::Basic("v".into()), None), None);
        assert_eq!(ask(ClientAuthentication::Post("v".into()), None), None);
    }

    #[test]
    fn a_refresh_says_no_more_than_it_must() {
        let request = TokenRequest::refresh(&login(), Some(&Secret::new("s")), "r&t").unwrap();
        assert_eq!(request.form, "grant_type=refresh_token&refresh_token=r%26t");
    }

    #[test]
    fn answers() {
        use ExchangeError::*;
        let read = |status: u16, content: &str| {
            let tokens = Tokens::read(StatusCode::from_u16(status).unwrap(), content.as_bytes())?;
            Ok((tokens.id_token, tokens.refresh_token, tokens.expires_in))
        };
        let no_response = Err(Unreadable("the answer of the token endpoint is no token response"));
        let no_bearer = Err(Unreadable("the token endpoint gave no bearer token"));
        for (status, content, expected) in [
            (
                200,
                r#"{"access_token":"a","token_type":"Bearer","id_token":"i","refresh_token":"r","expires_in":9,"x":[]}"#,
                Ok((Some("i".to_owned()), Some("r".to_owned()), Some(9))),
            ),
            (200, r#"{"access_token":"a","token_type":"bearer"}"#, Ok((None, None, None))),
            (200, r#"{"access_token":"a","token_type":"mac"}"#, no_bearer.clone()),
            (200, r#"{"access_token":"","token_type":"bearer"}"#, no_bearer),
            (200, r#"{"token_type":"bearer"}"#, no_response.clone()),
            (
                200,
                r#"{"access_token":"a","token_type":"bearer","id_token":"i","id_token":"j"}"#,
                no_response.clone(),
            ),
            (200, r#"{"access_token":"a","token_type":"bearer","id_token":7}"#, no_response.clone()),
            (200, "<html>", no_response.clone()),
            (200, "", no_response),
            (400, r#"{"error":"invalid_grant"}"#, Err(Grant)),
            (401, r#"{"error":"invalid_client","error_description":"x"}"#, Err(Refused("invalid_client"))),
            (400, r#"{"error":"<b>"}"#, Err(Refused("an error that RFC 6749 does not have"))),
            (500, "oops", Err(Unreadable("the token endpoint failed"))),
            (302, "", Err(Unreadable("the token endpoint failed"))),
        ] {
            assert_eq!(read(status, content), expected, "{status} {content}");
        }
        let large = "x".repeat(ANSWER_MOST + 1);
        assert_eq!(read(200, &large), Err(Unreadable("the answer of the token endpoint is too large")));
    }
}
