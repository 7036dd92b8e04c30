//! Asks the places that count, and says what came of it.
//!
//! All limits of a request are judged together, whatever place they count in: what this process counts first (requests in
//! flight, memory, permits taken ahead), then each store once. Where one that is not in shadow refuses, those that were not
//! asked yet are not asked, and what was taken is given back.
//!
//! A store has as long as the most impatient of the limits that ask it together, and never longer than the request. If it
//! does not answer, each limit does by itself what its author said. A call that is given up may still be counted by the store:
//! that costs its caller permits and admits nobody. The same is true of permits that could not be given back.

use super::concurrency;
use super::lease::{Lease, Spent};
use super::{Ask, Counters, Held, Judged, Limit, Limits, OnFailure, Outcome, Place, Verdict, Wanted};
use crate::breaker::Patience;
use crate::deadline::Deadline;
use crate::host::{Host, UnixMillis};
use crate::memory::Memory;

mod group;
mod look;
mod returned;
mod store;

use group::{Group, ask, those};
pub use look::look;
use store::Unanswered;

/// What came of judging a request.
#[derive(Debug, Default)]
pub struct Judgement {
    /// What each limit said that was asked, in the order in which they were asked.
    pub judged: Vec<Judged>,
    /// What that comes to.
    pub ruling: Ruling,
    /// What the request holds until its answer has ended; nothing where it does not go on.
    pub held: Held,
}

/// What the limits of a request come to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
pub enum Ruling {
    /// It goes on.
    #[default]
    Admitted,
    /// A store did not answer, and a limit lets nobody through without it.
    Denied,
    /// It has not enough permits of those limits whose outcome is [`Outcome::Refused`].
    Refused,
}

/// A request before its judges.
struct Bench<'a, H> {
    host: &'a H,
    limits: &'a Limits,
    wanted: &'a [Wanted],
    now: UnixMillis,
    deadline: Deadline,
    /// Those that took something, by place.
    asks: Vec<Ask<'a>>,
    spent: Vec<Spent<'a>>,
    judgement: Judgement,
}

/// When a client may come again that was refused by a share of a limit which is never enough for it, in milliseconds: the
/// store may be back by then.
const RETRY_LOCALLY: u64 = 1_000;

/// Judges a request that wants permits of so many limits, at `now` and by `deadline`.
pub async fn judge<H: Host>(
    host: &H,
    limits: &Limits,
    wanted: &[Wanted],
    now: UnixMillis,
    deadline: Deadline,
) -> Judgement {
    let judgement = Judgement { judged: Vec::with_capacity(wanted.len()), ..Judgement::default() };
    let asks = Vec::with_capacity(wanted.len());
    let mut bench = Bench { host, limits, wanted, now, deadline, asks, spent: Vec::new(), judgement };
    bench.ask_flights();
    if bench.goes_on() {
        bench.ask_memory();
    }
    if bench.goes_on() && !limits.stores.is_empty() {
        Box::pin(bench.ask_leases()).await;
    }
    if bench.goes_on() && !limits.stores.is_empty() {
        Box::pin(bench.ask_stores()).await;
    }
    if !bench.goes_on() {
        Box::pin(bench.give_back()).await;
    }
    bench.judgement
}

// === impl Bench ===

impl<'a, H: Host> Bench<'a, H> {
    fn goes_on(&self) -> bool {
        self.judgement.ruling == Ruling::Admitted
    }

    fn tell(&mut self, (wanted, limit): (&Wanted, &Limit), verdict: &Verdict) {
        let outcome = match (verdict.enough, limit.shadow) {
            (true, _) => Outcome::Admitted,
            (false, true) => Outcome::Shadowed,
            (false, false) => Outcome::Refused,
        };
        if outcome == Outcome::Refused {
            self.judgement.ruling = Ruling::Refused;
        }
        let &Verdict { remaining, reset, retry, .. } = verdict;
        let retry = if verdict.enough { 0 } else { retry };
        self.judgement.judged.push(Judged { limit: wanted.limit, outcome, remaining, reset, retry });
    }

