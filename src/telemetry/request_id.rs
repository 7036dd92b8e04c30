//! The id of a request: the caller's if it is harmless, else a new one.

use bytes::BytesMut;
use http::header::HeaderName;
use http::{HeaderMap, HeaderValue};

use super::trace::push_hex;

/// `X-Request-Id`.
pub const X_REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// The longest id that is taken from a caller.
const LONGEST: usize = 128;

/// The caller's `X-Request-Id` if there is one line with 1 to 128 harmless characters, else 128 random bits as
/// lower-case digits. `random` is asked once, or not at all.
pub fn accept_or_make(headers: &HeaderMap, random: &mut dyn FnMut(&mut [u8])) -> HeaderValue {
    let mut lines = headers.get_all(X_REQUEST_ID).iter();
    if let (Some(line), None) = (lines.next(), lines.next())
        && is_harmless(line.as_bytes())
    {
        return line.clone();
    }
    let mut id = [0; 16];
    random(&mut id);
    let mut text = BytesMut::with_capacity(32);
    push_hex(&mut text, &id);
    // Digits are always a value; the other branch is there to need no panic.
    HeaderValue::from_maybe_shared(text.freeze()).unwrap_or_else(|_| HeaderValue::from_static("none"))
}

/// An id ends up in logs, in shells and in pages: visible ASCII, without what ends or begins something in any of
/// them. What is left is enough for UUIDs, base64, and `Root=1-67891233-abcdef012345678912345678`.
fn is_harmless(id: &[u8]) -> bool {
    matches!(id.len(), 1..=LONGEST)
        && id.iter().all(|byte| byte.is_ascii_graphic() && !b"\"'\\`<>,;".contains(byte))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn id(lines: &[&[u8]]) -> String {
        let mut headers = HeaderMap::new();
        for line in lines {
            headers.append(X_REQUEST_ID, HeaderValue::from_bytes(line).unwrap());
        }
        accept_or_make(&headers, &mut |bytes| bytes.fill(0x0F)).to_str().unwrap().to_owned()
    }

    #[test]
    fn harmless_ids_are_taken() {
        for line in
            ["a", "7f9c2ba4-e88f-4dc1-a3a9-1a2b3c4d5e6f", "aGk=+/_~", "Root=1-67891233-ab", &"x".repeat(128)]
        {
            assert_eq!(id(&[line.as_bytes()]), line);
        }
    }

    #[test]
    fn others_are_not() {
        let made = "0f".repeat(16);
        assert_eq!(id(&[]), made);
        assert_eq!(id(&[b"a", b"a"]), made);
        for line in [&b""[..], b"a b", b"a\tb", b"a\"", b"a\\", b"a'", b"a,b", b"<a>", b"\xff", &[b'x'; 129]]
        {
            assert_eq!(id(&[line]), made, "{line:?}");
        }
    }
}
