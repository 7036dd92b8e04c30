//! Another upstream that gets requests too.

use std::time::Duration;

use http::Method;
use http::header::HeaderName;

use super::Share;
use crate::limit::KeyPart;

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
    /// How many requests of a route it is asked at once.
    pub at_once: u32,
    /// Fields that it does not get.
    pub withheld: Vec<HeaderName>,
}

// === impl Mirror ===

impl Mirror {
    /// Whether it gets requests with `method`.
    pub fn takes(&self, method: &Method) -> bool {
        self.methods.as_ref().map_or_else(|| method.is_idempotent(), |methods| methods.contains(method))
    }
}
