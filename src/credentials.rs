//! How the gateway shows an upstream that it may ask: a secret, a name and a password, a token that it fetches for
//! itself (OAuth 2.0), or a signature over the request (AWS).
//!
//! Whatever a client sent in the same place is taken away: an upstream must not take the client's word for the gateway's.

use bytes::Bytes;
use http::HeaderMap;
use http::header::{AUTHORIZATION, CONTENT_LENGTH, HOST, HeaderValue};
use http::request::Parts;

pub mod basic;
pub mod grant;
pub mod sealed;
pub mod sigv4;
pub mod tokens;

use crate::body::{Body, BodyError, collect};
use crate::deadline::Deadline;
use crate::host::{Host, Secret};
use crate::identity::fold::{FoldedNames, remove_claimed};
use crate::plan::{Endpoint, HeaderEdit, StorePlan, ValueTemplate};
use crate::problem::{Failure, Problem};
use crate::transform::{self, text, variable};
use grant::{GrantPlan, Granted};

/// What one upstream is shown.
#[derive(Debug)]
pub enum Credentials {
    /// Header fields with secrets in them.
    Fields {
        /// What is set.
        edits: Vec<HeaderEdit>,
        /// The names, in every spelling.
        names: FoldedNames,
    },
    /// A name and a password.
    Basic {
        /// The name.
        user: ValueTemplate,
        /// The variable with the password.
        password: Box<str>,
    },
    /// A token that the gateway fetches for itself.
    Token(Box<TokenClient>),
    /// A signature over the request.
    Aws(Box<Aws>),
}

/// The gateway as a client of a token endpoint.
#[derive(Debug)]
pub struct TokenClient {
    /// Where it asks.
    pub endpoint: Endpoint,
    /// Its identifier there.
    pub client: ValueTemplate,
    /// The variable with its secret there.
    pub secret: Box<str>,
    /// What it asks for.
    pub grant: GrantPlan,
    /// A digest of all that was written about it.
    pub fingerprint: [u8; 32],
}

/// Signing as AWS does.
#[derive(Debug)]
pub struct Aws {
    /// The access key's id.
    pub id: ValueTemplate,
    /// The variable with the secret access key.
    pub secret: Box<str>,
    /// The variable with the session token.
    pub session: Option<Box<str>>,
    /// What signatures are good for.
    pub scope: sigv4::Scope,
    /// Whether signatures cover the content.
    pub signs_content: bool,
    /// The largest content that is collected to be signed, in bytes.
    pub most_content: u64,
}

/// What an upstream was shown, to know what to do if it is not content.
#[derive(Debug)]
pub enum Shown<'a> {
    /// What there is: nothing better can be fetched.
    Fixed,
    /// A token, which may have been revoked before its time.
    Token(&'a TokenClient, Granted),
}

/// The request's content, in memory where a signature must cover it.
pub async fn content<H: Host>(
    host: &H,
    credentials: Option<&Credentials>,
    body: Body<H::Stream>,
    limit: u64,
    deadline: Deadline,
) -> Result<Body<H::Stream>, Failure> {
    let (Some(Credentials::Aws(aws)), Body::Stream(_)) = (credentials, &body) else { return Ok(body) };
    if !aws.signs_content {
        return Ok(body);
    }
    let collected = collect(host, body, limit.min(aws.most_content), deadline).await;
    let bytes: Bytes = collected.map_err(uncollected)?;
    Ok(if bytes.is_empty() { Body::Empty } else { Body::Full(bytes) })
}

/// What a client is told whose content could not be collected.
pub fn uncollected(error: BodyError) -> Failure {
    let problem = match error {
        BodyError::TooLarge => Problem::BodyTooLarge,
        BodyError::Aborted(_) | BodyError::Malformed(_) => Problem::BadRequest,
        BodyError::Idle | BodyError::Deadline => Problem::RequestTimeout,
    };
    Failure::from(problem).cause(error.to_string())
}

