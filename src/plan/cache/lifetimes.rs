//! For how long answers are kept.

use std::time::Duration;

use http::StatusCode;

use super::super::compile::{Context, Pointer};
use super::settings::Settings;
use crate::cache::policy::{Lifetimes, Statuses};
use crate::cache::rules::may_be_kept;
use crate::config::{Cache, DurationText};

/// The longest time that an answer is kept: RFC 9111 knows no limit, HTTP/1.1 had a year, and what is kept for longer is
/// never looked at again.
const LONGEST: Duration = Duration::from_secs(365 * 86_400);
/// The longest time that a request waits for another one's fetch: no client waits for longer.
const LONGEST_WAIT: Duration = Duration::from_secs(60);
/// How long it waits where the author does not say.
const USUAL_WAIT: Duration = Duration::from_secs(5);

impl Context<'_> {
    pub(super) fn lifetimes(&mut self, settings: &Settings<'_>) -> Lifetimes {
        let mut span = |key: &str, get: fn(&Cache) -> Option<&DurationText>| {
            let (at, text) = settings.find(key, get)?;
            Some(self.kept_for(&at, text))
        };
        let fixed = span("lifetime", |table| table.lifetime.as_ref()).flatten();
        let default = span("default_lifetime", |table| table.default_lifetime.as_ref());
        let while_revalidate =
            span("stale_while_revalidate", |table| table.stale_while_revalidate.as_ref()).flatten();
        let if_error = span("stale_if_error", |table| table.stale_if_error.as_ref()).flatten();
        Lifetimes {
            fixed,
            // Off is no lifetime, which is not the same as saying nothing: then a tenth is guessed.
            default: default.map(Option::unwrap_or_default),
            negative: self.negative(settings),
            while_revalidate: while_revalidate.unwrap_or_default(),
            if_error: if_error.unwrap_or_default(),
        }
    }

    /// How long a request waits for another one that fetches the same answer.
    pub(super) fn coalesce(&mut self, settings: &Settings<'_>) -> Duration {
        let Some((at, text)) = settings.find("coalesce", |table| table.coalesce.as_ref()) else {
            return USUAL_WAIT;
        };
        let wait = self.duration(&at, text).unwrap_or_default();
        if wait > LONGEST_WAIT {
            self.error(&at, "requests would wait that long for another one").help("at most \"60s\"");
        }
        wait
    }

    /// `None` for `"off"`.
    fn kept_for(&mut self, at: &Pointer, text: &DurationText) -> Option<Duration> {
        let span = self.duration(at, text);
        if span.is_some_and(|span| span > LONGEST) {
            self.error(at, "answers are kept for a year at most").help("at most \"365d\"");
        }
        span
    }

    /// Exact statuses first.
    fn negative(&mut self, settings: &Settings<'_>) -> Vec<(Statuses, Duration)> {
        let Some((at, written)) = settings.find("negative", |table| table.negative.as_ref()) else {
            return Vec::new();
        };
        let mut negative = Vec::new();
        for (text, span) in written {
            let at = at.key(text);
            let span = self.kept_for(&at, span).unwrap_or_default();
            negative.extend(self.statuses(&at, text).map(|statuses| (statuses, span)));
        }
        negative.sort_by_key(|(statuses, _)| match statuses {
            Statuses::One(status) => status.as_u16(),
            Statuses::Class(digit) => 1000 + digit,
        });
        negative
    }

    fn statuses(&mut self, at: &Pointer, text: &str) -> Option<Statuses> {
        let number = Some(text).filter(|text| text.len() == 3).and_then(|text| text.parse::<u16>().ok());
        match (text, number) {
            ("4xx", _) => return Some(Statuses::Class(4)),
            ("5xx", _) => return Some(Statuses::Class(5)),
            (_, Some(status @ 400..600)) => {
                let status = StatusCode::from_u16(status).ok()?;
                if !may_be_kept(status) {
                    self.error(at, format!("{text} is about one request, and is never kept"))
                        .help("remove it");
                }
                return Some(Statuses::One(status));
            }
            _ => {}
        }
        self.error(at, format!("\"{text}\" is not the status of an error, nor a class of them")).help(
            "such as \"404\", \"4xx\" or \"5xx\"; how long other answers are kept is said by default_lifetime",
        );
        None
    }
}
