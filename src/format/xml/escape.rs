//! References in text and attributes, and the other way.

use std::borrow::Cow;

use super::super::Fault;
use super::names::is_character;

/// What text is before references are looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// XML section 2.11: ends of lines are one line feed.
    Content,
    /// XML section 3.3.3: tabs and line feeds are spaces, too.
    Attribute,
}

/// Text as it is meant. References are looked at in both kinds, but a reader that has taken them out of content itself
/// gives none.
pub(super) fn resolved(text: &str, kind: Kind) -> Result<Cow<'_, str>, Fault> {
    let changes = |byte: u8| match kind {
        Kind::Content => matches!(byte, b'&' | b'\r'),
        Kind::Attribute => matches!(byte, b'&' | b'\r' | b'\n' | b'\t'),
    };
    if !text.bytes().any(changes) {
        return Ok(Cow::Borrowed(text));
    }
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.bytes().position(changes) {
        let (before, special) = rest.split_at(at);
        out.push_str(before);
        rest = &special[1..];
        match special.as_bytes()[0] {
            b'&' => {
                let (name, behind) = rest.split_once(';').ok_or(Fault::Entity)?;
                out.push(reference(name)?);
                rest = behind;
            }
            byte => {
                if byte == b'\r' {
                    rest = rest.strip_prefix('\n').unwrap_or(rest);
                }
                out.push(if kind == Kind::Attribute { ' ' } else { '\n' });
            }
        }
    }
    out.push_str(rest);
    Ok(Cow::Owned(out))
}

/// What stands between `&` and `;`: XML sections 4.1 and 4.6.
pub(super) fn reference(name: &str) -> Result<char, Fault> {
    let number = match name {
        "lt" => return Ok('<'),
        "gt" => return Ok('>'),
        "amp" => return Ok('&'),
        "apos" => return Ok('\''),
        "quot" => return Ok('"'),
        other => other.strip_prefix('#').ok_or(Fault::Entity)?,
    };
    let (digits, radix) = match number.strip_prefix('x') {
        Some(digits) => (digits, 16),
        None => (number, 10),
    };
    if digits.is_empty() || !digits.bytes().all(|byte| char::from(byte).is_digit(radix)) {
        return Err(Fault::Entity);
    }
    let number = u32::from_str_radix(digits, radix).map_err(|_| Fault::Entity)?;
    char::from_u32(number).filter(|it| is_character(*it)).ok_or(Fault::Entity)
}

/// What is written for a character that cannot stand for itself.
pub(super) fn escape(byte: u8, kind: Kind) -> Option<&'static str> {
    Some(match (byte, kind) {
        (b'&', _) => "&amp;",
        (b'<', _) => "&lt;",
        // XML section 2.4: `]]>` must not stand in content.
        (b'>', _) => "&gt;",
        // Readers make line feeds of them.
        (b'\r', _) => "&#13;",
        (b'"', Kind::Attribute) => "&quot;",
        (b'\n', Kind::Attribute) => "&#10;",
        (b'\t', Kind::Attribute) => "&#9;",
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn references_are_resolved_and_lines_ended() {
        for (text, content, attribute) in [
            ("a", "a", "a"),
            ("&lt;&gt;&amp;&apos;&quot;", "<>&'\"", "<>&'\""),
            ("&#65;&#x42;&#x1F600;&#10;&#13;&#9;", "AB😀\n\r\t", "AB😀\n\r\t"),
            ("a\r\nb\rc\nd\te", "a\nb\nc\nd\te", "a b c d e"),
            ("&amp;lt;", "&lt;", "&lt;"),
        ] {
            assert_eq!(resolved(text, Kind::Content).unwrap(), content, "{text:?}");
            assert_eq!(resolved(text, Kind::Attribute).unwrap(), attribute, "{text:?}");
        }
    }

    #[test]
    fn there_are_no_other_references() {
        for text in [
            "&nbsp;",
            "&lol9;",
            "&",
            "&;",
            "&#;",
            "&#x;",
            "&#0;",
            "&#x0;",
            "&#11;",
            "&#xD800;",
            "&#xFFFE;",
            "&#x110000;",
            "&#99999999999;",
            "&#-1;",
            "&#+65;",
            "&#X41;",
            "&# 65;",
            "&LT;",
            "&lt",
        ] {
            assert_eq!(resolved(text, Kind::Content), Err(Fault::Entity), "{text}");
        }
    }
}