    // === what this process counts ===

    fn ask_flights(&mut self) {
        for (wanted, limit) in those(self.limits, self.wanted, Group::Flights) {
            let most = limit.algorithm.most();
            // A host without memory has no such limits; an explanation finds nothing in flight.
            let held = self.host.memory().map(|memory| memory.flights.hold(wanted.key, wanted.weight, most));
            let (enough, remaining) = match held {
                None => (wanted.weight <= most, most.saturating_sub(wanted.weight)),
                Some(Err(left)) => (false, left),
                Some(Ok((hold, left))) => {
                    self.judgement.held.push(hold);
                    (true, left)
                }
            };
            let retry = if wanted.weight > most { u64::MAX } else { concurrency::RETRY };
            self.tell((wanted, limit), &Verdict { taken: 0, enough, remaining, reset: 0, retry });
        }
    }

    fn ask_memory(&mut self) {
        self.asks.extend(those(self.limits, self.wanted, Group::Memory).map(ask));
        self.count_in_memory(0);
        self.tell_since(0, those(self.limits, self.wanted, Group::Memory));
    }

    /// Judges the asks from `begin` on, together.
    fn count_in_memory(&mut self, begin: usize) {
        let asks = &mut self.asks[begin..];
        match self.host.memory() {
            _ if asks.is_empty() => {}
            Some(memory) => memory.limits.count(asks, self.now.0),
            // As above: nothing was counted before.
            None => Counters::default().count(asks, self.now.0),
        }
    }

    /// Tells of the asks from `begin` on, which are of `limits`, and forgets them where they took nothing.
    fn tell_since(&mut self, begin: usize, limits: impl Iterator<Item = (&'a Wanted, &'a Limit)>) {
        for (at, which) in (begin..self.asks.len()).zip(limits) {
            let verdict = self.asks[at].verdict;
            self.tell(which, &verdict);
        }
        if self.asks[begin..].iter().any(Ask::refuses) {
            self.asks.truncate(begin);
        }
    }

    // === leases ===

    /// Asks those limits whose permits are taken ahead, one after another: where one refuses, what the others took stays in
    /// this process. Whoever asks holds one key's turn at a time, so that no two requests wait for each other.
    async fn ask_leases(&mut self) {
        for wanted in self.wanted {
            let Some(limit) = self.limits.all.get(wanted.limit).filter(|limit| limit.lease > 1) else {
                continue;
            };
            let (Some(memory), Place::Store(store)) = (self.host.memory(), limit.place) else { continue };
            match self.spend(memory, wanted, limit, store).await {
                Ok(verdict) => self.tell((wanted, limit), &verdict),
                Err(Unanswered) => self.go_without(Group::One(wanted.limit)),
            }
            if !self.goes_on() {
                return;
            }
        }
    }

    /// Spends of what was taken ahead, or takes more.
    async fn spend(
        &mut self,
        memory: &Memory,
        wanted: &Wanted,
        limit: &'a Limit,
        store: usize,
    ) -> Result<Verdict, Unanswered> {
        let lease = memory.leases.of(&wanted.key);
        let verdict = match lease.spend(wanted.weight, self.now.0) {
            Some(verdict) => verdict,
            None => self.take_ahead(memory, &lease, wanted, limit, store).await?,
        };
        if verdict.enough {
            self.spent.push(lease.spent(limit, wanted.weight));
        }
        Ok(verdict)
    }

    async fn take_ahead(
        &self,
        memory: &Memory,
        lease: &Lease,
        wanted: &Wanted,
        limit: &Limit,
        store: usize,
    ) -> Result<Verdict, Unanswered> {
        let (weight, now) = (wanted.weight, self.now.0);
        let plan = self.limits.stores.get(store).ok_or(Unanswered)?;
        let patience = Patience::new(self.host, limit.timeout, self.deadline);
        if memory.breakers.of(plan).is_open(self.host.tick()) {
            memory.breakers.note_skipped();
            return Err(Unanswered);
        }
        let _turn = store::within(self.host, patience.due, lease.turn.lock()).await?;
        // Whoever had the turn before may have brought enough.
        if let Some(verdict) = lease.spend(weight, now) {
            return Ok(verdict);
        }
        let claim = lease.claim(limit, weight, now);
        let (least, most) = claim.need();
        let mut asks = [Ask { limit, key: wanted.key, least, most, verdict: Verdict::default() }];
        store::count(self.host, plan, &mut asks, self.now, patience).await?;
        Ok(claim.fill(&asks[0].verdict, now))
    }

