//! Whether every caller has answers of its own.

use http::header::{AUTHORIZATION, COOKIE, HeaderName};

use super::super::compile::{Context, Pointer};
use super::inputs::{Account, Input};
use super::settings::Settings;
use super::told::Told;
use super::{Ready, Written};
use crate::auth::{Authenticator, Kind};
use crate::cache::policy::{KeyParts, Passes};
use crate::config::{self, CacheCallers};
use crate::diagnostic::Diagnostic;
use crate::expression::Variable;
use crate::graphql::GraphQl;
use crate::transform::{Transform, Vary};

impl Context<'_> {
    /// Whether every caller has answers of its own.
    pub(super) fn key_has_the_caller(
        &mut self,
        settings: &Settings<'_>,
        key: &KeyParts,
        passes: &Passes,
        told: &[Told<'_>],
        ready: Option<Ready<'_>>,
    ) -> bool {
        let is_open = |told: &Told<'_>| !passes.caller && !told.is_keyed(key) && !told.is_excused(passes);
        match settings.find("callers", |table| table.callers.as_ref()) {
            None | Some((_, CacheCallers::Auto)) => told.iter().any(is_open),
            Some((at, CacheCallers::Isolated)) => self.callers_are_known(&at, settings, ready),
            Some((_, CacheCallers::Shared)) => false,
        }
    }

    /// The proof that nothing unkeyed reaches the upstream.
    pub(super) fn nothing_is_open(
        &mut self,
        written: &Written<'_>,
        settings: &Settings<'_>,
        inputs: Vec<Input<'_>>,
    ) {
        let shared = settings.find("callers", |table| table.callers.as_ref());
        let shared = shared.map_or_else(|| settings.at.clone(), |(at, _)| at);
        for input in inputs.iter().filter(|input| input.account == Account::Open) {
            match &input.told {
                Some(told) => self.told_and_shared(written, &shared, told),
                None => {
                    let message =
                        format!("answers may depend on {}, and are not told apart by it", input.what);
                    self.error(&shared, message).help("a bug in Tollgate: please report it");
                }
            }
        }
    }

    /// What a transformation asks for must be what answers are told apart by.
    pub(super) fn transformed_alike(
        &mut self,
        written: &Written<'_>,
        settings: &Settings<'_>,
        transform: &Transform,
        passes: &Passes,
    ) {
        let at = written.at.key("transform");
        let mut refuse = |what: String, help: String| {
            let message = format!("answers are kept, and the transformation asks for {what}");
            let diagnostic = Diagnostic::error((&at).into(), message);
            self.report(diagnostic.related((&settings.at).into(), "answers are kept here")).help(help);
        };
        if transform.reads.contains(&Variable::ClientAddress) {
            refuse(
                "the client's address: each would need one of its own".to_owned(),
                "remove one of them".to_owned(),
            );
        }
        let names = match &transform.vary {
            Vary::Names(names) => names,
            Vary::All => {
                return refuse(
                    "header fields that it does not name".to_owned(),
                    "write request.headers[\"name\"], in an expression rather than a template".to_owned(),
                );
            }
        };
        let withheld = |name: &&HeaderName| {
            !passes.all && !passes.fields.contains(*name) && ![AUTHORIZATION, COOKIE].contains(*name)
        };
        for name in names.iter().filter(withheld) {
            refuse(
                format!("{name}, which the cache withholds: it is never there"),
                format!("add \"{name}\" to key.headers, or to vary"),
            );
        }
    }

    /// What the variables of a GraphQL operation are made of must be in the key: its answers do not say what they depend on.
    pub(super) fn graphql_alike(
        &mut self,
        written: &Written<'_>,
        settings: &Settings<'_>,
        graphql: &GraphQl,
        key: &KeyParts,
    ) {
        let at = written.at.key("graphql").key("variables");
        for (name, value) in &graphql.variables {
            let unkeyed = value.fields().iter().find(|field| {
                let known = |header: &HeaderName| header.as_str() == &***field;
                !key.headers.iter().any(known)
            });
            let (what, help) = match unkeyed {
                _ if value.reads().contains(&Variable::ClientAddress) => {
                    ("the client's address".to_owned(), "remove one of them".to_owned())
                }
                _ if value.reads_any_field() => {
                    ("any header field".to_owned(), "write request.headers[\"name\"]".to_owned())
                }
                Some(field) => {
                    (format!("the header field {field}"), format!("add \"{field}\" to key.headers"))
                }
                None => continue,
            };
            let message =
                format!("answers are kept, and the variable depends on {what}, which is not in the key");
            let diagnostic = Diagnostic::error((&at.key(name)).into(), message);
            self.report(diagnostic.related((&settings.at).into(), "answers are kept here")).help(help);
        }
    }

    /// Where answers are shared, nothing may be told of callers that could make a difference.
    fn told_and_shared(&mut self, written: &Written<'_>, shared: &Pointer, told: &Told<'_>) {
        let message = format!("answers are shared between callers, and the upstream is told {told}");
        let at = Self::where_told(written, told).unwrap_or_else(|| shared.clone());
        let diagnostic = Diagnostic::error((&at).into(), message);
        let diagnostic = match at.path() == shared.path() {
            true => diagnostic,
            false => diagnostic.related(shared.into(), "answers are shared here"),
        };
        self.report(diagnostic).help(told.choices());
    }
}

impl Context<'_> {
    /// The setting by which the upstream is told something; `None` where that is what happens unless something is said.
    fn where_told(written: &Written<'_>, told: &Told<'_>) -> Option<Pointer> {
        let Written { at, route, defaults, at_defaults, .. } = written;
        let layers = [(*at, &route.identity), (*at_defaults, &defaults.identity)];
        let identity = |has: fn(&config::Identity) -> bool| {
            let (at, _) = layers.iter().find(|(_, identity)| identity.as_ref().is_some_and(has))?;
            Some(at.key("identity"))
        };
        match told {
            Told::Header(header) => {
                let at = identity(|it| it.headers.is_some())?.key("headers");
                let mut all = layers.iter().filter_map(|(_, identity)| identity.as_ref()?.headers.as_ref());
                let name = all.next()?.keys().find(|name| header.name.as_str().eq_ignore_ascii_case(name))?;
                Some(at.key(name))
            }
            Told::Token(_) => Some(identity(|it| it.token.is_some())?.key("token")),
            Told::Authorization(_) => Some(identity(|it| it.authorization.is_some())?.key("authorization")),
            Told::Forwarded(way, _) | Told::External(way, _) => written.place_of(way),
            Told::Read(_, by) => Some(at.key(by)),
        }
    }
}

// === impl Written ===

impl Written<'_> {
    /// The setting by which something of a way in goes on to upstreams.
    fn place_of(&self, way: &Authenticator) -> Option<Pointer> {
        let (kind, key) = match &way.kind {
            Kind::ApiKey(_) => ("api_key", "forward"),
            Kind::Basic(_) => ("basic", "forward"),
            _ => ("external", "to_upstream"),
        };
        let (file, _) = self.documents.iter().find(|(_, document)| document.auth.contains_key(&*way.name))?;
        Some(Pointer::root(file).key("auth").key(&way.name).key(kind).key(key))
    }
}
