//! What a client is told that a limit turns away.

use http::HeaderValue;
use http::header::RETRY_AFTER;

use super::{Judged, Limits, Outcome};
use crate::problem::{Failure, Problem};

/// The answer where one of `judged` turns the request away.
pub fn refusal(limits: &Limits, judged: &[Judged]) -> Result<(), Failure> {
    let is_any = |outcome| judged.iter().any(|it| it.outcome == outcome);
    let (outcome, problem) = if is_any(Outcome::Refused) {
        (Outcome::Refused, Problem::QuotaExceeded)
    } else if is_any(Outcome::Denied) {
        (Outcome::Denied, Problem::TemporaryReducedCapacity)
    } else {
        return Ok(());
    };
    let violated: Vec<_> = judged.iter().filter(|it| it.outcome == outcome).collect();
    let name = |it: &&Judged| limits.all.get(it.limit).map_or("", |limit| &*limit.name);
    let failure = Failure::from(problem).violated(violated.iter().map(name));
    let never: Vec<_> = violated.iter().filter(|it| it.retry == u64::MAX).map(name).collect();
    let detail = match outcome {
        _ if !never.is_empty() => {
            format!("the request weighs more than {} can ever allow", list(&never))
        }
        Outcome::Denied => format!("{} cannot be counted at the moment", list(&failure.violated)),
        _ => format!("nothing is left of {}", list(&failure.violated)),
    };
    // The request has to wait for the last of them.
    let retry = violated.iter().map(|it| it.retry).max().unwrap_or_default();
    let failure = failure.detail(detail);
    Err(match seconds(outcome, retry) {
        Some(seconds) => failure.field(RETRY_AFTER, HeaderValue::from(seconds)),
        None => failure,
    })
}

/// When to come again; `None` where that would not help, or nobody knows.
///
/// It is no earlier than the end of the window in `RateLimit` (draft-ietf-httpapi-ratelimit-headers-11 section 6.4): for a
/// limit that refuses they are the same moment; see [`super::fields`].
fn seconds(outcome: Outcome, retry: u64) -> Option<u64> {
    match (outcome, retry) {
        (_, u64::MAX) | (Outcome::Denied, 0) => None,
        // In whole seconds (RFC 9110 section 10.2.3), and never at once.
        _ => Some(retry.div_ceil(1_000).max(1)),
    }
}

/// `the limit "a"`, `the limits "a" and "b"`.
fn list(names: &[impl AsRef<str>]) -> String {
    let noun = if names.len() == 1 { "the limit" } else { "the limits" };
    let quoted: Vec<_> = names.iter().map(|name| format!("\"{}\"", name.as_ref())).collect();
    format!("{noun} {}", quoted.join(" and "))
}
