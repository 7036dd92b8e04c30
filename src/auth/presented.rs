//! Where a request holds a credential, and taking it out of what goes on.

use std::borrow::Cow;

use http::HeaderMap;
use http::header::{AUTHORIZATION, COOKIE, HeaderName, HeaderValue};

use crate::transform::query;

/// One place where a credential may stand.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Place {
    /// A header field, all of its value.
    Header(HeaderName),
    /// `Authorization`, after this scheme (RFC 9110 section 11.4); schemes are compared without regard to case.
    Authorization(Box<str>),
    /// A parameter of the query. It ends up in histories and in logs of others; it never does in ours.
    Query(Box<str>),
    /// A cookie.
    Cookie(Box<str>),
}

/// Two credentials that are not the same in one request: whoever reads the request next could take the other.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Ambiguous;

/// The one credential in `places`; `None` where there is none. The same credential twice is one.
pub fn find<'a>(
    places: &[Place],
    headers: &'a HeaderMap,
    query: Option<&'a str>,
) -> Result<Option<Cow<'a, str>>, Ambiguous> {
    let mut found: Option<Cow<'a, str>> = None;
    for place in places {
        place.each(headers, query, &mut |credential| match &found {
            Some(first) if *first != credential => Err(Ambiguous),
            Some(_) => Ok(()),
            None => {
                found = Some(credential);
                Ok(())
            }
        })?;
    }
    Ok(found)
}

/// Takes the credential out of `headers` in every place that is one of theirs. Parameters of the query are taken away
/// where the query is rewritten: see [`parameters`].
pub fn strip(places: &[Place], headers: &mut HeaderMap) {
    for place in places {
        match place {
            Place::Header(name) => while headers.remove(name).is_some() {},
            Place::Authorization(scheme) => strip_authorization(headers, scheme),
            Place::Cookie(name) => strip_cookie(headers, name),
            Place::Query(_) => {}
        }
    }
}

/// The parameters of the query that may hold the credential.
pub fn parameters(places: &[Place]) -> impl Iterator<Item = &str> {
    places.iter().filter_map(|place| match place {
        Place::Query(name) => Some(&**name),
        _ => None,
    })
}

// === impl Place ===

impl Place {
    fn each<'a>(
        &self,
        headers: &'a HeaderMap,
        query: Option<&'a str>,
        take: &mut dyn FnMut(Cow<'a, str>) -> Result<(), Ambiguous>,
    ) -> Result<(), Ambiguous> {
        match self {
            Self::Header(name) => headers.get_all(name).iter().try_for_each(|value| take(text(value))),
            Self::Authorization(scheme) => {
                let mut all = headers.get_all(AUTHORIZATION).iter();
                let credential = all.next().and_then(|value| after_scheme(value, scheme));
                // RFC 9110 section 5.3: a field that is no list stands once.
                if all.next().is_some() {
                    return Err(Ambiguous);
                }
                credential.map_or(Ok(()), take)
            }
            Self::Query(name) => query::values(query, name).try_for_each(take),
            Self::Cookie(name) => cookies(headers)
                .filter(|(other, _)| *other == &**name)
                .try_for_each(|(_, value)| take(value.into())),
        }
    }
}

/// A value that is no visible ASCII is no credential of any form; it is still something that was presented.
fn text(value: &HeaderValue) -> Cow<'_, str> {
    String::from_utf8_lossy(value.as_bytes())
}

fn after_scheme<'a>(value: &'a HeaderValue, scheme: &str) -> Option<Cow<'a, str>> {
    let value = value.as_bytes();
    let (found, rest) = (value.get(..scheme.len())?, value.get(scheme.len()..)?);
    let is_it =
        found.eq_ignore_ascii_case(scheme.as_bytes()) && rest.first().is_none_or(|next| *next == b' ');
    is_it.then(|| String::from_utf8_lossy(rest.trim_ascii()))
}

/// Of every line, should there be several; those of other schemes stay.
fn strip_authorization(headers: &mut HeaderMap, scheme: &str) {
    let has_it = |line: &HeaderValue| after_scheme(line, scheme).is_some();
    if !headers.get_all(AUTHORIZATION).iter().any(has_it) {
        return;
    }
    let kept: Vec<_> = headers.get_all(AUTHORIZATION).iter().filter(|line| !has_it(line)).cloned().collect();
    headers.remove(AUTHORIZATION);
    for line in kept {
        headers.append(AUTHORIZATION, line);
    }
}

/// RFC 6265 section 4.2.1: pairs between semicolons. What is no pair is none of ours.
fn cookies(headers: &HeaderMap) -> impl Iterator<Item = (&str, &str)> {
    let lines = headers.get_all(COOKIE).iter().filter_map(|line| std::str::from_utf8(line.as_bytes()).ok());
    lines.flat_map(|line| line.split(';')).filter_map(pair)
}

/// The value of the first cookie of this name: browsers send the one for the longest path first (RFC 6265 section 5.4).
pub(crate) fn cookie<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    cookies(headers).find(|(other, _)| *other == name).map(|(_, value)| value)
}

fn pair(piece: &str) -> Option<(&str, &str)> {
    let (name, value) = piece.split_once('=')?;
    Some((name.trim(), value.trim()))
}

