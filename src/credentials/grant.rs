//! The client credentials grant of OAuth 2.0 (RFC 6749 section 4.4): what is asked of the token endpoint, and what its
//! answer means.

use std::time::Duration;

use http::HeaderValue;
use serde::Deserialize;

use crate::ask::client_secret;
use crate::host::{Secret, UnixMillis};

/// The longest access token, in bytes: it is sent in a header field, for which servers commonly take 8 KiB.
const LONGEST_TOKEN: usize = 7 * 1024;

/// How long a token is used whose life the answer does not say (RFC 6749 section 5.1: it "SHOULD" say so).
const UNSAID_LIFE: Duration = Duration::from_secs(5 * 60);

/// The longest life that is believed: a token is asked for again at least once a day.
const LONGEST_LIFE: Duration = Duration::from_secs(24 * 60 * 60);

/// How long before its end a token is no longer used, at most: it must live until the upstream has looked at it.
const MARGIN: Duration = Duration::from_secs(30);

/// How old a token must be to be fetched anew because an upstream did not take it, in milliseconds.
const RENEWABLE_AFTER: u64 = 60_000;

/// How a client shows who it is (RFC 6749 section 2.3.1).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ClientAuthentication {
    /// `client_secret_basic`: in `Authorization`.
    Basic,
    /// `client_secret_post`: in the body.
    Post,
}

/// What is asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GrantPlan {
    /// How the gateway shows who it is.
    pub authentication: ClientAuthentication,
    /// Scopes, with spaces between them.
    pub scope: Option<Box<str>>,
    /// `audience`, which some servers want to know the upstream by.
    pub audience: Option<Box<str>>,
    /// Further parameters: name and value.
    pub parameters: Vec<(Box<str>, Box<str>)>,
}

/// Parameters that [`GrantPlan::parameters`] cannot be: they have settings of their own, or none may choose them.
pub const RESERVED: [&str; 5] = ["grant_type", "client_id", "client_secret", "scope", "audience"];

/// A request to a token endpoint: a POST of `application/x-www-form-urlencoded`.
pub struct TokenRequest {
    /// The value of `Authorization`, where there is one.
    pub authorization: Option<HeaderValue>,
    /// The body.
    pub body: String,
}

/// A token that was given.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Granted {
    /// The token itself.
    pub token: Secret,
    /// When it was asked for.
    pub since: UnixMillis,
    /// From when on it is not used any more: some time before it ends.
    pub until: UnixMillis,
}

/// Why an answer gives no token. Holds nothing of the answer but an error code of the closed set of RFC 6749.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum GrantError {
    /// The server says no; one of the codes of RFC 6749 section 5.2, where it says one.
    Refused(Option<&'static str>),
    /// The answer is not what RFC 6749 section 5.1 says.
    Malformed,
    /// The token is not for `Bearer` (RFC 6750).
    NotBearer,
}

/// RFC 6749 section 5.2.
const CODES: [&str; 6] = [
    "invalid_request",
    "invalid_client",
    "invalid_grant",
    "unauthorized_client",
    "unsupported_grant_type",
    "invalid_scope",
];

#[derive(Deserialize)]
struct Answer {
    access_token: Option<String>,
    token_type: Option<String>,
    expires_in: Option<serde_json::Value>,
    error: Option<String>,
}

/// What the token endpoint is asked. `None` where the client's name or secret cannot be sent.
pub fn ask(plan: &GrantPlan, client: &str, secret: &Secret) -> Option<TokenRequest> {
    let mut form = url::form_urlencoded::Serializer::new(String::new());
    form.append_pair("grant_type", "client_credentials");
    if let Some(scope) = &plan.scope {
        form.append_pair("scope", scope);
    }
    if let Some(audience) = &plan.audience {
        form.append_pair("audience", audience);
    }
    for (name, value) in &plan.parameters {
        form.append_pair(name, value);
    }
    let authorization = match plan.authentication {
        ClientAuthentication::Basic => Some(client_secret::basic(client, secret)?),
        ClientAuthentication::Post => {
            form.append_pair("client_id", client).append_pair("client_secret", secret.expose());
            None
        }
    };
    Some(TokenRequest { authorization, body: form.finish() })
}