/// Writes what the upstream is shown into `head`, which is as it will be sent. The last that is done to it: signatures
/// cover what stands there.
pub async fn show<'a, H: Host, S>(
    host: &H,
    credentials: &'a Credentials,
    store: Option<&StorePlan>,
    head: &mut Parts,
    body: &Body<S>,
    deadline: Deadline,
) -> Result<Shown<'a>, Failure> {
    match credentials {
        Credentials::Fields { edits, names } => {
            remove_claimed(&mut head.headers, names);
            transform::edit_headers(host, edits, &mut head.headers).await?;
        }
        Credentials::Basic { user, password } => {
            let (user, password) = (text(host, user).await?, variable(host, password).await?);
            let value = basic::authorization(user.expose(), password.expose());
            put(&mut head.headers, value, "the name and password for the upstream")?;
        }
        Credentials::Token(client) => {
            let granted = tokens::token(host, client, store, None, deadline).await?;
            put(&mut head.headers, granted.authorization(), "the token for the upstream")?;
            return Ok(Shown::Token(client, granted));
        }
        Credentials::Aws(aws) => sign(host, aws, head, body).await?,
    }
    Ok(Shown::Fixed)
}

/// Writes another token into `headers`, in place of one that the upstream did not take; whether there is another.
pub async fn show_again<H: Host>(
    host: &H,
    shown: &Shown<'_>,
    store: Option<&StorePlan>,
    headers: &mut HeaderMap,
    deadline: Deadline,
) -> Result<bool, Failure> {
    let Shown::Token(client, refused) = shown else { return Ok(false) };
    let granted = tokens::token(host, client, store, Some(refused), deadline).await?;
    if granted.token == refused.token {
        return Ok(false);
    }
    put(headers, granted.authorization(), "the token for the upstream")?;
    Ok(true)
}

async fn sign<H: Host, S>(host: &H, aws: &Aws, head: &mut Parts, body: &Body<S>) -> Result<(), Failure> {
    let session = match &aws.session {
        Some(name) => Some(variable(host, name).await?),
        None => None,
    };
    let (id, secret): (Secret, Secret) = (text(host, &aws.id).await?, variable(host, &aws.secret).await?);
    let keys = sigv4::Keys { id, secret, session };
    let content = match (aws.signs_content, body) {
        (true, Body::Empty) => sigv4::Content::Whole(b""),
        (true, Body::Full(bytes)) => sigv4::Content::Whole(bytes),
        _ => sigv4::Content::Unsigned,
    };
    if let Body::Full(bytes) = body {
        // S3 takes no chunks: what was collected has a length.
        head.headers.insert(CONTENT_LENGTH, HeaderValue::from(bytes.len()));
    }
    let authority = head.headers.get(HOST).cloned().unwrap_or(HeaderValue::from_static(""));
    let signed = sigv4::Head {
        method: &head.method,
        path: head.uri.path(),
        query: head.uri.query(),
        host: authority.to_str().unwrap_or_default(),
    };
    sigv4::sign(&signed, &mut head.headers, content, &keys, &aws.scope, host.unix())
        .map_err(|_| misconfigured("the AWS credentials have characters that no header field can have"))
}

fn put(headers: &mut HeaderMap, value: Option<HeaderValue>, what: &str) -> Result<(), Failure> {
    let value = value.ok_or_else(|| misconfigured(&format!("{what} cannot be sent in a header field")))?;
    headers.try_insert(AUTHORIZATION, value).map_err(|_| Failure::from(Problem::HeadersTooLarge))?;
    Ok(())
}

fn misconfigured(cause: &str) -> Failure {
    Failure::from(Problem::Misconfigured).cause(cause)
}

// === impl Shown ===

impl Shown<'_> {
    /// Whether it is worth fetching another where the upstream answered 401.
    pub fn is_renewable(&self, now: crate::host::UnixMillis) -> bool {
        match self {
            Self::Fixed => false,
            Self::Token(_, granted) => granted.is_renewable(now),
        }
    }
}
