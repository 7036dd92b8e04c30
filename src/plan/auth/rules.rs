//! What a caller must be allowed to do, and from where, ready to be judged.

use std::collections::BTreeSet;

use super::super::compile::{Context, Pointer};
use super::super::expression::not_captured;
use super::super::policy::Layers;
use super::super::scalar::nearest;
use crate::auth::Access;
use crate::auth::addresses::AddressRules;
use crate::auth::authorise::{Policy, Rules};
use crate::config::{self, AccessTable, Document};
use crate::expression::{Kind, Known, Variable};
use crate::route::pattern::Pattern;

impl<'a> Context<'a> {
    /// All named policies, for routes to refer to.
    pub(in crate::plan) fn policies(&mut self, documents: &'a [(String, Document)]) {
        for (file, document) in documents {
            let at = Pointer::root(file).key("policies");
            for (name, source) in &document.policies {
                let at = at.key(name);
                if !is_name(name) {
                    self.error(&at, format!("\"{name}\" cannot be the name of a policy"))
                        .help("letters, digits, _ and -; not true, false, or what begins a variable's name");
                }
                let expression = self.expression(&at, source, Kind::Bool);
                self.policies.insert(name, expression);
            }
        }
    }
}

impl Context<'_> {
    pub(super) fn rules(&mut self, at: &Pointer, table: &AccessTable) -> Rules {
        let rules = Rules {
            scopes: self.scopes(&at.key("scopes"), &table.scopes),
            any_scope: self.scopes(&at.key("any_scope"), &table.any_scope),
            roles: self.names(&at.key("roles"), &table.roles),
            groups: self.names(&at.key("groups"), &table.groups),
            policy: table.policy.as_ref().and_then(|text| self.policy(&at.key("policy"), text)),
        };
        if table.any.is_none() && table.external.is_some() && rules.are_about_the_caller() {
            self.error(at, "there is no caller that the rules could be about: no way in is accepted")
                .help("give any one or more names of [auth], beside external");
        }
        rules
    }

    /// RFC 6749 appendix A.4: what a scope is made of, which is also what a challenge can hold.
    fn scopes(&mut self, at: &Pointer, written: &[String]) -> Vec<Box<str>> {
        for (scope, at) in written.iter().zip(at.indices()) {
            let valid = |byte: u8| matches!(byte, 0x21 | 0x23..=0x5b | 0x5d..=0x7e);
            if scope.is_empty() || !scope.bytes().all(valid) {
                self.error(&at, format!("{scope:?} is not a scope"))
                    .help("one scope an item: printable ASCII without spaces, quotes and backslashes");
            }
        }
        self.names(at, written)
    }

    fn names(&mut self, at: &Pointer, written: &[String]) -> Vec<Box<str>> {
        let mut seen = BTreeSet::new();
        for (name, at) in written.iter().zip(at.indices()) {
            if !seen.insert(name) {
                self.error(&at, format!("{name:?} is named twice"));
            }
        }
        written.iter().map(|name| name.as_str().into()).collect()
    }

    /// A named policy, or an expression.
    fn policy(&mut self, at: &Pointer, text: &str) -> Option<Policy> {
        if let Some(known) = self.policies.get(text) {
            let expression = known.clone()?;
            return Some(Policy { name: text.into(), expression });
        }
        if is_name(text) {
            let near = nearest(text, self.policies.keys().copied());
            let known: Vec<_> = self.policies.keys().map(|name| format!("\"{name}\"")).collect();
            let help = match near {
                Some(near) => format!("did you mean \"{near}\"?"),
                None if known.is_empty() => format!("add {text} to [policies], or write an expression"),
                None => format!("there are {}; or write an expression", known.join(", ")),
            };
            self.error(at, format!("there is no policy \"{text}\"")).help(help);
            return None;
        }
        let expression = self.expression(at, text, Kind::Bool)?;
        Some(Policy { name: Box::default(), expression })
    }

    /// A policy can only ask for what the route's path captures.
    pub(in crate::plan) fn policy_params(
        &mut self,
        at: &Pointer,
        pattern: Option<&Pattern>,
        access: &Access,
    ) {
        let (Some(pattern), Access::Required(required)) = (pattern, access) else { return };
        let Some(policy) = &required.rules.policy else { return };
        for name in policy.expression.params() {
            let Some(help) = not_captured(pattern, name) else { continue };
            self.error(
                at,
                format!("the policy asks for request.params.{name}, which the route's path does not capture"),
            )
            .help(help);
        }
    }

    /// From which addresses a route may be used: each list from where it is said first.
    pub(in crate::plan) fn addresses(&mut self, layers: &Layers<'_, config::Addresses>) -> AddressRules {
        let mut list = |key: &str, get: fn(&config::Addresses) -> Option<&Vec<String>>| {
            let found = layers.iter().find_map(|(at, layer)| Some((at.key(key), get((*layer)?)?)));
            found.map(|(at, texts)| self.networks(&at, texts)).unwrap_or_default()
        };
        AddressRules {
            allow: list("allow", |addresses| addresses.allow.as_ref()),
            deny: list("deny", |addresses| addresses.deny.as_ref()),
        }
    }
}

/// Whether the text is a name of a policy, and cannot be an expression.
fn is_name(text: &str) -> bool {
    let reserved = |name: &str| {
        matches!(name, "true" | "false" | "null")
            || (Variable::ALL.iter().filter(|variable| variable.is_known(&Known::default())))
                .any(|variable| variable.name().split('.').next() == Some(name))
    };
    let letters = text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"_-".contains(&byte));
    letters && text.starts_with(|c: char| c.is_ascii_alphabetic()) && !reserved(text)
}
