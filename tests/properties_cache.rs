//! Laws of caching: that the gateway comes to what RFC 9111 says, whatever is written how, and that nothing is given that is
//! older than it may be.

#![allow(clippy::unwrap_used)]

#[path = "cache/anything.rs"]
mod anything;
#[path = "cache/message.rs"]
mod message;
#[path = "cache/model.rs"]
mod model;
#[path = "cache/writing.rs"]
mod writing;

use std::time::Duration;

use anything::anything;
use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode};
use message::{Answer, RECEIVED, Request, answer, request};
use model::{Author, Outcome};
use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;
use tollgate::cache::life::Life;
use tollgate::cache::policy::{KeyParts, Lifetimes, Passes, Place, Policy, Statuses};
use tollgate::cache::rules::{self, Asked, Reuse};
use tollgate::cache::{Entry, date};
use tollgate::host::UnixMillis;
use writing::Pen;

fn secs(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

/// `later` milliseconds after answers arrive.
fn at(later: u64) -> UnixMillis {
    UnixMillis(u64::try_from(RECEIVED).unwrap() * 1000 + later)
}

fn author() -> impl Strategy<Value = Author> {
    let lifetimes = (option::weighted(0.15, 0_u64..200), option::weighted(0.3, 0_u64..200));
    let negative = vec((prop::sample::select(vec![404_u16, 410, 429, 500, 503]), 0_u64..200), 0..3);
    let stale = || prop_oneof![2 => Just(0_u64), 1 => 1_u64..200];
    (lifetimes, negative, stale(), stale(), any::<bool>()).prop_map(
        |((fixed, default), negative, while_revalidate, if_error, set_cookie)| Author {
            fixed,
            default,
            negative,
            while_revalidate,
            if_error,
            set_cookie,
        },
    )
}

fn policy(author: &Author) -> Policy {
    let one = |status| Statuses::One(StatusCode::from_u16(status).unwrap());
    Policy {
        place: Place::Memory,
        digest: [0; 16],
        key: KeyParts::default(),
        passes: Passes::default(),
        lifetimes: Lifetimes {
            fixed: author.fixed.map(secs),
            default: author.default.map(secs),
            negative: author.negative.iter().map(|(status, span)| (one(*status), secs(*span))).collect(),
            while_revalidate: secs(author.while_revalidate),
            if_error: secs(author.if_error),
        },
        ignore_client: false,
        set_cookie: author.set_cookie,
        etag: false,
        largest: 1 << 20,
        coalesce: Duration::ZERO,
    }
}

/// What the gateway makes of an answer as it is written.
fn kept(policy: &Policy, asked: &Asked, answer: &Answer, headers: &HeaderMap) -> Option<Life> {
    let status = StatusCode::from_u16(answer.status).unwrap();
    let asked_at = UnixMillis(at(0).0 - answer.delay * 1000);
    rules::life(policy, asked, status, headers, asked_at, at(0)).ok()
}

fn outcome(reuse: Reuse) -> Outcome {
    match reuse {
        Reuse::Fresh => Outcome::Fresh,
        Reuse::Stale => Outcome::Stale,
        Reuse::WhileRevalidate => Outcome::Refreshed,
        Reuse::Validate(_) => Outcome::Ask,
    }
}

/// An answer without readable times of its own, about whose age nothing is assumed.
fn life() -> impl Strategy<Value = Life> {
    let spans = (0_u64..400_000, 0_u64..400_000, 0_u64..400_000, 0_u64..400_000);
    (spans, prop::bool::weighted(0.1), prop::bool::weighted(0.2)).prop_map(
        |((age, fresh, while_revalidate, if_error), always_validate, never_stale)| Life {
            received: at(0),
            age: Duration::from_millis(age),
            fresh: Duration::from_millis(fresh),
            while_revalidate: Duration::from_millis(while_revalidate),
            if_error: Duration::from_millis(if_error),
            always_validate,
            never_stale,
        },
    )
}

fn asked() -> impl Strategy<Value = Asked> {
    request().prop_map(|request| rules::asked(&request.written(&mut Pen::new(0)), false))
}

fn is_given(reuse: Reuse) -> bool {
    !matches!(reuse, Reuse::Validate(_))
}

// === the same as the model ===

proptest! {
    #![proptest_config(ProptestConfig::with_cases(4 * ProptestConfig::default().cases))]

    /// Whether it is kept, for how long it is fresh, and what later requests get.
    #[test]
    fn the_rfc_is_kept(
        author in author(),
        answer in answer(),
        first in request(),
        later in vec((request(), any::<bool>(), 0_u64..600), 1..8),
        seed: u64,
    ) {
        let (policy, mut pen) = (policy(&author), Pen::new(seed));
        let headers = answer.written(&mut pen);
        let asked = rules::asked(&first.written(&mut pen), false);
        let life = kept(&policy, &asked, &answer, &headers);
        let expected = author.keeps(&answer, &first);
        prop_assert_eq!(life.is_some(), expected.is_some(), "{:?}", headers);
        let (Some(life), Some(expected)) = (life, expected) else { return Ok(()) };
        prop_assert_eq!(life.fresh, secs(expected.lifetime), "{:?}", headers);
        prop_assert_eq!(life.age, secs(expected.initial_age), "{:?}", headers);
        // Also a second before and after it ceases to be fresh.
        let edge = expected.lifetime.saturating_sub(expected.initial_age);
        let edges = [edge.saturating_sub(1), edge, edge + 1].into_iter().map(|later| (nothing(), false, later));
        for (request, purged, later) in later.into_iter().chain(edges) {
            let asked = rules::asked(&request.written(&mut pen), false);
            let now = at(later * 1000);
            prop_assert_eq!(
                outcome(rules::reuse(&life, &asked, purged, now)),
                expected.given(&request, purged, later),
                "{:?} {:?} after {} s", headers, request, later
            );
            for (status, error) in [(None, true), (Some(503), true), (Some(501), false), (Some(200), false)] {
                let status = status.map(|status| StatusCode::from_u16(status).unwrap());
                prop_assert_eq!(
                    rules::rescues(&life, &asked, status, now),
                    expected.rescues(&request, error, later),
                    "{:?} {:?} after {} s", headers, request, later
                );
            }
        }
    }
}

fn nothing() -> Request {
    Request { wants: Vec::new(), pragma: false, authorization: false }
}

// === time ===

proptest! {
    /// To the millisecond, and with clocks that differ: what is given as fresh was made less than `max-age` ago.
    #[test]
    fn nothing_fresh_is_older_than_its_lifetime(
        max_age in 0_u64..100,
        // Of an answer that is asked for at 0: it was made so long before it arrived, and that took so long.
        (made, delay) in (0_u64..150_000, 0_u64..5_000),
        told in any::<bool>(),
        later in 0_u64..200_000,
        asked in asked(),
    ) {
        let made_at = at(0).0 - made;
        let mut headers = HeaderMap::new();
        headers.insert("cache-control", format!("max-age={max_age}").parse().unwrap());
        if told {
            // Made before it was asked for: a cache in between says how old it was when that answered, in whole seconds
            // rounded down; it is in transit until it arrives, which the request's time covers.
            let in_transit = delay.min(made);
            headers.insert("age", ((made - in_transit) / 1000).into());
            // What is rounded away is less than a second.
            let date = i64::try_from(made_at.div_ceil(1000)).unwrap();
            headers.insert("date", date::write(date).unwrap());
        } else {
            headers.insert("date", date::write(i64::try_from(made_at / 1000).unwrap()).unwrap());
        }
        let life = rules::life(
            &policy(&NOBODY), &Asked::default(), StatusCode::OK, &headers, UnixMillis(at(0).0 - delay), at(0),
        );
        let Ok(life) = life else { return Ok(()) };
        if rules::reuse(&life, &asked, false, at(later)) == Reuse::Fresh {
            let age = made + later;
            prop_assert!(age < (max_age + 1) * 1000, "{age} ms, {headers:?}");
            prop_assert!(life.age_at(at(later)) < life.fresh);
        }
    }

    /// Waiting makes nothing good again.
    #[test]
    fn what_is_not_given_is_not_given_later(
        life in life(),
        asked in asked(),
        purged: bool,
        (early, late) in (0_u64..800_000, 0_u64..800_000),
    ) {
        let late = at(early + late);
        let early = at(early);
        if is_given(rules::reuse(&life, &asked, purged, late)) {
            prop_assert!(is_given(rules::reuse(&life, &asked, purged, early)));
        }
        if rules::rescues(&life, &asked, None, late) {
            prop_assert!(rules::rescues(&life, &asked, None, early));
        }
        prop_assert!(life.age_at(early) <= life.age_at(late));
    }

    /// What a purge makes stale is never fresh.
    #[test]
    fn what_is_purged_is_not_fresh(life in life(), asked in asked(), later in 0_u64..800_000) {
        let purged = rules::reuse(&life, &asked, true, at(later));
        prop_assert_ne!(purged, Reuse::Fresh);
        prop_assert!(!is_given(purged) || is_given(rules::reuse(&life, &asked, false, at(later))));
        prop_assert!(!(life.never_stale && is_given(purged)));
    }

    /// Who asks for more gets no more.
    #[test]
    fn stricter_requests_get_less(
        life in life(),
        asked in asked(),
        purged: bool,
        later in 0_u64..800_000,
        (no_cache, less, max_age, min_fresh) in (any::<bool>(), 0_u64..300, option::of(0_u64..300), option::of(0_u64..300)),
    ) {
        let tighter = |most: Option<Duration>, other: Option<u64>| match (most, other.map(secs)) {
            (Some(most), Some(other)) => Some(most.min(other)),
            (most, other) => most.or(other),
        };
        let stricter = Asked {
            no_cache: asked.no_cache || no_cache,
            max_age: tighter(asked.max_age, max_age),
            min_fresh: asked.min_fresh.max(min_fresh.map(secs)),
            max_stale: asked.max_stale.map(|most| most.saturating_sub(secs(less))),
            stale_if_error: asked.stale_if_error.map(|most| most.saturating_sub(secs(less))),
            ..asked
        };
        let now = at(later);
        if is_given(rules::reuse(&life, &stricter, purged, now)) {
            prop_assert!(is_given(rules::reuse(&life, &asked, purged, now)));
        }
        if rules::rescues(&life, &stricter, None, now) {
            prop_assert!(rules::rescues(&life, &asked, None, now));
        }
    }
}

/// An author who leaves everything to the upstream.
const NOBODY: Author = Author {
    fixed: None,
    default: None,
    negative: Vec::new(),
    while_revalidate: 0,
    if_error: 0,
    set_cookie: false,
};

// === what is kept of answers ===

/// Fields of all sorts: of the connection, of the content, of caching, and others.
fn fields() -> impl Strategy<Value = HeaderMap> {
    const NAMES: [&str; 20] = [
        "age",
        "cache-control",
        "connection",
        "content-encoding",
        "content-length",
        "content-range",
        "content-type",
        "date",
        "etag",
        "keep-alive",
        "last-modified",
        "repr-digest",
        "set-cookie",
        "te",
        "trailer",
        "transfer-encoding",
        "vary",
        "x-a",
        "x-b",
        "x-c",
    ];
    const VALUES: [&str; 9] = [
        "",
        "1",
        "x-a, close",
        "x-b",
        "trailers",
        "max-age=60, private=\"x-a\"",
        "no-cache=x-c",
        "\"a\"",
        "gzip",
    ];
    let field = (prop::sample::select(&NAMES[..]), prop::sample::select(&VALUES[..]));
    vec(field, 0..12).prop_map(|fields| {
        let mut headers = HeaderMap::new();
        for (name, value) in fields {
            headers.append(HeaderName::from_static(name), HeaderValue::from_static(value));
        }
        headers
    })
}

fn entry(headers: HeaderMap) -> Entry {
    let body = Bytes::from_static(b"content");
    Entry { status: StatusCode::OK, headers, body, life: Life::default(), tags: Vec::new(), serial: 0 }
}

fn all<'a>(headers: &'a HeaderMap, name: &'a HeaderName) -> Vec<&'a HeaderValue> {
    headers.get_all(name).iter().collect()
}

const OF_THE_CONNECTION: [&str; 5] = ["connection", "keep-alive", "te", "trailer", "transfer-encoding"];
const OF_THE_CONTENT: [&str; 5] =
    ["content-encoding", "content-length", "content-range", "etag", "repr-digest"];

proptest! {
    /// RFC 9111 section 3.2.
    #[test]
    fn a_304_changes_what_it_may(kept in fields(), answer in fields()) {
        let mut stored = kept;
        rules::strip(&policy(&NOBODY), &mut stored);
        let entry = entry(stored.clone());
        let Some(fresh) = rules::freshen(&entry, &answer) else { return Ok(()) };
        let mut told = answer;
        tollgate::forward::hop::strip_hop_by_hop(&mut told);
        let names: Vec<_> = stored.keys().chain(told.keys()).chain(fresh.keys()).cloned().collect();
        for name in &names {
            let (was, told, is) = (all(&stored, name), all(&told, name), all(&fresh, name));
            if OF_THE_CONTENT.contains(&name.as_str()) || OF_THE_CONNECTION.contains(&name.as_str()) {
                prop_assert_eq!(is, was, "{}", name);
            } else if !told.is_empty() {
                prop_assert_eq!(is, told, "{}", name);
            } else if name == "date" {
                prop_assert!(is.is_empty());
            } else {
                prop_assert_eq!(is, was, "{}", name);
            }
        }
        // Hearing it twice changes no more.
        let again = Entry { headers: fresh.clone(), ..entry };
        prop_assert_eq!(rules::freshen(&again, &told), Some(fresh));
    }

    /// What is stripped is stripped, and what stays is what it was.
    #[test]
    fn what_is_left_of_an_answer(headers in fields()) {
        let policy = policy(&NOBODY);
        let mut once = headers.clone();
        rules::strip(&policy, &mut once);
        for name in OF_THE_CONNECTION.into_iter().chain(["age", "set-cookie"]) {
            prop_assert!(!once.contains_key(name), "{}", name);
        }
        for name in once.keys() {
            prop_assert_eq!(all(&once, name), all(&headers, name));
        }
        let mut twice = once.clone();
        rules::strip(&policy, &mut twice);
        prop_assert_eq!(twice, once);
    }

    /// What is kept, read again when a 304 says nothing new, has the lifetime that it had.
    #[test]
    fn what_is_kept_says_the_same(author in author(), answer in answer(), seed: u64) {
        let policy = policy(&author);
        let answer = Answer { age: None, ..answer };
        let mut headers = answer.written(&mut Pen::new(seed));
        let life = kept(&policy, &Asked::default(), &answer, &headers);
        let Some(life) = life else { return Ok(()) };
        rules::date(&mut headers, at(0));
        rules::strip(&policy, &mut headers);
        prop_assert_eq!(kept(&policy, &Asked::default(), &answer, &headers), Some(life));
    }
}

// === anything at all ===

proptest! {
    /// Nothing panics, whoever wrote it, and at the ends of time.
    #[test]
    fn anything_can_be_read(
        author in author(),
        (request, answer, stored) in (anything(), anything(), anything()),
        status in 100_u16..1000,
        times in prop::array::uniform3(prop_oneof![Just(0), any::<u64>(), Just(u64::MAX), Just(at(0).0)]),
        path in "[/a?]{1,6}",
    ) {
        let (policy, status) = (policy(&author), StatusCode::from_u16(status).unwrap());
        let [asked_at, received, now] = times.map(UnixMillis);
        let asked = rules::asked(&request, false);
        if let Ok(life) = rules::life(&policy, &asked, status, &answer, asked_at, received) {
            prop_assert!(life.fresh <= secs(1 << 31));
            rules::reuse(&life, &asked, false, now);
            rules::rescues(&life, &asked, Some(status), now);
        }
        let mut stripped = answer.clone();
        rules::date(&mut stripped, received);
        rules::strip(&policy, &mut stripped);
        rules::conceal(&mut stripped);
        prop_assert!(!stripped.contains_key("tollgate-cache-control"));
        let kept = entry(stored);
        rules::freshen(&kept, &answer);
        rules::head_agrees(&kept, &answer);
        let mut conditional = request;
        let has = rules::condition(&kept, &mut conditional);
        prop_assert_eq!(has, conditional.contains_key("if-none-match") || conditional.contains_key("if-modified-since"));
        prop_assert!(!conditional.contains_key("range"));
        rules::invalidates(&Method::POST, status);
        if let Ok(asked_for) = path.parse() {
            let also = rules::also_invalid(false, "a", &asked_for, &answer);
            prop_assert!(also.len() <= 2);
            prop_assert!(also.iter().all(|address| address.as_str().starts_with('/')));
        }
    }
}
