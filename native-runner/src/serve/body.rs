//! What arrives after a request's head: why reading a body failed.

use std::error::Error;
use std::io;

use super::ambiguity::Ambiguity;

/// Whether `error`, from reading a request's body or from the upstream client that was sending it, means that the
/// body's framing was wrong: then the answer is this ambiguity's, and the connection is closed. `None` if the client
/// went away or something else broke.
pub fn fault(error: &(dyn Error + 'static)) -> Option<Ambiguity> {
    let mut next = Some(error);
    while let Some(error) = next {
        if let Some(error) = error.downcast_ref::<io::Error>() {
            return reason(error);
        }
        next = error.source();
    }
    None
}

/// The guard's own reason, or hyper's.
fn reason(error: &io::Error) -> Option<Ambiguity> {
    if let Some(ambiguity) = error.get_ref().and_then(|inner| inner.downcast_ref::<Ambiguity>()) {
        return Some(*ambiguity);
    }
    // hyper's decoder: both kinds are malformed chunks, a body that merely ends is `UnexpectedEof`.
    match error.kind() {
        io::ErrorKind::InvalidData | io::ErrorKind::InvalidInput => Some(Ambiguity::Body),
        _ => None,
    }
}
