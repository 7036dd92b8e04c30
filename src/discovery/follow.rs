//! Following a source: what it says is put in force, and where it fails it is asked again, ever more seldom.

use std::sync::Arc;
use std::time::Duration;

use super::{Fault, News, Source, Watch};
use crate::host::{Host, Tick};
use crate::plan::{Target, Upstream};
use crate::pool::Pool;

/// How long there is at least from one word of a source to the next question: what changes all the time is not followed more
/// closely, and a watch that ends at once is no busy loop.
const LEAST_PAUSE: Duration = Duration::from_millis(100);

/// How long a source is left alone after its first failure; twice as long after each further one.
const FIRST_PAUSE: Duration = Duration::from_millis(500);

/// The longest time that a source that fails is left alone.
pub const LONGEST_PAUSE: Duration = Duration::from_secs(30);

/// What is followed, and for which upstream.
#[derive(Debug, Clone, PartialEq)]
pub struct Followed {
    /// The upstream's name.
    pub upstream: Box<str>,
    /// The source.
    pub source: Source,
    /// What all targets have in common.
    pub template: Target,
}

/// Somebody who follows a source.
#[derive(Debug)]
pub struct Follower<W> {
    watch: W,
    failures: u32,
    not_before: Tick,
    /// Why what the source said last could not be used; that it has nothing else to say makes it no better.
    unusable: Option<Fault>,
}

/// What a round came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Round {
    /// Other targets are in force.
    Changed,
    /// The source is well, and the targets are what they were.
    Same,
    /// The source failed, or said what cannot be.
    Failed,
}

// === impl Follower ===

impl<W> Follower<W> {
    /// Nothing has been asked yet.
    pub fn new(watch: W) -> Self {
        Self { watch, failures: 0, not_before: Tick(0), unusable: None }
    }

    /// Waits for the source's next word and puts it in force in `pool`, which is the upstream's. To be called again and again;
    /// waits by itself before it asks somebody who just failed. Dropping the future gives the question up.
    pub async fn round<H: Host>(&mut self, host: &H, followed: &Followed, pool: &Pool) -> Round
    where
        W: Watch<H>,
    {
        if host.tick() < self.not_before {
            host.sleep_until(self.not_before).await;
        }
        let Followed { source, template, .. } = followed;
        let news = self.watch.next(host).await;
        let word = match news {
            Ok(News::Same) => Ok(self.unusable.clone().map_or(Ok(None), Err)),
            Ok(News::Found(found)) => {
                let taken = source.targets(template, found);
                self.unusable = taken.as_ref().err().cloned();
                Ok(taken.map(Some))
            }
            Err(fault) => Err(fault),
        };
        let kind = source.kind.name();
        let Ok(word) = word.inspect_err(|fault| pool.source.note_fault(kind, fault, host.unix())) else {
            self.step_back(host);
            return Round::Failed;
        };
        // It is there, whatever it says: it is listened to, though not more often than need be.
        self.failures = 0;
        match word {
            Ok(taken) => {
                self.not_before = host.tick() + LEAST_PAUSE;
                pool.source.note_good(kind, host.unix());
                let Some(taken) = taken else { return Round::Same };
                let roster = pool.roster();
                let changed = !roster.discovered || *roster.set != taken.set;
                let count = taken.set.members.len();
                pool.source.note_targets(count, (taken.refused, taken.because), changed);
                if !changed {
                    return Round::Same;
                }
                pool.replace(Arc::new(taken.set), true, host.tick());
                Round::Changed
            }
            Err(fault) => {
                pool.source.note_fault(kind, &fault, host.unix());
                self.not_before = host.tick() + FIRST_PAUSE;
                Round::Failed
            }
        }
    }

    fn step_back<H: Host>(&mut self, host: &H)
    where
        W: Watch<H>,
    {
        let mut random = [0; 4];
        host.fill(&mut random);
        let pause = pause(self.failures, u32::from_le_bytes(random));
        self.not_before = host.tick() + pause.min(self.watch.longest_pause());
        self.failures = self.failures.saturating_add(1);
    }
}

impl Followed {
    /// What is followed for `upstream`; `None` where nothing is.
    pub fn of(upstream: &Upstream) -> Option<Self> {
        let source = upstream.discovery.clone()?;
        Some(Self { upstream: upstream.name.clone(), source, template: upstream.target.clone() })
    }
}

/// How long a source is left alone after it failed so many times before: between half of what has doubled each time and all
/// of it, by chance, so that those who lost a source together do not all come back at once.
fn pause(failures: u32, chance: u32) -> Duration {
    let doubled = FIRST_PAUSE.saturating_mul(1 << failures.min(10)).min(LONGEST_PAUSE);
    doubled / 2 + (doubled / 2).mul_f64(f64::from(chance) / f64::from(u32::MAX))
}
