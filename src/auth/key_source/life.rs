//! The life of something fetched: when it is used, when it is fetched again, and when it is too old.

use std::time::Duration;

use crate::host::UnixMillis;

/// How long fetched documents live.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Life {
    /// How long a document is fresh where its sender does not say.
    pub refresh: Duration,
    /// How long one that is no longer fresh may still be used while no other can be had.
    pub grace: Duration,
    /// How long after a fetch in vain, or one for an unknown key, there is none for an unknown key, and none that is
    /// in vain again.
    pub cool_down: Duration,
    /// How long a fetch may take.
    pub timeout: Duration,
}

/// What is known about when a document was fetched; moments that never were are 0.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Times {
    /// When the document came.
    pub fetched: UnixMillis,
    /// Until when it is fresh.
    pub expires: UnixMillis,
    /// When it was last fetched for an unknown key, or in vain. Fetching in time to replace a document does not count:
    /// keys may change right after.
    pub asked: UnixMillis,
    /// When the fetch that is under way began. Whoever fetches says so first, so that others do not.
    pub claimed: UnixMillis,
}

/// What a caller needs of a document.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Wants {
    /// Whatever it holds.
    Known,
    /// A key that it does not hold.
    UnknownKey,
}

/// What to do with a document.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Decision {
    /// It is good.
    Use,
    /// It is good, and should be fetched again before it no longer is.
    RefreshSoon,
    /// Fetch it first; see [`Decision::in_vain`] for what to do where that fails.
    RefreshNow,
    /// Somebody else is fetching it: look again shortly.
    Await,
    /// It is no longer fresh, and no other can be had now.
    UseStale,
    /// There is none that may be used, and it was asked for a moment ago.
    Unavailable,
}

/// The longest time before its end at which a document is fetched again: time for a few attempts in vain.
const LONGEST_LEAD: Duration = Duration::from_secs(90);

/// How soon it is tried again where there is nothing to use at all: until then every request is refused.
const COOL_DOWN_WITHOUT: Duration = Duration::from_secs(5);

/// What a document is worth.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Age {
    Fresh,
    Due,
    Stale,
    None,
}

/// What to do with a document of these times at `now`; `None` where nothing is known of it.
pub fn decide(times: Option<&Times>, life: &Life, now: UnixMillis, wants: Wants) -> Decision {
    let times = times.copied().unwrap_or_default();
    let age = age(&times, life, now);
    let under_way = is_within(times.claimed, life.timeout, now);
    let cool_down = match age {
        Age::None => life.cool_down.min(COOL_DOWN_WITHOUT),
        _ => life.cool_down,
    };
    let cools = is_within(times.asked, cool_down, now);
    match (age, wants) {
        (Age::Fresh, Wants::Known) => Decision::Use,
        (Age::Due, Wants::Known) if under_way || cools => Decision::Use,
        (Age::Due, Wants::Known) => Decision::RefreshSoon,
        (Age::Stale, Wants::Known) if under_way => Decision::UseStale,
        (_, _) if under_way => Decision::Await,
        (Age::Fresh | Age::Due, Wants::UnknownKey) if cools => Decision::Use,
        (Age::Stale, _) if cools => Decision::UseStale,
        (Age::None, _) if cools => Decision::Unavailable,
        (_, _) => Decision::RefreshNow,
    }
}

fn age(times: &Times, life: &Life, now: UnixMillis) -> Age {
    if times.fetched == UnixMillis(0) {
        return Age::None;
    }
    let lifetime = Duration::from_millis(times.expires.0.saturating_sub(times.fetched.0));
    let due = after(times.fetched, lifetime - lead(lifetime));
    match now {
        now if now < due => Age::Fresh,
        now if now < times.expires => Age::Due,
        now if now < after(times.expires, life.grace) => Age::Stale,
        _ => Age::None,
    }
}

/// How long before its end a document is fetched again.
fn lead(lifetime: Duration) -> Duration {
    (lifetime / 4).min(LONGEST_LEAD)
}

/// Whether `now` is within `span` after `since`. A moment in the future, by somebody else's clock, is none: it would
/// hold for as long as the clocks differ.
fn is_within(since: UnixMillis, span: Duration, now: UnixMillis) -> bool {
    since != UnixMillis(0) && since <= now && now < after(since, span)
}

/// `span` after `moment`.
pub fn after(moment: UnixMillis, span: Duration) -> UnixMillis {
    UnixMillis(moment.0.saturating_add(u64::try_from(span.as_millis()).unwrap_or(u64::MAX)))
}

// === impl Decision ===

impl Decision {
    /// What to do where a fetch was in vain: what would be done while the next one must wait.
    pub fn in_vain(times: Option<&Times>, life: &Life, now: UnixMillis) -> Self {
        let tried = Times { asked: now, claimed: UnixMillis(0), ..times.copied().unwrap_or_default() };
        decide(Some(&tried), life, now, Wants::Known)
    }

    /// Whether the document may be used as it is, now or after a fetch in vain.
    pub fn is_usable(self) -> bool {
        matches!(self, Self::Use | Self::RefreshSoon | Self::UseStale)
    }
}

// === impl Times ===

