//! Where a request goes: what is decided while all of it is still there, as it came.

use super::Gateway;
use crate::auth::{Asking, Caller};
use crate::balance;
use crate::host::Host;
use crate::limit::Sight;
use crate::plan::{Action, Route};

/// Where a request goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Course {
    /// The index of the upstream that is asked first.
    pub(super) upstream: usize,
    /// A hash of what its target is chosen by, where it is.
    pub(super) key: Option<u64>,
}

impl<H: Host> Gateway<H> {
    /// Where a request of `caller` goes on `route`.
    pub(super) fn course(&self, route: &Route, asking: &Asking<'_>, caller: Option<&Caller>) -> Course {
        let Action::Proxy(proxy) = &route.action else { return Course::default() };
        let upstream = proxy.upstream;
        Course { upstream, key: self.key(upstream, asking, caller) }
    }

    /// A hash of what targets of the upstream with this index are chosen by, where they are.
    fn key(&self, upstream: usize, asking: &Asking<'_>, caller: Option<&Caller>) -> Option<u64> {
        let parts = self.plan.upstreams.get(upstream)?.balance.policy.key()?;
        balance::key::of(parts, &Sight::new(asking, caller))
    }
}
