//! The compact form of a signed token (RFC 7515 section 7.1), taken apart. Nothing in it is believed yet.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::Value;

use super::Algorithm;
use crate::auth::claims::{self, Bounds, Claims};

/// A token, taken apart.
#[derive(Debug, Clone, PartialEq)]
pub struct Token<'a> {
    /// What the token says it is signed with; `None` where that is nothing that could be verified here.
    pub algorithm: Option<Algorithm>,
    /// RFC 7515 section 4.1.4 `kid`.
    pub key_id: Option<Box<str>>,
    /// RFC 7515 section 4.1.9 `typ`.
    pub typ: Option<Box<str>>,
    /// The payload.
    pub claims: Claims,
    /// RFC 7515 section 5.2, step 8: what is signed.
    pub signed: &'a str,
    /// The signature.
    pub signature: Vec<u8>,
}

/// Why a text is no token; for the operator.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Malformed(pub &'static str);

/// A header has a handful of parameters. Certificates (`x5c`) may stand in it and are not looked at, but they are
/// texts in an array, and small enough for the token's own limit.
const HEADER: Bounds = Bounds { bytes: 16 << 10, depth: 4, values: 64 };

/// The largest signature: 512 bytes of RSA with 4096 bits.
const MAX_SIGNATURE: usize = 512;

// === impl Token ===

impl<'a> Token<'a> {
    /// Takes `text` apart, which may be `max_bytes` long.
    ///
    /// # Errors
    ///
    /// Where it is not three parts of base64url, the first two of them JSON objects, or its header wants something
    /// that must be understood and is not.
    pub fn read(text: &'a str, max_bytes: usize) -> Result<Self, Malformed> {
        if text.len() > max_bytes {
            return Err(Malformed("the token is too long"));
        }
        let (signed, header, payload, signature) = split(text)?;
        let header = object(header, HEADER)?;
        // RFC 7515 section 4.1.11: extensions that must be understood. There is none that is, and RFC 7797 section 6
        // wants `b64` to be one of them. Keys come from the issuer's set only: `jwk`, `jku`, `x5u`, and `x5c` are
        // what a token says of itself, and are not looked at (RFC 8725 section 3.10).
        if header.contains_key("crit") || header.contains_key("b64") {
            return Err(Malformed("the header has an extension that is not understood"));
        }
        let name = text_of(&header, "alg")?.ok_or(Malformed("the header names no algorithm"))?;
        let signature = decode(signature)
            .filter(|it| it.len() <= MAX_SIGNATURE)
            .ok_or(Malformed("the signature is none"))?;
        Ok(Self {
            algorithm: Algorithm::parse(&name),
            key_id: text_of(&header, "kid")?,
            typ: text_of(&header, "typ")?,
            claims: object(payload, claims::CLAIMS)?,
            signed,
            signature,
        })
    }
}

/// What is signed, and the three parts. RFC 7516 section 9: five parts are an encrypted token.
fn split(text: &str) -> Result<(&str, &str, &str, &str), Malformed> {
    const NOT_THREE: Malformed = Malformed("not three parts between dots");
    let (signed, signature) = text.rsplit_once('.').ok_or(NOT_THREE)?;
    let (header, payload) = signed.split_once('.').ok_or(NOT_THREE)?;
    if payload.contains('.') {
        return Err(if text.split('.').count() == 5 {
            Malformed("the token is encrypted")
        } else {
            NOT_THREE
        });
    }
    if header.is_empty() || payload.is_empty() {
        return Err(Malformed("a part is empty"));
    }
    // RFC 7519 section 6.1: a token with an empty signature is one with none.
    if signature.is_empty() {
        return Err(Malformed("the token is not signed"));
    }
    Ok((signed, header, payload, signature))
}

/// RFC 7515 section 2: base64url without padding, white space or anything else, in its one canonical form.
fn decode(part: &str) -> Option<Vec<u8>> {
    URL_SAFE_NO_PAD.decode(part).ok()
}

fn object(part: &str, bounds: Bounds) -> Result<Claims, Malformed> {
    let bytes = decode(part).ok_or(Malformed("a part is not base64url"))?;
    claims::parse(&bytes, bounds).map_err(|refused| Malformed(refused.0))
}

