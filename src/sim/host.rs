//! The simulated host: a world in memory.

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::fmt;
use std::future::poll_fn;
use std::rc::Rc;
use std::time::Duration;

use bytes::Bytes;
use http::header::{CONTENT_LENGTH, HeaderValue};
use http::request::Parts;
use http::{Request, Response};

use super::body::{Intake, SimStream};
use super::clock::{Deadlock, SimSleep, VirtualClock};
use super::upstream::{Fault, Received, Recorder, Replies, Reply};
use crate::body::{Body, Upload};
use crate::gateway::Afterwards;
use crate::host::{
    Clock, Compute, Count, Defer, HttpClient, KeyValue, Observe, Random, Remember, Secret, SendError,
    SendErrorKind, StoreError, Tick, UnixMillis, VariableError, Variables,
};
use crate::limit::{Ask, Counters, slots};
use crate::memory::Memory;
use crate::plan::{Patience, StorePlan, Target};
use crate::telemetry::{Record, line};

/// A host that is nothing but memory: time is virtual, chance is seeded, upstreams answer by a script, and everything
/// is written down. Clones are the same world.
#[derive(Debug, Clone, Default)]
pub struct SimHost(Rc<World>);

#[derive(Debug, Default)]
struct World {
    clock: VirtualClock,
    random: Cell<u64>,
    variables: RefCell<BTreeMap<String, String>>,
    memory: Memory,
    /// Whether each request meets a fresh instance.
    forgets: Cell<bool>,
    /// By label and key.
    stored: RefCell<Stored>,
    /// What the store has counted.
    counted: Counters,
    /// Whether the store is out of order.
    store_fails: Cell<bool>,
    /// By authority: the upstream's name and what it answers.
    upstreams: RefCell<BTreeMap<String, (String, Replies)>>,
    /// By authority: upstreams that decide at the time what they answer.
    living: RefCell<BTreeMap<String, Living>>,
    received: Rc<RefCell<Vec<Received>>>,
    log: RefCell<Vec<serde_json::Value>>,
    /// What no answer waits for.
    deferred: RefCell<Vec<Afterwards>>,
}

/// An upstream that decides at the time what it answers.
struct Living(Box<Answers>);

/// What an upstream answers to a head at a time.
type Answers = dyn FnMut(&Parts, Tick) -> Reply;

impl fmt::Debug for Living {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Living")
    }
}

/// Values by label and key, each with when it is gone.
type Stored = BTreeMap<(String, String), (Option<Tick>, Bytes)>;

/// When a simulated world begins: 2026-01-01T00:00:00Z.
const BEGINNING: u64 = 1_767_225_600_000;

// === impl SimHost ===

impl SimHost {
    /// An empty world whose chance follows from `seed`.
    pub fn new(seed: u64) -> Self {
        let host = Self::default();
        host.0.random.set(seed);
        host
    }

    /// Sets a variable.
    pub fn set_variable(&self, name: impl Into<String>, value: impl Into<String>) {
        self.0.variables.borrow_mut().insert(name.into(), value.into());
    }

    /// Puts an upstream at `authority`, in place of any that was there.
    pub fn set_upstream(&self, authority: &str, name: &str, replies: Replies) {
        self.0.upstreams.borrow_mut().insert(authority.to_owned(), (name.to_owned(), replies));
    }

    /// Puts an upstream at `authority` that decides at the time what it answers to a request's head.
    pub fn set_living(&self, authority: &str, answers: impl FnMut(&Parts, Tick) -> Reply + 'static) {
        self.0.living.borrow_mut().insert(authority.to_owned(), Living(Box::new(answers)));
    }

    /// Puts a value into the store.
    pub fn put(&self, label: &str, key: &str, value: &str) {
        let value = Bytes::copy_from_slice(value.as_bytes());
        self.0.stored.borrow_mut().insert((label.to_owned(), key.to_owned()), (None, value));
    }

    /// Puts the store out of order, or back in order.
    pub fn fail_store(&self, fails: bool) {
        self.0.store_fails.set(fails);
    }

    /// Makes the host one that keeps nothing in memory, as a component's does, or one that does.
    pub fn forget(&self, forgets: bool) {
        self.0.forgets.set(forgets);
    }

    /// Takes what was deferred since it was last taken.
    pub fn take_deferred(&self) -> Vec<Afterwards> {
        self.0.deferred.take()
    }

    fn in_order(&self) -> Result<(), StoreError> {
        match self.0.store_fails.get() {
            true => Err(StoreError { cause: "out of order".to_owned() }),
            false => Ok(()),
        }
    }

