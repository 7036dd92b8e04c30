//! How far what is admitted may be from what a limit says, and what that costs: for the operator, before there is a
//! request.
//!
//! Two things make more go through than the number of a limit. How it counts: a window that begins anew admits twice its
//! number around its end ([`Algorithm::at_most`]). And who counts: servers that do not see each other's requests
//! ([`Bound`]).

use std::fmt;

use super::wording::{Per, name_of};
use super::{Algorithm, Limit, Limits, OnFailure, Place, Weight, lease};
use crate::plan::{Counts, StorePlan};

/// What a limit promises on a host.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Promise {
    /// How far the count may be off.
    pub bound: Bound,
    /// What is asked of a store for a request.
    pub operations: Operations,
    /// What happens while the store does not answer; `None` where there is none.
    pub without_store: Option<OnFailure>,
}

/// How far the count of a limit may be off.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Bound {
    /// Never over the limit, over all servers together.
    Exact,
    /// Never over the limit in one server, which does not know of the others.
    EachServer,
    /// Over the limit by as many permits as each server may have taken ahead.
    AtMost {
        /// So many for each server.
        over: u64,
    },
    /// Requests that are judged at the same time may not see each other: with N others judged while one is, at most N + 1
    /// times the limit.
    Approximate,
}

/// What is asked of a store for a request, by one limit. Limits that count in the same store are asked about together
/// where it is Redis or the native runner's.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Operations {
    /// Nothing.
    None,
    /// One operation.
    One,
    /// One for so many requests, where one server gets them all.
    OneFor(u64),
    /// A value is read, and written where the request is admitted.
    ReadAndWrite,
    /// A number is added to, and where the sum is over the limit, taken from again.
    Add,
}

// === impl Promise ===

impl Promise {
    /// What `limit`, one of `limits`, promises on a host whose platform's store counts as `counts`.
    pub fn of(limit: &Limit, limits: &Limits, counts: Counts) -> Self {
        let Place::Store(index) = limit.place else {
            return Self { bound: Bound::EachServer, operations: Operations::None, without_store: None };
        };
        let (bound, operations) = match limits.stores.get(index) {
            Some(store) => in_store(limit, store, counts),
            None => (Bound::Approximate, Operations::One),
        };
        Self { bound, operations, without_store: Some(limit.on_failure) }
    }
}

fn in_store(limit: &Limit, store: &StorePlan, counts: Counts) -> (Bound, Operations) {
    let by_spans = matches!(limit.algorithm, Algorithm::Fixed { .. } | Algorithm::Calendar { .. });
    match counts {
        _ if store.redis.is_some() => leased(limit),
        // The native runner's store without a file is in its memory.
        Counts::Exactly if store.file.is_none() => (Bound::EachServer, leased(limit).1),
        Counts::Exactly => leased(limit),
        Counts::Spans if by_spans => (Bound::Exact, Operations::Add),
        Counts::Spans | Counts::Roughly => (Bound::Approximate, Operations::ReadAndWrite),
    }
}

/// Permits that are taken ahead were counted when they were taken. In a window they are spent in the span in which they
/// were taken, or never. Those of a bucket may be spent a little later than the bucket thinks, and by then as many may
/// have come back.
fn leased(limit: &Limit) -> (Bound, Operations) {
    if limit.lease < 2 {
        return (Bound::Exact, Operations::One);
    }
    let bound = match lease::over(limit) {
        0 => Bound::Exact,
        over => Bound::AtMost { over },
    };
    let requests = match &limit.weight {
        Weight::Constant(weight) => limit.lease / (*weight).max(1),
        _ => limit.lease,
    };
    (bound, if requests < 2 { Operations::One } else { Operations::OneFor(requests) })
}

// === impl Algorithm ===

impl Algorithm {
    /// How many permits are taken at most in any stretch of time as long as its own, wherever that begins; where requests
    /// are counted that are there at the same time, how many are.
    pub fn at_most(&self) -> u64 {
        match self {
            // All there is at the beginning, and all that comes back.
            Self::Bucket { permits, burst, .. } => burst.saturating_add(*permits),
            // All of one span at its end, and all of the next at its beginning.
            Self::Fixed { most, .. } | Self::Calendar { most, .. } => most.saturating_mul(2),
            // With all of one span at its end, the part that does not count any more is less than all of it.
            Self::Sliding { most, .. } => most.saturating_mul(2).saturating_sub(1),
            Self::Concurrent { most } => *most,
        }
    }