impl Times {
    /// When a background task should look at the document again: when it is due, or when the cool-down of the last
    /// attempt has passed.
    pub fn is_due(&self, life: &Life, now: UnixMillis) -> bool {
        matches!(decide(Some(self), life, now, Wants::Known), Decision::RefreshSoon | Decision::RefreshNow)
    }

    /// The same while somebody fetches.
    #[must_use]
    pub fn claim(self, now: UnixMillis) -> Self {
        Self { claimed: now, ..self }
    }

    /// After a fetch for `wants` that brought a document which is fresh for `lifetime`.
    #[must_use]
    pub fn renew(self, now: UnixMillis, lifetime: Duration, wants: Wants) -> Self {
        let asked = if wants == Wants::UnknownKey { now } else { self.asked };
        Self { fetched: now, expires: after(now, lifetime), asked, claimed: UnixMillis(0) }
    }

    /// After a fetch that brought nothing which could be used.
    #[must_use]
    pub fn fail(self, now: UnixMillis) -> Self {
        Self { asked: now, claimed: UnixMillis(0), ..self }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LIFE: Life = Life {
        refresh: Duration::from_secs(900),
        grace: Duration::from_secs(86_400),
        cool_down: Duration::from_secs(30),
        timeout: Duration::from_secs(2),
    };
    const START: UnixMillis = UnixMillis(1_767_225_600_000);

    fn at(seconds: u64) -> UnixMillis {
        after(START, Duration::from_secs(seconds))
    }

    fn fetched() -> Times {
        Times::default().renew(START, LIFE.refresh, Wants::Known)
    }

    fn both(times: &Times, now: UnixMillis) -> (Decision, Decision) {
        (decide(Some(times), &LIFE, now, Wants::Known), decide(Some(times), &LIFE, now, Wants::UnknownKey))
    }

    #[test]
    fn from_fresh_to_gone() {
        use Decision::{RefreshNow, RefreshSoon, Use};
        for (seconds, known) in [
            (0, Use),
            (809, Use),
            (810, RefreshSoon),
            (899, RefreshSoon),
            (900, RefreshNow),
            (999_999, RefreshNow),
        ] {
            assert_eq!(both(&fetched(), at(seconds)), (known, RefreshNow), "{seconds}");
        }
        assert_eq!(decide(None, &LIFE, START, Wants::Known), RefreshNow);
    }

    #[test]
    fn known_keys_outlive_the_issuer_for_the_grace() {
        use Decision::{RefreshNow, Unavailable, Use, UseStale};
        for (seconds, then) in
            [(850, Use), (900, UseStale), (900 + 86_399, UseStale), (900 + 86_400, Unavailable)]
        {
            let failed = fetched().fail(at(seconds));
            assert_eq!(decide(Some(&failed), &LIFE, at(seconds), Wants::Known), then, "{seconds}");
            assert_eq!(Decision::in_vain(Some(&fetched()), &LIFE, at(seconds)), then, "{seconds}");
            assert_eq!(then.is_usable(), then != Unavailable);
        }
        let failed = fetched().fail(at(1_000));
        assert_eq!(both(&failed, at(1_029)), (UseStale, UseStale));
        assert_eq!(both(&failed, at(1_030)), (RefreshNow, RefreshNow));
        assert!(!failed.is_due(&LIFE, at(1_029)) && failed.is_due(&LIFE, at(1_030)));
    }

    #[test]
    fn without_a_document_it_is_tried_sooner() {
        let failed = Times::default().fail(START);
        assert_eq!(both(&failed, at(4)), (Decision::Unavailable, Decision::Unavailable));
        assert_eq!(both(&failed, at(5)), (Decision::RefreshNow, Decision::RefreshNow));
    }

    #[test]
    fn one_fetch_for_unknown_keys_in_a_cool_down() {
        let asked = fetched().renew(at(100), LIFE.refresh, Wants::UnknownKey);
        assert_eq!(both(&asked, at(100)), (Decision::Use, Decision::Use));
        assert_eq!(both(&asked, at(129)), (Decision::Use, Decision::Use));
        assert_eq!(both(&asked, at(130)), (Decision::Use, Decision::RefreshNow));
        // A refresh in time starts no cool-down: the key may have changed right after.
        let renewed = fetched().renew(at(100), LIFE.refresh, Wants::Known);
        assert_eq!(both(&renewed, at(101)), (Decision::Use, Decision::RefreshNow));
    }

    #[test]
    fn one_fetches_and_the_others_wait_or_use_what_there_is() {
        use Decision::{Await, RefreshNow, RefreshSoon, Use, UseStale};
        assert_eq!(both(&fetched().claim(at(10)), at(11)), (Use, Await));
        assert_eq!(both(&fetched().claim(at(850)), at(851)), (Use, Await));
        assert_eq!(both(&fetched().claim(at(950)), at(951)), (UseStale, Await));
        assert_eq!(both(&Times::default().claim(START), START), (Await, Await));
        // Whoever claimed it is gone.
        assert_eq!(both(&fetched().claim(at(850)), at(852)), (RefreshSoon, RefreshNow));
    }

    #[test]
    fn a_moment_in_the_future_holds_nobody_up() {
        let odd = Times { asked: at(500), claimed: at(500), ..fetched() };
        assert_eq!(both(&odd, at(1)), (Decision::Use, Decision::RefreshNow));
    }
}
