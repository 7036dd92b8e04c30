//! An answer that is collected while it streams to its client, and kept under the key of its request when it is complete.

use std::sync::Arc;

use bytes::Bytes;
use http::header::{CONTENT_LENGTH, HeaderValue};
use http::{HeaderMap, StatusCode};

use super::once::Claim;
use crate::cache::life::Life;
use crate::cache::{self, rules};
use crate::gateway::Afterwards;
use crate::host::Host;
use crate::plan::Plan;

/// An answer on its way that is to be kept. Dropped before its end, nothing is, and the claim ends by itself: nobody knows what
/// its client has seen.
#[derive(Debug)]
pub struct Keeping {
    plan: Arc<Plan>,
    route: usize,
    claim: Claim,
    status: StatusCode,
    headers: HeaderMap,
    /// What has arrived so far; `None` where it has become too large.
    content: Option<Vec<u8>>,
    largest: u64,
}

/// What came of a request, and where it belongs.
#[derive(Debug)]
pub struct Kept {
    plan: Arc<Plan>,
    route: usize,
    claim: Claim,
    answer: Option<cache::Entry>,
}

// === impl Keeping ===

impl Keeping {
    /// Begins to keep an answer on the route with this index.
    pub fn begin(
        plan: &Arc<Plan>,
        route: usize,
        claim: Claim,
        status: StatusCode,
        headers: &HeaderMap,
        largest: u64,
    ) -> Box<Self> {
        let mut headers = headers.clone();
        rules::strip_connection(&mut headers);
        Box::new(Self {
            plan: Arc::clone(plan),
            route,
            claim,
            status,
            headers,
            content: Some(Vec::new()),
            largest,
        })
    }

    /// A piece of the content passes.
    pub fn pass(&mut self, piece: &[u8]) {
        self.content =
            self.content.take().filter(|content| (content.len() + piece.len()) as u64 <= self.largest).map(
                |mut content| {
                    content.extend_from_slice(piece);
                    content
                },
            );
    }

    /// The content has come to its end.
    pub fn finish<H: Host>(self, host: &H) {
        let Self { plan, route, claim, status, mut headers, content, .. } = self;
        let answer = content.map(|content| {
            let body = Bytes::from(content);
            // RFC 9110 section 8.6: none in an answer with the status 204.
            if status != StatusCode::NO_CONTENT {
                headers.insert(CONTENT_LENGTH, HeaderValue::from(body.len()));
            }
            let life = Life { received: host.unix(), ..Life::default() };
            cache::Entry { status, headers, body, life, tags: Vec::new(), serial: 0 }
        });
        host.defer(Afterwards::settle_key(Kept { plan, route, claim, answer }));
    }
}

// === impl Kept ===

impl Kept {
    /// Writes it into the store of its route.
    pub async fn store<H: Host>(self, host: &H) {
        let Self { plan, route, claim, answer } = self;
        if let Some(rules) = plan.routes.get(route).and_then(|route| route.idempotency.as_ref()) {
            claim.settle(host, &plan.caching, rules, answer).await;
        }
    }
}
