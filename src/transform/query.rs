//! Reading and changing query strings without touching what is not changed.
//!
//! A query is read as `application/x-www-form-urlencoded` (WHATWG URL, 5.1): parameters between `&`, name and value
//! around the first `=`, `+` for a space. RFC 3986, 3.4 gives a query no such structure; every reader of one does.

use std::borrow::Cow;

use http::Uri;
use http::uri::PathAndQuery;

/// The query with parameters first removed, then set, then added. Names are compared after decoding.
///
/// - `remove` takes away every parameter of the name.
/// - `set` puts the value where the first parameter of the name stood, and takes the others away; or else puts it at
///   the end. Of two values for one name, the last counts.
/// - `add` puts parameters at the end.
///
/// All others stay byte for byte and in order, and the query is copied only if something changes. `None` is no query;
/// an empty one (`/path?`) stays as it came, but where edits leave no parameter, no query is left.
pub fn edit<'a>(
    query: Option<&'a str>,
    remove: &[impl AsRef<str>],
    set: &[(&str, &str)],
    add: &[(&str, &str)],
) -> Option<Cow<'a, str>> {
    let text = query.unwrap_or_default();
    let touched = |name: &str| remove.iter().any(|other| other.as_ref() == name) || last(set, name).is_some();
    if set.is_empty() && add.is_empty() && !pieces(text).any(|piece| touched(&name_of(piece))) {
        return query.map(Cow::Borrowed);
    }
    let mut out = String::with_capacity(text.len() + room_for(set) + room_for(add));
    let mut done = vec![false; set.len()];
    for piece in pieces(text) {
        let name = name_of(piece);
        match last(set, &name) {
            Some(at) if done[at] => {}
            // Removed first, a parameter has no place to be set in.
            Some(_) | None if remove.iter().any(|other| other.as_ref() == name) => {}
            Some(at) => {
                done[at] = true;
                push_pair(&mut out, set[at]);
            }
            None => push_piece(&mut out, piece),
        }
    }
    for (at, pair) in set.iter().enumerate() {
        if !done[at] && last(set, pair.0) == Some(at) {
            push_pair(&mut out, *pair);
        }
    }
    for pair in add {
        push_pair(&mut out, *pair);
    }
    if out.is_empty() { None } else { Some(Cow::Owned(out)) }
}

/// The parameters whose decoded names are to be kept, byte for byte and in order; `None` where there is none left. A query
/// of which all is kept is not copied.
pub fn retain<'a>(query: Option<&'a str>, keep: impl Fn(&str) -> bool) -> Option<Cow<'a, str>> {
    let text = query?;
    if pieces(text).all(|piece| keep(&name_of(piece))) {
        return Some(Cow::Borrowed(text));
    }
    let mut out = String::with_capacity(text.len());
    pieces(text).filter(|piece| keep(&name_of(piece))).for_each(|piece| push_piece(&mut out, piece));
    if out.is_empty() { None } else { Some(Cow::Owned(out)) }
}

/// The query with each parameter of the name `from` under the name `to`, in its place; what was under that name before is
/// taken away. `None` where nothing is under `from`.
pub fn rename(query: Option<&str>, from: &str, to: &str) -> Option<String> {
    let text = query?;
    if !pieces(text).any(|piece| name_of(piece) == from) {
        return None;
    }
    let mut out = String::with_capacity(text.len() + to.len());
    for piece in pieces(text) {
        let name = name_of(piece);
        if name == from {
            push_piece(&mut out, "");
            push_encoded(&mut out, to);
            out.push_str(piece.find('=').map_or("", |at| &piece[at..]));
        } else if name != to {
            push_piece(&mut out, piece);
        }
    }
    Some(out)
}

/// Gives an address another query, or none. One that cannot stand in an address changes nothing.
pub fn replace(uri: &mut Uri, query: Option<&str>) {
    let rebuilt = match query {
        Some(query) => format!("{}?{query}", uri.path()),
        None => uri.path().to_owned(),
    };
    if let Ok(rebuilt) = rebuilt.parse::<PathAndQuery>() {
        replace_target(uri, rebuilt);
    }
}

/// Gives an address another path and query.
pub fn replace_target(uri: &mut Uri, target: PathAndQuery) {
    let mut parts = std::mem::take(uri).into_parts();
    parts.path_and_query = Some(target);
    *uri = Uri::from_parts(parts).unwrap_or_default();
}

