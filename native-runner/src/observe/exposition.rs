//! Counts as Prometheus reads them.

use std::fmt;
use std::sync::Arc;

use prometheus_client::collector::Collector;
use prometheus_client::encoding::{DescriptorEncoder, MetricEncoder, NoLabelSet, text};
use prometheus_client::metrics::MetricType;
use prometheus_client::registry::Registry;
use tollgate::admission::{Reason, View};
use tollgate::breaker::Totals;
use tollgate::cache::memory::Totals as CacheTotals;
use tollgate::cache::status::Outcome as Cached;
use tollgate::discovery::status::Known;
use tollgate::limit::Outcome;
use tollgate::migration::Shadow;

use super::metrics::{BOUNDS, CacheResults, Counts, Histogram, Tally};
use super::seen::Upstream;

mod targets;

/// Everything there is to expose at one moment.
#[derive(Debug)]
pub struct Snapshot {
    /// Finished requests.
    pub counts: Counts,
    /// Requests that have not ended.
    pub in_flight: u64,
    /// Open connections of clients.
    pub connections: u64,
    /// Access log lines that were left out.
    pub dropped_lines: u64,
    /// What happened with the stores that limits count in.
    pub limit_stores: Totals,
    /// Answers that are kept in memory, and their bytes.
    pub kept: (u64, u64),
    /// What happened with the stores that answers are kept in.
    pub cache_stores: CacheTotals,
    /// How upstreams and their targets are doing.
    pub upstreams: Vec<Upstream>,
    /// What came of requests to mirrors, by the ids of their routes.
    pub mirrors: Vec<(Box<str>, Arc<Shadow>)>,
    /// How much upstreams are asked at once, by name, where that is bounded.
    pub gates: Vec<(Box<str>, View)>,
    /// Reloads of the configuration that were taken, and that were refused.
    pub reloads: (u64, u64),
    /// How the sources of targets are doing, by the names of their upstreams.
    pub sources: Vec<(Box<str>, Known)>,
}

// === impl Snapshot ===

impl Snapshot {
    /// The text of `/metrics`, in the OpenMetrics form that Prometheus reads.
    pub fn expose(self) -> Result<String, fmt::Error> {
        let mut registry = Registry::with_prefix("tollgate");
        registry.register_collector(Box::new(self));
        let mut out = String::new();
        text::encode(&mut out, &registry)?;
        Ok(out)
    }

    fn routes(&self, encoder: &mut DescriptorEncoder<'_>) -> fmt::Result {
        // A step's route has no requests of clients, only parts of them.
        let routes = || self.counts.routes.iter().filter(|(_, counts)| !counts.requests.0.is_empty());
        let help = "Requests of clients that have ended";
        let mut family = encoder.encode_descriptor("requests", help, None, MetricType::Counter)?;
        for (route, counts) in routes() {
            tally(&mut family, ("route", route), &counts.requests)?;
        }
        let help = "Time from the first byte of a request to the last of its answer";
        let mut family =
            encoder.encode_descriptor("request_duration_seconds", help, None, MetricType::Histogram)?;
        for (route, counts) in routes() {
            histogram(&mut family, ("route", route), &counts.durations)?;
        }
        for (name, help, get) in [
            (
                "request_body_bytes",
                "Bytes of requests' bodies",
                (|counts| counts.bytes_in) as fn(&super::metrics::RouteCounts) -> u64,
            ),
            ("response_body_bytes", "Bytes of answers' bodies", |counts| counts.bytes_out),
        ] {
            let mut family = encoder.encode_descriptor(name, help, None, MetricType::Counter)?;
            for (route, counts) in routes() {
                counter(&mut family, &[("route", route)], get(counts))?;
            }
        }
        let help = "Answers that were not as the route's schemas say, and passed";
        let mut family = encoder.encode_descriptor("disagreeing_answers", help, None, MetricType::Counter)?;
        for (route, counts) in &self.counts.routes {
            counter(&mut family, &[("route", route)], counts.disagreeing)?;
        }
        self.parts(encoder)
    }

