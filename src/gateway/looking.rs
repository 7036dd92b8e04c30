//! Looking for a kept answer, and waiting for one that somebody else fetches, in the process or elsewhere.

use std::sync::Arc;

use super::Gateway;
use super::cached::Wanted;
use crate::cache::Entry;
use crate::cache::fetches::{Joined, Landing};
use crate::cache::key::{self, Digest};
use crate::cache::lease::{self, Pauses};
use crate::cache::policy::Place;
use crate::cache::rules::{self, Reuse};
use crate::cache::shelf::{self, Found};
use crate::cache::status::{Forward, Hit};
use crate::cache::turn::Turn;
use crate::host::{Host, Tick};
use crate::problem::{Failure, Problem};
use crate::telemetry::Record;

/// How often a store is looked at because something was written into it meanwhile.
const LOOKS: usize = 3;

/// What looking came to.
pub(super) enum Looked {
    /// This may be given.
    Give(Arc<Entry>, Hit),
    /// This may be given, and a new one should be fetched.
    GiveAndRefresh(Found, Arc<Entry>),
    /// The upstream must be asked.
    Ask(Found, Forward, Turn),
}

/// What is there, looked at by the rules.
enum Seen {
    Enough(Looked),
    /// Not enough, and why.
    Lacking(Found, Forward),
}

impl<H: Host> Gateway<H> {
    /// Looks for an answer, and waits for one that somebody else fetches.
    pub(super) async fn look(&self, wanted: &Wanted<'_>, record: &mut Record) -> Result<Looked, Failure> {
        let Wanted { policy, asked, deadline, .. } = *wanted;
        // Most requests end here, and need nothing else.
        if policy.place == Place::Memory
            && let Seen::Enough(looked) = self.look_once(wanted).await
        {
            return Ok(looked);
        }
        let mut waits = !policy.coalesce.is_zero() && wanted.is_like_others();
        let due = deadline.or_after(record.begun, Some(policy.coalesce));
        let mut turn = Turn::default();
        let fetches = self.host.memory().map(|memory| &memory.fetches);
        // What stands for writing an answer to the same into its store.
        let writing = (policy.place != Place::Memory).then(|| key::writing(&wanted.keys));
        let mut looks = LOOKS;
        loop {
            looks = looks.saturating_sub(1);
            let before = self.written(writing);
            let (found, why) = match self.look_once(wanted).await {
                Seen::Enough(looked) => return Ok(looked),
                Seen::Lacking(found, why) => (found, why),
            };
            if looks > 0 && self.is_written_since(wanted, writing, before).await {
                continue;
            }
            if asked.only_if_cached {
                return Err(Problem::NotCached.into());
            }
            let joined = match fetches.filter(|_| waits && turn.lead.is_none()) {
                Some(fetches) => fetches.join(key::alike(policy, &wanted.keys, &wanted.head.headers)),
                None if waits => {
                    return Box::pin(self.take_lease(wanted, (found, why), turn, due, record)).await;
                }
                None => return Ok(Looked::Ask(found, why, turn)),
            };
            match joined {
                // Whoever fetched it until now may have kept it since it was looked for: in memory it costs nothing to look
                // again, in a store only where somebody did.
                Joined::Lead(lead) => {
                    turn.lead = Some(lead);
                    if writing.is_some() && self.written(writing) == before {
                        return Box::pin(self.take_lease(wanted, (found, why), turn, due, record)).await;
                    }
                }
                Joined::Wait(follow) => {
                    record.cache.get_or_insert_default().collapse(why);
                    match follow.landing(&self.host, due).await {
                        Some(Landing::Abandoned) => {}
                        // It is there now, or was not meant for this request: then that asks for itself.
                        Some(Landing::Kept | Landing::NotKept) | None => waits = false,
                        Some(Landing::Failed(problem)) => return self.after_failure(wanted, found, problem),
                    }
                }
            }
        }
    }

    /// A number that is another one when an answer to the same was written into the store.
    fn written(&self, writing: Option<Digest>) -> Option<u64> {
        Some(self.host.memory()?.fetches.ended(&writing?))
    }

