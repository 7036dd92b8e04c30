//! The key a client gives, and what it stands for.

use std::borrow::Cow;

use http::HeaderMap;
use http::header::HeaderName;
use sha2::{Digest as _, Sha256};

use crate::auth::Admitted;

/// Where the key stands.
pub const FIELD: HeaderName = HeaderName::from_static("idempotency-key");

/// The longest key, in characters: what Stripe takes, and several times a UUID.
const LONGEST: usize = 255;

/// Why a key is none, for the client.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BadKey(pub &'static str);

/// A digest of a key and of whom it is from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Identity(pub [u8; 32]);

/// The key of a request; `None` where it has none. A string (draft section 2.1, RFC 9651 section 3.3.3), or bare, as most clients
/// send it.
///
/// # Errors
/// It is neither, it is empty or too long, or there are two.
pub fn find(headers: &HeaderMap) -> Result<Option<Cow<'_, str>>, BadKey> {
    let mut lines = headers.get_all(FIELD).iter();
    let Some(line) = lines.next() else { return Ok(None) };
    if lines.next().is_some() {
        return Err(BadKey("there are two keys"));
    }
    let text = line.to_str().map_err(|_| BadKey("a key is made of ASCII characters"))?.trim();
    let key = match text.strip_prefix('"') {
        Some(rest) => Cow::Owned(string(rest).ok_or(BadKey("a key is one string in double quotes"))?),
        None if text.bytes().all(|byte| byte.is_ascii_graphic() && !b"\",;\\".contains(&byte)) => {
            Cow::Borrowed(text)
        }
        None => return Err(BadKey("a key is one string in double quotes")),
    };
    match key.len() {
        1..=LONGEST => Ok(Some(key)),
        _ => Err(BadKey("a key has 1 to 255 characters")),
    }
}

/// RFC 9651 section 4.2.5, from behind the first quotation mark; nothing may follow the last.
fn string(text: &str) -> Option<String> {
    let mut read = String::with_capacity(text.len());
    let mut rest = text.chars();
    loop {
        match rest.next()? {
            '"' => return rest.as_str().is_empty().then_some(read),
            '\\' => match rest.next()? {
                escaped @ ('"' | '\\') => read.push(escaped),
                _ => return None,
            },
            other @ ' '..='~' => read.push(other),
            _ => return None,
        }
    }
}

// === impl Identity ===

impl Identity {
    /// Of `key` on `route` of `gateway`: another caller's is another key.
    pub fn of(gateway: &str, route: &str, admitted: &Admitted, key: &str) -> Self {
        let caller = admitted.caller.as_deref();
        let consumer = caller.and_then(|caller| caller.consumer.as_deref());
        let mut hash = Sha256::new();
        let mut add = |part: Option<&[u8]>| {
            // Everything has its length before it, so that nothing can move from one part to the next.
            hash.update([u8::from(part.is_some())]);
            hash.update((part.map_or(0, <[u8]>::len) as u64).to_le_bytes());
            hash.update(part.unwrap_or_default());
        };
        add(Some(gateway.as_bytes()));
        add(Some(route.as_bytes()));
        add(caller.map(|caller| caller.by.as_bytes()));
        add(caller.and_then(|caller| caller.subject.as_deref()).map(str::as_bytes));
        add(consumer.map(|consumer| consumer.id.as_bytes()));
        // Where only a service knows who it is, that is what it adds.
        for (name, value) in &admitted.request {
            add(Some(name.as_str().as_bytes()));
            add(Some(value.as_bytes()));
        }
        add(None);
        add(Some(key.as_bytes()));
        Self(hash.finalize().into())
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn read(value: &str) -> Result<Option<String>, BadKey> {
        let mut headers = HeaderMap::new();
        headers.insert(FIELD, value.parse().unwrap());
        find(&headers).map(|key| key.map(Cow::into_owned))
    }

    #[test]
    fn keys_are_strings_or_bare() {
        let uuid = "8e03978e-40d5-43dd-bc93-6894a57f9324";
        assert_eq!(read(&format!("\"{uuid}\"")), Ok(Some(uuid.to_owned())));
        assert_eq!(read(uuid), Ok(Some(uuid.to_owned())));
        assert_eq!(read(r#""a \"b\" \\ c""#), Ok(Some(r#"a "b" \ c"#.to_owned())));
        assert_eq!(read(&"k".repeat(255)), Ok(Some("k".repeat(255))));
        assert_eq!(find(&HeaderMap::new()), Ok(None));
        let long = "k".repeat(256);
        for bad in ["", "\"\"", "\"a", "a\"", "\"a\" b", "\"a\";p=1", "a, b", "a b", r#""\n""#, &long] {
            assert!(read(bad).is_err(), "{bad}");
        }
        let mut two = HeaderMap::new();
        two.append(FIELD, "a".parse().unwrap());
        two.append(FIELD, "a".parse().unwrap());
        assert!(find(&two).is_err());
    }

    #[test]
    fn a_key_is_of_one_route_and_one_caller() {
        let nobody = Admitted::default();
        let mut somebody = Admitted::default();
        somebody.request.insert("x-user", "7".parse().unwrap());
        let one = Identity::of("g", "r", &nobody, "k");
        assert_eq!(one, Identity::of("g", "r", &nobody, "k"));
        for other in [
            Identity::of("g", "r", &nobody, "l"),
            Identity::of("g", "rk", &nobody, ""),
            Identity::of("h", "r", &nobody, "k"),
            Identity::of("g", "r", &somebody, "k"),
        ] {
            assert_ne!(one, other);
        }
    }
}
