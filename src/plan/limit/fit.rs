//! Whether the limits of a route fit it.

use super::super::compile::{Context, Pointer};
use super::super::expression::not_captured;
use crate::auth::Access;
use crate::diagnostic::Diagnostic;
use crate::expression::Expression;
use crate::limit::wording::about_the_caller;
use crate::limit::{KeyPart, Limit, Limits, RouteLimits};
use crate::route::pattern::Pattern;

/// How many limits may count on a route for one caller: its shield, its own, and those of the largest plan. All are judged
/// in one step, which holds up whoever else counts there, and each is an item in two fields of every answer.
pub(super) const MOST_LIMITS: usize = 16;

/// A route, as far as its limits must fit it.
#[derive(Debug, Clone, Copy)]
pub(in crate::plan) struct Fitted<'a> {
    pub(in crate::plan) at: &'a Pointer,
    pub(in crate::plan) id: &'a str,
    pub(in crate::plan) pattern: Option<&'a Pattern>,
    pub(in crate::plan) access: &'a Access,
}

/// A limit that is named: its index, and where its name stands.
pub(super) type Named = (usize, Pointer);

impl Context<'_> {
    pub(super) fn limits_fit(
        &mut self,
        limits: &Limits,
        route: &Fitted<'_>,
        (shield, own): (&[Named], &[Named]),
        ready: &RouteLimits,
    ) {
        for (index, at) in shield {
            self.fits_a_shield(&limits.all[*index], at);
        }
        for (index, at) in own {
            self.is_not_in_both(&limits.all[*index], *index, shield, at);
            self.counts_by_callers_where_none_are(&limits.all[*index], route, at);
        }
        let of_plans = ready.tiers.iter().flatten().map(|index| (*index, route.at.clone()));
        let of_plans: Vec<Named> = of_plans.collect();
        for (index, at) in &of_plans {
            self.is_not_in_both(&limits.all[*index], *index, shield, at);
        }
        for (index, at) in shield.iter().chain(own).chain(&of_plans) {
            self.captures_what_is_asked_for(&limits.all[*index], route, at);
        }
        let largest = ready.tiers.iter().map(Vec::len).max().unwrap_or(0);
        let all = shield.len() + own.len() + largest;
        if all > MOST_LIMITS {
            let with = if largest > 0 { format!(", {largest} of them by a plan") } else { String::new() };
            self.error(route.at, format!("{all} limits count on the route \"{}\"{with}", route.id)).help(
                format!("at most {MOST_LIMITS}: all are judged in one step, and told of in every answer"),
            );
        }
    }

    fn fits_a_shield(&mut self, limit: &Limit, at: &Pointer) {
        let Some(why) = about_the_caller(limit) else { return };
        let message =
            format!("a shield counts before anybody is asked who they are: \"{}\" cannot, {why}", limit.name);
        let related = self.place_of(limit);
        let diagnostic = Diagnostic::error(at.into(), message);
        let diagnostic = match &related {
            Some(there) => diagnostic.related(there.into(), "the limit"),
            None => diagnostic,
        };
        self.report(diagnostic)
            .help("name it in rate_limits, or count by what every request has, such as \"address\"");
    }

    fn is_not_in_both(&mut self, limit: &Limit, index: usize, shield: &[Named], at: &Pointer) {
        if let Some((_, there)) = shield.iter().find(|(shielding, _)| *shielding == index) {
            let message = format!("the limit \"{}\" counts twice: it is in the shield too", limit.name);
            let diagnostic = Diagnostic::error(at.into(), message).related(there.into(), "in the shield");
            self.report(diagnostic).help("name it in one of them, or make two limits");
        }
    }

    /// Only where the route itself says so: defaults are for all routes, also for those that let everybody in.
    fn counts_by_callers_where_none_are(&mut self, limit: &Limit, route: &Fitted<'_>, at: &Pointer) {
        let nobody = match route.access {
            Access::Public => true,
            Access::Required(required) => required.any.is_empty(),
        };
        let part = limit
            .key
            .iter()
            .find(|part| part.is_about_the_caller() && !matches!(part, KeyPart::Expression(_)));
        let Some(part) = part.filter(|_| nobody && at.path().starts_with(route.at.path())) else { return };
        let message = format!(
            "\"{}\" counts by the {part}, and nobody is asked who they are: it counts by the address",
            limit.name
        );
        self.report(Diagnostic::warning(at.into(), message))
            .help("write a limit with key = \"address\", or give the route auth");
    }

    fn captures_what_is_asked_for(&mut self, limit: &Limit, route: &Fitted<'_>, at: &Pointer) {
        let Some(pattern) = route.pattern else { return };
        for name in expressions(limit).flat_map(Expression::params) {
            let Some(help) = not_captured(pattern, name) else { continue };
            let message = format!(
                "the limit \"{}\" asks for request.params.{name}, which the path of \"{}\" does not capture",
                limit.name, route.id
            );
            self.error(at, message).help(help);
        }
    }
}

/// All expressions of a limit.
fn expressions(limit: &Limit) -> impl Iterator<Item = &Expression> {
    let of_key = limit.key.iter().filter_map(|part| match part {
        KeyPart::Expression(expression) => Some(&**expression),
        _ => None,
    });
    of_key.chain(limit.when.as_deref()).chain(limit.weight.expression())
}
