//! Another upstream that gets requests too.

use std::time::Duration;

use http::Method;

use super::{Compare, Share};
use crate::limit::{KeyPart, Sight, key};

/// Another upstream that gets requests too.
#[derive(Debug, Clone)]
pub struct Mirror {
    /// The index of the upstream.
    pub upstream: usize,
    /// Of how many requests.
    pub share: Share,
    /// What callers are told apart by; empty for chance.
    pub by: Vec<KeyPart>,
    /// What goes into the hash beside it.
    pub salt: Box<str>,
    /// The methods of requests that it gets; `None` for idempotent ones.
    pub methods: Option<Vec<Method>>,
    /// How much content a request may have that it gets, in bytes.
    pub body: u64,
    /// How long it may take.
    pub timeout: Duration,
    /// How many requests of the route it is asked at once.
    pub at_once: u32,
    /// Whether it gets what callers prove themselves by.
    pub credentials: bool,
    /// How its answers are compared; `None` for not at all.
    pub compare: Option<Compare>,
}

// === impl Mirror ===

impl Mirror {
    /// Whether it gets a request: by its method, and as one of the share.
    pub fn takes(&self, sight: &Sight<'_>, chance: impl FnOnce() -> u64) -> bool {
        let method = &sight.asking.head.method;
        let may = self.methods.as_ref().map_or_else(|| method.is_idempotent(), |all| all.contains(method));
        if !may || self.share == Share::ALL {
            return may;
        }
        self.share.has(match self.by.as_slice() {
            [] => chance(),
            by => key::point(&self.salt, by, sight),
        })
    }
}