    fn stored<T>(
        &self,
        store: &StorePlan,
        key: &str,
        act: impl FnOnce(&mut Stored, (String, String)) -> T,
    ) -> Result<T, StoreError> {
        self.in_order()?;
        let key = (store.label.to_string(), key.to_owned());
        let mut stored = self.0.stored.borrow_mut();
        if stored.get(&key).and_then(|(gone, _)| *gone).is_some_and(|gone| gone <= self.tick()) {
            stored.remove(&key);
        }
        Ok(act(&mut stored, key))
    }

    /// From when what is kept for so long is gone; never where the store is one that forgets nothing.
    fn gone(&self, store: &StorePlan, keep: Option<Duration>) -> Option<Tick> {
        keep.filter(|_| self.forgets(store)).map(|keep| self.tick() + keep)
    }

    /// The clock.
    pub fn clock(&self) -> &VirtualClock {
        &self.0.clock
    }

    /// Drives `future` to its end, which takes virtual time only.
    pub fn run<F: Future>(&self, future: F) -> Result<F::Output, Deadlock> {
        self.0.clock.run(future)
    }

    /// Waits.
    pub async fn sleep(&self, span: Duration) {
        self.sleep_until(self.tick() + span).await;
    }

    /// Takes what the upstreams have received so far.
    pub fn take_received(&self) -> Vec<Received> {
        std::mem::take(&mut *self.0.received.borrow_mut())
    }

    /// Takes the access log's lines so far.
    pub fn take_log(&self) -> Vec<serde_json::Value> {
        std::mem::take(&mut *self.0.log.borrow_mut())
    }

    fn reply(&self, target: &Target, head: &Parts) -> Result<(String, Reply), SendError> {
        let authority = target.authority.as_str();
        if let Some(Living(answers)) = self.0.living.borrow_mut().get_mut(authority) {
            return Ok((authority.to_owned(), answers(head, self.tick())));
        }
        let mut upstreams = self.0.upstreams.borrow_mut();
        let Some((name, replies)) = upstreams.get_mut(target.authority.as_str()) else {
            return Err(SendError::unsent(SendErrorKind::Dns, format!("{} has no script", target.authority)));
        };
        let asked = head.uri.path_and_query().map_or("", |target| target.as_str());
        match replies.next(&head.method, asked) {
            Some(reply) => Ok((name.clone(), reply)),
            None => Err(SendError::unsent(SendErrorKind::Host, format!("{name} has no reply for {asked}"))),
        }
    }
}

/// What goes wrong before a byte is sent.
async fn connect(host: &SimHost, fault: Option<Fault>, patience: &Patience) -> Result<(), SendError> {
    let kind = match fault {
        Some(Fault::Dns) => SendErrorKind::Dns,
        Some(Fault::Refuse) => SendErrorKind::Refused,
        Some(Fault::Tls) => SendErrorKind::Tls,
        Some(Fault::Prohibited) => SendErrorKind::Prohibited,
        Some(Fault::ConnectTimeout) => {
            host.sleep(patience.connect).await;
            SendErrorKind::ConnectTimeout
        }
        _ => return Ok(()),
    };
    Err(SendError::unsent(kind, "scripted"))
}

/// What goes wrong once the request was sent.
async fn answer(fault: Option<Fault>) -> Result<(), SendError> {
    let kind = match fault {
        Some(Fault::Close | Fault::Reset | Fault::HeadCut) => SendErrorKind::Terminated,
        Some(Fault::Garbage) => SendErrorKind::Protocol,
        Some(Fault::Stall) => std::future::pending().await,
        _ => return Ok(()),
    };
    Err(SendError::sent(kind, "scripted"))
}

fn response(reply: Reply, head: &Parts, clock: &VirtualClock) -> Response<SimStream> {
    let announced = reply.body.announced();
    let stream = match reply.has_content(&head.method) {
        true => SimStream::new(reply.body, clock.clone()),
        false => SimStream::empty(clock.clone()),
    };
    let mut response = Response::new(stream);
    *response.status_mut() = reply.status;
    *response.headers_mut() = reply.headers;
    let bare = matches!(reply.status.as_u16(), 100..=199 | 204 | 304);
    if let Some(length) = announced.filter(|_| !bare) {
        response.headers_mut().entry(CONTENT_LENGTH).or_insert(HeaderValue::from(length));
    }
    response
}

impl HttpClient for SimHost {
    type Stream = SimStream;

    async fn send(
        &self,
        target: &Target,
        patience: &Patience,
        request: Request<Body<Upload<SimStream>>>,
    ) -> Result<Response<SimStream>, SendError> {
        let (head, body) = request.into_parts();
        let (name, reply) = self.reply(target, &head)?;
        connect(self, reply.fault, patience).await?;
        let mut intake = Intake { body, recorder: Recorder::begin(&self.0.received, &name, &head) };
        if !reply.early {
            let taken = poll_fn(|cx| intake.poll(cx)).await;
            taken.map_err(|error| SendError::sent(SendErrorKind::RequestBody, error))?;
        }
        self.sleep(reply.delay).await;
        answer(reply.fault).await?;
        let early = reply.early;
        let response = response(reply, &head, self.clock());
        Ok(if early { response.map(|stream| stream.beside(intake)) } else { response })
    }
}

