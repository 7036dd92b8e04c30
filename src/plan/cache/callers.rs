//! Whether every caller has answers of its own.

use super::super::compile::{Context, Pointer};
use super::inputs::{Account, Input};
use super::settings::Settings;
use super::told::Told;
use super::{Ready, Written};
use crate::auth::{Authenticator, Kind};
use crate::cache::policy::{KeyParts, Passes};
use crate::config::{self, CacheCallers};
use crate::diagnostic::Diagnostic;

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
            Told::Read(_) => None,
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
