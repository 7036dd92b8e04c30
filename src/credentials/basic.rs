//! The `Basic` scheme (RFC 7617).

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use http::HeaderValue;

/// The longest user name and password together, in bytes: the field must fit where servers take 8 KiB for a line.
const LONGEST: usize = 4096;

/// The value of `Authorization`. `None` where `user` has a colon, which RFC 7617 section 2 forbids since nobody could
/// tell where the password begins; where one of the two has a control character; and where they are too long.
pub fn authorization(user: &str, password: &str) -> Option<HeaderValue> {
    let control = |text: &str| text.chars().any(char::is_control);
    if user.contains(':') || control(user) || control(password) || user.len() + password.len() > LONGEST {
        return None;
    }
    let pair = format!("{user}:{password}");
    let mut value = HeaderValue::try_from(format!("Basic {}", STANDARD.encode(pair))).ok()?;
    value.set_sensitive(true);
    Some(value)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    /// The first two are the examples of RFC 7617 sections 2 and 2.1.
    #[test]
    fn pairs() {
        for (user, password, expected) in [
            ("Aladdin", "open sesame", "Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ=="),
            ("test", "123\u{a3}", "Basic dGVzdDoxMjPCow=="),
            ("a", "b:c", "Basic YTpiOmM="),
            ("", "", "Basic Og=="),
        ] {
            let value = authorization(user, password).unwrap();
            assert_eq!(value, expected);
            assert!(value.is_sensitive());
        }
    }

    #[test]
    fn what_cannot_be_said_is_refused() {
        let long = "a".repeat(LONGEST);
        for (user, password) in [("a:b", "c"), ("a\n", "b"), ("a", "b\u{7f}"), ("ab", &long)] {
            assert_eq!(authorization(user, password), None, "{user} {password}");
        }
    }
}
