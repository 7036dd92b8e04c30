//! What a caller may do.

use super::{Asking, Caller, Rejection};

/// What a caller must be allowed to do.
#[derive(Debug, Default)]
pub struct Rules {}

/// Whether `caller` may do what it asks for.
pub fn judge(_: &Rules, _: Option<&Caller>, _: &Asking<'_>) -> Result<(), Rejection> {
    Ok(())
}
