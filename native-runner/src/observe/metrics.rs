//! Counts of finished requests. Each worker counts in a shard of its own; `/metrics` adds the shards up.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tollgate::cache::status::Outcome as Cached;
use tollgate::limit::Outcome as Judged;
use tollgate::plan::Plan;
use tollgate::telemetry::{Outcome, Record, line};

use super::versions::{self, Indexed, Versions};

/// Upper bounds of the histograms' buckets, in seconds.
pub const BOUNDS: [f64; 13] = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0];

/// One worker's counts. The lock is the worker's own but for the moment of a scrape.
#[derive(Debug, Default)]
pub struct Shard(Mutex<Live>);

/// Counts under the plan in force, by index so that no name is looked up, and those of plans before it, by name.
#[derive(Debug, Default)]
struct Live {
    plan: Option<Arc<Plan>>,
    routes: Vec<RouteCounts>,
    upstreams: Vec<UpstreamCounts>,
    limits: Vec<Decisions>,
    versions: Indexed,
    unrouted: RouteCounts,
    before: Counts,
}

/// Counts by name.
#[derive(Debug, Default)]
pub struct Counts {
    /// By route; requests of no route are under the empty name, which no route has.
    pub routes: BTreeMap<Box<str>, RouteCounts>,
    /// By upstream.
    pub upstreams: BTreeMap<Box<str>, UpstreamCounts>,
    /// By limit.
    pub limits: BTreeMap<Box<str>, Decisions>,
    /// By API and version.
    pub versions: Versions,
}

/// What a limit said of requests: how often each of [`Judged::ALL`].
pub type Decisions = [u64; Judged::ALL.len()];

/// What the cache did with a route's requests: how often each of [`Cached::ALL`].
pub type CacheResults = [u64; Cached::ALL.len()];

/// Counts by status and outcome: both from closed sets, and seldom more than a few at one route.
#[derive(Debug, Default, Clone)]
pub struct Tally(pub Vec<((u16, Outcome), u64)>);

/// What a route's requests came to.
#[derive(Debug, Default, Clone)]
pub struct RouteCounts {
    /// How many.
    pub requests: Tally,
    /// How long they took, from the first byte to the last.
    pub durations: Histogram,
    /// Bytes of requests' bodies.
    pub bytes_in: u64,
    /// Bytes of answers' bodies.
    pub bytes_out: u64,
    /// Answers that were not as the route's schemas say, and passed.
    pub disagreeing: u64,
    /// What the cache did with them, where the route keeps answers.
    pub cache: CacheResults,
    /// Bytes of answers' bodies that came out of the cache.
    pub bytes_cached: u64,
    /// How many parts of other requests: of steps of a composed route, or of a client's batch. They are none of the requests
    /// above, so that the sum over all routes is what clients asked for.
    pub parts: Tally,
    /// How long those took.
    pub part_durations: Histogram,
}

/// What calls of an upstream came to.
#[derive(Debug, Default, Clone)]
pub struct UpstreamCounts {
    /// How many.
    pub results: Tally,
    /// How long they took, to the head of the answer.
    pub durations: Histogram,
}

/// Spans of time, counted in buckets.
#[derive(Debug, Default, Clone)]
pub struct Histogram {
    /// Observations up to each bound but above the one before, and those above all.
    pub buckets: [u64; BOUNDS.len() + 1],
    /// Seconds in all.
    pub sum: f64,
}

// === impl Shard ===

impl Shard {
    /// Counts a finished request.
    pub fn count(&self, record: &Record) {
        let mut live = self.lock();
        if !live.plan.as_ref().is_some_and(|plan| Arc::ptr_eq(plan, &record.plan)) {
            live.turn_to(&record.plan);
        }
        let key = (record.status.as_u16(), record.outcome);
        live.route(record.route).count(record, key);
        if let Some(upstream) = record.upstream.and_then(|index| live.upstreams.get_mut(index)) {
            upstream.results.add(key, 1);
            upstream.durations.observe(line::upstream_time(record).unwrap_or_default());
        }
        live.versions.count(record);
        for judged in &record.judged {
            if let Some(decisions) = live.limits.get_mut(judged.limit) {
                decisions[judged.outcome as usize] += 1;
            }
        }
    }

    /// Adds these counts to `sum`.
    pub fn add_to(&self, sum: &mut Counts) {
        let mut live = self.lock();
        live.settle();
        sum.add(&live.before);
    }

