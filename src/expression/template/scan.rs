//! Where the holes of a text are.

use super::{MOST_HOLES, MOST_TEXT, Mistake};

/// A part of a text with holes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Part<'t> {
    /// Text, its braces single.
    Text(String),
    /// What stands between the braces.
    Hole(&'t str),
}

/// The parts of `text`, in order; no two texts are next to each other.
pub(super) fn parts(text: &str) -> Result<Vec<Part<'_>>, Mistake> {
    if text.len() > MOST_TEXT {
        let length = text.len();
        return Err(Mistake::new(format!(
            "the text has {length} bytes, and at most {MOST_TEXT} are allowed"
        )));
    }
    let (mut parts, mut plain, mut holes) = (Vec::new(), String::new(), 0);
    let mut rest = text;
    while let Some(at) = rest.find(['{', '}']) {
        plain.push_str(&rest[..at]);
        let (brace, after) = rest[at..].split_at(1);
        if let Some(after) = after.strip_prefix(brace) {
            plain.push_str(brace);
            rest = after;
            continue;
        }
        if brace == "}" {
            return Err(with_help("a brace is closed that was not opened", "a plain one is \"}}\""));
        }
        let Some(end) = end_of_hole(after) else {
            return Err(with_help("a brace is opened and not closed", "a plain one is \"{{\""));
        };
        let hole = &after[..end];
        if hole.trim().is_empty() {
            return Err(with_help("there is nothing between the braces", "plain ones are \"{{}}\""));
        }
        holes += 1;
        if holes > MOST_HOLES {
            return Err(Mistake::new(format!("there are more than {MOST_HOLES} holes in the text")));
        }
        if !plain.is_empty() {
            parts.push(Part::Text(std::mem::take(&mut plain)));
        }
        parts.push(Part::Hole(hole));
        rest = &after[end + 1..];
    }
    plain.push_str(rest);
    if !plain.is_empty() {
        parts.push(Part::Text(plain));
    }
    Ok(parts)
}

fn with_help(message: &str, help: &str) -> Mistake {
    Mistake { help: Some(help.to_owned()), ..Mistake::new(message) }
}

/// Where the brace is that closes the hole: not one of a map, nor one within a text of CEL.
fn end_of_hole(text: &str) -> Option<usize> {
    let bytes = text.as_bytes();
    let (mut at, mut open) = (0, 0_usize);
    while let Some(byte) = bytes.get(at) {
        match byte {
            b'{' => open += 1,
            b'}' if open == 0 => return Some(at),
            b'}' => open -= 1,
            b'"' | b'\'' => {
                at = end_of_text(bytes, at)?;
                continue;
            }
            _ => {}
        }
        at += 1;
    }
    None
}

/// Where what follows a text of CEL begins; `start` is its first quotation mark. Raw texts (`r"…"`) have no escapes.
fn end_of_text(bytes: &[u8], start: usize) -> Option<usize> {
    let quote = *bytes.get(start)?;
    let tripled = bytes.get(start..start + 3).is_some_and(|three| three.iter().all(|byte| *byte == quote));
    let letters = bytes.get(start.saturating_sub(2)..start)?;
    let letters = letters.rsplit(|byte| !byte.is_ascii_alphabetic()).next()?;
    let raw = matches!(letters, b"r" | b"R" | b"br" | b"bR" | b"Br" | b"BR" | b"rb" | b"rB" | b"Rb" | b"RB");
    let ends: &[u8] = if tripled { &[quote; 3] } else { &[quote] };
    let mut at = start + ends.len();
    while at < bytes.len() {
        if bytes.get(at) == Some(&b'\\') && !raw {
            at += 2;
        } else if bytes.get(at..)?.starts_with(ends) {
            return Some(at + ends.len());
        } else {
            at += 1;
        }
    }
    None
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn holes_end_where_their_brace_does() {
        let text = |text: &str| Part::Text(text.to_owned());
        for (source, expected) in [
            ("", vec![]),
            ("plain", vec![text("plain")]),
            ("{{a}}", vec![text("{a}")]),
            ("/{id}/x", vec![text("/"), Part::Hole("id"), text("/x")]),
            ("{a}{b}", vec![Part::Hole("a"), Part::Hole("b")]),
            ("{ {'a': 1}.a }", vec![Part::Hole(" {'a': 1}.a ")]),
            ("{a == '}' ? 'x' : \"}\"}!", vec![Part::Hole("a == '}' ? 'x' : \"}\""), text("!")]),
            (r"{'\'}'}", vec![Part::Hole(r"'\'}'")]),
            (r"{r'\'}", vec![Part::Hole(r"r'\'")]),
            (r"{a + '''it's }''' }", vec![Part::Hole(r"a + '''it's }''' ")]),
            ("é{x}é", vec![text("é"), Part::Hole("x"), text("é")]),
        ] {
            assert_eq!(parts(source).unwrap(), expected, "{source}");
        }
        for source in ["{", "a}", "{}", "{ }", "{'}", "{\"", "{a", "{{a}", "{'\\", "{{{"] {
            assert!(parts(source).is_err(), "{source}");
        }
        assert!(parts(&"{a}".repeat(MOST_HOLES + 1)).is_err());
        assert!(parts(&"a".repeat(MOST_TEXT + 1)).is_err());
    }
}