    /// The same in words: `at most 20 in any 1s`.
    pub fn at_most_in_words(&self) -> String {
        let most = self.at_most();
        match self {
            Self::Bucket { per, .. } | Self::Fixed { per, .. } | Self::Sliding { per, .. } => {
                format!("at most {most} in any {}", Per(*per))
            }
            Self::Calendar { period, .. } => {
                format!("at most {most} in the time of a {}", name_of(*period))
            }
            Self::Concurrent { .. } => format!("at most {most} at any moment"),
        }
    }
}

// === impl Bound ===

impl fmt::Display for Bound {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Exact => f.write_str("exact over all servers"),
            Self::EachServer => f.write_str("exact in each server by itself"),
            Self::AtMost { over } => write!(f, "at most {over} over for each server"),
            Self::Approximate => {
                f.write_str("approximate: with N others judged meanwhile at most N + 1 times as many")
            }
        }
    }
}

// === impl Operations ===

impl fmt::Display for Operations {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::None => f.write_str("no operations"),
            Self::One => f.write_str("1 operation a request"),
            Self::OneFor(requests) => write!(f, "1 operation for up to {requests} requests"),
            Self::ReadAndWrite => f.write_str("1 read a request, 1 write if admitted"),
            Self::Add => f.write_str("1 addition a request, 1 more if refused"),
        }
    }
}

// === impl OnFailure ===

