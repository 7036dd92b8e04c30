//! One step, ready to be asked.

use std::collections::BTreeSet;
use std::time::Duration;

use http::header::HeaderName;

use super::super::compile::{Context, Pointer};
use super::graph::Draft;
use super::{Around, each};
use crate::cache::policy::Statuses;
use crate::compose::{Fallback, Place, Step};
use crate::config::{self, CacheSetting, OneOrMany};
use crate::expression::{Expression, Kind, Known, Template, Variable};
use crate::json::{self, Limits};
use crate::merge;

/// The largest value that stands in for an answer, in bytes: it stands in the configuration.
const MOST_FALLBACK: usize = 64 << 10;

/// What expressions ask for.
#[derive(Debug, Default)]
pub(super) struct Reads {
    pub(super) steps: BTreeSet<Box<str>>,
    pub(super) variables: BTreeSet<Variable>,
    pub(super) fields: BTreeSet<Box<str>>,
    pub(super) any_field: bool,
}

// === impl Reads ===

impl Reads {
    pub(super) fn expression(&mut self, expression: &Expression) {
        self.steps.extend(expression.steps().iter().cloned());
        self.variables.extend(expression.reads());
        self.fields.extend(expression.fields().iter().cloned());
        self.any_field |= expression.reads_any_field();
    }

    pub(super) fn template(&mut self, template: &Template) {
        self.variables.extend(template.reads());
        template.expressions().for_each(|expression| self.expression(expression));
    }

    /// What all steps ask for, together.
    pub(super) fn of<'d>(drafts: impl IntoIterator<Item = &'d Draft>) -> crate::compose::Reads {
        let (mut variables, mut fields, mut any_field) = (BTreeSet::new(), BTreeSet::new(), false);
        for Draft { step, reads } in drafts {
            variables.extend(reads.variables.iter().copied());
            any_field |= reads.any_field;
            // What is no name of a field is in no request.
            fields.extend(reads.fields.iter().filter_map(|name| name.parse().ok()).map(Named));
            fields.extend(step.request.pass.iter().cloned().map(Named));
        }
        let fields = fields.into_iter().map(|Named(name)| name).collect();
        crate::compose::Reads { variables: variables.into_iter().collect(), fields, any_field }
    }
}

/// In the order of their letters.
#[derive(PartialEq, Eq)]
struct Named(HeaderName);

// === impl Named ===

impl Ord for Named {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        self.0.as_str().cmp(other.0.as_str())
    }
}

impl PartialOrd for Named {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl Context<'_> {
    /// A step, but for what it needs.
    pub(super) fn step(&mut self, at: &Pointer, written: &config::Step, around: Around<'_>) -> Option<Draft> {
        if written.upstream.is_none() && written.split.is_none() {
            self.error(at, "the step asks nobody").help("give it upstream or split");
            return None;
        }
        let mut reads = Reads::default();
        let known = Known { content: true, steps: around.names, ..Known::default() };
        let when = match &written.when {
            None => Some(None),
            Some(when) => self.expression_with(&at.key("when"), when, Kind::Bool, &known).map(Some),
        };
        if let Some(Some(when)) = &when {
            reads.expression(when);
        }
        let each = match &written.each {
            None => Some(None),
            Some(each) => self.each(&at.key("each"), each, around, &mut reads).map(Some),
        };
        let known = match &written.each {
            None => known,
            Some(each) => Known { item: each.batch.is_none(), items: each.batch.is_some(), ..known },
        };
        let request = self.step_request(at, written, around.pattern, &known, &mut reads);
        let shape =
            self.shape(&at.key("shape"), &written.shape, &Known { item: false, items: false, ..known });
        if let Some(shape) = &shape {
            shape.expressions().for_each(|expression| reads.expression(expression));
        }
        let success = self.success(&at.key("success"), written.success.as_ref());
        let timeout = self.step_timeout(&at.key("timeout"), written);
        let fallback = self.step_fallback(at, written, around.names);
        let place = self.step_place(at, written);
        if let (Some(cache), true) = (&written.cache, written.method.is_some() || written.body.is_some()) {
            let get = request.as_ref().is_none_or(|request| request.method == http::Method::GET);
            if *cache != CacheSetting::Switch(false) && !get {
                self.error(&at.key("cache"), "only answers to GET are kept").help("remove cache");
            }
        }
        let step = Step {
            name: written.name.as_str().into(),
            route: usize::MAX,
            needs: Box::default(),
            is_read: false,
            request: request?,
            when: when?,
            each: each?,
            required: written.required.unwrap_or(true),
            success,
            timeout,
            fallback: fallback?,
            spare: false,
            place: place?,
            shape: shape?,
        };
        Some(Draft { step, reads })
    }

