//! How targets are chosen, ready to be done.

use std::collections::BTreeMap;
use std::time::Duration;

use super::abilities::Abilities;
use super::compile::{Context, Pointer};
use super::scalar::is_token;
use super::{Action, Route, Upstream};
use crate::balance::maglev::{MOST_PLACES, USUAL_PLACES, is_prime};
use crate::balance::{Balance, Part, Policy, Sticky};
use crate::config::{
    self, BalancePolicy, Document, HashKey, HashName, HashPart, HashTable, KeyName, KeyTable,
};
use crate::diagnostic::{Diagnostic, Place};
use crate::limit::KeyPart;

/// How many parts a key may have: whatever needs more means something else.
const MOST_PARTS: usize = 8;

/// How long a cookie may be kept: what browsers keep any for (rfc6265bis section 5.5).
const MOST_AGE: Duration = Duration::from_secs(400 * 86_400);

/// What an address is told apart by where it is a key: see `ipv6_prefix` of limits.
const ADDRESS: KeyPart = KeyPart::Address { ipv4: 32, ipv6: 64 };

impl Context<'_> {
    /// How targets of the upstream of this name are chosen.
    pub(super) fn balance(&mut self, at: &Pointer, name: &str, written: Option<&config::Balance>) -> Balance {
        let Some(written) = written else { return Balance::default() };
        let policy = self.balance_policy(at, written);
        let panic = written.panic.unwrap_or(crate::balance::USUAL_PANIC);
        if panic > 100 {
            self.error(&at.key("panic"), format!("{panic} percent of the targets are more than there are"))
                .help("0 to 100; 0 for never");
        }
        Balance {
            slow_start: self.slow_start(at, written, &policy),
            policy,
            zone: written.zone.as_deref().map(Into::into),
            panic,
            sticky: written.sticky.as_ref().and_then(|it| self.sticky(&at.key("sticky"), name, it)),
        }
    }

    fn balance_policy(&mut self, at: &Pointer, written: &config::Balance) -> Policy {
        let policy = written.policy.unwrap_or(BalancePolicy::Random);
        let hashes = matches!(policy, BalancePolicy::Maglev | BalancePolicy::Rendezvous);
        if written.key.is_some() && !hashes {
            self.error(&at.key("key"), "no key is looked at by this policy")
                .help("add policy = \"maglev\" or \"rendezvous\", or remove key");
        }
        if written.places.is_some() && policy != BalancePolicy::Maglev {
            self.error(&at.key("places"), "places are for the policy \"maglev\"").help("remove places");
        }
        match policy {
            BalancePolicy::Random => Policy::Random,
            BalancePolicy::RoundRobin => self.remembering(at, "round_robin", Policy::RoundRobin),
            BalancePolicy::LeastRequests => self.remembering(at, "least_requests", Policy::LeastRequests),
            BalancePolicy::PeakEwma => self.remembering(at, "peak_ewma", Policy::PeakEwma),
            BalancePolicy::Maglev => {
                let places = self.table_places(&at.key("places"), written.places);
                Policy::Maglev { key: self.hash_key(&at.key("key"), written.key.as_ref()), places }
            }
            BalancePolicy::Rendezvous => {
                Policy::Rendezvous { key: self.hash_key(&at.key("key"), written.key.as_ref()) }
            }
        }
    }

    /// A policy that needs memory; where there is none, the choice by chance that has the same shares.
    fn remembering(&mut self, at: &Pointer, name: &str, policy: Policy) -> Policy {
        let Abilities { remembers, name: host, .. } = *self.abilities;
        if remembers {
            return policy;
        }
        let message = format!(
            "{host} remembers nothing between requests: \"random\" stands in for \"{name}\", with the same shares"
        );
        self.report(Diagnostic::warning((&at.key("policy")).into(), message));
        Policy::Random
    }

    fn slow_start(&mut self, at: &Pointer, written: &config::Balance, policy: &Policy) -> Option<Duration> {
        let at = at.key("slow_start");
        let span = self.duration(&at, written.slow_start.as_ref()?)?;
        if policy.key().is_some() {
            self.error(&at, "a key has its target at once: it would go to another one in between")
                .help("remove slow_start, or choose another policy");
        }
        let host = self.abilities.name;
        if !self.abilities.remembers {
            let message =
                format!("{host} does not know when a target joined: it has its share at once there");
            self.report(Diagnostic::warning((&at).into(), message));
            return None;
        }
        Some(span)
    }

    fn table_places(&mut self, at: &Pointer, written: Option<u32>) -> u32 {
        let places = written.unwrap_or(USUAL_PLACES);
        if !(3..=MOST_PLACES).contains(&places) || !is_prime(places) {
            self.error(at, format!("a table has a prime number of places up to {MOST_PLACES}, not {places}"))
                .help("65537, or 655373 for more than 650 targets");
            return USUAL_PLACES;
        }
        places
    }

    fn hash_key(&mut self, at: &Pointer, written: Option<&HashKey>) -> Box<[Part]> {
        let (parts, listed) = match written {
            None => return [Part::Known(ADDRESS)].into(),
            Some(HashKey::Name(name)) => (&[HashPart::Name(*name)][..], false),
            Some(HashKey::Table(table)) => (&[HashPart::Table(table.clone())][..], false),
            Some(HashKey::Many(parts)) => (parts.as_slice(), true),
        };
        if parts.is_empty() || parts.len() > MOST_PARTS {
            self.error(at, format!("a key has 1 to {MOST_PARTS} parts, not {}", parts.len()))
                .help("the policy \"random\" has none");
        }
        let mut ready = Vec::new();
        for (index, part) in parts.iter().enumerate() {
            let at = if listed { at.index(index) } else { at.clone() };
            if parts[..index].contains(part) {
                self.error(&at, "this part of the key stands there twice").help("remove one");
                continue;
            }
            ready.extend(self.hash_part(&at, part));
        }
        ready.into()
    }

    fn hash_part(&mut self, at: &Pointer, written: &HashPart) -> Option<Part> {
        let known = match written {
            HashPart::Name(HashName::Path) => return Some(Part::Path),
            HashPart::Name(HashName::Address) => config::KeyPart::Name(KeyName::Address),
            HashPart::Name(HashName::Consumer) => config::KeyPart::Name(KeyName::Consumer),
            HashPart::Name(HashName::Subject) => config::KeyPart::Name(KeyName::Subject),
            HashPart::Name(HashName::Host) => config::KeyPart::Name(KeyName::Host),
            HashPart::Table(table) => {
                let HashTable { header, cookie, claim, query, expression } = table.clone();
                let written = [&header, &cookie, &claim, &query, &expression];
                if written.into_iter().flatten().count() != 1 {
                    let all = "header, cookie, claim, query and expression";
                    self.error(at, format!("a part of a key has exactly one of {all}"))
                        .help("several parts stand in a list: key = [\"path\", { header = \"x-tenant\" }]");
                    return None;
                }
                if let Some(query) = query {
                    return Some(Part::Query(query.into()));
                }
                config::KeyPart::Table(KeyTable { claim, header, cookie, expression })
            }
        };
        self.key_part(at, &known, &ADDRESS).map(Part::Known)
    }

    fn sticky(&mut self, at: &Pointer, name: &str, written: &config::StickySessions) -> Option<Sticky> {
        let secret = self.secret(&at.key("secret"), &written.secret);
        let cookie = written.cookie.clone().unwrap_or_else(|| format!("tollgate-{name}"));
        // RFC 6265 section 4.1.1: the name of a cookie is a token.
        if !is_token(&cookie) {
            self.error(&at.key("cookie"), format!("\"{cookie}\" cannot be the name of a cookie"))
                .help("letters, digits, and any of . _ -");
        }
        let path = written.path.clone().unwrap_or_else(|| "/".to_owned());
        // RFC 6265 section 4.1.1: an attribute ends at a semicolon.
        let plain = path.bytes().all(|byte| byte.is_ascii_graphic() && byte != b';');
        if !path.starts_with('/') || !plain {
            self.error(&at.key("path"), format!("{path:?} cannot be the path of a cookie"))
                .help("it begins with a slash, and has no semicolon in it");
        }
        let at_age = at.key("max_age");
        let max_age = written.max_age.as_ref().and_then(|text| self.duration(&at_age, text));
        if let Some(age) = max_age
            && (age.subsec_nanos() != 0 || age > MOST_AGE)
        {
            self.error(&at_age, "a cookie is kept for whole seconds, and for 400 days at most")
                .help("such as \"8h\"");
        }
        Some(Sticky { cookie: cookie.into(), secret: secret?, path: path.into(), max_age })
    }

    /// Whether what keeps clients at targets gets in the way of anything.
    pub(super) fn sticky_sessions(
        &mut self,
        documents: &[(String, Document)],
        routes: &[Route],
        upstreams: &[Upstream],
    ) {
        self.sticky_routes(routes, upstreams);
        self.sticky_cookies(documents);
    }

    /// A cookie is for one client, and an answer that is kept for all.
    fn sticky_routes(&mut self, routes: &[Route], upstreams: &[Upstream]) {
        for route in routes {
            let (Some(_), Action::Proxy(proxy)) = (&route.cache, &route.action) else { continue };
            let reached = proxy.upstreams();
            let mut reached = reached.iter().filter_map(|index| upstreams.get(*index));
            if let Some(upstream) = reached.find(|upstream| upstream.balance.sticky.is_some()) {
                let place = Place::new(&*route.origin.0, &*route.origin.1);
                let message = format!(
                    "the route keeps answers, which are for everybody, and clients of the upstream \"{}\" stay with targets by a cookie of their own",
                    upstream.name
                );
                self.report(Diagnostic::error(place, message))
                    .help("cache = false in the route, or another upstream without sticky");
            }
        }
    }

    /// Two upstreams that write the same cookie overwrite each other's.
    fn sticky_cookies(&mut self, documents: &[(String, Document)]) {
        let mut seen = BTreeMap::new();
        for (file, document) in documents {
            let at = Pointer::root(file).key("upstreams");
            for (name, upstream) in &document.upstreams {
                let sticky = upstream.balance.as_ref().and_then(|balance| balance.sticky.as_ref());
                let Some(cookie) = sticky.and_then(|sticky| sticky.cookie.as_deref()) else { continue };
                if let Some(first) = seen.insert(cookie, name) {
                    let at = at.key(name).key("balance").key("sticky").key("cookie");
                    let both = format!("the upstreams \"{first}\" and \"{name}\"");
                    self.error(&at, format!("{both} have the same cookie \"{cookie}\""))
                        .help("give each its own, which is the default");
                }
            }
        }
    }
}
