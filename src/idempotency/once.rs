//! Who does a request: one, of all who send it under one key.

use std::pin::pin;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use bytes::Bytes;

use super::entry::{Entry, Fingerprint, State};
use super::{Idempotency, Identity};
use crate::breaker::{Missed, Patience, guarded};
use crate::cache::{self, Caching};
use crate::deadline::Deadline;
use crate::host::{Host, Tick, UnixMillis};
use crate::plan::StorePlan;

/// How often what stands under a key is looked at while others change it: more in a row and something is wrong.
const MOST_LOOKS: u32 = 4;

/// How long who does a request may be at it on a route without a time limit. Then it counts as gone.
const LONGEST: Duration = Duration::from_secs(900);

/// How much longer than the request itself its claim holds: its answer is written after it has ended.
const MARGIN: Duration = Duration::from_secs(5);

/// How long what stands in place of a claim that was given up stays: not longer than a store can help.
const AT_ONCE: Duration = Duration::from_millis(1);

/// What is to be done with a request.
#[derive(Debug)]
pub enum Begun {
    /// It is to be done, by whoever asked.
    Mine(Claim),
    /// It was done, and this came of it.
    Answered(Box<cache::Entry>),
    /// It was done, and its answer was not kept.
    Lost,
    /// Somebody is doing it.
    Running,
    /// Its key is another request's.
    Other,
}

/// The right, and the duty, to do a request. Dropped without a word it ends by itself.
#[derive(Debug)]
pub struct Claim {
    name: String,
    fingerprint: Fingerprint,
    /// What stands under the key as long as the claim holds.
    standing: Bytes,
}

/// Begins a request that ends with `deadline`.
///
/// # Errors
/// The store does not say who does it.
pub async fn begin<H: Host>(
    host: &H,
    caching: &Caching,
    rules: &Idempotency,
    identity: Identity,
    fingerprint: Fingerprint,
    deadline: Deadline,
) -> Result<Begun, Missed> {
    let store = caching.stores.get(rules.store).ok_or(Missed::Failed)?;
    let left = match deadline.tick() {
        Tick(u64::MAX) => LONGEST,
        tick => tick - host.tick(),
    };
    let keep = left + MARGIN;
    let mut token = [0; 16];
    host.fill(&mut token);
    let running = Entry { fingerprint, until: after(host.unix(), keep), state: State::Running(token) };
    let standing = running.write().ok_or(Missed::Failed)?;
    let name = name(&identity);
    let mut stands: Option<Bytes> = None;
    for _ in 0..MOST_LOOKS {
        let taken = {
            let taking = pin!(host.swap(store, &name, stands.as_deref(), standing.clone(), Some(keep)));
            guarded(host, store, Patience::new(host, caching.timeout, deadline), taking).await?
        };
        if taken {
            return Ok(Begun::Mine(Claim { name, fingerprint, standing }));
        }
        let looking = pin!(host.get(store, &name));
        stands = guarded(host, store, Patience::new(host, caching.timeout, deadline), looking).await?;
        // What is of no use any more, or was never written by a gateway, is replaced.
        let Some(entry) = stands.as_ref().and_then(|bytes| Entry::read(bytes, host.unix())) else { continue };
        return Ok(match entry.state {
            _ if entry.fingerprint != fingerprint => Begun::Other,
            State::Running(_) => Begun::Running,
            State::Answered(answer) => Begun::Answered(answer),
            State::Lost => Begun::Lost,
        });
    }
    // Others are faster each time: one of them is doing it.
    Ok(Begun::Running)
}

// === impl Claim ===

impl Claim {
    /// What came of the request is kept: its answer, or that it was too large.
    pub async fn settle<H: Host>(
        self,
        host: &H,
        caching: &Caching,
        rules: &Idempotency,
        answer: Option<cache::Entry>,
    ) {
        let until = after(host.unix(), rules.ttl);
        let state = answer.map_or(State::Lost, |answer| State::Answered(Box::new(answer)));
        let entry = Entry { fingerprint: self.fingerprint, until, state };
        let lost = || Entry { state: State::Lost, ..entry.clone() }.write();
        let Some(written) = entry.write().or_else(lost) else { return };
        self.replace(host, caching, rules, written, rules.ttl).await;
    }

    /// Nothing came of it that is to be kept: who sends it again has it done.
    pub async fn give_up<H: Host>(self, host: &H, caching: &Caching, rules: &Idempotency) {
        self.replace(host, caching, rules, Bytes::new(), AT_ONCE).await;
    }

    async fn replace<H: Host>(
        self,
        host: &H,
        caching: &Caching,
        rules: &Idempotency,
        after: Bytes,
        keep: Duration,
    ) {
        let Some(store): Option<&StorePlan> = caching.stores.get(rules.store) else { return };
        let changing = pin!(host.swap(store, &self.name, Some(&self.standing), after, Some(keep)));
        // What cannot be written ends by itself. A claim that ended meanwhile is somebody else's by now, and stays theirs.
        let _ = guarded(host, store, Patience::new(host, caching.timeout, Deadline::never()), changing).await;
    }
}

fn after(now: UnixMillis, span: Duration) -> UnixMillis {
    UnixMillis(now.0.saturating_add(u64::try_from(span.as_millis()).unwrap_or(u64::MAX)))
}

/// Under what a key stands in a store.
fn name(identity: &Identity) -> String {
    let mut name = String::with_capacity(72);
    name.push_str("tollgate/idempotency/");
    URL_SAFE_NO_PAD.encode_string(identity.0, &mut name);
    name
}