    // === stores ===

    async fn ask_stores(&mut self) {
        // Without memory nothing can be taken ahead.
        let group = if self.host.memory().is_some() { Group::Store } else { Group::AllOfStore };
        for (index, store) in self.limits.stores.iter().enumerate() {
            let group = group(index);
            let begin = self.asks.len();
            self.asks.extend(those(self.limits, self.wanted, group).map(ask));
            let asks = &mut self.asks[begin..];
            let Some(timeout) = asks.iter().map(|ask| ask.limit.timeout).min() else { continue };
            let patience = Patience::new(self.host, timeout, self.deadline);
            match store::count(self.host, store, asks, self.now, patience).await {
                Ok(()) => self.tell_since(begin, those(self.limits, self.wanted, group)),
                Err(Unanswered) => {
                    self.asks.truncate(begin);
                    self.go_without(group);
                }
            }
            if !self.goes_on() {
                return;
            }
        }
    }

    /// The store of these limits does not answer: each does what its author said.
    fn go_without(&mut self, group: Group) {
        let memory = self.host.memory().is_some();
        let is_local = |limit: &Limit| memory && matches!(limit.on_failure, OnFailure::Local(_));
        let (limits, wanted) = (self.limits, self.wanted);
        for (wanted, limit) in those(limits, wanted, group).filter(|(_, limit)| !is_local(limit)) {
            let denied = limit.on_failure == OnFailure::Deny && !limit.shadow;
            let outcome = if denied { Outcome::Denied } else { Outcome::Allowed };
            if denied {
                self.judgement.ruling = self.judgement.ruling.max(Ruling::Denied);
            }
            self.judgement.judged.push(unknown(wanted, limit, outcome));
        }
        let local = those(limits, wanted, group).filter(|(_, limit)| is_local(limit));
        let begin = self.asks.len();
        self.asks.extend(local.clone().map(|(wanted, limit)| {
            let share = limit.local.as_deref().unwrap_or(limit);
            Ask { key: wanted.key.locally(), ..ask((wanted, share)) }
        }));
        self.count_in_memory(begin);
        for ask in &mut self.asks[begin..] {
            if ask.verdict.retry == u64::MAX {
                ask.verdict.retry = RETRY_LOCALLY;
            }
        }
        self.tell_since(begin, local);
    }

    // === giving back ===

    /// The request goes no further: everybody gets back what was taken.
    async fn give_back(&mut self) {
        self.judgement.held.release();
        if let Some(memory) = self.host.memory() {
            memory.breakers.note_lost(self.spent.drain(..).map(Spent::give_back).sum());
        }
        let asks = std::mem::take(&mut self.asks);
        returned::tell(self.limits, self.wanted, &asks, &mut self.judgement.judged);
        let mut rest = asks.as_slice();
        while let Some(first) = rest.first() {
            let place = first.limit.place;
            let (asks, others) =
                rest.split_at(rest.iter().take_while(|ask| ask.limit.place == place).count());
            rest = others;
            match (place, self.host.memory()) {
                (Place::Memory, Some(memory)) => memory.limits.give_back(asks, self.now.0),
                (Place::Memory, None) => {}
                (Place::Store(index), _) => {
                    store::give_back(self.host, &self.limits.stores[index], asks, self.now).await;
                }
            }
        }
    }
}

/// Nobody knows what is left of this limit.
fn unknown(wanted: &Wanted, limit: &Limit, outcome: Outcome) -> Judged {
    Judged { limit: wanted.limit, outcome, remaining: limit.algorithm.most(), reset: 0, retry: 0 }
}
