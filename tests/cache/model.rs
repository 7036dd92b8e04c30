//! RFC 9111 worked out a second time: from what messages mean instead of how they are written, and in whole seconds.
//!
//! Each rule is a sentence of the RFC, or one of Tollgate's where the RFC leaves it to the cache.

#![allow(dead_code)]

use super::message::{Answer, Moment, Number, Request, Says, Wants};

/// 2^31 (section 1.2.2).
const INFINITE: u64 = 2_147_483_648;

/// What the author of a configuration says.
#[derive(Debug, Clone)]
pub struct Author {
    pub fixed: Option<u64>,
    pub default: Option<u64>,
    /// Statuses and for how long they are kept where they say nothing.
    pub negative: Vec<(u16, u64)>,
    pub while_revalidate: u64,
    pub if_error: u64,
    pub set_cookie: bool,
}

/// A kept answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Kept {
    /// `freshness_lifetime`.
    pub lifetime: u64,
    /// `corrected_initial_age`.
    pub initial_age: u64,
    while_revalidate: u64,
    if_error: u64,
    no_cache: bool,
    forbids_stale: bool,
}

/// What is done for a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    Fresh,
    Stale,
    /// Given stale, while a new one is fetched.
    Refreshed,
    /// The upstream is asked.
    Ask,
}

/// The field that decides.
struct Field<'a> {
    says: &'a [Says],
    targeted: bool,
}

impl<'a> Field<'a> {
    /// RFC 9213 section 2.2.
    fn of(answer: &'a Answer) -> Self {
        for field in [&answer.ours, &answer.cdn] {
            if let Some(says) = field
                && !says.is_empty()
            {
                return Self { says, targeted: true };
            }
        }
        Self { says: &answer.cache_control, targeted: false }
    }

    fn has(&self, says: Says) -> bool {
        self.says.contains(&says)
    }

    /// The number of the first directive that is one of `kind`; what is none is zero (section 4.2.1).
    fn number(&self, kind: fn(Number) -> Says) -> Option<u64> {
        self.says.iter().find_map(|says| match says {
            Says::MaxAge(n)
            | Says::SharedMaxAge(n)
            | Says::StaleWhileRevalidate(n)
            | Says::StaleIfError(n)
                if kind(*n) == *says =>
            {
                Some(seconds(*n))
            }
            _ => None,
        })
    }
}

fn seconds(number: Number) -> u64 {
    match number {
        Number::Seconds(seconds) => seconds.min(INFINITE),
        Number::Nonsense => 0,
    }
}

impl Author {
    /// Section 3: whether an answer is kept, and its life.
    pub fn keeps(&self, answer: &Answer, request: &Request) -> Option<Kept> {
        let field = Field::of(answer);
        let explicit = field.number(Says::MaxAge).is_some()
            || field.number(Says::SharedMaxAge).is_some()
            || (answer.expires.is_some() && !field.targeted);
        let heuristic = [200, 203, 204, 300, 301, 308, 404, 405, 410, 414, 501].contains(&answer.status)
            || field.has(Says::Public);
        let negative =
            self.negative.iter().find(|(status, _)| *status == answer.status).filter(|_| !explicit);
        let understood = is_defined(answer.status);
        let may = !request.wants.contains(&Wants::NoStore)
            && ![206, 304, 412, 416, 428, 429, 431, 511].contains(&answer.status)
            && (!field.has(Says::MustUnderstand) || understood)
            && (!field.has(Says::NoStore) || field.has(Says::MustUnderstand))
            && !field.has(Says::Private)
            && (!request.authorization || self.fixed.is_some() || allows_authorization(&field))
            && !answer.vary_all
            && (!answer.set_cookie || self.set_cookie || field.has(Says::PrivateCookie))
            && (explicit || heuristic || negative.is_some());
        if !may {
            return None;
        }
        let lifetime = match (negative, self.fixed) {
            (Some((_, lifetime)), _) => *lifetime,
            (None, Some(fixed)) => fixed,
            (None, None) => self.lifetime(answer, &field),
        };
        let kept = Kept {
            lifetime,
            initial_age: initial_age(answer),
            while_revalidate: field.number(Says::StaleWhileRevalidate).unwrap_or(self.while_revalidate),
            if_error: field.number(Says::StaleIfError).unwrap_or(self.if_error),
            no_cache: field.has(Says::NoCache),
            forbids_stale: field.has(Says::MustRevalidate)
                || field.has(Says::ProxyRevalidate)
                || (field.number(Says::SharedMaxAge).is_some() && self.fixed.is_none()),
        };
        let validators = answer.etag || matches!(answer.last_modified, Some(Moment::At(_)));
        (validators || kept.has_a_use()).then_some(kept)
    }

