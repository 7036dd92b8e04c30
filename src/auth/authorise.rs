//! What a caller may do.

use std::sync::Arc;

use super::{Asking, Caller, Rejection};
use crate::expression::{Beyond, CallerFacts, ConsumerFacts, Expression, Facts, Timestamp};
use crate::route;

/// What a caller must be allowed to do. Everything that is said must hold; the default says nothing.
#[derive(Debug, Default)]
pub struct Rules {
    /// Scopes that were granted, all of them.
    pub scopes: Vec<Box<str>>,
    /// Scopes of which one was granted.
    pub any_scope: Vec<Box<str>>,
    /// Roles of which the caller has one.
    pub roles: Vec<Box<str>>,
    /// Groups of which the caller belongs to one.
    pub groups: Vec<Box<str>>,
    /// What else must hold.
    pub policy: Option<Policy>,
}

/// An expression that must hold.
#[derive(Debug, Clone)]
pub struct Policy {
    /// Its name in the configuration; empty for one that is written at the route.
    pub name: Box<str>,
    /// The expression; routes with the same policy share it.
    pub expression: Arc<Expression>,
}

/// Whether `caller` may do what it asks for. Nobody in particular is asked for credentials where they could help.
pub fn judge(rules: &Rules, caller: Option<&Caller>, asking: &Asking<'_>) -> Result<(), Rejection> {
    let nobody = Caller::default();
    let known = caller.unwrap_or(&nobody);
    let plain = plain(rules, known);
    let judged =
        plain.and_then(|()| rules.policy.as_ref().map_or(Ok(()), |policy| policy.judge(caller, asking)));
    judged.map_err(|rejection| {
        let about_caller = rules.are_about_the_caller();
        if caller.is_none() && about_caller { Rejection::Missing } else { rejection }
    })
}

/// The rules that need no expression.
fn plain(rules: &Rules, caller: &Caller) -> Result<(), Rejection> {
    let granted = rules.scopes.iter().all(|scope| caller.scopes.contains(scope));
    if !granted || !one_of(&rules.any_scope, &caller.scopes) {
        return Err(Rejection::Insufficient(rules.enough_scopes(caller)));
    }
    if !one_of(&rules.roles, &caller.roles) {
        return Err(Rejection::Denied(format!("needs a role: {}", rules.roles.join(" or ")).into()));
    }
    if !one_of(&rules.groups, &caller.groups) {
        return Err(Rejection::Denied(format!("needs a group: {}", rules.groups.join(" or ")).into()));
    }
    Ok(())
}

/// Whether the caller has one of those that are wanted, if any are.
fn one_of(wanted: &[Box<str>], has: &[Box<str>]) -> bool {
    wanted.is_empty() || wanted.iter().any(|one| has.contains(one))
}

// === impl Rules ===

impl Rules {
    /// Whether what they say depends on who calls.
    pub fn are_about_the_caller(&self) -> bool {
        let plain =
            [&self.scopes, &self.any_scope, &self.roles, &self.groups].into_iter().any(|it| !it.is_empty());
        plain || self.policy.as_ref().is_some_and(Policy::is_about_the_caller)
    }

    /// What `scope` of RFC 6750 section 3.1 says: scopes with which the token would have been enough. It has no word
    /// for "one of", so of those the first is named, where the caller has none.
    fn enough_scopes(&self, caller: &Caller) -> Vec<Box<str>> {
        let one = self.any_scope.first().filter(|_| !one_of(&self.any_scope, &caller.scopes));
        let one = one.filter(|scope| !self.scopes.contains(scope));
        self.scopes.iter().chain(one).cloned().collect()
    }
}

// === impl Policy ===

impl Policy {
    /// Whether its value depends on who calls.
    pub fn is_about_the_caller(&self) -> bool {
        self.expression.reads().iter().any(|variable| variable.is_about_the_caller())
    }