    /// In families of their own: whoever adds requests up over all routes counts no request of a client's twice.
    fn parts(&self, encoder: &mut DescriptorEncoder<'_>) -> fmt::Result {
        let parts = || self.counts.routes.iter().filter(|(_, counts)| !counts.parts.0.is_empty());
        let help = "Parts of requests that have ended: of steps of composed routes, and of batches";
        let mut family = encoder.encode_descriptor("part_requests", help, None, MetricType::Counter)?;
        for (route, counts) in parts() {
            tally(&mut family, ("route", route), &counts.parts)?;
        }
        let help = "Time from the beginning of a part of a request to the last byte of its answer";
        let mut family =
            encoder.encode_descriptor("part_duration_seconds", help, None, MetricType::Histogram)?;
        for (route, counts) in parts() {
            histogram(&mut family, ("route", route), &counts.part_durations)?;
        }
        Ok(())
    }

    fn upstreams(&self, encoder: &mut DescriptorEncoder<'_>) -> fmt::Result {
        let help = "Calls of upstreams that have ended";
        let mut family = encoder.encode_descriptor("upstream_requests", help, None, MetricType::Counter)?;
        for (upstream, counts) in &self.counts.upstreams {
            tally(&mut family, ("upstream", upstream), &counts.results)?;
        }
        let help = "Time from asking an upstream to the head of its answer";
        let mut family =
            encoder.encode_descriptor("upstream_duration_seconds", help, None, MetricType::Histogram)?;
        for (upstream, counts) in &self.counts.upstreams {
            histogram(&mut family, ("upstream", upstream), &counts.durations)?;
        }
        Ok(())
    }

    fn gates(&self, encoder: &mut DescriptorEncoder<'_>) -> fmt::Result {
        for (name, help, get) in [
            (
                "upstream_in_flight",
                "Requests that hold a place at an upstream",
                (|view| Some(u64::from(view.in_flight))) as fn(&View) -> Option<u64>,
            ),
            ("upstream_pending", "Requests that wait for a place at an upstream", |view| Some(view.pending)),
            ("upstream_limit", "How many places there are at an upstream now", |view| {
                view.limit.map(u64::from)
            }),
        ] {
            let mut family = encoder.encode_descriptor(name, help, None, MetricType::Gauge)?;
            for (upstream, view) in &self.gates {
                let Some(value) = get(view) else { continue };
                let value = i64::try_from(value).unwrap_or(i64::MAX);
                family.encode_family(&[("upstream", &**upstream)])?.encode_gauge(&value)?;
            }
        }
        let help = "Requests that were refused because an upstream was asked as much as it may be";
        let mut family = encoder.encode_descriptor("upstream_rejected", help, None, MetricType::Counter)?;
        for (upstream, view) in &self.gates {
            for (reason, count) in Reason::ALL.iter().zip(view.rejected) {
                counter(&mut family, &[("upstream", upstream), ("reason", reason.name())], count)?;
            }
        }
        Ok(())
    }

    fn limits(&self, encoder: &mut DescriptorEncoder<'_>) -> fmt::Result {
        let help = "What limits said of requests";
        let mut family =
            encoder.encode_descriptor("rate_limit_decisions", help, None, MetricType::Counter)?;
        for (limit, decisions) in &self.counts.limits {
            for (outcome, count) in Outcome::ALL.iter().zip(decisions) {
                counter(&mut family, &[("limit", limit), ("outcome", outcome.name())], *count)?;
            }
        }
        let help = "Decisions of limits that no store made: it failed, or had just failed and was not asked";
        let mut family =
            encoder.encode_descriptor("rate_limit_store_failures", help, None, MetricType::Counter)?;
        let Totals { failed, skipped, lost } = self.limit_stores;
        counter(&mut family, &[("result", "failed")], failed)?;
        counter(&mut family, &[("result", "not-asked")], skipped)?;
        let help = "Permits that could not be given back";
        let mut family =
            encoder.encode_descriptor("rate_limit_lost_permits", help, None, MetricType::Counter)?;
        family.encode_counter::<NoLabelSet, u64, u64>(&lost, None)
    }

