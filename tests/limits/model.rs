//! What limits admit, worked out a second time and without states: from a log of everything that was taken. Slow, and
//! short enough to be believed.
//!
//! [`check`] runs a [`Schedule`] through a store and compares each answer with the model's, to the last permit and
//! millisecond. For every store that counts exactly; included with `#[path]` by the tests of each.

#![allow(dead_code, clippy::unwrap_used)]

use std::collections::BTreeMap;
use std::time::Duration;

use tollgate::config::Period;
use tollgate::limit::{Algorithm, Ask, Key, Limit, OnFailure, Place, Verdict, Weight};

/// A state further ahead of the clock than this counts as none.
const DAY: u64 = 86_400_000;

/// What counts.
pub trait Counts {
    /// Judges `asks` together at `now` and fills in their verdicts.
    fn count(&mut self, asks: &mut [Ask<'_>], now: u64);
    /// Gives back what `asks` took at `now`.
    fn give_back(&mut self, asks: &[Ask<'_>], now: u64);
}

/// What happens, in order.
#[derive(Debug, Clone)]
pub struct Schedule {
    /// What the limits count, and whether they are in shadow.
    pub limits: Vec<(Algorithm, bool)>,
    /// The calls.
    pub calls: Vec<Call>,
}

/// One request.
#[derive(Debug, Clone)]
pub struct Call {
    /// When.
    pub now: u64,
    /// What it asks for, of each limit at most once.
    pub wishes: Vec<Wish>,
    /// Whether what it took is given back before the next.
    pub gives_back: bool,
}

/// What a request asks of a limit.
#[derive(Debug, Clone)]
pub struct Wish {
    /// Which.
    pub limit: usize,
    /// Who asks.
    pub caller: u8,
    /// Permits that it needs.
    pub least: u64,
    /// Permits that it takes if there are so many.
    pub most: u64,
}

/// Runs `schedule` through `store`, with keys that belong to `salt` alone. Panics where an answer is not the model's.
pub fn check(schedule: &Schedule, store: &mut impl Counts, salt: u64) {
    let limits: Vec<_> = (0..).zip(&schedule.limits).map(|(at, it)| limit(at, it)).collect();
    let mut model = Model::default();
    for (number, call) in schedule.calls.iter().enumerate() {
        let mut asks = asks(&limits, call, salt);
        let mut expected = self::asks(&limits, call, salt);
        store.count(&mut asks, call.now);
        let taken = model.count(&mut expected, call.now);
        for (ask, expected) in asks.iter().zip(&expected) {
            let what = &ask.limit.algorithm;
            assert_eq!(ask.verdict, expected.verdict, "call {number} {call:?}: {what:?}\n{schedule:#?}");
        }
        if call.gives_back && !taken.is_empty() {
            store.give_back(&asks, call.now);
            model.give_back(&taken);
        }
    }
}

/// A limit of a schedule.
pub fn limit(at: usize, (algorithm, shadow): &(Algorithm, bool)) -> Limit {
    Limit {
        name: format!("limit-{at}").into(),
        algorithm: algorithm.clone(),
        key: Vec::new(),
        weight: Weight::Constant(1),
        when: None,
        place: Place::Memory,
        lease: 1,
        shadow: *shadow,
        on_failure: OnFailure::Allow,
        local: None,
        timeout: Duration::from_millis(50),
    }
}

/// The questions of a call.
pub fn asks<'a>(limits: &'a [Limit], call: &Call, salt: u64) -> Vec<Ask<'a>> {
    let ask = |wish: &Wish| Ask {
        limit: &limits[wish.limit],
        key: key(salt, wish.limit, wish.caller),
        least: wish.least,
        most: wish.most,
        verdict: Verdict::default(),
    };
    call.wishes.iter().map(ask).collect()
}

/// A key as a digest is: no two alike, and no part of it the same in all. The steps of SplitMix64.
pub fn key(salt: u64, limit: usize, caller: u8) -> Key {
    let mut state = salt ^ (limit as u64) << 56 ^ u64::from(caller) << 48;
    let mut next = || {
        state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (state ^ state >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ mixed >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
        (mixed ^ mixed >> 31).to_le_bytes()
    };
    let (one, two) = (next(), next());
    Key(std::array::from_fn(|at| if at < 8 { one[at] } else { two[at - 8] }))
}

// === the model ===

/// What was taken, for each key.
#[derive(Debug, Default)]
pub struct Model {
    logs: BTreeMap<Key, Log>,
}

/// In the order in which it was taken: when, and how much; less than nothing where a bucket was given some back.
type Log = Vec<(u64, i128)>;

/// What can be given back: the key, whether it is a bucket's, and which entry of its log.
pub struct Taken(Key, bool, usize);

impl Model {
    /// Judges `asks` together: what was taken.
    pub fn count(&mut self, asks: &mut [Ask<'_>], now: u64) -> Vec<Taken> {
        for ask in asks.iter_mut() {
            let log = self.logs.get(&ask.key).map(Vec::as_slice).unwrap_or_default();
            ask.verdict = verdict(&ask.limit.algorithm, log, now, ask.least, ask.most);
        }
        if asks.iter().any(|ask| !ask.verdict.enough && !ask.limit.shadow) {
            // Nothing is taken for any, and so all say what is left without it.
            for ask in asks.iter_mut().filter(|ask| ask.verdict.taken > 0) {
                let log = self.logs.get(&ask.key).map(Vec::as_slice).unwrap_or_default();
                ask.verdict = verdict(&ask.limit.algorithm, log, now, 0, 0);
            }
            return Vec::new();
        }
        let mut taken = Vec::new();
        for ask in asks.iter().filter(|ask| ask.verdict.taken > 0) {
            let algorithm = &ask.limit.algorithm;
            let log = self.logs.entry(ask.key).or_default();
            if is_too_far_ahead(algorithm, log, now) {
                log.clear();
            }
            taken.push(Taken(ask.key, matches!(algorithm, Algorithm::Bucket { .. }), log.len()));
            log.push((counted_at(algorithm, log, now), i128::from(ask.verdict.taken)));
        }
        taken
    }

    /// Gives back what was taken last.
    pub fn give_back(&mut self, taken: &[Taken]) {
        for Taken(key, bucket, at) in taken {
            let log = self.logs.get_mut(key).unwrap();
            let (when, permits) = log[*at];
            if *bucket { log.push((when, -permits)) } else { log[*at].1 = 0 }
        }
    }

    /// How many permits of a key there are at `now`.
    pub fn left(&self, algorithm: &Algorithm, key: &Key, now: u64) -> u64 {
        left(algorithm, self.logs.get(key).map(Vec::as_slice).unwrap_or_default(), now)
    }
}

fn verdict(algorithm: &Algorithm, log: &[(u64, i128)], now: u64, least: u64, most: u64) -> Verdict {
    let log = if is_too_far_ahead(algorithm, log, now) { &[] } else { log };
    let there = left(algorithm, log, now);
    let enough = there >= least;
    let taken = if enough && least > 0 { most.min(there) } else { 0 };
    let mut after = log.to_vec();
    if taken > 0 {
        after.push((counted_at(algorithm, log, now), i128::from(taken)));
    }
    let all = algorithm.most();
    let reset = match algorithm {
        Algorithm::Fixed { .. } | Algorithm::Calendar { .. } => {
            period(algorithm, counted_at(algorithm, log, now)).1 - now
        }
        _ => first(now, |at| left(algorithm, &after, at) == all),
    };
    let retry = match enough {
        true => 0,
        false if least > all => u64::MAX,
        false if matches!(algorithm, Algorithm::Fixed { .. } | Algorithm::Calendar { .. }) => reset,
        false => first(now, |at| left(algorithm, log, at) >= least),
    };
    Verdict { taken, enough, remaining: there - taken, reset, retry }
}

/// In how many milliseconds something is true that stays true.
fn first(now: u64, is: impl Fn(u64) -> bool) -> u64 {
    let (mut low, mut high) = (0, 1);
    while !is(now + high) {
        (low, high) = (high, high * 2);
    }
    if is(now) {
        return 0;
    }
    while high - low > 1 {
        let middle = low + (high - low) / 2;
        if is(now + middle) { high = middle } else { low = middle }
    }
    if low > 0 && is(now + low) { low } else { high }
}

/// How many permits there are.
fn left(algorithm: &Algorithm, log: &[(u64, i128)], now: u64) -> u64 {
    let now = counted_at(algorithm, log, now);
    let within = |start: u64, end: u64| -> i128 {
        log.iter().filter(|(at, _)| (start..end).contains(at)).map(|(_, taken)| taken).sum()
    };
    let left = match algorithm {
        // Of no span may more have been taken than what there is at once and what comes back in it.
        Algorithm::Bucket { permits, per, burst } => (0..=log.len())
            .map(|from| {
                let since = log.get(from).map_or(now, |(at, _)| *at);
                let taken: i128 = log[from..].iter().map(|(_, taken)| taken).sum();
                let (back, per) = (i128::from(now - since) * i128::from(*permits), i128::from(*per));
                ((i128::from(*burst) - taken) * per + back).div_euclid(per)
            })
            .min()
            .unwrap(),
        Algorithm::Sliding { most, per } => {
            let (start, end) = period(algorithm, now);
            let before = within(start.saturating_sub(*per), start);
            let (most, per, elapsed) = (i128::from(*most), i128::from(*per), i128::from(now - start));
            (most * per - before * (per - elapsed)).div_euclid(per) - within(start, end)
        }
        _ => {
            let (start, end) = period(algorithm, now);
            i128::from(algorithm.most()) - within(start, end)
        }
    };
    u64::try_from(left.max(0)).unwrap()
}

/// A clock that is behind counts where it was counted last: a bucket's then, a window's in the same span.
fn counted_at(algorithm: &Algorithm, log: &[(u64, i128)], now: u64) -> u64 {
    now.max(last(algorithm, log))
}

fn is_too_far_ahead(algorithm: &Algorithm, log: &[(u64, i128)], now: u64) -> bool {
    last(algorithm, log) > now + DAY
}

/// The time of what was counted last; of a window, when its span began.
fn last(algorithm: &Algorithm, log: &[(u64, i128)]) -> u64 {
    log.iter().map(|(at, _)| *at).max().map_or(0, |at| period(algorithm, at).0)
}

// === spans ===

/// The span that an instant is in; of a bucket, the instant.
fn period(algorithm: &Algorithm, at: u64) -> (u64, u64) {
    match algorithm {
        Algorithm::Bucket { .. } | Algorithm::Concurrent { .. } => (at, at),
        Algorithm::Fixed { per, .. } | Algorithm::Sliding { per, .. } => {
            (at / per * per, (at / per + 1) * per)
        }
        Algorithm::Calendar { period, zone, .. } => {
            let label = |hour: u64| label(*period, zone.name() == "Europe/Berlin", hour);
            let hour = at / 3_600_000;
            let own = label(hour);
            // No period is longer than 745 hours, and labels only grow.
            let start = hour - 800 + first(0, |hours| label(hour - 800 + hours) >= own);
            (start * 3_600_000, (hour + first(0, |hours| label(hour + hours) != own)) * 3_600_000)
        }
    }
}

/// What tells a period from others, of an hour since 1970. In central Europe clocks are ahead of UTC by an hour, and by
/// two from the last Sunday of March, 01:00 UTC, until that of October.
fn label(period: Period, berlin: bool, hour: u64) -> u64 {
    let ahead = match (berlin, date(hour / 24)) {
        (false, _) => 0,
        (true, (year, ..)) => {
            let changes = |month| last_sunday(year, month) * 24 + 1;
            if (changes(3)..changes(10)).contains(&hour) { 2 } else { 1 }
        }
    };
    let day = (hour + ahead) / 24;
    match period {
        Period::Hour => hour,
        Period::Day => day,
        // The first day of 1970 was a Thursday.
        Period::Week => (day + 3) / 7,
        Period::Month => {
            let (year, month, _) = date(day);
            year * 12 + month
        }
    }
}

/// Year, month and day of a day since 1970, counted from there.
fn date(day: u64) -> (u64, u64, u64) {
    let (mut year, mut left) = (1970, day);
    while left >= days_of_year(year) {
        left -= days_of_year(year);
        year += 1;
    }
    let mut month = 1;
    while left >= days_of_month(year, month) {
        left -= days_of_month(year, month);
        month += 1;
    }
    (year, month, left + 1)
}

fn last_sunday(year: u64, month: u64) -> u64 {
    let before: u64 = (1970..year).map(days_of_year).sum();
    let end = before + (1..=month).map(|it| days_of_month(year, it)).sum::<u64>();
    // Sundays are the days that leave 3 when divided by seven: the fourth day of 1970, and every seventh after.
    (0..end).rev().find(|day| day % 7 == 3).unwrap()
}

fn days_of_year(year: u64) -> u64 {
    if days_of_month(year, 2) == 29 { 366 } else { 365 }
}

fn days_of_month(year: u64, month: u64) -> u64 {
    match month {
        2 if year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400)) => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}
