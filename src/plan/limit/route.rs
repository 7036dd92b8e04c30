//! What a route says of limits.

use super::super::compile::{Context, Pointer};
use super::unknown;
use crate::config::{self, Defaults, OneOrMany, RoutePlans};
use crate::limit::{Limits, RouteLimits};

/// A route or the defaults, and where they stand.
pub(in crate::plan) type Said<'a, T> = (&'a Pointer, &'a T);

impl Context<'_> {
    /// What a route says of limits: each key from where it is said first, plans one by one.
    pub(in crate::plan) fn route_limits(
        &mut self,
        limits: &Limits,
        (at, written): Said<'_, config::Route>,
        (at_defaults, defaults): Said<'_, Defaults>,
    ) -> RouteLimits {
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
            indices.retain(|index| !own.contains(index));
            indices
        });
        let tiers = tiers.collect();
        RouteLimits { shield, own, tiers }
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
            let indices = self.limit_indices(&at, Some(written), &limits.all);
            match limits.tiers.binary_search_by(|tier| (*tier.name).cmp(name)) {
                Ok(tier) => drop(tiers[tier].get_or_insert(indices)),
                Err(_) => {
                    let known: Vec<_> = limits.tiers.iter().map(|tier| &*tier.name).collect();
                    let help = unknown(name, &known, &format!("add [plans.{name}]"));
                    self.error(&at, format!("there is no plan \"{name}\"")).help(help);
                }
            }
        }
    }
}
