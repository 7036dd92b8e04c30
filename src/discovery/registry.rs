//! Tollgate's own registry: instances of services register themselves, again and again, and vanish when they stop.
//!
//! Each service has one document in a store, with the moment until which each of its instances is good. Whoever writes it reads
//! it first, and writes only where it is still the same; whoever reads it judges by the own clock. No clock of anybody is
//! believed further than [`document::SKEW`].

pub mod document;
pub mod keeping;
pub mod registration;

use std::sync::Arc;
use std::time::Duration;

use super::{Allow, Fault, Found, News};
use crate::deadline::Deadline;
use crate::host::{Host, Tick};
use crate::plan::StorePlan;

/// How long an instance may stay after it registered last.
pub const LONGEST_TTL: Duration = Duration::from_secs(3600);

/// The longest name of a service or an instance, in bytes: as long as a label of DNS may be (RFC 1035 section 2.3.4), which is
/// what most are called by.
pub const LONGEST_NAME: usize = 63;

/// The longest time that a store which fails is left alone by whoever follows: it is no stranger's, and has a breaker.
pub const LONGEST_PAUSE: Duration = Duration::from_secs(2);

/// The registry of a gateway.
#[derive(Debug, Clone, PartialEq)]
pub struct Registry {
    /// Where it is kept.
    pub store: StorePlan,
    /// What may be registered.
    pub allow: Allow,
    /// How long an instance stays after it registered last.
    pub ttl: Duration,
    /// How many instances a service may have.
    pub most: usize,
    /// Whether a consumer registers instances of the service of its own name only.
    pub own_name_only: bool,
    /// How long the store may take for each step.
    pub timeout: Duration,
    /// The services, in the order of their names. There are no others, so that nobody fills the store with names.
    pub services: Vec<Service>,
}

/// A service that may register.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Service {
    /// Its name.
    pub name: Box<str>,
    /// Whether its instances speak https, where that is known.
    pub secure: Option<bool>,
}

/// What a route of the registry is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Part {
    /// All services.
    Services,
    /// The instances of one.
    Service,
    /// One instance.
    Instance,
}

/// A service of the registry, as a source of targets.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Registered {
    /// Where the registry is kept.
    pub store: StorePlan,
    /// The name of the service.
    pub service: Box<str>,
    /// How long the store may take.
    pub timeout: Duration,
}

/// A watch of the registry: no store says when something changes, so that the document is read again and again.
#[derive(Debug)]
pub struct Watcher {
    registered: Arc<Registered>,
    interval: Duration,
    next: Tick,
    /// What was said last; `None` before the first word, and after a fault.
    said: Option<Vec<Found>>,
}

// === impl Registry ===

impl Registry {
    /// The service of this name.
    pub fn service(&self, name: &str) -> Option<&Service> {
        let at = self.services.binary_search_by(|service| (*service.name).cmp(name)).ok()?;
        self.services.get(at)
    }
}

// === impl Watcher ===

impl Watcher {
    /// Nothing has been asked yet.
    pub fn new(registered: &Arc<Registered>, interval: Duration) -> Self {
        Self { registered: Arc::clone(registered), interval, next: Tick(0), said: None }
    }

    /// See [`super::Watch::next`].
    pub async fn next<H: Host>(&mut self, host: &H) -> Result<News, Fault> {
        if host.tick() < self.next {
            host.sleep_until(self.next).await;
        }
        let said = self.said.take();
        let Registered { store, service, timeout } = &*self.registered;
        let document = keeping::read(host, store, service, *timeout, Deadline::never()).await;
        self.next = host.tick() + self.interval;
        let document = document.map_err(|error| Fault::new(error.cause))?;
        // Judged anew each time: instances vanish without anybody writing anything.
        let found = document.found(host.unix());
        let same = said.is_some_and(|said| said == found);
        self.said = Some(found.clone());
        Ok(if same { News::Same } else { News::Found(found) })
    }
}