fn text_of(header: &Claims, name: &str) -> Result<Option<Box<str>>, Malformed> {
    match header.get(name) {
        None => Ok(None),
        Some(Value::String(text)) => Ok(Some(text.as_str().into())),
        Some(_) => Err(Malformed("a header parameter is not text")),
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn token(header: &str, payload: &str) -> String {
        format!("{}.{}.c2ln", URL_SAFE_NO_PAD.encode(header), URL_SAFE_NO_PAD.encode(payload))
    }

    #[track_caller]
    fn refused(text: &str, why: &str) {
        assert_eq!(Token::read(text, 8192).map_err(|malformed| malformed.0), Err(why), "{text}");
    }

    #[test]
    fn takes_apart() {
        let text = token(r#"{"alg":"ES256","kid":"k","typ":"at+jwt","jku":"http://x"}"#, r#"{"iss":"i"}"#);
        let read = Token::read(&text, 8192).unwrap();
        assert_eq!(read.algorithm, Some(Algorithm::ES256));
        assert_eq!((read.key_id.as_deref(), read.typ.as_deref()), (Some("k"), Some("at+jwt")));
        assert_eq!(read.claims["iss"], "i");
        assert_eq!(read.signature, b"sig");
        assert_eq!(format!("{}.c2ln", read.signed), text);
    }

    #[test]
    fn refuses_other_forms() {
        let fine = token(r#"{"alg":"ES256"}"#, "{}");
        let (signed, _) = fine.rsplit_once('.').unwrap();
        refused("", "not three parts between dots");
        refused("a.b", "not three parts between dots");
        refused("a.b.c.d", "not three parts between dots");
        refused("a.b.c.d.e", "the token is encrypted");
        refused("..", "a part is empty");
        refused(".e30.c2ln", "a part is empty");
        refused("e30..c2ln", "a part is empty");
        refused(&format!("{signed}."), "the token is not signed");
        refused(&format!("{signed}.c2lnXX=="), "the signature is none");
        // Not canonical: bits that mean nothing are set.
        refused(&format!("{signed}.c2lnaB"), "the signature is none");
        refused(&format!("{signed}.c2l+"), "the signature is none");
        refused(&format!("{signed}.c2ln\n"), "the signature is none");
        refused(&format!("{signed}.{}", "AAAA".repeat(200)), "the signature is none");
        refused(&format!(" {fine}"), "a part is not base64url");
        refused(&fine.replacen("ey", "e=", 1), "a part is not base64url");
        assert!(Token::read(&fine, fine.len()).is_ok());
        assert_eq!(Token::read(&fine, fine.len() - 1), Err(Malformed("the token is too long")));
    }

    #[test]
    fn refuses_headers() {
        let extension = "the header has an extension that is not understood";
        let cases = [
            ("[]", "not a JSON object"),
            ("{}", "the header names no algorithm"),
            (r#"{"alg":"ES256","alg":"HS256"}"#, "the JSON has a member twice"),
            (r#"{"alg":["ES256"]}"#, "a header parameter is not text"),
            (r#"{"alg":null}"#, "a header parameter is not text"),
            (r#"{"alg":"ES256","kid":1}"#, "a header parameter is not text"),
            (r#"{"alg":"ES256","typ":{}}"#, "a header parameter is not text"),
            (r#"{"alg":"ES256","crit":["exp"],"exp":1}"#, extension),
            (r#"{"alg":"ES256","crit":[]}"#, extension),
            (r#"{"alg":"ES256","crit":null}"#, extension),
            (r#"{"alg":"ES256","b64":false}"#, extension),
            (r#"{"alg":"ES256","a":{"b":{"c":{"d":[]}}}}"#, "the JSON is nested too deeply"),
        ];
        for (header, why) in cases {
            refused(&token(header, "{}"), why);
        }
        refused(&token(r#"{"alg":"ES256"}"#, "7"), "not a JSON object");
        refused(&token(r#"{"alg":"ES256"}"#, r#"{"a":1,"a":1}"#), "the JSON has a member twice");
    }

    #[test]
    fn an_unknown_algorithm_is_none_at_all() {
        for name in ["none", "None", "NONE", "nonE", "HS1", "ES512", ""] {
            let text = token(&format!(r#"{{"alg":"{name}"}}"#), "{}");
            assert_eq!(Token::read(&text, 8192).unwrap().algorithm, None, "{name}");
        }
    }
}
