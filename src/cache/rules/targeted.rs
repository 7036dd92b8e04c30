//! Fields for caches like this one (RFC 9213): they decide in the place of `Cache-Control` and `Expires`.

use std::time::Duration;

use http::HeaderMap;
use http::header::HeaderName;
use sfv::{BareItem, Dictionary, ListEntry, Parser};

use super::said::{Part, Said};
use super::seconds::LONGEST;

/// The field for this gateway.
pub const TOLLGATE_CACHE_CONTROL: HeaderName = HeaderName::from_static("tollgate-cache-control");

/// The field for caches that stand before an origin on its behalf (RFC 9213 section 3).
const CDN_CACHE_CONTROL: HeaderName = HeaderName::from_static("cdn-cache-control");

/// The first of them that counts is the only one that does (RFC 9213 section 2.2).
const TARGET_LIST: [HeaderName; 2] = [TOLLGATE_CACHE_CONTROL, CDN_CACHE_CONTROL];

/// How many bytes of a field are read; a longer one is malformed. All directives that there are fit many times.
const MOST_BYTES: usize = 4 * 1024;

/// What the first field says that is a dictionary and not empty; `None` where none is.
pub fn said(headers: &HeaderMap) -> Option<Said> {
    TARGET_LIST.iter().find_map(|name| dictionary(headers, name)).map(|members| {
        let mut said = Said { targeted: true, ..Said::default() };
        for (key, member) in &members {
            heed(&mut said, key.as_str(), member);
        }
        said
    })
}

/// Takes away what is for this cache only (`Tollgate-Cache-Control`), from any answer that goes to a client.
pub fn conceal(headers: &mut HeaderMap) {
    headers.remove(TOLLGATE_CACHE_CONTROL);
}

/// RFC 9213 section 2.1: a field that is empty or cannot be parsed counts as absent.
fn dictionary(headers: &HeaderMap, name: &HeaderName) -> Option<Dictionary> {
    let mut text = Vec::new();
    for line in headers.get_all(name) {
        // RFC 9651 section 4.2: lines are one field.
        if !text.is_empty() {
            text.extend_from_slice(b", ");
        }
        text.extend_from_slice(line.as_bytes());
        if text.len() > MOST_BYTES {
            return None;
        }
    }
    Parser::new(&text).parse::<Dictionary>().ok().filter(|members| !members.is_empty())
}

/// RFC 9213 section 2.1: parameters count for nothing, and values of another type than the directive's are not consumed. Of
/// a directive that restricts, what is not consumed is only the value.
fn heed(said: &mut Said, key: &str, member: &ListEntry) {
    match key {
        "no-store" => said.no_store = is_there(member),
        "private" => said.private = part(member),
        "no-cache" => said.no_cache = part(member),
        "must-revalidate" => said.must_revalidate = is_there(member),
        "proxy-revalidate" => said.proxy_revalidate = is_there(member),
        "must-understand" => said.must_understand = boolean(member) == Some(true),
        "public" => said.public = boolean(member) == Some(true),
        "max-age" => said.max_age = Some(seconds(member)),
        "s-maxage" => said.s_maxage = Some(seconds(member)),
        "stale-while-revalidate" => said.while_revalidate = Some(seconds(member)),
        "stale-if-error" => said.if_error = Some(seconds(member)),
        _ => {}
    }
}

fn value(member: &ListEntry) -> Option<&BareItem> {
    match member {
        ListEntry::Item(item) => Some(&item.bare_item),
        ListEntry::InnerList(_) => None,
    }
}

fn boolean(member: &ListEntry) -> Option<bool> {
    value(member).and_then(BareItem::as_boolean)
}

fn is_there(member: &ListEntry) -> bool {
    boolean(member) != Some(false)
}

fn part(member: &ListEntry) -> Part {
    match value(member) {
        Some(BareItem::Boolean(false)) => Part::Nothing,
        Some(BareItem::String(names)) => Part::of(Some(names.as_str().as_bytes())),
        Some(BareItem::Token(name)) => Part::of(Some(name.as_str().as_bytes())),
        _ => Part::Whole,
    }
}

