//! Consumers, keys and revocations at the operator's address. Whoever has the token may; everybody else is told nothing.

use std::time::Duration;

use bytes::Bytes;
use http::header::{ALLOW, HeaderValue, LOCATION, WWW_AUTHENTICATE};
use http::request::Parts;
use http::{HeaderMap, Method, Request, StatusCode};
use serde::Deserialize;
use serde_json::{Value, json};
use tollgate::auth::Kind;
use tollgate::auth::api_key::form::{DEFAULT_PREFIX, Form};
use tollgate::auth::consumer::{Consumer, is_name};
use tollgate::auth::digest::{Digest, SCHEME};
use tollgate::host::{Secret, UnixMillis};
use tollgate::plan::{Plan, moment};

use super::{Reply, typed};
use crate::host::{Opened, Variables};
use crate::keys::{NewKey, Refusal, Register, shown};
use operator::{for_operator, operator};

pub mod cache;
pub mod collect;
mod operator;
pub mod splits;
pub mod usage;

/// What can be managed, and by whom, under the plan in force.
#[derive(Debug, Clone, Default)]
pub struct Managed {
    /// What is in the store; `None` where the configuration has none.
    pub register: Option<Register>,
    /// The name of the variable with the token; `None` where the configuration names none.
    pub token: Option<Box<str>>,
    /// Its value.
    pub value: Option<Secret>,
    /// The names of consumers that stand in the configuration.
    pub consumers: Vec<Box<str>>,
    /// The names of all ways in.
    pub authenticators: Vec<Box<str>>,
    /// What keys of the store begin with.
    pub prefix: Box<str>,
}

// === impl Managed ===

impl Managed {
    /// What `plan` lets be managed in its `store`.
    pub fn of(plan: &Plan, store: Option<&Opened>, variables: &Variables) -> Self {
        let token = plan.server.admin_token.clone();
        let stored = plan.auth.authenticators.iter().find_map(|authenticator| match &authenticator.kind {
            Kind::ApiKey(keys) if keys.stored => match &keys.form {
                Form::Prefixed(prefix) => Some(prefix.clone()),
                Form::Any => None,
            },
            _ => None,
        });
        Self {
            register: store
                .zip(plan.auth.store.as_ref())
                .map(|(store, plan)| Register::new(store.clone(), &plan.label)),
            value: token.as_ref().and_then(|name| variables.get(name)),
            token,
            consumers: plan.auth.consumers.all.iter().map(|consumer| consumer.id.clone()).collect(),
            authenticators: plan.auth.authenticators.iter().map(|it| it.name.clone()).collect(),
            prefix: stored.unwrap_or_else(|| DEFAULT_PREFIX.into()),
        }
    }
}

/// What is answered instead.
#[derive(Debug)]
struct Problem(StatusCode, String);

/// The largest body, in bytes: more than the largest consumer.
const LARGEST: usize = 256 << 10;

/// How long a body may take.
const PATIENCE: Duration = Duration::from_secs(10);

/// The longest identifier of a token, in bytes: RFC 7519 has no bound, and nobody's is longer.
const LONGEST_TOKEN_ID: usize = 1024;

/// Whether this is the path of something that is managed.
pub fn is_managed(path: &str) -> bool {
    let first = path.split('/').nth(1);
    matches!(first, Some("consumers" | "keys" | "revocations"))
}

/// Answers a request for something that is managed.
pub async fn answer<B>(managed: Managed, request: Request<B>, now: UnixMillis) -> Reply
where
    B: http_body::Body<Data = Bytes> + Unpin,
{
    let (head, body) = request.into_parts();
    let done = match register(managed, &head.headers) {
        Ok(managed) => perform(&managed, &head, body, now).await,
        Err(problem) => Err(problem),
    };
    done.unwrap_or_else(Problem::reply)
}

/// Whoever may, with what there is.
struct Entitled {
    register: Register,
    consumers: Vec<Box<str>>,
    authenticators: Vec<Box<str>>,
    prefix: Box<str>,
}

fn register(managed: Managed, headers: &HeaderMap) -> Result<Entitled, Problem> {
    operator(&managed, headers)?;
    let register = managed.register.ok_or_else(|| {
        Problem(StatusCode::CONFLICT, "the configuration has no [store] to keep anything in".to_owned())
    })?;
    let Managed { consumers, authenticators, prefix, .. } = managed;
    Ok(Entitled { register, consumers, authenticators, prefix })
}

