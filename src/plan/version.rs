//! APIs that have versions, ready to be chosen from.

use super::compile::Context;
use crate::config::Document;
use crate::version::Api;

impl Context<'_> {
    /// Every API, in the order of their names.
    pub(super) fn apis(&mut self, documents: &[(String, Document)]) -> Vec<Api> {
        let _ = documents;
        Vec::new()
    }
}
