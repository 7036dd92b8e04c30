//! Where limits stand in a request's life.

use super::sight::Sight;
use super::wanted::wanted;
use super::{Held, Judged, Limits, Ruling, Wanted, judge, refusal};
use crate::auth::{Asking, Caller};
use crate::host::Host;
use crate::problem::Failure;

/// What limits have said of a request so far, and what it holds of them.
#[derive(Debug)]
pub struct Toll<'a> {
    /// What each limit said, in the order in which they were asked.
    pub judged: &'a mut Vec<Judged>,
    /// What the request holds until its answer has ended.
    pub held: &'a mut Held,
}

/// Judges the route's shield.
///
/// What it takes stays taken whatever becomes of the request: it counts those who come, not those who are let in.
pub async fn shield<H: Host>(
    host: &H,
    limits: &Limits,
    asking: &Asking<'_>,
    toll: Toll<'_>,
) -> Result<(), Failure> {
    let applying = &asking.route.limits.shield;
    if applying.is_empty() {
        return Ok(());
    }
    let wanted = wanted(limits, applying.iter().copied(), &Sight::new(asking, None), toll.judged)?;
    pay(host, limits, &wanted, asking, toll).await
}

/// Judges the limits of the route and of the caller's plan.
pub async fn admit<H: Host>(
    host: &H,
    limits: &Limits,
    asking: &Asking<'_>,
    caller: Option<&Caller>,
    toll: Toll<'_>,
) -> Result<(), Failure> {
    let applying = applying(limits, asking, caller);
    if applying.clone().next().is_none() {
        return Ok(());
    }
    let wanted = wanted(limits, applying, &Sight::new(asking, caller), toll.judged)?;
    pay(host, limits, &wanted, asking, toll).await
}

/// The limits of the route, and those that the caller's plan comes to on it.
pub fn applying<'a>(
    limits: &Limits,
    asking: &Asking<'a>,
    caller: Option<&Caller>,
) -> impl Iterator<Item = usize> + Clone + use<'a> {
    let route = &asking.route.limits;
    let tier = if route.tiers.is_empty() { None } else { limits.tier_of(caller) };
    let tier = tier.and_then(|tier| route.tiers.get(tier)).map(Vec::as_slice).unwrap_or_default();
    route.own.iter().chain(tier).copied()
}

async fn pay<H: Host>(
    host: &H,
    limits: &Limits,
    wanted: &[Wanted],
    asking: &Asking<'_>,
    toll: Toll<'_>,
) -> Result<(), Failure> {
    if wanted.is_empty() {
        return Ok(());
    }
    let mut judgement = judge(host, limits, wanted, asking.now, asking.deadline).await;
    let refused = match judgement.ruling {
        Ruling::Admitted => Ok(()),
        Ruling::Refused | Ruling::Denied => refusal(limits, &judgement.judged),
    };
    toll.held.join(judgement.held);
    if toll.judged.is_empty() {
        *toll.judged = judgement.judged;
    } else {
        toll.judged.append(&mut judgement.judged);
    }
    refused
}
