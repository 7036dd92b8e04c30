//! Keeps one document: what there is, where it is kept, and whose turn it is to fetch it.
//!
//! On a host with memory, those that need a fetch stand in line for the slot's turn, and whoever gets it looks first
//! whether it is still needed. An instance without memory writes into the store that it is fetching, and others wait
//! for what comes of it; two that begin in the same moment both fetch, which does no harm. With neither memory nor
//! store, every request fetches.

use std::sync::Arc;
use std::time::Duration;

use async_lock::MutexGuardArc;
use bytes::Bytes;

use super::Unavailable;
use super::document::Document;
use super::life::{Decision, Life, Wants, decide};
use super::record::Record;
use super::slots::{Held, Slot};
use crate::host::{Host, UnixMillis};
use crate::plan::StorePlan;

/// One document, and where it is kept.
pub struct Keeper<'a, D: Document> {
    store: Option<&'a StorePlan>,
    id: &'a [u8; 32],
    life: &'a Life,
    context: &'a D::Context,
}

/// What to do next.
pub enum Step<D> {
    /// Take this.
    Ready(Arc<D>),
    /// Somebody else fetches it: look again shortly.
    Later,
    /// Fetch it, and [`Keeper::land`].
    Fetch(Flight<D>),
    /// There is nothing; why, for the operator.
    Unavailable(String),
}

/// A fetch that is under way. Dropped, it gives the turn to the next.
pub struct Flight<D> {
    before: Arc<Held<D>>,
    wants: Wants,
    _turn: Option<MutexGuardArc<()>>,
}

// === impl Keeper ===

impl<'a, D: Document> Keeper<'a, D> {
    /// Keeps the document of this digest.
    pub fn of(
        store: Option<&'a StorePlan>,
        id: &'a [u8; 32],
        life: &'a Life,
        context: &'a D::Context,
    ) -> Self {
        Self { store, id, life, context }
    }

    /// The document in memory, where it is good as it is.
    pub fn ready<H: Host>(&self, host: &H) -> Option<Arc<D>> {
        let held = self.slot(host)?.held();
        let decision = self.decide(&held, host.unix(), None);
        held.document.clone().filter(|_| decision.is_usable())
    }

    /// What to do next to have the document; another than the generation that does not have what was looked for.
    pub async fn step<H: Host>(&self, host: &H, beyond: Option<u64>) -> Step<D> {
        match self.slot(host) {
            Some(slot) => self.step_in_memory(host, &slot, beyond).await,
            None => self.step_in_store(host, beyond).await,
        }
    }

    async fn step_in_memory<H: Host>(&self, host: &H, slot: &Slot<D>, beyond: Option<u64>) -> Step<D> {
        let held = slot.held();
        match self.decide(&held, host.unix(), beyond) {
            // Who does the upkeep will fetch it before it is too late.
            Decision::Use | Decision::RefreshSoon | Decision::UseStale => return held.ready(),
            Decision::Unavailable => return held.unavailable(),
            Decision::RefreshNow | Decision::Await => {}
        }
        let turn = slot.turn.lock_arc().await;
        let held = self.refreshed(host, slot).await;
        match self.decide(&held, host.unix(), beyond) {
            Decision::Use | Decision::RefreshSoon | Decision::UseStale => held.ready(),
            Decision::Unavailable => held.unavailable(),
            Decision::Await => Step::Later,
            Decision::RefreshNow => {
                Step::Fetch(Flight { wants: held.wants(beyond), before: held, _turn: Some(turn) })
            }
        }
    }

    async fn step_in_store<H: Host>(&self, host: &H, beyond: Option<u64>) -> Step<D> {
        let now = host.unix();
        let held = Arc::new(self.load(host, now).await.unwrap_or_default());
        match self.decide(&held, now, beyond) {
            Decision::Use | Decision::UseStale => held.ready(),
            Decision::Unavailable => held.unavailable(),
            Decision::Await => Step::Later,
            Decision::RefreshSoon | Decision::RefreshNow => {
                let claim = Record { times: held.record.times.claim(now), body: held.record.body.clone() };
                self.save(host, &claim).await;
                Step::Fetch(Flight { wants: held.wants(beyond), before: held, _turn: None })
            }
        }
    }

    /// A fetch that upkeep should make now; none where the document is good for a while, or somebody fetches it.
    pub async fn due<H: Host>(&self, host: &H) -> Option<Flight<D>> {
        let slot = self.slot(host)?;
        if !slot.held().record.times.is_due(self.life, host.unix()) {
            return None;
        }
        let turn = slot.turn.try_lock_arc()?;
        let before = self.refreshed(host, &slot).await;
        let due = before.record.times.is_due(self.life, host.unix());
        due.then_some(Flight { before, wants: Wants::Known, _turn: Some(turn) })
    }

