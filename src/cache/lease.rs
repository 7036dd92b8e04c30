//! Leases: of all instances that miss the same answer at the same time, one fetches it, and the others wait for what it
//! keeps in the store that they share.
//!
//! Who waits looks again after each of [`Pauses`]: first whether the lease [is held](is_held), and only then whether the
//! answer is there, because its holder keeps the answer before it gives the lease back. A lease that is gone without an
//! answer means that there is none to wait for: whoever waited fetches it without a lease, all at once and not one after
//! the other. Nothing depends on a lease: whoever cannot take one, or cannot wait any longer, goes on without.

use std::pin::pin;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use bytes::Bytes;

use super::Caching;
use super::key::Digest;
use crate::breaker::{Patience, guarded};
use crate::deadline::Deadline;
use crate::host::{Host, Tick};
use crate::plan::StorePlan;

/// Whose turn it is to fetch an answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Lease {
    /// That of whoever asked, until it is given back or ends by itself.
    Mine(Token),
    /// Somebody else's: an answer may be there soon.
    Theirs,
    /// The store cannot say, or did not in time.
    Unknown,
}

/// What its holder knows a lease by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Token([u8; 16]);

/// How long to wait between looks for an answer that somebody else fetches.
#[derive(Debug)]
pub struct Pauses {
    pause: Duration,
    until: Tick,
}

/// The first pause: most answers take longer than this, and nothing waits much longer than it has to.
const SHORTEST: Duration = Duration::from_millis(25);

/// The longest pause, which bounds how often a store is asked for an answer that takes long.
const LONGEST: Duration = Duration::from_millis(200);

/// How long what stands in place of a lease that was given back stays: not longer than a store can help.
const AT_ONCE: Duration = Duration::from_millis(1);

/// Takes the lease of what is kept under `key`, for `span` at most. On a store that cannot do that in one step there are
/// none. A store that takes the request for one, but does not answer in time, may keep the lease for `span`.
pub async fn take<H: Host>(
    host: &H,
    caching: &Caching,
    store: &StorePlan,
    key: &Digest,
    span: Duration,
    deadline: Deadline,
) -> Lease {
    if !host.swaps_exactly(store) {
        return Lease::Unknown;
    }
    let mut token = Token([0; 16]);
    host.fill(&mut token.0);
    let name = name(key);
    let taking = pin!(host.swap(store, &name, None, Bytes::copy_from_slice(&token.0), Some(span)));
    match guarded(host, store, Patience::new(host, caching.timeout, deadline), taking).await {
        Ok(true) => Lease::Mine(token),
        Ok(false) => Lease::Theirs,
        Err(_) => Lease::Unknown,
    }
}

/// Gives a lease back: after the answer was kept, or once it is known that there will be none. One that ended meanwhile and
/// is somebody else's by now stays theirs.
pub async fn give_back<H: Host>(
    host: &H,
    caching: &Caching,
    store: &StorePlan,
    key: &Digest,
    token: Token,
    deadline: Deadline,
) {
    let name = name(key);
    let giving = pin!(host.swap(store, &name, Some(&token.0), Bytes::new(), Some(AT_ONCE)));
    // A lease that cannot be given back ends by itself.
    let _ = guarded(host, store, Patience::new(host, caching.timeout, deadline), giving).await;
}

/// Whether somebody holds the lease; nobody where the store does not say so in time.
pub async fn is_held<H: Host>(
    host: &H,
    caching: &Caching,
    store: &StorePlan,
    key: &Digest,
    deadline: Deadline,
) -> bool {
    let name = name(key);
    let looking = pin!(host.get(store, &name));
    let looked = guarded(host, store, Patience::new(host, caching.timeout, deadline), looking).await;
    // What was given back is empty.
    matches!(looked, Ok(Some(held)) if !held.is_empty())
}

/// Under what a lease stands in a store.
fn name(key: &Digest) -> String {
    let mut name = String::with_capacity(72);
    name.push_str("tollgate/cache/lease/");
    URL_SAFE_NO_PAD.encode_string(key.0, &mut name);
    name
}

// === impl Pauses ===

