//! The life of a version: from when to when it is there, and what answers say of that.
//!
//! `now` is always an argument, in seconds since 1970.

use http::header::{HeaderName, HeaderValue};

use crate::cache::date;

/// RFC 9745 section 2.
pub const DEPRECATION: HeaderName = HeaderName::from_static("deprecation");

/// RFC 8594 section 3.
pub const SUNSET: HeaderName = HeaderName::from_static("sunset");

/// From when to when a version is there. All moments are in seconds since 1970.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Life {
    /// Before this, it is as if there were no such version.
    pub introduced: Option<u64>,
    /// From this on, nobody should begin to use it.
    pub deprecated: Option<u64>,
    /// From this on, nobody may count on it.
    pub sunset: Option<u64>,
    /// From this on, it is gone.
    pub retired: Option<u64>,
    /// When it is not there for a while, so that those notice who still use it.
    pub brownouts: Vec<Brownout>,
    /// The index of the version to use in its place.
    pub successor: Option<usize>,
    /// What answers say of all this: `Deprecation`, `Sunset`, `Link`.
    pub fields: Vec<(HeaderName, HeaderValue)>,
}

/// A while in which a version is not there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Brownout {
    /// Its beginning.
    pub from: u64,
    /// When it is over.
    pub to: u64,
    /// How many of a hundred requests it is for, 1 to 100.
    pub share: u8,
    /// Whether requests are told that the version is gone; else, that it is not available.
    pub gone: bool,
}

/// Where in its life a version is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Stage {
    /// It is not there yet.
    Announced,
    /// It is there.
    Current,
    /// It is there, and nobody should begin to use it.
    Deprecated,
    /// It is there still, and nobody may count on it.
    Sunset,
    /// It is gone.
    Retired,
}

// === impl Life ===

impl Life {
    /// Where in its life it is at `now`.
    pub fn stage(&self, now: u64) -> Stage {
        let past = |moment: Option<u64>| moment.is_some_and(|moment| moment <= now);
        match () {
            () if past(self.retired) => Stage::Retired,
            () if self.introduced.is_some_and(|moment| now < moment) => Stage::Announced,
            () if past(self.sunset) => Stage::Sunset,
            () if past(self.deprecated) => Stage::Deprecated,
            () => Stage::Current,
        }
    }

    /// The while at `now` in which it is not there.
    pub fn brownout(&self, now: u64) -> Option<&Brownout> {
        self.brownouts.iter().find(|brownout| (brownout.from..brownout.to).contains(&now))
    }
}

// === impl Stage ===

impl Stage {
    /// Its name, in listings and metrics.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Announced => "announced",
            Self::Current => "current",
            Self::Deprecated => "deprecated",
            Self::Sunset => "sunset",
            Self::Retired => "retired",
        }
    }

    /// Whether requests for it are answered.
    pub fn is_there(self) -> bool {
        matches!(self, Self::Current | Self::Deprecated | Self::Sunset)
    }

    /// Whether whoever still uses it should stop.
    pub fn is_ending(self) -> bool {
        matches!(self, Self::Deprecated | Self::Sunset | Self::Retired)
    }
}

/// RFC 9745 section 2.1: a date of structured fields (RFC 9651 section 3.3.7).
pub fn deprecation(moment: u64) -> Option<HeaderValue> {
    HeaderValue::try_from(format!("@{moment}")).ok()
}

/// RFC 8594 section 3: a date of HTTP.
pub fn sunset(moment: u64) -> Option<HeaderValue> {
    date::write(i64::try_from(moment).ok()?)
}

/// RFC 8288 section 3: one link. What `target` is made of was looked at when the plan was made.
pub fn link(target: &str, relation: &str, media: Option<&str>) -> Option<HeaderValue> {
    let media = media.map(|media| format!("; type=\"{media}\"")).unwrap_or_default();
    HeaderValue::try_from(format!("<{target}>; rel=\"{relation}\"{media}")).ok()
}
