//! The one form of a request that both sides sign, step 1 of Signature Version 4.

use std::fmt::Write as _;

use http::HeaderMap;
use http::header::{HOST, HeaderName};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_decode_str, percent_encode};

use super::Head;

/// Everything but what RFC 3986 section 2.3 calls unreserved.
const RESERVED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// The same, and slashes stand for themselves.
const RESERVED_IN_PATH: &AsciiSet = &RESERVED.remove(b'/');

/// The canonical request; `names` are the fields that are signed, sorted, and `hash` is the content's.
pub(super) fn request(
    head: &Head<'_>,
    headers: &HeaderMap,
    names: &[HeaderName],
    is_s3: bool,
    hash: &str,
) -> String {
    let mut text = format!("{}\n{}\n{}\n", head.method, path(head.path, is_s3), query(head.query));
    for name in names {
        let _ = write!(text, "{name}:");
        if name == HOST {
            text.push_str(head.host);
        } else {
            values(&mut text, headers, name);
        }
        text.push('\n');
    }
    let _ = write!(text, "\n{}\n{hash}", self::names(names));
    text
}

/// The names with semicolons between them.
pub(super) fn names(names: &[HeaderName]) -> String {
    names.iter().map(HeaderName::as_str).collect::<Vec<_>>().join(";")
}

/// A field's lines with commas between them, each without white space around it and with one space for several.
fn values(text: &mut String, headers: &HeaderMap, name: &HeaderName) {
    for (index, value) in headers.get_all(name).iter().enumerate() {
        if index > 0 {
            text.push(',');
        }
        // A byte beyond ASCII cannot be said here in one way only: AWS does not say how it is signed.
        let value = String::from_utf8_lossy(value.as_bytes());
        for (index, word) in value.split_ascii_whitespace().enumerate() {
            if index > 0 {
                text.push(' ');
            }
            text.push_str(word);
        }
    }
}

/// S3 decodes the path once and encodes it once: what it signs is the name of an object, dots, slashes and all.
/// Every other service removes empty and dot segments, and encodes what was sent: a second time, then.
fn path(path: &str, is_s3: bool) -> String {
    if is_s3 {
        let decoded: Vec<u8> = percent_decode_str(path).collect();
        return percent_encode(&decoded, RESERVED_IN_PATH).to_string();
    }
    let mut segments: Vec<&str> = Vec::new();
    for segment in path.split('/') {
        match segment {
            "" | "." => {}
            ".." => drop(segments.pop()),
            segment => segments.push(segment),
        }
    }
    let mut normal = String::with_capacity(path.len() + 1);
    for segment in &segments {
        normal.push('/');
        normal.push_str(segment);
    }
    let is_directory = ["/", "/.", "/.."].iter().any(|end| path.ends_with(end));
    if segments.is_empty() || is_directory {
        normal.push('/');
    }
    percent_encode(normal.as_bytes(), RESERVED_IN_PATH).to_string()
}

/// Names and values encoded in one way, sorted by name and then by value, each with `=`. A `+` is a space, as in a form:
/// so AWS reads it.
fn query(query: Option<&str>) -> String {
    let encoded = |text: &str| {
        let spaced = text.replace('+', " ");
        let decoded: Vec<u8> = percent_decode_str(&spaced).collect();
        percent_encode(&decoded, RESERVED).to_string()
    };
    let parameters = query.unwrap_or_default().split('&').filter(|parameter| !parameter.is_empty());
    let mut pairs: Vec<_> = parameters
        .map(|parameter| {
            let (name, value) = parameter.split_once('=').unwrap_or((parameter, ""));
            (encoded(name), encoded(value))
        })
        .collect();
    pairs.sort_unstable();
    let pairs: Vec<_> = pairs.into_iter().map(|(name, value)| format!("{name}={value}")).collect();
    pairs.join("&")
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use http::HeaderValue;

    use super::*;

    #[test]
    fn paths() {
        for (from, expected, s3) in [
            ("/", "/", "/"),
            ("", "/", ""),
            ("/a/b", "/a/b", "/a/b"),
            ("/a/b/", "/a/b/", "/a/b/"),
            ("//a//b//", "/a/b/", "//a//b//"),
            ("/a/./b/../c/.", "/a/c/", "/a/./b/../c/."),
            ("/../..", "/", "/../.."),
            ("/a%20b", "/a%2520b", "/a%20b"),
            ("/a%2fb%7e", "/a%252fb%257e", "/a/b~"),
            ("/a:b@c+d", "/a%3Ab%40c%2Bd", "/a%3Ab%40c%2Bd"),
            ("/100%", "/100%25", "/100%25"),
        ] {
            assert_eq!(path(from, false), expected, "{from}");
            assert_eq!(path(from, true), s3, "{from}");
        }
    }

    #[test]
    fn queries() {
        for (from, expected) in [
            (None, ""),
            (Some(""), ""),
            (Some("a"), "a="),
            (Some("b=2&a=1&a=0&B"), "B=&a=0&a=1&b=2"),
            (Some("a=b=c"), "a=b%3Dc"),
            (Some("a=x+y&b=x%20y&c=x%2By"), "a=x%20y&b=x%20y&c=x%2By"),
            (Some("a=%7e%2f/%zz"), "a=~%2F%2F%25zz"),
            (Some("&&a=1&"), "a=1"),
            (Some("a-b=1&a=2"), "a=2&a-b=1"),
        ] {
            assert_eq!(query(from), expected, "{from:?}");
        }
    }

    /// `get-header-key-duplicate` and `get-header-value-trim` of the published suite, as far as their fields go.
    #[test]
    fn fields() {
        let mut headers = HeaderMap::new();
        for (name, value) in [
            ("my-header1", "value2"),
            ("my-header1", "value2"),
            ("my-header1", "value1"),
            ("my-header2", "  \"a   b   c\" "),
        ] {
            headers.append(name, HeaderValue::from_static(value));
        }
        let names = [HOST, HeaderName::from_static("my-header1"), HeaderName::from_static("my-header2")];
        let head = Head { method: &http::Method::GET, path: "/", query: None, host: "example.amazonaws.com" };
        assert_eq!(
            request(&head, &headers, &names, false, "HASH"),
            "GET\n/\n\nhost:example.amazonaws.com\nmy-header1:value2,value2,value1\nmy-header2:\"a b c\"\n\n\
             host;my-header1;my-header2\nHASH"
        );
    }

    #[cfg(not(target_family = "wasm"))]
    mod properties {
        use proptest::prelude::*;

        use super::*;

        proptest! {
            /// What is canonical is the canonical form of itself, where it is encoded once.
            #[test]
            fn encoded_once(any_path in "\\PC*", any_query in "\\PC*") {
                let once = path(&any_path, true);
                prop_assert_eq!(path(&once, true), once);
                let once = query(Some(&any_query));
                prop_assert_eq!(query(Some(&once)), once);
            }

            /// No path leads above the root, and none has an empty segment inside or a dot segment.
            #[test]
            fn normal_paths(any_path in "[a/.%]*") {
                let normal = path(&any_path, false);
                prop_assert!(normal.starts_with('/'));
                prop_assert!(!normal.contains("//"));
                prop_assert!(normal.split('/').all(|segment| segment != "." && segment != ".."), "{}", normal);
            }
        }
    }
}
