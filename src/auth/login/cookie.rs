//! Cookies: reading `Cookie`, writing `Set-Cookie` (RFC 6265 and its revision, draft-ietf-httpbis-rfc6265bis).

use std::time::Duration;

use http::HeaderMap;
use http::header::{COOKIE, HeaderValue};

/// What browsers promise of a cookie with this name: set over TLS by this very host, for all of its paths, so that no
/// neighbour under the same domain can have planted it (rfc6265bis section 4.1.3.2).
const HOST_PREFIX: &str = "__Host-";

/// The name of a cookie: with the prefix where cookies are for TLS only.
pub fn name(secure: bool, rest: &str) -> String {
    format!("{}{rest}", if secure { HOST_PREFIX } else { "" })
}

/// Every cookie of the request, name and value, as they stand in its `Cookie` fields: by RFC 6265 section 5.4 there is
/// one, but HTTP/2 may have cut it up (RFC 9113 section 8.2.3). What has no `=` or is not text is left out.
pub fn all(headers: &HeaderMap) -> impl Iterator<Item = (&str, &str)> {
    headers.get_all(COOKIE).iter().flat_map(|field| field.as_bytes().split(|byte| *byte == b';')).filter_map(
        |pair| {
            let (name, value) = std::str::from_utf8(pair).ok()?.split_once('=')?;
            Some((name.trim_matches([' ', '\t']), value.trim_matches([' ', '\t'])))
        },
    )
}

/// The value of the cookie of this name, where there is exactly one: of two, nobody knows which is ours.
pub fn find<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    let mut values = all(headers).filter(|(other, _)| *other == name);
    match (values.next(), values.next()) {
        (Some((_, value)), None) => Some(value),
        _ => None,
    }
}

/// Takes the cookies whose names are `ours` out of the request, so that no upstream sees them. The others stay, in
/// order.
pub fn remove(headers: &mut HeaderMap, ours: impl Fn(&str) -> bool) {
    if !all(headers).any(|(name, _)| ours(name)) {
        return;
    }
    let keeps = |pair: &&[u8]| {
        let name = pair.split(|byte| *byte == b'=').next().unwrap_or_default().trim_ascii();
        !name.is_empty() && !std::str::from_utf8(name).is_ok_and(&ours)
    };
    let fields: Vec<_> = headers.get_all(COOKIE).iter().cloned().collect();
    headers.remove(COOKIE);
    for field in fields {
        let kept: Vec<_> = field.as_bytes().split(|byte| *byte == b';').filter(keeps).collect();
        let kept = kept.iter().map(|pair| pair.trim_ascii()).collect::<Vec<_>>().join(&b"; "[..]);
        if let (false, Ok(value)) = (kept.is_empty(), HeaderValue::from_bytes(&kept)) {
            // Fewer than came: there is room.
            let _ = headers.try_append(COOKIE, value);
        }
    }
}

/// `Set-Cookie` for a value of cookie text, to be kept for `age`. `SameSite=Lax`, because the provider's redirect to
/// the callback is a navigation from another site, and must bring the cookie along. None where name or value is no
/// text for a header.
pub fn set(name: &str, value: &str, age: Duration, secure: bool) -> Option<HeaderValue> {
    let secure = if secure { "; Secure" } else { "" };
    let age = age.as_secs();
    let text = format!("{name}={value}; Path=/; Max-Age={age}{secure}; HttpOnly; SameSite=Lax");
    HeaderValue::try_from(text).ok()
}

/// `Set-Cookie` that makes the browser forget: the same name, path and attributes (RFC 6265 section 5.3 step 11), and
/// no time left.
pub fn forget(name: &str, secure: bool) -> Option<HeaderValue> {
    set(name, "", Duration::ZERO, secure)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn headers(fields: &[&str]) -> HeaderMap {
        fields.iter().map(|field| (COOKIE, HeaderValue::from_bytes(field.as_bytes()).unwrap())).collect()
    }

    #[test]
    fn cookies_are_found_where_there_is_one() {
        for (fields, expected) in [
            (&["a=1"][..], Some("1")),
            (&["b=2; a=1"], Some("1")),
            (&["b=2;a=1;"], Some("1")),
            (&["b=2", "a=1"], Some("1")),
            (&["a=1=2"], Some("1=2")),
            (&["a="], Some("")),
            (&[], None),
            (&["A=1"], None),
            (&["aa=1; a"], None),
            (&["a=1; a=1"], None),
            (&["a=1", "a=2"], None),
            (&["=a=1"], None),
        ] {
            assert_eq!(find(&headers(fields), "a"), expected, "{fields:?}");
        }
    }

    #[test]
    fn what_is_not_text_hides_nothing() {
        let mut headers = headers(&["a=1"]);
        headers.append(COOKIE, HeaderValue::from_bytes(b"x=\xff; b=2").unwrap());
        assert_eq!(find(&headers, "a"), Some("1"));
        assert_eq!(find(&headers, "b"), Some("2"));
        assert_eq!(find(&headers, "x"), None);
    }

    #[test]
    fn ours_are_taken_out() {
        for (before, after) in [
            (&["a=1"][..], &[][..]),
            (&["b=2; a=1; c"], &["b=2; c"]),
            (&["a=1; a=2", "b=\"x\";c=3"], &["b=\"x\"; c=3"]),
            (&["b=2;c=3"], &["b=2;c=3"]),
        ] {
            let mut headers = headers(before);
            remove(&mut headers, |name| name == "a");
            let left: Vec<_> =
                headers.get_all(COOKIE).iter().map(|field| field.to_str().unwrap().to_owned()).collect();
            assert_eq!(left, after, "{before:?}");
        }
    }

    #[test]
    fn attributes() {
        let text = |value: Option<HeaderValue>| value.unwrap().to_str().unwrap().to_owned();
        assert_eq!(
            text(set(&name(true, "s"), "v", Duration::from_secs(60), true)),
            "__Host-s=v; Path=/; Max-Age=60; Secure; HttpOnly; SameSite=Lax"
        );
        assert_eq!(text(forget(&name(false, "s"), false)), "s=; Path=/; Max-Age=0; HttpOnly; SameSite=Lax");
        assert_eq!(set("s", "a\nb", Duration::ZERO, true), None);
    }
}
