//! When a request is sent again, or twice.

use std::time::Duration;

use http::header::{HeaderName, RETRY_AFTER};
use http::{HeaderMap, Method, StatusCode};

use crate::cache::date;
use crate::host::{Reached, UnixMillis};
use crate::problem::Problem;

mod budget;
mod latencies;
pub mod tell;

pub use budget::Budget;
pub use latencies::Latencies;

/// How an attempt ended, for all who learn from it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Outcome {
    /// What came of it.
    pub came: Came,
    /// From its beginning until that was known.
    pub took: Duration,
}

/// What came of an attempt.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Came {
    /// An answer.
    Answer(StatusCode),
    /// None, by the upstream's doing.
    Nothing(Problem, Reached),
    /// Nothing can be said: it was given up, or it was the client's doing.
    Unknown,
}

/// When a request is sent again.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Retry {
    /// How often it is sent at most, the first time included.
    pub attempts: u32,
    /// Statuses after which it is sent again, sorted.
    pub statuses: Box<[u16]>,
    /// The longest wait before the second attempt.
    pub backoff: Duration,
    /// The longest wait before any attempt.
    pub most_backoff: Duration,
    /// How long one attempt may take.
    pub per_try: Option<Duration>,
    /// How much of a request's content is kept, in bytes.
    pub body: u64,
    /// Retries for each hundred requests.
    pub percent: u32,
    /// Retries in each second at any rate.
    pub per_second: u32,
    /// Only after connections that could not be made: what an upstream with several targets does where nothing is written.
    pub only_unsent: bool,
}

/// When a second request is sent beside the first.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Hedge {
    /// When the first has taken so long.
    After(Duration),
    /// When it has taken longer than this share of the last requests did, in thousandths.
    Percentile(u32),
}

/// How an upstream is told how long the gateway will wait.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct TellDeadline {
    /// A field that has it in milliseconds.
    pub header: Option<HeaderName>,
    /// Calls of gRPC are told in `grpc-timeout`.
    pub grpc: bool,
}

// === impl Retry ===

impl Retry {
    /// What an upstream with several targets does where nothing is written: a target that cannot be reached is not the
    /// end of a request that nobody has seen.
    pub fn unsent() -> Self {
        Self {
            attempts: 3,
            statuses: Box::default(),
            backoff: Duration::from_millis(25),
            most_backoff: Duration::from_millis(250),
            per_try: None,
            // A component's host takes content before it has a connection.
            body: 64 << 10,
            percent: 20,
            per_second: 10,
            only_unsent: true,
        }
    }
}

// === impl Outcome ===

impl Outcome {
    /// Whether it is the upstream's failure: no answer, or one of the class 5xx.
    pub fn is_failure(&self) -> bool {
        match self.came {
            Came::Answer(status) => status.is_server_error(),
            Came::Nothing(..) => true,
            Came::Unknown => false,
        }
    }
}

/// Whether a request may be sent again although the upstream may have acted on it: its method is idempotent (RFC 9110
/// section 9.2.2), or its client has given it a key by which the upstream knows it again.
pub fn is_repeatable(method: &Method, has_key: bool) -> bool {
    method.is_idempotent() || has_key
}

/// How long to wait before a request is sent again after `made` attempts, the last of which ended with `outcome`; `None` where
/// it is not. `asked`: how long the upstream wants to be left alone.
pub fn wait(
    retry: &Retry,
    outcome: &Outcome,
    repeatable: bool,
    made: u32,
    asked: Option<Duration>,
    chance: u64,
) -> Option<Duration> {
    if made >= retry.attempts {
        return None;
    }
    let may = match outcome.came {
        Came::Nothing(_, Reached::No) => true,
        Came::Nothing(_, Reached::Maybe) => repeatable && !retry.only_unsent,
        Came::Answer(status) => repeatable && asks_again(retry, status),
        Came::Unknown => false,
    };
    if !may || asked.is_some_and(|asked| asked > retry.most_backoff) {
        return None;
    }
    Some(jittered(retry, made, chance).max(asked.unwrap_or_default()))
}

/// Whether a request is sent again after an answer with this status.
pub fn asks_again(retry: &Retry, status: StatusCode) -> bool {
    retry.statuses.binary_search(&status.as_u16()).is_ok()
}

/// Exponential back-off with full jitter: anything from nothing to the longest wait there may be now
/// (<https://aws.amazon.com/blogs/architecture/exponential-backoff-and-jitter/>).
fn jittered(retry: &Retry, made: u32, chance: u64) -> Duration {
    let doublings = made.saturating_sub(1).min(31);
    let most = retry.backoff.saturating_mul(1 << doublings).min(retry.most_backoff);
    let nanos = u64::try_from(most.as_nanos()).unwrap_or(u64::MAX);
    Duration::from_nanos(scaled(nanos, chance))
}

