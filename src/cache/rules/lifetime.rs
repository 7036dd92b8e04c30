//! For how long an answer is fresh, and how old it is when it arrives (RFC 9111 section 4.2).

use std::time::Duration;

use http::header::{AGE, DATE, EXPIRES, LAST_MODIFIED};
use http::{HeaderMap, StatusCode};

use super::condition::validators;
use super::said::{Part, Said, said};
use super::seconds::{LONGEST, seconds};
use super::storable::{is_heuristically_cacheable, refusal};
use super::{Asked, NotKept};
use crate::cache::date;
use crate::cache::life::Life;
use crate::cache::policy::{Lifetimes, Policy};
use crate::host::UnixMillis;

/// Of the time since an answer changed, this part is taken for how long it will not change (RFC 9111 section 4.2.2: "a
/// typical setting of this fraction might be 10%").
const HEURISTIC_PART: u64 = 10;

/// And at most this long: whoever says nothing should not be taken at its word for long.
const LONGEST_HEURISTIC: Duration = Duration::from_hours(24);

/// How long an answer to a `GET` may be kept, or why it may not (RFC 9111 section 3). `headers` are those of the answer:
/// what must not be kept of them is taken away by [`super::strip`].
pub fn life(
    policy: &Policy,
    asked: &Asked,
    status: StatusCode,
    headers: &HeaderMap,
    asked_at: UnixMillis,
    received: UnixMillis,
) -> Result<Life, NotKept> {
    let said = said(headers);
    if let Some(refusal) = refusal(policy, asked, status, headers, &said) {
        return Err(refusal);
    }
    let lifetimes = &policy.lifetimes;
    let fresh = lifetime(lifetimes, status, headers, &said, received)
        .ok_or(NotKept("the answer does not say for how long, and its status is not kept without"))?;
    let life = Life {
        received,
        age: age(headers, asked_at, received),
        fresh,
        while_revalidate: said.while_revalidate.unwrap_or(lifetimes.while_revalidate),
        if_error: said.if_error.unwrap_or(lifetimes.if_error),
        always_validate: said.no_cache == Part::Whole,
        never_stale: never_stale(&said, lifetimes),
    };
    if is_useless(&life, headers) {
        return Err(NotKept("the answer is not fresh, and has nothing that it could be validated with"));
    }
    Ok(life)
}

/// `freshness_lifetime`; `None` where the answer does not say and its status may not be kept without that.
fn lifetime(
    lifetimes: &Lifetimes,
    status: StatusCode,
    headers: &HeaderMap,
    said: &Said,
    received: UnixMillis,
) -> Option<Duration> {
    let says = said.has_lifetime(headers);
    // RFC 9111 section 3: what says nothing of its lifetime is kept if its status is known to be kept, or with `public`.
    let without = is_heuristically_cacheable(status) || said.public;
    let negative = lifetimes.negative.iter().find(|(statuses, _)| statuses.has(status));
    if let Some((_, lifetime)) = negative.filter(|_| !says) {
        return Some((*lifetime).min(LONGEST));
    }
    if !(says || without) {
        return None;
    }
    if let Some(fixed) = lifetimes.fixed {
        return Some(fixed.min(LONGEST));
    }
    // RFC 9111 section 4.2.1: the first that is there counts.
    let explicit = said.s_maxage.or(said.max_age);
    explicit.or_else(|| says.then(|| until_expires(headers, received))).or_else(|| {
        let default = lifetimes.default.map(|default| default.min(LONGEST));
        Some(default.unwrap_or_else(|| heuristic(headers, received)))
    })
}

/// How long an answer is fresh still that says for how long it is, when it arrives.
pub fn left(headers: &HeaderMap, said: &Said, received: UnixMillis) -> Duration {
    let explicit = said.s_maxage.or(said.max_age);
    let all = explicit.unwrap_or_else(|| until_expires(headers, received));
    all.saturating_sub(age(headers, received, received))
}

/// RFC 9111 section 5.3: from `Date` to `Expires`; what is no date is in the past.
fn until_expires(headers: &HeaderMap, received: UnixMillis) -> Duration {
    let now = whole_seconds(received);
    let expires = headers.get(EXPIRES).and_then(|value| date::parse(value.as_bytes(), now));
    expires.map_or(Duration::ZERO, |expires| between(made(headers, now), expires))
}

/// RFC 9111 section 4.2.2.
fn heuristic(headers: &HeaderMap, received: UnixMillis) -> Duration {
    let now = whole_seconds(received);
    let changed = headers.get(LAST_MODIFIED).and_then(|value| date::parse(value.as_bytes(), now));
    let unchanged = changed.map_or(Duration::ZERO, |changed| between(changed, made(headers, now)));
    Duration::from_secs(unchanged.as_secs() / HEURISTIC_PART).min(LONGEST_HEURISTIC)
}

/// `corrected_initial_age` (RFC 9111 section 4.2.3): how old an answer was when it arrived.
fn age(headers: &HeaderMap, asked_at: UnixMillis, received: UnixMillis) -> Duration {
    let now = whole_seconds(received);
    let apparent = between(made(headers, now), now);
    let delay = Duration::from_millis(received.0.saturating_sub(asked_at.0));
    // RFC 9111 section 5.1: of several the first counts, and what is no number is as if it were not there.
    let first = headers.get(AGE).and_then(|value| value.as_bytes().split(|byte| *byte == b',').next());
    let told = first.and_then(|value| seconds(value.trim_ascii())).unwrap_or_default();
    apparent.max(told + delay)
}

/// RFC 9111 section 5.2.2.2 and 5.2.2.8; `s-maxage` says the same (section 5.2.2.10), unless the author's word is in its
/// place.
fn never_stale(said: &Said, lifetimes: &Lifetimes) -> bool {
    let s_maxage = said.s_maxage.is_some() && lifetimes.fixed.is_none();
    said.must_revalidate || said.proxy_revalidate || s_maxage
}

/// Whether nothing could ever be done with what would be kept: it is never fresh, cannot be validated, and may not be given
/// stale.
fn is_useless(life: &Life, headers: &HeaderMap) -> bool {
    let lasts = !life.while_revalidate.is_zero() || !life.if_error.is_zero();
    let fresh = !life.always_validate && !life.fresh.is_zero();
    let stale = lasts && !life.always_validate && !life.never_stale;
    !(fresh || stale || matches!(validators(headers), (Some(_), _) | (_, Some(_))))
}

/// When an answer was made: as it says, or, where it says nothing that can be read, now (RFC 9110 section 6.6.1).
fn made(headers: &HeaderMap, now: i64) -> i64 {
    headers.get(DATE).and_then(|value| date::parse(value.as_bytes(), now)).unwrap_or(now)
}

/// Dates have whole seconds: what is compared with them has no more, or everything would be up to a second too old.
fn whole_seconds(at: UnixMillis) -> i64 {
    i64::try_from(at.0 / 1000).unwrap_or(i64::MAX)
}

/// The time from one moment to a later one; none if it is earlier.
fn between(from: i64, to: i64) -> Duration {
    let seconds = u64::try_from(to.saturating_sub(from)).unwrap_or(0);
    Duration::from_secs(seconds).min(LONGEST)
}
