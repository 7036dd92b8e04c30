//! What a request says of how it came about: whether a person goes there, and whether a page of our own sent it.

use http::Method;
use http::header::{ACCEPT, HeaderMap, HeaderName, HeaderValue, ORIGIN};

// The Fetch Metadata Request Headers (W3C), which no script can write.
const SEC_FETCH_DEST: HeaderName = HeaderName::from_static("sec-fetch-dest");
const SEC_FETCH_MODE: HeaderName = HeaderName::from_static("sec-fetch-mode");
const SEC_FETCH_SITE: HeaderName = HeaderName::from_static("sec-fetch-site");
const SEC_PURPOSE: HeaderName = HeaderName::from_static("sec-purpose");
const X_REQUESTED_WITH: HeaderName = HeaderName::from_static("x-requested-with");

/// Whether a browser is taking a person to the page, so that a redirect to the provider makes sense. A script, an
/// image, a frame (providers refuse to be framed), a page fetched ahead, or a program gets 401 instead: it could not
/// log in, and each redirect would leave a login cookie behind.
pub fn is_visit(method: &Method, headers: &HeaderMap) -> bool {
    matches!(*method, Method::GET | Method::HEAD)
        && accepts_html(headers)
        && goes_to_page(headers)
        && !headers.contains_key(X_REQUESTED_WITH)
}

/// Whether the request carries the person's will, as far as a browser says: it came from a page of our own, or from
/// nowhere (typed, or a bookmark), and as a navigation. What a cross-site page or an image caused does not.
pub fn is_own_visit(headers: &HeaderMap) -> bool {
    let from = headers.get(SEC_FETCH_SITE).map(HeaderValue::as_bytes);
    headers.contains_key(SEC_FETCH_MODE)
        && goes_to_page(headers)
        && matches!(from, Some(b"same-origin" | b"none"))
}

/// Whether a request that a session came with may change something. SameSite=Lax keeps cookies from requests of other
/// sites; this keeps out what is left: pages of neighbours under the same domain, and browsers that set Lax aside for
/// the first two minutes. `origin` is our own, as browsers write it.
///
/// `Sec-Fetch-Site` decides where there is one; else `Origin` must be ours. A program that has neither must send
/// `Origin`.
pub fn may_change(method: &Method, headers: &HeaderMap, origin: &str) -> bool {
    if matches!(*method, Method::GET | Method::HEAD | Method::OPTIONS | Method::TRACE) {
        // RFC 9110 section 9.2.1: safe.
        return true;
    }
    match single(headers, &SEC_FETCH_SITE) {
        Some(site) => matches!(site, b"same-origin" | b"none"),
        None if headers.contains_key(SEC_FETCH_SITE) => false,
        None => single(headers, &ORIGIN).is_some_and(|from| from == origin.as_bytes()),
    }
}

fn single<'a>(headers: &'a HeaderMap, name: &HeaderName) -> Option<&'a [u8]> {
    let mut lines = headers.get_all(name).iter();
    match (lines.next(), lines.next()) {
        (Some(line), None) => Some(line.as_bytes()),
        _ => None,
    }
}

fn goes_to_page(headers: &HeaderMap) -> bool {
    let is = |name: &HeaderName, value: &[u8]| headers.get(name).is_none_or(|it| it.as_bytes() == value);
    is(&SEC_FETCH_MODE, b"navigate") && is(&SEC_FETCH_DEST, b"document") && !headers.contains_key(SEC_PURPOSE)
}

