//! What routes keep of answers, ready to run.

use std::borrow::Cow;
use std::sync::Arc;

use http::header::{
    ACCEPT, ACCEPT_ENCODING, ACCEPT_LANGUAGE, HOST, HeaderName, IF_MATCH, IF_MODIFIED_SINCE, IF_NONE_MATCH,
    IF_RANGE, IF_UNMODIFIED_SINCE, RANGE,
};

use super::compile::{Context, Pointer, defaults, one};
use super::compose::written_steps;
use super::identity::claimed;
use super::{Backend, Proxy, Route, Upstream};
use crate::auth::{self, Access, Authenticator, Kind};
use crate::cache::policy::{KeyParts, Passes};
use crate::cache::{Caching, Policy};
use crate::config::{self, CacheSetting, Defaults, Document};
use crate::identity::fold::FoldedNames;
use digest::Digests;
use settings::Settings;
use told::Told;

mod callers;
mod composed;
mod digest;
mod inputs;
mod key;
mod lifetimes;
mod place;
mod purge;
mod settings;
mod shared;
mod told;

pub use inputs::{Account, Input, inputs};

/// What an upstream may be asked differently for in the normal course of things, and says so in `Vary` (RFC 9110 section 12).
const NEGOTIATION: [HeaderName; 3] = [ACCEPT, ACCEPT_ENCODING, ACCEPT_LANGUAGE];
/// What the cache decides about before the upstream is asked, and what says where a request has been.
const OF_EVERY_REQUEST: [HeaderName; 7] =
    [HOST, RANGE, IF_RANGE, IF_MATCH, IF_NONE_MATCH, IF_MODIFIED_SINCE, IF_UNMODIFIED_SINCE];
/// Written by the gateway after what came: where a request has been, and what it is called in logs. Of `Via` the upstream gets
/// the gateway's own only; RFC 8586 section 2 forbids to take anything out of `CDN-Loop`.
const CHAINS: [&str; 4] = ["cdn-loop", "x-request-id", "traceparent", "tracestate"];

/// A route that keeps answers, with what else is known of it.
#[derive(Debug, Clone, Copy)]
pub(super) struct Ready<'a> {
    pub(super) route: &'a Route,
    pub(super) backend: Backend<'a>,
    /// All upstreams that there are, and all routes.
    all: &'a [Upstream],
    routes: &'a [Route],
    pub(super) auth: &'a auth::Plan,
}

/// What is ready before routes are.
#[derive(Debug, Clone, Copy)]
pub(super) struct Known<'a> {
    pub(super) upstreams: &'a [Upstream],
    pub(super) auth: &'a auth::Plan,
    /// The name of the gateway: upstreams see it.
    pub(super) gateway: &'a str,
}

/// A route as it is written.
#[derive(Debug, Clone, Copy)]
struct Written<'a> {
    documents: &'a [(String, Document)],
    /// Names under which upstreams are told of callers.
    claimed: &'a FoldedNames,
    at: &'a Pointer,
    route: &'a config::Route,
    defaults: &'a Defaults,
    at_defaults: &'a Pointer,
}

// === impl Ready ===

impl<'a> Ready<'a> {
    /// `None` for a route without an upstream, and where a mistake keeps some part out of the plan.
    pub(super) fn new(
        route: &'a Route,
        routes: &'a [Route],
        upstreams: &'a [Upstream],
        auth: &'a auth::Plan,
    ) -> Option<Self> {
        let ready = Self { route, backend: route.backend()?, all: upstreams, routes, auth };
        let known = |index: &usize| auth.authenticators.len() > *index;
        let complete = match &route.access {
            Access::Public => true,
            Access::Required(required) => required.any.iter().chain(&required.external).all(known),
        };
        let mut asked = ready.asked().flat_map(|(_, proxy)| proxy.upstreams());
        let known = asked.all(|index| index < upstreams.len());
        (complete && known).then_some(ready)
    }

    /// The routes by which upstreams are asked: this one, or those of its steps.
    pub(super) fn asked(self) -> impl Iterator<Item = (&'a Route, &'a Proxy)> {
        let steps = match self.backend {
            Backend::Upstream(_) => None,
            Backend::Parts(_) => Some(format!("{}/compose/steps/", self.route.origin.1)),
        };
        let own = self.backend.proxy().map(|proxy| (self.route, proxy));
        let routes = self.routes.iter().filter(move |route| {
            let of =
                |steps: &String| route.origin.0 == self.route.origin.0 && route.origin.1.starts_with(steps);
            route.internal && steps.as_ref().is_some_and(of)
        });
        let steps = routes.filter_map(|route| Some((route, route.backend()?.proxy()?)));
        own.into_iter().chain(steps)
    }

