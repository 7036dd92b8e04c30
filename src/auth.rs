//! Who calls, and whether they may.
//!
//! A route says which authenticators it accepts, in order. Each is asked in turn whether the request has credentials of
//! its kind; the first that has them decides, for better or worse: a request with a bad token is not let in by the next
//! way, because somebody who sends a bad credential wants to know. What the caller may do on this route is judged
//! afterwards ([`authorise()`]).
//!
//! A client learns no more of why it was refused than RFC 6750 section 3.1 asks for; the operator's record has it all.

use std::sync::Arc;

use bytes::Bytes;
use http::header::{HeaderMap, HeaderValue, WWW_AUTHENTICATE};
use http::request::Parts;
use http::{Response, StatusCode};

pub mod addresses;
pub mod api_key;
pub mod authorise;
pub mod basic;
pub mod bearer;
pub mod caller;
pub mod certificate;
pub mod claims;
pub mod conceal;
pub mod consumer;
pub mod digest;
pub mod discovery;
pub mod external;
pub mod introspection;
pub mod jwt;
pub mod key_source;
pub mod login;
pub mod origin;
pub mod password;
pub mod presented;
pub mod rejection;
pub mod remembered;
pub mod revocation;
pub mod signature;

pub use caller::{Caller, CredentialId};
pub use rejection::Rejection;

use crate::body::Body;
use crate::deadline::Deadline;
use crate::forward::client::Client;
use crate::gateway::Peer;
use crate::host::{Host, UnixMillis};
use crate::plan::StorePlan;
use crate::problem::Failure;
use authorise::Rules;

/// All that is configured about authentication.
#[derive(Debug, Default)]
pub struct Plan {
    /// By name, sorted; routes refer to them by index.
    pub authenticators: Vec<Authenticator>,
    /// The key-value store that instances share.
    pub store: Option<StorePlan>,
    /// Consumers that stand in the configuration, with their keys and passwords.
    pub consumers: consumer::Consumers,
}

/// One way in.
#[derive(Debug)]
pub struct Authenticator {
    /// Its name in the configuration.
    pub name: Box<str>,
    /// A digest of all that was written about it, so that what is remembered under one configuration is never taken
    /// for what another would have said.
    pub fingerprint: [u8; 32],
    /// What it looks at.
    pub kind: Kind,
}

/// The kinds of ways in: a closed set.
#[derive(Debug)]
pub enum Kind {
    /// A JSON Web Token as bearer token.
    Jwt(Box<jwt::Jwt>),
    /// A key that the gateway gave out.
    ApiKey(Box<api_key::ApiKeys>),
    /// A name and a password (RFC 7617).
    Basic(Box<basic::Basic>),
    /// A token that its issuer is asked about (RFC 7662).
    Introspection(Box<introspection::Introspection>),
    /// A signature over the request (RFC 9421).
    Signature(Box<signature::Signatures>),
    /// A client's certificate.
    Certificate(Box<certificate::Certificates>),
    /// A browser's session (OpenID Connect).
    Login(Box<login::Login>),
    /// A service that is asked about each request. Not a way in by itself: routes name it beside others.
    External(Box<external::External>),
}

/// Who may use a route.
#[derive(Debug, Default)]
pub enum Access {
    /// Anybody.
    #[default]
    Public,
    /// Callers who meet the requirement.
    Required(Box<Requirement>),
}

/// What a route asks of its callers.
#[derive(Debug, Default)]
pub struct Requirement {
    /// Indices of the authenticators that are accepted, in the order in which they are asked.
    pub any: Vec<usize>,
    /// Whether a request without any credentials is let in, as nobody in particular.
    pub optional: bool,
    /// The index of the external service that has the last word.
    pub external: Option<usize>,
    /// What the caller must be allowed to do.
    pub rules: Rules,
}