    /// Whether an answer was written into the store since, or is by now: what a store says is old when it arrives, and who
    /// has an answer and asks again should find it.
    async fn is_written_since(
        &self,
        wanted: &Wanted<'_>,
        writing: Option<Digest>,
        before: Option<u64>,
    ) -> bool {
        let Some((memory, writing)) = self.host.memory().zip(writing) else { return false };
        match memory.fetches.follow(&writing) {
            None => Some(memory.fetches.ended(&writing)) != before,
            Some(follow) => {
                let due = wanted.deadline.or_after(self.host.tick(), Some(self.plan.caching.timeout));
                follow.landing(&self.host, due).await.is_some()
            }
        }
    }

    async fn look_once(&self, wanted: &Wanted<'_>) -> Seen {
        let Wanted { policy, asked, deadline, .. } = *wanted;
        let found = shelf::find(&self.host, &self.plan.caching, policy, &wanted.sought(), deadline).await;
        let why = match &found.entry {
            Some(entry) => match rules::reuse(&entry.life, &asked, found.purged, self.host.unix()) {
                Reuse::Fresh => return Seen::Enough(Looked::Give(Arc::clone(entry), Hit::Fresh)),
                Reuse::Stale => return Seen::Enough(Looked::Give(Arc::clone(entry), Hit::Stale)),
                Reuse::WhileRevalidate => {
                    let entry = Arc::clone(entry);
                    return Seen::Enough(Looked::GiveAndRefresh(found, entry));
                }
                Reuse::Validate(why) => why,
            },
            None if found.others => Forward::VaryMiss,
            None => Forward::UriMiss,
        };
        Seen::Lacking(found, why)
    }

    /// Whether another instance fetches the answer; then waits for what it keeps.
    async fn take_lease(
        &self,
        wanted: &Wanted<'_>,
        (mut found, mut why): (Found, Forward),
        mut turn: Turn,
        due: Tick,
        record: &mut Record,
    ) -> Result<Looked, Failure> {
        let (policy, deadline, caching) = (wanted.policy, wanted.deadline, &self.plan.caching);
        let key = key::alike(policy, &wanted.keys, &wanted.head.headers);
        if turn.take(&self.host, &self.plan, policy, key, deadline).await {
            // Whoever had the turn before may have kept it since it was looked for.
            if turn.lease.is_some() {
                match self.look_once(wanted).await {
                    Seen::Enough(looked) => {
                        turn.land(&self.host, Landing::Kept);
                        return Ok(looked);
                    }
                    Seen::Lacking(other, reason) => (found, why) = (other, reason),
                }
            }
            return Ok(Looked::Ask(found, why, turn));
        }
        let Place::Store(index) = policy.place else { return Ok(Looked::Ask(found, why, turn)) };
        let Some(store) = caching.stores.get(index) else { return Ok(Looked::Ask(found, why, turn)) };
        record.cache.get_or_insert_default().collapse(why);
        let mut pauses = Pauses::until(due);
        while let Some(next) = pauses.next(self.host.tick()) {
            self.host.sleep_until(next).await;
            let held = lease::is_held(&self.host, caching, store, &key, deadline).await;
            match self.look_once(wanted).await {
                Seen::Enough(looked) => {
                    // Those who wait here find in memory what was found in the store.
                    turn.land(&self.host, Landing::Kept);
                    return Ok(looked);
                }
                Seen::Lacking(other, reason) => (found, why) = (other, reason),
            }
            if !held {
                break;
            }
        }
        Ok(Looked::Ask(found, why, turn))
    }

    /// What those get who waited for a fetch that failed.
    fn after_failure(&self, wanted: &Wanted<'_>, found: Found, problem: Problem) -> Result<Looked, Failure> {
        let now = self.host.unix();
        let stale = found.entry.filter(|entry| rules::rescues(&entry.life, &wanted.asked, None, now));
        match stale {
            Some(entry) => Ok(Looked::Give(entry, Hit::Rescued)),
            None => Err(Failure::from(problem).cause("another request for the same failed")),
        }
    }
}