/// Whether `Accept` names text/html, and not with `q=0` (RFC 9110 section 12.5.1). `*/*` is what programs send.
fn accepts_html(headers: &HeaderMap) -> bool {
    let ranges = headers.get_all(ACCEPT).iter().filter_map(|line| line.to_str().ok());
    ranges.flat_map(|line| line.split(',')).any(|range| {
        let mut parts = range.split(';').map(str::trim);
        let is_html = parts.next().is_some_and(|it| it.eq_ignore_ascii_case("text/html"));
        is_html
            && !parts.any(|parameter| matches!(parameter, "q=0" | "q=0." | "q=0.0" | "q=0.00" | "q=0.000"))
    })
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn headers(fields: &[(&'static str, &'static str)]) -> HeaderMap {
        fields
            .iter()
            .map(|(name, value)| (HeaderName::from_static(name), HeaderValue::from_static(value)))
            .collect()
    }

    const HTML: (&str, &str) = ("accept", "text/html,application/xhtml+xml;q=0.9,*/*;q=0.8");

    #[test]
    fn people_are_told_from_programs() {
        for (method, fields, expected) in [
            (Method::GET, &[HTML][..], true),
            (Method::HEAD, &[HTML], true),
            (Method::GET, &[HTML, ("sec-fetch-mode", "navigate"), ("sec-fetch-dest", "document")], true),
            (Method::GET, &[("accept", "TEXT/HTML;q=0.1")], true),
            (Method::POST, &[HTML], false),
            (Method::GET, &[], false),
            (Method::GET, &[("accept", "*/*")], false),
            (Method::GET, &[("accept", "application/json, text/html;q=0")], false),
            (Method::GET, &[HTML, ("sec-fetch-mode", "cors")], false),
            (Method::GET, &[HTML, ("sec-fetch-mode", "navigate"), ("sec-fetch-dest", "iframe")], false),
            (Method::GET, &[HTML, ("sec-purpose", "prefetch")], false),
            (Method::GET, &[HTML, ("x-requested-with", "XMLHttpRequest")], false),
        ] {
            assert_eq!(is_visit(&method, &headers(fields)), expected, "{method} {fields:?}");
        }
    }

    #[test]
    fn changes_come_from_our_own_pages() {
        const OURS: &str = "https://app.example";
        for (method, fields, expected) in [
            (Method::GET, &[("sec-fetch-site", "cross-site")][..], true),
            (Method::HEAD, &[], true),
            (Method::POST, &[("sec-fetch-site", "same-origin")], true),
            (Method::POST, &[("sec-fetch-site", "none")], true),
            (Method::POST, &[("origin", OURS)], true),
            (Method::POST, &[], false),
            (Method::DELETE, &[("sec-fetch-site", "same-site"), ("origin", OURS)], false),
            (Method::POST, &[("sec-fetch-site", "cross-site")], false),
            (Method::POST, &[("sec-fetch-site", "same-origin"), ("sec-fetch-site", "none")], false),
            (Method::POST, &[("origin", "https://app.example:444")], false),
            (Method::POST, &[("origin", "http://app.example")], false),
            (Method::POST, &[("origin", "null")], false),
            (Method::POST, &[("origin", OURS), ("origin", OURS)], false),
            (Method::POST, &[("referer", "https://app.example/")], false),
        ] {
            let mut map = HeaderMap::new();
            for (name, value) in fields {
                map.append(HeaderName::from_static(name), HeaderValue::from_static(value));
            }
            assert_eq!(may_change(&method, &map, OURS), expected, "{method} {fields:?}");
        }
    }

    #[test]
    fn only_a_browser_shows_the_persons_will() {
        let navigate = ("sec-fetch-mode", "navigate");
        for (fields, expected) in [
            (&[navigate, ("sec-fetch-site", "same-origin")][..], true),
            (&[navigate, ("sec-fetch-site", "none")], true),
            (&[navigate, ("sec-fetch-site", "same-site")], false),
            (&[navigate, ("sec-fetch-site", "cross-site")], false),
            (&[("sec-fetch-mode", "no-cors"), ("sec-fetch-site", "same-origin")], false),
            (&[navigate, ("sec-fetch-site", "same-origin"), ("sec-purpose", "prefetch")], false),
            (&[("sec-fetch-site", "same-origin")], false),
            (&[], false),
        ] {
            assert_eq!(is_own_visit(&headers(fields)), expected, "{fields:?}");
        }
    }
}
