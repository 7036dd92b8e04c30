//! What may be done with what is kept (RFC 9111 section 4).

use super::{Asked, Reuse};
use crate::cache::life::Life;
use crate::cache::status::Forward;
use crate::host::UnixMillis;

/// What may be done with an answer of this life at `now`; `purged`: it was softly purged, and counts as stale.
pub fn reuse(life: &Life, asked: &Asked, purged: bool, now: UnixMillis) -> Reuse {
    let age = life.age_at(now);
    // RFC 9111 section 4.2.
    let fresh = !purged && life.fresh > age;
    // RFC 9111 section 5.2.1.4 and 5.2.1.1.
    if asked.no_cache || asked.max_age.is_some_and(|most| age > most) {
        return Reuse::Validate(Forward::Request);
    }
    // RFC 9111 section 5.2.2.4.
    if life.always_validate {
        return Reuse::Validate(Forward::Stale);
    }
    if fresh {
        // RFC 9111 section 5.2.1.3.
        let enough = asked.min_fresh.is_none_or(|least| life.fresh >= age.saturating_add(least));
        return if enough { Reuse::Fresh } else { Reuse::Validate(Forward::Request) };
    }
    stale(life, asked, now)
}

/// RFC 9111 section 4.2.4: what is stale is given only where the answer or the request says that it may.
fn stale(life: &Life, asked: &Asked, now: UnixMillis) -> Reuse {
    let validate = Reuse::Validate(Forward::Stale);
    let staleness = life.staleness_at(now);
    // RFC 9111 section 5.2.1.1: with `max-age`, the client takes nothing stale, unless it says so; with `min-fresh`, it
    // cannot mean to.
    let refused = asked.min_fresh.is_some() || (asked.max_age.is_some() && asked.max_stale.is_none());
    if life.never_stale || refused || asked.max_stale.is_some_and(|most| staleness > most) {
        validate
    } else if staleness < life.while_revalidate {
        // RFC 5861 section 3.
        Reuse::WhileRevalidate
    } else if asked.max_stale.is_some() {
        Reuse::Stale
    } else {
        validate
    }
}
