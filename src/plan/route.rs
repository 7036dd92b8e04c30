//! Routes, ready to run.

use http::Method;

use super::compile::{Context, Pointer};
use super::limit::Fitted;
use super::policy::{layers, tolerated};
use super::{Action, IssuerPlan, Patience, Route, scalar};
use crate::admission::DEFAULT_PRIORITY;
use crate::auth::Access;
use crate::auth::addresses::AddressRules;
use crate::compression::Policy;
use crate::config;
use crate::config::{Condition, Defaults, Match, OneOrMany};
use crate::cors;
use crate::graphql::GraphQl;
use crate::idempotency::Idempotency;
use crate::identity::Identity;
use crate::limit::{Limits, RouteLimits};
use crate::mapping::Mapping;
use crate::route::condition::{Expect, HeaderCondition, Methods, QueryCondition};
use crate::route::path::Ambiguities;
use crate::route::pattern::{Pattern, PatternError};
use crate::route::table::HostPattern;
use crate::security_headers::SecurityHeaders;
use crate::transform::Transform;
use crate::validation::Validation;
use crate::version;

/// What requests of a route are like.
struct Matched {
    pattern: Option<Pattern>,
    hosts: Vec<HostPattern>,
    headers: Vec<HeaderCondition>,
    query: Vec<QueryCondition>,
    version: Option<version::Condition>,
    methods: Methods,
}

/// What a route does with contents.
struct Contents {
    mapping: Option<Mapping>,
    transform: Option<Box<Transform>>,
    graphql: Option<Box<GraphQl>>,
    validation: Option<Validation>,
    idempotency: Option<Idempotency>,
}

