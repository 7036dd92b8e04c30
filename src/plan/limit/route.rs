//! What a route says of limits.

use super::super::compile::{Context, Pointer};
use super::fit::Fitted;
use super::tier::bare;
use super::unknown;
use crate::config::{self, Defaults, OneOrMany, RoutePlans};
use crate::limit::{Limits, RouteLimits};

impl Context<'_> {
    /// What a route says of limits: each key from where it is said first, plans one by one.
    pub(in crate::plan) fn route_limits(
        &mut self,
        limits: &Limits,
        written: &config::Route,
        route: &Fitted<'_>,
        (at_defaults, defaults): (&Pointer, &Defaults),
    ) -> RouteLimits {
        let at = route.at;
        let mut list = |key: &str, own: Option<&OneOrMany>, usual: Option<&OneOrMany>| match own {
            Some(own) => self.limit_indices(&at.key(key), Some(own), &limits.all),
            None => self.limit_indices(&at_defaults.key(key), usual, &limits.all),
        };
        let shield = list("shield", written.shield.as_ref(), defaults.shield.as_ref());
        let own = list("rate_limits", written.rate_limits.as_ref(), defaults.rate_limits.as_ref());
        let layers =
            [(at.key("plans"), written.plans.as_ref()), (at_defaults.key("plans"), defaults.plans.as_ref())];
        let mut tiers: Vec<Option<Vec<usize>>> = vec![None; limits.tiers.len()];
        for (at, layer) in &layers {
            self.layer_of_plans(limits, at, *layer, &mut tiers);
        }
        let tiers = tiers.into_iter().zip(&limits.tiers);
        // What counts on the route anyway counts once.
        let tiers = tiers.map(|(said, tier)| {
            let mut indices = said.unwrap_or_else(|| tier.limits.clone());
            indices.retain(|index| own.iter().all(|(own, _)| own != index));
            indices
        });
        let ready = RouteLimits { tiers: tiers.collect(), ..RouteLimits::default() };
        self.limits_fit(limits, route, (&shield, &own), &ready);
        RouteLimits { shield: bare(shield), own: bare(own), ..ready }
    }

    /// Fills in what nothing nearer said.
    fn layer_of_plans(
        &mut self,
        limits: &Limits,
        at: &Pointer,
        layer: Option<&RoutePlans>,
        tiers: &mut [Option<Vec<usize>>],
    ) {
        let table = match layer {
            None => return,
            Some(RoutePlans::Off(_)) => {
                for tier in tiers {
                    tier.get_or_insert_default();
                }
                return;
            }
            Some(RoutePlans::Table(table)) => table,
        };
        for (name, written) in table {
            let at = at.key(name);
            let indices = bare(self.limit_indices(&at, Some(written), &limits.all));
            match limits.tiers.binary_search_by(|tier| (*tier.name).cmp(name)) {
                Ok(tier) => {
                    tiers[tier].get_or_insert(indices);
                }
                Err(_) => {
                    let known: Vec<_> = limits.tiers.iter().map(|tier| &*tier.name).collect();
                    let help = unknown(name, &known, &format!("add [plans.{name}]"));
                    self.error(&at, format!("there is no plan \"{name}\"")).help(help);
                }
            }
        }
    }
}
