//! The directives of a `Cache-Control`, as the world writes them (RFC 9111 section 5.2).
//!
//! What is malformed is read so that no directive that restricts is missed: a quote that is never closed hides nothing,
//! whitespace around `=` leaves the name a name but makes a number no number.

use http::HeaderValue;
use http::header::{AsHeaderName, HeaderMap};

/// One directive.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Directive<'a> {
    name: &'a [u8],
    /// What is after `=`, without quotes; what is malformed as it stands there, so that it is no number and no name.
    pub argument: Option<&'a [u8]>,
}

/// The directives of one line of a field.
#[derive(Debug, Clone)]
pub struct Directives<'a> {
    rest: &'a [u8],
}

/// The directives of all lines of the field `name`. Each line is read by itself: a quoted string does not span lines.
pub fn directives(headers: &HeaderMap, name: impl AsHeaderName) -> impl Iterator<Item = Directive<'_>> {
    headers.get_all(name).iter().flat_map(Directives::of)
}

// === impl Directive ===

impl Directive<'_> {
    /// Whether it is the directive `name`, whatever its case (RFC 9111 section 5.2).
    pub fn is(&self, name: &str) -> bool {
        self.name.eq_ignore_ascii_case(name.as_bytes())
    }
}

// === impl Directives ===

impl<'a> Directives<'a> {
    /// Those of `line`.
    pub fn of(line: &'a HeaderValue) -> Self {
        Self { rest: line.as_bytes() }
    }
}

impl<'a> Iterator for Directives<'a> {
    type Item = Directive<'a>;

    fn next(&mut self) -> Option<Directive<'a>> {
        // Empty members of a list count for nothing (RFC 9110 section 5.6.1).
        let start = self.rest.iter().position(|byte| !matches!(byte, b',' | b' ' | b'\t'))?;
        let rest = &self.rest[start..];
        let equals = rest.iter().position(|byte| matches!(byte, b'=' | b','));
        let quoted = equals
            .filter(|at| rest[*at] == b'=')
            .and_then(|at| closing(&rest[at + 1..]).map(|end| at + 1 + end));
        // A quoted string may contain commas; whatever stands after it belongs to its directive too.
        let from = quoted.unwrap_or(0);
        let end = rest[from..].iter().position(|byte| *byte == b',').map_or(rest.len(), |at| from + at);
        self.rest = &rest[end..];
        Some(read(rest[..end].trim_ascii_end()))
    }
}

/// Where, after `=`, a quoted string has ended: the place behind its closing quote. `None` where there is none, or it is
/// never closed.
fn closing(value: &[u8]) -> Option<usize> {
    let open = value.iter().position(|byte| !matches!(byte, b' ' | b'\t'))?;
    if value[open] != b'"' {
        return None;
    }
    let mut escaped = false;
    let end = value[open + 1..].iter().position(|byte| {
        let closes = *byte == b'"' && !escaped;
        escaped = *byte == b'\\' && !escaped;
        closes
    })?;
    Some(open + 1 + end + 1)
}

fn read(directive: &[u8]) -> Directive<'_> {
    let Some(equals) = directive.iter().position(|byte| *byte == b'=') else {
        return Directive { name: directive, argument: None };
    };
    let name = directive[..equals].trim_ascii_end();
    if name.len() < equals {
        // Whitespace before `=` becomes a part of the argument, which then is no number and no name.
        return Directive { name, argument: Some(&directive[name.len()..]) };
    }
    let value = &directive[equals + 1..];
    // RFC 9111 section 5.2: recipients ought to accept both forms of an argument.
    let quoted = value.strip_prefix(b"\"").and_then(|inside| inside.strip_suffix(b"\""));
    Directive { name, argument: Some(quoted.unwrap_or(value)) }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    /// Each directive as `name` or `name=argument`, in angle brackets.
    fn all(line: &[u8]) -> String {
        let line = HeaderValue::from_bytes(line).unwrap();
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        let shown = Directives::of(&line).map(|it| match it.argument {
            Some(argument) => format!("<{}={}>", text(it.name), text(argument)),
            None => format!("<{}>", text(it.name)),
        });
        shown.collect()
    }

    #[test]
    fn what_is_read() {
        for (line, expected) in [
            ("", ""),
            (" , ,\t,", ""),
            ("no-store", "<no-store>"),
            ("max-age=60, public", "<max-age=60><public>"),
            (",,max-age=60 ,\t, public,", "<max-age=60><public>"),
            ("max-age=\"60\"", "<max-age=60>"),
            ("max-age=", "<max-age=>"),
            ("max-age=\"\"", "<max-age=>"),
            ("private=\"a, b\", max-age=1", "<private=a, b><max-age=1>"),
            // A suite of tests hides one directive in another (http-cache-tests, cc-parse).
            ("extension=\"max-age=3600\", max-age=1", "<extension=max-age=3600><max-age=1>"),
            ("extension=\"a, \\\"no-store, b\", max-age=1", "<extension=a, \\\"no-store, b><max-age=1>"),
            // Whitespace around `=`.
            ("max-age =60", "<max-age= =60>"),
            ("max-age= 60", "<max-age= 60>"),
            ("private = \"a, b\", x", "<private= = \"a, b\"><x>"),
            // What follows a quoted string makes it none.
            ("max-age=\"60\"1, x", "<max-age=\"60\"1><x>"),
            // A quote that is never closed hides nothing.
            ("extension=\"a, no-store", "<extension=\"a><no-store>"),
            ("a=\"\\\", no-store", "<a=\\><no-store>"),
            ("a=\", b", "<a=\"><b>"),
            // A quote elsewhere is none.
            ("a\"b, c\"=\"d\"", "<a\"b><c\"=d>"),
            ("=1, no-store", "<=1><no-store>"),
            ("a=b=c", "<a=b=c>"),
        ] {
            assert_eq!(all(line.as_bytes()), expected, "{line}");
        }
        assert_eq!(all(b"\xff=\"\xfe,\", no-store"), "<\u{fffd}=\u{fffd},><no-store>");
    }

    #[test]
    fn case_counts_for_nothing() {
        let line = HeaderValue::from_static("MaX-aGe=1");
        assert!(Directives::of(&line).next().unwrap().is("max-age"));
    }
}
