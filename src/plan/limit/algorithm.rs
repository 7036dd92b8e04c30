//! What a limit counts.

use std::time::Duration;

use super::super::compile::{Context, Pointer};
use super::super::scalar;
use crate::config::{DurationText, Quota, RateLimit, RateText, Window};
use crate::limit::Algorithm;
use crate::limit::algorithm::Zone;
use crate::limit::wording::Per;

/// What stands in for a mistake: it is reported, and makes no plan.
const STAND_IN: Algorithm = Algorithm::Fixed { most: u64::MAX, per: 1_000 };

impl Context<'_> {
    /// Exactly one of `rate`, `window`, `quota` and `concurrency`.
    pub(super) fn algorithm(&mut self, at: &Pointer, written: &RateLimit) -> Algorithm {
        if written.burst.is_some() && written.rate.is_none() {
            self.error(&at.key("burst"), "only a rate has a burst")
                .help("write rate beside it; a window admits all it has at once anyway");
        }
        let mut kinds = Vec::new();
        if let Some(rate) = &written.rate {
            kinds.push(self.bucket(at, rate, written.burst));
        }
        if let Some(window) = &written.window {
            kinds.push(self.window(&at.key("window"), window));
        }
        if let Some(quota) = &written.quota {
            kinds.push(self.quota(&at.key("quota"), quota));
        }
        if let Some(most) = written.concurrency {
            let counts = self.above_zero(&at.key("concurrency"), most);
            kinds.push(counts.then_some(Algorithm::Concurrent { most }));
        }
        if kinds.len() != 1 {
            let given = kinds.len();
            self.error(at, format!("the limit counts in {given} ways, and needs exactly one"))
                .help("rate, window, quota or concurrency; a route may have several limits");
            return STAND_IN;
        }
        let Some(algorithm) = kinds.pop().flatten() else { return STAND_IN };
        self.is_countable(at, &algorithm);
        algorithm
    }

    /// What is counted must come to the same everywhere, also in Redis, whose scripts know no whole numbers.
    fn is_countable(&mut self, at: &Pointer, algorithm: &Algorithm) {
        if algorithm.is_countable() {
            return;
        }
        let (key, help) = match algorithm {
            Algorithm::Bucket { permits, per, burst } => ("rate", smaller(*permits, *per, *burst)),
            Algorithm::Fixed { .. } | Algorithm::Sliding { .. } => ("window", None),
            Algorithm::Calendar { .. } => ("quota", None),
            Algorithm::Concurrent { .. } => ("concurrency", None),
        };
        let help = help.map_or_else(
            || "choose a smaller number, or a shorter span of time".to_owned(),
            |rate| {
                format!(
                    "write the same rate in smaller numbers: \"{rate}\" with burst = {}",
                    algorithm.most()
                )
            },
        );
        self.error(&at.key(key), format!("{algorithm} is too much to be counted exactly")).help(help);
    }

    fn bucket(&mut self, at: &Pointer, written: &RateText, burst: Option<u64>) -> Option<Algorithm> {
        let at_rate = at.key("rate");
        let Some((permits, per)) = scalar::rate(&written.0) else {
            self.error(&at_rate, format!("\"{}\" is not a rate", written.0)).help(
                "a whole number, a slash, and a span of time whose number may be left out: \"100/s\", \"10/2s\"",
            );
            return None;
        };
        let burst = burst.unwrap_or(permits);
        let counts = self.above_zero(&at_rate, permits) && self.above_zero(&at.key("burst"), burst);
        let per = self.span(&at_rate, &written.0, per)?;
        counts.then_some(Algorithm::Bucket { permits, per, burst })
    }

    fn window(&mut self, at: &Pointer, written: &Window) -> Option<Algorithm> {
        let most = written.limit;
        let counts = self.above_zero(&at.key("limit"), most);
        let DurationText(text) = &written.per;
        let at_per = at.key("per");
        let per = match scalar::duration(text) {
            Some(per) => self.span(&at_per, text, per)?,
            None => {
                self.error(&at_per, format!("\"{text}\" is not a span of time"))
                    .help("a whole number above 0 and ms, s, m, h or d, such as \"60s\"");
                return None;
            }
        };
        let sliding = written.sliding.unwrap_or(false);
        counts.then_some(match sliding {
            true => Algorithm::Sliding { most, per },
            false => Algorithm::Fixed { most, per },
        })
    }

    fn quota(&mut self, at: &Pointer, written: &Quota) -> Option<Algorithm> {
        let most = written.limit;
        let counts = self.above_zero(&at.key("limit"), most);
        let zone = self.zone(&at.key("zone"), written.zone.as_deref().unwrap_or("UTC"))?;
        counts.then_some(Algorithm::Calendar { most, period: written.per, zone })
    }

    fn zone(&mut self, at: &Pointer, name: &str) -> Option<Zone> {
        let zone = Zone::named(name);
        if zone.is_none() {
            let near = scalar::nearest(name, Zone::names());
            let help = match near {
                Some(near) => format!("did you mean \"{near}\"?"),
                None => "a name of the IANA database, such as \"Europe/Berlin\"".to_owned(),
            };
            self.error(at, format!("there is no time zone \"{name}\"")).help(help);
        }
        zone
    }

    /// In milliseconds.
    fn span(&mut self, at: &Pointer, text: &str, span: Duration) -> Option<u64> {
        if span.is_zero() {
            self.error(at, format!("\"{text}\" is no time at all")).help("such as \"1s\"");
            return None;
        }
        u64::try_from(span.as_millis()).ok()
    }

    fn above_zero(&mut self, at: &Pointer, number: u64) -> bool {
        if number == 0 {
            self.error(at, "a limit of 0 lets nobody through, ever")
                .help("a whole number above 0; to close a route, give it a policy or another action");
        }
        number > 0
    }
}

/// The same rate in the smallest numbers, where those can be counted.
fn smaller(permits: u64, per: u64, burst: u64) -> Option<String> {
    let (mut divisor, mut rest) = (permits, per);
    while rest > 0 {
        (divisor, rest) = (rest, divisor % rest);
    }
    let (permits, per) = (permits.checked_div(divisor)?, per.checked_div(divisor)?);
    let countable = Algorithm::Bucket { permits, per, burst }.is_countable();
    countable.then(|| format!("{permits}/{}", Per(per)))
}
