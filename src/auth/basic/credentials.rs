//! What stands in the field (RFC 7617). Whether the password is right is [`crate::auth::password`]'s affair.

use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use crate::host::Secret;

/// A name and a password, as presented.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Credentials {
    /// The name.
    pub user: String,
    /// The password; may be empty.
    pub password: Secret,
}

/// Why a field holds no credentials; never holds anything of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Malformed {
    /// Longer than [`LONGEST`].
    Length,
    /// Not base 64 in its one canonical spelling.
    Base64,
    /// Not UTF-8.
    Utf8,
    /// A control character: RFC 7617 section 2 forbids them in both parts.
    Control,
    /// No colon between name and password.
    Colon,
}

/// The scheme, as it is written.
pub const SCHEME: &str = "Basic";

/// The longest credentials in base 64, in bytes. A passphrase of some 700 bytes fits; what is longer would only be work
/// for the hash.
pub const LONGEST: usize = 1024;

/// Reads what stands after the scheme. RFC 7617 section 2: the name ends at the first colon; section 2.1: UTF-8, which
/// is what the challenge asks for.
pub fn read(encoded: &str) -> Result<Credentials, Malformed> {
    if encoded.len() > LONGEST {
        return Err(Malformed::Length);
    }
    let decoded = STANDARD.decode(encoded).map_err(|_| Malformed::Base64)?;
    let text = String::from_utf8(decoded).map_err(|_| Malformed::Utf8)?;
    if text.chars().any(char::is_control) {
        return Err(Malformed::Control);
    }
    let (user, password) = text.split_once(':').ok_or(Malformed::Colon)?;
    Ok(Credentials { user: user.to_owned(), password: Secret::new(password) })
}

/// `WWW-Authenticate` for `realm`, in which quotation marks and backslashes are escaped (RFC 9110 section 5.6.4).
pub fn challenge(realm: &str) -> String {
    let quoted = realm.replace('\\', "\\\\").replace('"', "\\\"");
    format!("{SCHEME} realm=\"{quoted}\", charset=\"UTF-8\"")
}

impl fmt::Display for Malformed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Length => "the credentials are too long",
            Self::Base64 => "the credentials are not base 64",
            Self::Utf8 => "the credentials are not UTF-8",
            Self::Control => "the credentials have a control character",
            Self::Colon => "there is no colon between name and password",
        })
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[track_caller]
    fn check(encoded: &str, user: &str, password: &str) {
        let read = read(encoded).unwrap();
        assert_eq!((&*read.user, read.password.expose()), (user, password));
    }

    #[test]
    fn the_examples_of_rfc_7617() {
        // Section 2 and section 2.1.
        check("QWxhZGRpbjpvcGVuIHNlc2FtZQ==", "Aladdin", "open sesame");
        check("dGVzdDoxMjPCow==", "test", "123£");
        assert_eq!(challenge("foo"), "Basic realm=\"foo\", charset=\"UTF-8\"");
    }

    #[test]
    fn the_name_ends_at_the_first_colon() {
        check(&STANDARD.encode("a:b:c"), "a", "b:c");
        check(&STANDARD.encode(":"), "", "");
        check(&STANDARD.encode("a:"), "a", "");
    }

    #[test]
    fn what_is_malformed_is_refused() {
        for (encoded, why) in [
            ("", Malformed::Colon),
            (&STANDARD.encode("no colon"), Malformed::Colon),
            ("QWxhZGRpbjpvcGVuIHNlc2FtZQ", Malformed::Base64),
            ("QWxhZGRpbjpvcGVuIHNlc2FtZR==", Malformed::Base64),
            ("QWxh ZGRpbg==", Malformed::Base64),
            ("QWxhZGRpbjpv-_==", Malformed::Base64),
            (&STANDARD.encode(b"a:\xa3"), Malformed::Utf8),
            (&STANDARD.encode("a\n:b"), Malformed::Control),
            (&STANDARD.encode("a:\u{7f}"), Malformed::Control),
            (&STANDARD.encode("a:\u{85}"), Malformed::Control),
            (&"A".repeat(LONGEST + 4), Malformed::Length),
        ] {
            assert_eq!(read(encoded), Err(why), "{encoded:.40}");
        }
    }

    #[test]
    fn a_realm_stays_in_its_quotes() {
        assert_eq!(challenge("a\"b\\"), "Basic realm=\"a\\\"b\\\\\", charset=\"UTF-8\"");
    }
}
