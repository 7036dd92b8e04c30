//! What is written about limits and plans and has no effect.

use std::collections::BTreeSet;

use super::super::compile::{Context, Pointer};
use super::unknown;
use crate::config::{Authenticator, Document};
use crate::diagnostic::{Diagnostic, Severity};
use crate::limit::Limits;

impl Context<'_> {
    /// What is named and is not there, and what is there and nobody names. Routes must have been looked at.
    pub(in crate::plan) fn unused_limits(&mut self, documents: &[(String, Document)], limits: &Limits) {
        if !limits.tiers.is_empty() {
            self.consumers_have_plans(documents, limits);
        }
        // Whatever could not be read may be what would have named them.
        if self.diagnostics.iter().any(|found| found.severity == Severity::Error) {
            return;
        }
        let places = self.written_limits.limits.clone();
        for (index, (name, at)) in places.iter().enumerate() {
            if !self.written_limits.used.contains(&index) {
                self.report(Diagnostic::warning(at.into(), format!("the limit \"{name}\" counts nowhere")))
                    .help("name it in rate_limits or shield of a route or of [defaults], or in a plan");
            }
        }
        self.warn_of_unused_stores();
        if !limits.tiers.is_empty() {
            self.plans_have_consumers(documents, limits);
        }
    }

    /// Without plans, the name of one is a word for policies.
    fn consumers_have_plans(&mut self, documents: &[(String, Document)], limits: &Limits) {
        let known: Vec<_> = limits.tiers.iter().map(|tier| &*tier.name).collect();
        for (file, document) in documents {
            let at = Pointer::root(file).key("consumers");
            for (id, consumer) in &document.consumers {
                let Some(plan) = consumer.plan.as_deref().filter(|plan| !known.contains(plan)) else {
                    continue;
                };
                let help = unknown(plan, &known, "");
                self.error(&at.key(id).key("plan"), format!("there is no plan \"{plan}\"")).help(help);
            }
        }
    }

    fn plans_have_consumers(&mut self, documents: &[(String, Document)], limits: &Limits) {
        let ways_in = || documents.iter().flat_map(|(_, document)| document.auth.values());
        // Consumers that are managed at run time have plans and groups that nobody knows yet.
        if ways_in().any(|way| way.api_key.as_ref().is_some_and(|keys| keys.store == Some(true))) {
            return;
        }
        let consumers = || documents.iter().flat_map(|(_, document)| document.consumers.values());
        let had: BTreeSet<_> = consumers().filter_map(|consumer| consumer.plan.as_deref()).collect();
        let groups: BTreeSet<_> = consumers().flat_map(|consumer| &consumer.groups).collect();
        let groups_are_said = ways_in().any(says_groups);
        let places = self.written_limits.plans.clone();
        for (tier, at) in limits.tiers.iter().zip(places.values()) {
            for (group, at) in tier.groups.iter().zip(at.key("groups").indices()) {
                if !groups_are_said && !groups.iter().any(|known| ***known == **group) {
                    let message = format!("nobody can be in the group \"{group}\"");
                    let known: Vec<_> = groups.iter().map(|group| group.as_str()).collect();
                    let add = "give a consumer this group, or a way in the claim that says groups";
                    self.report(Diagnostic::warning((&at).into(), message)).help(unknown(group, &known, add));
                }
            }
            if !tier.default && tier.groups.is_empty() && !had.contains(&*tier.name) {
                let message = format!("nobody has the plan \"{}\"", tier.name);
                self.report(Diagnostic::warning(at.into(), message)).help(format!(
                    "write plan = \"{}\" in one of [consumers], or give the plan groups",
                    tier.name
                ));
            }
        }
    }
}

/// Whether whoever vouches for a caller may say groups that stand nowhere in the configuration.
fn says_groups(way: &Authenticator) -> bool {
    way.jwt.as_ref().is_some_and(|jwt| jwt.groups.is_some())
        || way.introspection.as_ref().is_some_and(|introspection| introspection.groups.is_some())
        || way.login.as_ref().is_some_and(|login| login.groups.is_some())
}
