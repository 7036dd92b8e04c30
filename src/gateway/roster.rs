//! Which targets a request may go to: those that are written, or those that were found.

use std::sync::Arc;

use super::attempts::Delivery;
use super::{Afterwards, Gateway};
use crate::balance::Set;
use crate::discovery::cached::Asking;
use crate::discovery::publish::published;
use crate::discovery::registry::{Registered, keeping};
use crate::discovery::{Kind, Source};
use crate::health::sharing;
use crate::host::Host;
use crate::pool::{Pool, Roster};

impl<H: Host> Gateway<H> {
    /// The targets in force, with what is known about each.
    pub(super) async fn roster(&self, delivery: &Delivery<'_>) -> Arc<Roster> {
        let upstream = delivery.upstream;
        match (delivery.pool, &upstream.discovery) {
            (Some(pool), None) => pool.roster(),
            (Some(pool), Some(source)) => {
                // Until the source has said something to this process, what it said to another is the best there is, and the
                // registry can be read by anybody.
                if !pool.source.has_spoken() {
                    match &source.kind {
                        Kind::Registry(registered) => {
                            Box::pin(self.take_registered(delivery, source, registered, pool)).await;
                        }
                        _ if self.plan.live.is_some() => {
                            Box::pin(self.take_published(delivery, source, pool)).await;
                        }
                        _ => {}
                    }
                }
                pool.roster()
            }
            (None, None) => Box::pin(self.judged(delivery, None)).await,
            (None, Some(source)) => {
                let found = match &source.kind {
                    Kind::Registry(registered) => {
                        Box::pin(self.read_registered(delivery, source, registered)).await
                    }
                    _ => Box::pin(self.read_found(delivery, source)).await,
                };
                Box::pin(self.judged(delivery, found)).await
            }
        }
    }

    /// The targets that were found, or those that are written, with what others have told about each.
    async fn judged(&self, delivery: &Delivery<'_>, found: Option<Set>) -> Arc<Roster> {
        let Delivery { upstream, deadline, .. } = *delivery;
        let discovered = found.is_some();
        let set = found.map_or_else(|| Arc::clone(&upstream.targets), Arc::new);
        Arc::new(match &upstream.health.share {
            Some(store) => {
                let roster = sharing::roster(&self.host, upstream, &set, store, deadline).await;
                Roster { discovered, ..roster }
            }
            None => Roster { set, discovered, ..Roster::default() },
        })
    }

    /// What the live document says, put in force where that has changed.
    async fn take_published(&self, delivery: &Delivery<'_>, source: &Source, pool: &Pool) {
        let Some(document) = self.live_document(delivery.deadline).await else { return };
        let upstream = delivery.upstream;
        if pool.source.note_document(&document)
            && let Some(Ok(taken)) = published(&document, &upstream.name, (source, &upstream.target))
        {
            pool.replace(Arc::new(taken.set), true, self.host.tick());
        }
    }

    /// What was found, on a host that remembers nothing: what the live document says, or else what the source said when it
    /// was asked last.
    async fn read_found(&self, delivery: &Delivery<'_>, source: &Source) -> Option<Set> {
        if let Some(set) = self.read_published(delivery, source).await {
            return Some(set);
        }
        let cached = source.cached.as_ref()?;
        let upstream = delivery.upstream;
        let asking = Asking {
            upstream: upstream.name.clone(),
            source: source.clone(),
            template: upstream.target.clone(),
        };
        let looked = asking.look(&self.host, cached, delivery.deadline).await;
        if looked.again {
            self.host.defer(Afterwards::discover(asking));
        }
        looked.taken.map(|taken| taken.set)
    }

    /// What the live document says, on a host that remembers nothing. Where it says what cannot be, the targets that are
    /// written are as good as any.
    async fn read_published(&self, delivery: &Delivery<'_>, source: &Source) -> Option<Set> {
        let document = self.live_document(delivery.deadline).await?;
        let upstream = delivery.upstream;
        let taken = published(&document, &upstream.name, (source, &upstream.target))?.ok()?;
        Some(taken.set)
    }

    /// What is registered, put in force where that has changed.
    async fn take_registered(
        &self,
        delivery: &Delivery<'_>,
        source: &Source,
        registered: &Registered,
        pool: &Pool,
    ) {
        let Some(set) = self.read_registered(delivery, source, registered).await else { return };
        let roster = pool.roster();
        if !roster.discovered || *roster.set != set {
            pool.replace(Arc::new(set), true, self.host.tick());
        }
    }

    /// What is registered. Where the store does not say, or what cannot be, what is in force already is as good as any.
    async fn read_registered(
        &self,
        delivery: &Delivery<'_>,
        source: &Source,
        registered: &Registered,
    ) -> Option<Set> {
        let Registered { store, service, timeout } = registered;
        let read = keeping::read(&self.host, store, service, *timeout, delivery.deadline).await;
        let found = read.ok()?.found(self.host.unix());
        Some(source.targets(&delivery.upstream.target, found).ok()?.set)
    }
}
