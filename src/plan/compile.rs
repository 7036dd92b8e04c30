//! From documents to a plan: the order of the work, and where mistakes are collected.

use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;
use std::sync::Arc;

use http::Method;

use super::auth::authenticator_names;
use super::cache::Known;
use super::compose::link_steps;
use super::identity::claimed;
use super::limit;
use super::openapi::Openapi;
use super::scalar::{is_token, nearest};
use super::schema::Schemas;
use super::store::Stores;
use super::version;
use super::written_consumer;
use super::{Abilities, IssuerPlan, Plan, Route, Telemetry, Upstream};
use crate::config::{AccessLog, Clients, Defaults, Document};
use crate::diagnostic::{Diagnostic, Place};
use crate::discovery::registry::Registry;
use crate::expression::Expression;
use crate::forward::client::{MOST_ELEMENTS, Network, NetworkError, TrustedProxies};
use crate::limit::Limits;
use crate::route::table::{Entry, Table};

/// A value in a configuration: the file, and the way to it.
#[derive(Debug, Clone)]
pub(super) struct Pointer {
    file: Rc<str>,
    path: String,
}

/// What all of the compiler shares.
#[derive(Debug)]
pub(super) struct Context<'a> {
    pub(super) abilities: &'a Abilities,
    pub(super) diagnostics: Vec<Diagnostic>,
    /// Upstreams that are written, with their index, even where a mistake keeps them out of the plan.
    pub(super) upstream_names: BTreeMap<&'a str, usize>,
    /// Ways in that are written, with their index and whether they are external services.
    pub(super) authenticator_names: BTreeMap<&'a str, (usize, bool)>,
    /// Policies that are written, ready; `None` for one with a mistake.
    pub(super) policies: BTreeMap<&'a str, Option<Arc<Expression>>>,
    /// Whether there is a key-value store.
    pub(super) has_store: bool,
    /// The registry, without its services; `None` where there is none, or one with a mistake.
    pub(super) registry: Option<Registry>,
    /// Whether a registry is written.
    pub(super) has_registry: bool,
    /// Whether there is a live document.
    pub(super) has_live: bool,
    /// Consumers that are written.
    pub(super) written_consumers: written_consumer::Written<'a>,
    pub(super) variables: BTreeSet<Box<str>>,
    /// Addresses beyond those of upstreams that may be called, each with what it is for.
    pub(super) called: BTreeMap<Box<str>, Box<str>>,
    /// Stores that instances share.
    pub(super) stores: Stores,
    /// What is written about limits.
    pub(super) written_limits: limit::Written,
    /// APIs that are written.
    pub(super) apis: version::Written,
    /// Schemas that are written.
    pub(super) written_schemas: Schemas,
    /// OpenAPI documents that are written.
    pub(super) written_openapi: Openapi,
}

/// The methods that every HTTP server knows: RFC 9110 section 9 and RFC 5789.
pub(super) const STANDARD_METHODS: [Method; 9] = [
    Method::GET,
    Method::HEAD,
    Method::POST,
    Method::PUT,
    Method::PATCH,
    Method::DELETE,
    Method::OPTIONS,
    Method::TRACE,
    Method::CONNECT,
];

// === impl Pointer ===

impl Pointer {
    pub(super) fn root(file: &str) -> Self {
        Self { file: file.into(), path: String::new() }
    }

    /// RFC 6901 section 3: `~` and `/` are escaped.
    pub(super) fn key(&self, key: &str) -> Self {
        let path = format!("{}/{}", self.path, key.replace('~', "~0").replace('/', "~1"));
        Self { file: Rc::clone(&self.file), path }
    }

    pub(super) fn index(&self, index: usize) -> Self {
        self.key(&index.to_string())
    }

    pub(super) fn indices(&self) -> impl Iterator<Item = Self> {
        (0..).map(|index| self.index(index))
    }

    /// What this value stands in.
    pub(super) fn parent(&self) -> Self {
        let path = self.path.rsplit_once('/').map_or("", |(parent, _)| parent);
        Self { file: Rc::clone(&self.file), path: path.to_owned() }
    }

    /// The value at a JSON Pointer within this one.
    pub(super) fn beneath(&self, path: &str) -> Self {
        Self { file: Rc::clone(&self.file), path: format!("{}{path}", self.path) }
    }