    /// The same for one of the routes that it asks by.
    pub(super) fn of(self, route: &'a Route) -> Option<Self> {
        Some(Self { route, backend: route.backend()?, ..self })
    }

    /// All upstreams whose answers the route may keep.
    pub(super) fn upstreams(self) -> impl Iterator<Item = &'a Upstream> {
        let indices = self.asked().flat_map(|(_, proxy)| proxy.upstreams());
        indices.filter_map(move |index| self.all.get(index))
    }

    /// By which callers may come in.
    pub(super) fn ways_in(self) -> impl Iterator<Item = &'a Authenticator> {
        let any = match &self.route.access {
            Access::Public => &[][..],
            Access::Required(required) => &required.any,
        };
        any.iter().map(move |index| &self.auth.authenticators[*index])
    }

    fn callers_have_claims(self) -> bool {
        self.ways_in().any(|way| matches!(way.kind, Kind::Jwt(_) | Kind::Introspection(_) | Kind::Login(_)))
    }
}

impl Context<'_> {
    /// Gives routes what they keep of answers, and says what all of them have in common.
    pub(super) fn caching(
        &mut self,
        documents: &[(String, Document)],
        known: Known<'_>,
        routes: &mut [Route],
    ) -> Caching {
        let common = one(documents, "caching", |document| document.caching.as_ref());
        let mut common = self.common(common);
        let digests = Digests::new(documents, known);
        let claimed = claimed(routes, known.auth);
        let none = Defaults::default();
        let (at_defaults, defaults) = defaults(documents, &none);
        // What answers of routes are kept by default says nothing about those of steps.
        let no_defaults = Defaults::default();
        for (file, document) in documents {
            let at = Pointer::root(file).key("routes");
            let all = document.routes.iter().zip(at.indices()).flat_map(|(route, at)| {
                let steps = route.compose.iter().flat_map(|compose| written_steps(&at, route, compose));
                let steps: Vec<_> = steps.map(|(step, at)| (Cow::Owned(step), at, &no_defaults)).collect();
                std::iter::once((Cow::Borrowed(route), at, defaults)).chain(steps)
            });
            for (route, at, defaults) in all {
                let written = Written {
                    documents,
                    claimed: &claimed,
                    at: &at,
                    route: &route,
                    defaults,
                    at_defaults: &at_defaults,
                };
                let place = (at.file(), at.path());
                let index = routes.iter().position(|ready| (&*ready.origin.0, &*ready.origin.1) == place);
                let route = index.map(|index| &routes[index]);
                let policy = self.route_cache(&written, (route, routes), known, &digests, &common);
                if let Some(index) = index {
                    routes[index].cache = policy.map(Arc::new);
                }
            }
        }
        common.used = routes.iter().any(|route| route.cache.is_some());
        common.stores = self.stores_of_answers();
        common
    }

    fn route_cache(
        &mut self,
        written: &Written<'_>,
        (route, routes): (Option<&Route>, &[Route]),
        known: Known<'_>,
        digests: &Digests<'_>,
        common: &Caching,
    ) -> Option<Policy> {
        let own = written.route.cache.as_ref();
        let settings =
            Settings::new((written.at, own), (written.at_defaults, written.defaults.cache.as_ref()))?;
        if !self.keeps_answers(written, route, own) {
            return None;
        }
        let ready = route.and_then(|route| Ready::new(route, routes, known.upstreams, known.auth));
        let place = self.cache_place(&settings);
        let mut key = self.key_parts(&settings, ready);
        let passes = self.passes(&settings, &key);
        self.clients_say_it(&settings, written.claimed);
        self.conditions_count(written, &settings, &key);
        let told = ready.map(told::told).unwrap_or_default();
        key.caller = self.key_has_the_caller(&settings, &key, &passes, &told, ready);
        let passes = finished(passes, &mut key, &told, ready);
        if let Some(transform) = ready.and_then(|ready| ready.route.transform.as_deref()) {
            self.transformed_alike(written, &settings, transform, &passes);
        }
        if let Some(graphql) = ready.and_then(|ready| ready.route.graphql.as_deref()) {
            self.graphql_alike(written, &settings, graphql, &key);
        }
        let policy = Policy {
            place,
            digest: digests.of(written.route, ready),
            key,
            passes,
            lifetimes: self.lifetimes(&settings),
            ignore_client: settings.is_on("ignore_client", |table| table.ignore_client.as_ref()),
            set_cookie: settings.is_on("set_cookie", |table| table.set_cookie.as_ref()),
            etag: settings.is_on("etag", |table| table.etag.as_ref()),
            largest: self.cache_largest(&settings, place, common),
            coalesce: self.coalesce(&settings),
        };
        if let Some(ready) = ready {
            self.steps_are_alike(written, &settings, ready, &policy);
            self.nothing_is_open(written, &settings, inputs::of(ready, &policy));
        }
        Some(policy)
    }

    /// Whether there are any answers that the route could keep. Defaults have no effect where there are none.
    fn keeps_answers(
        &mut self,
        written: &Written<'_>,
        route: Option<&Route>,
        own: Option<&CacheSetting>,
    ) -> bool {
        let at = written.at.key("cache");
        let route_of = written.route;
        if route_of.upstream.is_none() && route_of.split.is_none() && route_of.compose.is_none() {
            if own.is_some() {
                self.error(&at, "cache is for routes with an upstream").help("remove it");
            }
            return false;
        }
        let listed = route.map(|route| route.methods.listed.as_slice()).unwrap_or_default();
        if listed.is_empty() || listed.contains(&http::Method::GET) {
            return true;
        }
        if own.is_some() {
            self.error(&at, "only answers to GET are kept, and the route does not take it")
                .help("remove cache, or add \"GET\" to the methods");
        }
        false
    }

    /// What the upstream gets by the author's word.
    fn passes(&mut self, settings: &Settings<'_>, key: &KeyParts) -> Passes {
        let mut passes = Passes::default();
        let vary = settings.find("vary", |table| table.vary.as_ref());
        let mut vary = vary.map(|(at, names)| self.cache_fields(&at, names)).unwrap_or_default();
        vary.extend(NEGOTIATION);
        let mut fields = vary.clone();
        if let Some((at, names)) = settings.find("unkeyed", |table| table.unkeyed.as_ref()) {
            for (name, at) in names.iter().zip(at.indices()) {
                match name.as_str() {
                    "*" => passes.all = true,
                    "address" => passes.address = true,
                    "caller" => passes.caller = true,
                    _ => fields.extend(self.cache_field(&at, name)),
                }
            }
        }
        fields.extend(key.headers.iter().cloned());
        fields.extend(OF_EVERY_REQUEST);
        fields.extend(CHAINS.map(HeaderName::from_static));
        Passes { fields, vary, ..passes }
    }

    /// What the gateway tells of callers is no client's to say, and so in no request.
    fn clients_say_it(&mut self, settings: &Settings<'_>, claimed: &FoldedNames) {
        let lists = [
            settings.find_key("headers", |key| key.headers.as_ref()),
            settings.find("vary", |table| table.vary.as_ref()),
        ];
        for (at, names) in lists.into_iter().flatten() {
            for (name, at) in names.iter().zip(at.indices()).filter(|(name, _)| claimed.contains(name)) {
                self.error(
                    &at,
                    format!("{name} is taken out of every request: upstreams are told of callers by it"),
                )
                .help("tell answers apart by the caller, or by claims or consumer in key");
            }
        }
    }

    /// What chooses the route must be in the key: the upstream does not get what is not.
    fn conditions_count(&mut self, written: &Written<'_>, settings: &Settings<'_>, key: &KeyParts) {
        let Some((at, _)) = settings.find_key("query", |key| key.query.as_ref()) else { return };
        let Some(matches) = &written.route.matches else { return };
        for name in matches.query.keys().filter(|name| !key.query.counts(name)) {
            let message =
                format!("the route looks at the query parameter \"{name}\", and the key does not have it");
            self.error(&at, message).help(match key.query {
                crate::cache::policy::Parameters::Only(_) => format!("add \"{name}\" to only"),
                _ => format!("leave \"{name}\" out of what ignore takes away"),
            });
        }
    }
}

/// Whether every request to an upstream has the field, whatever the author says.
fn is_of_every_request(name: &HeaderName) -> bool {
    OF_EVERY_REQUEST.contains(name) || CHAINS.contains(&name.as_str())
}

/// The fields that pass, in order, with the credentials that callers' answers are told apart by.
fn finished(mut passes: Passes, key: &mut KeyParts, told: &[Told<'_>], ready: Option<Ready<'_>>) -> Passes {
    for told in told {
        match told.credential() {
            Some(told::Credential::Header(name)) if key.caller => {
                key.headers.push(name.clone());
                passes.fields.push(name);
            }
            Some(told::Credential::Header(name)) if passes.caller => passes.fields.push(name),
            Some(told::Credential::Cookie(name)) if key.caller => key.cookies.push(name),
            _ => {}
        }
    }
    passes.authorization = ready.is_none_or(|ready| told::authorization_may_pass(ready));
    for names in [&mut key.headers, &mut passes.fields, &mut passes.vary] {
        names.sort_by(|a, b| a.as_str().cmp(b.as_str()));
        names.dedup();
    }
    key.cookies.sort();
    key.cookies.dedup();
    passes
}
