//! Who answers, where it is not the gateway by itself.

use super::{Action, Proxy, Route};
use crate::compose::Compose;
use crate::migration::Split;

/// Who answers a request that no kept answer is for.
#[derive(Debug, Clone, Copy)]
pub enum Backend<'a> {
    /// An upstream.
    Upstream(&'a Proxy),
    /// Several of them.
    Parts(&'a Compose),
}

// === impl Route ===

impl Route {
    /// Whether it makes something else of contents on their way.
    pub fn changes_contents(&self) -> bool {
        self.mapping.is_some() || self.transform.is_some() || self.graphql.is_some()
    }

    /// Who answers, where it is not the gateway by itself.
    pub fn backend(&self) -> Option<Backend<'_>> {
        match &self.action {
            Action::Proxy(proxy) => Some(Backend::Upstream(proxy)),
            Action::Compose(compose) => Some(Backend::Parts(compose)),
            _ => None,
        }
    }
}

// === impl Backend ===

impl<'a> Backend<'a> {
    /// What is asked, where that is one upstream.
    pub fn proxy(self) -> Option<&'a Proxy> {
        match self {
            Self::Upstream(proxy) => Some(proxy),
            Self::Parts(_) => None,
        }
    }

    /// Which of several upstreams answers, where that is chosen.
    pub fn split(self) -> Option<&'a Split> {
        match self {
            Self::Upstream(proxy) => proxy.split.as_ref(),
            Self::Parts(_) => None,
        }
    }
}
