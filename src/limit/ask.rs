//! One question to a store: may this request have its permits of this limit?

use super::{Key, Limit, Verdict};

/// One question to a store. All questions of one call are judged together: if one that is not in shadow is refused,
/// nothing is taken for any.
#[derive(Debug)]
pub struct Ask<'a> {
    /// The limit.
    pub limit: &'a Limit,
    /// Whose permits.
    pub key: Key,
    /// How many permits the request needs; 0 for a look.
    pub least: u64,
    /// How many are taken where there are so many: more than `least` for a lease.
    pub most: u64,
    /// The answer.
    pub verdict: Verdict,
}

// === impl Ask ===

impl Ask<'_> {
    /// Whether it turns the request away.
    pub fn refuses(&self) -> bool {
        !self.verdict.enough && !self.limit.shadow
    }
}
