//! Counts of requests by the version of an API that they were for, and of those for versions of the past by who sent them.

use std::collections::BTreeMap;

use tollgate::plan::Plan;
use tollgate::telemetry::Record;

/// Counts by API and version.
pub type Versions = BTreeMap<(Box<str>, Box<str>), VersionCounts>;

/// What was asked of a version.
#[derive(Debug, Default, Clone)]
pub struct VersionCounts {
    /// How many requests.
    pub requests: u64,
    /// How many of them after it was deprecated, by consumer: those in the configuration by name, so that there are as many
    /// counts as the author wants, and no more because of clients.
    pub past: BTreeMap<Box<str>, u64>,
}

/// Counts under one plan, by index.
#[derive(Debug, Default)]
pub(super) struct Indexed(Vec<Vec<VersionCounts>>);

/// Callers that are not in the configuration as consumers.
const OTHER: &str = "other";

/// Nobody who said who they are.
const ANONYMOUS: &str = "anonymous";

// === impl Indexed ===

impl Indexed {
    pub(super) fn of(plan: &Plan) -> Self {
        Self(plan.apis.iter().map(|api| vec![VersionCounts::default(); api.versions.len()]).collect())
    }

    pub(super) fn count(&mut self, record: &Record) {
        // A step is for the version that the whole is for, which is counted with the whole.
        if record.part
            && record.route.and_then(|route| record.plan.routes.get(route)).is_some_and(|it| it.internal)
        {
            return;
        }
        let (Some(api), Some(version)) = (record.api.api, record.api.version) else { return };
        let Some(counts) = self.0.get_mut(api).and_then(|versions| versions.get_mut(version)) else { return };
        counts.requests += 1;
        if record.is_of_the_past() {
            match counts.past.get_mut(consumer(record)) {
                Some(count) => *count += 1,
                None => drop(counts.past.insert(consumer(record).into(), 1)),
            }
        }
    }

    /// Moves all counts to `into`, by name.
    pub(super) fn settle(&mut self, plan: &Plan, into: &mut Versions) {
        for (api, versions) in plan.apis.iter().zip(&mut self.0) {
            for (version, counts) in api.versions.iter().zip(versions) {
                add(into, (&api.name, &version.name), &std::mem::take(counts));
            }
        }
    }
}

/// Adds `from` to `into`.
pub(super) fn merge(into: &mut Versions, from: &Versions) {
    from.iter().for_each(|((api, version), counts)| add(into, (api, version), counts));
}

fn add(into: &mut Versions, (api, version): (&str, &str), counts: &VersionCounts) {
    if counts.requests == 0 {
        return;
    }
    let sum = into.entry((api.into(), version.into())).or_default();
    sum.requests += counts.requests;
    for (consumer, count) in &counts.past {
        *sum.past.entry(consumer.clone()).or_default() += count;
    }
}

fn consumer(record: &Record) -> &str {
    let Some(caller) = record.caller.as_deref() else { return ANONYMOUS };
    let known = &record.plan.auth.consumers.all;
    let named = caller.consumer.as_deref().map(|consumer| &*consumer.id);
    let named = named.filter(|id| known.binary_search_by(|consumer| (*consumer.id).cmp(id)).is_ok());
    named.unwrap_or(OTHER)
}
