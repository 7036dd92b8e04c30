//! How many places a request finds.

#![allow(clippy::unwrap_used)]
use super::*;
#[test]
fn places_by_priority() {
    let admission = Admission {
        limit: Some(Limit::Fixed(100)),
        pending: 0,
        pending_timeout: Duration::ZERO,
        reserve: 70,
        per_target: None,
    };
    let places = [0, 1, 3, 7, 9].map(|priority| admission.places(100, priority));
    assert_eq!(places, [100, 90, 70, 30, 30]);
    assert_eq!(admission.places(1, 7), 1, "nobody is kept out for good");
}
