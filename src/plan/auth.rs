//! Ways in and what routes ask of callers, ready to be judged.

use std::collections::BTreeMap;

use sha2::{Digest, Sha256};

use super::compile::{Context, Pointer};
use super::scalar::{is_token, nearest};
use crate::auth::{Access, Authenticator, Kind, Plan, Requirement};
use crate::config::{self, Document};

mod api_key;
mod basic;
mod certificate;
mod external;
mod introspection;
mod jwt;
mod login;
mod login_route;
mod rules;
mod signature;

/// What a route says when it wants nobody asked.
const PUBLIC: &str = "public";

impl<'a> Context<'a> {
    /// All that is configured about authentication.
    pub(super) fn auth(&mut self, documents: &'a [(String, Document)]) -> Plan {
        let mut authenticators = BTreeMap::new();
        for (file, document) in documents {
            let at = Pointer::root(file).key("auth");
            for (name, written) in &document.auth {
                let at = at.key(name);
                if name == PUBLIC || !is_token(name) {
                    self.error(&at, format!("\"{name}\" cannot be the name of a way in"))
                        .help("letters, digits, and any of . _ -, and not \"public\"");
                }
                let kind = self.kind(&at, name, written);
                authenticators.extend(kind.map(|kind| (name.as_str(), (kind, fingerprint(written)))));
            }
        }
        self.give_signature_keys(documents, &mut authenticators);
        let authenticators = authenticators
            .into_iter()
            .map(|(name, (kind, fingerprint))| Authenticator { name: name.into(), fingerprint, kind })
            .collect();
        let consumers = self.consumers(documents);
        self.warn_of_nobody(documents, &consumers);
        Plan { authenticators, store: self.default_store(), consumers }
    }

    fn kind(&mut self, at: &Pointer, name: &str, written: &config::Authenticator) -> Option<Kind> {
        let config::Authenticator {
            jwt,
            api_key,
            basic,
            introspection,
            signature,
            certificate,
            login,
            external,
        } = written;
        let mut kinds = Vec::new();
        let mut given = 0;
        let at = |key: &str| at.key(key);
        macro_rules! kind {
            ($written:ident, $key:literal, $variant:ident, $($argument:expr),*) => {
                if let Some($written) = $written {
                    given += 1;
                    kinds.extend(self.$written($($argument),*).map(|it| Kind::$variant(Box::new(it))));
                }
            };
        }
        kind!(jwt, "jwt", Jwt, &at("jwt"), jwt);
        kind!(api_key, "api_key", ApiKey, &at("api_key"), api_key);
        kind!(basic, "basic", Basic, &at("basic"), basic);
        kind!(introspection, "introspection", Introspection, &at("introspection"), introspection);
        kind!(signature, "signature", Signature, &at("signature"), signature);
        kind!(certificate, "certificate", Certificate, &at("certificate"), certificate);
        kind!(login, "login", Login, &at("login"), name, login);
        kind!(external, "external", External, &at("external"), external);
        if given != 1 {
            self.error(
                &Pointer::clone(&at("")).parent(),
                format!("the way in \"{name}\" has {given} kinds, and needs exactly one"),
            )
            .help("jwt, api_key, basic, introspection, signature, certificate, login or external");
        }
        kinds.pop().filter(|_| given == 1)
    }

    /// Who may use a route; an error where neither it nor the defaults say so.
    pub(super) fn access(
        &mut self,
        at_route: &Pointer,
        written: Option<&config::Access>,
        at_defaults: &Pointer,
        defaults: Option<&config::Access>,
    ) -> Access {
        let (at, written) = match (written, defaults) {
            (Some(written), _) => (at_route.key("auth"), written),
            (None, Some(written)) => (at_defaults.key("auth"), written),
            (None, None) => {
                self.error(at_route, "the route does not say who may use it")
                    .help("give it auth, or give [defaults] one; auth = \"public\" lets everybody in");
                return Access::Public;
            }
        };
        match written {
            config::Access::Name(name) if name == PUBLIC => Access::Public,
            config::Access::Name(name) => self.ways_in(&at, std::slice::from_ref(name), false),
            config::Access::Names(names) => self.ways_in(&at, names, true),
            config::Access::Table(table) => self.requirement(&at, table),
        }
    }

