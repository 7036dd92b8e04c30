//! What an upstream is told of who calls.

use std::fmt;

use http::header::{AUTHORIZATION, HeaderName};

use super::super::{Backend, HeaderEdit, Route, Upstream};
use super::Ready;
use crate::auth::presented::Place;
use crate::auth::{Access, Authenticator, Kind};
use crate::cache::policy::{KeyParts, Passes};
use crate::credentials::Credentials;
use crate::expression::Variable;
use crate::identity::Authorization;
use crate::identity::headers::IdentityHeader;
use crate::identity::source::Source;

/// One thing that an upstream is told of who calls.
#[derive(Debug, Clone, Copy)]
pub(super) enum Told<'a> {
    /// A field that the gateway writes.
    Header(&'a IdentityHeader),
    /// The gateway's own token, in this field.
    Token(&'a HeaderName),
    /// What the caller was let in by, as it came.
    Authorization(&'a Authenticator),
    /// A key or password that is passed on.
    Forwarded(&'a Authenticator, &'a Place),
    /// A field of the external service's, by its name.
    External(&'a Authenticator, &'a HeaderName),
    /// What an expression under this key of the route asks for: to ask an upstream, or to make an answer.
    Read(Variable, &'static str),
}

/// Where in a request a credential stands that goes on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Credential {
    Header(HeaderName),
    Cookie(Box<str>),
}

/// All that the upstream of a route is told of who calls, unless the cache withholds it.
pub(super) fn told(ready: Ready<'_>) -> Vec<Told<'_>> {
    let mut told = read(ready);
    if let Backend::Parts(_) = ready.backend {
        let steps = ready.asked().filter_map(|(route, _)| ready.of(route));
        told.extend(steps.flat_map(self::told));
        return told;
    }
    // Nobody is known where nobody is asked.
    if ready.ways_in().next().is_some() {
        let identity = &ready.route.identity;
        told.extend(identity.headers.iter().map(Told::Header));
        told.extend(identity.token.as_ref().map(|token| Told::Token(&token.header)));
    }
    let authorization = authorization_may_pass(ready);
    for way in ready.ways_in() {
        let (forward, places) = match &way.kind {
            Kind::Jwt(_) if authorization => {
                told.push(Told::Authorization(way));
                continue;
            }
            // A token that only its issuer can read goes on by the author's word only.
            Kind::Introspection(_)
                if authorization && ready.route.identity.authorization == Authorization::Pass =>
            {
                told.push(Told::Authorization(way));
                continue;
            }
            Kind::ApiKey(keys) => (keys.forward, &keys.places[..]),
            Kind::Basic(basic) => (basic.forward, &basic.places[..]),
            _ => continue,
        };
        let goes_on = |place: &&Place| match place {
            Place::Authorization(_) => authorization,
            Place::Header(name) => !replaced(ready.route, name),
            Place::Query(_) | Place::Cookie(_) => true,
        };
        told.extend(
            places.iter().filter(|_| forward).filter(goes_on).map(|place| Told::Forwarded(way, place)),
        );
    }
    if let Access::Required(required) = &ready.route.access
        && let Some(index) = required.external
        && let Kind::External(service) = &ready.auth.authenticators[index].kind
    {
        let way = &ready.auth.authenticators[index];
        told.extend(service.fields.to_upstream.iter().map(|name| Told::External(way, name)));
    }
    told
}

/// What expressions of the route itself ask for of callers.
fn read<'a>(ready: Ready<'a>) -> Vec<Told<'a>> {
    // Nobody is known where nobody is asked.
    if ready.ways_in().next().is_none() {
        return Vec::new();
    }
    let composed = match ready.backend {
        Backend::Parts(compose) => &compose.reads.variables[..],
        Backend::Upstream(_) => &[],
    };
    let composed = composed.iter().map(|variable| (*variable, "compose"));
    let transform = ready.route.transform.iter().flat_map(|transform| transform.reads.iter());
    let transform = transform.map(|variable| (*variable, "transform"));
    let graphql = ready.route.graphql.iter().flat_map(|graphql| graphql.reads());
    let graphql = graphql.map(|variable| (variable, "graphql"));
    let all = composed.chain(transform).chain(graphql);
    all.filter(|(variable, _)| variable.is_about_the_caller())
        .map(|(variable, by)| Told::Read(variable, by))
        .collect()
}

/// Whether some upstream may get what a client sends in `Authorization`.
pub(super) fn authorization_may_pass(ready: Ready<'_>) -> bool {
    let asked = ready.asked().filter_map(|(route, _)| ready.of(route));
    asked
        .flat_map(|ready| ready.upstreams().map(move |upstream| (ready.route, upstream)))
        .any(|(route, upstream)| may_get_authorization(route, upstream))
}

fn may_get_authorization(route: &Route, upstream: &Upstream) -> bool {
    let identity = &route.identity;
    let by_token = identity.token.as_ref().is_some_and(|token| token.header == AUTHORIZATION);
    let by_credentials = match &upstream.credentials {
        None => false,
        Some(Credentials::Fields { names, .. }) => names.contains(AUTHORIZATION.as_str()),
        Some(Credentials::Basic { .. } | Credentials::Token(_) | Credentials::Aws(_)) => true,
    };
    identity.authorization != Authorization::Drop
        && !by_token
        && !by_credentials
        && !replaced(route, &AUTHORIZATION)
}

/// Whether the route's edits leave nothing of what a client sends in a field.
fn replaced(route: &Route, name: &HeaderName) -> bool {
    route.request_edits.iter().any(|edit| match edit {
        HeaderEdit::Remove(edited) | HeaderEdit::Set(edited, _) => edited == name,
        HeaderEdit::Add(..) => false,
    })
}

// === impl Told ===

impl Told<'_> {
    /// Whether the key has it without having the caller.
    pub(super) fn is_keyed(&self, key: &KeyParts) -> bool {
        match self {
            Self::Header(header) => match &header.source {
                Source::Claim(path) => key.claims.contains(path),
                Source::Consumer => key.consumer,
                _ => false,
            },
            Self::Token(_) | Self::External(..) => false,
            Self::Read(variable, _) => match variable {
                Variable::ConsumerId
                | Variable::ConsumerPlan
                | Variable::ConsumerMetadata
                | Variable::CallerConsumer => key.consumer,
                _ => false,
            },
            Self::Authorization(_) => key.headers.contains(&AUTHORIZATION),
            Self::Forwarded(_, place) => match place {
                Place::Header(name) => key.headers.contains(name),
                Place::Authorization(_) => key.headers.contains(&AUTHORIZATION),
                Place::Cookie(name) => key.cookies.contains(name),
                // What does not count is withheld.
                Place::Query(_) => true,
            },
        }
    }

    /// Whether the author excuses it by the name of the field that it stands in.
    pub(super) fn is_excused(&self, passes: &Passes) -> bool {
        let name = match self {
            Self::Header(header) => &header.name,
            Self::Token(name) | Self::External(_, name) => name,
            Self::Forwarded(_, Place::Header(name)) => name,
            Self::Authorization(_) | Self::Forwarded(_, Place::Authorization(_)) => &AUTHORIZATION,
            Self::Read(..) | Self::Forwarded(_, Place::Cookie(_) | Place::Query(_)) => return false,
        };
        passes.fields.contains(name)
    }

    /// Where a credential stands that goes on as it came.
    pub(super) fn credential(&self) -> Option<Credential> {
        match self {
            Self::Authorization(_) | Self::Forwarded(_, Place::Authorization(_)) => {
                Some(Credential::Header(AUTHORIZATION))
            }
            Self::Forwarded(_, Place::Header(name)) => Some(Credential::Header(name.clone())),
            Self::Forwarded(_, Place::Cookie(name)) => Some(Credential::Cookie(name.clone())),
            _ => None,
        }
    }

    /// What can be done about an upstream that is told this although answers are shared.
    pub(super) fn choices(&self) -> String {
        let own = match self {
            Self::Header(IdentityHeader { source: Source::Claim(path), .. }) => {
                format!("add \"{}\" to key.claims, or ", path.as_str())
            }
            Self::Header(IdentityHeader { source: Source::Consumer, .. }) => {
                "write consumer = true in key, or ".to_owned()
            }
            Self::Authorization(_) => "write authorization = \"drop\" in identity, or ".to_owned(),
            Self::Forwarded(..) => "remove forward, or ".to_owned(),
            Self::Read(Variable::ConsumerId | Variable::CallerConsumer, _) => {
                "write consumer = true in key, or ".to_owned()
            }
            _ => String::new(),
        };
        format!(
            "{own}remove callers = \"shared\", so that each caller has answers of its own; \
             or add \"caller\" to unkeyed, if answers do not depend on it"
        )
    }
}

impl fmt::Display for Told<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Header(header) => write!(f, "who calls in {}", header.name),
            Self::Token(name) => write!(f, "who calls by a token in {name}"),
            Self::Authorization(way) => {
                write!(f, "who calls: Authorization of \"{}\" goes on to it", way.name)
            }
            Self::Forwarded(way, place) => match place {
                Place::Header(name) => write!(f, "the credential of \"{}\" in {name}", way.name),
                Place::Authorization(_) => write!(f, "the credential of \"{}\" in Authorization", way.name),
                Place::Cookie(name) => write!(f, "the credential of \"{}\" in the cookie {name}", way.name),
                Place::Query(name) => write!(f, "the credential of \"{}\" in the parameter {name}", way.name),
            },
            Self::External(way, name) => write!(f, "what \"{}\" says in {name}", way.name),
            Self::Read(variable, by) => write!(f, "{}, by {by}", variable.name()),
        }
    }
}
