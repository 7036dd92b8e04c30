//! What is left out of what is kept (RFC 9111 section 3.1).

use http::HeaderMap;
use http::header::{AGE, DATE, SET_COOKIE, TE, TRAILER};

use super::said::{Part, said};
use super::storable::SET_COOKIE2;
use crate::cache::Policy;
use crate::cache::date;
use crate::forward::hop::strip_hop_by_hop;
use crate::host::UnixMillis;

/// Takes away what is not to be kept of an answer: fields of one connection, `Age`, those that `no-cache` and `private` name,
/// and `Set-Cookie` where the policy does not keep it. What is for this cache only stays, because what is kept is read again
/// when a 304 freshens it: [`super::conceal`] takes it away before an answer goes to a client.
pub fn strip(policy: &Policy, headers: &mut HeaderMap) {
    let said = said(headers);
    for part in [said.private, said.no_cache] {
        if let Part::Fields(names) = part {
            names.iter().for_each(|name| drop(headers.remove(name)));
        }
    }
    strip_connection(headers);
    // How old it is, is said when it is given.
    headers.remove(AGE);
    if !policy.set_cookie {
        headers.remove(SET_COOKIE);
        headers.remove(SET_COOKIE2);
    }
}

/// Takes away fields of one connection. What is kept has no trailer section either, of which `Trailer` would tell.
pub fn strip_connection(headers: &mut HeaderMap) {
    strip_hop_by_hop(headers);
    headers.remove(TE);
    headers.remove(TRAILER);
}

/// Gives an answer without a readable `Date` the one when it was received, which a recipient with a clock that keeps it has
/// to do (RFC 9110 section 6.6.1).
pub fn date(headers: &mut HeaderMap, received: UnixMillis) {
    let now = i64::try_from(received.0 / 1000).unwrap_or(i64::MAX);
    let readable = headers.get(DATE).is_some_and(|value| date::parse(value.as_bytes(), now).is_some());
    if !readable && let Some(value) = date::write(now) {
        headers.insert(DATE, value);
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use http::{HeaderName, HeaderValue};

    use super::*;
    use crate::cache::rules::tests::{headers, policy};

    fn left(policy: &Policy, lines: &[(&str, &'static str)]) -> Vec<String> {
        let mut headers = headers(lines);
        strip(policy, &mut headers);
        let mut names: Vec<_> = headers.keys().map(|name| name.as_str().to_owned()).collect();
        names.sort();
        names
    }

    #[test]
    fn fields_of_one_connection_go() {
        let lines = [
            ("connection", "a, b, cache-control"),
            ("a", "1"),
            ("b", "2"),
            ("c", "3"),
            ("cache-control", "max-age=3600"),
            ("keep-alive", "x"),
            ("proxy-authenticate", "x"),
            ("proxy-authentication-info", "x"),
            ("proxy-authorization", "x"),
            ("proxy-connection", "x"),
            ("te", "trailers"),
            ("transfer-encoding", "x"),
            ("upgrade", "x"),
            ("trailer", "x"),
            ("age", "5"),
            ("content-encoding", "x"),
        ];
        assert_eq!(left(&policy(), &lines), ["c", "cache-control", "content-encoding"]);
    }

    #[test]
    fn named_fields_go() {
        let lines = [
            ("cache-control", "no-cache=\"a\", max-age=1"),
            ("cache-control", "private=\"B, d\""),
            ("a", "1"),
            ("b", "2"),
            ("c", "3"),
        ];
        assert_eq!(left(&policy(), &lines), ["c", "cache-control"]);
        let lines = [("tollgate-cache-control", "max-age=1, private=\"a\""), ("a", "1"), ("c", "3")];
        assert_eq!(left(&policy(), &lines), ["c", "tollgate-cache-control"]);
    }

    #[test]
    fn cookies_stay_where_they_are_kept() {
        let lines = [("set-cookie", "a=b"), ("set-cookie", "c=d"), ("set-cookie2", "a=b")];
        assert_eq!(left(&policy(), &lines), Vec::<String>::new());
        let policy = Policy { set_cookie: true, ..policy() };
        assert_eq!(left(&policy, &lines), ["set-cookie", "set-cookie2"]);
    }

    #[test]
    fn an_answer_has_a_date() {
        let dated = |lines: &[(&str, &'static str)]| {
            let mut headers = headers(lines);
            date(&mut headers, UnixMillis(784_111_777_999));
            headers.get_all(DATE).iter().map(|value| value.to_str().unwrap().to_owned()).collect::<Vec<_>>()
        };
        assert_eq!(dated(&[]), ["Sun, 06 Nov 1994 08:49:37 GMT"]);
        assert_eq!(dated(&[("date", "foo"), ("date", "bar")]), ["Sun, 06 Nov 1994 08:49:37 GMT"]);
        assert_eq!(dated(&[("date", "Sunday, 06-Nov-94 08:49:30 GMT")]), ["Sunday, 06-Nov-94 08:49:30 GMT"]);
        let mut none = HeaderMap::new();
        date(&mut none, UnixMillis(u64::MAX));
        assert_eq!(none.get(DATE), None::<&HeaderValue>);
        assert!(!none.contains_key(HeaderName::from_static("date")));
    }
}