/// The decoded values of the parameters with this name, in order.
pub fn values<'a>(query: Option<&'a str>, name: &str) -> impl Iterator<Item = Cow<'a, str>> {
    pieces(query.unwrap_or_default())
        .filter(move |piece| name_of(piece) == name)
        .map(|piece| piece.split_once('=').map_or(Cow::Borrowed(""), |(_, value)| decoded(value)))
}

/// The values of the parameters with this name, in order, as they came: for readers of lists, in which a comma that is
/// encoded is none.
pub fn raw_values<'a>(query: Option<&'a str>, name: &str) -> impl Iterator<Item = &'a str> {
    pieces(query.unwrap_or_default())
        .filter(move |piece| name_of(piece) == name)
        .map(|piece| piece.split_once('=').map_or("", |(_, value)| value))
}

/// The decoded names of the parameters, in order; as often as they stand.
pub fn names(query: Option<&str>) -> impl Iterator<Item = Cow<'_, str>> {
    pieces(query.unwrap_or_default()).map(name_of)
}

/// Names and values, decoded, in order; `None` for one that is not UTF-8. A name without `=` has an empty value.
pub fn pairs(query: &str) -> impl Iterator<Item = Option<(Cow<'_, str>, Cow<'_, str>)>> {
    pieces(query).map(|piece| {
        let (name, value) = piece.split_once('=').unwrap_or((piece, ""));
        Some((utf8(name)?, utf8(value)?))
    })
}

/// Adds a name and a value, encoded.
pub fn push(out: &mut String, name: &str, value: &str) {
    push_pair(out, (name, value));
}

/// The parameters as they came; empty ones are none (WHATWG URL, 5.1).
fn pieces(query: &str) -> impl Iterator<Item = &str> {
    query.split('&').filter(|piece| !piece.is_empty())
}

fn name_of(piece: &str) -> Cow<'_, str> {
    decoded(piece.split_once('=').map_or(piece, |(name, _)| name))
}

/// Which pair of the list counts for the name: the last.
fn last(pairs: &[(&str, &str)], name: &str) -> Option<usize> {
    pairs.iter().rposition(|(other, _)| *other == name)
}

/// Percent-decoded, `+` as a space. A `%` without two digits is itself; bytes that are no UTF-8 become U+FFFD.
pub fn decoded(text: &str) -> Cow<'_, str> {
    match bytes(text) {
        None => Cow::Borrowed(text),
        Some(bytes) => Cow::Owned(match String::from_utf8(bytes) {
            Ok(text) => text,
            Err(error) => String::from_utf8_lossy(error.as_bytes()).into_owned(),
        }),
    }
}

/// The same; `None` where the bytes are no UTF-8.
fn utf8(text: &str) -> Option<Cow<'_, str>> {
    match bytes(text) {
        None => Some(Cow::Borrowed(text)),
        Some(bytes) => String::from_utf8(bytes).ok().map(Cow::Owned),
    }
}

/// The decoded bytes, where there is anything to decode.
fn bytes(text: &str) -> Option<Vec<u8>> {
    if !text.bytes().any(|byte| matches!(byte, b'%' | b'+')) {
        return None;
    }
    let mut out = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let [byte, more @ ..] = rest {
        let (value, after) = match (byte, more) {
            (b'+', _) => (b' ', more),
            (b'%', [high, low, after @ ..]) => match (digit(*high), digit(*low)) {
                (Some(high), Some(low)) => (high << 4 | low, after),
                _ => (b'%', more),
            },
            _ => (*byte, more),
        };
        out.push(value);
        rest = after;
    }
    Some(out)
}

fn digit(byte: u8) -> Option<u8> {
    char::from(byte).to_digit(16).and_then(|value| u8::try_from(value).ok())
}

fn room_for(pairs: &[(&str, &str)]) -> usize {
    pairs.iter().map(|(name, value)| name.len() + value.len() + 2).sum()
}

fn push_piece(out: &mut String, piece: &str) {
    if !out.is_empty() {
        out.push('&');
    }
    out.push_str(piece);
}

fn push_pair(out: &mut String, (name, value): (&str, &str)) {
    push_piece(out, "");
    push_encoded(out, name);
    out.push('=');
    push_encoded(out, value);
}