impl Context<'_> {
    pub(super) fn route(
        &mut self,
        at: &Pointer,
        written: &config::Route,
        (at_defaults, defaults): &(Pointer, &Defaults),
        issuer: Option<&IssuerPlan>,
        limits: &Limits,
    ) -> Option<Route> {
        self.route_id(at, &written.id);
        let Matched { pattern, hosts, headers, query, version, methods } =
            self.matched(&at.key("match"), &written.matches.clone().unwrap_or_default());
        // Everything else is looked at even where the pattern cannot be read, to report all mistakes at once.
        let action = self.action(at, written, pattern.as_ref().unwrap_or(&Pattern::prefix("/").ok()?));
        let access = self.access(at, written.auth.as_ref(), at_defaults, defaults.auth.as_ref());
        let addresses = layers(at, at_defaults, "addresses", &written.addresses, &defaults.addresses);
        let addresses = self.addresses(&addresses);
        self.policy_params(at, pattern.as_ref(), &access);
        let protection = addresses.after(written.auth.as_ref().or(defaults.auth.as_ref()));
        let told = layers(at, at_defaults, "identity", &written.identity, &defaults.identity);
        let identity = self.identity(&told, issuer, action.as_ref(), &access);
        let (patience, body_limit) = self.bounds((at, written), (at_defaults, defaults));
        let fitted = Fitted { at, id: &written.id, pattern: pattern.as_ref(), access: &access };
        let limits = self.route_limits(limits, written, &fitted, (at_defaults, defaults));
        let edits = layers(at, at_defaults, "headers", &written.headers, &defaults.headers);
        let (request_edits, response_edits) = self.both_edits(&edits);
        let Contents { mapping, transform, graphql, validation, idempotency } =
            self.for_contents(at, written, pattern.as_ref());
        let (cors, security_headers, compression) =
            self.for_clients((at, written), (at_defaults, defaults), &methods);
        let origin = (at.file().into(), at.path().into());
        let priority = self.priority(at, written);
        Some(Route {
            hosts,
            methods,
            headers,
            query,
            version,
            tolerated: tolerated(&[written.paths.as_ref(), defaults.paths.as_ref()]),
            access,
            addresses,
            protection: protection.into(),
            identity,
            limits,
            mapping,
            transform,
            graphql,
            validation,
            idempotency,
            priority,
            patience,
            body_limit,
            request_edits,
            response_edits,
            cors,
            security_headers,
            compression,
            ..Route::of_the_gateway(&written.id, origin, pattern?, action?)
        })
    }

    /// What a request must be like.
    fn matched(&mut self, at: &Pointer, matches: &Match) -> Matched {
        let pattern = self.pattern(at, matches);
        let hosts = self.hosts(&at.key("host"), matches.host.as_ref());
        let headers = self.header_conditions(&at.key("headers"), matches);
        let query = self.query_conditions(&at.key("query"), matches);
        let version = self.served(at, matches, pattern.as_ref());
        let methods = self.methods(&at.key("methods"), &matches.methods);
        Matched { pattern, hosts, headers, query, version, methods }
    }

    /// How long requests may take, and how large they may be.
    fn bounds(
        &mut self,
        (at, written): (&Pointer, &config::Route),
        (at_defaults, defaults): (&Pointer, &Defaults),
    ) -> (Patience, u64) {
        let timeouts = layers(at, at_defaults, "timeouts", &written.timeouts, &defaults.timeouts);
        let sizes = layers(at, at_defaults, "limits", &written.limits, &defaults.limits);
        (self.patience(&timeouts), self.body_limit(&sizes))
    }

    /// What is done with contents.
    fn for_contents(&mut self, at: &Pointer, written: &config::Route, pattern: Option<&Pattern>) -> Contents {
        let proxied = written.upstream.is_some() || written.split.is_some();
        let key = |key: &str| at.key(key);
        let mapping = written.mapping.as_ref();
        let mapping = mapping.and_then(|it| self.mapping(&key("mapping"), it, proxied));
        let transform = self.route_transform(at, written, pattern);
        let graphql = written.graphql.as_ref();
        let graphql = graphql.and_then(|it| self.graphql(&key("graphql"), it, proxied));
        let validation = self.validation(at, written, pattern);
        if written.idempotency.is_some() && !proxied && written.compose.is_none() {
            self.error(&key("idempotency"), "idempotency is for routes with an upstream");
        }
        let idempotency = written.idempotency.as_ref();
        let idempotency = idempotency.and_then(|it| self.idempotency(&key("idempotency"), it));
        Contents { mapping, transform, graphql, validation, idempotency }
    }

    /// What is done for clients alone, and nothing else depends on.
    fn for_clients(
        &mut self,
        (at, written): (&Pointer, &config::Route),
        (at_defaults, defaults): (&Pointer, &Defaults),
        methods: &Methods,
    ) -> (Option<cors::Policy>, Option<SecurityHeaders>, Option<Policy>) {
        let cors = layers(at, at_defaults, "cors", &written.cors, &defaults.cors);
        let key = "security_headers";
        let security = layers(at, at_defaults, key, &written.security_headers, &defaults.security_headers);
        let key = "compression";
        let compression = layers(at, at_defaults, key, &written.compression, &defaults.compression);
        (self.cors(&cors, methods), self.security_headers(&security), self.compression(&compression))
    }

    fn route_id(&mut self, at: &Pointer, id: &str) {
        let valid = |byte: u8| byte.is_ascii_alphanumeric() || b"._-/".contains(&byte);
        if id.is_empty() || id.len() > 128 || !id.bytes().all(valid) {
            self.error(&at.key("id"), format!("\"{id}\" cannot be the id of a route"))
                .help("1 to 128 letters, digits, and any of . _ - /");
        }
    }

    fn pattern(&mut self, at: &Pointer, matches: &Match) -> Option<Pattern> {
        let (key, parsed) = match (&matches.path, &matches.prefix) {
            (Some(_), Some(_)) => {
                self.error(&at.key("prefix"), "a route has either path or prefix")
                    .help("path is the whole path, prefix everything at and under one");
                return None;
            }
            (Some(path), None) => ("path", Pattern::path(path)),
            (None, prefix) => ("prefix", Pattern::prefix(prefix.as_deref().unwrap_or("/"))),
        };
        self.readable(&at.key(key), parsed)
    }

    pub(super) fn readable<T>(&mut self, at: &Pointer, parsed: Result<T, PatternError>) -> Option<T> {
        match parsed {
            Ok(value) => Some(value),
            Err(error) => {
                self.error(at, error.message);
                None
            }
        }
    }

    fn hosts(&mut self, at: &Pointer, written: Option<&OneOrMany>) -> Vec<HostPattern> {
        let mut hosts = Vec::new();
        for text in written.map(OneOrMany::as_slice).unwrap_or_default() {
            match host_pattern(text) {
                Some(host) if !hosts.contains(&host) => hosts.push(host),
                Some(_) => {}
                None => self
                    .error(at, format!("\"{text}\" is not a host name"))
                    .help("such as \"api.example.com\" or \"*.example.com\", without scheme, port and path"),
            }
        }
        hosts
    }

    fn methods(&mut self, at: &Pointer, written: &[String]) -> Methods {
        let mut listed: Vec<Method> = Vec::new();
        for (text, at) in written.iter().zip(at.indices()) {
            let upper = text.to_ascii_uppercase();
            match Method::from_bytes(text.as_bytes()) {
                Ok(Method::CONNECT) => self
                    .error(&at, "a gateway takes no CONNECT")
                    .help("it would make a tunnel past everything the gateway checks"),
                Ok(method) if listed.contains(&method) => {
                    self.error(&at, format!("{text} is listed twice")).help("remove one");
                }
                // Methods are case-sensitive (RFC 9110 section 9.1): "get" would never match.
                Ok(_) if *text != upper => {
                    self.error(&at, format!("methods are case-sensitive: no client sends \"{text}\""))
                        .help(format!("write \"{upper}\""));
                }
                Ok(method) => listed.push(method),
                Err(_) => self.error(&at, format!("\"{text}\" is not a method")).help("such as \"GET\""),
            }
        }
        let head_through_get = listed.contains(&Method::GET) && !listed.contains(&Method::HEAD);
        Methods { listed, head_through_get }
    }

    fn header_conditions(&mut self, at: &Pointer, matches: &Match) -> Vec<HeaderCondition> {
        let mut conditions: Vec<HeaderCondition> = Vec::new();
        for (name, written) in &matches.headers {
            let at = at.key(name);
            let (name, expect) = (self.header_name(&at, name), self.expect(&at, written));
            if let (Some(name), Some(expect)) = (name, expect) {
                if conditions.iter().any(|known| known.name == name) {
                    self.error(
                        &at,
                        format!("{name} has two conditions: names of header fields have no case"),
                    );
                }
                conditions.push(HeaderCondition { name, expect });
            }
        }
        conditions
    }

    fn query_conditions(&mut self, at: &Pointer, matches: &Match) -> Vec<QueryCondition> {
        let mut conditions = Vec::new();
        for (name, written) in &matches.query {
            let expect = self.expect(&at.key(name), written);
            conditions.extend(expect.map(|expect| QueryCondition { name: name.as_str().into(), expect }));
        }
        conditions
    }

    pub(super) fn expect(&mut self, at: &Pointer, written: &Condition) -> Option<Expect> {
        let table = match written {
            Condition::Exact(text) => return Some(Expect::Exact(text.as_str().into())),
            Condition::Table(table) => table,
        };
        match (&table.exact, &table.regex, table.present) {
            (Some(text), None, None) => Some(Expect::Exact(text.as_str().into())),
            (None, Some(text), None) => match regex_lite::RegexBuilder::new(text).size_limit(1 << 18).build()
            {
                Ok(regex) => Some(Expect::Regex(regex)),
                Err(error) => {
                    self.error(&at.key("regex"), format!("this is not a regular expression: {error}"));
                    None
                }
            },
            (None, None, Some(true)) => Some(Expect::Present),
            (None, None, Some(false)) => Some(Expect::Absent),
            _ => {
                self.error(at, "a condition has exactly one of exact, regex and present");
                None
            }
        }
    }
}

