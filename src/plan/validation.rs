//! What requests and answers must be like, ready to be looked at.

use std::sync::Arc;

use super::compile::{Context, Pointer};
use crate::config;
use crate::config::{AnswerMode, AnswerValidation, BodyValidation, JsonLimits};
use crate::diagnostic::Diagnostic;
use crate::json::Bounds;
use crate::route::pattern::Pattern;
use crate::validation::{Answers, BodyRule, MediaRange, Parameter, Statuses, Validation};
use operation::{Body, Operation};

mod operation;
mod parameters;

/// The usual bound on content, in bytes: as of mappings.
const MOST: u64 = 1 << 20;

/// The largest bound on content, in bytes: all of it is in memory.
const LARGEST: u64 = 64 << 20;

/// The usual bounds on JSON: above what APIs take.
const USUAL: Bounds = Bounds { depth: 32, members: 1000, elements: 10_000, text: usize::MAX };

/// The deepest that JSON may be that is judged: schemas are followed by functions that call each other, several for each
/// level, and a component has 256 KiB of stack.
const DEEPEST: u32 = 64;

impl Context<'_> {
    /// What a route looks at.
    pub(super) fn validation(
        &mut self,
        at: &Pointer,
        route: &config::Route,
        pattern: Option<&Pattern>,
    ) -> Option<Validation> {
        let written = route.validate.as_ref()?;
        let at = &at.key("validate");
        let known = self.diagnostics.len();
        let most = written.most.as_ref().map_or(MOST, |text| self.size(&at.key("most"), text));
        if !(1..=LARGEST).contains(&most) {
            self.error(&at.key("most"), "this is not between 1 B and 64 MiB")
                .help("content is in memory as a whole while it is judged");
        }
        let most = usize::try_from(most).unwrap_or(usize::MAX);
        let bounds = self.json_bounds(&at.key("limits"), written.limits.as_ref());
        let mut parameters = self.judged_parameters(at, written, pattern);
        let body = written.body.as_ref();
        let limited = written.limits.is_some();
        let mut body = body.and_then(|body| self.body_rule(&at.key("body"), body, bounds, most, limited));
        let answers =
            written.answers.as_ref().filter(|it| written.operation.is_none() || !it.bodies.is_empty());
        let mut answers = answers.and_then(|answers| self.answers(&at.key("answers"), answers, bounds, most));
        if let Some(operation) = self.said_by_operation(at, written, pattern) {
            let own =
                |it: &Parameter| !parameters.iter().any(|own| own.place == it.place && own.name == it.name);
            let more: Vec<_> = operation.parameters.into_iter().filter(own).collect();
            parameters.extend(more);
            let rule = |Body { required, types }| BodyRule { required, types, bounds, most };
            body = body.or(operation.body.map(rule));
            let mode = written.answers.as_ref().map(|written| written.mode == AnswerMode::Enforce);
            let bodies = operation.answers;
            answers = answers.or(mode.map(|enforce| Answers { enforce, bodies, most, bounds }));
        }
        let asks = route.upstream.is_some() || route.split.is_some() || route.compose.is_some();
        if !asks && written.answers.is_some() {
            self.error(&at.key("answers"), "only routes with an upstream have answers to judge")
                .help("remove answers");
        }
        let only = written.only.unwrap_or(false);
        let nothing = written.operation.is_none()
            && written.body.is_none()
            && written.answers.is_none()
            && parameters.is_empty()
            && !only;
        if nothing && self.diagnostics.len() == known {
            self.error(at, "this looks at nothing").help("write body, params, query, headers or answers");
        }
        Some(Validation { parameters, only, body, answers: answers.map(Arc::new) })
    }

    /// What the operation says that the route names; what the route says itself must be something else.
    fn said_by_operation(
        &mut self,
        at: &Pointer,
        written: &config::Validation,
        pattern: Option<&Pattern>,
    ) -> Option<Operation> {
        let name = written.operation.as_ref()?;
        let operation = self.operation(&at.key("operation"), name, pattern);
        if written.body.is_some() {
            self.error(&at.key("body"), "the operation says what content must be")
                .help("remove body, or operation");
        }
        let Some(answers) = &written.answers else { return operation };
        if !answers.bodies.is_empty() {
            self.error(&at.key("answers").key("bodies"), "the operation says what answers must be")
                .help("remove bodies, or operation");
        } else if operation.as_ref().is_some_and(|it| it.answers.is_empty()) {
            self.error(&at.key("answers"), "the operation says nothing about answers in JSON")
                .help("remove answers");
        }
        operation
    }

    fn json_bounds(&mut self, at: &Pointer, written: Option<&JsonLimits>) -> Bounds {
        let Some(JsonLimits { depth, members, elements, text }) = written else { return USUAL };
        if depth.is_some_and(|depth| depth == 0 || depth > DEEPEST) {
            self.error(&at.key("depth"), format!("this is not between 1 and {DEEPEST}"))
                .help("schemas are followed into each level of a document");
        }
        for (key, number) in [("members", members), ("elements", elements)] {
            if *number == Some(0) {
                self.error(&at.key(key), "with 0, every document with one is refused")
                    .help("write a schema that has none");
            }
        }
        let number = |written: &Option<u32>, usual: usize| {
            written.map_or(usual, |number| usize::try_from(number).unwrap_or(usize::MAX))
        };
        Bounds {
            depth: number(depth, USUAL.depth),
            members: number(members, USUAL.members),
            elements: number(elements, USUAL.elements),
            text: self.bytes_or(&at.key("text"), text.as_ref(), USUAL.text),
        }
    }

    fn body_rule(
        &mut self,
        at: &Pointer,
        written: &BodyValidation,
        bounds: Bounds,
        most: usize,
        limited: bool,
    ) -> Option<BodyRule> {
        let BodyValidation { schema, required, types } = written;
        let schema = match schema {
            Some(text) => Some(self.schema(&at.key("schema"), text)?.0),
            None => None,
        };
        let mut ranges = Vec::new();
        for (text, at) in types.iter().zip(at.key("types").indices()) {
            match MediaRange::read(text) {
                Some(range) if schema.is_some() && !range.is_json() => self
                    .error(&at, format!("\"{text}\" is not JSON, and a schema judges nothing else"))
                    .help("such as \"application/json\" or \"application/*+json\""),
                Some(range) => ranges.push((range, schema.clone())),
                None => self
                    .error(&at, format!("\"{text}\" is not a media type"))
                    .help("such as \"application/json\" or \"image/*\", without parameters"),
            }
        }
        if types.is_empty() && schema.is_some() {
            let usual = ["application/json", "application/*+json"].into_iter().filter_map(MediaRange::read);
            ranges.extend(usual.map(|range| (range, schema.clone())));
        }
        if schema.is_none() && limited {
            let warning = "limits have no effect: without a schema, content is not read";
            self.report(Diagnostic::warning((&at.parent().key("limits")).into(), warning))
                .help("schema = \"true\" takes all JSON within its limits");
        }
        let required = required.unwrap_or(false);
        if schema.is_none() && types.is_empty() && !required {
            self.error(at, "this looks at nothing").help("write schema, types or required");
        }
        Some(BodyRule { required, types: ranges, bounds, most })
    }

    fn answers(
        &mut self,
        at: &Pointer,
        written: &AnswerValidation,
        bounds: Bounds,
        most: usize,
    ) -> Option<Answers> {
        let at_bodies = at.key("bodies");
        if written.bodies.is_empty() {
            self.error(&at_bodies, "no answers are judged").help("such as bodies = { \"200\" = \"user\" }");
        }
        let mut bodies = Vec::new();
        for (status, text) in &written.bodies {
            let at = at_bodies.key(status);
            let statuses = Statuses::read(status);
            if statuses.is_none() {
                self.error(&at, format!("\"{status}\" is no status"))
                    .help("such as \"200\", \"2xx\" or \"default\"");
            }
            let schema = self.schema(&at, text);
            if let (Some(statuses), Some((schema, _))) = (statuses, schema) {
                let usual =
                    ["application/json", "application/*+json"].into_iter().filter_map(MediaRange::read);
                bodies.extend(usual.map(|range| (statuses, range, Arc::clone(&schema))));
            }
        }
        // The narrowest first.
        bodies.sort_by_key(|(statuses, ..)| *statuses);
        Some(Answers { enforce: written.mode == AnswerMode::Enforce, bodies, most, bounds })
    }
}
