//! The stage: candidates, their keys, the content, the nonce.

use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use http::header::CONTENT_LENGTH;
use http::uri::PathAndQuery;
use http::{HeaderMap, HeaderValue};
use http_body::Body as _;

use super::content_digest::{ContentDigest, DigestError};
use super::{
    Judged, Key, KeyError, Known, Material, Message, Refusal, Rejection, Signatures, candidates, nonce,
};
use crate::auth::{Asking, Authenticator, Caller, Found};
use crate::body::{Body, BodyError, collect};
use crate::host::{Host, Variables};
use crate::problem::Problem;

/// Looks for a signature, and judges it. Where one covers `Content-Digest`, `body` is whole afterwards and is what the
/// digest says; nothing has gone to an upstream before that.
pub async fn authenticate<H: Host>(
    host: &H,
    _: &Authenticator,
    signatures: &Signatures,
    asking: &Asking<'_>,
    body: &mut Body<H::Stream>,
) -> Found {
    let root = PathAndQuery::from_static("/");
    let headers = &asking.head.headers;
    let message = Message {
        method: &asking.head.method,
        scheme: scheme(asking),
        authority: asking.client.host.as_ref().map_or(asking.authority, |host| host.as_str()),
        target: asking.head.uri.path_and_query().unwrap_or(&root),
        headers,
        has_content: announces_content(headers),
    };
    let (caller, judged) = match signed(host, signatures, asking, &message).await {
        Ok(signed) => signed,
        Err(found) => return found,
    };
    if caller.consumer.as_ref().is_some_and(|consumer| consumer.disabled) {
        return Found::Rejected(Refusal::invalid("the consumer is switched off"));
    }
    let checked = match judged.covers_content {
        true => compare(host, signatures, asking, body).await,
        false if signatures.policy.content_digest => prove_empty(host, asking, body).await,
        false => Ok(()),
    };
    if let Err(refusal) = checked {
        return Found::Rejected(refusal);
    }
    match remember(host, signatures, asking, &judged).await {
        Ok(()) => Found::Verified(caller),
        Err(refusal) => Found::Rejected(refusal),
    }
}

