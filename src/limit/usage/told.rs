//! What is said of the limits that were looked at, in JSON.

use serde_json::{Map, Value, json};

use super::super::bound::Bound;
use super::super::wording::name_of;
use super::super::{Algorithm, Judged, KeyPart, Limit, Outcome, Weight};
use super::Looked;
use crate::auth::Caller;
use crate::host::UnixMillis;
use crate::telemetry::line::rfc3339;

/// All that is said.
pub(super) fn said(
    looked: &Looked<'_>,
    caller: Option<&Caller>,
    judged: &[Judged],
    now: UnixMillis,
) -> Value {
    let lines = looked.told.iter().map(|index| {
        let found = looked.wanted.iter().any(|wanted| wanted.limit == *index);
        let judged = judged.iter().find(|judged| judged.limit == *index);
        let limit = &looked.limits.all[*index];
        let mut line = line(limit, found, judged, now);
        let bound = looked.bounds.get(*index);
        // What was taken ahead is spent by whoever took it, and nobody else knows how much of it is left.
        if bound == Some(&Bound::Approximate) || limit.lease > 1 {
            line["approximate"] = true.into();
        }
        if bound == Some(&Bound::EachServer) {
            line["counted"] = "by each server".into();
        }
        line
    });
    let mut said = json!({
        "consumer": caller.and_then(|caller| caller.consumer.as_deref()).map(|consumer| &*consumer.id),
        "plan": looked.tier.map(|tier| &*looked.limits.tiers[tier].name),
        "at": rfc3339(now),
        "limits": lines.collect::<Vec<_>>(),
    });
    if looked.more > 0 {
        said["more"] = looked.more.into();
    }
    said
}

/// Whether its store did.
pub(super) fn is_answered(judged: &Judged) -> bool {
    !matches!(judged.outcome, Outcome::Allowed | Outcome::Denied)
}

/// What is said of one limit: its terms always, its numbers where they could be `found` and the store answered.
fn line(limit: &Limit, found: bool, judged: Option<&Judged>, now: UnixMillis) -> Value {
    let mut said = terms(limit);
    if !found {
        return Value::Object(said);
    }
    let Some(judged) = judged.filter(|judged| is_answered(judged)) else {
        said.insert("remaining".to_owned(), "unknown".into());
        return Value::Object(said);
    };
    said.insert("remaining".to_owned(), judged.remaining.saturating_mul(unit(limit).1).into());
    // What is held is given back when it ends, and nobody knows when that is.
    if !matches!(limit.algorithm, Algorithm::Concurrent { .. }) {
        said.insert("reset".to_owned(), judged.reset.div_ceil(1_000).into());
        let moment = UnixMillis(now.0.saturating_add(judged.reset));
        said.insert("reset_at".to_owned(), rfc3339(moment).into());
    }
    Value::Object(said)
}

/// What does not change from one moment to the next.
fn terms(limit: &Limit) -> Map<String, Value> {
    let mut said = Map::new();
    let mut say = |name: &str, value: Value| said.insert(name.to_owned(), value);
    say("name", (*limit.name).into());
    let (unit, each) = unit(limit);
    say("limit", limit.algorithm.most().saturating_mul(each).into());
    say("unit", unit.into());
    match &limit.algorithm {
        Algorithm::Bucket { permits, per, .. } => {
            say("rate", json!({ "permits": permits, "seconds": number(*per) }));
        }
        Algorithm::Fixed { per, .. } => drop(say("window", number(*per))),
        Algorithm::Sliding { per, .. } => {
            say("window", number(*per));
            say("sliding", true.into());
        }
        Algorithm::Calendar { period, zone, .. } => {
            say("period", name_of(*period).into());
            say("zone", zone.name().into());
        }
        Algorithm::Concurrent { .. } => {}
    }
    say("per", limit.key.iter().map(part).collect());
    if limit.when.is_some() {
        say("conditional", true.into());
    }
    if limit.shadow {
        say("shadow", true.into());
    }
    said
}

/// A span in seconds: whole where it is.
fn number(millis: u64) -> Value {
    match millis % 1_000 {
        0 => (millis / 1_000).into(),
        _ => (millis as f64 / 1_000.0).into(),
    }
}

/// What is counted, in the draft's words (draft-ietf-httpapi-ratelimit-headers-11 section 3.1.2) where it has one, and how
/// many of it a permit is.
fn unit(limit: &Limit) -> (&'static str, u64) {
    match (&limit.algorithm, &limit.weight) {
        (Algorithm::Concurrent { .. }, _) => ("concurrent-requests", 1),
        (_, Weight::Body { bytes, .. }) => ("content-bytes", *bytes),
        (_, Weight::Constant(1)) => ("requests", 1),
        _ => ("permits", 1),
    }
}

/// A part of a key in the words of the configuration.
fn part(part: &KeyPart) -> Value {
    match part {
        KeyPart::Consumer => "consumer".into(),
        KeyPart::Subject => "subject".into(),
        KeyPart::Credential => "credential".into(),
        KeyPart::Address { .. } => "address".into(),
        KeyPart::Route => "route".into(),
        KeyPart::Host => "host".into(),
        KeyPart::Everybody => "everybody".into(),
        KeyPart::Claim(path) => json!({ "claim": path.as_str() }),
        KeyPart::Header(name) => json!({ "header": name.as_str() }),
        KeyPart::Cookie(name) => json!({ "cookie": **name }),
        // Its text is the author's.
        KeyPart::Expression(_) => "expression".into(),
    }
}
