//! What comes of steps, request by request, until they have ended.

use std::time::Duration;

use http::{HeaderMap, StatusCode};

use super::super::schedule::End;
use super::super::{Fallback, Reason};
use super::{Answered, Arrived, Lost, Run, Value};
use crate::host::Tick;
use crate::json::{self, Limits, Node};

impl<'s> Run<'_, 's> {
    /// An answer to one request.
    pub(super) fn arrived(&mut self, step: usize, number: usize, arrived: Arrived) {
        let (written, most) = (&self.compose.steps[step], self.compose.answer);
        if !written.succeeds(arrived.status) {
            let lost = Lost::new(Reason::Status(arrived.status), format!("answered {}", arrived.status));
            return self.lost(step, number, Lost { answer: Some(Box::new(arrived)), ..lost });
        }
        let Arrived { status, headers, content, least } = arrived;
        self.least = self.least.and(least);
        let slot = self.ground.contents[step].get().and_then(|contents| contents.get(number));
        let Some(content) = slot.map(|slot| slot.get_or_init(|| content)) else { return };
        let node = match content.is_empty() {
            true => Ok(Node::Null),
            false => json::parse(content, &Limits::of(most)),
        };
        let node = match node {
            Ok(node) => node,
            Err(error) => {
                let reason = if error.fault.is_limit() { Reason::Size } else { Reason::Content };
                return self.lost(step, number, Lost::new(reason, error.to_string()));
            }
        };
        let progress = &mut self.steps[step];
        let batch = written.each.as_ref().and_then(|each| each.batch.as_ref());
        match (&progress.elements, batch) {
            (Some(elements), Some(batch)) => {
                let range = elements.of_request(number, Some(batch));
                let Some(sorted) = elements.sort_out(range, batch, node) else {
                    let lost =
                        Lost::new(Reason::Content, "the answer to a batch has no list where it should");
                    return self.lost(step, number, lost);
                };
                for (distinct, node) in sorted {
                    progress.parts[distinct] = Some(node);
                }
            }
            (Some(_), None) => progress.parts[number] = Some(node),
            (None, _) => {
                progress.parts[0] = Some(node);
                progress.head = Some((status, headers));
            }
        }
    }

    /// One request has no answer.
    pub(super) fn lost(&mut self, step: usize, number: usize, lost: Lost) {
        let written = &self.compose.steps[step];
        let progress = &mut self.steps[step];
        if let (Some(elements), Some(each)) = (&progress.elements, &written.each) {
            let range = elements.of_request(number, each.batch.as_ref());
            if let Some(Fallback::Json(value)) = &written.fallback {
                range.for_each(|distinct| progress.parts[distinct] = Some(value.clone()));
                progress.leans = true;
                return;
            }
            progress.missing += range.map(|distinct| elements.occurrences(distinct)).sum::<usize>();
        }
        progress.lost.get_or_insert(lost);
    }

    /// Whether a step has come to its end.
    pub(super) fn look(&mut self, step: usize, now: Tick) {
        let written = &self.compose.steps[step];
        let progress = &mut self.steps[step];
        let failed = progress.lost.is_some() && (written.required || progress.elements.is_none());
        if failed {
            progress.requests = progress.handed;
            if let Some(lost) = progress.lost.take() {
                self.fail(step, lost, now);
            }
            return;
        }
        if progress.handed < progress.requests || progress.under_way > 0 {
            return;
        }
        let Some(elements) = progress.elements.take() else {
            let (status, headers) = progress.head.take().unwrap_or_default();
            let content = progress.parts.pop().flatten().unwrap_or(Node::Null);
            return self.answered(step, Answered { status, headers, content }, now);
        };
        if progress.missing > 0
            && let Some(lost) = &mut progress.lost
        {
            lost.reason = Reason::Elements(progress.missing);
        }
        let parts = std::mem::take(&mut progress.parts);
        // What is the same for many elements is there many times in the result.
        let sizes: Vec<_> = parts.iter().map(|part| part.as_ref().map_or(1, Node::values)).collect();
        let all: usize = elements.of().iter().map(|distinct| sizes[*distinct]).sum();
        if all > Limits::of(self.compose.total).values {
            return self.fail(step, Lost::new(Reason::Size, "too much for all elements"), now);
        }
        let of = elements.into_of();
        if written.is_read {
            let content = Node::Array(of.iter().map(|at| parts[*at].clone().unwrap_or(Node::Null)).collect());
            let (status, headers) = <(StatusCode, HeaderMap)>::default();
            let _ = self.answers[step].set(Answered { status, headers, content });
        }
        self.steps[step].value = Some(Value::Spread(parts, of));
        self.end(step, End::Answered, now);
    }

    /// A step has an answer.
    pub(super) fn answered(&mut self, step: usize, answered: Answered<'s>, now: Tick) {
        self.steps[step].value = Some(match self.compose.steps[step].is_read {
            true => {
                let _ = self.answers[step].set(answered);
                Value::Read
            }
            false => Value::One(answered.content),
        });
        self.end(step, End::Answered, now);
    }

    /// A step has no answer of its own.
    pub(super) fn fail(&mut self, step: usize, lost: Lost, now: Tick) {
        let written = &self.compose.steps[step];
        self.steps[step].lost = Some(lost);
        match &written.fallback {
            Some(Fallback::Json(value)) if written.each.is_none() => self.stand_in(step, value.clone(), now),
            Some(Fallback::Step(spare)) => match self.schedule.lean(step, *spare) {
                None => {}
                Some(End::Answered) => self.lean(step, *spare, now),
                Some(End::Failed | End::Skipped) => self.give_up(step, now),
            },
            _ => self.give_up(step, now),
        }
    }

    /// A value stands in for a step's answer: nothing is missing then.
    pub(super) fn stand_in(&mut self, step: usize, content: Node<'s>, now: Tick) {
        self.steps[step].leans = true;
        let (status, headers) = <(StatusCode, HeaderMap)>::default();
        self.answered(step, Answered { status, headers, content }, now);
    }

    /// What another step answered stands in.
    pub(super) fn lean(&mut self, step: usize, spare: usize, now: Tick) {
        let content = match &self.steps[spare].value {
            Some(Value::One(content)) => content.clone(),
            Some(Value::Read) => match self.answers[spare].get() {
                Some(answered) => answered.content.clone(),
                None => return self.give_up(step, now),
            },
            _ => return self.give_up(step, now),
        };
        self.stand_in(step, content, now);
    }

    pub(super) fn give_up(&mut self, step: usize, now: Tick) {
        let written = &self.compose.steps[step];
        if written.required && !written.spare {
            self.failed.get_or_insert(step);
        }
        self.end(step, End::Failed, now);
    }

    pub(super) fn end(&mut self, step: usize, end: End, now: Tick) {
        self.begun.retain(|begun| *begun != step);
        let progress = &mut self.steps[step];
        progress.took = progress.begun.map_or(Duration::ZERO, |begun| now - begun);
        for leaning in self.schedule.end(step, end) {
            match end {
                End::Answered => self.lean(leaning, step, now),
                End::Failed | End::Skipped => self.give_up(leaning, now),
            }
        }
    }
}
