//! The gateway's own registry, ready to be used, and its routes.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use http::Method;

use super::compile::{Context, Pointer, defaults, one};
use super::store::DEFAULT;
use super::{Action, Counts, Route, Upstream};
use crate::auth::Access;
use crate::config::{self, Defaults, Document, Match};
use crate::diagnostic::Diagnostic;
use crate::discovery::registry::document::{MOST, is_name};
use crate::discovery::registry::{LONGEST_NAME, LONGEST_TTL, Part, Registry, Service};
use crate::discovery::{Allow, Kind};
use crate::limit::Limits;
use crate::route::pattern::Pattern;

/// Where it is unless the author says otherwise.
const PATH: &str = "/.tollgate/registry";

/// How long an instance stays where the author does not say.
const USUAL_TTL: Duration = Duration::from_secs(30);

/// How long the store may take where the author does not say.
const USUAL_TIMEOUT: Duration = Duration::from_secs(1);

/// How many services there may be: a list of them reads as many documents.
const MOST_SERVICES: usize = 1000;

impl Context<'_> {
    /// What is written about the registry, without its services, which upstreams name.
    pub(super) fn registry(&mut self, documents: &[(String, Document)]) -> Option<Registry> {
        let (at, written) = one(documents, "registry", |document| document.registry.as_ref())?;
        let name = written.store.as_deref().unwrap_or(DEFAULT);
        let store = self.store_of_registry(&at.key("store"), name);
        let allow = self.registrable(&at.key("allow"), &written.allow);
        let ttl = self.duration_or(&at.key("ttl"), written.ttl.as_ref(), USUAL_TTL);
        if !(Duration::from_secs(1)..=LONGEST_TTL).contains(&ttl) {
            self.error(&at.key("ttl"), "an instance stays at least a second, and at most an hour")
                .help("choose a span from \"1s\" to \"1h\"");
        }
        let most = written.most.map_or(MOST, |most| usize::try_from(most).unwrap_or(usize::MAX));
        if !(1..=MOST).contains(&most) {
            self.error(&at.key("most"), format!("a service has from 1 to {MOST} instances"));
        }
        let timeout = self.timeout(&at.key("timeout"), written.timeout.as_ref(), USUAL_TIMEOUT);
        let store = store?;
        if self.abilities.counts != Counts::Exactly && store.redis.is_none() {
            let host = self.abilities.name;
            let message = format!("{host} cannot compare and write in one step");
            self.report(Diagnostic::warning((&at).into(), message)).help(
                "of two instances that register in the same instant, one may be missing until its next heartbeat; keep the \
                 registry in Redis (redis in the store's table), or accept it",
            );
        }
        let own_name_only = written.own_name_only.unwrap_or(false);
        Some(Registry { store, allow, ttl, most, own_name_only, timeout, services: Vec::new() })
    }

    fn registrable(&mut self, at: &Pointer, written: &[String]) -> Allow {
        if written.is_empty() {
            self.error(at, "nothing may be registered")
                .help("say what may be: [\"10.0.0.0/8\", \"*.orders.internal:8080\"]");
        }
        let mut allowed = Vec::new();
        for (text, at) in written.iter().zip(at.indices()) {
            match crate::discovery::allow::Allowed::parse(text) {
                Some(one) => allowed.push(one),
                None => self.error(&at, format!("\"{text}\" is not a host")).help(
                    "[scheme://]host[:port]: \"*.orders.internal:8080\", \"10.0.0.0/8\", \"http://[fd00::]/8:8080\"",
                ),
            }
        }
        Allow(allowed.into())
    }

    /// Gives the registry its services: those that upstreams discover there, and those that are written.
    pub(super) fn registered(
        &mut self,
        documents: &[(String, Document)],
        upstreams: &[Upstream],
    ) -> Option<Arc<Registry>> {
        let registry = self.registry.take();
        let (at, written) = one(documents, "registry", |document| document.registry.as_ref())?;
        let mut services: BTreeMap<Box<str>, Option<bool>> = BTreeMap::new();
        for upstream in upstreams {
            let Some(Kind::Registry(registered)) = upstream.discovery.as_ref().map(|source| &source.kind)
            else {
                continue;
            };
            let secure = Some(upstream.target.secure);
            let known = services.entry(registered.service.clone()).or_insert(secure);
            if *known != secure {
                *known = None;
            }
        }
        for (name, at) in written.services.iter().zip(at.key("services").indices()) {
            if !is_name(name) {
                self.not_a_service(&at, name);
            }
            services.entry(name.as_str().into()).or_insert(None);
        }
        if services.is_empty() {
            self.report(Diagnostic::warning((&at).into(), "there is no service that could register"))
                .help("give an upstream discovery = { registry = { service = \"orders\" } }, or name it in services");
        }
        if services.len() > MOST_SERVICES {
            self.error(&at.key("services"), format!("a registry has at most {MOST_SERVICES} services"));
        }
        let services = services.into_iter().map(|(name, secure)| Service { name, secure }).collect();
        Some(Arc::new(Registry { services, ..registry? }))
    }

    /// A name that no service can have.
    pub(super) fn not_a_service(&mut self, at: &Pointer, name: &str) {
        self.error(at, format!("\"{name}\" cannot be the name of a service"))
            .help(format!("1 to {LONGEST_NAME} letters, digits, and any of . _ -"));
    }

    /// The routes of the registry, where there is one.
    pub(super) fn registry_routes(
        &mut self,
        documents: &[(String, Document)],
        limits: &Limits,
    ) -> Vec<Route> {
        let Some((at, written)) = one(documents, "registry", |document| document.registry.as_ref()) else {
            return Vec::new();
        };
        let path = written.path.as_deref().unwrap_or(PATH).trim_end_matches('/');
        let pattern = Pattern::path(path);
        if path.is_empty() || !pattern.is_ok_and(|pattern| pattern.captures().next().is_none()) {
            self.error(&at.key("path"), "the registry is at one path").help(format!("such as \"{PATH}\""));
            return Vec::new();
        }
        let none = Defaults::default();
        let defaults = defaults(documents, &none);
        let mut routes = Vec::new();
        for (part, id, below, methods) in [
            (Part::Services, "registry", "", &[Method::GET][..]),
            (Part::Service, "registry/service", "/{service}", &[Method::GET]),
            (Part::Instance, "registry/instance", "/{service}/{instance}", &[Method::PUT, Method::DELETE]),
        ] {
            let before = self.diagnostics.len();
            // What defaults say of any route holds for this one. It is compiled as one, and only then gets its action.
            let as_written = as_a_route(written, id, &format!("{path}{below}"), methods);
            let route = self.route(&at, &as_written, &defaults, None, limits);
            for mistake in &mut self.diagnostics[before..] {
                mistake.place.pointer = mistake.place.pointer.replace("/registry/match/", "/registry/");
            }
            let Some(route) = route else { continue };
            routes.push(Route { action: Action::Registry(part), ..route });
        }
        let open = |route: &Route| match &route.access {
            Access::Public => true,
            Access::Required(required) => required.optional,
        };
        if routes.iter().any(open) {
            self.error(
                &at.key("auth"),
                "whoever may register decides where requests go, and this lets everybody in",
            )
            .help("give it auth = the name of a way in, or a table with any and without optional");
        }
        routes
    }
}

/// The route as an author would write it, with a fixed answer for the one that comes.
fn as_a_route(written: &config::Registry, id: &str, path: &str, methods: &[Method]) -> config::Route {
    config::Route {
        id: id.to_owned(),
        matches: Some(Match {
            host: written.host.clone(),
            path: Some(path.to_owned()),
            methods: methods.iter().map(Method::to_string).collect(),
            ..Match::default()
        }),
        auth: Some(written.auth.clone()),
        respond: Some(config::Respond::default()),
        ..config::Route::default()
    }
}
