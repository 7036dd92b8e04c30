//! What is chosen where the first target that was drawn may not be asked: another of its level, or one of a later level.
//!
//! How fit a level is, is its fit weight over its weight; what it can take is 1.4 times that, at most everything: Envoy's
//! overprovisioning factor
//! (<https://www.envoyproxy.io/docs/envoy/latest/intro/arch_overview/upstream/load_balancing/priority>). Each level gets what
//! those before it cannot take. Where all together cannot take everything, all is shared out by what each can take, and a level
//! that is fit for less than the panic threshold is asked as a whole.
//!
//! Fitness is counted only here, where the first target drawn was not fit. That distorts nothing: a level that is fit for f
//! keeps the share f of its requests that drew a fit target at once; those that did not keep to it so often that
//! its share is what it should be, which is never less than f.

use super::Choosing;
use super::draw::Draws;
use super::set::Level;

/// By how much more than its share a target can take.
const OVERPROVISIONED: f64 = 1.4;

/// Another target than `drawn`, which is of the first level and is not fit, or was tried.
pub(super) fn search(
    choosing: &Choosing<'_>,
    draws: &mut Draws<'_>,
    drawn: usize,
    fit: &impl Fn(usize) -> bool,
) -> Option<usize> {
    let levels = choosing.set.levels();
    let fitness = |level: &Level| fitness(level, fit);
    // More is not needed once they can take everything.
    let mut capacity = 0.0;
    for level in levels {
        capacity += able(fitness(level));
        if capacity >= 1.0 {
            break;
        }
    }
    let panic = f64::from(choosing.balance.panic) / 100.0;
    if capacity <= 0.0 && panic <= 0.0 {
        return None;
    }
    let first = levels.first()?;
    // Of what drew a fit target at once nothing is left to be shared out; see above.
    let passed = if fit(drawn) { 0.0 } else { fitness(first) };
    let mut point = passed + draws.point() * (1.0 - passed);
    let scale = if capacity >= 1.0 || capacity <= 0.0 { 1.0 } else { 1.0 / capacity };
    let mut chosen = first;
    for level in levels {
        let able = able(fitness(level)) * scale;
        if able > 0.0 {
            chosen = level;
        }
        if point < able {
            break;
        }
        point -= able;
    }
    let all = capacity < 1.0 && fitness(chosen) < panic;
    let fresh = |at: usize| !choosing.tried.contains(&at);
    if all && fresh(drawn) && std::ptr::eq(chosen, first) {
        return Some(drawn);
    }
    draws
        .pick(chosen, &|at: usize| (all || fit(at)) && fresh(at))
        .or_else(|| levels.iter().find_map(|level| draws.pick(level, &|at: usize| fit(at) && fresh(at))))
        .or_else(|| draws.pick(chosen, &|at: usize| all || fit(at)))
        .or_else(|| levels.iter().find_map(|level| draws.pick(level, fit)))
}

/// The share of the level's weight that is fit.
fn fitness(level: &Level, fit: &impl Fn(usize) -> bool) -> f64 {
    let those = level.members.iter().enumerate().filter(|(_, at)| fit(**at as usize));
    let weight: u64 = those.map(|(place, _)| u64::from(level.weight_of(place))).sum();
    #[allow(clippy::cast_precision_loss, reason = "10,000 targets of 65,535 fit 53 bits")]
    let weight = weight as f64;
    weight / f64::from(level.weight().max(1))
}

/// The share of all requests that a level can take.
fn able(fitness: f64) -> f64 {
    (fitness * OVERPROVISIONED).min(1.0)
}
