//! Which characters and names XML has.

use std::borrow::Cow;

/// XML section 2.2, production 2.
pub(super) fn is_character(character: char) -> bool {
    !matches!(character, '\0'..='\u{8}' | '\u{b}' | '\u{c}' | '\u{e}'..='\u{1f}' | '\u{fffe}' | '\u{ffff}')
}

/// Where the first character stands that XML does not have.
pub(super) fn first_illegal(text: &str) -> Option<usize> {
    // Most texts have none of the few bytes that such characters are made of.
    let suspect = |byte: u8| byte < 0x20 && !matches!(byte, b'\t' | b'\n' | b'\r') || byte == 0xef;
    if !text.bytes().any(suspect) {
        return None;
    }
    text.char_indices().find(|(_, character)| !is_character(*character)).map(|(at, _)| at)
}

/// XML section 2.3, production 3.
pub(super) fn is_space(byte: u8) -> bool {
    matches!(byte, b' ' | b'\t' | b'\n' | b'\r')
}

pub(in crate::format) fn is_blank(text: &str) -> bool {
    text.bytes().all(is_space)
}

/// XML section 2.3, production 4, without the colon (Namespaces in XML, section 3).
fn starts_name(character: char) -> bool {
    matches!(character,
        'A'..='Z' | 'a'..='z' | '_' | '\u{c0}'..='\u{d6}' | '\u{d8}'..='\u{f6}' | '\u{f8}'..='\u{2ff}'
        | '\u{370}'..='\u{37d}' | '\u{37f}'..='\u{1fff}' | '\u{200c}'..='\u{200d}' | '\u{2070}'..='\u{218f}'
        | '\u{2c00}'..='\u{2fef}' | '\u{3001}'..='\u{d7ff}' | '\u{f900}'..='\u{fdcf}' | '\u{fdf0}'..='\u{fffd}'
        | '\u{10000}'..='\u{effff}')
}

/// XML section 2.3, production 4a, without the colon.
fn continues_name(character: char) -> bool {
    starts_name(character)
        || matches!(character,
            '-' | '.' | '0'..='9' | '\u{b7}' | '\u{300}'..='\u{36f}' | '\u{203f}'..='\u{2040}')
}

/// A name without a colon.
pub(super) fn is_plain(text: &str) -> bool {
    let mut characters = text.chars();
    characters.next().is_some_and(starts_name) && characters.all(continues_name)
}

/// A name, perhaps with a prefix.
pub(super) fn is_qualified(text: &str) -> bool {
    match text.split_once(':') {
        Some((prefix, local)) => is_plain(prefix) && is_plain(local),
        None => is_plain(text),
    }
}

/// The prefix and the rest.
pub(super) fn split(name: &str) -> (Option<&str>, &str) {
    match name.split_once(':') {
        Some((prefix, local)) => (Some(prefix), local),
        None => (None, name),
    }
}

/// A name that any element can have: what it cannot be made of is written `_x0020_`, and so is the `_` of what looks like
/// that. `None` for a name of nothing.
pub(super) fn escaped(name: &str) -> Option<Cow<'_, str>> {
    if is_plain(name) && !name.char_indices().any(|(at, _)| escape_at(&name[at..]).is_some()) {
        return Some(Cow::Borrowed(name));
    }
    let mut out = String::with_capacity(name.len() + 16);
    for (at, character) in name.char_indices() {
        let fits = if at == 0 { starts_name(character) } else { continues_name(character) };
        if fits && escape_at(&name[at..]).is_none() {
            out.push(character);
        } else if u32::from(character) > 0xffff {
            out.push_str(&format!("_x{:08X}_", u32::from(character)));
        } else {
            out.push_str(&format!("_x{:04X}_", u32::from(character)));
        }
    }
    (!name.is_empty()).then_some(out.into())
}

/// What [`escaped`] has made of a name, undone.
pub(super) fn unescaped(name: &str) -> Cow<'_, str> {
    if !name.contains("_x") {
        return Cow::Borrowed(name);
    }
    let mut out = String::with_capacity(name.len());
    let mut rest = name;
    while let Some(character) = rest.chars().next() {
        match escape_at(rest) {
            Some((escaped, len)) => {
                out.push(escaped);
                rest = &rest[len..];
            }
            None => {
                out.push(character);
                rest = &rest[character.len_utf8()..];
            }
        }
    }
    Cow::Owned(out)
}

/// The character that is escaped at the beginning of this text, and how long the escape is.
fn escape_at(text: &str) -> Option<(char, usize)> {
    let digits = text.strip_prefix("_x")?;
    [4, 8].into_iter().find_map(|count| {
        let (digits, rest) = digits.split_at_checked(count)?;
        let all = digits.bytes().all(|byte| byte.is_ascii_hexdigit());
        let number = u32::from_str_radix(digits, 16).ok().filter(|_| all && rest.starts_with('_'))?;
        Some((char::from_u32(number)?, count + 3))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_those_of_xml() {
        for name in ["a", "_", "a-b.c1", "ü", "名前", "a:b", "xml", "a·b", "\u{10000}"] {
            assert!(is_qualified(name), "{name}");
        }
        for name in
            ["", "1a", "-a", ".a", "a b", "a:b:c", ":a", "a:", "a/", "a>", "a\"", "×", "a\u{0}", "@a", "a:1"]
        {
            assert!(!is_qualified(name), "{name}");
        }
    }

    #[test]
    fn escapes_are_undone() {
        for (name, written) in [
            ("a", "a"),
            ("first name", "first_x0020_name"),
            ("1st", "_x0031_st"),
            ("a:b", "a_x003A_b"),
            ("_x0020_", "_x005F_x0020_"),
            ("_x002_", "_x002_"),
            ("_x00000041_", "_x005F_x00000041_"),
            ("<>&\"", "_x003C__x003E__x0026__x0022_"),
            ("\u{0}😀", "_x0000_😀"),
            ("a\u{f0000}", "a_x000F0000_"),
        ] {
            let escaped = escaped(name).unwrap();
            assert_eq!(escaped, written, "{name}");
            assert!(is_plain(&escaped), "{name}");
            assert_eq!(unescaped(&escaped), name);
        }
        assert_eq!(escaped(""), None);
    }

    #[test]
    fn illegal_characters_are_found() {
        for (text, at) in [
            ("a\tb\r\n\u{7f}\u{85}\u{feff}😀", None),
            ("a\u{0}", Some(1)),
            ("ab\u{1f}", Some(2)),
            ("\u{ffff}", Some(0)),
            ("é\u{fffe}", Some(2)),
        ] {
            assert_eq!(first_illegal(text), at, "{text:?}");
        }
    }
}
