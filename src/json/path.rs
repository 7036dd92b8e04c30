//! Places in documents, as authors write them: `items[*].price`, or a JSON Pointer.

use std::fmt;

use super::{Limits, parse, write};

/// A place in a document, or with `[*]` several of one kind.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Path {
    segments: Box<[Segment]>,
}

/// One step of a [`Path`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Segment {
    /// The member of an object of this name.
    Member(Box<str>),
    /// The element of an array with this number, the first being 0.
    Element(usize),
    /// Either, in a JSON Pointer: what it is depends on the value.
    MemberOrElement(Box<str>, usize),
    /// Each element of an array.
    Each,
}

/// Why something is not a path.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PathError {
    /// Why.
    pub message: &'static str,
}

/// The most steps: nobody's documents are that deep, and steps make a document deeper.
const MOST_SEGMENTS: usize = 16;

/// The longest path, in bytes: longer ones are no names of members.
const MOST_TEXT: usize = 1_024;

// === impl Path ===

impl Path {
    /// Reads a path: names with `.` between them, `[*]` for each element of an array, `[0]` for one of them, and
    /// `["any name"]` for names that have one of `.`, `[`, `]`, `"` or a space in them, or begin with `/`. What begins
    /// with `/` is a JSON Pointer (RFC 6901), in which nothing stands for each element.
    pub fn read(text: &str) -> Result<Self, PathError> {
        if text.len() > MOST_TEXT {
            return Err(PathError { message: "it is longer than 1,024 bytes" });
        }
        let segments = if text.starts_with('/') { pointer(text)? } else { dotted(text)? };
        Self::new(segments)
    }

    /// Of these steps.
    pub fn new(segments: Vec<Segment>) -> Result<Self, PathError> {
        if segments.len() > MOST_SEGMENTS {
            return Err(PathError { message: "it has more than 16 steps" });
        }
        Ok(Self { segments: segments.into() })
    }

    /// Its steps.
    pub fn segments(&self) -> &[Segment] {
        &self.segments
    }

    /// How many of its first steps there are up to the last `[*]`, that included.
    pub fn scope(&self) -> usize {
        self.segments.iter().rposition(|segment| *segment == Segment::Each).map_or(0, |at| at + 1)
    }

    /// Whether `other` is the same place, or one within it.
    pub fn holds(&self, other: &Self) -> bool {
        other.segments.starts_with(&self.segments)
    }
}

impl fmt::Display for Path {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (at, segment) in self.segments.iter().enumerate() {
            match segment {
                Segment::Member(name) | Segment::MemberOrElement(name, _) => {
                    f.write_str(&shown_name(name, at == 0))?;
                }
                Segment::Element(index) => write!(f, "[{index}]")?,
                Segment::Each => f.write_str("[*]")?,
            }
        }
        Ok(())
    }
}

/// A name as a step of a path is written.
pub(super) fn shown_name(name: &str, first: bool) -> String {
    let plain = !name.is_empty() && !name.starts_with('/') && !name.contains(is_special);
    if plain {
        return format!("{}{name}", if first { "" } else { "." });
    }
    let mut quoted = Vec::new();
    write::string(name, &mut quoted);
    format!("[{}]", String::from_utf8(quoted).unwrap_or_default())
}

fn is_special(c: char) -> bool {
    matches!(c, '.' | '[' | ']' | '"') || c.is_whitespace() || c.is_control()
}

/// RFC 6901 section 3.
fn pointer(text: &str) -> Result<Vec<Segment>, PathError> {
    text.split('/').skip(1).map(token).collect()
}

fn token(text: &str) -> Result<Segment, PathError> {
    let mut name = String::new();
    let mut rest = text.chars();
    while let Some(c) = rest.next() {
        name.push(match c {
            '~' => match rest.next() {
                Some('0') => '~',
                Some('1') => '/',
                _ => {
                    return Err(PathError {
                        message: "in a JSON Pointer, ~ is written ~0, and / is written ~1",
                    });
                }
            },
            other => other,
        });
    }
    Ok(match index(text) {
        Some(index) => Segment::MemberOrElement(name.into(), index),
        None => Segment::Member(name.into()),
    })
}

/// RFC 6901 section 4: no zeros in front.
fn index(text: &str) -> Option<usize> {
    let canonical = text == "0" || (!text.starts_with('0') && text.bytes().all(|byte| byte.is_ascii_digit()));
    if canonical { text.parse().ok() } else { None }
}

