//! Maglev hashing (Eisenbud et al., Maglev: A Fast and Reliable Software Network Load Balancer, NSDI 2016, section 3.4): a
//! table of places, each of one target, in which a key is looked up.
//!
//! Each target has an order of its own in which it would have all places, made from its name; they take turns, and each takes
//! the first place of its order that is free still. So every target has its share of places up to one, and one that leaves
//! or joins moves few places but its own. Against ring hashing: as even as the table is large, whatever the names are, and one look
//! instead of a search.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

use super::hash::{below, mix_two};

/// How many places a table has where nothing is written: the smaller of the sizes that the paper measures. A prime, so that
/// every step leads through all places. Shares are even to a hundredth up to some 650 targets of one weight.
pub const USUAL_PLACES: u32 = 65_537;

/// The most that a table may have: 10 megabytes.
pub const MOST_PLACES: u32 = 5_000_011;

/// What nobody has yet.
const FREE: u16 = u16::MAX;

/// The target of each place, as an index into `hashes`, which are those of the targets' names. Empty where there are no
/// targets, or more than 65,535. `places` must be prime.
pub fn table(hashes: &[u64], weights: &[u32], places: u32) -> Box<[u16]> {
    let mut table = vec![FREE; places as usize];
    if hashes.is_empty() || hashes.len() >= usize::from(FREE) || places < 2 {
        return Box::default();
    }
    let size = u64::from(places);
    // Where each is in its order, and how far a step goes.
    let mut orders: Vec<(u64, u64)> = hashes
        .iter()
        .map(|hash| (below(size, mix_two(*hash, 1)), 1 + below(size - 1, mix_two(*hash, 2))))
        .collect();
    let mut turns = Turns::new(weights);
    let mut left = places;
    while left > 0 {
        let Some(whose) = turns.next() else { return Box::default() };
        let (place, step) = &mut orders[whose];
        while table.get(*place as usize).is_some_and(|taken| *taken != FREE) {
            *place = (*place + *step) % size;
        }
        table[*place as usize] = u16::try_from(whose).unwrap_or(FREE);
        left -= 1;
    }
    table.into()
}

/// Whose turn it is, by weight: the one whose next turn is due the soonest, where turns are due in spans of 1 / weight.
enum Turns {
    /// All have the same weight.
    Even { count: usize, next: usize },
    /// When each is due, and the first of those who are due together; 2^32 for each 1 / 1 of a span.
    ByWeight { due: BinaryHeap<Reverse<(u64, usize)>>, spans: Vec<u64> },
}

/// No loss of order for the longest table: places times 2^32 fit 64 bits.
const SPAN: u64 = 1 << 32;

// === impl Turns ===

impl Turns {
    fn new(weights: &[u32]) -> Self {
        if weights.iter().all(|weight| Some(weight) == weights.first()) {
            return Self::Even { count: weights.len(), next: 0 };
        }
        let spans: Vec<u64> = weights.iter().map(|weight| SPAN / u64::from((*weight).max(1))).collect();
        let due = spans.iter().copied().zip(0..).map(Reverse).collect();
        Self::ByWeight { due, spans }
    }
}

impl Iterator for Turns {
    type Item = usize;

    fn next(&mut self) -> Option<usize> {
        match self {
            Self::Even { count, next } => {
                let now = *next;
                *next = (now + 1) % (*count).max(1);
                Some(now)
            }
            Self::ByWeight { due, spans } => {
                let Reverse((when, whose)) = due.pop()?;
                due.push(Reverse((when + spans[whose], whose)));
                Some(whose)
            }
        }
    }
}

/// Whether `number` is prime.
pub fn is_prime(number: u32) -> bool {
    number >= 2 && (2..).take_while(|by| by * by <= number).all(|by| !number.is_multiple_of(by))
}
