//! Composed routes: their steps as routes of their own, and how these come together.

use std::collections::BTreeMap;

use http::StatusCode;

use super::compile::{Context, Pointer};
use super::{Action, IssuerPlan, Route};
use crate::compose::{Compose, Content, OnFailure, Partial, Place, Step};
use crate::config::{self, Cache, CacheSetting, Defaults, Document, SizeText, StepFailure, StepFailureWord};
use crate::expression::Variable;
use crate::limit::Limits;
use crate::merge;
use crate::route::pattern::Pattern;

mod each;
mod fields;
mod graph;
mod request;
mod step;

use graph::Draft;

/// The most steps of a route: whoever needs more has something that is no route.
const MOST_STEPS: usize = 32;
/// How many requests to upstreams one request has under way at once, where nothing is said, and the most that may be said:
/// what hosts of components allow.
const AT_ONCE: u32 = 16;
const MOST_AT_ONCE: u32 = 64;
/// The largest answer of a step and all of them together, where nothing is said; and the most that may be said: a document
/// takes several times its size in memory.
const ANSWER: usize = 1 << 20;
const MOST_ANSWER: usize = 64 << 20;
const TOTAL: usize = 8 << 20;
const MOST_TOTAL: usize = 256 << 20;
/// The longest name of a step: it stands in fields of answers.
const LONGEST_NAME: usize = 64;

/// What no member of a map can be called in an expression.
const RESERVED: [&str; 4] = ["false", "in", "null", "true"];

/// What is known where a step is compiled.
#[derive(Debug, Clone, Copy)]
struct Around<'a> {
    pattern: &'a Pattern,
    /// The names of all steps, in their order.
    names: &'a [&'a str],
    steps: &'a [config::Step],
}

