//! Where a request goes: what is decided while all of it is still there, as it came.

use super::Gateway;
use crate::auth::{Asking, Caller};
use crate::host::Host;
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
        let _ = (asking, caller);
        Course { upstream: proxy.upstream, key: None }
    }
}
