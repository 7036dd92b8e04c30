//! The seam: everything the core asks of the world. Nothing else in the core does I/O.
//!
//! Small traits, static dispatch, plain `async fn`, and no `Send` bound: in the native runner the host type is
//! concrete, so that the compiler proves `Send` there; in a component nothing asks for it. The price is three rules
//! for the core: never spawn, never erase the type of a future, and keep no closure alive across an `.await`. What is large
//! and rare is awaited as `Box::pin(…).await`, so that it is no part of what is moved for each request.

#![allow(async_fn_in_trait, reason = "see above: Send is proved where the host is concrete")]

use std::fmt;
use std::future::Future;
use std::ops::{Add, Sub};
use std::time::Duration;

use bytes::Bytes;
use http::{Request, Response};

use crate::body::{Body, BodyError, Upload};
use crate::gateway::Afterwards;
use crate::limit::Ask;
use crate::memory::Memory;
use crate::plan::{Patience, StorePlan, Target};
use crate::telemetry::Record;

pub mod values;

/// A moment of civil time, in milliseconds since 1970-01-01T00:00:00Z.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
pub struct UnixMillis(pub u64);

/// A moment of a clock that never goes back, in nanoseconds since a beginning of the host's choice.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
pub struct Tick(pub u64);

/// What time it is, and waiting.
pub trait Clock {
    /// A wait that ends by itself.
    type Sleep: Future<Output = ()>;
    /// Civil time, for logs and dates.
    fn unix(&self) -> UnixMillis;
    /// For measuring and for deadlines.
    fn tick(&self) -> Tick;
    /// Ends when `tick` is reached; at once if it has passed.
    fn sleep_until(&self, tick: Tick) -> Self::Sleep;
}

/// Random numbers good enough for identifiers and for cryptography.
pub trait Random {
    /// Overwrites `bytes`.
    fn fill(&self, bytes: &mut [u8]);
}

/// Named values that stand in no file: secrets above all.
pub trait Variables {
    /// The variable's value; `None` where there is none of that name.
    async fn variable(&self, name: &str) -> Result<Option<Secret>, VariableError>;
}

/// One exchange with an upstream: no retries, no redirects, and no timeouts but the one for connecting, which only
/// the host can see. All else is policy, and policy is the core's.
pub trait HttpClient {
    /// A body that arrives: a client's or an upstream's.
    type Stream: http_body::Body<Data = Bytes, Error = BodyError> + Unpin + 'static;
    /// Sends `request` to `target`, whose scheme and authority the request's URI has, and waits for the head of the
    /// answer. Dropping the future gives the exchange up. `patience.connect` bounds the making of a connection; the
    /// other spans are for hosts that must be told them too, because their own are far too long.
    async fn send(
        &self,
        target: &Target,
        patience: &Patience,
        request: Request<Body<Upload<Self::Stream>>>,
    ) -> Result<Response<Self::Stream>, SendError>;
    /// Whether `target` takes a connection within `patience`, over which nothing is sent. Only hosts that
    /// [probe](crate::plan::Abilities::probes) need it.
    async fn reach(&self, target: &Target, patience: Duration) -> Result<(), SendError> {
        let _ = (target, patience);
        Err(SendError::unsent(SendErrorKind::Host, "this host makes no connections of its own"))
    }
}

/// A store of small values that all instances of a gateway share: Spin's key-value store, or the native runner's.
/// What must end says so in its value, because not every store forgets. Keys are made by the gateway, never by a client.
pub trait KeyValue {
    /// The value of `key`; `None` where there is none.
    async fn get(&self, store: &StorePlan, key: &str) -> Result<Option<Bytes>, StoreError>;
    /// Writes `key`, whatever it was before.
    async fn set(&self, store: &StorePlan, key: &str, value: Bytes) -> Result<(), StoreError>;
    /// Removes `key`; no error where there is none.
    async fn delete(&self, store: &StorePlan, key: &str) -> Result<(), StoreError>;
    /// Writes `key`, which is of no use after `keep`. Where the store [forgets](Self::forgets), it is gone then; it is never
    /// gone sooner, unless the store has no room.
    async fn set_for(
        &self,
        store: &StorePlan,
        key: &str,
        value: Bytes,
        keep: Duration,
    ) -> Result<(), StoreError> {
        let _ = keep;
        self.set(store, key, value).await
    }
    /// Writes `key` where it is `before` (`None`: where there is none), and says whether it was. Of use for `keep`, as
    /// in [`Self::set_for`]; for good where that is `None`, whatever it was before. A store that does not
    /// [swap exactly](Self::swaps_exactly) does it in two steps, and two who do it at the same time may both be told that
    /// they did.
    async fn swap(
        &self,
        store: &StorePlan,
        key: &str,
        before: Option<&[u8]>,
        after: Bytes,
        keep: Option<Duration>,
    ) -> Result<bool, StoreError> {
        swap_in_two(self, store, key, before, after, keep).await
    }
    /// Whether [`Self::swap`] is one step for all who share `store`.
    fn swaps_exactly(&self, store: &StorePlan) -> bool {
        let _ = store;
        false
    }
    /// Whether `store` forgets what [`Self::set_for`] wrote when its time is over. One that does not must be given a bounded
    /// number of keys.
    fn forgets(&self, store: &StorePlan) -> bool {
        let _ = store;
        false
    }
}

