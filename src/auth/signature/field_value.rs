//! The value of a header field in a signature base (RFC 9421 section 2.1).
//!
//! `HeaderValue` holds no line break, so a folded line (RFC 9112 section 5.2) has been unfolded or refused before it
//! gets here.

use http::{HeaderMap, HeaderName};
use sfv::{BareItem, Dictionary, FieldType, Item, List, ListEntry, Parser};

use super::component::Form;
use crate::forward::hop::is_nominated;

/// What a structured field is (RFC 9651 section 3).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Structure {
    Item,
    List,
    Dictionary,
}

/// The request fields whose type is known, from IANA's registry of field names ("Structured Type"), in order.
const STRUCTURED: &[(&str, Structure)] = &[
    ("accept-ch", Structure::List),
    ("accept-signature", Structure::Dictionary),
    ("available-dictionary", Structure::Item),
    ("cache-status", Structure::List),
    ("capsule-protocol", Structure::Item),
    ("cdn-cache-control", Structure::Dictionary),
    ("client-cert", Structure::Item),
    ("client-cert-chain", Structure::List),
    ("content-digest", Structure::Dictionary),
    ("dictionary-id", Structure::Item),
    ("priority", Structure::Dictionary),
    ("proxy-status", Structure::List),
    ("repr-digest", Structure::Dictionary),
    ("sec-ch-ua", Structure::List),
    ("sec-ch-ua-mobile", Structure::Item),
    ("sec-ch-ua-platform", Structure::Item),
    ("sec-fetch-dest", Structure::Item),
    ("sec-fetch-mode", Structure::Item),
    ("sec-fetch-site", Structure::Item),
    ("sec-fetch-user", Structure::Item),
    ("sec-gpc", Structure::Item),
    ("signature", Structure::Dictionary),
    ("signature-input", Structure::Dictionary),
    ("want-content-digest", Structure::Dictionary),
    ("want-repr-digest", Structure::Dictionary),
];

/// The value of the field `name` in `form`, or why there is none.
pub(super) fn value(headers: &HeaderMap, name: &HeaderName, form: &Form) -> Result<Vec<u8>, &'static str> {
    let Some(joined) = joined(headers, name) else { return Err("the request has no such field") };
    // Whoever adds `Connection: x-limit` on the way, which no signature covers, would have a field taken away that the
    // signer meant the upstream to see.
    if is_nominated(headers, name) {
        return Err("Connection takes it away");
    }
    let structure =
        STRUCTURED.binary_search_by_key(&name.as_str(), |(name, _)| name).ok().map(|at| STRUCTURED[at].1);
    match (form, structure) {
        (Form::Plain, _) => Ok(joined),
        (Form::Binary, _) => binary(headers, name),
        (Form::Structured, None) => Err("it is not known to be a structured field"),
        (Form::Structured, Some(structure)) => strict(&joined, structure),
        (Form::Member(_), Some(Structure::Item | Structure::List)) => Err("it is not a dictionary"),
        (Form::Member(key), _) => member(&joined, key),
    }
}

/// RFC 9421 section 2.1: the lines of a field without whitespace around them, joined with a comma and a space.
pub(super) fn joined(headers: &HeaderMap, name: &HeaderName) -> Option<Vec<u8>> {
    let mut lines = headers.get_all(name).iter();
    let mut joined = lines.next()?.as_bytes().trim_ascii().to_vec();
    for line in lines {
        joined.extend_from_slice(b", ");
        joined.extend_from_slice(line.as_bytes().trim_ascii());
    }
    Some(joined)
}

/// RFC 9421 section 2.1.3: a List of the lines as Byte Sequences.
fn binary(headers: &HeaderMap, name: &HeaderName) -> Result<Vec<u8>, &'static str> {
    let lines = headers.get_all(name).iter().map(|line| line.as_bytes().trim_ascii().to_vec());
    let list: List = lines.map(|line| ListEntry::Item(Item::new(BareItem::ByteSequence(line)))).collect();
    list.serialize().map(String::into_bytes).ok_or("the request has no such field")
}

/// RFC 9421 section 2.1.1: the field as RFC 9651 section 4.1 writes it.
fn strict(joined: &[u8], structure: Structure) -> Result<Vec<u8>, &'static str> {
    const MALFORMED: &str = "it is not the structured field it should be";
    let parser = Parser::new(joined);
    let written = match structure {
        Structure::Item => Some(parser.parse::<Item>().map_err(|_| MALFORMED)?.serialize()),
        Structure::List => parser.parse::<List>().map_err(|_| MALFORMED)?.serialize(),
        Structure::Dictionary => parser.parse::<Dictionary>().map_err(|_| MALFORMED)?.serialize(),
    };
    // An empty list or dictionary is not written at all (RFC 9651 section 4.1).
    Ok(written.unwrap_or_default().into_bytes())
}

