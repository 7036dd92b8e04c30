//! Which upstream is asked where the first has nothing.

use http::{Method, StatusCode};

/// Which upstream is asked where the first has nothing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fallback {
    /// The index of the upstream.
    pub upstream: usize,
    /// Statuses after which it is asked, sorted.
    pub on: Box<[u16]>,
    /// Whether it is asked where the first gives no answer.
    pub on_failure: bool,
    /// The methods it is asked for; `None` for idempotent ones.
    pub methods: Option<Vec<Method>>,
    /// How much of a request's content is kept for it, in bytes.
    pub body: u64,
}

// === impl Fallback ===

impl Fallback {
    /// Whether it is ever asked for requests with `method`.
    pub fn takes(&self, method: &Method) -> bool {
        self.methods.as_ref().map_or_else(|| method.is_idempotent(), |methods| methods.contains(method))
    }

    /// Whether it is asked after an answer with `status`.
    pub fn follows(&self, status: StatusCode) -> bool {
        self.on.binary_search(&status.as_u16()).is_ok()
    }
}
