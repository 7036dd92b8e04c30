//! Steps as they begin: whether they are asked, for what, and with which requests.

use super::super::each::{Elements, key_of};
use super::super::prepare::{Unmade, prepare};
use super::super::schedule::End;
use super::super::{Each, List, Reason, Step};
use super::{Job, Lost, Run, facts_of};
use crate::expression::{Beyond, Facts};
use crate::host::Tick;
use crate::json::{Limits, Node};
use std::sync::OnceLock;

impl<'r, 's: 'r> Run<'r, 's> {
    /// Whether a step may have another request now.
    pub(super) fn has_turn(&self, step: usize) -> bool {
        let at_once = self.compose.steps[step].each.as_ref().map_or(1, |each| each.at_once);
        let progress = &self.steps[step];
        progress.handed < progress.requests && progress.under_way < at_once
    }

    /// Evaluates what decides about a step.
    pub(super) fn begin(&mut self, step: usize, now: Tick) {
        let compose = self.compose;
        let written = &compose.steps[step];
        self.steps[step].begun = Some(now);
        let held = written.when.as_ref().map_or(Ok(true), |when| {
            let held = self.with(written, Beyond::default(), |facts| when.holds(facts));
            held.map_err(|fault| Unmade::of_expression(&fault, when))
        });
        match held {
            Ok(true) => {}
            Ok(false) => return self.end(step, End::Skipped, now),
            Err(unmade) => return self.unmade(step, unmade, Reason::Request, now),
        }
        let requests = match &written.each {
            None => 1,
            Some(each) => match self.elements(step, each) {
                Ok(elements) => {
                    let requests = elements.requests(each.batch.as_ref());
                    self.steps[step].parts.resize_with(elements.distinct(), || None);
                    self.steps[step].elements = Some(elements);
                    requests
                }
                Err(unmade) => return self.unmade(step, unmade, Reason::List, now),
            },
        };
        let progress = &mut self.steps[step];
        if written.each.is_none() {
            progress.parts.push(None);
        }
        progress.requests = requests;
        let _ = self.ground.contents[step].set((0..requests).map(|_| OnceLock::new()).collect());
        self.begun.push(step);
        self.look(step, now);
    }

    /// The list of a step, with what is the same found out.
    pub(super) fn elements(&self, step: usize, each: &Each) -> Result<Elements<'r>, Unmade> {
        let written = &self.compose.steps[step];
        let no_list = |what: &str| Unmade { cause: what.to_owned(), absent: false, by_client: false };
        let nodes: &'r [Node<'r>] = match &each.list {
            List::At(of, path) => {
                let absent = || Unmade { absent: true, ..no_list("there is no list") };
                let answered = self.answers[*of].get().ok_or_else(absent)?;
                let found = match path {
                    None => Some(&answered.content),
                    Some(path) => answered.content.at(path),
                };
                match found.ok_or_else(absent)? {
                    Node::Array(nodes) => nodes,
                    other => return Err(no_list(&format!("the list is {}", other.kind()))),
                }
            }
            List::Made(expression) => {
                let most = Limits::of(self.compose.total).values;
                let made = self.with(written, Beyond::default(), |facts| {
                    expression.node(facts, most).map(Node::into_owned)
                });
                match made.map_err(|fault| Unmade::of_expression(&fault, expression))? {
                    Node::Array(nodes) => self.ground.lists[step].get_or_init(|| nodes),
                    other => return Err(no_list(&format!("the list is {}", other.kind()))),
                }
            }
        };
        if nodes.len() > each.most {
            return Err(no_list(&format!("the list has {} elements", nodes.len())));
        }
        Elements::new(nodes.iter().collect(), |at, node| match &each.by {
            None => Ok(key_of(node)),
            Some(by) => {
                let beyond = Beyond { item: Some((at, node)), ..Beyond::default() };
                let most = Limits::of(self.compose.answer).values;
                let key = self.with(written, beyond, |facts| by.node(facts, most).map(|node| key_of(&node)));
                key.map_err(|fault| Unmade::of_expression(&fault, by))
            }
        })
    }

    /// The next request of a step; `None` where it cannot be made.
    pub(super) fn hand_out(&mut self, step: usize, now: Tick) -> Option<Job> {
        let compose = self.compose;
        let (written, progress) = (&compose.steps[step], &mut self.steps[step]);
        let number = progress.handed;
        progress.handed += 1;
        let progress = &self.steps[step];
        let most = compose.total;
        let prepared = match (&progress.elements, &written.each) {
            (Some(elements), Some(Each { batch: Some(batch), .. })) => {
                let range = elements.of_request(number, Some(batch));
                let items: Vec<_> = range.map(|distinct| elements.element(distinct).1).collect();
                let beyond = Beyond { items: Some(&items), ..Beyond::default() };
                self.with(written, beyond, |facts| prepare(&written.request, facts, most))
            }
            (Some(elements), _) => {
                let beyond = Beyond { item: Some(elements.element(number)), ..Beyond::default() };
                self.with(written, beyond, |facts| prepare(&written.request, facts, most))
            }
            (None, _) => {
                self.with(written, Beyond::default(), |facts| prepare(&written.request, facts, most))
            }
        };
        match prepared {
            Ok(prepared) => {
                let progress = &mut self.steps[step];
                progress.under_way += 1;
                Some(Job { step, number, prepared, begun: progress.begun.unwrap_or(now) })
            }
            Err(unmade) if written.each.is_none() => {
                self.unmade(step, unmade, Reason::Request, now);
                None
            }
            Err(unmade) => {
                let reason = self.why(step, &unmade, Reason::Request);
                self.lost(step, number, Lost::new(reason, unmade.cause));
                self.look(step, now);
                None
            }
        }
    }

    /// Shows `look` what a step may see.
    pub(super) fn with<T>(&self, step: &Step, beyond: Beyond<'_>, look: impl FnOnce(&Facts<'_>) -> T) -> T {
        let steps = facts_of(self.compose, self.answers, &step.needs);
        let content = self.facts.beyond.content;
        look(&Facts { beyond: Beyond { content, steps: &steps, ..beyond }, ..self.facts })
    }

    /// Why a request cannot be made: a step that is needed may be the reason.
    pub(super) fn why(&self, step: usize, unmade: &Unmade, reason: Reason) -> Reason {
        let missing = |need: &usize| self.schedule.came(*need) != Some(End::Answered);
        let needs = self.compose.steps[step].needs.iter().any(missing);
        if unmade.absent && needs { Reason::Needs } else { reason }
    }

    /// A step cannot be asked for.
    pub(super) fn unmade(&mut self, step: usize, unmade: Unmade, reason: Reason, now: Tick) {
        let skipped = |need: &usize| self.schedule.came(*need) == Some(End::Skipped);
        if unmade.absent && self.compose.steps[step].needs.iter().any(skipped) {
            return self.end(step, End::Skipped, now);
        }
        let reason = self.why(step, &unmade, reason);
        self.steps[step].requests = self.steps[step].handed;
        self.fail(step, Lost { by_client: unmade.by_client, ..Lost::new(reason, unmade.cause) }, now);
    }
}
