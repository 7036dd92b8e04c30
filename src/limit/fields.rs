//! What answers say of limits: `RateLimit-Policy` and `RateLimit` (draft-ietf-httpapi-ratelimit-headers-11), and the
//! fields that were there before them.
//!
//! Clients are told of limits that counted their request and can refuse one: of none in shadow, and of none whose store
//! did not answer. Both fields are lists, so what an upstream says of limits of its own stays beside it: taking that away
//! would tell clients of a more permissive policy than there is (section 7). The older fields can only stand once; there
//! the gateway's go in the place of an upstream's.

use std::io::Write as _;

use bytes::Bytes;
use http::HeaderMap;
use http::header::{HeaderName, HeaderValue};
use sfv::{ItemSerializer, KeyRef, StringRef};

use super::{Algorithm, Judged, Limit, Limits, Outcome, Weight};
use crate::config::Period;

const POLICY: HeaderName = HeaderName::from_static("ratelimit-policy");
const SERVICE: HeaderName = HeaderName::from_static("ratelimit");
const LEGACY_LIMIT: HeaderName = HeaderName::from_static("x-ratelimit-limit");
const LEGACY_REMAINING: HeaderName = HeaderName::from_static("x-ratelimit-remaining");
const LEGACY_RESET: HeaderName = HeaderName::from_static("x-ratelimit-reset");

/// The greatest Integer of a structured field (RFC 9651 section 3.3.1).
const GREATEST: u64 = 999_999_999_999_999;

/// What clients are told of a limit that does not change from one answer to the next.
#[derive(Debug, Clone)]
pub struct Told {
    /// `"name"`, as a String of structured fields.
    name: Box<str>,
    /// Its whole item in `RateLimit-Policy`.
    policy: HeaderValue,
    /// How many of its unit a permit is: more than 1 where it counts a body's bytes.
    unit: u64,
}

/// Writes what `judged` comes to into an answer's fields.
pub fn stamp(limits: &Limits, judged: &[Judged], headers: &mut HeaderMap) {
    if judged.is_empty() {
        return;
    }
    if limits.fields.standard {
        standard(limits, judged, headers);
    }
    if limits.fields.legacy {
        legacy(limits, judged, headers);
    }
}

/// Those of `judged` that clients are told of.
fn shown<'a>(
    limits: &'a Limits,
    judged: &'a [Judged],
) -> impl Iterator<Item = (&'a Limit, &'a Told, &'a Judged)> {
    judged.iter().filter_map(|it| {
        let (limit, told) = (limits.all.get(it.limit)?, limits.told.get(it.limit)?.as_ref()?);
        let counted = matches!(it.outcome, Outcome::Admitted | Outcome::Refused);
        (counted && !limit.shadow).then_some((limit, told, it))
    })
}

fn standard(limits: &Limits, judged: &[Judged], headers: &mut HeaderMap) {
    let mut all = shown(limits, judged);
    let Some((limit, first, it)) = all.next() else { return };
    // Room for a name, and for two numbers of 15 digits each.
    let mut service = Vec::with_capacity(64);
    first.service(limit, it, &mut service);
    let mut policy: Option<Vec<u8>> = None;
    for (limit, told, it) in all {
        let policy = policy.get_or_insert_with(|| first.policy.as_bytes().to_vec());
        policy.extend_from_slice(b", ");
        policy.extend_from_slice(told.policy.as_bytes());
        service.extend_from_slice(b", ");
        told.service(limit, it, &mut service);
    }
    let policy = policy.map_or_else(|| Some(first.policy.clone()), value);
    for (name, value) in [(POLICY, policy), (SERVICE, value(service))] {
        if let Some(value) = value {
            // Too many fields are the answer's own doing, and these the ones it can do without.
            let _ = headers.try_append(name, value);
        }
    }
}

/// The older fields have room for one limit: the one with the least left, as a part of what it allows.
fn legacy(limits: &Limits, judged: &[Judged], headers: &mut HeaderMap) {
    // a/b < c/d, without dividing.
    let part = |it: &Judged, other: &Limit| u128::from(it.remaining) * u128::from(other.algorithm.most());
    let all = shown(limits, judged);
    let tightest = all.reduce(|a, b| if part(b.2, a.0) < part(a.2, b.0) { b } else { a });
    let Some((limit, told, it)) = tightest else { return };
    for (name, number) in [
        (LEGACY_LIMIT, told.units(limit.algorithm.most())),
        (LEGACY_REMAINING, told.units(it.remaining)),
        (LEGACY_RESET, seconds(window(it))),
    ] {
        headers.insert(name, HeaderValue::from(number));
    }
}

