//! What a login asks of the host and of the provider: its keys, tokens, and whether an ID token is good.

use std::time::Duration;

use bytes::Bytes;
use http::Method;
use http::header::{ACCEPT, AUTHORIZATION, CONTENT_TYPE, HeaderMap, HeaderValue};

use super::exchange::{ANSWER_MOST, ExchangeError, TokenRequest, Tokens};
use super::policy::{ClientAuthentication, Login};
use super::provider::Provider;
use super::seal::{Keys, KeysError, Purpose, SECRET_LEAST};
use crate::ask::{Question, ask};
use crate::auth::claims::Claims;
use crate::auth::jwt::{self, Rejection, judge};
use crate::auth::key_source::key_set;
use crate::deadline::Deadline;
use crate::host::{Host, Secret, UnixMillis};
use crate::plan::StorePlan;

/// How long the token endpoint may take. A person waits for it.
const WITHIN: Duration = Duration::from_secs(10);

/// Why there are no tokens; the texts are for the operator.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum NoTokens {
    /// The code or the refresh token is not taken.
    Grant,
    /// The gateway is not configured as the provider would have it.
    Misconfigured(String),
    /// The provider is in trouble.
    Unavailable(String),
}

/// The keys of `login` for `purpose`. The error is for the operator.
pub async fn keys<H: Host>(host: &H, login: &Login, purpose: Purpose) -> Result<Keys, String> {
    let mut secrets = Vec::with_capacity(login.secrets.len());
    for name in &login.secrets {
        secrets.push(secret(host, name).await?);
    }
    Keys::derive(secrets.iter().map(Secret::expose), purpose).map_err(|error| match error {
        KeysError::Number => "there is no secret to seal sessions with".to_owned(),
        KeysError::Short(at) => {
            format!("the variable {} is shorter than {SECRET_LEAST} bytes", login.secrets[at])
        }
    })
}

async fn secret<H: Host>(host: &H, name: &str) -> Result<Secret, String> {
    match host.variable(name).await {
        Ok(Some(secret)) => Ok(secret),
        Ok(None) => Err(format!("the variable {name} is not set")),
        Err(error) => Err(format!("the variable {name} cannot be read: {}", error.cause)),
    }
}

/// What is given to the provider for tokens.
#[derive(Debug, Clone, Copy)]
pub enum Grant<'a> {
    /// A code, and the verifier of its login.
    Code(&'a str, &'a str),
    /// A refresh token.
    Refresh(&'a str),
}

/// Asks the provider for tokens, by `deadline` at the latest.
pub async fn exchange<H: Host>(
    host: &H,
    login: &Login,
    provider: &Provider,
    grant: Grant<'_>,
    deadline: Deadline,
) -> Result<Tokens, NoTokens> {
    let secret = match &login.client {
        ClientAuthentication::None => None,
        ClientAuthentication::Basic(name) | ClientAuthentication::Post(name) => {
            Some(secret(host, name).await.map_err(NoTokens::Misconfigured)?)
        }
    };
    let request = match grant {
        Grant::Code(code, verifier) => TokenRequest::code(login, secret.as_ref(), code, verifier),
        Grant::Refresh(token) => TokenRequest::refresh(login, secret.as_ref(), token),
    };
    let request = request.ok_or_else(|| NoTokens::Misconfigured("the client has no secret".to_owned()))?;
    let mut headers = HeaderMap::new();
    headers.insert(ACCEPT, HeaderValue::from_static("application/json"));
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/x-www-form-urlencoded"));
    headers.extend(request.authorization.map(|value| (AUTHORIZATION, value)));
    let question = Question {
        endpoint: &provider.token,
        target: None,
        method: Method::POST,
        headers,
        body: Bytes::from(request.form),
        within: WITHIN,
        deadline,
        most: ANSWER_MOST,
    };
    let answer = ask(host, question).await.map_err(|error| NoTokens::Unavailable(error.cause))?;
    Tokens::read(answer.status(), answer.body()).map_err(|error| match error {
        ExchangeError::Grant => NoTokens::Grant,
        ExchangeError::Refused(error) => NoTokens::Misconfigured(format!("the token endpoint says {error}")),
        ExchangeError::Unreadable(cause) => NoTokens::Unavailable(cause.to_owned()),
    })
}

/// The claims of an ID token that the provider has signed, for this client, and that is valid now. A key that is not
/// known is looked for once, because keys may have changed.
pub async fn judged<H: Host>(
    host: &H,
    store: Option<&StorePlan>,
    login: &Login,
    id_token: &str,
    now: UnixMillis,
) -> Result<Claims, Rejected> {
    let keys = key_set(host, store, &login.keys, None).await.map_err(|error| Rejected::Keys(error.cause))?;
    let verdict = match judge(&login.tokens, &keys.set, id_token, now) {
        Err(Rejection::UnknownKey) => {
            let newer = key_set(host, store, &login.keys, Some(keys.generation)).await;
            let newer = newer.map_err(|error| Rejected::Keys(error.cause))?;
            judge(&login.tokens, &newer.set, id_token, now)
        }
        verdict => verdict,
    };
    verdict.map(|judged: jwt::Judged| judged.claims).map_err(|why| Rejected::Token(why.reason().to_owned()))
}

/// Why an ID token is not taken; the texts are for the operator.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Rejected {
    /// The provider's keys cannot be had.
    Keys(String),
    /// It is not to be believed.
    Token(String),
}
