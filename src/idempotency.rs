//! Requests that are done once, however often they are sent.

/// What becomes of requests with an `Idempotency-Key`.
#[derive(Debug, Clone)]
pub struct Idempotency {}