fn dotted(text: &str) -> Result<Vec<Segment>, PathError> {
    let mut segments = Vec::new();
    let mut rest = text;
    loop {
        rest = if let Some(inside) = rest.strip_prefix('[') {
            let (segment, after) = bracket(inside)?;
            segments.push(segment);
            after
        } else {
            let end = rest.find(['.', '[']).unwrap_or(rest.len());
            let (name, after) = rest.split_at(end);
            if name.is_empty() {
                return Err(PathError { message: "a name is missing" });
            }
            if name.contains(is_special) {
                return Err(PathError { message: "such a name is written [\"…\"]" });
            }
            segments.push(Segment::Member(name.into()));
            after
        };
        if rest.is_empty() {
            return Ok(segments);
        }
        rest = match rest.strip_prefix('.') {
            Some(after) if !after.starts_with('[') => after,
            None if rest.starts_with('[') => rest,
            _ => return Err(PathError { message: "between names stands one ." }),
        };
    }
}

/// What stands behind `[`, and what is left of the text.
fn bracket(inside: &str) -> Result<(Segment, &str), PathError> {
    if inside.starts_with('"') {
        // A name may have `]` in it: the quotation mark behind it ends it, unless it is escaped.
        let mut escaped = false;
        let closes = |(_, byte): &(usize, u8)| {
            let closes = *byte == b'"' && !escaped;
            escaped = *byte == b'\\' && !escaped;
            closes
        };
        let end = inside.bytes().enumerate().skip(1).find(closes);
        let (end, _) = end.ok_or(PathError { message: "a quotation mark is missing" })?;
        let (quoted, after) = inside.split_at(end + 1);
        let name = parse(quoted.as_bytes(), &Limits::of(MOST_TEXT));
        let name = name.ok().and_then(|node| node.text().map(Box::from));
        let name = name.ok_or(PathError { message: "a name in [\"…\"] is written as JSON has text" })?;
        let after = after.strip_prefix(']').ok_or(PathError { message: "a ] is missing" })?;
        return Ok((Segment::Member(name), after));
    }
    let (what, after) = inside.split_once(']').ok_or(PathError { message: "a ] is missing" })?;
    match (what, index(what)) {
        ("*", _) => Ok((Segment::Each, after)),
        (_, Some(index)) => Ok((Segment::Element(index), after)),
        _ => Err(PathError { message: "in [] stands *, a number, or a name in quotation marks" }),
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn member(name: &str) -> Segment {
        Segment::Member(name.into())
    }

    #[test]
    fn paths_are_read() {
        let each = Segment::Each;
        for (text, segments) in [
            ("a", vec![member("a")]),
            ("a.b-c.d_e", vec![member("a"), member("b-c"), member("d_e")]),
            ("items[*].price", vec![member("items"), each.clone(), member("price")]),
            ("[*]", vec![each.clone()]),
            ("[*][*].a[0]", vec![each.clone(), each, member("a"), Segment::Element(0)]),
            (r#"["a.b"].c["d]\"e"]"#, vec![member("a.b"), member("c"), member("d]\"e")]),
            ("ü.名", vec![member("ü"), member("名")]),
            ("*.a", vec![member("*"), member("a")]),
            ("/a~1b/m~0n", vec![member("a/b"), member("m~n")]),
            ("/", vec![member("")]),
            ("/items/0/01", vec![member("items"), Segment::MemberOrElement("0".into(), 0), member("01")]),
            ("/a/-", vec![member("a"), member("-")]),
        ] {
            let path = Path::read(text).unwrap();
            assert_eq!(path.segments(), segments, "{text}");
            if !text.starts_with('/') {
                assert_eq!(path.to_string(), text);
            }
        }
    }

    #[test]
    fn what_is_no_path_is_refused() {
        for text in [
            "",
            ".",
            "a.",
            ".a",
            "a..b",
            "a b",
            "a[",
            "a[x]",
            "a[-1]",
            "a[01]",
            "a]",
            "a[*",
            "a[*]b",
            "a.[*]",
            "[\"a]",
            "[\"a\"",
            "/~2",
            "/~",
            "a\"b",
            "[18446744073709551616]",
        ] {
            assert!(Path::read(text).is_err(), "{text}");
        }
        assert!(Path::read(&"a".repeat(1_025)).is_err());
        assert!(Path::read(&["a"; 17].join(".")).is_err());
        assert!(Path::read(&["a"; 16].join(".")).is_ok());
    }
}