impl fmt::Display for OnFailure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Allow => f.write_str("store down: all go through"),
            Self::Deny => f.write_str("store down: none goes through"),
            Self::Local(100) => f.write_str("store down: each server counts by itself"),
            Self::Local(share) => write!(f, "store down: each server counts {share}% of it by itself"),
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use serde_json::{Value, json};

    use super::*;
    use crate::limit::{Span, State};
    use crate::plan::{Abilities, Plan};

    const STORES: [&str; 2] = ["platform", "redis"];

    fn promise(limit: Value, abilities: &Abilities) -> Promise {
        let document = serde_json::from_value(json!({
            "stores": { "platform": { "file": "counts.redb" }, "redis": { "redis": "redis://redis.test" } },
            "rate_limits": { "it": limit },
            "routes": [{ "id": "r", "auth": "public", "rate_limits": "it", "respond": {} }],
        }));
        let (plan, _) = Plan::compile(&[("a.json".to_owned(), document.unwrap())], abilities).unwrap();
        Promise::of(&plan.limits.all[0], &plan.limits, abilities.counts)
    }

    #[test]
    fn memory_is_exact_in_each_server() {
        for limit in [json!({ "rate": "5/s" }), json!({ "concurrency": 5 })] {
            let promise = promise(limit, &Abilities::NATIVE);
            let expected =
                Promise { bound: Bound::EachServer, operations: Operations::None, without_store: None };
            assert_eq!(promise, expected);
        }
    }

    #[test]
    fn a_native_store_without_a_file_is_one_servers() {
        let document = json!({
            "store": {},
            "rate_limits": { "it": { "rate": "5/s", "store": "default", "lease": 2 } },
            "routes": [{ "id": "r", "auth": "public", "rate_limits": "it", "respond": {} }],
        });
        let documents = [("a.json".to_owned(), serde_json::from_value(document).unwrap())];
        let (plan, _) = Plan::compile(&documents, &Abilities::NATIVE).unwrap();
        let found = Promise::of(&plan.limits.all[0], &plan.limits, Counts::Exactly);
        assert_eq!((found.bound, found.operations), (Bound::EachServer, Operations::OneFor(2)));
    }

    #[test]
    fn stores_that_count_exactly() {
        for store in STORES {
            for (mut limit, bound, operations) in [
                (json!({ "rate": "5/s" }), Bound::Exact, Operations::One),
                (json!({ "rate": "5/s", "lease": 5 }), Bound::AtMost { over: 4 }, Operations::OneFor(5)),
                (
                    json!({ "rate": "5/s", "lease": 5, "weight": 2 }),
                    Bound::AtMost { over: 4 },
                    Operations::OneFor(2),
                ),
                (
                    json!({ "rate": "5/s", "lease": 5, "weight": 5 }),
                    Bound::AtMost { over: 4 },
                    Operations::One,
                ),
                (
                    json!({ "window": { "limit": 5, "per": "1s" }, "lease": 5 }),
                    Bound::Exact,
                    Operations::OneFor(5),
                ),
                (json!({ "quota": { "limit": 5, "per": "day" } }), Bound::Exact, Operations::One),
            ] {
                limit["store"] = json!(store);
                let found = promise(limit.clone(), &Abilities::NATIVE);
                assert_eq!((found.bound, found.operations), (bound, operations), "{limit}");
                assert_eq!(found.without_store, Some(OnFailure::Allow));
            }
        }
    }

    #[test]
    fn components_count_exactly_in_redis_and_spans_by_adding() {
        let limits = [
            (json!({ "rate": "5/s" }), false),
            (json!({ "window": { "limit": 5, "per": "1s" } }), true),
            (json!({ "window": { "limit": 5, "per": "1s", "sliding": true } }), false),
            (json!({ "quota": { "limit": 5, "per": "month" } }), true),
        ];
        for (limit, by_spans) in limits {
            for store in STORES {
                for abilities in [Abilities::COMPONENT, Abilities::ATOMIC] {
                    let mut limit = limit.clone();
                    limit["store"] = json!(store);
                    limit["counting"] = json!("approximate");
                    limit["on_store_failure"] = json!("deny");
                    let expected = match (store, abilities.counts) {
                        ("redis", _) => (Bound::Exact, Operations::One),
                        (_, Counts::Spans) if by_spans => (Bound::Exact, Operations::Add),
                        _ => (Bound::Approximate, Operations::ReadAndWrite),
                    };
                    let found = promise(limit.clone(), &abilities);
                    assert_eq!((found.bound, found.operations), expected, "{limit} {}", abilities.name);
                    assert_eq!(found.without_store, Some(OnFailure::Deny));
                }
            }
        }
    }

    /// The worst that somebody can do who knows when spans begin: everything at the end of one, and then as much as there
    /// is at each moment, for as long as a span is.
    fn worst(algorithm: &Algorithm, per: u64) -> u64 {
        let mut worst = 0;
        for begin in 10 * per..11 * per {
            let (mut state, mut taken) = (State::default(), 0);
            for now in begin..begin + per {
                let span: Span = algorithm.span(now);
                let (after, verdict) = algorithm.take(state, span, now, 1, u64::MAX);
                (state, taken) = (after, taken + verdict.taken);
            }
            worst = worst.max(taken);
        }
        worst
    }

    #[test]
    fn the_worst_case_is_within_the_bound_and_near_it() {
        let per = 100;
        for most in [1, 2, 7, 100] {
            let fixed = Algorithm::Fixed { most, per };
            assert_eq!(worst(&fixed, per), fixed.at_most());
            let sliding = Algorithm::Sliding { most, per };
            assert!(worst(&sliding, per) <= sliding.at_most());
            assert!(worst(&sliding, per) > sliding.at_most() * 9 / 10 || most < 100);
            for burst in [1, 5, 300] {
                let bucket = Algorithm::Bucket { permits: most, per, burst };
                // The last of what comes back in a span comes with its end.
                assert!((bucket.at_most() - most..bucket.at_most()).contains(&worst(&bucket, per)));
            }
        }
    }

    #[test]
    fn bounds_in_words() {
        for (words, expected) in [
            (Algorithm::Bucket { permits: 10, per: 1_000, burst: 50 }, "at most 60 in any 1s"),
            (Algorithm::Fixed { most: 10, per: 60_000 }, "at most 20 in any 1m"),
            (Algorithm::Sliding { most: 10, per: 60_000 }, "at most 19 in any 1m"),
            (Algorithm::Concurrent { most: 3 }, "at most 3 at any moment"),
        ] {
            assert_eq!(words.at_most_in_words(), expected);
        }
        assert_eq!(Bound::AtMost { over: 4 }.to_string(), "at most 4 over for each server");
        assert_eq!(Operations::OneFor(5).to_string(), "1 operation for up to 5 requests");
        let local = "store down: each server counts 50% of it by itself";
        assert_eq!(OnFailure::Local(50).to_string(), local);
    }
}