/// What authentication looks at.
#[derive(Debug, Clone, Copy)]
pub struct Asking<'a> {
    /// The request's head, as it came.
    pub head: &'a Parts,
    /// The other end of the connection.
    pub peer: Peer,
    /// The client behind trusted proxies.
    pub client: &'a Client,
    /// The authority that was asked for.
    pub authority: &'a str,
    /// The path in normal form.
    pub path: &'a str,
    /// What the route's pattern captured, by name; see [`crate::route`].
    pub route: &'a crate::plan::Route,
    /// The time.
    pub now: UnixMillis,
    /// How long its body is, in bytes; `None` where that is not announced.
    pub length: Option<u64>,
    /// The deadline of the request.
    pub deadline: Deadline,
    /// All that is configured about authentication.
    pub plan: &'a Plan,
    /// Who is taken for the caller instead of looking: for explanations, which ask nobody.
    pub assumed: Option<&'a Arc<Caller>>,
}

/// What one authenticator says of a request.
#[derive(Debug)]
pub enum Found {
    /// The request has no credentials of this kind.
    Absent,
    /// It has, and they are somebody else's: a token of another issuer. The text is for the operator.
    Foreign(String),
    /// They are good.
    Verified(Arc<Caller>),
    /// They are good, and there is more to be done than to know the caller.
    Session(Admitted),
    /// They are not.
    Rejected(Rejection),
    /// The client is answered at once: sent to log in.
    Answer(Box<Response<Bytes>>),
}

/// What came of authentication and authorisation.
#[derive(Debug, Clone, Default)]
pub struct Admitted {
    /// Who calls; `None` for nobody in particular.
    pub caller: Option<Arc<Caller>>,
    /// Fields to set on the request to the upstream, in place of any of these names.
    pub request: HeaderMap,
    /// Fields to add to the answer to the client.
    pub response: HeaderMap,
}

/// Why a request goes no further.
#[derive(Debug)]
pub enum Stop {
    /// It is refused.
    Refused(Failure),
    /// It is answered.
    Answer(Box<Response<Bytes>>),
}

// === impl Plan ===

impl Plan {
    /// All key sets that are fetched.
    pub fn key_sources(&self) -> impl Iterator<Item = &key_source::Source> {
        self.authenticators.iter().filter_map(|authenticator| match &authenticator.kind {
            Kind::Jwt(jwt) => jwt.key_source(),
            Kind::Login(login) => login.key_source(),
            _ => None,
        })
    }
}

// === impl Access ===

impl Access {
    /// Takes away what the client says under names that only an external service may use towards the upstream.
    pub fn remove_told(&self, plan: &Plan, headers: &mut HeaderMap) {
        if let Self::Required(required) = self
            && let Some(index) = required.external
            && let Kind::External(service) = &plan.authenticators[index].kind
        {
            service.fields.remove_told(headers);
        }
    }
}

/// Who calls: the first of two stages. `body` is collected where a signature covers it.
pub async fn authenticate<H: Host>(
    host: &H,
    access: &Access,
    asking: &Asking<'_>,
    body: &mut Body<H::Stream>,
) -> Result<Admitted, Stop> {
    addresses::judge(&asking.route.addresses, asking.client).map_err(Stop::Refused)?;
    match access {
        Access::Public => Ok(Admitted::default()),
        Access::Required(required) => identify(host, required, asking, body).await,
    }
}

/// Whether they may: the second stage. What the external service says is added to `admitted`.
pub async fn authorise<H: Host>(
    host: &H,
    access: &Access,
    asking: &Asking<'_>,
    admitted: &mut Admitted,
) -> Result<(), Stop> {
    let Access::Required(required) = access else { return Ok(()) };
    let judged = authorise::judge(&required.rules, admitted.caller.as_deref(), asking);
    judged.map_err(|rejection| refuse(required, asking, rejection))?;
    if let Some(index) = required.external.filter(|_| asking.assumed.is_none())
        && let Kind::External(service) = &asking.plan.authenticators[index].kind
    {
        match Box::pin(external::consult(host, service, asking)).await {
            Ok(said) => {
                admitted.request.extend(said.request);
                admitted.response.extend(said.response);
            }
            Err(Found::Answer(answer)) => return Err(Stop::Answer(answer)),
            Err(Found::Rejected(rejection)) => return Err(refuse(required, asking, rejection)),
            Err(_) => {
                return Err(refuse(required, asking, Rejection::unavailable("the service said nothing")));
            }
        }
    }
    Ok(())
}

