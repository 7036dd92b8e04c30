//! Requests made up for routes that are for versions.

use http::header::{ACCEPT, HeaderMap, HeaderValue};

use crate::version::{Condition, Version, Way};

/// What a made-up request says of a version.
#[derive(Debug, Default)]
pub(in super::super) struct Saying {
    /// Which of the pattern's captures has which text.
    pub(in super::super) captured: Option<(usize, Box<str>)>,
    /// A query parameter.
    pub(in super::super) parameter: Option<(Box<str>, Box<str>)>,
    /// The host's name.
    pub(in super::super) host: Option<String>,
    /// When it comes, in seconds since 1970.
    pub(in super::super) now: u64,
}

/// Asks for a version that `condition` takes, in `headers` or in what is given back; `None` where a field has another
/// condition already.
pub(in super::super) fn ask(condition: &Condition, headers: &mut HeaderMap) -> Option<Saying> {
    let index = condition.serves.indices().next()?;
    let version = condition.api.versions.get(index)?;
    let mut saying = Saying { now: version.life.introduced.unwrap_or_default(), ..Saying::default() };
    if let Some(capture) = condition.capture {
        saying.captured = Some((capture, version.name.clone()));
        return Some(saying);
    }
    let way = condition.api.ways.iter().find(|way| !matches!(way, Way::Path(_)))?;
    match way {
        Way::Path(_) => {}
        Way::Query(name) => saying.parameter = Some((name.clone(), version.name.clone())),
        Way::Host(before, after) => saying.host = Some(format!("{before}{}{after}", version.name)),
        Way::Header(name) if headers.contains_key(name) => return None,
        Way::Header(name) => drop(headers.insert(name, version.value.clone())),
        Way::Parameter(_) | Way::Vendor(_) if headers.contains_key(ACCEPT) => return None,
        Way::Parameter(_) | Way::Vendor(_) => drop(headers.insert(ACCEPT, media_type(way, version)?)),
    }
    Some(saying)
}

fn media_type(way: &Way, version: &Version) -> Option<HeaderValue> {
    let text = match way {
        Way::Parameter(name) => format!("*/*;{name}={}", version.name),
        Way::Vendor(vendor) => format!("{}{}+json", vendor.before, version.name),
        _ => return None,
    };
    HeaderValue::try_from(text).ok()
}
