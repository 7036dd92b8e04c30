//! Sources that are asked over HTTP, on every host.

use super::{Fault, Kind, News, Source, Watch, etcd};
use crate::host::Host;

/// A watch of a source that is asked over HTTP. Its first word is one question and no more, so that a host that does not live
/// on can ask by it too.
pub enum Watcher<H: Host> {
    /// etcd.
    Etcd(etcd::Watcher<H>),
}

// === impl Watcher ===

impl<H: Host> Watcher<H> {
    /// A watch of `source`; `None` where it is not asked over HTTP.
    pub fn of(source: &Source) -> Option<Self> {
        match &source.kind {
            Kind::Dns(_) | Kind::File(_) => None,
            Kind::Etcd(etcd) => Some(Self::Etcd(etcd::Watcher::new(etcd, source))),
        }
    }
}

impl<H: Host> Watch<H> for Watcher<H> {
    async fn next(&mut self, host: &H) -> Result<News, Fault> {
        match self {
            Self::Etcd(watcher) => Box::pin(watcher.next(host)).await,
        }
    }
}