    /// How long a step may take.
    fn step_timeout(&mut self, at: &Pointer, written: &config::Step) -> Option<Duration> {
        let text = written.timeout.as_ref()?;
        if written.timeouts.as_ref().is_some_and(|timeouts| timeouts.request.is_some()) {
            self.error(at, "timeout is what timeouts.request is").help("remove one of them");
        }
        let span = self.duration(at, text);
        if span.is_none() {
            self.error(at, "this cannot be \"off\"").help("leave it out: the request's own time-out holds");
        }
        span
    }

    /// Which statuses are success.
    fn success(&mut self, at: &Pointer, written: Option<&OneOrMany>) -> Box<[Statuses]> {
        let Some(written) = written else { return Box::new([Statuses::Class(2)]) };
        let mut all = Vec::new();
        for text in written.as_slice() {
            let number =
                text.parse::<u16>().ok().filter(|number| text.len() == 3 && (200..600).contains(number));
            match (&**text, number.and_then(|number| http::StatusCode::from_u16(number).ok())) {
                ("2xx" | "3xx" | "4xx" | "5xx", _) => {
                    all.push(Statuses::Class(u16::from(text.as_bytes()[0] - b'0')));
                }
                (_, Some(status)) => all.push(Statuses::One(status)),
                _ => self
                    .error(at, format!("\"{text}\" is neither a status nor a class of them"))
                    .help("such as \"200\", \"404\" or \"2xx\""),
            }
        }
        if written.as_slice().is_empty() {
            self.error(at, "no answer would be success").help("such as \"2xx\"");
        }
        all.into()
    }

    /// What stands in for the answer. `None` for a mistake.
    #[expect(clippy::option_option, reason = "a mistake is something else than nothing")]
    fn step_fallback(
        &mut self,
        at_step: &Pointer,
        step: &config::Step,
        names: &[&str],
    ) -> Option<Option<Fallback>> {
        let Some(written) = &step.fallback else { return Some(None) };
        let at = at_step.key("fallback");
        match (&written.json, &written.step, &written.stale) {
            (Some(text), None, None) => match json::parse(text.as_bytes(), &Limits::of(MOST_FALLBACK)) {
                Ok(node) => Some(Some(Fallback::Json(node.into_owned()))),
                Err(error) => {
                    self.error(&at.key("json"), format!("this is no JSON: {error}"))
                        .help("such as \"[]\", \"null\" or \"{}\"");
                    None
                }
            },
            (None, Some(name), None) => {
                let at = at.key("step");
                if step.each.is_some() {
                    self.error(&at, "another step cannot stand in for answers to elements")
                        .help("write json: it stands in for that to one element");
                    return None;
                }
                let found = self.step_named(&at, name, names)?;
                Some(Some(Fallback::Step(found)))
            }
            (None, None, Some(_)) => {
                let at = at.key("stale");
                match &step.cache {
                    None | Some(CacheSetting::Switch(false)) => {
                        self.error(&at, "nothing of this step's answers is kept")
                            .help("add cache to the step, which says what is kept, and for how long");
                    }
                    Some(CacheSetting::Table(cache)) if cache.stale_if_error.is_some() => {
                        self.error(&at, "cache of this step says stale_if_error").help("remove one of them");
                    }
                    Some(_) => {}
                }
                Some(None)
            }
            _ => {
                self.error(&at, "a fallback has exactly one of json, step and stale");
                None
            }
        }
    }

    /// The index of a step; an unknown one is reported.
    pub(super) fn step_named(&mut self, at: &Pointer, name: &str, names: &[&str]) -> Option<usize> {
        let found = names.iter().position(|known| *known == name);
        if found.is_none() {
            let near = super::super::scalar::nearest(name, names.iter().copied());
            let help = match near {
                Some(near) => format!("did you mean \"{near}\"?"),
                None => format!("there are {}", each::listed(names)),
            };
            self.error(at, format!("there is no step \"{name}\"")).help(help);
        }
        found
    }

    /// Where the answer goes.
    fn step_place(&mut self, at: &Pointer, written: &config::Step) -> Option<Place> {
        let attach = written.each.as_ref().and_then(|each| each.attach.as_deref());
        let hidden = written.hidden == Some(true);
        if (written.into.is_some() as usize) + usize::from(hidden) + usize::from(attach.is_some()) > 1 {
            self.error(at, "a step's answer goes to one place").help("write one of into, hidden and attach");
            return None;
        }
        if hidden {
            return Some(Place::Hidden);
        }
        if let Some(member) = attach {
            if member.is_empty() {
                self.error(&at.key("each").key("attach"), "a member has a name");
            }
            return Some(Place::Attached(member.into()));
        }
        let into = match written.into.as_deref() {
            None => return Some(Place::Into(merge::Place::At(Box::new([written.name.as_str().into()])))),
            Some(into) => into,
        };
        self.merge_place(&at.key("into"), into).map(Place::Into)
    }
}
