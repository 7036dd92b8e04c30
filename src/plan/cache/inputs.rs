//! Everything that an upstream's answer may depend on, and how each of it is accounted for: the proof that nothing unkeyed
//! reaches the upstream of a route that keeps answers.
//!
//! What one client can change and the key does not have is how caches are poisoned: the answer to one request is given to
//! others who did not make it. So the list is complete by construction: routes, upstreams and what is told of callers are
//! taken apart field by field, and a field that is added is a mistake of the compiler's until it is dealt with here.

use std::borrow::Cow;
use std::fmt;

use http::header::{AUTHORIZATION, COOKIE, FORWARDED, HeaderName};

use super::super::{Backend, HeaderEdit, Plan, Proxy, QueryRewrite, Route, Upstream};
use super::Ready;
use super::told::{Told, told};
use crate::cache::Policy;
use crate::cache::policy::Parameters;
use crate::compose::Compose;
use crate::credentials::Credentials;
use crate::forward::fields::{X_FORWARDED_FOR, X_FORWARDED_HOST, X_FORWARDED_PROTO};

/// One thing that an upstream gets, or could get.
#[derive(Debug, Clone)]
pub struct Input<'a> {
    /// What it is, in the words of the configuration.
    pub what: Cow<'a, str>,
    /// Why no answer is given to somebody to whom it does not belong.
    pub account: Account,
    pub(super) told: Option<Told<'a>>,
}

/// How an input is accounted for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Account {
    /// Answers are told apart by it.
    Key,
    /// It is told of the caller, whom answers are told apart by.
    Caller,
    /// The upstream names it in `Vary` where an answer depends on it.
    Vary,
    /// It is the same for everybody.
    Same,
    /// It says how a request came, is new with each, and no answer is about it.
    Passage,
    /// The cache puts its own in its place.
    Cache,
    /// The upstream does not get it.
    Withheld,
    /// A request with it is passed on whole, and its answer is not kept.
    Passed,
    /// The author says that no answer depends on it.
    Excused,
    /// By nothing: a mistake.
    Open,
}

/// All inputs of a route that keeps answers; none for one that does not.
pub fn inputs<'a>(plan: &'a Plan, route: &'a Route) -> Vec<Input<'a>> {
    let ready = Ready::new(route, &plan.routes, &plan.upstreams, &plan.auth);
    ready.zip(route.cache.as_deref()).map_or_else(Vec::new, |(ready, policy)| of(ready, policy))
}

/// All inputs of a route with `policy`.
pub(super) fn of<'a>(ready: Ready<'a>, policy: &Policy) -> Vec<Input<'a>> {
    let mut list = List::default();
    // Digests are made of these, byte for byte, for each route by itself.
    ["method", "scheme", "host", "path"].into_iter().for_each(|what| list.add(what, Account::Key));
    list.add(format!("{X_FORWARDED_HOST}, {X_FORWARDED_PROTO}"), Account::Key);
    ready.asked().for_each(|(_, proxy)| list.rewrites(proxy));
    list.query(policy);
    list.steps(ready);
    list.fields(policy);
    list.cookies(policy);
    list.authorization(policy);
    list.callers(ready, policy);
    list.edits(edits(ready.route));
    // A step that keeps its own answers asks by itself, and has just been told of.
    let steps = ready.asked().filter(|(route, _)| route.internal && !std::ptr::eq(*route, ready.route));
    steps.for_each(|(route, _)| list.edits(&route.request_edits));
    if let Some(field) = ready.route.version.as_ref().and_then(|condition| condition.api.tell.as_ref()) {
        list.add(format!("{field}, the version of the API"), Account::Key);
    }
    ready.upstreams().for_each(|upstream| list.upstream(upstream));
    let address = if policy.passes.address { Account::Excused } else { Account::Withheld };
    list.add(format!("the client's address in {FORWARDED}, {X_FORWARDED_FOR}"), address);
    list.add("via (the gateway's own), cdn-loop, x-request-id, traceparent, tracestate", Account::Passage);
    list.add(
        "range, if-range, if-match, if-none-match, if-modified-since, if-unmodified-since",
        Account::Cache,
    );
    list.add("content", Account::Passed);
    list.0
}

/// What shapes a request to the upstream beside what has a place of its own here.
fn edits(route: &Route) -> &[HeaderEdit] {
    // What is left out by name shapes no request to the upstream: it finds the route, judges whether a request may pass, or
    // is about the answer. What a mapping makes of a query is made of that query, which is in the key.
    let Route {
        action: _,
        access: _,
        identity: _,
        request_edits,
        cache: _,
        id: _,
        origin: _,
        internal: _,
        hosts: _,
        pattern: _,
        methods: _,
        headers: _,
        query: _,
        version: _,
        tolerated: _,
        addresses: _,
        protection: _,
        limits: _,
        patience: _,
        body_limit: _,
        response_edits: _,
        mapping: _,
        validation: _,
        // What it makes of a request is made of what the cache lets pass, callers are told apart by what it asks of them, and
        // answers say in `Vary` which fields it asks for.
        transform: _,
        graphql: _,
        idempotency: _,
        priority: _,
        cors: _,
        security_headers: _,
        compression: _,
    } = route;
    request_edits
}

#[derive(Default)]
struct List<'a>(Vec<Input<'a>>);

// === impl List ===

impl<'a> List<'a> {
    fn add(&mut self, what: impl Into<Cow<'a, str>>, account: Account) {
        self.0.push(Input { what: what.into(), account, told: None });
    }

