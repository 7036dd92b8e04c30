//! Shares of a line, and who moves when they change.

#![allow(clippy::unwrap_used)]
use std::collections::BTreeSet;

use super::*;

fn part(upstream: usize, name: &str, weight: u32, bounds: (u32, u32)) -> Part {
    Part { upstream, name: name.into(), weight, bounds }
}

/// Parts whose weights can be anything.
fn split(weights: &[u32]) -> Split {
    let names = ["a", "b", "c", "d"];
    let part = |(at, weight): (usize, &u32)| part(at, names[at], *weight, (0, 1_000_000));
    let parts = weights.iter().enumerate().map(part).collect();
    Split { rules: Vec::new(), parts, by: vec![KeyPart::Consumer], salt: "r".into() }
}

/// So many points all along the line.
fn line(points: u64) -> impl Iterator<Item = u64> {
    (0..points).map(move |step| step * (u64::MAX / points) + u64::MAX / points / 2)
}

/// Who is with each part, of 10,000 callers.
fn with(split: &Split) -> Vec<BTreeSet<u64>> {
    let mut all = vec![BTreeSet::new(); split.parts.len()];
    line(10_000).for_each(|point| {
        all[split.at(point, None).unwrap()].insert(point);
    });
    all
}

#[test]
fn each_has_its_share() {
    for weights in [&[90, 10][..], &[1, 1, 1], &[0, 7, 0, 3], &[1_000_000, 1]] {
        let split = split(weights);
        let all: u32 = weights.iter().sum();
        for (weight, callers) in weights.iter().zip(with(&split)) {
            let expected = u64::from(*weight) * 10_000 / u64::from(all);
            assert!(expected.abs_diff(callers.len() as u64) <= 1, "{weights:?}: {}", callers.len());
        }
    }
}

#[test]
fn whoever_is_with_an_upstream_stays_when_its_weight_grows() {
    // From 10 to 20 %, and on to all: nobody goes back, in whichever place it stands.
    for (before, after, grows) in [
        (&[90, 10][..], &[80, 20][..], 1),
        (&[80, 20], &[50, 50], 1),
        (&[50, 50], &[0, 100], 1),
        (&[10, 90], &[20, 80], 0),
        (&[40, 10, 50], &[40, 20, 50], 1),
        (&[45, 10, 45], &[35, 30, 35], 1),
    ] {
        let (before, after) = (with(&split(before)), with(&split(after)));
        assert!(before[grows].is_subset(&after[grows]));
        assert!(before[grows].len() < after[grows].len());
    }
    // Of the two parts of the usual split, exactly those move whose share has moved.
    let (before, after) = (with(&split(&[90, 10])), with(&split(&[80, 20])));
    assert_eq!(before[0].difference(&after[0]).count(), 1_000);
}

#[test]
fn weights_are_set_within_their_bounds() {
    let parts = vec![part(0, "old", 90, (50, 100)), part(1, "new", 10, (0, 50)), part(2, "none", 0, (0, 0))];
    let split = Split { parts, ..split(&[]) };
    let weights = |set: &[(&str, u32)]| {
        let set: BTreeMap<Box<str>, u32> =
            set.iter().map(|(name, weight)| ((*name).into(), *weight)).collect();
        split.weights(Some(&set)).collect::<Vec<_>>()
    };
    assert_eq!(split.weights(None).collect::<Vec<_>>(), [90, 10, 0]);
    assert_eq!(weights(&[("new", 30)]), [90, 30, 0]);
    assert_eq!(weights(&[("old", 0), ("new", 99), ("none", 5), ("other", 1)]), [50, 50, 0]);
    assert!(split.is_adjustable());
}

#[test]
fn where_nobody_would_have_requests_nothing_was_set() {
    let split = split(&[90, 10]);
    let set: BTreeMap<Box<str>, u32> = [("a".into(), 0), ("b".into(), 0)].into();
    assert_eq!(split.weights(Some(&set)).collect::<Vec<_>>(), [90, 10]);
    assert_eq!(split.at(u64::MAX, Some(&set)), Some(1));
}

#[test]
fn one_value_of_a_list_does() {
    let claim = serde_json::json!(["beta", 7, null]);
    assert_eq!(texts(Some(&claim)), ["beta", "7"]);
    assert_eq!(texts(Some(&serde_json::json!(true))), ["true"]);
    assert!(texts(Some(&serde_json::Value::Null)).is_empty() && texts(None).is_empty());
}
