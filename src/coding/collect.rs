//! Content as stages need it that look into it: whole, and without codings.

use std::time::Duration;

use bytes::Bytes;
use http::HeaderMap;
use http_body::Body as HttpBody;

use super::{Coding, Fault, decode, of};
use crate::body::{BodyError, collect_steadily};
use crate::deadline::Deadline;
use crate::host::Clock;

/// How much content there may be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Room {
    /// As it arrives, in bytes.
    pub arriving: u64,
    /// Decoded, in bytes.
    pub decoded: u64,
}

/// Why there is no content to be looked into.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Unreadable {
    /// It did not arrive.
    Body(BodyError),
    /// It cannot be decoded.
    Coding(Fault),
}

/// All of `body`, whose message has the fields `headers`, decoded: at most `room`, no later than `deadline`, and something of
/// it in each span of `idle`. A coding that is not known is told before anything is read.
///
/// Where this is not empty, and the message goes on with it, it must lose `Content-Encoding`, and what is said of its length
/// and its digests.
pub async fn collect_decoded<C, S>(
    clock: &C,
    body: S,
    headers: &HeaderMap,
    room: Room,
    deadline: Deadline,
    idle: Option<Duration>,
) -> Result<Bytes, Unreadable>
where
    C: Clock,
    S: HttpBody<Data = Bytes, Error = BodyError> + Unpin,
{
    let codings: Vec<Coding> = of(headers)?;
    let arriving = if codings.is_empty() { room.arriving.min(room.decoded) } else { room.arriving };
    let content = collect_steadily(clock, body, arriving, deadline, idle).await?;
    Ok(decode(&codings, content, room.decoded)?)
}

// === impl Room ===

impl Room {
    /// The same for both.
    pub fn of(most: u64) -> Self {
        Self { arriving: most, decoded: most }
    }
}

// === impl Unreadable ===

impl std::fmt::Display for Unreadable {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Body(error) => error.fmt(f),
            Self::Coding(fault) => fault.fmt(f),
        }
    }
}

impl std::error::Error for Unreadable {}

impl From<BodyError> for Unreadable {
    fn from(error: BodyError) -> Self {
        Self::Body(error)
    }
}

impl From<Fault> for Unreadable {
    fn from(fault: Fault) -> Self {
        Self::Coding(fault)
    }
}
