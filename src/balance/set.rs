//! The targets of an upstream, with what choices need worked out.

use std::cmp::Reverse;

use super::{Balance, Member, Policy, hash, maglev};

/// The targets of an upstream, in the order of their names, with what choices need worked out.
#[derive(Debug, Default, PartialEq)]
pub struct Set {
    /// In the order of their names.
    pub members: Box<[Member]>,
    /// The hashes of their names.
    hashes: Box<[u64]>,
    /// The hashes in their order, each with the index of the member.
    sorted: Box<[(u64, u32)]>,
    /// In the order in which they are asked.
    levels: Box<[Level]>,
    /// What it was worked out for.
    made_for: MadeFor,
}

/// Targets that are alike in tier and, where the gateway has a zone, in being near or not. None is empty.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Level {
    /// Indices of the members that have a weight.
    pub(super) members: Box<[u32]>,
    /// For each, the sum of its weight and of all before it.
    upto: Box<[u32]>,
    /// The weight that all have; `None` where they differ.
    even: Option<u32>,
    /// In how many turns each is asked as often as its weight says.
    cycle: u64,
    /// How far along the weights a turn goes.
    step: u64,
    /// The greatest number that all weights are multiples of.
    unit: u32,
    /// For a table of places: who has each, by the place in `members`.
    pub(super) table: Box<[u16]>,
}

/// What of a [`Balance`] a set depends on.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
struct MadeFor {
    zone: Option<Box<str>>,
    places: Option<u32>,
}

// === impl Set ===

impl Set {
    /// The set of these targets, ready to be chosen from by `balance`. Of two with one name, the first counts.
    pub fn new(mut members: Vec<Member>, balance: &Balance) -> Self {
        members.sort_by(|a, b| a.name.cmp(&b.name));
        members.dedup_by(|a, b| a.name == b.name);
        let hashes: Box<[u64]> = members.iter().map(|member| hash::of_name(&member.name)).collect();
        let mut sorted: Vec<(u64, u32)> = hashes.iter().copied().zip(0..).collect();
        sorted.sort_unstable();
        let made_for = MadeFor::of(balance);
        let mut order: Vec<((u32, Reverse<bool>), u32)> = members
            .iter()
            .zip(0_u32..)
            .filter(|(member, _)| member.weight > 0)
            .map(|(member, at)| {
                let near = balance.zone.is_some() && member.zone == balance.zone;
                ((member.priority, Reverse(near)), at)
            })
            .collect();
        order.sort_unstable();
        let levels = order
            .chunk_by(|a, b| a.0 == b.0)
            .map(|level| Level::new(level.iter().map(|(_, at)| *at).collect(), &members, &hashes, &made_for))
            .collect();
        Self { members: members.into(), hashes, sorted: sorted.into(), levels, made_for }
    }

    /// Whether it was made for choices by `balance`.
    pub fn suits(&self, balance: &Balance) -> bool {
        self.made_for == MadeFor::of(balance)
    }

    /// The hash of a member's name.
    pub(super) fn hash(&self, at: usize) -> u64 {
        self.hashes.get(at).copied().unwrap_or_default()
    }

    /// The member whose name has this hash.
    pub fn by_hash(&self, hash: u64) -> Option<usize> {
        let at = self.sorted.binary_search_by_key(&hash, |(hash, _)| *hash).ok()?;
        self.sorted.get(at).map(|(_, member)| *member as usize)
    }

    /// In the order in which they are asked.
    pub(super) fn levels(&self) -> &[Level] {
        &self.levels
    }
}

// === impl MadeFor ===

impl MadeFor {
    fn of(balance: &Balance) -> Self {
        let places = match balance.policy {
            Policy::Maglev { places, .. } => Some(places),
            _ => None,
        };
        Self { zone: balance.zone.clone(), places }
    }
}

// === impl Level ===

impl Level {
    fn new(at: Box<[u32]>, members: &[Member], hashes: &[u64], made_for: &MadeFor) -> Self {
        let weights: Vec<u32> = at.iter().map(|at| members[*at as usize].weight).collect();
        let mut sum = 0_u32;
        let upto = weights
            .iter()
            .map(|weight| {
                // No overflow: 10,000 targets of 65,535.
                sum = sum.saturating_add(*weight);
                sum
            })
            .collect();
        let unit = weights.iter().copied().fold(0, common).max(1);
        let even = weights.first().copied().filter(|first| weights.iter().all(|weight| weight == first));
        let cycle = u64::from(sum / unit).max(1);
        let table = made_for.places.map(|places| {
            let hashes: Vec<u64> = at.iter().map(|at| hashes[*at as usize]).collect();
            maglev::table(&hashes, &weights, places)
        });
        let step = if even.is_some() { 1 } else { stride(cycle) };
        Self { members: at, upto, even, cycle, step, unit, table: table.unwrap_or_default() }
    }

    /// The sum of all weights.
    pub(super) fn weight(&self) -> u32 {
        self.upto.last().copied().unwrap_or_default()
    }

    /// The weight of the member in this place.
    pub(super) fn weight_of(&self, place: usize) -> u32 {
        let before = place.checked_sub(1).map_or(0, |before| self.upto[before]);
        self.upto[place] - before
    }

    /// The weight that all have.
    pub(super) fn even(&self) -> Option<u32> {
        self.even
    }

    /// The place of the member who has this point of all weights.
    pub(super) fn at_point(&self, point: u32) -> usize {
        match self.even {
            Some(weight) => (point / weight.max(1)) as usize,
            None => self.upto.partition_point(|upto| *upto <= point),
        }
    }

    /// A place by random bits: O(1) where all weights are the same, else O(log n).
    pub(super) fn by_chance(&self, bits: u64) -> usize {
        self.at_point(u32::try_from(hash::below(self.weight().into(), bits)).unwrap_or(0))
    }

    /// The place whose turn it is. In each cycle of turns, each is asked exactly as often as its weight says: the step has no
    /// divisor in common with the cycle, so that the turns of a cycle go to different points; it is near the golden section
    /// of the cycle, so that the points of one target lie far apart in time (the three-distance theorem). No memory
    /// but the turn, and no lock.
    pub(super) fn in_turn(&self, turn: u64) -> usize {
        let point = (turn % self.cycle) * self.step % self.cycle * u64::from(self.unit);
        self.at_point(u32::try_from(point).unwrap_or(0))
    }
}

/// The greatest common divisor.
fn common(a: u32, b: u32) -> u32 {
    if b == 0 { a } else { common(b, a % b) }
}

/// The first number from the golden section of `cycle` on that has no divisor in common with it.
fn stride(cycle: u64) -> u64 {
    let prime_to = |step: &u64| u32::try_from(*step).is_ok_and(|step| common(cycle_of(cycle), step) == 1);
    // 1 has no divisor in common with anything.
    let golden = cycle * 618 / 1_000;
    (golden.max(1)..=cycle).find(prime_to).unwrap_or(1)
}

fn cycle_of(cycle: u64) -> u32 {
    u32::try_from(cycle).unwrap_or(u32::MAX)
}