fn value(bytes: Vec<u8>) -> Option<HeaderValue> {
    HeaderValue::from_maybe_shared(Bytes::from(bytes)).ok()
}

/// When there is more, in milliseconds. To one that is refused that is when its request would have enough, which is what
/// `Retry-After` says too; to others, when all is there again.
fn window(judged: &Judged) -> u64 {
    match judged.outcome {
        Outcome::Refused if judged.retry != u64::MAX => judged.retry,
        _ => judged.reset,
    }
}

/// Of milliseconds, rounded up: nobody is told to come too early.
fn seconds(millis: u64) -> u64 {
    millis.div_ceil(1_000).min(GREATEST)
}

// === impl Told ===

impl Told {
    /// What clients are told of each of `limits`; `None` where its name cannot stand in a field.
    pub fn of_all(limits: &[Limit]) -> Vec<Option<Self>> {
        limits.iter().map(Self::of).collect()
    }

    fn of(limit: &Limit) -> Option<Self> {
        let name = StringRef::from_str(&limit.name).ok()?;
        let (unit, unit_name) = match (&limit.weight, &limit.algorithm) {
            (_, Algorithm::Concurrent { .. }) => (1, Some("concurrent-requests")),
            (Weight::Body { bytes, .. }, _) => ((*bytes).max(1), Some("content-bytes")),
            _ => (1, None),
        };
        let (most, seconds) = advertised(&limit.algorithm);
        let key = |name: &'static str| KeyRef::from_str(name).ok();
        let most = integer(most.saturating_mul(unit))?;
        let mut policy = ItemSerializer::new().bare_item(name);
        policy = policy.parameter(key("q")?, most);
        // The default is "requests" (section 3.1.2).
        if let Some(unit_name) = unit_name {
            policy = policy.parameter(key("qu")?, StringRef::from_str(unit_name).ok()?);
        }
        if let Some(seconds) = seconds {
            policy = policy.parameter(key("w")?, integer(seconds)?);
        }
        let policy = HeaderValue::try_from(policy.finish()).ok()?;
        let name = ItemSerializer::new().bare_item(name).finish().into();
        Some(Self { name, policy, unit })
    }

    /// A number of permits in the limit's unit.
    fn units(&self, permits: u64) -> u64 {
        permits.saturating_mul(self.unit).min(GREATEST)
    }

    /// Its item in `RateLimit`: `"name";r=50;t=30`.
    fn service(&self, limit: &Limit, judged: &Judged, into: &mut Vec<u8>) {
        into.extend_from_slice(self.name.as_bytes());
        // Writing to memory does not fail.
        let _ = write!(into, ";r={}", self.units(judged.remaining));
        // When others will have ended, nobody knows.
        if !matches!(limit.algorithm, Algorithm::Concurrent { .. }) {
            let _ = write!(into, ";t={}", seconds(window(judged)));
        }
    }
}

fn integer(number: u64) -> Option<sfv::Integer> {
    sfv::Integer::try_from(number.min(GREATEST)).ok()
}

/// What `q` and `w` say: how much there is in a window of whole seconds, where the window has a length.
///
/// Of a bucket that is as much as it can hold, in the time in which so much comes back. What takes less than a second, which
/// `w` cannot say, is told by the second.
fn advertised(algorithm: &Algorithm) -> (u64, Option<u64>) {
    let (most, millis, by_the_second) = match *algorithm {
        Algorithm::Bucket { permits, per, burst } => {
            let refill = u128::from(burst) * u128::from(per) / u128::from(permits.max(1));
            let by_the_second = u128::from(permits) * 1_000 / u128::from(per.max(1));
            (burst, refill, by_the_second)
        }
        Algorithm::Fixed { most, per } | Algorithm::Sliding { most, per } => {
            (most, u128::from(per), u128::from(most) * 1_000 / u128::from(per.max(1)))
        }
        Algorithm::Calendar { most, period, .. } => {
            let seconds = match period {
                Period::Hour => Some(3_600),
                Period::Day => Some(86_400),
                Period::Week => Some(604_800),
                // No two are alike.
                Period::Month => None,
            };
            return (most, seconds);
        }
        Algorithm::Concurrent { most } => return (most, None),
    };
    if millis < 1_000 {
        return (most.max(u64::try_from(by_the_second).unwrap_or(GREATEST)), Some(1));
    }
    (most, Some(u64::try_from(millis.div_ceil(1_000)).unwrap_or(GREATEST)))
}

#[cfg(test)]
pub mod tests;
