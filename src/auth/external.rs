//! A service that is asked about each request.

pub mod fields;

use super::{Admitted, Asking, Found};
use crate::host::Host;

/// A service that is asked about each request, ready to be asked.
#[derive(Debug)]
pub struct External {}

/// Asks the service: what it adds to the request and to the answer, or what the client is told instead.
pub async fn consult<H: Host>(_: &H, _: &External, _: &Asking<'_>) -> Result<Admitted, Found> {
    Ok(Admitted::default())
}
