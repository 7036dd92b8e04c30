//! Why no route serves what was asked for, and what the client is told.
//!
//! The status says where the client went wrong, and so does not depend on the API:
//!
//! - What stands in the path or the host is part of the address, and there is nothing at that address: 404 (RFC 9110
//!   section 15.5.5).
//! - What stands in `Accept` is a negotiation without a result: 406 (section 15.5.7); in `Content-Type`, content that is
//!   not taken: 415 (section 15.5.16).
//! - Any other field, and a parameter, is a mistake in a request to an address that there is: 400 (section 15.5.1).

use super::life::Stage;
use super::{Api, Negotiated, Set};
use crate::problem::{Failure, Problem, Versions};

/// Why no route serves what was asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Refusal {
    /// Nothing asked for a version, and the API wants that.
    Missing,
    /// Two ways ask for different versions.
    Contradiction,
    /// There is no such version.
    Unknown(Place),
    /// There is the version of this index, but not at this address.
    NotServed(usize),
}

/// Where a version was asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Place {
    /// In the path or the host.
    Address,
    /// In a field or a query parameter.
    Field,
    /// In `Accept`.
    Accept,
    /// In `Content-Type`.
    Content,
}

// === impl Refusal ===

impl Refusal {
    fn problem(self) -> Problem {
        match self {
            Self::Missing => Problem::VersionRequired,
            Self::Contradiction => Problem::VersionsContradict,
            Self::Unknown(Place::Address) => Problem::NoSuchVersion,
            Self::Unknown(Place::Field) => Problem::UnknownVersion,
            Self::Unknown(Place::Accept) => Problem::VersionNotAcceptable,
            Self::Unknown(Place::Content) => Problem::UnsupportedMediaType,
            Self::NotServed(_) => Problem::VersionNotServed,
        }
    }

    /// In words, for explanations.
    pub fn words(self) -> &'static str {
        match self {
            Self::Missing => "no version is asked for",
            Self::Contradiction => "different versions are asked for",
            Self::Unknown(_) => "a version is asked for that there is not",
            Self::NotServed(_) => "another version is asked for",
        }
    }
}

/// What the client is told where no route serves what it asked for.
pub fn refused(api: &Api, refusal: Refusal, here: Set, now: u64) -> Failure {
    if let Refusal::NotServed(index) = refusal
        && let Some(version) = api.versions.get(index)
        && version.life.stage(now) == Stage::Retired
    {
        return gone(api, index, Problem::VersionRetired, here, now);
    }
    let version = match refusal {
        Refusal::NotServed(index) => Some(index),
        _ => None,
    };
    Failure::from(refusal.problem()).versions(facts(api, version, here, now))
}

/// What becomes of a request for a version that a route serves, for the sake of where in its life that is. `chance` is
/// asked for a number below 100, only where it matters.
///
/// # Errors
///
/// The version is gone, or not there for a while.
pub fn judge(
    api: &Api,
    negotiated: Negotiated,
    now: u64,
    chance: impl FnOnce() -> u8,
) -> Result<(), Failure> {
    let Some(index) = negotiated.version else { return Ok(()) };
    let Some(version) = api.versions.get(index) else { return Ok(()) };
    let here = Set::first(api.versions.len());
    if version.life.stage(now) == Stage::Retired {
        return Err(gone(api, index, Problem::VersionRetired, here, now));
    }
    let Some(brownout) = version.life.brownout(now) else { return Ok(()) };
    if brownout.share < 100 && chance() >= brownout.share {
        return Ok(());
    }
    let problem = if brownout.gone { Problem::VersionBrownout } else { Problem::VersionInterrupted };
    let failure = gone(api, index, problem, here, now);
    // Where it is for some requests only, the next one may be answered at once.
    Err(match brownout.share {
        100 => failure.field(http::header::RETRY_AFTER, brownout.to - now),
        _ => failure,
    })
}

fn gone(api: &Api, index: usize, problem: Problem, here: Set, now: u64) -> Failure {
    Failure::from(problem).versions(facts(api, Some(index), here, now))
}

/// What the problem's document says. All of it is the author's: nothing that the client sent is in it.
fn facts(api: &Api, version: Option<usize>, here: Set, now: u64) -> Versions {
    let name = |index: usize| api.versions.get(index).map(|version| version.name.clone());
    let successor = version.and_then(|index| api.versions.get(index)?.life.successor);
    Versions {
        api: api.name.clone(),
        version: version.and_then(name),
        supported: api.there(now, here).map(|version| version.name.clone()).collect(),
        successor: successor.and_then(name),
    }
}