type Done = Result<Reply, Problem>;

async fn perform<B>(entitled: &Entitled, head: &Parts, body: B, now: UnixMillis) -> Done
where
    B: http_body::Body<Data = Bytes> + Unpin,
{
    let pieces: Vec<_> = head.uri.path().split('/').skip(1).collect();
    let query = head.uri.query();
    match (&head.method, pieces.as_slice()) {
        (&Method::GET, ["consumers"]) => list_consumers(entitled, query, now).await,
        (&Method::POST, ["consumers"]) => put_consumer(entitled, read(head, body).await?, now).await,
        (&Method::GET, ["consumers", id]) => match entitled.register.consumer(&name(id)?, now).await? {
            Some(consumer) => Ok(json_reply(StatusCode::OK, &shown::consumer(&consumer))),
            None => Err(Problem(StatusCode::NOT_FOUND, "there is no such consumer".to_owned())),
        },
        (&Method::DELETE, ["consumers", id]) => {
            let id = name(id)?;
            let keys = entitled.register.remove_consumer(&id, now).await?;
            tracing::info!("operator: the consumer {id} is removed, and {keys} keys");
            Ok(empty(StatusCode::NO_CONTENT))
        }
        (&Method::GET, ["keys"]) => list_keys(entitled, query, now).await,
        (&Method::POST, ["keys"]) => post_key(entitled, read(head, body).await?, now).await,
        (&Method::GET, ["keys", id]) => {
            Ok(json_reply(StatusCode::OK, &shown::key(&entitled.register.key(id, now).await?, now)))
        }
        (&Method::PATCH, ["keys", id]) => change_key(entitled, id, read(head, body).await?, now).await,
        (&Method::DELETE, ["keys", id]) => {
            entitled.register.revoke(id, now).await?;
            tracing::info!("operator: the key {id} is revoked");
            Ok(empty(StatusCode::NO_CONTENT))
        }
        (&Method::POST, ["revocations"]) => revoke_token(entitled, read(head, body).await?, now).await,
        (_, pieces) => Err(match allowed(pieces) {
            Some(methods) => Problem(StatusCode::METHOD_NOT_ALLOWED, methods.to_owned()),
            None => Problem(StatusCode::NOT_FOUND, "there is nothing at this address".to_owned()),
        }),
    }
}

fn allowed(pieces: &[&str]) -> Option<&'static str> {
    match pieces {
        ["consumers" | "keys"] => Some("GET, POST"),
        ["consumers", _] => Some("GET, DELETE"),
        ["keys", _] => Some("GET, PATCH, DELETE"),
        ["revocations"] => Some("POST"),
        _ => None,
    }
}

// === consumers ===

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct WrittenConsumer {
    id: Box<str>,
    #[serde(default)]
    groups: Vec<Box<str>>,
    #[serde(default)]
    plan: Option<Box<str>>,
    #[serde(default)]
    metadata: std::collections::BTreeMap<Box<str>, Box<str>>,
    #[serde(default)]
    disabled: bool,
}

async fn list_consumers(entitled: &Entitled, query: Option<&str>, now: UnixMillis) -> Done {
    let after = parameter(query, "after");
    let (consumers, next) = entitled.register.consumers(after.as_deref(), now).await?;
    let shown: Vec<_> = consumers.iter().map(shown::consumer).collect();
    Ok(json_reply(StatusCode::OK, &json!({ "consumers": shown, "next": next })))
}

async fn put_consumer(entitled: &Entitled, written: WrittenConsumer, now: UnixMillis) -> Done {
    if entitled.consumers.contains(&written.id) {
        // The one in the configuration goes first, so that this one would never be seen.
        let text = "a consumer of this name stands in the configuration; change it there";
        return Err(Problem(StatusCode::CONFLICT, text.to_owned()));
    }
    let consumer = Consumer {
        id: written.id,
        groups: written.groups,
        plan: written.plan,
        metadata: written.metadata.into_iter().collect(),
        disabled: written.disabled,
    };
    let known = entitled.register.put_consumer(&consumer, now).await?;
    tracing::info!("operator: the consumer {} is written", consumer.id);
    let status = if known { StatusCode::OK } else { StatusCode::CREATED };
    Ok(located(json_reply(status, &shown::consumer(&consumer)), &format!("/consumers/{}", consumer.id)))
}

