//! What is known of a caller as the value of a header field.
//!
//! Visible ASCII stands for itself, and so does a space that is neither first nor last. `%` and everything else are
//! percent-encoded, text beyond ASCII as UTF-8 (RFC 3986 section 2.1): a subject named `Zoë` arrives as `Zo%C3%AB`. So no
//! two identities look the same, none can end a line, and decoding is one call in every language.

use http::HeaderValue;

/// The longest value that is sent, in bytes. Servers commonly take 8 KiB for a line, and a value that is cut off would
/// be another identity.
pub const LONGEST: usize = 4096;

/// Why there is no value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TooLong;

/// `text` as a value.
pub fn text(text: &str) -> Result<HeaderValue, TooLong> {
    list([text], None)
}

/// `items` as a value, with `separator` between them. A separator inside an item is percent-encoded, so that an item
/// cannot pass for two.
pub fn list<'a>(
    items: impl IntoIterator<Item = &'a str>,
    separator: impl Into<Option<u8>>,
) -> Result<HeaderValue, TooLong> {
    let separator = separator.into();
    let mut value = Vec::new();
    for (index, item) in items.into_iter().enumerate() {
        if let Some(separator) = separator.filter(|_| index > 0) {
            value.push(separator);
        }
        encode(&mut value, item.as_bytes(), separator);
        if value.len() > LONGEST {
            return Err(TooLong);
        }
    }
    // Everything in it is visible ASCII or a space.
    HeaderValue::from_maybe_shared(bytes::Bytes::from(value)).map_err(|_| TooLong)
}

fn encode(value: &mut Vec<u8>, item: &[u8], separator: Option<u8>) {
    const DIGITS: &[u8; 16] = b"0123456789ABCDEF";
    let last = item.len().saturating_sub(1);
    for (at, &byte) in item.iter().enumerate() {
        let plain = match byte {
            b'%' => false,
            // RFC 9110 section 5.5: white space around a value is not part of it.
            b' ' => at != 0 && at != last,
            byte => byte.is_ascii_graphic(),
        };
        if plain && Some(byte) != separator {
            value.push(byte);
        } else {
            value.extend([b'%', DIGITS[usize::from(byte >> 4)], DIGITS[usize::from(byte & 15)]]);
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn texts() {
        for (from, expected) in [
            ("user-1", "user-1"),
            ("auth0|5f7c", "auth0|5f7c"),
            ("Ada Lovelace", "Ada Lovelace"),
            (" Ada ", "%20Ada%20"),
            (" ", "%20"),
            ("", ""),
            ("Zoë", "Zo%C3%AB"),
            ("100%", "100%25"),
            ("100%25", "100%2525"),
            ("a\r\nx-admin: 1", "a%0D%0Ax-admin: 1"),
            ("a\tb\u{7f}\0", "a%09b%7F%00"),
            ("a,b", "a,b"),
        ] {
            assert_eq!(text(from).unwrap(), expected, "{from:?}");
        }
    }

    #[test]
    fn an_item_cannot_pass_for_two() {
        assert_eq!(list(["a", "b c", "d,e"], b',').unwrap(), "a,b c,d%2Ce");
        assert_eq!(list(["a", "b c", "d,e"], b' ').unwrap(), "a b%20c d,e");
        assert_eq!(list([], b',').unwrap(), "");
        assert_eq!(list(["", ""], b',').unwrap(), ",");
    }

    #[test]
    fn the_length_is_bounded() {
        assert_eq!(text(&"a".repeat(LONGEST)).unwrap().len(), LONGEST);
        assert_eq!(text(&"a".repeat(LONGEST + 1)), Err(TooLong));
        assert_eq!(text(&"\u{e9}".repeat(LONGEST / 6 + 1)), Err(TooLong));
        assert_eq!(list(["a"; LONGEST], b','), Err(TooLong));
    }
}
