//! Which limits of a request are asked together.

use super::super::{Algorithm, Ask, Limit, Limits, Place, Verdict, Wanted};

/// Limits that are asked together.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Group {
    /// Those that count requests in flight.
    Flights,
    /// The others that count in memory.
    Memory,
    /// Those that count in this store with each request.
    Store(usize),
    /// Those that count in this store, also those whose permits are taken ahead.
    AllOfStore(usize),
    /// One.
    One(usize),
}

/// The limits of a request that are in `group`.
pub(super) fn those<'a>(
    limits: &'a Limits,
    wanted: &'a [Wanted],
    group: Group,
) -> impl Iterator<Item = (&'a Wanted, &'a Limit)> + Clone {
    let each = wanted.iter().filter_map(|wanted| Some((wanted, limits.all.get(wanted.limit)?)));
    each.filter(move |(wanted, limit)| group.has(wanted, limit))
}

/// All that a request weighs, or nothing.
pub(super) fn ask<'a>((wanted, limit): (&Wanted, &'a Limit)) -> Ask<'a> {
    let weight = wanted.weight;
    Ask { limit, key: wanted.key, least: weight, most: weight, verdict: Verdict::default() }
}

// === impl Group ===

impl Group {
    fn has(self, wanted: &Wanted, limit: &Limit) -> bool {
        let flights = matches!(limit.algorithm, Algorithm::Concurrent { .. });
        match self {
            Self::Flights => flights,
            Self::Memory => !flights && limit.place == Place::Memory,
            Self::Store(index) => !flights && limit.place == Place::Store(index) && limit.lease <= 1,
            Self::AllOfStore(index) => !flights && limit.place == Place::Store(index),
            Self::One(index) => wanted.limit == index,
        }
    }
}
