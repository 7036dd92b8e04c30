//! Mappings, ready to be done.

use sha2::{Digest, Sha256};

use super::compile::{Context, Pointer};
use crate::config;
use crate::config::MappingStep;
use crate::diagnostic::Diagnostic;
use crate::json::{Path, Segment};
use crate::mapping::{Mapping, Mark, Step, Steps};

mod steps;

/// The usual bound on content, in bytes: what most APIs answer is far below, and a document takes several times its size
/// while it is changed (`Limits::of`).
const MOST: u64 = 1 << 20;

/// The largest bound on content, in bytes.
const LARGEST: u64 = 64 << 20;

/// The most steps in one direction: each is a walk through the document.
pub(super) const MOST_STEPS: usize = 64;

/// How much deeper steps may make documents altogether: whatever walks through them calls itself.
pub(super) const MOST_DEEPENING: usize = 64;

/// A step, and where it was written.
pub(super) type Placed = (Pointer, Step);

impl Context<'_> {
    /// How the JSON of requests and answers becomes another. `proxied`: the route has an upstream.
    pub(super) fn mapping(
        &mut self,
        at: &Pointer,
        written: &config::Mapping,
        proxied: bool,
    ) -> Option<Mapping> {
        if !proxied {
            self.error(at, "only routes with an upstream have content to change").help("remove mapping");
        }
        let known = self.diagnostics.len();
        let mut query = Vec::new();
        let request = self.mapping_steps(&at.key("request"), &written.request, Some(&mut query));
        let response = self.mapping_steps(&at.key("response"), &written.response, None);
        let both = self.mapping_steps(&at.key("both"), &written.both, None);
        let undone = self.mapping_undone(&both);
        let request: Vec<_> = request.into_iter().chain(undone).collect();
        let response: Vec<_> = both.into_iter().chain(response).collect();
        let nothing = request.is_empty() && response.is_empty() && query.is_empty();
        if nothing && self.diagnostics.len() == known {
            self.error(at, "this mapping changes nothing").help("write request, response or both");
        }
        for steps in [&request, &response] {
            self.mapping_after_drops(steps);
        }
        let most = written.most.as_ref().map_or(MOST, |text| self.size(&at.key("most"), text));
        if !(1..=LARGEST).contains(&most) {
            self.error(&at.key("most"), "this is not between 1 B and 64 MiB")
                .help("content is in memory as a whole while it is changed");
        }
        let digest = Sha256::digest(serde_json::to_vec(written).unwrap_or_default());
        Some(Mapping {
            request: self.mapping_of_depth(&at.key("request"), request),
            response: self.mapping_of_depth(&at.key("response"), response),
            query: query.into(),
            most: usize::try_from(most).unwrap_or(usize::MAX),
            errors: written.errors.unwrap_or(false),
            mark: Mark::new(&digest),
        })
    }

    fn mapping_steps(
        &mut self,
        at: &Pointer,
        written: &[MappingStep],
        mut query: Option<&mut Vec<(Box<str>, Box<str>)>>,
    ) -> Vec<Placed> {
        if written.len() > MOST_STEPS {
            self.error(at, format!("there are more than {MOST_STEPS} steps"))
                .help("each is a walk through the whole document");
        }
        let mut steps = Vec::new();
        for (step, at) in written.iter().zip(at.indices()) {
            for step in self.mapping_step(&at, step, query.as_deref_mut()) {
                steps.push((at.clone(), step));
            }
        }
        steps
    }

    /// What undoes these steps, the last first.
    fn mapping_undone(&mut self, steps: &[Placed]) -> Vec<Placed> {
        let mut undone = Vec::new();
        for (at, step) in steps.iter().rev() {
            match step.inverse() {
                Ok(step) => undone.push((at.clone(), step)),
                Err(why) => {
                    self.error(at, format!("this cannot be done backwards: {why}"))
                        .help("write it in request and in response");
                }
            }
        }
        undone
    }

    fn mapping_of_depth(&mut self, at: &Pointer, steps: Vec<Placed>) -> Steps {
        let steps = Steps(steps.into_iter().map(|(_, step)| step).collect());
        if steps.deepens() > MOST_DEEPENING {
            self.error(at, format!("documents could become more than {MOST_DEEPENING} levels deeper"))
                .help("move values to places that are less deep");
        }
        steps
    }

    /// Steps that find nothing any more, because an earlier one has dropped it and none has put anything there since.
    pub(super) fn mapping_after_drops(&mut self, steps: &[Placed]) {
        let mut dropped: Vec<Path> = Vec::new();
        for (at, step) in steps {
            if let Some(source) = source(step)
                && dropped.iter().any(|gone| gone.holds(&source))
            {
                let message =
                    format!("nothing stands at \"{source}\" any more: an earlier step has dropped it");
                self.report(Diagnostic::warning(at.into(), message)).help("remove one of them");
            }
            if let Some(made) = made(step) {
                dropped.retain(|gone| !gone.holds(&made) && !made.holds(gone));
            }
            if let Step::Drop(path) = step {
                dropped.push(path.clone());
            }
        }
    }
}

/// What a step looks at.
fn source(step: &Step) -> Option<Path> {
    match step {
        Step::Rename { object, from, .. } => path(object, &[Segment::Member(from.clone())]),
        Step::Move { scope, from, .. } => path(scope, from),
        // What was dropped is what gets a default.
        Step::Default { object, .. } => path(object, &[]),
        Step::Drop(path) | Step::Values { at: path, .. } => Some(path.clone()),
    }
}

/// Where there is something after a step.
fn made(step: &Step) -> Option<Path> {
    match step {
        Step::Rename { object, to, .. } => path(object, &[Segment::Member(to.clone())]),
        Step::Move { scope, to, .. } => path(scope, to),
        Step::Default { object, name, .. } => path(object, &[Segment::Member(name.clone())]),
        Step::Drop(_) | Step::Values { .. } => None,
    }
}

fn path(one: &[Segment], other: &[Segment]) -> Option<Path> {
    Path::new([one, other].concat()).ok()
}