    /// A policy that has no value denies: that something could not be found out is no reason to let anybody in.
    fn judge(&self, caller: Option<&Caller>, asking: &Asking<'_>) -> Result<(), Rejection> {
        let host = route::lowercase(route::host::name(asking.authority));
        let held = self.expression.holds(&facts(caller, asking, &host));
        let policy = if self.name.is_empty() { "the route's policy" } else { "the policy" };
        let space = if self.name.is_empty() { "" } else { " " };
        match held {
            Ok(true) => Ok(()),
            Ok(false) => Err(Rejection::Denied(format!("{policy}{space}{} does not hold", self.name).into())),
            Err(fault) => Err(Rejection::Denied(
                format!("{policy}{space}{} cannot be evaluated: {fault}", self.name).into(),
            )),
        }
    }
}

/// What the expressions of a route see.
pub(crate) fn facts<'a>(caller: Option<&'a Caller>, asking: &Asking<'a>, host: &'a str) -> Facts<'a> {
    Facts {
        method: asking.head.method.as_str(),
        path: asking.path,
        query: asking.head.uri.query(),
        headers: &asking.head.headers,
        host,
        secure: asking.client.is_secure(asking.peer),
        pattern: Some(&asking.route.pattern),
        caller: caller.map_or(CallerFacts::default(), |caller| CallerFacts {
            subject: caller.subject.as_deref(),
            authenticator: Some(&caller.by),
            groups: &caller.groups,
            roles: &caller.roles,
            scopes: &caller.scopes,
        }),
        claims: caller.map(|caller| &caller.claims),
        consumer: caller.and_then(|caller| caller.consumer.as_deref()).map(|consumer| ConsumerFacts {
            id: &consumer.id,
            plan: consumer.plan.as_deref(),
            metadata: &consumer.metadata,
        }),
        client: asking.client.known_address(),
        now: Timestamp::from_unix_millis(asking.now.0),
        beyond: Beyond::default(),
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn texts(texts: &[&str]) -> Vec<Box<str>> {
        texts.iter().map(|text| (*text).into()).collect()
    }

    fn caller() -> Caller {
        Caller {
            scopes: texts(&["read", "write"]),
            roles: texts(&["editor"]),
            groups: texts(&["staff"]),
            ..Caller::default()
        }
    }

    #[test]
    fn scopes_are_all_or_any() {
        for (all, any, expected) in [
            (&[][..], &[][..], None),
            (&["read", "write"], &[], None),
            (&["read", "admin"], &[], Some(&["read", "admin"][..])),
            (&[], &["admin", "write"], None),
            (&[], &["admin", "audit"], Some(&["admin"])),
            (&["read"], &["admin"], Some(&["read", "admin"])),
            (&["admin"], &["read"], Some(&["admin"])),
            (&["admin"], &["admin"], Some(&["admin"])),
            // A scope is not a pattern, and case matters (RFC 6749 section 3.3).
            (&["Read"], &[], Some(&["Read"])),
        ] {
            let rules = Rules { scopes: texts(all), any_scope: texts(any), ..Rules::default() };
            let expected = expected.map_or(Ok(()), |needed| Err(Rejection::Insufficient(texts(needed))));
            assert_eq!(plain(&rules, &caller()), expected, "{all:?} {any:?}");
        }
    }

    #[test]
    fn one_role_and_one_group() {
        for (roles, groups, welcome) in [
            (&["admin", "editor"][..], &[][..], true),
            (&["admin"], &[], false),
            (&[], &["staff"], true),
            (&["editor"], &["partners"], false),
        ] {
            let rules = Rules { roles: texts(roles), groups: texts(groups), ..Rules::default() };
            let judged = plain(&rules, &caller());
            assert_eq!(judged.is_ok(), welcome, "{roles:?} {groups:?}");
            assert!(matches!(judged, Ok(()) | Err(Rejection::Denied(_))));
            assert!(plain(&rules, &Caller::default()).is_err());
        }
    }
}
