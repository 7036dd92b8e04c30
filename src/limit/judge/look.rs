//! Looks at limits without taking anything.

use super::super::{Ask, Judged, Limits, Outcome, Verdict, Wanted};
use super::group::{Group, ask, those};
use super::store;
use super::unknown;
use crate::breaker::Patience;
use crate::deadline::Deadline;
use crate::host::{Host, UnixMillis};

/// What is left of each limit that is wanted, in the order of places: requests in flight, memory, stores. Nothing is taken,
/// whatever the weights. Of a limit whose outcome is [`Outcome::Allowed`] nobody knows: its store does not answer.
///
/// What this process has taken ahead of use counts as left; what others have taken so does not.
pub async fn look<H: Host>(
    host: &H,
    limits: &Limits,
    wanted: &[Wanted],
    now: UnixMillis,
    deadline: Deadline,
) -> Vec<Judged> {
    let mut seen = Vec::with_capacity(wanted.len());
    let memory = host.memory();
    for (wanted, limit) in those(limits, wanted, Group::Flights) {
        let count = memory.map_or(0, |memory| memory.flights.count(&wanted.key));
        seen.push(known(wanted, limit.algorithm.most().saturating_sub(count), 0));
    }
    let mut asks: Vec<Ask<'_>> = Vec::with_capacity(wanted.len());
    if let Some(memory) = memory {
        asks.extend(those(limits, wanted, Group::Memory).map(|which| glance(ask(which))));
        memory.limits.count(&mut asks, now.0);
        let told = those(limits, wanted, Group::Memory).zip(&asks);
        seen.extend(told.map(|((wanted, _), ask)| known(wanted, ask.verdict.remaining, ask.verdict.reset)));
    }
    for (index, store) in limits.stores.iter().enumerate() {
        let group = Group::AllOfStore(index);
        asks.clear();
        asks.extend(those(limits, wanted, group).map(|which| glance(ask(which))));
        let Some(timeout) = asks.iter().map(|ask| ask.limit.timeout).min() else { continue };
        let patience = Patience::new(host, timeout, deadline);
        let answered = store::count(host, store, &mut asks, now, patience).await.is_ok();
        seen.extend(those(limits, wanted, group).zip(&asks).map(|((wanted, limit), ask)| {
            if !answered {
                return unknown(wanted, limit, Outcome::Allowed);
            }
            let Verdict { remaining, reset, .. } = ask.verdict;
            let ahead = memory.filter(|_| limit.lease > 1).map_or(0, |it| it.leases.left(&wanted.key, now.0));
            known(wanted, remaining.saturating_add(ahead), reset)
        }));
    }
    seen
}

fn glance(ask: Ask<'_>) -> Ask<'_> {
    Ask { least: 0, most: 0, ..ask }
}

fn known(wanted: &Wanted, remaining: u64, reset: u64) -> Judged {
    Judged { limit: wanted.limit, outcome: Outcome::Admitted, remaining, reset, retry: 0 }
}
