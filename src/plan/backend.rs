//! Who answers.

use super::{Backend, Proxy};
use crate::migration::Split;

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
