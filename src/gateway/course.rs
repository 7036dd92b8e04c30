//! Where a request goes: what is decided while all of it is still there, as it came.

use super::Gateway;
use crate::auth::{Asking, Caller};
use crate::balance;
use crate::deadline::Deadline;
use crate::host::Host;
use crate::limit::Sight;
use crate::migration::Split;
use crate::plan::{Action, Route};

/// Where a request goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Course {
    /// The index of the upstream that is asked first.
    pub(super) upstream: usize,
    /// A hash of what its target is chosen by, where it is.
    pub(super) key: Option<u64>,
    /// A mirror gets it too.
    pub(super) mirrored: bool,
}

impl<H: Host> Gateway<H> {
    /// Where a request of `caller` goes on `route`.
    pub(super) async fn course(
        &self,
        route: &Route,
        asking: &Asking<'_>,
        caller: Option<&Caller>,
        deadline: Deadline,
    ) -> Course {
        let Action::Proxy(proxy) = &route.action else { return Course::default() };
        let upstream = match &proxy.split {
            None => None,
            Some(split) => Box::pin(self.part_of(route, split, asking, caller, deadline)).await,
        };
        let mirror = proxy.mirror.as_ref();
        let mirrored =
            mirror.is_some_and(|mirror| mirror.takes(&Sight::new(asking, caller), || self.chance()));
        let upstream = upstream.unwrap_or(proxy.upstream);
        Course { upstream, key: self.key(upstream, asking, caller), mirrored }
    }

    /// A hash of what targets of the upstream with this index are chosen by, where they are.
    fn key(&self, upstream: usize, asking: &Asking<'_>, caller: Option<&Caller>) -> Option<u64> {
        let parts = self.plan.upstreams.get(upstream)?.balance.policy.key()?;
        balance::key::of(parts, &Sight::new(asking, caller))
    }

    /// The upstream of a split that a request goes to, by the weights in force.
    async fn part_of(
        &self,
        route: &Route,
        split: &Split,
        asking: &Asking<'_>,
        caller: Option<&Caller>,
        deadline: Deadline,
    ) -> Option<usize> {
        let (mut document, mut set) = (None, None);
        if split.is_adjustable() {
            match &self.plan.live {
                Some(_) => document = self.live_document(deadline).await,
                None => {
                    set = self.host.memory().and_then(|memory| memory.migration.weights_of(&route.id));
                }
            }
        }
        let of_document = document.as_ref().and_then(|document| document.weights_of(&route.id));
        split.choose(&Sight::new(asking, caller), of_document.or(set.as_deref()), || self.chance())
    }
}