    /// Steps are asked with what is told apart, or told of the caller; what expressions ask for beyond that is not there, or
    /// refused ([`super::composed`]).
    fn steps(&mut self, ready: Ready<'a>) {
        let Backend::Parts(compose) = ready.backend else { return };
        let Compose { steps, at_once: _, merge: _, reads: _, failure: _, partial: _, .. } = compose;
        for step in steps {
            self.add(format!("what the step {} is asked with", step.name), Account::Key);
        }
    }

    fn rewrites(&mut self, proxy: &'a Proxy) {
        // The path that is asked for is one of the path that came.
        // Which upstream a split chooses is in the key; whether a fallback is asked is for the first one to say. Answers of a
        // mirror are nobody's.
        let Proxy {
            upstream: _,
            split,
            fallback: _,
            mirror: _,
            path: _,
            query: QueryRewrite { remove: _, set, add },
        } = proxy;
        if split.is_some() {
            self.add("which upstream of the split is asked", Account::Key);
        }
        for (name, _) in set.iter().chain(add) {
            self.add(format!("query parameter {name}, as rewritten from the path"), Account::Key);
        }
    }

    fn query(&mut self, policy: &Policy) {
        match &policy.key.query {
            Parameters::All => self.add("query", Account::Key),
            Parameters::Only(names) => {
                for name in names {
                    self.add(format!("query parameter {name}"), Account::Key);
                }
                self.add("all other query parameters", Account::Withheld);
            }
            Parameters::Ignore { names, prefixes } => {
                let beginnings = prefixes.iter().map(|prefix| format!("{prefix}*"));
                for name in names.iter().map(ToString::to_string).chain(beginnings) {
                    self.add(format!("query parameter {name}"), Account::Withheld);
                }
                self.add("all other query parameters", Account::Key);
            }
        }
    }

    /// Fields of the request that are not about credentials.
    fn fields(&mut self, policy: &Policy) {
        let own = |name: &&HeaderName| {
            ![AUTHORIZATION, COOKIE].contains(*name) && !super::is_of_every_request(name)
        };
        for name in policy.passes.fields.iter().filter(own) {
            self.add(name.to_string(), account_of(policy, name));
        }
        let others = if policy.passes.all { Account::Excused } else { Account::Withheld };
        self.add("all other header fields", others);
    }

    fn cookies(&mut self, policy: &Policy) {
        for name in &policy.key.cookies {
            self.add(format!("cookie {name}"), Account::Key);
        }
        let others = match policy.passes.fields.contains(&COOKIE) {
            true => account_of(policy, &COOKIE),
            false => Account::Withheld,
        };
        let what = if policy.key.cookies.is_empty() { "cookies" } else { "all other cookies" };
        self.add(what, others);
    }

    fn authorization(&mut self, policy: &Policy) {
        let account = match (policy.passes.authorization, policy.passes.fields.contains(&AUTHORIZATION)) {
            (false, _) => Account::Withheld,
            (true, true) => account_of(policy, &AUTHORIZATION),
            (true, false) => Account::Passed,
        };
        self.add("authorization", account);
    }

    fn callers(&mut self, ready: Ready<'a>, policy: &Policy) {
        for told in told(ready) {
            let account = match () {
                () if told.is_keyed(&policy.key) => Account::Key,
                () if policy.key.caller => Account::Caller,
                () if policy.passes.caller || told.is_excused(&policy.passes) => Account::Excused,
                () => Account::Open,
            };
            self.0.push(Input { what: told.to_string().into(), account, told: Some(told) });
        }
    }

    /// Fixed, or with variables, which are the gateway's.
    fn edits(&mut self, edits: &[HeaderEdit]) {
        for edit in edits {
            match edit {
                HeaderEdit::Remove(_) => {}
                HeaderEdit::Set(name, _) | HeaderEdit::Add(name, _) => {
                    self.add(format!("{name}, as headers of the route have it"), Account::Same);
                }
            }
        }
    }

    fn upstream(&mut self, upstream: &'a Upstream) {
        // Targets of an upstream give the same answers, whichever is asked and however often.
        let Upstream {
            name,
            target: _,
            targets: _,
            discovery: _,
            balance: _,
            health: _,
            retry: _,
            hedge: _,
            circuit: _,
            admission: _,
            tell_deadline: _,
            base: _,
            preserve_host: _,
            credentials,
        } = upstream;
        // The client's, which the key has, or the upstream's own.
        let shown = match credentials {
            None => return,
            Some(Credentials::Fields { .. }) => "fields",
            Some(Credentials::Basic { .. }) => "a password",
            Some(Credentials::Token(_)) => "a token",
            Some(Credentials::Aws(_)) => "a signature",
        };
        self.add(format!("the gateway's credentials for \"{name}\" ({shown})"), Account::Same);
    }
}

/// How a field that passes is accounted for.
fn account_of(policy: &Policy, name: &HeaderName) -> Account {
    match () {
        () if policy.key.headers.contains(name) => Account::Key,
        () if policy.passes.vary.contains(name) => Account::Vary,
        () => Account::Excused,
    }
}

// === impl Account ===

impl fmt::Display for Account {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Key => "in the key",
            Self::Caller => "in the key, with the caller",
            Self::Vary => "told apart by Vary",
            Self::Same => "the same for everybody",
            Self::Passage => "how a request came: no answer is about it",
            Self::Cache => "decided by the cache",
            Self::Withheld => "withheld from the upstream",
            Self::Passed => "passed on whole, and the answer is not kept",
            Self::Excused => "excused by unkeyed",
            Self::Open => "not accounted for",
        })
    }
}