    pub(super) fn file(&self) -> &str {
        &self.file
    }

    pub(super) fn path(&self) -> &str {
        &self.path
    }
}

impl From<&Pointer> for Place {
    fn from(pointer: &Pointer) -> Self {
        Self::new(&*pointer.file, &*pointer.path)
    }
}

/// A mistake that was just reported, to be told more about.
pub(super) struct Reported<'a>(&'a mut Diagnostic);

impl Reported<'_> {
    pub(super) fn help(self, help: impl Into<String>) {
        self.0.help = Some(help.into());
    }
}

// === impl Context ===

impl Context<'_> {
    pub(super) fn error(&mut self, at: &Pointer, message: impl Into<String>) -> Reported<'_> {
        self.report(Diagnostic::error(at.into(), message))
    }

    /// Once, however many routes a default is a mistake for.
    pub(super) fn report(&mut self, diagnostic: Diagnostic) -> Reported<'_> {
        let same =
            |known: &Diagnostic| known.place == diagnostic.place && known.message == diagnostic.message;
        let known = self.diagnostics.iter().position(same).unwrap_or(self.diagnostics.len());
        if known == self.diagnostics.len() {
            self.diagnostics.push(diagnostic);
        }
        Reported(&mut self.diagnostics[known])
    }
}

/// The plan, where one can be made, and everything that is wrong or questionable.
pub(super) fn compile(
    documents: &[(String, Document)],
    abilities: &Abilities,
) -> (Option<Plan>, Vec<Diagnostic>) {
    let mut context = Context::new(documents, abilities);
    context.stores(documents);
    context.registry = context.registry(documents);
    let upstreams = context.upstreams(documents);
    let trusted = context.trusted(one(documents, "clients", |document| document.clients.as_ref()));
    let telemetry = context.telemetry(documents);
    let apis = context.apis(documents);
    let server = one(documents, "server", |document| document.server.as_ref());
    let (at, server) = or_first(documents, server, "server");
    let server = context.server(&at, server);
    let live = context.live(documents);
    let auth = context.auth(documents);
    context.policies(documents);
    context.written_schemas = context.schemas(documents);
    context.certificate_sources(documents, &trusted, &server);
    let issuer = context.own_issuer(documents, &telemetry.name);
    let limits = context.limits(documents);
    let mut routes = context.routes(documents, issuer.as_ref(), &limits);
    let written = routes.len();
    context.step_routes(documents, issuer.as_ref(), &limits, &mut routes);
    let known = Known { upstreams: &upstreams, auth: &auth, gateway: &telemetry.name };
    let mut caching = context.caching(documents, known, &mut routes);
    context.unused_limits(documents, &limits);
    context.credentials_and_tokens(&routes, &upstreams);
    context.sticky_sessions(documents, &routes, &upstreams);
    let steps = routes.split_off(written);
    context.own_routes(documents, (issuer.as_ref(), &auth, &limits), &mut caching, &mut routes);
    let table = context.table(&routes);
    routes.extend(steps);
    link_steps(&mut routes);
    let registry = context.registered(documents, &upstreams);
    context.duplicate_ids(&routes);
    let plan = Plan {
        registry,
        apis,
        live,
        methods: extension_methods(&routes),
        files: named_files(documents),
        variables: std::mem::take(&mut context.variables).into_iter().collect(),
        called: std::mem::take(&mut context.called).into_iter().collect(),
        claimed: claimed(&routes, &auth).into(),
        auth,
        limits,
        caching,
        issuer,
        routes,
        upstreams,
        table,
        trusted,
        telemetry,
        server,
    };
    context.whole(documents, &plan);
    (context.has_all(&plan).then_some(plan), context.diagnostics)
}

fn named_files(documents: &[(String, Document)]) -> Vec<Box<str>> {
    let names = documents.iter().flat_map(|(_, document)| document.files.keys());
    let mut names: Vec<_> = names.map(|name| name.as_str().into()).collect();
    names.sort_unstable();
    names.dedup();
    names
}

fn extension_methods(routes: &[Route]) -> Vec<Method> {
    let mut methods: Vec<_> = routes
        .iter()
        .flat_map(|route| &route.methods.listed)
        .filter(|method| !STANDARD_METHODS.contains(method))
        .cloned()
        .collect();
    methods.sort_by(|a, b| a.as_str().cmp(b.as_str()));
    methods.dedup();
    methods
}