/// Asks the authenticators in order.
async fn identify<H: Host>(
    host: &H,
    required: &Requirement,
    asking: &Asking<'_>,
    body: &mut Body<H::Stream>,
) -> Result<Admitted, Stop> {
    if let Some(caller) = asking.assumed {
        return Ok(Admitted { caller: Some(Arc::clone(caller)), ..Admitted::default() });
    }
    let mut foreign: Option<String> = None;
    let mut invitation = None;
    for index in &required.any {
        let authenticator = &asking.plan.authenticators[*index];
        let found = match &authenticator.kind {
            Kind::Jwt(jwt) => jwt::authenticate(host, authenticator, jwt, asking).await,
            Kind::ApiKey(keys) => api_key::authenticate(host, authenticator, keys, asking).await,
            Kind::Basic(basic) => basic::authenticate(host, authenticator, basic, asking).await,
            Kind::Introspection(it) => {
                Box::pin(introspection::authenticate(host, authenticator, it, asking)).await
            }
            Kind::Signature(it) => {
                Box::pin(signature::authenticate(host, authenticator, it, asking, body)).await
            }
            Kind::Certificate(it) => certificate::authenticate(authenticator, it, asking),
            Kind::Login(login) => Box::pin(login::authenticate(host, login, asking)).await,
            // The plan accepts none as a way in.
            Kind::External(_) => Found::Absent,
        };
        match found {
            Found::Absent => {}
            Found::Foreign(cause) => foreign = foreign.or(Some(cause)),
            Found::Verified(caller) => {
                let revoked = revocation::check(host, authenticator, &caller, asking).await;
                revoked.map_err(|rejection| refuse(required, asking, rejection))?;
                return Ok(Admitted { caller: Some(caller), ..Admitted::default() });
            }
            Found::Session(admitted) => return Ok(admitted),
            Found::Rejected(rejection) => return Err(refuse(required, asking, rejection)),
            // Another way in may find credentials where a login finds none.
            Found::Answer(answer) => invitation = invitation.or(Some(answer)),
        }
    }
    match (foreign, invitation) {
        (Some(cause), _) => Err(refuse(required, asking, Rejection::Invalid(cause.into()))),
        (None, Some(answer)) => Err(Stop::Answer(answer)),
        (None, None) if required.optional || required.any.is_empty() => Ok(Admitted::default()),
        (None, None) => Err(refuse(required, asking, Rejection::Missing)),
    }
}

/// RFC 9110 section 11.6.1: a 401 names every way in that the route accepts, in the route's order.
fn refuse(required: &Requirement, asking: &Asking<'_>, rejection: Rejection) -> Stop {
    let mut failure = rejection.failure();
    let status = failure.problem.spec().status;
    if status == StatusCode::UNAUTHORIZED || rejection.is_about_a_token() {
        for index in &required.any {
            let authenticator = &asking.plan.authenticators[*index];
            let challenge = challenge(authenticator, &rejection).map(|it| (WWW_AUTHENTICATE, it));
            // Two issuers of bearer tokens are one way in to whoever reads this.
            failure.fields.extend(challenge.filter(|it| !failure.fields.contains(it)));
        }
    }
    Stop::Refused(failure)
}

/// What `WWW-Authenticate` says of one way in; `None` where it has nothing to say about this rejection.
fn challenge(authenticator: &Authenticator, rejection: &Rejection) -> Option<HeaderValue> {
    let text = match &authenticator.kind {
        Kind::Jwt(_) | Kind::Introspection(_) => rejection.bearer_challenge(),
        Kind::ApiKey(keys) => keys.challenge(rejection),
        Kind::Basic(basic) => basic.challenge(rejection),
        Kind::Signature(signatures) => signatures.challenge(rejection),
        // No scheme is registered for these, and nobody can answer with a field: a certificate is asked for in the
        // handshake, and a person logs in. But RFC 9110 section 15.5.2 wants a challenge in every 401.
        Kind::Certificate(_) => rejection.challenge("Certificate"),
        Kind::Login(_) => rejection.challenge("Login"),
        Kind::External(_) => None,
    };
    HeaderValue::try_from(text?).ok()
}
