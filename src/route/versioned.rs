//! Versions while a route is looked for: what was asked for is worked out once for each API and what is captured, however
//! many routes stand at a place.

use super::Query;
use crate::plan::Route;
use crate::version::asked::Choice;
use crate::version::{Condition, Negotiated, Refusal};

/// What is known of versions so far.
#[derive(Debug, Default)]
pub(super) struct Versioned<'q> {
    last: Option<Last<'q>>,
    /// The first API whose routes were looked at.
    api: Option<usize>,
    /// Why the first of those routes that only the version kept from the request did not take it.
    refused: Option<Negotiated>,
}

#[derive(Debug, Clone, Copy)]
struct Last<'q> {
    api: usize,
    captured: Option<&'q str>,
    choice: Choice,
}

// === impl Versioned ===

impl<'q> Versioned<'q> {
    /// Whether `condition` holds for `request`, with what `route` captures of its path.
    pub(super) fn holds(&mut self, route: &Route, condition: &Condition, request: &Query<'q>) -> bool {
        let captured = condition.captured(&route.pattern, request.path);
        let choice = match self.last {
            Some(last) if last.api == condition.index && last.captured == captured => last.choice,
            _ => condition.choose(request, captured),
        };
        self.last = Some(Last { api: condition.index, captured, choice });
        if choice == Choice::Elsewhere {
            return false;
        }
        _ = self.api.get_or_insert(condition.index);
        let (version, vendor, refused) = match choice {
            Choice::Version { index, .. } if condition.serves.contains(index) => return true,
            Choice::Any => return true,
            Choice::Version { index, vendor } => (Some(index), vendor, Refusal::NotServed(index)),
            Choice::Refused(refusal) => (None, false, refusal),
            Choice::Elsewhere => return false,
        };
        let known = self.refused.get_or_insert(Negotiated {
            api: Some(condition.index),
            version,
            vendor,
            refused: Some(refused),
            here: Default::default(),
        });
        if known.api == Some(condition.index) {
            known.here = known.here.and(condition.serves);
        }
        false
    }

    /// What became of the question for a request that `route` takes, as the route that was looked at last.
    pub(super) fn of(&self, route: &Route) -> Negotiated {
        let none = Negotiated { api: self.api, ..Negotiated::default() };
        let Some(condition) = &route.version else { return none };
        let here = condition.serves;
        match self.last.map(|last| last.choice) {
            Some(Choice::Version { index, vendor }) => {
                let api = Some(condition.index);
                Negotiated { api, version: Some(index), vendor, refused: None, here }
            }
            _ => Negotiated { api: Some(condition.index), here, ..none },
        }
    }

    /// What became of it for a request that no route takes.
    pub(super) fn of_none(&self) -> Negotiated {
        self.refused.unwrap_or(Negotiated { api: self.api, ..Negotiated::default() })
    }
}