impl Pauses {
    /// Until then.
    pub fn until(until: Tick) -> Self {
        Self { pause: SHORTEST, until }
    }

    /// When to look again; `None` where the time is over.
    pub fn next(&mut self, now: Tick) -> Option<Tick> {
        if now >= self.until {
            return None;
        }
        let next = (now + self.pause).min(self.until);
        self.pause = (self.pause * 2).min(LONGEST);
        Some(next)
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::host::{Clock as _, KeyValue as _};
    use crate::sim::SimHost;

    const KEY: Digest = Digest([7; 32]);
    const SPAN: Duration = Duration::from_secs(5);

    fn at(millis: u64) -> Tick {
        Tick(millis * 1_000_000)
    }

    async fn taken(host: &SimHost) -> Lease {
        take(host, &Caching::default(), &StorePlan::default(), &KEY, SPAN, Deadline::never()).await
    }

    async fn held(host: &SimHost) -> bool {
        is_held(host, &Caching::default(), &StorePlan::default(), &KEY, Deadline::never()).await
    }

    #[test]
    fn pauses_grow_and_end() {
        let (mut pauses, mut now, mut looks) = (Pauses::until(at(1_000)), at(0), Vec::new());
        while let Some(next) = pauses.next(now) {
            looks.push(next.0 / 1_000_000);
            now = next;
        }
        assert_eq!(looks, [25, 75, 175, 375, 575, 775, 975, 1_000]);
        assert_eq!(Pauses::until(at(5)).next(at(5)), None);
    }

    #[test]
    fn one_holds_it_until_it_is_given_back() {
        let host = SimHost::new(1);
        let run = async {
            let (caching, store) = (Caching::default(), StorePlan::default());
            let Lease::Mine(mine) = taken(&host).await else { panic!("nobody has it") };
            assert_eq!(taken(&host).await, Lease::Theirs);
            assert!(held(&host).await);
            // Another key is another lease.
            let other = take(&host, &caching, &store, &Digest([8; 32]), SPAN, Deadline::never()).await;
            assert!(matches!(other, Lease::Mine(_)));
            give_back(&host, &caching, &store, &KEY, Token([0; 16]), Deadline::never()).await;
            assert!(held(&host).await);
            give_back(&host, &caching, &store, &KEY, mine, Deadline::never()).await;
            assert!(!held(&host).await);
            host.sleep(AT_ONCE).await;
            assert!(matches!(taken(&host).await, Lease::Mine(_)));
        };
        host.run(run).unwrap();
    }

    #[test]
    fn one_that_is_not_given_back_ends() {
        let host = SimHost::new(1);
        let run = async {
            let Lease::Mine(first) = taken(&host).await else { panic!("nobody has it") };
            host.sleep(SPAN - Duration::from_millis(1)).await;
            assert_eq!(taken(&host).await, Lease::Theirs);
            host.sleep(Duration::from_millis(1)).await;
            assert!(!held(&host).await);
            let Lease::Mine(second) = taken(&host).await else { panic!("it has ended") };
            // Whoever comes back late takes nothing from anybody.
            give_back(&host, &Caching::default(), &StorePlan::default(), &KEY, first, Deadline::never())
                .await;
            assert!(held(&host).await);
            assert_ne!(first, second);
        };
        host.run(run).unwrap();
    }

    #[test]
    fn a_store_that_cannot_say_says_nothing() {
        let host = SimHost::new(1);
        let run = async {
            host.fail_store(true);
            assert_eq!(taken(&host).await, Lease::Unknown);
            assert!(!held(&host).await);
            host.fail_store(false);
            // Not asked, because it has just failed.
            assert_eq!(taken(&host).await, Lease::Unknown);
            host.forget(true);
            // Spin's store takes two steps.
            assert_eq!(taken(&host).await, Lease::Unknown);
            assert_eq!(host.get(&StorePlan::default(), &name(&KEY)).await.unwrap(), None);
            assert_eq!(host.tick(), Tick(0));
        };
        host.run(run).unwrap();
    }

    #[test]
    fn names_fit_every_store() {
        assert_eq!(name(&KEY), "tollgate/cache/lease/BwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwc");
    }
}
