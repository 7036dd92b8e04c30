//! Plans of consumers, ready to be had.

use std::collections::BTreeMap;

use super::super::compile::{Context, Pointer};
use super::super::scalar::is_token;
use super::fit::Named;
use crate::config::{ConsumerPlan, Document, OneOrMany};
use crate::diagnostic::Diagnostic;
use crate::limit::{Limit, Tier};

impl Context<'_> {
    /// All plans, in the order of their names.
    pub(super) fn tiers(&mut self, documents: &[(String, Document)], all: &[Limit]) -> Vec<Tier> {
        let mut tiers = BTreeMap::new();
        let mut default: Option<(Pointer, String)> = None;
        for (file, document) in documents {
            let at = Pointer::root(file).key("plans");
            for (name, written) in &document.plans {
                let at = at.key(name);
                if written.default == Some(true) {
                    self.refuse_second_default(&at, name, &mut default);
                }
                tiers.insert(name.as_str(), self.tier(&at, name, written, all));
            }
        }
        tiers.into_values().collect()
    }

    fn tier(&mut self, at: &Pointer, name: &str, written: &ConsumerPlan, all: &[Limit]) -> Tier {
        if !is_token(name) {
            self.error(at, format!("\"{name}\" cannot be the name of a plan"))
                .help("letters, digits, and any of . _ -");
        }
        let limits = self.limit_indices(&at.key("rate_limits"), written.rate_limits.as_ref(), all);
        let limits = bare(limits);
        let mut groups: Vec<Box<str>> = Vec::new();
        for (group, at) in written.groups.iter().zip(at.key("groups").indices()) {
            if groups.iter().any(|known| **known == **group) {
                self.error(&at, format!("{group:?} is named twice"));
            }
            groups.push(group.as_str().into());
        }
        Tier { name: name.into(), limits, groups, default: written.default.unwrap_or(false) }
    }

    fn refuse_second_default(&mut self, at: &Pointer, name: &str, default: &mut Option<(Pointer, String)>) {
        let Some((there, first)) = default else {
            *default = Some((at.key("default"), name.to_owned()));
            return;
        };
        let message = format!("\"{first}\" is what everybody has already who has no other plan");
        let diagnostic = Diagnostic::error((&at.key("default")).into(), message);
        self.report(diagnostic.related((&*there).into(), "the other one"))
            .help("one plan at most is the default");
    }

    /// Limits by their names, none twice.
    pub(super) fn limit_indices(
        &mut self,
        at: &Pointer,
        written: Option<&OneOrMany>,
        all: &[Limit],
    ) -> Vec<Named> {
        let Some(written) = written else { return Vec::new() };
        let listed = matches!(written, OneOrMany::Many(_));
        let mut indices: Vec<Named> = Vec::new();
        for (name, at_name) in written.as_slice().iter().zip(at.indices()) {
            let at = if listed { &at_name } else { at };
            let Some(index) = self.limit_index(at, name) else { continue };
            if indices.iter().any(|(known, _)| *known == index) {
                self.error(at, format!("the limit \"{name}\" is named twice"))
                    .help("a limit counts once; weight says how much");
            } else if index < all.len() {
                indices.push((index, at.clone()));
            }
        }
        indices
    }
}

pub(super) fn bare(named: Vec<Named>) -> Vec<usize> {
    named.into_iter().map(|(index, _)| index).collect()
}
