//! Limits and plans, ready to be judged.

use std::collections::{BTreeMap, BTreeSet};

use super::compile::{Context, Pointer, one};
use super::scalar::{is_token, nearest};
use crate::config::{self, Document, RateLimitFields, RateLimiting};
use crate::diagnostic::Diagnostic;
use crate::expression::Kind;
use crate::limit::fields::Told;
use crate::limit::{Fields, Limit, Limits};

pub(super) use fit::Fitted;

mod algorithm;
mod fit;
mod key;
mod place;
mod route;
mod tier;
mod unused;
mod weight;

/// The longest name of a limit: it stands in the fields of every answer.
const MOST_NAME: usize = 64;
/// How many keys are remembered in memory where the author does not say: some 100 megabytes.
const USUAL_KEYS: usize = 1_000_000;
/// How many may be remembered at most: what a large machine has room for, and a count that fits 32 bits.
const MOST_KEYS: u64 = 100_000_000;

/// What is written about limits, for whoever names it.
#[derive(Debug, Default)]
pub(super) struct Written {
    /// Where each limit stands, by name. The order is that of the ready ones.
    limits: BTreeMap<Box<str>, Pointer>,
    /// Where each plan stands, by name. The order is that of the ready ones.
    plans: BTreeMap<Box<str>, Pointer>,
    /// Limits that some route or plan names.
    used: BTreeSet<usize>,
}

impl Context<'_> {
    /// All that is configured about limits.
    pub(super) fn limits(&mut self, documents: &[(String, Document)]) -> Limits {
        self.written_limits.limits = places(documents, "rate_limits", |document| document.rate_limits.keys());
        self.written_limits.plans = places(documents, "plans", |document| document.plans.keys());
        let mut all = BTreeMap::new();
        for (file, document) in documents {
            let at = Pointer::root(file).key("rate_limits");
            for (name, written) in &document.rate_limits {
                all.insert(name.as_str(), self.limit(&at.key(name), name, written));
            }
        }
        let all: Vec<Limit> = all.into_values().collect();
        let tiers = self.tiers(documents, &all);
        let common = one(documents, "rate_limiting", |document| document.rate_limiting.as_ref());
        let (fields, most_keys) = self.rate_limiting(common);
        let stores = std::mem::take(&mut self.stores.counting.plans);
        Limits { told: Told::of_all(&all), all, tiers, stores, fields, most_keys }
    }

    /// One limit. What stands in for a mistake is never used: the mistake is reported, and makes no plan.
    fn limit(&mut self, at: &Pointer, name: &str, written: &config::RateLimit) -> Limit {
        if name.len() > MOST_NAME || !is_token(name) {
            self.error(at, format!("\"{name}\" cannot be the name of a limit"))
                .help(format!("1 to {MOST_NAME} letters, digits, and any of . _ -"));
        }
        let algorithm = self.algorithm(at, written);
        let weight = self.weight(&at.key("weight"), written.weight.as_ref(), &algorithm);
        let place = self.place(at, written, &algorithm);
        let limit = Limit {
            name: name.into(),
            key: self.key(at, written),
            weight,
            when: written
                .when
                .as_ref()
                .and_then(|source| self.expression(&at.key("when"), source, Kind::Bool)),
            place,
            lease: self.lease(at, written, &algorithm),
            shadow: written.shadow.unwrap_or(false),
            on_failure: self.on_failure(at, written),
            local: None,
            timeout: self.store_timeout(at, written),
            algorithm,
        };
        Limit { local: limit.local_share(), ..limit }
    }

    fn rate_limiting(&mut self, written: Option<(Pointer, &RateLimiting)>) -> (Fields, usize) {
        let Some((at, written)) = written else { return (Fields::default(), USUAL_KEYS) };
        let (standard, legacy) = match written.fields {
            None | Some(RateLimitFields::Standard) => (true, false),
            Some(RateLimitFields::Legacy) => (false, true),
            Some(RateLimitFields::Both) => (true, true),
            Some(RateLimitFields::Off) => (false, false),
        };
        let most = written.most_keys.unwrap_or(USUAL_KEYS as u64);
        if !(1..=MOST_KEYS).contains(&most) {
            self.error(&at.key("most_keys"), format!("{most} keys cannot be remembered"))
                .help(format!("1 to {MOST_KEYS}"));
        } else if written.most_keys.is_some() && !self.abilities.remembers {
            let host = self.abilities.name;
            self.report(Diagnostic::warning(
                (&at.key("most_keys")).into(),
                format!("{host} remembers no keys: this has no effect there"),
            ));
        }
        (Fields { standard, legacy }, usize::try_from(most).unwrap_or(USUAL_KEYS))
    }

    /// The index of a limit, which is in use from now on; an unknown one is reported.
    fn limit_index(&mut self, at: &Pointer, name: &str) -> Option<usize> {
        let known: Vec<&str> = self.written_limits.limits.keys().map(|name| &**name).collect();
        let Some(index) = known.iter().position(|known| *known == name) else {
            let help = unknown(name, &known, &format!("add [rate_limits.{name}]"));
            self.error(at, format!("there is no limit \"{name}\"")).help(help);
            return None;
        };
        self.written_limits.used.insert(index);
        Some(index)
    }

    /// Where the limit of this index stands.
    fn place_of(&self, limit: &Limit) -> Option<Pointer> {
        self.written_limits.limits.get(&limit.name).cloned()
    }
}

/// What to say of a name that is not among `known`.
pub(super) fn unknown(name: &str, known: &[&str], add: &str) -> String {
    match nearest(name, known.iter().copied()) {
        Some(near) => format!("did you mean \"{near}\"?"),
        None if known.is_empty() => add.to_owned(),
        None => {
            let known: Vec<_> = known.iter().map(|name| format!("\"{name}\"")).collect();
            format!("there are {}", known.join(", "))
        }
    }
}

/// Where the things of a table stand, by name.
fn places<'a, K: Iterator<Item = &'a String>>(
    documents: &'a [(String, Document)],
    key: &str,
    names: impl Fn(&'a Document) -> K,
) -> BTreeMap<Box<str>, Pointer> {
    let mut places = BTreeMap::new();
    for (file, document) in documents {
        let at = Pointer::root(file).key(key);
        places.extend(names(document).map(|name| (name.as_str().into(), at.key(name))));
    }
    places
}