/// A name as it stands in a path: none of its characters need be encoded, and some are all the same.
fn name(piece: &str) -> Result<String, Problem> {
    let decoded = percent_encoding::percent_decode_str(piece).decode_utf8_lossy().into_owned();
    if is_name(&decoded) {
        Ok(decoded)
    } else {
        Err(Problem(StatusCode::NOT_FOUND, "there is no such consumer".to_owned()))
    }
}

// === keys ===

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct WrittenKey {
    consumer: String,
    #[serde(default)]
    label: String,
    #[serde(default)]
    not_before: Option<String>,
    #[serde(default)]
    expires: Option<String>,
    #[serde(default)]
    prefix: Option<String>,
    #[serde(default)]
    digest: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct KeyChange {
    #[serde(default)]
    label: Option<String>,
    #[serde(default)]
    expires: Option<String>,
    #[serde(default)]
    disabled: Option<bool>,
}

async fn list_keys(entitled: &Entitled, query: Option<&str>, now: UnixMillis) -> Done {
    let (consumer, after) = (parameter(query, "consumer"), parameter(query, "after"));
    let (keys, next) = entitled.register.keys(consumer.as_deref(), after.as_deref(), now).await?;
    let shown: Vec<_> = keys.iter().map(|key| shown::key(key, now)).collect();
    Ok(json_reply(StatusCode::OK, &json!({ "keys": shown, "next": next })))
}

/// Makes a key, or takes the digest of one. The answer to the first has the key in it, this once.
async fn post_key(entitled: &Entitled, written: WrittenKey, now: UnixMillis) -> Done {
    let new = NewKey {
        not_before: seconds(written.not_before.as_deref())?,
        expires: seconds(written.expires.as_deref())?,
        consumer: written.consumer,
        label: written.label,
    };
    let (text, key) = match written.digest.as_deref() {
        Some(digest) => {
            let digest = digest.strip_prefix(SCHEME).and_then(Digest::from_hex);
            let wrong = || invalid(&format!("digest is {SCHEME} and 64 hexadecimal digits in lower case"));
            (None, new.with(digest.ok_or_else(wrong)?, now)?)
        }
        None => {
            let (text, key) = new.make(written.prefix.as_deref().unwrap_or(&entitled.prefix), now)?;
            (Some(text), key)
        }
    };
    let configured = entitled.consumers.contains(&key.consumer);
    entitled.register.put_key(&key, configured, now).await?;
    tracing::info!("operator: the key {} of {} is made", key.digest.name(), key.consumer);
    let mut shown = shown::key(&key, now);
    if let Some(text) = text {
        shown["key"] = text.expose().into();
    }
    Ok(located(json_reply(StatusCode::CREATED, &shown), &format!("/keys/{}", key.digest.name())))
}

async fn change_key(entitled: &Entitled, id: &str, change: KeyChange, now: UnixMillis) -> Done {
    let expires = seconds(change.expires.as_deref())?;
    let changed = entitled.register.change_key(id, now, |key| {
        key.expires = expires.or(key.expires);
        key.disabled = change.disabled.unwrap_or(key.disabled);
        if let Some(label) = &change.label {
            key.label = label.as_str().into();
        }
    });
    let key = changed.await?;
    tracing::info!("operator: the key {} of {} is changed", key.digest.name(), key.consumer);
    Ok(json_reply(StatusCode::OK, &shown::key(&key, now)))
}

fn seconds(text: Option<&str>) -> Result<Option<u64>, Problem> {
    let read = text.map(|text| moment(text).ok_or_else(|| invalid("a moment is \"2026-11-21T12:00:00Z\"")));
    read.transpose()
}

// === tokens ===

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Revoked {
    authenticator: Box<str>,
    jti: String,
    #[serde(default)]
    expires: Option<String>,
}

async fn revoke_token(entitled: &Entitled, revoked: Revoked, now: UnixMillis) -> Done {
    if !entitled.authenticators.contains(&revoked.authenticator) {
        return Err(Problem(StatusCode::NOT_FOUND, "there is no way in of this name".to_owned()));
    }
    if revoked.jti.is_empty() || revoked.jti.len() > LONGEST_TOKEN_ID {
        return Err(invalid(&format!("jti has 1 to {LONGEST_TOKEN_ID} bytes")));
    }
    let expires = seconds(revoked.expires.as_deref())?;
    if expires.is_some_and(|expires| expires <= now.0 / 1_000) {
        return Err(invalid("the token would have expired already"));
    }
    entitled.register.revoke_token(&revoked.authenticator, &revoked.jti, expires).await?;
    tracing::info!("operator: a token of {} is revoked", revoked.authenticator);
    Ok(empty(StatusCode::CREATED))
}

// === requests and answers ===

async fn read<T, B>(head: &Parts, body: B) -> Result<T, Problem>
where
    T: for<'a> Deserialize<'a>,
    B: http_body::Body<Data = Bytes> + Unpin,
{
    let whole = json_of(head, body).await?;
    // The error of the parser may quote what was sent: a key, perhaps.
    serde_json::from_slice(&whole).map_err(|error| {
        invalid(&format!(
            "the body is not what is expected, at line {} column {}",
            error.line(),
            error.column()
        ))
    })
}

/// JSON, said to be JSON: a form on somebody's page cannot send that unasked.
async fn json_of<B>(head: &Parts, body: B) -> Result<Vec<u8>, Problem>
where
    B: http_body::Body<Data = Bytes> + Unpin,
{
    let said = head.headers.get(http::header::CONTENT_TYPE).and_then(|value| value.to_str().ok());
    let media_type = said.and_then(|said| said.split(';').next()).unwrap_or_default().trim();
    if !media_type.eq_ignore_ascii_case("application/json") {
        let text = "the body is application/json, and Content-Type says so";
        return Err(Problem(StatusCode::UNSUPPORTED_MEDIA_TYPE, text.to_owned()));
    }
    match tokio::time::timeout(PATIENCE, collect::collect(body, LARGEST)).await {
        Ok(Ok(whole)) => Ok(whole),
        Ok(Err(collect::Incomplete::TooLarge)) => {
            let text = format!("a body has {LARGEST} bytes at most");
            Err(Problem(StatusCode::PAYLOAD_TOO_LARGE, text))
        }
        Ok(Err(collect::Incomplete::Broken)) => Err(invalid("the body broke off")),
        Err(_) => Err(Problem(StatusCode::REQUEST_TIMEOUT, "the body did not arrive in time".to_owned())),
    }
}

fn parameter(query: Option<&str>, name: &str) -> Option<String> {
    tollgate::transform::query::values(query, name).next().map(std::borrow::Cow::into_owned)
}

fn invalid(text: &str) -> Problem {
    Problem(StatusCode::UNPROCESSABLE_ENTITY, text.to_owned())
}

fn json_reply(status: StatusCode, value: &Value) -> Reply {
    typed(status, "application/json", value.to_string())
}

fn empty(status: StatusCode) -> Reply {
    let mut reply = typed(status, "text/plain", String::new());
    reply.headers_mut().remove(http::header::CONTENT_TYPE);
    reply
}

fn located(mut reply: Reply, path: &str) -> Reply {
    if let Ok(path) = HeaderValue::from_str(path) {
        reply.headers_mut().insert(LOCATION, path);
    }
    reply
}

impl From<Refusal> for Problem {
    fn from(refusal: Refusal) -> Self {
        let status = match refusal {
            Refusal::Invalid(_) => StatusCode::UNPROCESSABLE_ENTITY,
            Refusal::Missing(_) => StatusCode::NOT_FOUND,
            Refusal::Ambiguous(_) => StatusCode::CONFLICT,
            Refusal::Store(_) => StatusCode::SERVICE_UNAVAILABLE,
        };
        Self(status, refusal.to_string())
    }
}

impl Problem {
    /// RFC 9457; the types are HTTP's own (section 4.2.1).
    fn reply(self) -> Reply {
        let Self(status, detail) = self;
        let title = status.canonical_reason().unwrap_or_default();
        let body =
            json!({ "type": "about:blank", "title": title, "status": status.as_u16(), "detail": detail });
        let mut reply = typed(status, "application/problem+json", body.to_string());
        if status == StatusCode::UNAUTHORIZED {
            reply.headers_mut().insert(WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
        }
        if status == StatusCode::METHOD_NOT_ALLOWED
            && let Ok(methods) = HeaderValue::from_str(&detail)
        {
            reply.headers_mut().insert(ALLOW, methods);
        }
        reply
    }
}