fn upstream_names(documents: &[(String, Document)]) -> BTreeMap<&str, usize> {
    let names: BTreeSet<_> =
        documents.iter().flat_map(|(_, document)| document.upstreams.keys().map(String::as_str)).collect();
    names.into_iter().zip(0..).collect()
}

/// The one document that has this table. That no second one does is checked where documents are read.
pub(super) fn one<'a, T>(
    documents: &'a [(String, Document)],
    key: &str,
    get: impl Fn(&'a Document) -> Option<&'a T>,
) -> Option<(Pointer, &'a T)> {
    documents.iter().find_map(|(file, document)| Some((Pointer::root(file).key(key), get(document)?)))
}

/// What every route does unless it says otherwise, or `none`.
pub(super) fn defaults<'a>(
    documents: &'a [(String, Document)],
    none: &'a Defaults,
) -> (Pointer, &'a Defaults) {
    let found = one(documents, "defaults", |document| document.defaults.as_ref());
    let (at, defaults) = or_first(documents, found, "defaults");
    (at, defaults.unwrap_or(none))
}

fn or_first<'a, T>(
    documents: &[(String, Document)],
    found: Option<(Pointer, &'a T)>,
    key: &str,
) -> (Pointer, Option<&'a T>) {
    match found {
        Some((at, value)) => (at, Some(value)),
        None => (Pointer::root(documents.first().map_or("", |(file, _)| file)).key(key), None),
    }
}

impl<'a> Context<'a> {
    pub(super) fn new(documents: &'a [(String, Document)], abilities: &'a Abilities) -> Self {
        Self {
            abilities,
            diagnostics: Vec::new(),
            upstream_names: upstream_names(documents),
            authenticator_names: authenticator_names(documents),
            policies: BTreeMap::new(),
            has_store: documents.iter().any(|(_, document)| document.store.is_some()),
            registry: None,
            has_registry: documents.iter().any(|(_, document)| document.registry.is_some()),
            has_live: documents.iter().any(|(_, document)| document.live.is_some()),
            written_consumers: written_consumer::written(documents),
            variables: BTreeSet::new(),
            called: BTreeMap::new(),
            stores: Stores::default(),
            written_limits: limit::Written::default(),
            apis: version::Written::default(),
            written_schemas: Schemas::default(),
            written_openapi: Openapi::default(),
        }
    }

    fn upstreams(&mut self, documents: &'a [(String, Document)]) -> Vec<Upstream> {
        let mut upstreams = BTreeMap::new();
        for (file, document) in documents {
            let at = Pointer::root(file).key("upstreams");
            for (name, written) in &document.upstreams {
                let at = at.key(name);
                if !is_token(name) {
                    self.error(&at, format!("\"{name}\" cannot be the name of an upstream"))
                        .help("letters, digits, and any of . _ -");
                }
                if let Some(upstream) = self.upstream(&at, name, written) {
                    upstreams.insert(name.as_str(), upstream);
                }
            }
        }
        upstreams.into_values().collect()
    }

    fn trusted(&mut self, written: Option<(Pointer, &Clients)>) -> TrustedProxies {
        let Some((at, clients)) = written else { return TrustedProxies::default() };
        let networks = self.networks(&at.key("trusted_proxies"), &clients.trusted_proxies);
        let Some(hops) = clients.trusted_hops else { return TrustedProxies::Networks(networks) };
        let at = at.key("trusted_hops");
        if !clients.trusted_proxies.is_empty() {
            self.error(&at, "proxies are trusted by their addresses or by their number, not by both")
                .help("keep trusted_proxies where the addresses of all proxies are known, else trusted_hops");
        }
        let hops = usize::try_from(hops).unwrap_or(usize::MAX);
        if hops > MOST_ELEMENTS {
            self.error(&at, format!("{hops} proxies are too many: at most {MOST_ELEMENTS} are looked at"));
        }
        TrustedProxies::Hops(hops)
    }

