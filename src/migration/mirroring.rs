//! A request for a mirror, kept until its caller has the answer.

use std::sync::Arc;

use bytes::Bytes;
use http::HeaderMap;
use http::StatusCode;
use http::header::HeaderValue;
use http::request::Parts;

use super::{Place, Seen};
use crate::auth::Admitted;
use crate::forward::client::Client;
use crate::gateway::{Afterwards, Peer};
use crate::host::Host;
use crate::plan::Plan;
use crate::telemetry::TraceContext;

/// A request for a mirror, and the answer that its caller gets, while that passes.
#[derive(Debug)]
pub struct Mirroring {
    /// The plan under which it came.
    pub plan: Arc<Plan>,
    /// The index of its route.
    pub route: usize,
    /// Its head, before it was made ready for any upstream.
    pub head: Parts,
    /// Its content.
    pub content: Bytes,
    /// The other end of its connection.
    pub peer: Peer,
    /// Who asked.
    pub client: Client,
    /// What is known of the caller.
    pub admitted: Admitted,
    /// Its identifier.
    pub request_id: HeaderValue,
    /// Its trace.
    pub trace: TraceContext,
    /// The answer's head.
    pub status: StatusCode,
    /// The answer's fields.
    pub headers: HeaderMap,
    /// What has passed of the answer's content; `None` where it is not compared, or too large to be.
    pub collected: Option<Vec<u8>>,
    /// How much of it is compared, in bytes.
    pub largest: u64,
    /// Its place among those that are under way.
    pub place: Option<Place>,
}

// === impl Mirroring ===

impl Mirroring {
    /// A piece of the answer's content passes.
    pub fn pass(&mut self, piece: &[u8]) {
        let Some(collected) = &mut self.collected else { return };
        if (collected.len() + piece.len()) as u64 > self.largest {
            self.collected = None;
            return;
        }
        collected.extend_from_slice(piece);
    }

    /// Whether the answer's content must be seen.
    pub fn collects(&self) -> bool {
        self.collected.is_some()
    }

    /// The answer is over. `status` is the caller's: where that is another than the upstream's, or the answer is not
    /// `complete`, the content is not what the upstream said.
    pub fn finish<H: Host>(mut self: Box<Self>, host: &H, status: StatusCode, complete: bool) {
        if !complete || status != self.status {
            self.collected = None;
        }
        host.defer(Afterwards::mirror(self));
    }

    /// The answer that the caller got, to be compared.
    pub fn seen(&mut self) -> Seen {
        let body = self.collected.take().map(Into::into);
        Seen { status: self.status, headers: std::mem::take(&mut self.headers), body }
    }
}