impl Context<'_> {
    /// What a composed route does; its steps are routes that come later ([`Context::step_routes`]).
    pub(super) fn composed(
        &mut self,
        at: &Pointer,
        route: &config::Route,
        written: &config::Compose,
        pattern: &Pattern,
    ) -> Option<Action> {
        if route.headers.as_ref().is_some_and(|headers| headers.request.is_some()) {
            self.error(&at.key("headers").key("request"), "no upstream gets what this route gets")
                .help("write it in the steps: fields, or headers.request");
        }
        self.compose(&at.key("compose"), written, pattern)
    }

    fn compose(&mut self, at: &Pointer, written: &config::Compose, pattern: &Pattern) -> Option<Action> {
        let at_steps = at.key("steps");
        if written.steps.is_empty() {
            self.error(at, "there are no steps").help("add [[routes.compose.steps]]");
            return None;
        }
        if written.steps.len() > MOST_STEPS {
            self.error(&at_steps, format!("there are more than {MOST_STEPS} steps"));
            return None;
        }
        let names = self.step_names(&at_steps, &written.steps)?;
        let around = Around { pattern, names: &names, steps: &written.steps };
        let drafts: Vec<_> = written
            .steps
            .iter()
            .zip(at_steps.indices())
            .map(|(step, at)| self.step(&at, step, around))
            .collect();
        let failure = self.step_failure(&at.key("failure"), written.failure.as_ref());
        let partial = self.partial(&at.key("partial"), written.partial.as_ref());
        let at_once = self.count(&at.key("at_once"), written.at_once, AT_ONCE, MOST_AT_ONCE);
        let (answer, total) = self.answer_limits(&at.key("limits"), written.limits.as_ref());
        let drafts = drafts.into_iter().collect::<Option<Vec<Draft>>>()?;
        let reads = step::Reads::of(&drafts);
        let reads_content = reads.variables.contains(&Variable::Content);
        let sends_content = drafts.iter().any(|draft| matches!(draft.step.request.content, Content::Same));
        let steps = self.step_graph(&at_steps, written, drafts)?;
        let parts = self.shown(&at_steps, &steps);
        let merge = self.merge(&at.key("merge"), written.merge.as_ref(), &parts);
        Some(Action::Compose(Box::new(Compose {
            steps,
            at_once,
            merge,
            reads,
            failure,
            partial,
            answer,
            total,
            reads_content,
            sends_content,
        })))
    }

    /// The names of steps; `None` where they cannot be told apart.
    fn step_names<'s>(&mut self, at: &Pointer, steps: &'s [config::Step]) -> Option<Vec<&'s str>> {
        let known = self.diagnostics.len();
        let mut names: Vec<&str> = Vec::new();
        for (step, at) in steps.iter().zip(at.indices()) {
            let (name, at) = (&*step.name, at.key("name"));
            let legal = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_';
            let begins = name.starts_with(|first: char| first.is_ascii_lowercase());
            if !begins || !name.bytes().all(legal) || name.len() > LONGEST_NAME {
                self.error(&at, format!("\"{name}\" cannot be the name of a step"))
                    .help("a lower-case letter, then lower-case letters, digits and _: expressions name it");
            } else if RESERVED.contains(&name) {
                self.error(&at, format!("\"{name}\" is a word of expressions")).help("choose another name");
            } else if names.contains(&name) {
                self.error(&at, format!("two steps are called \"{name}\""));
            }
            names.push(name);
        }
        (self.diagnostics.len() == known).then_some(names)
    }

    fn step_failure(&mut self, at: &Pointer, written: Option<&StepFailure>) -> OnFailure {
        match written {
            None | Some(StepFailure::Word(StepFailureWord::Problem)) => OnFailure::Problem,
            Some(StepFailure::Word(StepFailureWord::Pass)) => OnFailure::Pass,
            Some(StepFailure::Table(stated)) => {
                let status = StatusCode::from_u16(stated.status).ok();
                let status = status.filter(|it| it.is_client_error() || it.is_server_error());
                if status.is_none() {
                    self.error(&at.key("status"), format!("{} is not the status of an error", stated.status))
                        .help("400 to 599");
                }
                let status = status.unwrap_or(StatusCode::BAD_GATEWAY);
                OnFailure::Stated { status, detail: stated.detail.as_deref().map(Into::into) }
            }
        }
    }

    fn partial(&mut self, at: &Pointer, written: Option<&config::Partial>) -> Partial {
        let number = written.and_then(|partial| partial.status).unwrap_or(200);
        let status = StatusCode::from_u16(number).ok();
        // RFC 9110 sections 15.3.5 to 15.3.7: these have no content, or a part that was asked for.
        let status =
            status.filter(|_| (200..=599).contains(&number) && ![204, 205, 206, 304].contains(&number));
        if status.is_none() {
            self.error(&at.key("status"), format!("an answer with the status {number} cannot be partial"))
                .help("such as 200 or 203");
        }
        let cache = written.and_then(|partial| partial.cache).unwrap_or(false);
        Partial { status: status.unwrap_or(StatusCode::OK), cache }
    }

    /// A number from 1.
    fn count(&mut self, at: &Pointer, written: Option<u32>, default: u32, most: u32) -> usize {
        let count = written.unwrap_or(default);
        if !(1..=most).contains(&count) {
            self.error(at, format!("this cannot be {count}")).help(format!("1 to {most}"));
        }
        usize::try_from(count).unwrap_or(1)
    }

    fn answer_limits(&mut self, at: &Pointer, written: Option<&config::ComposeLimits>) -> (usize, usize) {
        let mut size = |key: &str, text: Option<&SizeText>, default: usize, most: usize| {
            let at = at.key(key);
            let bytes = self.bytes_or(&at, text, default);
            if !(1..=most).contains(&bytes) {
                self.error(&at, "answers are in memory until all of them are there: this must have a bound")
                    .help(format!("at most \"{}MiB\"", most >> 20));
            }
            bytes
        };
        let answer = size("answer", written.and_then(|limits| limits.answer.as_ref()), ANSWER, MOST_ANSWER);
        let total = size("total", written.and_then(|limits| limits.total.as_ref()), TOTAL, MOST_TOTAL);
        (answer, total)
    }

    /// The parts of the result, where each is written, and that there is one.
    fn shown<'s>(&mut self, at: &Pointer, steps: &'s [Step]) -> Vec<(Pointer, &'s str, merge::Place)> {
        let mut parts = Vec::new();
        for (step, at) in steps.iter().zip(at.indices()).filter(|(step, _)| !step.spare) {
            if let Place::Into(place) = &step.place {
                parts.push((at.key("into"), &*step.name, place.clone()));
            }
        }
        if parts.is_empty() {
            self.error(at, "every step is hidden: there would be nothing in the answer");
        }
        parts
    }

    /// Adds the routes of steps.
    pub(super) fn step_routes(
        &mut self,
        documents: &[(String, Document)],
        issuer: Option<&IssuerPlan>,
        limits: &Limits,
        routes: &mut Vec<Route>,
    ) {
        let none = Defaults::default();
        let (at_defaults, defaults) = super::compile::defaults(documents, &none);
        for (file, document) in documents {
            for (written, at) in document.routes.iter().zip(Pointer::root(file).key("routes").indices()) {
                let Some(compose) = &written.compose else { continue };
                let place = (at.file(), at.path());
                let index = routes.iter().position(|ready| (&*ready.origin.0, &*ready.origin.1) == place);
                // A composed route with a mistake has no steps: they would only repeat it.
                if index.is_none() {
                    continue;
                }
                let of_steps = of_steps(written, defaults);
                let defaults = (at_defaults.clone(), &of_steps);
                for (step, at_step) in written_steps(&at, written, compose) {
                    let known = self.diagnostics.len();
                    let route = self.route(&at_step, &step, &defaults, issuer, limits);
                    self.in_words_of_steps(&at, &at_step, known);
                    routes.extend(route.map(|route| Route { internal: true, ..route }));
                }
            }
        }
    }
}