/// RFC 9421 section 2.1.2: one member of a dictionary, without its key.
fn member(joined: &[u8], key: &str) -> Result<Vec<u8>, &'static str> {
    let mut members = Parser::new(joined).parse::<Dictionary>().map_err(|_| "it is not a dictionary")?;
    let member = members.swap_remove(key).ok_or("the dictionary has no such member")?;
    vec![member].serialize().map(String::into_bytes).ok_or("the dictionary has no such member")
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use http::HeaderValue;

    use super::*;

    fn headers(lines: &[(&'static str, &[u8])]) -> HeaderMap {
        let mut headers = HeaderMap::new();
        for (name, value) in lines {
            headers.append(*name, HeaderValue::from_bytes(value).unwrap());
        }
        headers
    }

    fn said(headers: &HeaderMap, name: &str, form: &Form) -> Result<String, &'static str> {
        value(headers, &name.parse().unwrap(), form).map(|value| String::from_utf8(value).unwrap())
    }

    #[test]
    fn the_table_is_in_order() {
        assert!(STRUCTURED.is_sorted_by(|one, other| one.0 < other.0));
    }

    /// RFC 9421 section 2.1's examples.
    #[test]
    fn plain() {
        let headers = headers(&[
            ("host", b"www.example.com"),
            ("x-ows-header", b"   Leading and trailing whitespace.   \t"),
            ("cache-control", b"max-age=60"),
            ("cache-control", b"   must-revalidate"),
            ("example-dict", b"a=1,    b=2;x=1;y=2,   c=(a   b   c)"),
            ("x-empty-header", b""),
        ]);
        for (name, expected) in [
            ("host", "www.example.com"),
            ("x-ows-header", "Leading and trailing whitespace."),
            ("cache-control", "max-age=60, must-revalidate"),
            ("example-dict", "a=1,    b=2;x=1;y=2,   c=(a   b   c)"),
            ("x-empty-header", ""),
        ] {
            assert_eq!(said(&headers, name, &Form::Plain).as_deref(), Ok(expected), "{name}");
        }
        assert!(said(&headers, "date", &Form::Plain).is_err());
    }

    #[test]
    fn what_goes_no_further_than_here() {
        let headers = headers(&[
            ("connection", b"close, X-Limit"),
            ("connection", b"content-type"),
            ("x-limit", b"10"),
            ("x-other", b"10"),
            ("content-type", b"text/plain"),
        ]);
        for form in [Form::Plain, Form::Binary, Form::Member("a".to_owned())] {
            assert_eq!(said(&headers, "x-limit", &form), Err("Connection takes it away"));
        }
        assert!(said(&headers, "x-other", &Form::Plain).is_ok());
        // It cannot be taken away.
        assert!(said(&headers, "content-type", &Form::Plain).is_ok());
    }

    /// RFC 9421 section 2.1.1's example, and what `sf` is refused for.
    #[test]
    fn structured() {
        let written = strict(b"a=1,    b=2;x=1;y=2,   c=(a   b   c)", Structure::Dictionary).unwrap();
        assert_eq!(written, b"a=1, b=2;x=1;y=2, c=(a b c)");
        let headers = headers(&[
            ("priority", b"u=1,  i"),
            ("priority", b"x;a"),
            ("example-dict", b"a=1"),
            ("sec-gpc", b"?1"),
            ("proxy-status", b"a; error=b  ,c"),
            ("content-digest", b"not a dictionary"),
        ]);
        assert_eq!(said(&headers, "priority", &Form::Structured).as_deref(), Ok("u=1, i, x;a"));
        assert_eq!(said(&headers, "sec-gpc", &Form::Structured).as_deref(), Ok("?1"));
        assert_eq!(said(&headers, "proxy-status", &Form::Structured).as_deref(), Ok("a;error=b, c"));
        assert!(said(&headers, "example-dict", &Form::Structured).is_err());
        assert!(said(&headers, "content-digest", &Form::Structured).is_err());
    }

    /// RFC 9421 section 2.1.2's examples.
    #[test]
    fn members() {
        let headers = headers(&[
            ("example-dict", b" a=1, b=2;x=1;y=2, c=(a   b    c), d"),
            ("sec-gpc", b"a"),
            ("date", b"Tue, 20 Apr 2021 02:07:55 GMT"),
        ]);
        for (key, expected) in [("a", "1"), ("d", "?1"), ("b", "2;x=1;y=2"), ("c", "(a b c)")] {
            let form = Form::Member(key.to_owned());
            assert_eq!(said(&headers, "example-dict", &form).as_deref(), Ok(expected), "{key}");
        }
        for (name, key) in [("example-dict", "e"), ("sec-gpc", "a"), ("date", "a"), ("missing", "a")] {
            assert!(said(&headers, name, &Form::Member(key.to_owned())).is_err(), "{name} {key}");
        }
    }

    /// RFC 9421 section 2.1.3's examples.
    #[test]
    fn binary_wrapped() {
        let two = headers(&[("example-header", b"value, with, lots"), ("example-header", b" of, commas ")]);
        let one = headers(&[("example-header", b"value, with, lots, of, commas")]);
        let plain = said(&one, "example-header", &Form::Plain);
        assert_eq!(said(&two, "example-header", &Form::Plain), plain);
        assert_eq!(
            said(&two, "example-header", &Form::Binary).as_deref(),
            Ok(":dmFsdWUsIHdpdGgsIGxvdHM=:, :b2YsIGNvbW1hcw==:")
        );
        assert_eq!(
            said(&one, "example-header", &Form::Binary).as_deref(),
            Ok(":dmFsdWUsIHdpdGgsIGxvdHMsIG9mLCBjb21tYXM=:")
        );
        let bytes = headers(&[("x", &[0xff])]);
        assert_eq!(said(&bytes, "x", &Form::Binary).as_deref(), Ok(":/w==:"));
        assert!(said(&bytes, "missing", &Form::Binary).is_err());
    }
}
