//! Health and circuits, ready to be judged by.

use std::ops::RangeInclusive;
use std::time::Duration;

use super::StorePlan;
use super::compile::{Context, Pointer};
use crate::circuit::{Circuit, Rule, Trip};
use crate::config;
use crate::diagnostic::Diagnostic;
use crate::health::passive::Share;
use crate::health::{Health, Passive};

mod probe;

/// How many requests there may have to be in a window: more than this counts in no reasonable one, and windows count no
/// further than a few times as many.
const MOST_MINIMUM: u32 = 10_000;

/// How many failures in a row may be asked for.
const MOST_IN_A_ROW: u32 = 10_000;

/// How many requests may probe a circuit.
const MOST_PROBES: u32 = 1_000;

/// The longest spans here: what lasts longer is no pause but an outage that somebody should know of.
const LONGEST: Duration = Duration::from_secs(24 * 60 * 60);

const PERCENT: RangeInclusive<u32> = 1..=100;

impl Context<'_> {
    /// Which targets are fit.
    pub(super) fn health(
        &mut self,
        at: &Pointer,
        written: Option<&config::Health>,
        circuit: Option<&config::Circuit>,
    ) -> Health {
        let Some(written) = written else { return Health::default() };
        let share = written.share.as_ref().and_then(|name| self.store_of_health(&at.key("share"), name));
        let passive = written.eject.as_ref().map(|eject| self.ejection(&at.key("eject"), eject));
        if written.eject.is_some() && written.share.is_none() && !self.abilities.remembers {
            let host = self.abilities.name;
            self.error(
                &at.key("eject"),
                format!("{host} remembers no failures from one request to the next"),
            )
            .help("add share = \"default\" to health and a [store], in which instances share what they know");
        }
        let probe = written.probe.as_ref().and_then(|probe| self.probe(&at.key("probe"), probe));
        if written.probe.is_some() && written.share.is_none() && !self.abilities.probes {
            let host = self.abilities.name;
            self.error(&at.key("probe"), format!("{host} runs only while there is a request, and cannot probe"))
                .help("a native runner can, and shares what it finds: add share = \"default\" to health and a [store]");
        }
        if written.share.is_some() && written.eject.is_none() && written.probe.is_none() && circuit.is_none()
        {
            let message =
                "there is nothing to share: targets are neither ejected nor probed, and there is no circuit";
            self.report(Diagnostic::warning((&at.key("share")).into(), message))
                .help("add eject = {}, or remove share");
        }
        Health { passive, probe, share }
    }

    fn ejection(&mut self, at: &Pointer, written: &config::health::Ejection) -> Passive {
        let failures =
            self.health_count(&at.key("consecutive_failures"), written.consecutive_failures, MOST_IN_A_ROW);
        let unanswered = self.health_count(
            &at.key("consecutive_unanswered"),
            written.consecutive_unanswered,
            MOST_IN_A_ROW,
        );
        let minimum = self.health_count(&at.key("minimum_requests"), written.minimum_requests, MOST_MINIMUM);
        let minimum = minimum.unwrap_or(20);
        let window = self.health_span(&at.key("window"), written.window.as_ref(), Duration::from_secs(30));
        let percent = self.health_number(&at.key("failure_percent"), written.failure_percent, PERCENT);
        let mut passive = Passive {
            failures,
            unanswered,
            share: percent.map(|percent| Share { percent, minimum, window }),
            time: self.health_span(&at.key("time"), written.time.as_ref(), Duration::from_secs(30)),
            most_time: Duration::ZERO,
            jitter: self
                .health_number(&at.key("jitter_percent"), written.jitter_percent, 0..=100)
                .unwrap_or(10),
            percent: self
                .health_number(&at.key("most_ejected_percent"), written.most_ejected_percent, PERCENT)
                .unwrap_or(50),
        };
        let most = (passive.time * 10).min(Duration::from_secs(300)).max(passive.time);
        passive.most_time = self.health_span(&at.key("most_time"), written.most_time.as_ref(), most);
        if passive.most_time < passive.time {
            self.error(&at.key("most_time"), "the longest ejection is shorter than the first one");
        }
        for (key, there) in
            [("minimum_requests", written.minimum_requests.is_some()), ("window", written.window.is_some())]
        {
            if there && percent.is_none() {
                self.report(Diagnostic::warning(
                    (&at.key(key)).into(),
                    "without failure_percent this has no effect",
                ))
                .help("add failure_percent, or remove this");
            }
        }
        if let (Some(share), false) = (passive.share, self.abilities.remembers) {
            passive.share = None;
            let row = in_a_row(share.percent, share.minimum);
            passive.failures = Some(passive.failures.map_or(row, |failures| failures.min(row)));
            self.counts_in_a_row(&at.key("failure_percent"), "the target is ejected", row);
        }
        if passive.failures.is_none() && passive.unanswered.is_none() && passive.share.is_none() {
            passive.failures = Some(5);
        }
        passive
    }

    /// When an upstream is left alone.
    pub(super) fn circuit(
        &mut self,
        at: &Pointer,
        written: &config::Circuit,
        share: Option<&StorePlan>,
    ) -> Option<Circuit> {
        if written.upstream.is_none() && written.target.is_none() {
            self.error(at, "this is the circuit of nothing")
                .help("add upstream = {} for the upstream as a whole, or target = {} for each target");
            return None;
        }
        if share.is_none() && !self.abilities.remembers {
            let host = self.abilities.name;
            self.error(at, format!("{host} remembers no failures from one request to the next")).help(
                "add share = \"default\" to health and a [store], in which instances share what they know",
            );
        }
        let mut rule = |key: &str, written: &Option<config::health::CircuitRule>| {
            written.as_ref().map(|written| self.circuit_rule(&at.key(key), written))
        };
        let upstream = rule("upstream", &written.upstream);
        let target = rule("target", &written.target);
        Some(Circuit { upstream, target })
    }

    fn circuit_rule(&mut self, at: &Pointer, written: &config::health::CircuitRule) -> Rule {
        let percent =
            self.health_number(&at.key("failure_percent"), written.failure_percent, PERCENT).unwrap_or(50);
        let minimum = self.health_count(&at.key("minimum_requests"), written.minimum_requests, MOST_MINIMUM);
        let minimum = minimum.unwrap_or(20);
        let window = self.health_span(&at.key("window"), written.window.as_ref(), Duration::from_secs(10));
        let open = self.health_span(&at.key("open"), written.open.as_ref(), Duration::from_secs(5));
        let most = Duration::from_secs(60).max(open);
        let most_open = self.health_span(&at.key("most_open"), written.most_open.as_ref(), most);
        if most_open < open {
            self.error(&at.key("most_open"), "the longest time is shorter than the first one");
        }
        let recovery = match &written.recovery {
            Some(text) if text.0 == "off" => Duration::ZERO,
            text => self.health_span(&at.key("recovery"), text.as_ref(), Duration::from_secs(10)),
        };
        let trip = if self.abilities.remembers {
            Trip::Share { percent, minimum, window }
        } else {
            let row = in_a_row(percent, minimum);
            self.counts_in_a_row(at, "the circuit opens", row);
            Trip::InARow(row)
        };
        Rule {
            trip,
            slow: written
                .slow
                .as_ref()
                .map(|text| self.health_span(&at.key("slow"), Some(text), Duration::ZERO)),
            open,
            most_open,
            probes: self.health_count(&at.key("probes"), written.probes, MOST_PROBES).unwrap_or(3),
            recovery,
        }
    }

    /// Says what stands in for a share of failures where nobody counts every request.
    fn counts_in_a_row(&mut self, at: &Pointer, what: &str, row: u32) {
        let host = self.abilities.name;
        let message = format!(
            "{host} does not count every request: instead of by the share of failures, {what} after {row} failures in a row"
        );
        self.report(Diagnostic::warning(at.into(), message))
            .help("as many as failures of minimum_requests make failure_percent");
    }

    fn health_number(
        &mut self,
        at: &Pointer,
        written: Option<u32>,
        within: RangeInclusive<u32>,
    ) -> Option<u32> {
        let number = written?;
        if !within.contains(&number) {
            self.error(at, format!("this is {} to {}, not {number}", within.start(), within.end()));
        }
        Some(number)
    }

    fn health_count(&mut self, at: &Pointer, written: Option<u32>, most: u32) -> Option<u32> {
        self.health_number(at, written, 1..=most)
    }

    fn health_span(
        &mut self,
        at: &Pointer,
        written: Option<&config::text::DurationText>,
        default: Duration,
    ) -> Duration {
        let span = self.duration_or(at, written, default);
        if span > LONGEST {
            self.error(at, "this is at most a day");
        }
        span
    }
}

/// How many failures in a row stand for a share: as many as it takes of the fewest requests that count.
fn in_a_row(percent: u32, minimum: u32) -> u32 {
    (percent.saturating_mul(minimum)).div_ceil(100).max(1)
}