    fn cache(&self, encoder: &mut DescriptorEncoder<'_>) -> fmt::Result {
        let routes =
            || self.counts.routes.iter().filter(|(_, counts)| counts.cache != CacheResults::default());
        let help = "What the cache did with requests of routes that keep answers";
        let mut family = encoder.encode_descriptor("cache_requests", help, None, MetricType::Counter)?;
        for (route, counts) in routes() {
            for (result, count) in Cached::ALL.iter().zip(counts.cache) {
                counter(&mut family, &[("route", route), ("result", result.slug())], count)?;
            }
        }
        let help = "Bytes of answers' bodies that came out of the cache";
        let mut family = encoder.encode_descriptor("cache_body_bytes", help, None, MetricType::Counter)?;
        for (route, counts) in routes() {
            counter(&mut family, &[("route", route)], counts.bytes_cached)?;
        }
        let (entries, bytes) = self.kept;
        gauge(encoder, "cache_memory_entries", "Answers kept in memory", entries)?;
        gauge(encoder, "cache_memory_bytes", "Bytes of the answers kept in memory", bytes)?;
        let help = "Questions to stores of the cache that were not answered: it failed, or had just failed and was not asked";
        let mut family =
            encoder.encode_descriptor("cache_store_failures", help, None, MetricType::Counter)?;
        let CacheTotals { failed, skipped, lost } = self.cache_stores;
        counter(&mut family, &[("result", "failed")], failed)?;
        counter(&mut family, &[("result", "not-asked")], skipped)?;
        let help = "Addresses whose answers could not be made invalid";
        let mut family =
            encoder.encode_descriptor("cache_lost_invalidations", help, None, MetricType::Counter)?;
        family.encode_counter::<NoLabelSet, u64, u64>(&lost, None)
    }

    fn mirrors(&self, encoder: &mut DescriptorEncoder<'_>) -> fmt::Result {
        let help = "What came of requests to mirrors";
        let mut family = encoder.encode_descriptor("mirror", help, None, MetricType::Counter)?;
        for (route, shadow) in &self.mirrors {
            for (result, count) in shadow.results() {
                counter(&mut family, &[("route", route), ("result", result.name())], count)?;
            }
        }
        Ok(())
    }

    fn discovery(&self, encoder: &mut DescriptorEncoder<'_>) -> fmt::Result {
        let seconds = |known: &Known| known.good.map_or(0, |at| at.0 / 1_000);
        for (name, help, kind, get) in [
            (
                "discovery_stale",
                "1 where a source of targets failed, and what it said before is in force",
                MetricType::Gauge,
                (|known| u64::from(!known.fresh)) as fn(&Known) -> u64,
            ),
            ("discovery_targets", "Targets by a source's last good word", MetricType::Gauge, |known| {
                known.targets as u64
            }),
            (
                "discovery_refused_targets",
                "Instances that were left out of them",
                MetricType::Gauge,
                |known| known.refused as u64,
            ),
            (
                "discovery_last_success_seconds",
                "When a source last said something good",
                MetricType::Gauge,
                seconds,
            ),
            ("discovery_answers", "How often a source said something good", MetricType::Counter, |known| {
                known.answers
            }),
            ("discovery_faults", "How often a source failed", MetricType::Counter, |known| known.faults),
            (
                "discovery_changes",
                "How often targets changed by what a source said",
                MetricType::Counter,
                |known| known.changes,
            ),
        ] {
            let gauge = matches!(kind, MetricType::Gauge);
            let mut family = encoder.encode_descriptor(name, help, None, kind)?;
            for (upstream, known) in &self.sources {
                let labels = [("upstream", &**upstream), ("source", known.source)];
                if gauge {
                    let value = i64::try_from(get(known)).unwrap_or(i64::MAX);
                    family.encode_family(&labels)?.encode_gauge(&value)?;
                } else {
                    counter(&mut family, &labels, get(known))?;
                }
            }
        }
        Ok(())
    }

