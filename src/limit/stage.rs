//! Where limits stand in a request's life.

use super::sight::Sight;
use super::wanted::wanted;
use super::{Ask, Counters, Judged, Limits, Outcome, Verdict, Wanted, refusal};
use crate::auth::{Asking, Caller};
use crate::host::Host;
use crate::problem::Failure;

/// Judges the route's shield.
///
/// What it takes stays taken whatever becomes of the request: it counts those who come, not those who are let in.
pub async fn shield<H: Host>(
    host: &H,
    limits: &Limits,
    asking: &Asking<'_>,
    judged: &mut Vec<Judged>,
) -> Result<(), Failure> {
    let applying = &asking.route.limits.shield;
    if applying.is_empty() {
        return Ok(());
    }
    let wanted = wanted(limits, applying.iter().copied(), &Sight::new(asking, None), judged)?;
    judge(host, limits, &wanted, asking, judged).await
}

/// Judges the limits of the route and of the caller's plan.
pub async fn admit<H: Host>(
    host: &H,
    limits: &Limits,
    asking: &Asking<'_>,
    caller: Option<&Caller>,
    judged: &mut Vec<Judged>,
) -> Result<(), Failure> {
    let route = &asking.route.limits;
    let tier = limits.tier_of(caller).and_then(|tier| route.tiers.get(tier));
    let tier = tier.map(Vec::as_slice).unwrap_or_default();
    if route.own.is_empty() && tier.is_empty() {
        return Ok(());
    }
    let applying = route.own.iter().chain(tier).copied();
    let wanted = wanted(limits, applying, &Sight::new(asking, caller), judged)?;
    judge(host, limits, &wanted, asking, judged).await
}

async fn judge<H: Host>(
    host: &H,
    limits: &Limits,
    wanted: &[Wanted],
    asking: &Asking<'_>,
    judged: &mut Vec<Judged>,
) -> Result<(), Failure> {
    if wanted.is_empty() {
        return Ok(());
    }
    let from = judged.len();
    let mut asks: Vec<_> = wanted
        .iter()
        .map(|it| Ask {
            limit: &limits.all[it.limit],
            key: it.key,
            least: it.weight,
            most: it.weight,
            verdict: Verdict::default(),
        })
        .collect();
    match host.memory() {
        Some(memory) => memory.limits.count(&mut asks, asking.now.0),
        None => Counters::default().count(&mut asks, asking.now.0),
    }
    judged.extend(asks.iter().zip(wanted).map(|(ask, wanted)| Judged {
        limit: wanted.limit,
        outcome: match (ask.verdict.enough, ask.limit.shadow) {
            (true, _) => Outcome::Admitted,
            (false, true) => Outcome::Shadowed,
            (false, false) => Outcome::Refused,
        },
        remaining: ask.verdict.remaining,
        reset: ask.verdict.reset,
        retry: ask.verdict.retry,
    }));
    refusal(limits, &judged[from..])
}
