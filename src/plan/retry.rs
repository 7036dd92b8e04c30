//! Retries, hedges and deadlines that are told, ready to be followed.

use std::time::Duration;

use http::header::HeaderName;

use super::compile::{Context, Pointer};
use crate::config;
use crate::retry::{Hedge, Retry, TellDeadline};

/// How often a request is sent at most: more tries help nobody, and whatever calls this gateway tries again too.
const MOST_ATTEMPTS: u32 = 10;

/// How much content of one request is kept at most to be sent again.
const MOST_KEPT: u64 = 16 << 20;

impl Context<'_> {
    /// When a request is sent again.
    pub(super) fn retries(&mut self, at: &Pointer, written: &config::Retries) -> Retry {
        let attempts = written.attempts.unwrap_or(3);
        if !(1..=MOST_ATTEMPTS).contains(&attempts) {
            self.error(&at.key("attempts"), format!("a request is sent 1 to {MOST_ATTEMPTS} times"));
        }
        let mut statuses = written.statuses.clone().unwrap_or_else(|| vec![502, 503, 504]);
        for (status, at) in statuses.iter().zip(at.key("statuses").indices()) {
            if !(400..=599).contains(status) {
                self.error(&at, format!("an answer with the status {status} is no reason to ask again"))
                    .help("statuses are 400 to 599");
            }
        }
        statuses.sort_unstable();
        statuses.dedup();
        let backoff =
            self.duration_or(&at.key("backoff"), written.backoff.as_ref(), Duration::from_millis(25));
        let most_backoff =
            self.duration_or(&at.key("most_backoff"), written.most_backoff.as_ref(), backoff * 10);
        if most_backoff < backoff {
            self.error(&at.key("most_backoff"), "the longest wait is shorter than the first one");
        }
        let per_try = written.per_try.as_ref().and_then(|text| self.duration(&at.key("per_try"), text));
        let body = match &written.body {
            Some(text) => self.size(&at.key("body"), text),
            None => 64 << 10,
        };
        if body > MOST_KEPT {
            self.error(&at.key("body"), "at most 16 MiB of a request are kept");
        }
        let budget = written.budget.clone().unwrap_or_default();
        let percent = budget.percent.unwrap_or(20);
        if percent > 100 {
            self.error(&at.key("budget").key("percent"), "there cannot be more retries than requests");
        }
        Retry {
            attempts,
            statuses: statuses.into(),
            backoff,
            most_backoff,
            per_try,
            body,
            percent,
            per_second: budget.per_second.unwrap_or(10),
            only_unsent: false,
        }
    }

    /// When a second request is sent beside the first.
    pub(super) fn hedge(&mut self, at: &Pointer, written: &config::Hedge) -> Option<Hedge> {
        match (&written.after, written.percentile) {
            (Some(after), None) => self.duration(&at.key("after"), after).map(Hedge::After),
            (None, Some(percentile)) => {
                let at = at.key("percentile");
                if !(50.0..=99.9).contains(&percentile) {
                    self.error(&at, "a percentile here is 50 to 99.9");
                    return None;
                }
                if !self.abilities.remembers {
                    let host = self.abilities.name;
                    self.error(&at, format!("{host} does not remember how long requests took"))
                        .help("write a fixed time in after");
                    return None;
                }
                #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "at most 999")]
                Some(Hedge::Percentile((percentile * 10.0).round() as u32))
            }
            _ => {
                self.error(at, "a hedge has exactly one of after and percentile");
                None
            }
        }
    }

    /// How an upstream is told how long the gateway will wait.
    pub(super) fn tell_deadline(
        &mut self,
        at: &Pointer,
        written: Option<&config::TellDeadline>,
    ) -> TellDeadline {
        let Some(written) = written else { return TellDeadline::default() };
        let header: Option<HeaderName> =
            written.header.as_deref().and_then(|name| self.header_name(&at.key("header"), name));
        TellDeadline { header, grpc: written.grpc.unwrap_or(false) }
    }
}
