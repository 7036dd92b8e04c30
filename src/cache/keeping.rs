//! An answer that is collected while it streams to its client, and kept when it is complete.

use std::sync::Arc;

use bytes::Bytes;
use http::header::{CONTENT_LENGTH, HeaderValue};
use http::{HeaderMap, StatusCode};

use super::fetches::{Joined, Landing, Lead};
use super::key::{self, Keys};
use super::life::Life;
use super::policy::Place;
use super::shelf::Seen;
use super::turn::Turn;
use super::{Entry, Policy, answer, purge, rules, shelf};
use crate::gateway::Afterwards;
use crate::host::Host;
use crate::plan::Plan;

/// An answer on its way that is to be kept. Dropped before its end, nothing is.
#[derive(Debug)]
pub struct Keeping {
    wanted: Wanted,
    head: Head,
    /// What has arrived so far: copied, because a piece may be a small part of a large buffer.
    content: Vec<u8>,
    /// How much there must be, where that was announced.
    announced: Option<u64>,
    /// Those who wait for it.
    turn: Turn,
}

/// What was looked for, and under which plan.
#[derive(Debug, Clone)]
pub struct Wanted {
    /// The plan.
    pub plan: Arc<Plan>,
    /// The route's policy.
    pub policy: Arc<Policy>,
    /// Under what its answers are kept.
    pub keys: Keys,
    /// The fields of the request.
    pub headers: HeaderMap,
    /// The host that was asked, without port.
    pub host: Box<str>,
    /// Path and query, as far as they count.
    pub target: Box<str>,
    /// What was seen.
    pub seen: Seen,
}

/// The head of an answer that is to be kept.
#[derive(Debug)]
pub struct Head {
    /// Its status.
    pub status: StatusCode,
    /// Its fields, as they go to the client.
    pub headers: HeaderMap,
    /// For how long it is good.
    pub life: Life,
}

/// An answer that is complete, and where it belongs.
#[derive(Debug)]
pub struct Kept {
    wanted: Wanted,
    entry: Arc<Entry>,
    turn: Turn,
    /// Towards those who look for it while it is being written.
    writing: Option<Lead>,
}

// === impl Wanted ===

impl Wanted {
    /// The same as the shelf wants to know it.
    fn sought(&self) -> shelf::Sought<'_> {
        let Self { keys, headers, host, target, .. } = self;
        shelf::Sought { keys, headers, host, target }
    }
}

// === impl Keeping ===

impl Keeping {
    /// Begins to keep an answer.
    ///
    /// # Errors
    /// The turn, where the answer says that it is too large.
    pub fn begin(wanted: Wanted, head: Head, turn: Turn) -> Result<Box<Self>, Turn> {
        let announced = length(&head.headers);
        match announced.is_some_and(|length| length > wanted.policy.largest) {
            true => Err(turn),
            false => Ok(Box::new(Self { wanted, head, content: Vec::new(), announced, turn })),
        }
    }

    /// A piece of the content passes; false where it has become too large to be kept.
    pub fn pass(&mut self, piece: &[u8]) -> bool {
        if (self.content.len() + piece.len()) as u64 > self.wanted.policy.largest {
            self.content = Vec::new();
            if let Some(lead) = self.turn.lead.take() {
                lead.land(Landing::NotKept);
            }
            return false;
        }
        self.content.extend_from_slice(piece);
        true
    }

    /// The content has come to its end. RFC 9111 section 3.3: what is shorter than it said is not complete.
    pub fn finish<H: Host>(self: Box<Self>, host: &H) {
        let Self { wanted, head, content, announced, turn } = *self;
        if announced.is_some_and(|announced| announced != content.len() as u64) {
            return turn.land(host, Landing::NotKept);
        }
        Kept::new(wanted, head, content.into()).keep(host, turn);
    }
}

/// How long an answer says that its content is.
fn length(headers: &HeaderMap) -> Option<u64> {
    headers.get(CONTENT_LENGTH)?.to_str().ok()?.parse().ok()
}

// === impl Kept ===

impl Kept {
    /// An answer with its whole content.
    pub fn new(wanted: Wanted, head: Head, body: Bytes) -> Self {
        let Head { status, mut headers, life } = head;
        let tags = purge::tags(&headers);
        rules::strip(&wanted.policy, &mut headers);
        if wanted.policy.etag {
            answer::tag(&mut headers, &body);
        }
        // RFC 9110 section 8.6: none in an answer with the status 204.
        if status != StatusCode::NO_CONTENT {
            headers.insert(CONTENT_LENGTH, HeaderValue::from(body.len()));
        }
        let entry = Entry { status, headers, body, life, tags, serial: wanted.seen.serial };
        Self { entry: Arc::new(entry), wanted, turn: Turn::default(), writing: None }
    }

    /// The answer itself.
    pub fn entry(&self) -> &Arc<Entry> {
        &self.entry
    }

    /// Keeps it: in memory at once, in a store when the host comes to it. Those who wait are told when it is there.
    pub fn keep<H: Host>(mut self, host: &H, turn: Turn) {
        let Wanted { policy, seen, .. } = &self.wanted;
        if policy.place == Place::Memory {
            let kept = shelf::remember(host, policy, &self.wanted.sought(), seen, &self.entry);
            return turn.land(host, landing(kept));
        }
        self.turn = turn;
        if let Some(memory) = host.memory()
            && let Joined::Lead(lead) = memory.fetches.join(key::writing(&self.wanted.keys))
        {
            self.writing = Some(lead);
        }
        host.defer(Afterwards::keep(self));
    }

    /// Writes it into its store, for those elsewhere who wait for it too. What cannot be written is fetched again by whoever
    /// wants it next.
    pub async fn store<H: Host>(self, host: &H) {
        let Wanted { plan, policy, seen, .. } = &self.wanted;
        let kept = shelf::store(host, &plan.caching, policy, &self.wanted.sought(), seen, &self.entry).await;
        let landing = landing(kept);
        [self.writing, self.turn.lead].into_iter().flatten().for_each(|lead| lead.land(landing));
        if let Some(lease) = self.turn.lease {
            lease.give_back(host).await;
        }
    }
}

fn landing(kept: Result<(), rules::NotKept>) -> Landing {
    if kept.is_ok() { Landing::Kept } else { Landing::NotKept }
}
