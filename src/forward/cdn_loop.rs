//! `CDN-Loop` (RFC 8586): how often a request has been through this gateway already.

use http::header::HeaderName;
use http::{HeaderMap, HeaderValue};

/// `CDN-Loop`. Nothing that comes in it is ever taken away (RFC 8586, 2).
pub const CDN_LOOP: HeaderName = HeaderName::from_static("cdn-loop");

/// How many elements of `CDN-Loop` name this gateway: `cdn-info = cdn-id *( OWS ";" OWS parameter )`, on however many
/// lines.
///
/// Where a list is malformed, it is read in the way that counts more: a loop that goes on costs more than a request
/// refused. For the same reason names are the same in any case: `uri-host` is (RFC 3986, 3.2.2), and if a pseudonym is
/// not, two that differ in case only are one too many.
pub fn count(headers: &HeaderMap, name: &str) -> usize {
    headers.get_all(CDN_LOOP).iter().map(|line| count_in(line.as_bytes(), name.as_bytes())).sum()
}

/// Appends this gateway to `CDN-Loop`, on a line of its own (RFC 9110, 5.3), so that a malformed line before it cannot
/// swallow it. `id` is the value, `cdn-info`, made once.
pub fn append(headers: &mut HeaderMap, id: HeaderValue) {
    // It fails beyond 32,768 fields, far more than any limit on a request's fields: then there is no loop to fear.
    let _ = headers.try_append(CDN_LOOP, id);
}

fn count_in(line: &[u8], name: &[u8]) -> usize {
    let is_named = |element: &[u8]| id(element).eq_ignore_ascii_case(name);
    let plain = || line.split(|byte| *byte == b',').filter(|element| is_named(element)).count();
    if !line.contains(&b'"') {
        return plain();
    }
    let mut quotes = Quotes::default();
    let quoted = line.split(|byte| quotes.separates(*byte)).filter(|element| is_named(element)).count();
    if quotes.open { quoted.max(plain()) } else { quoted }
}

/// The `cdn-id` of an element: what stands before its parameters.
fn id(element: &[u8]) -> &[u8] {
    let end = element.iter().position(|byte| *byte == b';').unwrap_or(element.len());
    element[..end].trim_ascii()
}

/// Where in a line there is a quoted string (RFC 9110, 5.6.4).
#[derive(Default)]
struct Quotes {
    open: bool,
    escaped: bool,
}

impl Quotes {
    /// Whether this byte, the next of the line, is a comma that separates.
    fn separates(&mut self, byte: u8) -> bool {
        let escaped = std::mem::take(&mut self.escaped);
        match byte {
            b'"' if !escaped => self.open = !self.open,
            b'\\' if self.open && !escaped => self.escaped = true,
            _ => {}
        }
        byte == b',' && !self.open
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn counted(lines: &[&'static str], name: &str) -> usize {
        let mut headers = HeaderMap::new();
        for line in lines {
            append(&mut headers, HeaderValue::from_static(line));
        }
        count(&headers, name)
    }

    #[test]
    fn counts() {
        // The examples of RFC 8586, 2.
        let example =
            ["foo123.foocdn.example, barcdn.example; trace=\"abcdef\"", "AnotherCDN; abc=123; def=\"456\""];
        for name in ["foo123.foocdn.example", "barcdn.example", "AnotherCDN", "anothercdn"] {
            assert_eq!(counted(&example, name), 1, "{name}");
        }
        for name in ["foocdn.example", "trace", "abcdef", ""] {
            assert_eq!(counted(&example, name), 0, "{name}");
        }
        assert_eq!(counted(&[], "a"), 0);
        assert_eq!(counted(&["a, b, a;x=1,A", "a"], "a"), 4);
        assert_eq!(counted(&["a:80, a"], "a:80"), 1);
        assert_eq!(counted(&["b;x=\", a, \\\", a\", a"], "a"), 1);
    }

    #[test]
    fn malformed_lists_count_more() {
        assert_eq!(counted(&["b;x=\", a, a"], "a"), 2);
        assert_eq!(counted(&["a, b;x=\"c, d"], "a"), 1);
        assert_eq!(counted(&[",,a ,, ;a, a;;;"], "a"), 2);
        assert_eq!(counted(&["b;x=\"", "a"], "a"), 1);
    }
}
