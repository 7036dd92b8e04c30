//! Paths in one normal form, so that what is matched is what an upstream will serve.
//!
//! Two paths that RFC 3986, 6.2.2 calls equivalent have the same normal form. What servers are known to read
//! differently is reported besides, even where the normal form resolves it: whether such a path is taken is the
//! route's decision, made later. The normal form serves matching only; the upstream gets the bytes as they came.
//!
//! Not an ambiguity here: path parameters (`/..;a/b`). For RFC 3986, 3.3 `;` is an ordinary character of a segment;
//! `..;a` is no dot segment.

use std::borrow::Cow;

pub use super::ambiguity::Ambiguities;

/// A path in normal form, and what was ambiguous about it as it came.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Normal<'a> {
    /// The normal form; borrowed if the path came in it.
    pub path: Cow<'a, str>,
    /// Everything ambiguous in the path as it came.
    pub found: Ambiguities,
}

/// What a byte of a path needs.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Class {
    /// Stays, and is decoded where it was encoded: unreserved (RFC 3986, 2.3), but for the dot.
    Unreserved,
    /// Stays as it came, plain or encoded: sub-delims, `:` and `@` (RFC 3986, 3.3).
    Plain,
    /// Unreserved, but may make a dot segment.
    Dot,
    /// Ends a segment.
    Slash,
    /// Begins an encoded byte.
    Percent,
    /// Not allowed in a path: encoded.
    Encode,
}

/// The path of a request in normal form:
///
/// - encoded unreserved characters are decoded (RFC 3986, 6.2.2.2), other encodings have upper-case digits (6.2.2.1);
/// - what may not stand in a path is encoded, a backslash and bytes beyond ASCII too; a `%` without two hexadecimal
///   digits becomes `%25`;
/// - several slashes are one;
/// - dot segments are resolved (5.2.4), never above the root, and after both rules before: `/a//../b` is `/b`.
///
/// The normal form begins with `/`, unless the path is `*` (RFC 9112, 3.2.4).
pub fn normalise(path: &str) -> Normal<'_> {
    if path == "*" {
        return Normal { path: Cow::Borrowed(path), found: Ambiguities::NONE };
    }
    let mut found = Ambiguities::NONE;
    let Some(rest) = path.strip_prefix('/') else {
        let mut out = String::with_capacity(path.len() + 8);
        out.push('/');
        resolve(path, &mut out, &mut found);
        return Normal { path: Cow::Owned(out), found };
    };
    let clean = 1 + clean_length(rest.as_bytes(), &mut found);
    if clean == path.len() {
        return Normal { path: Cow::Borrowed(path), found };
    }
    let mut out = String::with_capacity(path.len() + 8);
    out.push_str(&path[..clean]);
    resolve(&path[clean..], &mut out, &mut found);
    Normal { path: Cow::Owned(out), found }
}

/// A literal part of a route's pattern, encoded as [`normalise`] encodes a request's path, so that an author may
/// write `/café`, `/caf%c3%a9` or `/a b`. A part is not a path: slashes and dots stay as they are, and only what
/// concerns encodings is found. (`normalise` of the whole pattern finds its empty and dot segments.)
pub fn normalise_literal(text: &str) -> Normal<'_> {
    let mut found = Ambiguities::NONE;
    let bytes = text.as_bytes();
    let mut out = String::new();
    let mut at = 0;
    while at < bytes.len() {
        at += encode_unit(&bytes[at..], &mut out, &mut found);
    }
    let path = if out == text { Cow::Borrowed(text) } else { Cow::Owned(out) };
    Normal { path, found }
}

/// How many bytes, from the start of a segment, are in normal form already. Stops at the first byte that must change,
/// or at the start of a segment that must go.
fn clean_length(bytes: &[u8], found: &mut Ambiguities) -> usize {
    let mut at = 0;
    let mut starts = true;
    while let Some(&byte) = bytes.get(at) {
        match class(byte) {
            Class::Unreserved | Class::Plain => at += 1,
            Class::Dot if starts && is_dot_segment(&bytes[at..]) => return at,
            Class::Dot => at += 1,
            Class::Slash if starts => return at,
            Class::Slash => at += 1,
            Class::Percent if is_normal_encoding(&bytes[at..]) => {
                if let Some(value) = decode(&bytes[at..]) {
                    found.note_encoded(value);
                }
                at += 3;
            }
            Class::Percent | Class::Encode => return at,
        }
        starts = byte == b'/';
    }
    at
}

/// Whether the bytes begin with the segment `.` or `..`, written plainly.
fn is_dot_segment(bytes: &[u8]) -> bool {
    matches!(bytes, [b'.'] | [b'.', b'/', ..] | [b'.', b'.'] | [b'.', b'.', b'/', ..])
}