/// What is no number of seconds is stale (RFC 9111 section 4.2.1).
fn seconds(member: &ListEntry) -> Duration {
    let number =
        value(member).and_then(BareItem::as_integer).and_then(|number| u64::try_from(i64::from(number)).ok());
    number.map_or(Duration::ZERO, |number| Duration::from_secs(number).min(LONGEST))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use http::HeaderValue;

    use super::*;

    fn of(lines: &[(&'static str, &'static str)]) -> Option<Said> {
        let mut headers = HeaderMap::new();
        for (name, value) in lines {
            headers.append(HeaderName::from_static(name), HeaderValue::from_static(value));
        }
        said(&headers)
    }

    #[test]
    fn the_first_that_counts_decides_alone() {
        let age = |lines: &[_]| of(lines).and_then(|said| said.max_age).map(|age| age.as_secs());
        let (ours, cdn, all) = ("tollgate-cache-control", "cdn-cache-control", "cache-control");
        assert_eq!(age(&[(all, "max-age=1")]), None);
        assert_eq!(age(&[(all, "max-age=1"), (cdn, "max-age=2")]), Some(2));
        assert_eq!(age(&[(all, "max-age=1"), (cdn, "max-age=2"), (ours, "max-age=3")]), Some(3));
        for nothing in
            ["", " ", "max-age=3;", "Max-Age=3", "max-age=3,", "max-age==3", "max-age=9999999999999999"]
        {
            assert_eq!(age(&[(cdn, "max-age=2"), (ours, nothing)]), Some(2), "{nothing}");
        }
        // One that says nothing of lifetimes decides as well.
        assert_eq!(
            of(&[(cdn, "max-age=2"), (ours, "x")]).unwrap(),
            Said { targeted: true, ..Said::default() }
        );
        assert_eq!(age(&[(cdn, "max-age=2"), (cdn, "max-age=3")]), Some(3));
    }

    #[test]
    fn directives_are_typed() {
        let said = |line| of(&[("cdn-cache-control", line)]).unwrap();
        let none = || Said { targeted: true, ..Said::default() };
        let fields = Part::Fields(vec![HeaderName::from_static("x-a"), HeaderName::from_static("x-b")]);
        for (line, expected) in [
            (
                "max-age=60;x=1, no-store",
                Said { max_age: Some(Duration::from_secs(60)), no_store: true, ..none() },
            ),
            ("max-age=1.5", Said { max_age: Some(Duration::ZERO), ..none() }),
            ("max-age=\"60\"", Said { max_age: Some(Duration::ZERO), ..none() }),
            ("max-age=-1", Said { max_age: Some(Duration::ZERO), ..none() }),
            ("max-age", Said { max_age: Some(Duration::ZERO), ..none() }),
            ("max-age=99999999999", Said { max_age: Some(LONGEST), ..none() }),
            ("no-store=?0, private=?0, public=?0", none()),
            ("no-store=5", Said { no_store: true, ..none() }),
            ("public=5, must-understand=5", none()),
            ("private=\"X-A, X-B\"", Said { private: fields, ..none() }),
            (
                "private=(\"x-a\" \"x-b\"), no-cache",
                Said { private: Part::Whole, no_cache: Part::Whole, ..none() },
            ),
            (
                "public, must-understand, must-revalidate, proxy-revalidate",
                Said {
                    public: true,
                    must_understand: true,
                    must_revalidate: true,
                    proxy_revalidate: true,
                    ..none()
                },
            ),
        ] {
            assert_eq!(said(line), expected, "{line}");
        }
    }

    #[test]
    fn a_field_is_bounded() {
        let long = format!("max-age=3, a=\"{}\"", "x".repeat(MOST_BYTES));
        let headers = HeaderMap::from_iter([(CDN_CACHE_CONTROL, HeaderValue::from_str(&long).unwrap())]);
        assert_eq!(said(&headers), None);
    }

    #[test]
    fn what_is_for_this_cache_stays_here() {
        let mut headers = HeaderMap::new();
        headers.append(TOLLGATE_CACHE_CONTROL, HeaderValue::from_static("max-age=3"));
        headers.append(TOLLGATE_CACHE_CONTROL, HeaderValue::from_static("no-store"));
        headers.append(CDN_CACHE_CONTROL, HeaderValue::from_static("max-age=3"));
        conceal(&mut headers);
        assert_eq!(headers.keys().collect::<Vec<_>>(), [&CDN_CACHE_CONTROL]);
    }
}