/// Lines without this cookie stay byte for byte.
fn strip_cookie(headers: &mut HeaderMap, name: &str) {
    let is_it = |piece: &[u8]| {
        let found = piece.split(|byte| *byte == b'=').next().unwrap_or_default();
        found.trim_ascii() == name.as_bytes() && piece.contains(&b'=')
    };
    let has_it = |line: &HeaderValue| line.as_bytes().split(|byte| *byte == b';').any(is_it);
    if !headers.get_all(COOKIE).iter().any(has_it) {
        return;
    }
    let lines: Vec<_> = headers.get_all(COOKIE).iter().cloned().collect();
    headers.remove(COOKIE);
    for line in lines {
        let kept = if has_it(&line) { without(&line, is_it) } else { Some(line) };
        if let Some(kept) = kept {
            headers.append(COOKIE, kept);
        }
    }
}

fn without(line: &HeaderValue, is_it: impl Fn(&[u8]) -> bool) -> Option<HeaderValue> {
    let pieces = line.as_bytes().split(|byte| *byte == b';');
    let kept: Vec<_> = pieces
        .filter(|piece| !is_it(piece))
        .map(<[u8]>::trim_ascii)
        .filter(|piece| !piece.is_empty())
        .collect();
    if kept.is_empty() { None } else { HeaderValue::from_bytes(&kept.join(&b"; "[..])).ok() }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn headers(lines: &[(&'static str, &'static str)]) -> HeaderMap {
        lines
            .iter()
            .map(|(name, value)| (HeaderName::from_static(name), HeaderValue::from_static(value)))
            .collect()
    }

    fn places() -> [Place; 4] {
        [
            Place::Header(HeaderName::from_static("x-api-key")),
            Place::Authorization("ApiKey".into()),
            Place::Query("api_key".into()),
            Place::Cookie("key".into()),
        ]
    }

    #[track_caller]
    fn check(
        lines: &[(&'static str, &'static str)],
        query: Option<&str>,
        expected: Result<Option<&str>, Ambiguous>,
    ) {
        let headers = headers(lines);
        let found = find(&places(), &headers, query);
        assert_eq!(found.as_ref().map(Option::as_deref).map_err(|error| *error), expected);
    }

    #[test]
    fn finds_it_in_any_place() {
        check(&[], None, Ok(None));
        check(&[("x-api-key", "k1")], None, Ok(Some("k1")));
        check(&[("authorization", "apikey   k1 ")], None, Ok(Some("k1")));
        check(&[], Some("a=b&api%5Fkey=k%31"), Ok(Some("k1")));
        check(&[("cookie", "a=b; key=k1 ;c")], None, Ok(Some("k1")));
        check(&[("cookie", "a=b"), ("cookie", "key=k1")], None, Ok(Some("k1")));
    }

    #[test]
    fn other_names_and_schemes_are_none() {
        check(&[("authorization", "Bearer k1")], None, Ok(None));
        check(&[("authorization", "ApiKeyring k1")], None, Ok(None));
        check(&[("authorization", "Api")], None, Ok(None));
        check(&[("cookie", "keys=k1; Key=k2; k=key")], Some("API_KEY=k1"), Ok(None));
    }

    #[test]
    fn an_empty_one_is_presented_too() {
        check(&[("x-api-key", "")], None, Ok(Some("")));
        check(&[("authorization", "ApiKey")], None, Ok(Some("")));
        check(&[], Some("api_key"), Ok(Some("")));
    }

    #[test]
    fn two_that_differ_are_refused() {
        check(&[("x-api-key", "k1"), ("x-api-key", "k2")], None, Err(Ambiguous));
        check(&[("x-api-key", "k1"), ("authorization", "ApiKey k2")], None, Err(Ambiguous));
        check(&[("x-api-key", "k1")], Some("api_key=k2"), Err(Ambiguous));
        check(&[("x-api-key", "k1")], Some("api_key="), Err(Ambiguous));
        check(&[], Some("api_key=k1&api_key=k2"), Err(Ambiguous));
        check(&[("cookie", "key=k1; key=k2")], None, Err(Ambiguous));
        check(&[("authorization", "ApiKey k1"), ("authorization", "Bearer t")], None, Err(Ambiguous));
        check(&[("x-api-key", "k1"), ("x-api-key", "k1"), ("cookie", "key=k1")], None, Ok(Some("k1")));
    }

    #[test]
    fn is_taken_out_and_nothing_else() {
        let mut lines = headers(&[
            ("x-api-key", "k1"),
            ("x-api-key", "k2"),
            ("authorization", "apikey k1"),
            ("cookie", "a=b;key=k1;  c=d"),
            ("cookie", "e=f;g=h"),
            ("cookie", "key=k1"),
            ("x-other", "o"),
        ]);
        strip(&places(), &mut lines);
        assert_eq!(lines, headers(&[("cookie", "a=b; c=d"), ("cookie", "e=f;g=h"), ("x-other", "o")]));
        let mut several = headers(&[("authorization", "Bearer t"), ("authorization", "ApiKey k1")]);
        strip(&places(), &mut several);
        assert_eq!(several, headers(&[("authorization", "Bearer t")]));
        let other = headers(&[("authorization", "Bearer t"), ("cookie", "a=b;;keys=c; key")]);
        let mut same = other.clone();
        strip(&places(), &mut same);
        assert_eq!(same, other);
        assert_eq!(parameters(&places()).collect::<Vec<_>>(), ["api_key"]);
    }
}