/// `chance`, of all 64-bit numbers, brought to 0 up to `most`.
fn scaled(most: u64, chance: u64) -> u64 {
    let product = u128::from(chance) * (u128::from(most) + 1);
    u64::try_from(product >> 64).unwrap_or(most)
}

/// How long the upstream wants to be left alone (RFC 9110 section 10.2.3).
pub fn after(headers: &HeaderMap, now: UnixMillis) -> Option<Duration> {
    let text = headers.get(RETRY_AFTER)?.to_str().ok()?.trim();
    if !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit()) {
        return Some(Duration::from_secs(text.parse().unwrap_or(u64::MAX)));
    }
    let now = i64::try_from(now.0 / 1_000).ok()?;
    let seconds = date::parse(text.as_bytes(), now)?.saturating_sub(now);
    Some(Duration::from_secs(u64::try_from(seconds).unwrap_or(0)))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use http::HeaderValue;

    use super::*;

    fn retry() -> Retry {
        Retry { attempts: 4, statuses: [502, 503].into(), only_unsent: false, ..Retry::unsent() }
    }

    fn waits(retry: &Retry, came: Came, repeatable: bool, made: u32, asked: Option<u64>) -> Option<Duration> {
        let outcome = Outcome { came, took: Duration::ZERO };
        wait(retry, &outcome, repeatable, made, asked.map(Duration::from_secs), u64::MAX)
    }

    #[test]
    fn what_nobody_has_seen_is_sent_again_whatever_it_is() {
        let unsent = Came::Nothing(Problem::UpstreamRefused, Reached::No);
        let reset = Came::Nothing(Problem::UpstreamTerminated, Reached::Maybe);
        let busy = Came::Answer(StatusCode::SERVICE_UNAVAILABLE);
        let all = [unsent, reset, busy, Came::Answer(StatusCode::NOT_FOUND), Came::Unknown];
        let may =
            |retry: &Retry, repeatable| all.map(|came| waits(retry, came, repeatable, 1, None).is_some());
        assert_eq!(may(&retry(), true), [true, true, true, false, false]);
        assert_eq!(may(&retry(), false), [true, false, false, false, false]);
        assert_eq!(may(&Retry::unsent(), true), [true, false, false, false, false]);
    }

    #[test]
    fn waits_double_up_to_the_longest_and_attempts_end() {
        let unsent = Came::Nothing(Problem::UpstreamDns, Reached::No);
        let retry = Retry { attempts: 8, ..retry() };
        let longest: Vec<_> = (1..=8).map(|made| waits(&retry, unsent, false, made, None)).collect();
        let millis = |millis| Some(Duration::from_millis(millis));
        assert_eq!(longest[..4], [millis(25), millis(50), millis(100), millis(200)]);
        assert_eq!(longest[4..], [millis(250), millis(250), millis(250), None]);
    }

    #[test]
    fn chance_decides_how_much_of_a_wait_is_waited() {
        assert_eq!([0, 1 << 63, u64::MAX].map(|chance| scaled(100, chance)), [0, 50, 100]);
        let mut sum = 0;
        for at in 0..1_000u64 {
            sum += scaled(1_000, at.wrapping_mul(0x9e37_79b9_7f4a_7c15));
        }
        assert!((490_000..510_000).contains(&sum), "{sum}");
    }

    #[test]
    fn an_upstream_that_wants_to_be_left_alone_is() {
        let busy = Came::Answer(StatusCode::SERVICE_UNAVAILABLE);
        let patient = Retry { most_backoff: Duration::from_secs(2), ..retry() };
        assert_eq!(waits(&patient, busy, true, 1, Some(1)), Some(Duration::from_secs(1)));
        assert_eq!(waits(&patient, busy, true, 1, Some(3)), None);
        let said = |text: &'static str| {
            let mut headers = HeaderMap::new();
            headers.insert(RETRY_AFTER, HeaderValue::from_static(text));
            after(&headers, UnixMillis(784_111_777_000))
        };
        assert_eq!(said("120"), Some(Duration::from_secs(120)));
        assert_eq!(said("Sun, 06 Nov 1994 08:50:07 GMT"), Some(Duration::from_secs(30)));
        assert_eq!(said("Sun, 06 Nov 1994 08:00:00 GMT"), Some(Duration::ZERO));
        assert_eq!(said("99999999999999999999"), Some(Duration::from_secs(u64::MAX)));
        assert_eq!([said("soon"), said(""), said("-1")], [None; 3]);
    }
}
