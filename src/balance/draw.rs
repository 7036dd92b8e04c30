//! Drawing one target of a level.

use std::sync::atomic::Ordering;
use std::time::Duration;

use super::hash::{below, mix, mix_two, share};
use super::set::Level;
use super::{Choosing, Policy, ewma, rendezvous};
use crate::host::Tick;
use crate::pool::TargetState;

/// How often is drawn before all are looked at: where half of all are unfit, one choice in 256 needs more.
const MOST_DRAWS: u32 = 8;

/// The share that a target has at least while it joins: without any it would learn nothing.
const LEAST_WARMTH: f64 = 0.1;

/// Draws for one choice. The same `Choosing` draws the same, but for turns.
pub(super) struct Draws<'a> {
    choosing: &'a Choosing<'a>,
    /// How many random numbers were used.
    used: u64,
    /// How many targets were drawn.
    drawn: u64,
}

// === impl Draws ===

impl<'a> Draws<'a> {
    pub(super) fn new(choosing: &'a Choosing<'a>) -> Self {
        Self { choosing, used: 0, drawn: 0 }
    }

    /// Random bits.
    fn bits(&mut self) -> u64 {
        self.used += 1;
        mix_two(self.choosing.chance, self.used)
    }

    /// What the request is balanced by; chance, where it has nothing of the kind.
    fn key(&self) -> u64 {
        self.choosing.key.unwrap_or(self.choosing.chance)
    }

    /// From 0 up to 1: by the key where targets are drawn by it, so that a key keeps to its level, else by chance.
    pub(super) fn point(&mut self) -> f64 {
        match self.choosing.balance.policy.key() {
            Some(_) => share(mix(self.key() ^ LEVELS)),
            None => share(self.bits()),
        }
    }

    /// A target of `level`, by weight, whether or not it may be asked.
    pub(super) fn draw(&mut self, level: &Level) -> usize {
        let drawn = self.drawn;
        self.drawn += 1;
        let place = match self.choosing.balance.policy {
            Policy::Rendezvous { .. } => return self.best(level, |_| true).unwrap_or(0),
            Policy::Maglev { .. } if !level.table.is_empty() => {
                let key = mix_two(self.key(), drawn);
                let size = u64::try_from(level.table.len()).unwrap_or(1);
                let place = usize::try_from(below(size, key)).unwrap_or(0);
                level.table[place].into()
            }
            // A set that was made for another policy, in the moment when the plan changes.
            Policy::Maglev { .. } => return self.best(level, |_| true).unwrap_or(0),
            Policy::RoundRobin => level.in_turn(self.choosing.turn.fetch_add(1, Ordering::Relaxed)),
            Policy::Random | Policy::LeastRequests | Policy::PeakEwma => {
                let bits = self.bits();
                level.by_chance(bits)
            }
        };
        level.members[place] as usize
    }

    /// The target with the best score among those that `may`.
    fn best(&self, level: &Level, may: impl Fn(usize) -> bool) -> Option<usize> {
        rendezvous::best(self.choosing.set, level, self.key(), may)
    }

    /// A target of `level` that `may` be asked; `None` where there is none. Where none of the first few that are drawn may,
    /// all are looked at, and one of those that may is drawn by weight.
    pub(super) fn pick(&mut self, level: &Level, may: &impl Fn(usize) -> bool) -> Option<usize> {
        if let Policy::Rendezvous { .. } = self.choosing.balance.policy {
            return self.best(level, may);
        }
        for _ in 0..MOST_DRAWS {
            let at = self.draw(level);
            if may(at) && self.is_warm(at) {
                return Some(self.better(level, at, may));
            }
        }
        if self.choosing.balance.policy.key().is_some() {
            return self.best(level, may);
        }
        self.among(level, may)
    }

    fn among(&mut self, level: &Level, may: &impl Fn(usize) -> bool) -> Option<usize> {
        let those = || {
            let all = level.members.iter().enumerate().map(|(place, at)| (place, *at as usize));
            all.filter(|(_, at)| may(*at)).map(|(place, at)| (u64::from(level.weight_of(place)), at))
        };
        let mut point = below(those().map(|(weight, _)| weight).sum(), self.bits());
        let mut last = None;
        for (weight, at) in those() {
            if point < weight {
                return Some(at);
            }
            point -= weight;
            // Fewer may than a moment ago.
            last = Some(at);
        }
        last
    }

    fn state(&self, at: usize) -> Option<&'a TargetState> {
        self.choosing.states.get(at).map(|state| &**state)
    }

    /// Whether a target that joined a while ago takes this request: as likely as it is through with joining.
    pub(super) fn is_warm(&mut self, at: usize) -> bool {
        let Some(span) = self.choosing.balance.slow_start else { return true };
        let warmth = self
            .state(at)
            .map_or(1.0, |state| warmth(state.joined.load(Ordering::Relaxed), span, self.choosing.now));
        warmth >= 1.0 || share(self.bits()) < warmth
    }

    /// Of `drawn` and another one that may be asked, the one with less to do, where the policy looks at that.
    pub(super) fn better(&mut self, level: &Level, drawn: usize, may: &impl Fn(usize) -> bool) -> usize {
        let by_time = match self.choosing.balance.policy {
            Policy::LeastRequests => false,
            Policy::PeakEwma => true,
            _ => return drawn,
        };
        let Some(one) = self.state(drawn) else { return drawn };
        for _ in 0..MOST_DRAWS {
            let bits = self.bits();
            let at = level.members[level.by_chance(bits)] as usize;
            if at == drawn {
                continue;
            }
            let Some(other) = self.state(at).filter(|_| may(at) && self.is_warm(at)) else { return drawn };
            let load = |at: usize, state: &TargetState| self.load(by_time, at, state);
            return if load(at, other) < load(drawn, one) { at } else { drawn };
        }
        drawn
    }

    /// What a target has to do, for each of its weight.
    fn load(&self, by_time: bool, at: usize, state: &TargetState) -> f64 {
        let in_flight = state.in_flight.load(Ordering::Relaxed);
        let all = match by_time {
            true => ewma::cost(state.load.load(Ordering::Relaxed), in_flight, self.choosing.now),
            false => f64::from(in_flight),
        };
        all / f64::from(self.choosing.set.members[at].weight.max(1))
    }
}

/// Keeps the choice of a level apart from choices within it.
const LEVELS: u64 = 0x6c65_7665_6c73_0001;

/// How much of its share a target has that joined at tick `joined` (0: it was there from the beginning).
fn warmth(joined: u64, span: Duration, now: Tick) -> f64 {
    if joined == 0 {
        return 1.0;
    }
    let age = Duration::from_nanos(now.0.saturating_sub(joined));
    (age.as_secs_f64() / span.as_secs_f64().max(1e-9)).max(LEAST_WARMTH)
}