    fn lock(&self) -> MutexGuard<'_, Live> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

// === impl Live ===

impl Live {
    fn turn_to(&mut self, plan: &Arc<Plan>) {
        self.settle();
        self.routes = vec![RouteCounts::default(); plan.routes.len()];
        self.upstreams = vec![UpstreamCounts::default(); plan.upstreams.len()];
        self.limits = vec![Decisions::default(); plan.limits.all.len()];
        self.versions = Indexed::of(plan);
        self.plan = Some(Arc::clone(plan));
    }

    fn route(&mut self, index: Option<usize>) -> &mut RouteCounts {
        match index.and_then(|index| self.routes.get_mut(index)) {
            Some(route) => route,
            None => &mut self.unrouted,
        }
    }

    /// From indices to names.
    fn settle(&mut self) {
        let Some(plan) = &self.plan else { return };
        for (route, counts) in plan.routes.iter().zip(&mut self.routes) {
            self.before.route(&route.id, &std::mem::take(counts));
        }
        for (upstream, counts) in plan.upstreams.iter().zip(&mut self.upstreams) {
            self.before.upstream(&upstream.name, &std::mem::take(counts));
        }
        for (limit, decisions) in plan.limits.all.iter().zip(&mut self.limits) {
            self.before.limit(&limit.name, &std::mem::take(decisions));
        }
        self.versions.settle(plan, &mut self.before.versions);
        self.before.route("", &std::mem::take(&mut self.unrouted));
    }
}

// === impl Counts ===

impl Counts {
    fn add(&mut self, other: &Self) {
        other.routes.iter().for_each(|(name, counts)| self.route(name, counts));
        other.upstreams.iter().for_each(|(name, counts)| self.upstream(name, counts));
        other.limits.iter().for_each(|(name, decisions)| self.limit(name, decisions));
        versions::merge(&mut self.versions, &other.versions);
    }

    fn route(&mut self, name: &str, counts: &RouteCounts) {
        if counts.requests.0.is_empty() && counts.parts.0.is_empty() {
            return;
        }
        let into = self.routes.entry(name.into()).or_default();
        into.requests.merge(&counts.requests);
        into.durations.add(&counts.durations);
        into.bytes_in += counts.bytes_in;
        into.bytes_out += counts.bytes_out;
        into.disagreeing += counts.disagreeing;
        into.cache.iter_mut().zip(&counts.cache).for_each(|(sum, count)| *sum += count);
        into.bytes_cached += counts.bytes_cached;
        into.parts.merge(&counts.parts);
        into.part_durations.add(&counts.part_durations);
    }

    fn upstream(&mut self, name: &str, counts: &UpstreamCounts) {
        if counts.results.0.is_empty() {
            return;
        }
        let into = self.upstreams.entry(name.into()).or_default();
        into.results.merge(&counts.results);
        into.durations.add(&counts.durations);
    }

    fn limit(&mut self, name: &str, decisions: &Decisions) {
        if decisions.iter().any(|count| *count > 0) {
            let into = self.limits.entry(name.into()).or_default();
            into.iter_mut().zip(decisions).for_each(|(sum, count)| *sum += count);
        }
    }
}

// === impl RouteCounts ===

impl RouteCounts {
    fn count(&mut self, record: &Record, key: (u16, Outcome)) {
        if record.part {
            self.parts.add(key, 1);
            self.part_durations.observe(record.total);
        } else {
            self.requests.add(key, 1);
            self.durations.observe(record.total);
            self.bytes_in += record.bytes_in();
            self.bytes_out += record.bytes_out;
        }
        // What schemas and caches have to do with an answer they have to do with a part's too.
        self.disagreeing += u64::from(record.disagrees);
        if let Some(cache) = record.cache.map(|cache| cache.outcome()) {
            self.cache[cache as usize] += 1;
            self.bytes_cached += if cache.is_served() { record.bytes_out } else { 0 };
        }
    }
}

// === impl Tally ===

impl Tally {
    fn add(&mut self, key: (u16, Outcome), more: u64) {
        match self.0.iter_mut().find(|(known, _)| *known == key) {
            Some((_, count)) => *count += more,
            None => self.0.push((key, more)),
        }
    }

    fn merge(&mut self, other: &Self) {
        other.0.iter().for_each(|(key, count)| self.add(*key, *count));
    }
}

// === impl Histogram ===

impl Histogram {
    fn observe(&mut self, span: Duration) {
        let seconds = span.as_secs_f64();
        let bucket = BOUNDS.iter().position(|bound| seconds <= *bound).unwrap_or(BOUNDS.len());
        self.buckets[bucket] += 1;
        self.sum += seconds;
    }

    fn add(&mut self, other: &Self) {
        for (mine, theirs) in self.buckets.iter_mut().zip(other.buckets) {
            *mine += theirs;
        }
        self.sum += other.sum;
    }
}