/// Whether the bytes begin with an encoding that the normal form keeps as it is.
fn is_normal_encoding(bytes: &[u8]) -> bool {
    let [_, high, low, ..] = bytes else { return false };
    // RFC 3986, 6.2.2.1: the digits of an encoding are upper-case in the normal form.
    let upper = |digit: u8| matches!(digit, b'0'..=b'9' | b'A'..=b'F');
    upper(*high) && upper(*low) && decode(bytes).is_some_and(|value| !is_unreserved(value))
}

/// Appends the normal form of `rest` to `out`, which is in normal form and begins with `/`.
fn resolve(rest: &str, out: &mut String, found: &mut Ambiguities) {
    let bytes = rest.as_bytes();
    let mut at = 0;
    while let Some(&byte) = bytes.get(at) {
        if byte != b'/' {
            at += encode_unit(&bytes[at..], out, found);
            continue;
        }
        at += 1;
        if out.ends_with('/') {
            found.insert(Ambiguities::EMPTY_SEGMENTS);
        } else if !end_segment(out, found) {
            out.push('/');
        }
    }
    // RFC 3986, 5.2.4, 2B to 2D: a last segment `.` or `..` leaves the slash before it.
    end_segment(out, found);
}

/// Resolves the last segment of `out` if it is a dot segment; `out` ends with a slash then.
fn end_segment(out: &mut String, found: &mut Ambiguities) -> bool {
    let parent = if out.ends_with("/.") {
        out.len() - 1
    } else if out.ends_with("/..") {
        let above = &out[..out.len() - 3];
        // RFC 3986, 5.2.4, 2C: remove the last segment, if any; at the root there is none.
        above.rfind('/').map_or(1, |slash| slash + 1)
    } else {
        return false;
    };
    found.insert(Ambiguities::DOT_SEGMENTS);
    out.truncate(parent);
    true
}

/// Appends the first byte or encoding of `bytes` in normal form, and says how many bytes that was. `bytes` is not
/// empty.
fn encode_unit(bytes: &[u8], out: &mut String, found: &mut Ambiguities) -> usize {
    let byte = bytes[0];
    match class(byte) {
        Class::Unreserved | Class::Plain | Class::Dot | Class::Slash => {
            out.push(char::from(byte));
            1
        }
        Class::Encode => {
            found.note_plain(byte);
            push_encoded(out, byte);
            1
        }
        Class::Percent => match decode(bytes) {
            // RFC 3986, 6.2.2.2: an encoded unreserved character is the character.
            Some(value) if is_unreserved(value) => {
                found.note_encoded(value);
                out.push(char::from(value));
                3
            }
            Some(value) => {
                found.note_encoded(value);
                push_encoded(out, value);
                3
            }
            // RFC 3986, 2.1: no encoding, so the percent sign is data, and data is encoded as %25 (2.4).
            None => {
                found.insert(Ambiguities::INVALID_ENCODING);
                out.push_str("%25");
                1
            }
        },
    }
}

/// The byte that `%` and two hexadecimal digits at the start of `bytes` stand for.
fn decode(bytes: &[u8]) -> Option<u8> {
    let [b'%', high, low, ..] = bytes else { return None };
    let digit = |byte: &u8| char::from(*byte).to_digit(16).and_then(|value| u8::try_from(value).ok());
    Some(digit(high)? << 4 | digit(low)?)
}

fn push_encoded(out: &mut String, byte: u8) {
    const DIGITS: &[u8; 16] = b"0123456789ABCDEF";
    out.push('%');
    out.push(char::from(DIGITS[usize::from(byte >> 4)]));
    out.push(char::from(DIGITS[usize::from(byte & 15)]));
}

const fn is_unreserved(byte: u8) -> bool {
    matches!(class(byte), Class::Unreserved | Class::Dot)
}

const fn class(byte: u8) -> Class {
    CLASSES[byte as usize]
}

static CLASSES: [Class; 256] = {
    let mut classes = [Class::Encode; 256];
    let mut byte = 0;
    while byte < 256 {
        classes[byte] = match byte as u8 {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'_' | b'~' => Class::Unreserved,
            b'.' => Class::Dot,
            b'/' => Class::Slash,
            b'%' => Class::Percent,
            b'!' | b'$' | b'&' | b'\'' | b'(' | b')' | b'*' | b'+' | b',' | b';' | b'=' | b':' | b'@' => {
                Class::Plain
            }
            _ => Class::Encode,
        };
        byte += 1;
    }
    classes
};

#[cfg(test)]
mod tests {
    use super::*;

    fn check(path: &str, expected: &str, found: &[&str]) {
        let normal = normalise(path);
        assert_eq!(normal.path, expected, "{path:?}");
        assert_eq!(normal.found.names().collect::<Vec<_>>(), found, "{path:?}");
        assert_eq!(normalise(expected).path, expected, "{path:?}, again");
    }

