//! Cookies of requests and of answers, changed (RFC 6265 and its revision, draft-ietf-httpbis-rfc6265bis).

use std::fmt::Write as _;
use std::time::Duration;

use http::HeaderMap;
use http::header::{COOKIE, HeaderValue, SET_COOKIE};

use super::fault::Fault;
use crate::expression::{Encode, Facts, Template};

/// What becomes of the cookies of requests.
#[derive(Debug, Default)]
pub struct CookieChange {
    /// Names that go.
    pub remove: Box<[Box<str>]>,
    /// Names and what they get.
    pub set: Box<[(Box<str>, Template)]>,
}

/// What becomes of the cookies that an answer has clients keep.
#[derive(Debug, Default)]
pub struct SetCookieChange {
    /// Names that are not set any more.
    pub remove: Box<[Box<str>]>,
    /// What becomes of those of a name.
    pub change: Changes,
    /// What becomes of all others.
    pub others: Option<Attributes>,
    /// Cookies of the gateway's own, in place of the upstream's: name, value, and all that stands behind.
    pub set: Box<[Own]>,
}

/// What becomes of cookies, by their names.
pub type Changes = Box<[(Box<str>, Attributes)]>;

/// A cookie of the gateway's own: its name, its value, and all that stands behind.
pub type Own = (Box<str>, Template, Box<str>);

/// What becomes of a cookie's attributes; `None` for nothing.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Attributes {
    /// `Domain`; empty for none.
    pub domain: Option<Box<str>>,
    /// `Path`; empty for none.
    pub path: Option<Box<str>>,
    /// `Secure`.
    pub secure: Option<bool>,
    /// `HttpOnly`.
    pub http_only: Option<bool>,
    /// `SameSite`.
    pub same_site: Option<&'static str>,
    /// `Max-Age`.
    pub max_age: Option<Duration>,
}

/// Values of cookies, calculated.
#[derive(Debug, Default)]
pub(super) struct Values(Vec<(usize, String)>);

/// Whether something is the value of a cookie (RFC 6265 section 4.1.1): what ends one, or a line, is not in it.
pub fn is_value(text: &str) -> bool {
    let octet = |byte: u8| matches!(byte, 0x21 | 0x23..=0x2b | 0x2d..=0x3a | 0x3c..=0x5b | 0x5d..=0x7e);
    let bare = text.strip_prefix('"').and_then(|text| text.strip_suffix('"')).unwrap_or(text);
    bare.bytes().all(octet)
}

// === impl CookieChange ===

impl CookieChange {
    /// Whether nothing changes.
    pub fn is_empty(&self) -> bool {
        self.remove.is_empty() && self.set.is_empty()
    }

    /// The values that are set.
    pub(super) fn values(&self, facts: &Facts<'_>) -> Result<Values, Fault> {
        values(self.set.iter().map(|(_, template)| template), facts)
    }

    /// Writes one line (RFC 9113 section 8.2.3 lets there be several), with what is set behind what stays.
    pub(super) fn put(&self, values: &Values, headers: &mut HeaderMap) {
        if self.is_empty() {
            return;
        }
        let goes = |name: &str| {
            self.remove.iter().chain(self.set.iter().map(|(set, _)| set)).any(|it| **it == *name)
        };
        let mut text = Vec::new();
        for line in headers.get_all(COOKIE) {
            for piece in line.as_bytes().split(|byte| *byte == b';').map(<[u8]>::trim_ascii) {
                let name = piece.split(|byte| *byte == b'=').next().unwrap_or_default().trim_ascii();
                if !piece.is_empty() && !std::str::from_utf8(name).is_ok_and(goes) {
                    push(&mut text, piece);
                }
            }
        }
        for (at, value) in &values.0 {
            push(&mut text, format!("{}={value}", self.set[*at].0).as_bytes());
        }
        headers.remove(COOKIE);
        if let Ok(line) = HeaderValue::from_bytes(&text)
            && !text.is_empty()
        {
            headers.insert(COOKIE, line);
        }
    }
}

fn push(text: &mut Vec<u8>, piece: &[u8]) {
    if !text.is_empty() {
        text.extend_from_slice(b"; ");
    }
    text.extend_from_slice(piece);
}

fn values<'t>(templates: impl Iterator<Item = &'t Template>, facts: &Facts<'_>) -> Result<Values, Fault> {
    let mut values = Vec::new();
    for (at, template) in templates.enumerate() {
        let value = template.fill(facts, Encode::Plain)?;
        if !is_value(&value) {
            return Err(Fault::Unsendable("a cookie"));
        }
        values.push((at, value));
    }
    Ok(Values(values))
}

// === impl SetCookieChange ===