impl Context<'_> {
    /// What was found wrong with the route of a step since, where it is written; what is wrong for all steps, once.
    fn in_words_of_steps(&mut self, at: &Pointer, at_step: &Pointer, known: usize) {
        let moved = [
            (at_step.key("fallback"), at_step.key("second")),
            (at_step.key("identity"), at.key("identity")),
            (at_step.key("auth"), at.key("auth")),
        ];
        for mut found in self.diagnostics.split_off(known) {
            for (from, to) in &moved {
                if let Some(rest) = found.place.pointer.strip_prefix(from.path()) {
                    found.place.pointer = format!("{}{rest}", to.path());
                }
            }
            let help = found.help.clone();
            let reported = self.report(found);
            if let Some(help) = help {
                reported.help(help);
            }
        }
    }
}

/// Tells composed routes which routes are their steps', when all routes have their places.
pub(super) fn link_steps(routes: &mut [Route]) {
    let places: BTreeMap<_, _> = routes.iter().map(|route| route.origin.clone()).zip(0..).collect();
    for route in routes {
        let Action::Compose(compose) = &mut route.action else { continue };
        let (file, path) = &route.origin;
        let read = route.transform.as_ref().is_some_and(|it| it.reads.contains(&Variable::Steps));
        for (number, step) in compose.steps.iter_mut().enumerate() {
            // What answers are changed by may be of any of them.
            step.is_read |= read;
            let place = (file.clone(), format!("{path}/compose/steps/{number}").into());
            step.route = places.get(&place).copied().unwrap_or(usize::MAX);
        }
    }
}

/// The steps of a composed route, as routes, and where each is written.
pub(super) fn written_steps(
    at: &Pointer,
    route: &config::Route,
    compose: &config::Compose,
) -> impl Iterator<Item = (config::Route, Pointer)> {
    let at = at.key("compose").key("steps");
    compose.steps.iter().enumerate().map(move |(number, step)| (as_route(route, step), at.index(number)))
}

/// A step as the route that asks for it. Whoever may use the composed route may have the step asked, and nobody reaches it in
/// another way; its path is the client's, for what that captures.
fn as_route(route: &config::Route, step: &config::Step) -> config::Route {
    let matches = route.matches.as_ref().map(|matches| config::Match {
        path: matches.path.clone(),
        prefix: matches.prefix.clone(),
        ..config::Match::default()
    });
    config::Route {
        id: format!("{}/{}", route.id, step.name),
        matches,
        auth: route.auth.clone(),
        identity: Some(identity_of(route, step)),
        upstream: step.upstream.clone(),
        split: step.split.clone(),
        fallback: step.second.clone(),
        priority: route.priority,
        mapping: step.mapping.clone(),
        transform: step.transform.clone(),
        graphql: step.graphql.clone(),
        validate: step.validate.clone(),
        timeouts: step.timeouts.clone(),
        headers: step.headers.clone(),
        cache: cache_of(step),
        ..config::Route::default()
    }
}

/// What the upstream of a step is told of callers: of `Authorization` nothing but what the step says.
fn identity_of(route: &config::Route, step: &config::Step) -> config::Identity {
    let names = |name: &String| name.eq_ignore_ascii_case("authorization");
    let identity = route.identity.clone().unwrap_or_default();
    let authorization = match () {
        () if step.pass.iter().any(names) => identity.authorization,
        () if step.fields.keys().any(names) => Some(config::identity::Authorization::Pass),
        () => Some(config::identity::Authorization::Drop),
    };
    config::Identity { authorization, ..identity }
}

/// What is kept of a step's answers: what stands in for it when it is stale is a matter of the cache's.
fn cache_of(step: &config::Step) -> Option<CacheSetting> {
    let stale = step.fallback.as_ref().and_then(|fallback| fallback.stale.clone());
    let rescued = |cache: Cache| CacheSetting::Table(Box::new(cache));
    match (step.cache.clone()?, stale) {
        (CacheSetting::Switch(true), Some(stale)) => {
            Some(rescued(Cache { stale_if_error: Some(stale), ..Cache::default() }))
        }
        (CacheSetting::Table(cache), Some(stale)) => {
            Some(rescued(Cache { stale_if_error: Some(stale), ..*cache }))
        }
        (cache, _) => Some(cache),
    }
}

/// What steps do unless they say otherwise: what is about asking upstreams. Who may ask, how much, and what clients are told is
/// the composed route's affair.
fn of_steps(route: &config::Route, defaults: &Defaults) -> Defaults {
    let Defaults { auth, identity, timeouts, headers, .. } = defaults.clone();
    let timeouts = route.timeouts.clone().or(timeouts);
    Defaults { auth, identity, timeouts, headers, ..Defaults::default() }
}
