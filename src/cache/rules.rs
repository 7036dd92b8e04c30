//! RFC 9111 as functions: of what was asked, what was answered, the policy and the time.
//!
//! How they are put together: [`asked`] is read of each request. What is found is judged by [`reuse`]; where the upstream is
//! asked, [`condition`] says what it is asked, [`freshen`] what a 304 changes, and [`rescues`] whether a failure matters. An
//! answer that arrives is judged by [`life`]; what [`strip`] leaves of it is kept, with a [`date`]. A 304 goes the same way:
//! what `freshen` made is judged by `life`, with the status of what is kept, and stripped.

use std::time::Duration;

use super::status::Forward;

mod asked;
mod condition;
mod directives;
mod freshen;
mod invalidation;
mod least;
mod lifetime;
mod rescue;
mod reuse;
mod said;
mod seconds;
mod storable;
mod strip;
mod targeted;
mod validator;

pub use asked::asked;
pub use condition::{OF_THE_CLIENT, condition};
pub use freshen::{freshen, head_agrees};
pub use invalidation::{also_invalid, invalidates};
pub use least::Least;
pub use lifetime::life;
pub use rescue::rescues;
pub use reuse::reuse;
pub use storable::may_be_kept;
pub use strip::{date, strip, strip_connection};
pub use targeted::{TOLLGATE_CACHE_CONTROL, conceal};
pub use validator::EntityTag;

/// What a request says about caching (RFC 9111 section 5.2.1).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Asked {
    /// `no-cache`, or `Pragma: no-cache` where there is no `Cache-Control`: what is kept must be validated.
    pub no_cache: bool,
    /// `no-store`: the answer must not be kept.
    pub no_store: bool,
    /// `only-if-cached`: the upstream must not be asked.
    pub only_if_cached: bool,
    /// `max-age`.
    pub max_age: Option<Duration>,
    /// `min-fresh`.
    pub min_fresh: Option<Duration>,
    /// `max-stale`; `Duration::MAX` where it has no value.
    pub max_stale: Option<Duration>,
    /// `stale-if-error` (RFC 5861 section 4).
    pub stale_if_error: Option<Duration>,
    /// The request came with `Authorization` (RFC 9111 section 3.5).
    pub authorization: bool,
}

/// What may be done with what is kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reuse {
    /// It may be given.
    Fresh,
    /// It may be given although it is stale, because the client takes that.
    Stale,
    /// It may be given at once, while a new one is fetched (RFC 5861 section 3).
    WhileRevalidate,
    /// The upstream must be asked first, with its validators.
    Validate(Forward),
}

/// Why an answer is not kept; for the operator.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NotKept(pub &'static str);

#[cfg(test)]
mod tests;
