//! Weighted rendezvous hashing (Thaler and Ravishankar 1998; with weights: Schindelhauer and Schomaker, Weighted
//! Distributed Hash Tables, 2005): each target has a score for the key, and the best has it.
//!
//! The score is w / -ln(h), with h in (0, 1) from the hash of the key and the target's name, so that each target has exactly its
//! share by weight, and a key moves only from a target that leaves, or to one that joins. Every target is looked at: O(n).

use super::hash::mix_two;
use super::logarithm::minus_ln;
use super::set::{Level, Set};

/// The target with the best score for `key` among those that `may`, which is asked only of those that are the best so far.
pub(super) fn best(set: &Set, level: &Level, key: u64, may: impl Fn(usize) -> bool) -> Option<usize> {
    if level.even().is_some() {
        // The logarithm keeps the order.
        return best_by(level, may, 0, |_, at| mix_two(set.hash(at), key));
    }
    best_by(level, may, 0.0, |place, at| {
        f64::from(level.weight_of(place)) / minus_ln(mix_two(set.hash(at), key))
    })
}

fn best_by<S: PartialOrd>(
    level: &Level,
    may: impl Fn(usize) -> bool,
    least: S,
    score: impl Fn(usize, usize) -> S,
) -> Option<usize> {
    let mut best = None;
    let mut most = least;
    for (place, at) in level.members.iter().enumerate() {
        let at = *at as usize;
        let score = score(place, at);
        if (score > most || best.is_none()) && may(at) {
            most = score;
            best = Some(at);
        }
    }
    best
}