impl Clock for SimHost {
    type Sleep = SimSleep;

    fn unix(&self) -> UnixMillis {
        UnixMillis(BEGINNING + self.tick().0 / 1_000_000)
    }

    fn tick(&self) -> Tick {
        self.0.clock.now()
    }

    fn sleep_until(&self, tick: Tick) -> SimSleep {
        self.0.clock.sleep_until(tick)
    }
}

impl Random for SimHost {
    fn fill(&self, bytes: &mut [u8]) {
        for chunk in bytes.chunks_mut(8) {
            // SplitMix64: good enough to look random, and the same on every machine.
            let state = self.0.random.get().wrapping_add(0x9e37_79b9_7f4a_7c15);
            self.0.random.set(state);
            let mixed = (state ^ (state >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
            let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
            let word = (mixed ^ (mixed >> 31)).to_le_bytes();
            chunk.copy_from_slice(&word[..chunk.len()]);
        }
    }
}

impl Variables for SimHost {
    async fn variable(&self, name: &str) -> Result<Option<Secret>, VariableError> {
        Ok(self.0.variables.borrow().get(name).map(Secret::new))
    }
}

impl KeyValue for SimHost {
    async fn get(&self, store: &StorePlan, key: &str) -> Result<Option<Bytes>, StoreError> {
        self.stored(store, key, |stored, key| stored.get(&key).map(|(_, value)| value.clone()))
    }

    async fn set(&self, store: &StorePlan, key: &str, value: Bytes) -> Result<(), StoreError> {
        self.stored(store, key, |stored, key| drop(stored.insert(key, (None, value))))
    }

    async fn delete(&self, store: &StorePlan, key: &str) -> Result<(), StoreError> {
        self.stored(store, key, |stored, key| drop(stored.remove(&key)))
    }

    async fn set_for(
        &self,
        store: &StorePlan,
        key: &str,
        value: Bytes,
        keep: Duration,
    ) -> Result<(), StoreError> {
        let gone = self.gone(store, Some(keep));
        self.stored(store, key, |stored, key| drop(stored.insert(key, (gone, value))))
    }

    async fn swap(
        &self,
        store: &StorePlan,
        key: &str,
        before: Option<&[u8]>,
        after: Bytes,
        keep: Option<Duration>,
    ) -> Result<bool, StoreError> {
        let gone = self.gone(store, keep);
        self.stored(store, key, |stored, key| {
            let same = stored.get(&key).map(|(_, value)| &**value) == before;
            if same {
                stored.insert(key, (gone, after));
            }
            same
        })
    }

    fn swaps_exactly(&self, store: &StorePlan) -> bool {
        self.forgets(store)
    }

    /// Not where each request meets a fresh instance: there it is what Spin's is.
    fn forgets(&self, store: &StorePlan) -> bool {
        store.redis.is_some() || !self.0.forgets.get()
    }
}

/// Exactly, as the native server does; where each request meets a fresh instance, in slots of the store, as a component
/// does on a platform that can do no better.
impl Count for SimHost {
    async fn count(
        &self,
        store: &StorePlan,
        asks: &mut [Ask<'_>],
        now: UnixMillis,
    ) -> Result<(), StoreError> {
        if self.0.forgets.get() && store.redis.is_none() {
            return slots::count(self, store, asks, now).await;
        }
        self.in_order()?;
        self.0.counted.count(asks, now.0);
        Ok(())
    }

    async fn give_back(
        &self,
        store: &StorePlan,
        asks: &[Ask<'_>],
        now: UnixMillis,
    ) -> Result<(), StoreError> {
        if self.0.forgets.get() && store.redis.is_none() {
            return slots::give_back(self, store, asks, now).await;
        }
        self.in_order()?;
        self.0.counted.give_back(asks, now.0);
        Ok(())
    }
}

impl Compute for SimHost {
    async fn compute<T: Send + 'static>(&self, work: impl FnOnce() -> T + Send + 'static) -> Option<T> {
        Some(work())
    }
}

impl Remember for SimHost {
    fn memory(&self) -> Option<&Memory> {
        (!self.0.forgets.get()).then_some(&self.0.memory)
    }
}

impl Defer for SimHost {
    fn defer(&self, work: Afterwards) {
        self.0.deferred.borrow_mut().push(work);
    }
}

impl Observe for SimHost {
    fn observe(&self, record: &Record) {
        // A line that is no JSON would be a bug of the line's own; null shows it to whoever looks.
        let line = serde_json::from_str(&line::json(record)).unwrap_or_default();
        self.0.log.borrow_mut().push(line);
    }
}