/// Reads `api.example.com`, `*.example.com`, `192.0.2.1` or `[2001:db8::1]`.
pub(super) fn host_pattern(text: &str) -> Option<HostPattern> {
    let lower = text.to_ascii_lowercase();
    if let Some(address) = lower.strip_prefix('[') {
        let valid = address.strip_suffix(']')?.parse::<std::net::Ipv6Addr>().is_ok();
        return valid.then(|| HostPattern::Exact(lower.into()));
    }
    let (below, name) = match lower.strip_prefix("*.") {
        Some(name) => (true, name),
        None => (false, &*lower),
    };
    let label = |label: &str| {
        (1..=63).contains(&label.len())
            && label.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_".contains(&byte))
    };
    if name.len() > 253 || !name.split('.').all(label) {
        return None;
    }
    debug_assert!(scalar::is_token(name));
    Some(if below { HostPattern::Below(format!(".{name}").into()) } else { HostPattern::Exact(name.into()) })
}

// === impl Route ===

impl Route {
    /// A route that the gateway has of itself, open to everybody: any host and method, until
    /// its maker says otherwise. `origin` is where the setting that it comes from was written.
    pub(super) fn of_the_gateway(
        id: &str,
        origin: (Box<str>, Box<str>),
        pattern: Pattern,
        action: Action,
    ) -> Self {
        Self {
            id: id.into(),
            origin,
            internal: false,
            hosts: Vec::new(),
            pattern,
            methods: Methods::default(),
            headers: Vec::new(),
            query: Vec::new(),
            version: None,
            tolerated: Ambiguities::default(),
            access: Access::Public,
            protection: "public".into(),
            addresses: AddressRules::default(),
            identity: Identity::default(),
            limits: RouteLimits::default(),
            cache: None,
            mapping: None,
            graphql: None,
            validation: None,
            transform: None,
            idempotency: None,
            priority: DEFAULT_PRIORITY,
            action,
            patience: Patience::default(),
            body_limit: 0,
            request_edits: Vec::new(),
            response_edits: Vec::new(),
            cors: None,
            security_headers: None,
            compression: None,
        }
    }
}