    /// Every network that can be read; the others are reported.
    pub(super) fn networks(&mut self, at: &Pointer, written: &[String]) -> Vec<Network> {
        let mut networks = Vec::new();
        for (text, at) in written.iter().zip(at.indices()) {
            match text.parse::<Network>() {
                Ok(network) => networks.push(network),
                Err(NetworkError::HostBits(meant)) => self
                    .error(&at, format!("\"{text}\" has bits beyond its prefix"))
                    .help(format!("did you mean \"{meant}\"?")),
                Err(_) => self
                    .error(&at, format!("\"{text}\" is neither an address nor a network"))
                    .help("such as \"10.0.0.0/8\", \"192.0.2.7\" or \"2001:db8::/32\""),
            }
        }
        networks
    }

    fn telemetry(&mut self, documents: &[(String, Document)]) -> Telemetry {
        let found = one(documents, "telemetry", |document| document.telemetry.as_ref());
        let (at, written) = or_first(documents, found, "telemetry");
        let written = written.cloned().unwrap_or_default();
        let name = written.name.unwrap_or_else(|| "tollgate".to_owned());
        // RFC 9209 section 2 wants an sf-token or string, RFC 9110 section 7.6.3 a token, RFC 8586 a host name or
        // token: what begins with a letter and is a token is all of them.
        if !is_token(&name) || !name.starts_with(|c: char| c.is_ascii_alphabetic()) {
            self.error(&at.key("name"), format!("\"{name}\" cannot name a gateway"))
                .help("letters, digits, and any of . _ -, a letter first");
        }
        Telemetry {
            access_log: written.access_log.unwrap_or(AccessLog::Auto),
            server_timing: written.server_timing.unwrap_or(false),
            name: name.into(),
        }
    }

    fn routes(
        &mut self,
        documents: &'a [(String, Document)],
        issuer: Option<&IssuerPlan>,
        limits: &Limits,
    ) -> Vec<Route> {
        let none = Defaults::default();
        let defaults = defaults(documents, &none);
        let mut routes = Vec::new();
        for (file, document) in documents {
            for (written, at) in document.routes.iter().zip(Pointer::root(file).key("routes").indices()) {
                routes.extend(self.route(&at, written, &defaults, issuer, limits));
            }
        }
        routes
    }

    /// Whether no mistake keeps anything out of `plan` that others refer to by index.
    fn has_all(&self, plan: &Plan) -> bool {
        self.upstream_names.len() == plan.upstreams.len()
            && self.authenticator_names.len() == plan.auth.authenticators.len()
    }

    /// What only shows when everything is there.
    fn whole(&mut self, documents: &[(String, Document)], plan: &Plan) {
        self.conflicts(plan);
        self.exposures(plan);
        self.step_fields(plan);
        self.preflights(plan);
        self.unserved(documents, plan);
    }

    fn table(&mut self, routes: &[Route]) -> Table {
        Table::new(&routes.iter().map(Entry::from).collect::<Vec<_>>()).unwrap_or_else(|refused| {
            let message =
                format!("no table can be made with the pattern \"{}\": a bug in Tollgate", refused.pattern);
            self.report(Diagnostic::error(Place::default(), message));
            Table::default()
        })
    }

    fn duplicate_ids(&mut self, routes: &[Route]) {
        let mut seen: BTreeMap<&str, &Route> = BTreeMap::new();
        for route in routes {
            if let Some(first) = seen.insert(&route.id, route) {
                let place = Place::new(&*route.origin.0, format!("{}/id", route.origin.1));
                let first = Place::new(&*first.origin.0, format!("{}/id", first.origin.1));
                let found = Diagnostic::error(place, format!("two routes have the id \"{}\"", route.id));
                self.report(found.related(first, "the other one"));
            }
        }
    }

    /// The index of an upstream; an unknown one is reported.
    pub(super) fn upstream_index(&mut self, at: &Pointer, name: &str) -> Option<usize> {
        if let Some(index) = self.upstream_names.get(name) {
            return Some(*index);
        }
        let near = nearest(name, self.upstream_names.keys().copied());
        let known: Vec<_> = self.upstream_names.keys().map(|name| format!("\"{name}\"")).collect();
        let help = match near {
            Some(near) => format!("did you mean \"{near}\"?"),
            None if known.is_empty() => format!("add [upstreams.{name}] with a url"),
            None => format!("there are {}", known.join(", ")),
        };
        self.error(at, format!("there is no upstream \"{name}\"")).help(help);
        None
    }
}