    fn versions(&self, encoder: &mut DescriptorEncoder<'_>) -> fmt::Result {
        let versions = &self.counts.versions;
        let help = "Requests for versions of APIs";
        let mut family = encoder.encode_descriptor("api_requests", help, None, MetricType::Counter)?;
        for ((api, version), counts) in versions {
            counter(&mut family, &[("api", api), ("version", version)], counts.requests)?;
        }
        let help = "Requests for versions of APIs that are deprecated or gone, by who sent them";
        let mut family = encoder.encode_descriptor("deprecated_requests", help, None, MetricType::Counter)?;
        for ((api, version), counts) in versions {
            for (consumer, count) in &counts.past {
                counter(&mut family, &[("api", api), ("version", version), ("consumer", consumer)], *count)?;
            }
        }
        Ok(())
    }

    fn process(&self, encoder: &mut DescriptorEncoder<'_>) -> fmt::Result {
        gauge(encoder, "requests_in_flight", "Requests that have not ended", self.in_flight)?;
        gauge(encoder, "connections", "Open connections of clients", self.connections)?;
        let help = "Lines of the access log that were left out, because nobody read them in time";
        let mut family = encoder.encode_descriptor("access_log_dropped", help, None, MetricType::Counter)?;
        family.encode_counter::<NoLabelSet, u64, u64>(&self.dropped_lines, None)?;
        let help = "Changes of the configuration";
        let mut family = encoder.encode_descriptor("reloads", help, None, MetricType::Counter)?;
        counter(&mut family, &[("result", "taken")], self.reloads.0)?;
        counter(&mut family, &[("result", "refused")], self.reloads.1)
    }
}

impl Collector for Snapshot {
    fn encode(&self, mut encoder: DescriptorEncoder<'_>) -> fmt::Result {
        self.routes(&mut encoder)?;
        self.upstreams(&mut encoder)?;
        targets::encode(&self.upstreams, &mut encoder)?;
        self.gates(&mut encoder)?;
        self.limits(&mut encoder)?;
        self.cache(&mut encoder)?;
        self.mirrors(&mut encoder)?;
        self.discovery(&mut encoder)?;
        self.versions(&mut encoder)?;
        self.process(&mut encoder)
    }
}

fn tally(family: &mut MetricEncoder<'_>, subject: (&str, &str), tally: &Tally) -> fmt::Result {
    for ((status, outcome), count) in &tally.0 {
        let labels = [subject, ("status", &status.to_string()), ("outcome", outcome.slug())];
        counter(family, &labels, *count)?;
    }
    Ok(())
}

fn counter<const N: usize>(
    family: &mut MetricEncoder<'_>,
    labels: &[(&str, &str); N],
    value: u64,
) -> fmt::Result {
    family.encode_family(labels)?.encode_counter::<NoLabelSet, u64, u64>(&value, None)
}

fn gauge(encoder: &mut DescriptorEncoder<'_>, name: &str, help: &str, value: u64) -> fmt::Result {
    let mut family = encoder.encode_descriptor(name, help, None, MetricType::Gauge)?;
    family.encode_gauge(&i64::try_from(value).unwrap_or(i64::MAX))
}

fn histogram(family: &mut MetricEncoder<'_>, subject: (&str, &str), histogram: &Histogram) -> fmt::Result {
    let bounds = BOUNDS.into_iter().chain([f64::MAX]);
    let buckets: Vec<_> = bounds.zip(histogram.buckets).collect();
    let count = histogram.buckets.iter().sum();
    family.encode_family(&[subject])?.encode_histogram::<NoLabelSet>(histogram.sum, count, &buckets, None)
}