    /// Ends a fetch: what came of it is kept, and what there is now is given back. A document that cannot be used never
    /// takes the place of one that can.
    pub async fn land<H: Host>(
        &self,
        host: &H,
        flight: Flight<D>,
        fetched: Result<(Bytes, Duration), String>,
    ) -> Result<Arc<D>, Unavailable> {
        let now = host.unix();
        let Flight { before, wants, _turn: turn } = flight;
        let times = before.record.times;
        let held = match fetched.and_then(|(body, lifetime)| Ok((self.read(&before, &body)?, body, lifetime)))
        {
            Ok((document, body, lifetime)) => Held {
                record: Record { times: times.renew(now, lifetime, wants), body },
                document: Some(document),
                cause: String::new(),
            },
            Err(cause) => Held {
                record: Record { times: times.fail(now), body: before.record.body.clone() },
                document: before.document.clone(),
                cause,
            },
        };
        let held = Arc::new(held);
        if let Some(slot) = self.slot(host) {
            slot.hold(Arc::clone(&held));
        }
        self.save(host, &held.record).await;
        drop(turn);
        match decide(Some(&held.record.times), self.life, now, Wants::Known) {
            Decision::Unavailable => Err(Unavailable { cause: held.cause.clone() }),
            _ => held.document.clone().ok_or_else(|| Unavailable { cause: held.cause.clone() }),
        }
    }

    /// The same document where the same bytes came again: whoever remembers it by its address need not look anew.
    fn read(&self, before: &Held<D>, body: &Bytes) -> Result<Arc<D>, String> {
        match &before.document {
            Some(document) if before.record.body == *body => Ok(Arc::clone(document)),
            _ => D::read(body, self.context).map(Arc::new),
        }
    }

    fn decide(&self, held: &Held<D>, now: UnixMillis, beyond: Option<u64>) -> Decision {
        decide(Some(&held.record.times), self.life, now, held.wants(beyond))
    }

    fn slot<H: Host>(&self, host: &H) -> Option<Arc<Slot<D>>> {
        Some(D::slots(host.memory()?).slot(self.id))
    }

    // === the store ===

    /// What is in memory, or what another instance has fetched since.
    async fn refreshed<H: Host>(&self, host: &H, slot: &Slot<D>) -> Arc<Held<D>> {
        let held = slot.held();
        let Some(stored) = self.load(host, host.unix()).await else { return held };
        let (own, others) = (held.record.times, stored.record.times);
        if others.fetched < own.fetched || (others.fetched == own.fetched && others.asked <= own.asked) {
            return held;
        }
        let stored = Arc::new(stored);
        slot.hold(Arc::clone(&stored));
        stored
    }

    /// What is in the store; `None` where there is nothing, or nothing that could be used. A store that fails is as good
    /// as an empty one: the issuer is asked.
    async fn load<H: Host>(&self, host: &H, now: UnixMillis) -> Option<Held<D>> {
        let bytes = host.get(self.store?, &self.key()).await.ok()??;
        let record = Record::decode(&bytes).filter(|record| record.is_plausible(now))?;
        let document = match record.body.is_empty() {
            true => None,
            false => Some(Arc::new(D::read(&record.body, self.context).ok()?)),
        };
        Some(Held { record, document, cause: "the last fetch, by another instance, was in vain".to_owned() })
    }

    async fn save<H: Host>(&self, host: &H, record: &Record) {
        if let Some(store) = self.store {
            // The next one asks the issuer, as this one did.
            let _ = host.set(store, &self.key(), record.encode().into()).await;
        }
    }

    fn key(&self) -> String {
        use std::fmt::Write as _;
        // Half of the digest tells as many apart as there will ever be.
        self.id[..16].iter().fold(format!("tollgate/{}/", D::PLACE), |mut key, byte| {
            let _ = write!(key, "{byte:02x}");
            key
        })
    }
}

// === impl Held ===

impl<D: Document> Held<D> {
    fn wants(&self, beyond: Option<u64>) -> Wants {
        match (beyond, &self.document) {
            (Some(generation), Some(document)) if document.generation() == generation => Wants::UnknownKey,
            _ => Wants::Known,
        }
    }

    fn ready(&self) -> Step<D> {
        match &self.document {
            Some(document) => Step::Ready(Arc::clone(document)),
            None => self.unavailable(),
        }
    }

    fn unavailable(&self) -> Step<D> {
        Step::Unavailable(self.cause.clone())
    }
}