/// What the token endpoint's answer gives. `asked` is when it was asked: the token's life is counted from there, since
/// it cannot have begun before.
pub fn read(ok: bool, body: &[u8], asked: UnixMillis) -> Result<Granted, GrantError> {
    let Ok(answer) = serde_json::from_slice::<Answer>(body) else {
        return Err(if ok { GrantError::Malformed } else { GrantError::Refused(None) });
    };
    if !ok || answer.error.is_some() {
        let code = answer.error.and_then(|error| CODES.into_iter().find(|code| *code == error));
        return Err(GrantError::Refused(code));
    }
    let token = answer.access_token.ok_or(GrantError::Malformed)?;
    // RFC 6750 section 2.1: b64token. Anything else could not be sent, or would be read as something else.
    let is_token = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~+/=".contains(&byte);
    if token.is_empty() || token.len() > LONGEST_TOKEN || !token.bytes().all(is_token) {
        return Err(GrantError::Malformed);
    }
    // RFC 6749 section 7.1: the type is required, the same in any case, and a client must not use one it does not know.
    if !answer.token_type.ok_or(GrantError::Malformed)?.eq_ignore_ascii_case("bearer") {
        return Err(GrantError::NotBearer);
    }
    let life =
        answer.expires_in.map_or(Some(UNSAID_LIFE), |said| life(&said)).ok_or(GrantError::Malformed)?;
    Ok(Granted { token: Secret::new(token), since: asked, until: until(asked, life.min(LONGEST_LIFE)) })
}

/// Seconds; as a number, or in quotation marks, as some servers write it.
fn life(said: &serde_json::Value) -> Option<Duration> {
    let seconds = match said {
        serde_json::Value::String(text) => text.parse().ok()?,
        number => number.as_f64()?,
    };
    Duration::try_from_secs_f64(seconds).ok()
}

/// A tenth of its life before a token's end, and at most [`MARGIN`].
fn until(UnixMillis(asked): UnixMillis, life: Duration) -> UnixMillis {
    let used = life - MARGIN.min(life / 10);
    UnixMillis(asked.saturating_add(u64::try_from(used.as_millis()).unwrap_or(u64::MAX)))
}

// === impl Granted ===

impl Granted {
    /// Whether the token may still be used.
    pub fn holds(&self, now: UnixMillis) -> bool {
        now < self.until
    }

    /// Whether it is old enough to be fetched anew where an upstream did not take it. An upstream may have other
    /// reasons to answer 401, and no client shall be able to send the gateway to the token endpoint with each request.
    pub fn is_renewable(&self, now: UnixMillis) -> bool {
        now.0.saturating_sub(self.since.0) >= RENEWABLE_AFTER
    }

    /// The value of `Authorization` (RFC 6750 section 2.1). `None` cannot be of a token that was [`read`].
    pub fn authorization(&self) -> Option<HeaderValue> {
        let mut value = HeaderValue::try_from(format!("Bearer {}", self.token.expose())).ok()?;
        value.set_sensitive(true);
        Some(value)
    }
}

// === impl GrantError ===