/// What the client called: a trusted proxy knows better than the connection.
fn scheme(asking: &Asking<'_>) -> &'static str {
    match asking.client.proto {
        Some(proto) => proto.as_str(),
        None if asking.peer.secure => "https",
        None => "http",
    }
}

fn announces_content(headers: &HeaderMap) -> bool {
    let length = headers.get(CONTENT_LENGTH).map(HeaderValue::as_bytes);
    length.is_some_and(|length| length != b"0")
}

/// The first signature that is right, and whose it is.
async fn signed<H: Variables>(
    host: &H,
    signatures: &Signatures,
    asking: &Asking<'_>,
    message: &Message<'_>,
) -> Result<(Arc<Caller>, Judged), Found> {
    let now = seconds(asking);
    let mut why = None;
    for candidate in candidates(&signatures.policy, message, now).map_err(found)? {
        let judged = match signatures.known(candidate.keyid()) {
            Some(known) => {
                let judged = match &known.material {
                    Material::Public(key) => candidate.verify(message, key),
                    Material::Secret { variable, base64 } => {
                        let key = secret(host, variable, *base64).await;
                        candidate.verify(message, &key.map_err(Found::Rejected)?)
                    }
                };
                judged.map(|judged| (known, judged))
            }
            None => Err(Rejection::UnknownKey),
        };
        match judged {
            Ok((Known { caller, .. }, judged)) => return Ok((Arc::clone(caller), judged)),
            Err(rejection) => {
                why.get_or_insert(rejection);
            }
        }
    }
    Err(found(why.unwrap_or(Rejection::Absent)))
}

fn seconds(asking: &Asking<'_>) -> i64 {
    i64::try_from(asking.now.0 / 1000).unwrap_or(i64::MAX)
}

/// RFC 9421 leaves open what a server answers: 400 where nothing could be made of the fields, 401 where what they say
/// is not enough.
fn found(rejection: Rejection) -> Found {
    let cause = rejection.to_string();
    match rejection {
        // A signature of another label is a proxy's, or for somebody behind the gateway.
        Rejection::Absent | Rejection::NoSuchLabel => Found::Absent,
        Rejection::Tag => Found::Foreign(cause),
        Rejection::TooLarge
        | Rejection::TooManySignatures
        | Rejection::TooManyComponents
        | Rejection::Malformed(_)
        | Rejection::Unpaired
        | Rejection::Component { .. }
        | Rejection::BaseTooLarge
        | Rejection::Parameter(_) => Found::Rejected(Refusal::malformed(cause)),
        Rejection::Uncovered(_)
        | Rejection::Missing(_)
        | Rejection::TooOld
        | Rejection::Future
        | Rejection::Expired
        | Rejection::UnknownKey
        | Rejection::Algorithm
        | Rejection::Wrong => Found::Rejected(Refusal::invalid(cause)),
    }
}

/// The key in a variable.
async fn secret<H: Variables>(host: &H, variable: &str, base64: bool) -> Result<Key, Refusal> {
    let unavailable = |what: String| Refusal::unavailable(format!("the variable {variable} {what}"));
    let value = match host.variable(variable).await {
        Ok(Some(value)) => value,
        Ok(None) => return Err(unavailable("is not set".to_owned())),
        Err(error) => return Err(unavailable(format!("cannot be read: {}", error.cause))),
    };
    let key = match base64 {
        true => STANDARD
            .decode(value.expose().trim())
            .map_err(|_| KeyError::Encoding)
            .and_then(|bytes| Key::hmac_sha256(&bytes)),
        false => Key::hmac_sha256(value.expose().as_bytes()),
    };
    key.map_err(|error| unavailable(format!("holds no key: {error}")))
}

/// Reads the content and compares it with `Content-Digest`.
async fn compare<H: Host>(
    host: &H,
    signatures: &Signatures,
    asking: &Asking<'_>,
    body: &mut Body<H::Stream>,
) -> Result<(), Refusal> {
    let digest =
        ContentDigest::of(&asking.head.headers).map_err(|error| Refusal::malformed(error.to_string()))?;
    let limit = signatures.most_content.min(asking.route.body_limit);
    let content = std::mem::replace(body, Body::Empty);
    let content = collect(host, content, limit, asking.deadline).await.map_err(unread)?;
    digest.verify(&content).map_err(|error| match error {
        DigestError::Different => Refusal::invalid(error.to_string()),
        other => Refusal::malformed(other.to_string()),
    })?;
    if !content.is_empty() {
        *body = Body::Full(content);
    }
    Ok(())
}

/// No digest is covered, and none need be as long as there is no content. Where no length is announced, that is known
/// when the body ends.
async fn prove_empty<H: Host>(
    host: &H,
    asking: &Asking<'_>,
    body: &mut Body<H::Stream>,
) -> Result<(), Refusal> {
    if body.is_end_stream() {
        return Ok(());
    }
    match collect(host, std::mem::replace(body, Body::Empty), 0, asking.deadline).await {
        Ok(_) => Ok(()),
        Err(BodyError::TooLarge) => {
            Err(Refusal::invalid(Rejection::Uncovered("content-digest".to_owned()).to_string()))
        }
        Err(error) => Err(unread(error)),
    }
}

fn unread(error: BodyError) -> Refusal {
    let problem = match error {
        BodyError::TooLarge => Problem::BodyTooLarge,
        BodyError::Idle | BodyError::Deadline => Problem::RequestTimeout,
        BodyError::Aborted(_) | BodyError::Malformed(_) => Problem::BadRequest,
    };
    Refusal::Content(problem, error.to_string().into())
}

/// Lets a nonce through once, where the policy asks for one.
async fn remember<H: Host>(
    host: &H,
    signatures: &Signatures,
    asking: &Asking<'_>,
    judged: &Judged,
) -> Result<(), Refusal> {
    let (true, Some(replay)) = (signatures.policy.nonce, &judged.replay) else { return Ok(()) };
    match nonce::is_fresh(host, asking.plan.store.as_ref(), replay, seconds(asking)).await {
        Ok(true) => Ok(()),
        Ok(false) => Err(Refusal::invalid("the signature's nonce has been used")),
        Err(cause) => Err(Refusal::unavailable(cause)),
    }
}