    fn ways_in(&mut self, at: &Pointer, names: &[String], listed: bool) -> Access {
        let any = self.authenticators(at, names, listed);
        Access::Required(Box::new(Requirement { any, ..Requirement::default() }))
    }

    fn requirement(&mut self, at: &Pointer, table: &config::AccessTable) -> Access {
        let names = table.any.as_ref().map(config::OneOrMany::as_slice).unwrap_or_default();
        let listed = matches!(table.any, Some(config::OneOrMany::Many(_)));
        let any = match (&table.any, &table.external) {
            (None, Some(_)) => Vec::new(),
            (None, None) => {
                self.error(at, "the route does not say which way in it accepts")
                    .help("give any one or more names of [auth], or external the name of a service");
                Vec::new()
            }
            (Some(_), _) => self.authenticators(&at.key("any"), names, listed),
        };
        let external =
            table.external.as_ref().and_then(|name| self.external_service(&at.key("external"), name));
        let rules = self.rules(at, table);
        let optional = table.optional.unwrap_or(false);
        Access::Required(Box::new(Requirement { any, optional, external, rules }))
    }

    fn authenticators(&mut self, at: &Pointer, names: &[String], listed: bool) -> Vec<usize> {
        if names.is_empty() {
            self.error(at, "an empty list lets nobody in")
                .help("name one or more ways in, or write \"public\" for everybody");
        }
        let mut indices = Vec::new();
        for (name, at_name) in names.iter().zip(at.indices()) {
            let at = if listed { &at_name } else { at };
            if name == PUBLIC {
                self.error(at, "\"public\" stands alone: with it, everybody is let in").help(
                    "write auth = \"public\", or optional = true to let those in who have no credentials",
                );
                continue;
            }
            let Some((index, is_external)) = self.authenticator(at, name) else { continue };
            if is_external {
                self.error(at, format!("\"{name}\" is a service that is asked, not a way in"))
                    .help(format!("write external = \"{name}\" beside any"));
            } else if indices.contains(&index) {
                self.error(at, format!("\"{name}\" is named twice"));
            } else {
                indices.push(index);
            }
        }
        indices
    }

    fn external_service(&mut self, at: &Pointer, name: &str) -> Option<usize> {
        let (index, is_external) = self.authenticator(at, name)?;
        if !is_external {
            self.error(at, format!("\"{name}\" is a way in, not a service that is asked"))
                .help(format!("write any = \"{name}\""));
        }
        Some(index)
    }

    /// The index of an authenticator, and whether it is an external service; an unknown one is reported.
    fn authenticator(&mut self, at: &Pointer, name: &str) -> Option<(usize, bool)> {
        if let Some(known) = self.authenticator_names.get(name) {
            return Some(*known);
        }
        let near = nearest(name, self.authenticator_names.keys().copied());
        let known: Vec<_> = self.authenticator_names.keys().map(|name| format!("\"{name}\"")).collect();
        let help = match near {
            Some(near) => format!("did you mean \"{near}\"?"),
            None if known.is_empty() => format!("add [auth.{name}.jwt], or another kind"),
            None => format!("there are {}", known.join(", ")),
        };
        self.error(at, format!("there is no way in \"{name}\"")).help(help);
        None
    }
}

/// The names of all ways in, each with its index and whether it is an external service.
pub(super) fn authenticator_names(documents: &[(String, Document)]) -> BTreeMap<&str, (usize, bool)> {
    let mut names = BTreeMap::new();
    for (name, written) in documents.iter().flat_map(|(_, document)| &document.auth) {
        names.insert(name.as_str(), (0, written.external.is_some()));
    }
    for (index, (_, known)) in names.iter_mut().enumerate() {
        known.0 = index;
    }
    names
}

/// SHA-256 of what was written.
fn fingerprint(written: &config::Authenticator) -> [u8; 32] {
    // Written from types that were read from text: it cannot fail.
    Sha256::digest(serde_json::to_vec(written).unwrap_or_default()).into()
}
