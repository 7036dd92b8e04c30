//! Sources that are asked over HTTP, on every host.

use std::time::Duration;

use super::{Fault, Kind, News, Source, Watch, consul, etcd, eureka, follow, kubernetes, registry};
use crate::host::Host;

/// A watch of a source that is asked over HTTP. Its first word is one question and no more, so that a host that does not live
/// on can ask by it too.
pub enum Watcher<H: Host> {
    /// etcd.
    Etcd(etcd::Watcher<H>),
    /// Consul.
    Consul(consul::Watcher),
    /// Kubernetes.
    Kubernetes(kubernetes::Watcher<H>),
    /// Eureka.
    Eureka(eureka::Watcher),
    /// The gateway's own registry.
    Registry(registry::Watcher),
}

// === impl Watcher ===

impl<H: Host> Watcher<H> {
    /// A watch of `source`; `None` where it is not asked over HTTP.
    pub fn of(source: &Source) -> Option<Self> {
        let (timeout, interval) = (source.timeout, source.interval);
        match &source.kind {
            Kind::Dns(_) | Kind::File(_) => None,
            Kind::Consul(consul) => Some(Self::Consul(consul::Watcher::new(consul, timeout, interval))),
            Kind::Kubernetes(it) => Some(Self::Kubernetes(kubernetes::Watcher::new(it, timeout))),
            Kind::Eureka(eureka) => Some(Self::Eureka(eureka::Watcher::new(eureka, timeout, interval))),
            Kind::Registry(it) => Some(Self::Registry(registry::Watcher::new(it, interval))),
            Kind::Etcd(etcd) => Some(Self::Etcd(etcd::Watcher::new(etcd, source))),
        }
    }
}

impl<H: Host> Watch<H> for Watcher<H> {
    async fn next(&mut self, host: &H) -> Result<News, Fault> {
        match self {
            Self::Etcd(watcher) => Box::pin(watcher.next(host)).await,
            Self::Consul(watcher) => Box::pin(watcher.next(host)).await,
            Self::Kubernetes(watcher) => Box::pin(watcher.next(host)).await,
            Self::Eureka(watcher) => Box::pin(watcher.next(host)).await,
            Self::Registry(watcher) => Box::pin(watcher.next(host)).await,
        }
    }

    fn longest_pause(&self) -> Duration {
        match self {
            Self::Registry(_) => registry::LONGEST_PAUSE,
            _ => follow::LONGEST_PAUSE,
        }
    }
}
