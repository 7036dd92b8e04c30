//! How much upstreams are asked at once, ready to be counted.

use std::time::Duration;

use super::compile::{Context, Pointer};
use crate::admission::{Adaptive, Admission, DEFAULT_PRIORITY, LEAST_IMPORTANT, Limit};
use crate::config;
use crate::config::admission::{AdaptiveLimit, Priority, PriorityName};

/// How many requests can wait at most: each holds the head of a request in memory.
const MOST_PENDING: u32 = 100_000;

/// How many samples a measurement can take: their median is no better for more.
const SAMPLES: std::ops::RangeInclusive<u32> = 5..=512;

impl Context<'_> {
    /// How much an upstream is asked at once.
    pub(super) fn admission(&mut self, at: &Pointer, written: &config::Admission) -> Option<Admission> {
        if !self.abilities.remembers {
            self.no_admission(at, written);
            return None;
        }
        for (key, number) in [
            ("in_flight", written.in_flight),
            ("per_target", written.per_target),
            ("connections", written.connections),
        ] {
            if number == Some(0) {
                self.error(&at.key(key), "with none, no request would ever be answered");
            }
        }
        let limit = self.admission_limit(at, written);
        for (key, there) in [
            ("pending", written.pending.is_some()),
            ("pending_timeout", written.pending_timeout.is_some()),
            ("reserve", written.reserve.is_some()),
        ] {
            if there && limit.is_none() {
                self.error(&at.key(key), "any number of requests may be in flight: none has to wait")
                    .help("add in_flight or adaptive");
            }
        }
        let pending = written.pending.unwrap_or(100);
        if pending > MOST_PENDING {
            self.error(&at.key("pending"), format!("at most {MOST_PENDING} requests can wait"));
        }
        let reserve = written.reserve.unwrap_or(0);
        if reserve > 90 {
            self.error(&at.key("reserve"), "at most 90 percent of the places can be kept from anybody");
        }
        let pending_timeout = self.duration_or(
            &at.key("pending_timeout"),
            written.pending_timeout.as_ref(),
            Duration::from_secs(1),
        );
        Some(Admission { limit, pending, pending_timeout, reserve, per_target: written.per_target })
    }

    fn no_admission(&mut self, at: &Pointer, written: &config::Admission) {
        let host = self.abilities.name;
        for (key, there) in [
            ("in_flight", written.in_flight.is_some()),
            ("adaptive", written.adaptive.is_some()),
            ("pending", written.pending.is_some()),
            ("pending_timeout", written.pending_timeout.is_some()),
            ("reserve", written.reserve.is_some()),
            ("per_target", written.per_target.is_some()),
        ] {
            if there {
                self.error(
                    &at.key(key),
                    format!("{host} cannot count requests at the same time: each has an instance of its own"),
                )
                .help("remove it, or use the native runner");
            }
        }
        if written.connections.is_some() {
            self.error(&at.key("connections"), format!("{host} makes no connections: its host does"))
                .help("remove it, or use the native runner");
        }
    }

    fn admission_limit(&mut self, at: &Pointer, written: &config::Admission) -> Option<Limit> {
        match (written.in_flight, &written.adaptive) {
            (Some(_), Some(_)) => {
                self.error(&at.key("adaptive"), "the limit is either written or found, not both")
                    .help("write max in adaptive instead of in_flight");
                None
            }
            (Some(in_flight), None) => Some(Limit::Fixed(in_flight)),
            (None, Some(adaptive)) => Some(Limit::Adaptive(self.adaptive(&at.key("adaptive"), adaptive))),
            (None, None) => None,
        }
    }

    fn adaptive(&mut self, at: &Pointer, written: &AdaptiveLimit) -> Adaptive {
        let (min, max) = (written.min.unwrap_or(3), written.max.unwrap_or(1000));
        if min == 0 {
            self.error(&at.key("min"), "with none, no request would ever be answered");
        }
        if min > max {
            self.error(&at.key("max"), format!("the most is less than the least, {min}"));
        }
        let buffer = written.buffer.unwrap_or(25);
        if buffer > 1000 {
            self.error(&at.key("buffer"), "at most 1000 percent")
                .help("an upstream that is so much slower has too much to do");
        }
        let samples = written.samples.unwrap_or(50);
        if !SAMPLES.contains(&samples) {
            self.error(&at.key("samples"), "a measurement takes 5 to 512 answers");
        }
        let window = self.duration_or(&at.key("window"), written.window.as_ref(), Duration::from_millis(100));
        let remeasure =
            self.duration_or(&at.key("remeasure"), written.remeasure.as_ref(), Duration::from_secs(60));
        Adaptive { min, max, buffer, window, remeasure, samples }
    }

    /// How important the requests of a route are.
    pub(super) fn priority(&mut self, at: &Pointer, written: &config::Route) -> u8 {
        let Some(priority) = written.priority else { return DEFAULT_PRIORITY };
        let at = at.key("priority");
        if written.upstream.is_none() && written.split.is_none() {
            self.error(&at, "priority is for routes with an upstream");
        }
        match priority {
            Priority::Number(number) if number > LEAST_IMPORTANT => {
                self.error(&at, format!("a priority is 0 to {LEAST_IMPORTANT}"))
                    .help("0 is the most important; or write \"critical\", \"default\" or \"background\"");
                DEFAULT_PRIORITY
            }
            Priority::Number(number) => number,
            Priority::Name(PriorityName::Critical) => 0,
            Priority::Name(PriorityName::Default) => DEFAULT_PRIORITY,
            Priority::Name(PriorityName::Background) => LEAST_IMPORTANT,
        }
    }
}
