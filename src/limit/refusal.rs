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

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use serde_json::json;

    use super::*;
    use crate::limit::fields::tests::limits;

    fn judged(all: &[(usize, Outcome, u64)]) -> Vec<Judged> {
        let judged = all.iter().map(|(limit, outcome, retry)| Judged {
            limit: *limit,
            outcome: *outcome,
            remaining: 0,
            reset: 0,
            retry: *retry,
        });
        judged.collect()
    }

    /// The problem's slug, `Retry-After`, the detail and the names.
    fn told(all: &[(usize, Outcome, u64)]) -> Option<(&'static str, Option<String>, String, Vec<String>)> {
        let failure = refusal(&limits(), &judged(all)).err()?;
        let response = failure.respond("edge", None);
        let body: serde_json::Value = serde_json::from_slice(response.body()).unwrap();
        let retry = response.headers().get(RETRY_AFTER).map(|value| value.to_str().unwrap().to_owned());
        let names = serde_json::from_value(body["violated-policies"].clone()).unwrap();
        Some((failure.problem.spec().slug, retry, failure.detail.unwrap(), names))
    }

    #[test]
    fn retry_after_is_in_seconds_and_never_too_early() {
        for (retry, expected) in [(0, "1"), (1, "1"), (1_000, "1"), (1_001, "2"), (86_400_000, "86400")] {
            let (slug, told, detail, names) = told(&[(0, Outcome::Refused, retry)]).unwrap();
            assert_eq!((slug, told.as_deref()), ("quota-exceeded", Some(expected)));
            assert_eq!(detail, "nothing is left of the limit \"a\"");
            assert_eq!(names, ["a"]);
        }
    }

    #[test]
    fn a_request_that_is_too_heavy_need_not_come_again() {
        let all = [(0, Outcome::Refused, 5), (1, Outcome::Refused, u64::MAX)];
        let (slug, retry, detail, names) = told(&all).unwrap();
        assert_eq!((slug, retry), ("quota-exceeded", None));
        assert_eq!(detail, "the request weighs more than the limit \"b\" can ever allow");
        assert_eq!(names, ["a", "b"]);
    }

    #[test]
    fn the_last_of_several_decides_when() {
        let all = [(1, Outcome::Refused, 5_000), (0, Outcome::Refused, 9_000), (2, Outcome::Admitted, 0)];
        let (_, retry, detail, names) = told(&all).unwrap();
        assert_eq!(retry.as_deref(), Some("9"));
        assert_eq!(detail, "nothing is left of the limits \"b\" and \"a\"");
        assert_eq!(names, ["b", "a"]);
    }

    #[test]
    fn a_store_that_does_not_answer() {
        let (slug, retry, detail, names) = told(&[(2, Outcome::Denied, 0)]).unwrap();
        assert_eq!((slug, retry), ("temporary-reduced-capacity", None));
        assert_eq!(detail, "the limit \"c\" cannot be counted at the moment");
        assert_eq!(names, ["c"]);
        let (_, retry, ..) = told(&[(2, Outcome::Denied, 1_500)]).unwrap();
        assert_eq!(retry.as_deref(), Some("2"));
        // What is certain goes first.
        let (slug, retry, _, names) = told(&[(2, Outcome::Denied, 9_000), (0, Outcome::Refused, 1)]).unwrap();
        assert_eq!((slug, retry.as_deref()), ("quota-exceeded", Some("1")));
        assert_eq!(names, ["a"]);
    }

    #[test]
    fn whoever_refuses_nobody_is_not_told_of() {
        let others = [(0, Outcome::Admitted, 0), (1, Outcome::Shadowed, 9), (2, Outcome::Allowed, 0)];
        assert_eq!(told(&others), None);
        assert_eq!(told(&[]), None);
    }

    /// draft-ietf-httpapi-ratelimit-headers-11 sections 5.1 and 5.2.
    #[test]
    fn problems_are_those_of_the_registry() {
        for (outcome, expected) in [
            (Outcome::Refused, "https://iana.org/assignments/http-problem-types#quota-exceeded"),
            (Outcome::Denied, "https://iana.org/assignments/http-problem-types#temporary-reduced-capacity"),
        ] {
            let failure = refusal(&limits(), &judged(&[(0, outcome, 1)])).unwrap_err();
            let response = failure.respond("edge", None);
            let body: serde_json::Value = serde_json::from_slice(response.body()).unwrap();
            assert_eq!(body["type"], json!(expected));
            assert_eq!(body["violated-policies"], json!(["a"]));
        }
    }
}
