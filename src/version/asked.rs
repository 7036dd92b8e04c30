//! Which version a request asks for.

use http::header::{ACCEPT, CONTENT_TYPE, HeaderName};

use super::media::{self, Named};
use super::refusal::Place;
use super::{Api, Condition, Matching, Range, Refusal, Vendor, Way};
use crate::route::Query;
use crate::route::pattern::Pattern;
use crate::transform::query;

/// The most bytes of what asks for a version that are looked at: a range with two ends needs fewer.
pub const MOST_BYTES: usize = 64;

/// What becomes of the question for a version.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Choice {
    /// The version of this index.
    Version {
        /// The index.
        index: usize,
        /// Whether the vendor's media type asked for it in `Accept`.
        vendor: bool,
    },
    /// Any: a preflight has none of the fields that would say (Fetch, "CORS-preflight fetch").
    Any,
    /// What stands in the path where a version would is none: the path is another.
    Elsewhere,
    /// None.
    Refused(Refusal),
}

/// What one way says.
#[derive(Debug, Clone, Copy)]
struct Word {
    /// The index of the version that is named; `None` where there is no such version.
    version: Option<usize>,
    place: Place,
    vendor: bool,
}

/// What all ways say together.
#[derive(Debug, Default)]
struct Heard {
    first: Option<Word>,
    contradicted: bool,
}

// === impl Condition ===

impl Condition {
    /// What stands in `path` where `pattern` captures the version.
    pub fn captured<'p>(&self, pattern: &Pattern, path: &'p str) -> Option<&'p str> {
        pattern.captured(path, self.capture?)
    }

    /// What `request` asks for, with what the route's pattern has `captured` of its path.
    pub fn choose(&self, request: &Query<'_>, captured: Option<&str>) -> Choice {
        if captured.is_some_and(|text| !self.api.is_readable(text)) {
            return Choice::Elsewhere;
        }
        let mut heard = Heard::default();
        for way in &self.api.ways {
            self.api.listen(way, request, captured, &mut heard);
        }
        heard.choice(&self.api, request)
    }
}

// === impl Api ===

impl Api {
    /// Whether `text` could name a version, whichever there are.
    fn is_readable(&self, text: &str) -> bool {
        let read = match self.matching {
            Matching::Exact | Matching::NotAfter => self.kind.read(text).is_some(),
            Matching::Ranges => Range::read(self.kind, text).is_some(),
        };
        text.len() <= MOST_BYTES
            && (read || self.matching != Matching::Exact && text.eq_ignore_ascii_case(super::LATEST))
    }

    fn listen(&self, way: &Way, request: &Query<'_>, captured: Option<&str>, heard: &mut Heard) {
        let word = |text: Option<&str>, place| {
            let version = text.and_then(|text| self.resolve(text, request.now));
            Word { version, place, vendor: false }
        };
        match way {
            Way::Path(_) => {
                captured
                    .into_iter()
                    .for_each(|text| heard.add(word(readable(text.as_bytes()), Place::Address)));
            }
            Way::Host(before, after) => {
                let between =
                    request.host.strip_prefix(&**before).and_then(|rest| rest.strip_suffix(&**after));
                // Other hosts of the API have no version in their names.
                let text = between.filter(|text| self.is_readable(text));
                text.into_iter().for_each(|text| heard.add(word(Some(text), Place::Address)));
            }
            Way::Query(name) => {
                query::values(request.query, name)
                    .for_each(|text| heard.add(word(readable(text.as_bytes()), Place::Field)));
            }
            // A preflight's own fields are not those of the request that it asks about.
            Way::Header(_) | Way::Parameter(_) | Way::Vendor(_) if request.preflight => {}
            Way::Header(name) => {
                let lines = request.headers.get_all(name).iter();
                lines.for_each(|line| heard.add(word(readable(line.as_bytes()), Place::Field)));
            }
            Way::Parameter(_) | Way::Vendor(_) => {
                self.listen_to_types(way, request, heard);
            }
        }
    }

    /// `Accept` has alternatives, of which the most wanted one counts that there is; `Content-Type` says what is sent.
    fn listen_to_types(&self, way: &Way, request: &Query<'_>, heard: &mut Heard) {
        let version = |named: &Named<'_>| {
            readable(named.text.as_bytes()).and_then(|text| self.resolve(text, request.now))
        };
        let mut best: Option<(Option<usize>, u16)> = None;
        for named in media::named(request.headers, &ACCEPT, way) {
            let found = (version(&named), named.weight);
            let better = |(known, weight): (Option<usize>, u16)| {
                (found.0.is_some(), found.1) > (known.is_some(), weight)
            };
            if best.is_none_or(better) {
                best = Some(found);
            }
        }
        let vendor = matches!(way, Way::Vendor(_));
        if let Some((version, _)) = best {
            heard.add(Word { version, place: Place::Accept, vendor });
        }
        if looks_at(&CONTENT_TYPE, request.method) {
            for named in media::named(request.headers, &CONTENT_TYPE, way) {
                heard.add(Word { version: version(&named), place: Place::Content, vendor: false });
            }
        }
    }

    /// The way in which this API's own media types ask, where there is one.
    pub fn vendor(&self) -> Option<&Vendor> {
        self.ways.iter().find_map(|way| match way {
            Way::Vendor(vendor) => Some(vendor),
            _ => None,
        })
    }
}

/// Whether a field that ways name says something in requests with this method: content means nothing in a safe one (RFC
/// 9110 section 9.3.1), so that its type does not either.
pub(super) fn looks_at(field: &HeaderName, method: &http::Method) -> bool {
    *field != CONTENT_TYPE || !method.is_safe()
}

/// As text, where it can be that of a version: control characters are none, and neither is what is too long.
fn readable(bytes: &[u8]) -> Option<&str> {
    let text = std::str::from_utf8(bytes.trim_ascii()).ok()?;
    let fits = text.len() <= MOST_BYTES && text.bytes().all(|byte| (b' '..=b'~').contains(&byte));
    fits.then_some(text)
}

// === impl Heard ===

impl Heard {
    fn add(&mut self, word: Word) {
        match &mut self.first {
            None => self.first = Some(word),
            Some(first) if first.version == word.version => first.vendor |= word.vendor,
            Some(_) => self.contradicted = true,
        }
    }

    fn choice(&self, api: &Api, request: &Query<'_>) -> Choice {
        let Some(word) = self.first else {
            if request.preflight && !api.looks_at.is_empty() {
                return Choice::Any;
            }
            return match api.default_at(request.now) {
                Ok(index) => Choice::Version { index, vendor: false },
                Err(refusal) => Choice::Refused(refusal),
            };
        };
        match word.version {
            _ if self.contradicted => Choice::Refused(Refusal::Contradiction),
            Some(index) => Choice::Version { index, vendor: word.vendor },
            None => Choice::Refused(Refusal::Unknown(word.place)),
        }
    }
}
