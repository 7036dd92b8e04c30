//! Versions of APIs: which one a request asks for, and what becomes of each.
//!
//! A version is a condition of routes. Which one a request asks for is worked out while a route for it is looked for
//! ([`Condition::choose`]), since it may stand in what the route's pattern captures. A request of no such route costs
//! nothing of this. Whatever depends on the date is judged when a request comes: a plan is made once, and in a component
//! long before.

use std::sync::Arc;

use http::header::{HeaderName, HeaderValue};

pub mod answer;
pub mod asked;
pub mod life;
mod media;
pub mod number;
pub mod range;
pub mod refusal;
pub mod set;

pub use life::{Life, Stage};
pub use number::{Kind, Number};
pub use range::Range;
pub use refusal::Refusal;
pub use set::Set;

/// The most versions that an API may have: as many as a [`Set`] has places. More are not versions but releases.
pub const MOST_VERSIONS: usize = 64;

/// An API that has versions.
#[derive(Debug, Clone, PartialEq)]
pub struct Api {
    /// Its name.
    pub name: Box<str>,
    /// What its versions are called.
    pub kind: Kind,
    /// How a version is asked for; the first that says something decides.
    pub ways: Vec<Way>,
    /// How what is asked for is compared with the versions that there are.
    pub matching: Matching,
    /// What who asks for none gets.
    pub default: Unasked,
    /// At least one and at most [`MOST_VERSIONS`], the oldest first.
    pub versions: Vec<Version>,
    /// The field in which an upstream is told.
    pub tell: Option<HeaderName>,
    /// The fields of a request that are looked at, as `Vary` names them.
    pub looks_at: Vec<HeaderName>,
}

/// One version of an API.
#[derive(Debug, Clone, PartialEq)]
pub struct Version {
    /// What it is called, to be compared.
    pub number: Number,
    /// The same as text, in normal form.
    pub name: Box<str>,
    /// The same as a field's value.
    pub value: HeaderValue,
    /// From when to when it is there.
    pub life: Life,
}

/// One way in which a version is asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Way {
    /// What a route's pattern captures under this name.
    Path(Box<str>),
    /// The value of a field.
    Header(HeaderName),
    /// The value of a query parameter.
    Query(Box<str>),
    /// A parameter of the media types in `Accept` and `Content-Type`.
    Parameter(Box<str>),
    /// The subtype of the media types in `Accept` and `Content-Type`.
    Vendor(Vendor),
    /// What stands in the host's name between these two, in lower case.
    Host(Box<str>, Box<str>),
}

/// `application/vnd.acme.orders.v2+json`: a version in a media type.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Vendor {
    /// What stands before the version, in lower case: `application/vnd.acme.orders.v`.
    pub before: Box<str>,
    /// Whether `application/json` in an answer becomes the type that was asked for.
    pub content_type: bool,
}

/// How what is asked for is compared with the versions that there are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Matching {
    /// It names one of them.
    Exact,
    /// It names some of them, of which the newest is meant.
    Ranges,
    /// It is a date, and the newest is meant that is not after it.
    NotAfter,
}

/// What who asks for no version gets.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unasked {
    /// The newest that is there.
    Latest,
    /// The oldest that is still there.
    Oldest,
    /// The version of this index.
    This(usize),
    /// A problem.
    Required,
}

/// That a route is for some versions of an API.
#[derive(Debug, Clone)]
pub struct Condition {
    /// The API's index in the plan.
    pub index: usize,
    /// The API.
    pub api: Arc<Api>,
    /// Its versions that the route serves.
    pub serves: Set,
    /// Whether the author has named them.
    pub chosen: bool,
    /// Which of the pattern's captures holds the version, where one does.
    pub capture: Option<usize>,
}

/// What became of the question for a version. Small, and the same for the whole of a request.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Negotiated {
    /// The index of the API that was asked; `None` where no route was for one.
    pub api: Option<usize>,
    /// The index of its version that was meant, where one was.
    pub version: Option<usize>,
    /// Whether the vendor's media type asked for it in `Accept`.
    pub vendor: bool,
    /// Why no route serves it, where none does.
    pub refused: Option<Refusal>,
    /// The versions that routes at this address serve, as far as these were looked at.
    pub here: Set,
}

// === impl Api ===

impl Api {
    /// The newest of `among` that is there at `now`; else the newest that was, so that it can be said what became of it.
    fn newest(&self, now: u64, among: impl Fn(&Version) -> bool) -> Option<usize> {
        let found = |wanted: fn(Stage) -> bool| {
            let fits = |version: &Version| among(version) && wanted(version.life.stage(now));
            self.versions.iter().rposition(fits)
        };
        found(Stage::is_there).or_else(|| found(|stage| stage == Stage::Retired))
    }

    /// What who asks for none gets at `now`.
    fn default_at(&self, now: u64) -> Result<usize, Refusal> {
        let found = match self.default {
            Unasked::Latest => self.newest(now, |_| true),
            Unasked::Oldest => self.versions.iter().position(|version| version.life.stage(now).is_there()),
            Unasked::This(index) => {
                let is_announced = |version: &Version| version.life.stage(now) == Stage::Announced;
                Some(index).filter(|index| !self.versions.get(*index).is_some_and(is_announced))
            }
            Unasked::Required => return Err(Refusal::Missing),
        };
        found.ok_or(Refusal::Missing)
    }

    /// The version that `text` names at `now`; `None` where it names none that there is or was.
    pub fn resolve(&self, text: &str, now: u64) -> Option<usize> {
        let latest = self.matching != Matching::Exact && text.eq_ignore_ascii_case(LATEST);
        if latest {
            return self.newest(now, |_| true);
        }
        match self.matching {
            Matching::Exact => {
                let number = self.kind.read(text)?;
                self.newest(now, |version| version.number == number)
            }
            Matching::Ranges => {
                let range = Range::read(self.kind, text)?;
                self.newest(now, |version| range.contains(version.number))
            }
            Matching::NotAfter => {
                let number = self.kind.read(text)?;
                // Not the newest that is there still: who asks for what is gone is not given something older.
                let known = |version: &Version| {
                    version.number <= number && version.life.stage(now) != Stage::Announced
                };
                self.versions.iter().rposition(known)
            }
        }
    }

    /// The versions of `among` that are there at `now`, by name, the oldest first.
    pub fn there(&self, now: u64, among: Set) -> impl Iterator<Item = &Version> {
        let numbered = self.versions.iter().enumerate();
        let there = numbered
            .filter(move |(index, version)| among.contains(*index) && version.life.stage(now).is_there());
        there.map(|(_, version)| version)
    }
}

/// What asks for the newest, where ranges are taken.
pub const LATEST: &str = "latest";

// === impl Condition ===

impl std::fmt::Display for Condition {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let names = self.serves.indices().filter_map(|index| Some(&*self.api.versions.get(index)?.name));
        let names = names.collect::<Vec<_>>().join(", ");
        let many = if names.contains(',') { "s" } else { "" };
        write!(f, "version{many} {names} of {}", self.api.name)
    }
}

// === impl Vendor ===

impl Vendor {
    /// For `acme.orders`.
    pub fn new(name: &str, content_type: bool) -> Self {
        let before = format!("application/vnd.{}.v", name.to_ascii_lowercase());
        Self { before: before.into(), content_type }
    }
}

#[cfg(test)]
mod tests;