/// [`KeyValue::swap`] in two steps, for stores that cannot do it in one.
pub async fn swap_in_two<K: KeyValue + ?Sized>(
    host: &K,
    store: &StorePlan,
    key: &str,
    before: Option<&[u8]>,
    after: Bytes,
    keep: Option<Duration>,
) -> Result<bool, StoreError> {
    if host.get(store, key).await?.as_deref() != before {
        return Ok(false);
    }
    match keep {
        Some(keep) => host.set_for(store, key, after, keep).await?,
        None => host.set(store, key, after).await?,
    }
    Ok(true)
}

/// Counts against limits, for all instances together.
pub trait Count {
    /// Judges `asks` together in `store`, at `now` (a store with a clock of its own uses that): either all that are not in
    /// shadow have their permits, or nothing is taken for any. Fills in the verdicts.
    async fn count(&self, store: &StorePlan, asks: &mut [Ask<'_>], now: UnixMillis)
    -> Result<(), StoreError>;
    /// Gives back what the verdicts of `asks` took, because the request goes no further.
    async fn give_back(&self, store: &StorePlan, asks: &[Ask<'_>], now: UnixMillis)
    -> Result<(), StoreError>;
}

/// Work that takes long on purpose.
pub trait Compute {
    /// Does `work`, where it holds up nobody else; on a host with one thread, at once. `None` where too much of it waits
    /// already: whoever asks for more should be told so, and not wait too.
    async fn compute<T: Send + 'static>(&self, work: impl FnOnce() -> T + Send + 'static) -> Option<T>;
}

/// What a host keeps in memory between requests.
pub trait Remember {
    /// The memory; `None` on a host that makes a fresh instance for each request.
    fn memory(&self) -> Option<&Memory>;
}

/// Work that no answer waits for.
pub trait Defer {
    /// Has `work` done by [`crate::gateway::settle`] later, or not at all where there is too much of it: nothing depends on
    /// it but speed. Must not block.
    fn defer(&self, work: Afterwards);
}

/// Where finished requests are told to.
pub trait Observe {
    /// A request is over, body included. Must not block and cannot fail.
    fn observe(&self, record: &Record);
}

/// All of it. Cloning a host is cheap and gives the same host.
pub trait Host:
    Clock
    + Random
    + Variables
    + KeyValue
    + Count
    + Compute
    + Remember
    + Defer
    + HttpClient
    + Observe
    + Clone
    + 'static
{
}

impl<
    H: Clock
        + Random
        + Variables
        + KeyValue
        + Count
        + Compute
        + Remember
        + Defer
        + HttpClient
        + Observe
        + Clone
        + 'static,
> Host for H
{
}

/// A value that must not be seen: no `Debug`, no `Display`, no serialisation.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(String);

/// Why a variable could not be read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VariableError {
    /// For the operator; holds no value.
    pub cause: String,
}

/// Why a store could not be read or written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoreError {
    /// For the operator; holds no value.
    pub cause: String,
}

/// Why an exchange gave no answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SendError {
    /// What happened.
    pub kind: SendErrorKind,
    /// Whether the upstream may have begun to act on the request: decides whether it may be sent again.
    pub reached: Reached,
    /// For the operator, never for the client.
    pub cause: String,
}

/// What went wrong with an exchange.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SendErrorKind {
    /// The upstream's name has no address.
    Dns,
    /// Nothing listens there, or the network has no way.
    Refused,
    /// No connection in time.
    ConnectTimeout,
    /// A host with a limit of its own gave up waiting for the answer.
    AnswerTimeout,
    /// TLS could not be agreed on, or the certificate is not the upstream's.
    Tls,
    /// The upstream closed or reset the connection before the head of its answer was complete.
    Terminated,
    /// The upstream's answer is not HTTP.
    Protocol,
    /// The host forbids the address.
    Prohibited,
    /// The request's body ended in an error; see [`Upload`].
    RequestBody,
    /// The host itself failed.
    Host,
}

/// Whether an upstream may have begun to act on a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reached {
    /// Not one byte was sent.
    No,
    /// It may have.
    Maybe,
}

// === impl Tick ===

impl Tick {
    /// The span since `earlier`; none where `earlier` is later.
    pub fn since(self, earlier: Self) -> Duration {
        Duration::from_nanos(self.0.saturating_sub(earlier.0))
    }
}

impl Add<Duration> for Tick {
    type Output = Self;

    fn add(self, span: Duration) -> Self {
        Self(self.0.saturating_add(u64::try_from(span.as_nanos()).unwrap_or(u64::MAX)))
    }
}

impl Sub for Tick {
    type Output = Duration;

    fn sub(self, earlier: Self) -> Duration {
        self.since(earlier)
    }
}

// === impl Secret ===

impl Secret {
    /// Hides `value`.
    pub fn new(value: impl Into<String>) -> Self {
        Self(value.into())
    }

    /// The value itself. Whoever calls this answers for where it goes.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(…)")
    }
}

// === impl SendError ===

impl SendError {
    /// An error before anything was sent.
    pub fn unsent(kind: SendErrorKind, cause: impl fmt::Display) -> Self {
        Self { kind, reached: Reached::No, cause: cause.to_string() }
    }

    /// An error after something may have been sent.
    pub fn sent(kind: SendErrorKind, cause: impl fmt::Display) -> Self {
        Self { kind, reached: Reached::Maybe, cause: cause.to_string() }
    }
}
