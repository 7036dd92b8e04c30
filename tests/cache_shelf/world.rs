//! Requests for a few addresses, and a gateway that keeps answers to them.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode};
use tollgate::cache::key::{Digest, Keys};
use tollgate::cache::life::Life;
use tollgate::cache::policy::{KeyParts, Lifetimes, Passes, Place};
use tollgate::cache::purge::{self, Order, tag};
use tollgate::cache::rules::NotKept;
use tollgate::cache::shelf::{self, Found, Sought};
use tollgate::cache::{Caching, Entry, Policy, Shelves};
use tollgate::deadline::Deadline;
use tollgate::host::Clock as _;
use tollgate::memory::Memory;
use tollgate::plan::StorePlan;

use crate::instance::Instance;

/// Why an answer is not kept that was asked for earlier.
pub const INVALID: NotKept = NotKept("its address was made invalid since it was asked for");

/// An instance with a configuration.
pub struct World {
    pub instance: Instance,
    pub caching: Caching,
    pub policy: Policy,
}

/// A request.
#[derive(Debug, Clone)]
pub struct Request {
    pub keys: Keys,
    pub headers: HeaderMap,
}

impl World {
    /// Keeps in memory.
    pub fn in_memory() -> Self {
        Self::of(Instance::new(Some(Arc::default()), true), Place::Memory)
    }

    /// Keeps in a store, and believes memory for so many seconds.
    pub fn in_store(trust: u64) -> Self {
        let mut world = Self::of(Instance::new(Some(Arc::default()), true), Place::Store(0));
        world.caching.trust_memory = Duration::from_secs(trust);
        world
    }

    /// Keeps in a store that forgets nothing and has so many places, on a host without memory.
    pub fn forgetful(places: u32) -> Self {
        let mut world = Self::of(Instance::new(None, false), Place::Store(0));
        world.caching.places = places;
        world
    }

    pub fn of(instance: Instance, place: Place) -> Self {
        let caching = Caching { stores: vec![StorePlan::default()], used: true, ..Caching::default() };
        Self { instance, caching, policy: policy(place) }
    }

    /// Another instance with the same clock and the same store.
    pub fn other(&self) -> Self {
        let memory = self.instance.memory.as_ref().map(|_| Arc::new(Memory::default()));
        let instance = Instance { memory, ..self.instance.clone() };
        Self { caching: self.caching.clone(), ..Self::of(instance, self.policy.place) }
    }

    pub fn shelves(&self) -> &Shelves {
        &self.instance.memory.as_ref().unwrap().cache
    }

    pub fn run<T>(&self, story: impl Future<Output = T>) -> T {
        self.instance.sim.run(story).unwrap()
    }

    pub fn find(&self, request: &Request) -> Found {
        let sought = request.sought();
        self.run(shelf::find(&self.instance, &self.caching, &self.policy, &sought, Deadline::never()))
    }

    /// Keeps, in whatever place, an answer that was asked for when `found` was.
    pub fn keep(&self, request: &Request, found: &Found, entry: Entry) -> Result<(), NotKept> {
        let Self { instance, caching, policy } = self;
        let (sought, seen) = (request.sought(), &found.seen);
        let entry = Arc::new(Entry { serial: seen.serial, ..entry });
        match self.policy.place {
            Place::Memory => shelf::remember(instance, policy, &sought, seen, &entry),
            Place::Store(_) => self.run(shelf::store(instance, caching, policy, &sought, seen, &entry)),
        }
    }

    /// Looks, and keeps an answer.
    pub fn fill(&self, request: &Request, entry: Entry) -> Result<(), NotKept> {
        self.keep(request, &self.find(request), entry)
    }

    pub fn invalidate(&self, address: u8) -> bool {
        let address = Digest([address; 32]);
        self.run(shelf::invalidate(&self.instance, &self.caching, &self.policy, &address, Deadline::never()))
    }

    pub fn purge(&self, order: &Order) -> bool {
        let done = self.run(purge::purge(&self.instance, &self.caching, order, Deadline::never()));
        done.iter().all(|done| done.serial.is_ok())
    }

    /// The content that a request gets; `None` where nothing is found.
    pub fn body(&self, request: &Request) -> Option<String> {
        let entry = self.find(request).entry?;
        Some(String::from_utf8(entry.body.to_vec()).unwrap())
    }

    pub fn later(&self, seconds: u64) {
        self.run(self.instance.sim.sleep(Duration::from_secs(seconds)));
    }

    /// An answer that is fresh for a minute.
    pub fn answer(&self, body: &str, fields: &[(&str, &str)]) -> Entry {
        let fresh = Duration::from_secs(60);
        Entry {
            status: StatusCode::OK,
            headers: headers(fields),
            body: Bytes::copy_from_slice(body.as_bytes()),
            life: Life { received: self.instance.unix(), fresh, ..Life::default() },
            tags: vec![tag(b"shop")],
            serial: 0,
        }
    }
}

impl Request {
    pub fn new(address: u8, fields: &[(&str, &str)]) -> Self {
        Self { keys: Keys { address: Digest([address; 32]), part: None }, headers: headers(fields) }
    }

    pub fn of(mut self, caller: u8) -> Self {
        self.keys.part = Some(Digest([caller; 32]));
        self
    }

    pub fn sought(&self) -> Sought<'_> {
        Sought { keys: &self.keys, headers: &self.headers, host: "shop.test", target: "/a/b?c" }
    }
}

pub fn policy(place: Place) -> Policy {
    Policy {
        place,
        digest: [0; 16],
        key: KeyParts::default(),
        passes: Passes::default(),
        lifetimes: Lifetimes::default(),
        ignore_client: false,
        set_cookie: false,
        etag: false,
        largest: 1000 << 10,
        coalesce: Duration::ZERO,
    }
}

pub fn headers(fields: &[(&str, &str)]) -> HeaderMap {
    let mut headers = HeaderMap::new();
    for (name, value) in fields {
        let name = HeaderName::try_from(*name).unwrap();
        headers.append(name, HeaderValue::try_from(*value).unwrap());
    }
    headers
}

/// The same story in memory, in a store with and without memory in front of it, and on a host that has none.
pub fn everywhere(story: impl Fn(&World)) {
    for world in [World::in_memory(), World::in_store(0), World::in_store(10), World::forgetful(4096)] {
        story(&world);
    }
}