impl SetCookieChange {
    /// Whether nothing changes.
    pub fn is_empty(&self) -> bool {
        self.remove.is_empty() && self.change.is_empty() && self.others.is_none() && self.set.is_empty()
    }

    /// The values that are set.
    pub(super) fn values(&self, facts: &Facts<'_>) -> Result<Values, Fault> {
        values(self.set.iter().map(|(_, template, _)| template), facts)
    }

    /// Writes the lines anew.
    pub(super) fn put(&self, values: &Values, headers: &mut HeaderMap) {
        if self.is_empty() {
            return;
        }
        let lines: Vec<_> = headers.get_all(SET_COOKIE).iter().cloned().collect();
        headers.remove(SET_COOKIE);
        for line in lines {
            let name = line.as_bytes().split(|byte| *byte == b'=').next().unwrap_or_default().trim_ascii();
            let is = |other: &str| other.as_bytes() == name;
            if self.remove.iter().any(|it| is(it)) || self.set.iter().any(|(it, ..)| is(it)) {
                continue;
            }
            let own = self.change.iter().find(|(it, _)| is(it)).map(|(_, attributes)| attributes);
            let line = match own.or(self.others.as_ref()) {
                None => Some(line),
                Some(attributes) => attributes.change(&line),
            };
            headers.extend(line.map(|line| (SET_COOKIE, line)));
        }
        for (at, value) in &values.0 {
            let (name, _, rest) = &self.set[*at];
            if let Ok(line) = HeaderValue::try_from(format!("{name}={value}{rest}")) {
                headers.append(SET_COOKIE, line);
            }
        }
    }
}

// === impl Attributes ===

impl Attributes {
    /// What stands behind the value.
    pub fn text(&self) -> String {
        let mut text = String::new();
        let worded = [("Domain", &self.domain), ("Path", &self.path)];
        for (name, value) in worded {
            if let Some(value) = value.as_ref().filter(|value| !value.is_empty()) {
                // Writing to a text does not fail.
                let _ = write!(text, "; {name}={value}");
            }
        }
        if let Some(age) = self.max_age {
            let _ = write!(text, "; Max-Age={}", age.as_secs());
        }
        for (name, is) in [("Secure", self.secure), ("HttpOnly", self.http_only)] {
            if is == Some(true) {
                text.push_str("; ");
                text.push_str(name);
            }
        }
        if let Some(site) = self.same_site {
            let _ = write!(text, "; SameSite={site}");
        }
        text
    }

    /// The line with these attributes in place of its own of the same names; `None` where it cannot be written.
    fn change(&self, line: &HeaderValue) -> Option<HeaderValue> {
        let mut pieces = line.as_bytes().split(|byte| *byte == b';');
        let mut text = pieces.next()?.to_vec();
        for piece in pieces.filter(|piece| !self.replaces(piece)) {
            text.push(b';');
            text.extend_from_slice(piece);
        }
        text.extend_from_slice(self.text().as_bytes());
        HeaderValue::from_bytes(&text).ok()
    }

    /// Whether an attribute gives way. RFC 6265 section 5.2: names of attributes have no case.
    fn replaces(&self, piece: &[u8]) -> bool {
        let name = piece.split(|byte| *byte == b'=').next().unwrap_or_default().trim_ascii();
        let is = |other: &str| name.eq_ignore_ascii_case(other.as_bytes());
        (is("domain") && self.domain.is_some())
            || (is("path") && self.path.is_some())
            || (is("secure") && self.secure.is_some())
            || (is("httponly") && self.http_only.is_some())
            || (is("samesite") && self.same_site.is_some())
            || (is("max-age") && self.max_age.is_some())
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn attributes_give_way_to_others_and_the_rest_stays() {
        let attributes = Attributes {
            domain: Some("".into()),
            path: Some("/shop".into()),
            secure: Some(true),
            http_only: Some(false),
            same_site: Some("Lax"),
            max_age: None,
        };
        let line = "id=a b; domain=.intern.test; PATH=/; HttpOnly; Max-Age=9; samesite=None; Priority=High";
        let changed = attributes.change(&HeaderValue::from_static(line)).unwrap();
        assert_eq!(changed, "id=a b; Max-Age=9; Priority=High; Path=/shop; Secure; SameSite=Lax");
        let same = Attributes::default().change(&HeaderValue::from_static(line)).unwrap();
        assert_eq!(same, line);
    }

    #[test]
    fn what_ends_a_cookie_is_in_no_value() {
        for good in ["", "a", "\"a\"", "a=b", "eyJ.-_~!#$%&'()*+/:<>?@[]^`{|}"] {
            assert!(is_value(good), "{good}");
        }
        for bad in ["a;b", "a,b", "a b", "a\"b", "a\\b", "ä", "a\r\nb", "\u{7f}"] {
            assert!(!is_value(bad), "{bad}");
        }
    }
}
