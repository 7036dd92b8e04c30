//! Finding what ends a stretch of text, eight bytes at a time.

/// The lowest bit of each byte of a word.
const ONES: u64 = 0x0101_0101_0101_0101;

/// The highest bit of each byte of a word.
const HIGH: u64 = 0x8080_8080_8080_8080;

/// How many bytes from the beginning stand for themselves in text: up to a quotation mark, a backslash or a control
/// character (RFC 8259 section 7).
pub(super) fn plain(bytes: &[u8]) -> usize {
    let mut at = 0;
    while let Some(word) = bytes.get(at..).and_then(|rest| rest.first_chunk::<8>()) {
        let special = special(u64::from_le_bytes(*word));
        if special != 0 {
            // The lowest byte that is marked is right; a borrow may have marked those above it.
            return at + (special.trailing_zeros() / 8) as usize;
        }
        at += 8;
    }
    let rest = &bytes[at..];
    at + rest.iter().position(|byte| matches!(byte, b'"' | b'\\' | 0..=0x1f)).unwrap_or(rest.len())
}

/// The highest bit of each byte that does not stand for itself.
fn special(word: u64) -> u64 {
    let equal = |byte: u8| {
        let difference = word ^ (ONES * u64::from(byte));
        difference.wrapping_sub(ONES) & !difference
    };
    let control = word.wrapping_sub(ONES * 0x20) & !word;
    (equal(b'"') | equal(b'\\') | control) & HIGH
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_special_byte_is_found_wherever_it_stands() {
        for length in 0..40 {
            for at in 0..=length {
                for byte in 0..=u8::MAX {
                    let mut bytes = vec![0xc3; length];
                    if let Some(place) = bytes.get_mut(at) {
                        *place = byte;
                    }
                    let special = at < length && (byte < 0x20 || byte == b'"' || byte == b'\\');
                    assert_eq!(
                        plain(&bytes),
                        if special { at } else { length },
                        "{byte} at {at} of {length}"
                    );
                }
            }
        }
    }

    #[test]
    fn what_stands_behind_it_does_not_matter() {
        for (text, at) in [(&b"abc\"\\\x00!!!!"[..], 3), (b"\"\"\"\"\"\"\"\"", 0), (b" !#$%&'(\x1f", 8)] {
            assert_eq!(plain(text), at);
        }
    }
}