    /// Section 4.2.1.
    fn lifetime(&self, answer: &Answer, field: &Field<'_>) -> u64 {
        let made = made(answer);
        let expires = || match answer.expires.filter(|_| !field.targeted)? {
            Moment::At(expires) => Some(u64::try_from(expires - made).unwrap_or(0).min(INFINITE)),
            // Section 5.3: in the past.
            Moment::Nonsense => Some(0),
        };
        let heuristic = || match answer.last_modified? {
            Moment::At(changed) => Some(u64::try_from((made - changed) / 10).unwrap_or(0).min(86_400)),
            Moment::Nonsense => None,
        };
        field
            .number(Says::SharedMaxAge)
            .or_else(|| field.number(Says::MaxAge))
            .or_else(expires)
            .or(self.default)
            .or_else(heuristic)
            .unwrap_or(0)
    }
}

/// RFC 9110 section 15: statuses that are known, of which no part, condition or range is the reason.
fn is_defined(status: u16) -> bool {
    const KNOWN: [u16; 38] = [
        200, 201, 202, 203, 204, 205, 300, 301, 302, 303, 305, 307, 308, 400, 401, 402, 403, 404, 405, 406,
        407, 408, 409, 410, 411, 413, 414, 415, 417, 421, 422, 426, 500, 501, 502, 503, 504, 505,
    ];
    KNOWN.contains(&status)
}

/// Section 3.5.
fn allows_authorization(field: &Field<'_>) -> bool {
    field.has(Says::Public) || field.has(Says::MustRevalidate) || field.number(Says::SharedMaxAge).is_some()
}

/// `date_value`, in seconds after it was received.
fn made(answer: &Answer) -> i64 {
    match answer.date {
        Some(Moment::At(date)) => date,
        Some(Moment::Nonsense) | None => 0,
    }
}

/// Section 4.2.3.
fn initial_age(answer: &Answer) -> u64 {
    let apparent_age = u64::try_from(-made(answer)).unwrap_or(0);
    let corrected_age_value = answer.age.map_or(0, seconds) + answer.delay;
    apparent_age.max(corrected_age_value)
}

impl Kept {
    /// Whether anything can be done with it without asking.
    fn has_a_use(&self) -> bool {
        !self.no_cache
            && (self.lifetime > 0
                || (!self.forbids_stale && (self.while_revalidate > 0 || self.if_error > 0)))
    }

    fn age(&self, later: u64) -> u64 {
        self.initial_age + later
    }

    /// How long it has not been fresh.
    fn staleness(&self, later: u64) -> u64 {
        self.age(later).saturating_sub(self.lifetime)
    }

    /// Section 4, for a request `later` seconds after the answer was received.
    pub fn given(&self, request: &Request, purged: bool, later: u64) -> Outcome {
        let age = self.age(later);
        let staleness = self.staleness(later);
        let fresh = self.lifetime > age && !purged;
        let no_cache =
            request.wants.contains(&Wants::NoCache) || (request.pragma && request.wants.is_empty());
        let too_old = request.max_age().is_some_and(|most| age > most);
        let not_for_long_enough =
            request.min_fresh().is_some_and(|least| !fresh || self.lifetime < age + least);
        if no_cache || self.no_cache || too_old || not_for_long_enough {
            return Outcome::Ask;
        }
        if fresh {
            return Outcome::Fresh;
        }
        let wants_no_stale = match (request.max_age(), request.max_stale()) {
            (Some(_), None) => true,
            (_, Some(Some(most))) => staleness > most,
            _ => false,
        };
        if self.forbids_stale || wants_no_stale {
            return Outcome::Ask;
        }
        if staleness < self.while_revalidate {
            return Outcome::Refreshed;
        }
        if request.max_stale().is_some() { Outcome::Stale } else { Outcome::Ask }
    }

    /// RFC 5861 section 4; `error`: the upstream failed, or its status is an error.
    pub fn rescues(&self, request: &Request, error: bool, later: u64) -> bool {
        let no_cache =
            request.wants.contains(&Wants::NoCache) || (request.pragma && request.wants.is_empty());
        let told = request.first(|wants| match wants {
            Wants::StaleIfError(seconds) => Some(seconds),
            _ => None,
        });
        let staleness = self.staleness(later);
        let allowed = staleness < self.if_error || told.is_some_and(|told| staleness < told);
        error && allowed && !no_cache && !self.no_cache && !self.forbids_stale
    }
}

impl Request {
    fn first<T>(&self, of: impl Fn(Wants) -> Option<T>) -> Option<T> {
        self.wants.iter().find_map(|wants| of(*wants))
    }

    fn max_age(&self) -> Option<u64> {
        self.first(|wants| if let Wants::MaxAge(most) = wants { Some(most) } else { None })
    }

    fn min_fresh(&self) -> Option<u64> {
        self.first(|wants| if let Wants::MinFresh(least) = wants { Some(least) } else { None })
    }

    fn max_stale(&self) -> Option<Option<u64>> {
        self.first(|wants| if let Wants::MaxStale(most) = wants { Some(most) } else { None })
    }
}