impl std::fmt::Display for GrantError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Refused(Some(code)) => write!(f, "the token endpoint says {code}"),
            Self::Refused(None) => f.write_str("the token endpoint gives no token"),
            Self::Malformed => f.write_str("the token endpoint's answer is not that of RFC 6749"),
            Self::NotBearer => f.write_str("the token endpoint gives no bearer token"),
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use base64::Engine as _;
    use base64::engine::general_purpose::STANDARD;

    use super::*;

    fn plan(authentication: ClientAuthentication) -> GrantPlan {
        GrantPlan {
            authentication,
            scope: Some("read write".into()),
            audience: Some("https://api.example/".into()),
            parameters: vec![("resource".into(), "a&b".into())],
        }
    }

    #[test]
    fn asks_with_basic() {
        // The pair of RFC 6749 section 2.3.1.
        let request =
            ask(&plan(ClientAuthentication::Basic), "s6BhdRkqt3", &Secret::new("7Fjfp0ZBr1KtDRbnfVdmIw"))
                .unwrap();
        let value = request.authorization.unwrap();
        assert_eq!(value, "Basic czZCaGRSa3F0Mzo3RmpmcDBaQnIxS3REUmJuZlZkbUl3");
        assert!(value.is_sensitive());
        assert_eq!(
            request.body,
            "grant_type=client_credentials&scope=read+write&audience=https%3A%2F%2Fapi.example%2F&resource=a%26b"
        );
        let request = ask(&plan(ClientAuthentication::Basic), "a:b", &Secret::new("c d%")).unwrap();
        let pair = STANDARD.decode(&request.authorization.unwrap().as_bytes()["Basic ".len()..]).unwrap();
        assert_eq!(pair, b"a%3Ab:c+d%25");
    }

    #[test]
    fn asks_with_post() {
        let plan = GrantPlan {
            scope: None,
            audience: None,
            parameters: Vec::new(),
            ..plan(ClientAuthentication::Post)
        };
        let request = ask(&plan, "me", &Secret::new("p&q")).unwrap();
        assert_eq!(request.authorization, None);
        assert_eq!(request.body, "grant_type=client_credentials&client_id=me&client_secret=p%26q");
    }

    #[test]
    fn a_token_is_used_until_shortly_before_its_end() {
        let asked = UnixMillis(1_000_000);
        for (said, life_ms) in [
            (r#", "expires_in": 3600"#, 3_570_000),
            (r#", "expires_in": "3600""#, 3_570_000),
            (r#", "expires_in": 100"#, 90_000),
            (r#", "expires_in": 0"#, 0),
            (r#", "expires_in": 1.5e3"#, 1_470_000),
            ("", 270_000),
            (r#", "expires_in": 1e15"#, 86_370_000),
        ] {
            // The example of RFC 6749 section 4.4.3.
            let body = format!(
                r#"{{"access_token":"2YotnFZFEjr1zCsicMWpAA","token_type":"Bearer","example_parameter":"v"{said}}}"#
            );
            let granted = read(true, body.as_bytes(), asked).unwrap();
            assert_eq!(granted.until, UnixMillis(1_000_000 + life_ms), "{said}");
            assert!(!granted.holds(granted.until));
            assert_eq!(granted.holds(asked), life_ms > 0);
            assert_eq!(granted.authorization().unwrap(), "Bearer 2YotnFZFEjr1zCsicMWpAA");
        }
    }

    #[test]
    fn other_answers_give_none() {
        let long = format!(r#"{{"access_token":"{}","token_type":"bearer"}}"#, "a".repeat(LONGEST_TOKEN + 1));
        for (ok, body, expected) in [
            (
                false,
                r#"{"error":"invalid_client","error_description":"x"}"#,
                GrantError::Refused(Some("invalid_client")),
            ),
            (false, r#"{"error":"<script>"}"#, GrantError::Refused(None)),
            (false, "no", GrantError::Refused(None)),
            (false, r#"{"access_token":"a","token_type":"bearer"}"#, GrantError::Refused(None)),
            (true, r#"{"error":"invalid_scope"}"#, GrantError::Refused(Some("invalid_scope"))),
            (true, "no", GrantError::Malformed),
            (true, "{}", GrantError::Malformed),
            (true, r#"{"access_token":"a"}"#, GrantError::Malformed),
            (true, r#"{"access_token":"","token_type":"bearer"}"#, GrantError::Malformed),
            (true, r#"{"access_token":7,"token_type":"bearer"}"#, GrantError::Malformed),
            (true, r#"{"access_token":"a\r\nb: c","token_type":"bearer"}"#, GrantError::Malformed),
            (true, r#"{"access_token":"a b","token_type":"bearer"}"#, GrantError::Malformed),
            (true, r#"{"access_token":"a","token_type":"bearer","expires_in":-1}"#, GrantError::Malformed),
            (
                true,
                r#"{"access_token":"a","token_type":"bearer","expires_in":"soon"}"#,
                GrantError::Malformed,
            ),
            (true, r#"{"access_token":"a","token_type":"mac"}"#, GrantError::NotBearer),
            (true, &long, GrantError::Malformed),
        ] {
            assert_eq!(read(ok, body.as_bytes(), UnixMillis(0)), Err(expected), "{body}");
        }
    }
}