/// Encodes all but unreserved characters (RFC 3986, 2.3), so that any reader, of forms or of URIs, reads the same; a
/// space as `%20`, which both read as one.
fn push_encoded(out: &mut String, text: &str) {
    const DIGITS: &[u8; 16] = b"0123456789ABCDEF";
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            out.push(char::from(byte));
        } else {
            out.push('%');
            out.push(char::from(DIGITS[usize::from(byte >> 4)]));
            out.push(char::from(DIGITS[usize::from(byte & 15)]));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    type Pairs<'a> = &'a [(&'a str, &'a str)];

    #[track_caller]
    fn check(query: Option<&str>, remove: &[&str], set: Pairs<'_>, add: Pairs<'_>, expected: Option<&str>) {
        assert_eq!(edit(query, remove, set, add).as_deref(), expected);
    }

    #[test]
    fn what_is_not_changed_is_borrowed() {
        for query in [None, Some(""), Some("a=1&&b=%zz+&c"), Some("&&")] {
            check(query, &["x"], &[], &[], query);
            assert!(!matches!(edit(query, &["x"], &[], &[]), Some(Cow::Owned(_))));
        }
    }

    #[test]
    fn pairs_are_utf_8_or_none() {
        let all: Vec<_> = pairs("a=1&&b+c=%C3%BC+&d&=e=f&%zz=%").collect();
        let pair = |name: &'static str, value: &'static str| Some((Cow::from(name), Cow::from(value)));
        assert_eq!(
            all,
            [pair("a", "1"), pair("b c", "ü "), pair("d", ""), pair("", "e=f"), pair("%zz", "%")]
        );
        assert_eq!(pairs("a=%FF&%C3=1").collect::<Vec<_>>(), [None, None]);
    }

    #[test]
    fn renames() {
        let rename = |query| rename(Some(query), "a b", "c&");
        assert_eq!(rename("x=1&a+b=%7e&a%20b&c%26=2&y").as_deref(), Some("x=1&c%26=%7e&c%26&y"));
        assert_eq!(rename("x=1&c%26=2"), None);
        assert_eq!(super::rename(None, "a", "b"), None);
    }

    #[test]
    fn removes() {
        check(Some("a=1&b=2&a=3&c"), &["a"], &[], &[], Some("b=2&c"));
        check(Some("%61=1&b=%7e&a+b=2"), &["a", "a b"], &[], &[], Some("b=%7e"));
        check(Some("a=1&a"), &["a"], &[], &[], None);
        check(Some("=1&b"), &[""], &[], &[], Some("b"));
        check(Some("A=1&ab=2"), &["a"], &[], &[], Some("A=1&ab=2"));
        check(Some("b=%61%20&a&&c=+"), &["a"], &[], &[], Some("b=%61%20&c=+"));
    }

    #[test]
    fn sets() {
        check(Some("a=1&b=2&a=3"), &[], &[("a", "x y")], &[], Some("a=x%20y&b=2"));
        check(Some("b=2"), &[], &[("a", "1&2=3+4%")], &[], Some("b=2&a=1%262%3D3%2B4%25"));
        check(None, &[], &[("é", "")], &[], Some("%C3%A9="));
        check(Some("a=1"), &["a"], &[("a", "2")], &[], Some("a=2"));
        check(Some("a=1&b&a"), &["a"], &[("a", "2")], &[], Some("b&a=2"));
        check(Some("b"), &[], &[("a", "1"), ("c", "2"), ("a", "3")], &[], Some("b&c=2&a=3"));
        check(Some("a&b"), &[], &[("a", "1"), ("a", "3")], &[], Some("a=3&b"));
    }

    #[test]
    fn adds() {
        check(Some("a=1"), &[], &[], &[("a", "2"), ("a", "2")], Some("a=1&a=2&a=2"));
        check(Some(""), &[], &[], &[("a", "#?/:@")], Some("a=%23%3F%2F%3A%40"));
        check(Some("a=1"), &["a"], &[("b", "2")], &[("a", "3")], Some("b=2&a=3"));
    }

    #[test]
    fn reads() {
        let read = |query, name| values(query, name).map(Cow::into_owned).collect::<Vec<_>>();
        assert_eq!(read(Some("a=1&b=2&%61=x+y%21&a&a="), "a"), ["1", "x y!", "", ""]);
        assert_eq!(read(Some("a=b=c"), "a"), ["b=c"]);
        assert_eq!(read(Some("a=%zz%4"), "a"), ["%zz%4"]);
        assert_eq!(read(Some("a=%ff%C3%A9"), "a"), ["\u{FFFD}é"]);
        assert_eq!(read(Some("A=1&&"), "a"), [""; 0]);
        assert_eq!(read(Some("&&"), ""), [""; 0]);
        assert_eq!(read(None, "a"), [""; 0]);
    }
}