    #[test]
    fn normal_paths_are_borrowed() {
        for path in
            ["/", "*", "/a", "/a/", "/a/b.c/...", "/.a/..b/a../a.", "/a;b=c@d:e!$&'()*+,=~-_", "/%25/%C3%A9"]
        {
            check(path, path, &[]);
            assert!(matches!(normalise(path).path, Cow::Borrowed(_)), "{path}");
        }
        assert!(matches!(normalise("/a%2Fb").path, Cow::Borrowed(_)));
    }

    #[test]
    fn encodings() {
        check("/%7Euser/%41%2d%5F", "/~user/A-_", &[]);
        check("/%c3%a9", "/%C3%A9", &[]);
        check("/é", "/%C3%A9", &[]);
        check("/a b\"<>[]^`{|}?#", "/a%20b%22%3C%3E%5B%5D%5E%60%7B%7C%7D%3F%23", &[]);
        // RFC 3986, 2.2: reserved characters are not equivalent to their encodings.
        check("/%3a%40%21", "/%3A%40%21", &[]);
        // RFC 3986, 2.4: nothing is decoded twice.
        check("/%252e%252f", "/%252e%252f", &[]);
    }

    #[test]
    fn ambiguities() {
        check("/a%2fb", "/a%2Fb", &["encoded_slash"]);
        check("/a%2Fb", "/a%2Fb", &["encoded_slash"]);
        check("/a\\b", "/a%5Cb", &["backslash"]);
        check("/a%5cb", "/a%5Cb", &["backslash"]);
        check("/%00%1f%7f", "/%00%1F%7F", &["control"]);
        check("/\u{1}", "/%01", &["control"]);
        check("/a%2Eb", "/a.b", &["encoded_dot"]);
        check("/a/%2e%2E/b", "/b", &["dot_segments", "encoded_dot"]);
        check("/a/.%2e", "/", &["dot_segments", "encoded_dot"]);
        check("//a", "/a", &["empty_segments"]);
        check("/a///", "/a/", &["empty_segments"]);
        check("/a%", "/a%25", &["invalid_encoding"]);
        check("/a%2", "/a%252", &["invalid_encoding"]);
        check("/%zz%%41", "/%25zz%25A", &["invalid_encoding"]);
        check("/%u002e", "/%25u002e", &["invalid_encoding"]);
        check("/%é", "/%25%C3%A9", &["invalid_encoding"]);
        check(
            "/%2f/..\\//%",
            "/%2F/..%5C/%25",
            &["encoded_slash", "backslash", "empty_segments", "invalid_encoding"],
        );
    }

    #[test]
    fn dot_segments() {
        // RFC 3986, 5.2.4, and the path parts of the examples in 5.4 merged with the base `/b/c/d`.
        for (path, expected) in [
            ("/a/b/c/./../../g", "/a/g"),
            ("/b/c/.", "/b/c/"),
            ("/b/c/./", "/b/c/"),
            ("/b/c/..", "/b/"),
            ("/b/c/../", "/b/"),
            ("/b/c/../g", "/b/g"),
            ("/b/c/../..", "/"),
            ("/b/c/../../g", "/g"),
            ("/b/c/../../../g", "/g"),
            ("/b/c/../../../../g", "/g"),
            ("/./g", "/g"),
            ("/../g", "/g"),
            ("/b/c/./../g", "/b/g"),
            ("/b/c/./g/.", "/b/c/g/"),
            ("/b/c/g/./h", "/b/c/g/h"),
            ("/b/c/g/../h", "/b/c/h"),
            ("/b/c/g;x=1/./y", "/b/c/g;x=1/y"),
            ("/b/c/g;x=1/../y", "/b/c/y"),
            ("/.", "/"),
            ("/..", "/"),
        ] {
            check(path, expected, &["dot_segments"]);
        }
        check("/a//../b", "/b", &["dot_segments", "empty_segments"]);
        check("/a/.//b", "/a/b", &["dot_segments", "empty_segments"]);
        check("/b/c/g./..g/...", "/b/c/g./..g/...", &[]);
    }

    #[test]
    fn without_a_slash() {
        check("", "/", &[]);
        check("a/../b", "/b", &["dot_segments"]);
        check("**", "/**", &[]);
    }

    #[test]
    fn literals() {
        for (text, expected, found) in [
            ("/café", "/caf%C3%A9", &[][..]),
            ("/caf%c3%a9", "/caf%C3%A9", &[]),
            ("/a b{}", "/a%20b%7B%7D", &[]),
            (".json", ".json", &[]),
            ("", "", &[]),
            ("/../%2e", "/../.", &["encoded_dot"]),
            ("100%/%2f\\", "100%25/%2F%5C", &["encoded_slash", "backslash", "invalid_encoding"]),
        ] {
            let normal = normalise_literal(text);
            assert_eq!(normal.path, expected, "{text:?}");
            assert_eq!(normal.found.names().collect::<Vec<_>>(), found, "{text:?}");
        }
    }
}
