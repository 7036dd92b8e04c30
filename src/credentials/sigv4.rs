//! Signing requests as AWS does: Signature Version 4 ("Signature Version 4 signing process" in the AWS General
//! Reference, now "Create a signed AWS API request" in the IAM User Guide).

use std::fmt::Write as _;

use hmac::{Hmac, Mac as _};
use http::header::{AUTHORIZATION, CONTENT_TYPE, HeaderName, HeaderValue, InvalidHeaderValue};
use http::{HeaderMap, Method};
use sha2::{Digest as _, Sha256};

use crate::host::{Secret, UnixMillis};
use crate::telemetry::line::rfc3339;

mod canonical;

const X_AMZ_DATE: HeaderName = HeaderName::from_static("x-amz-date");
const X_AMZ_SECURITY_TOKEN: HeaderName = HeaderName::from_static("x-amz-security-token");
const X_AMZ_CONTENT_SHA256: HeaderName = HeaderName::from_static("x-amz-content-sha256");

const ALGORITHM: &str = "AWS4-HMAC-SHA256";

/// Whose requests these are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Keys {
    /// The access key's id.
    pub id: Secret,
    /// The secret access key.
    pub secret: Secret,
    /// The session token of temporary credentials.
    pub session: Option<Secret>,
}

/// What a signature is good for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Scope {
    /// `us-east-1`.
    pub region: Box<str>,
    /// `execute-api`, `s3`, `lambda`: the name that the service signs by.
    pub service: Box<str>,
}

/// A request's content, as far as the signature covers it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Content<'a> {
    /// All of it.
    Whole(&'a [u8]),
    /// None of it. S3 takes that, over TLS; most other services do not.
    Unsigned,
}

/// A request's head as it is going to be sent.
#[derive(Debug, Clone, Copy)]
pub struct Head<'a> {
    /// Its method.
    pub method: &'a Method,
    /// Its path, byte for byte.
    pub path: &'a str,
    /// Its query without `?`, byte for byte.
    pub query: Option<&'a str>,
    /// The value of `Host`.
    pub host: &'a str,
}

/// Signs a request: writes the fields that AWS asks for into `headers`, whatever stood there under their names.
///
/// Signed are `Host`, `Content-Type` and every `X-Amz-…` field: what AWS demands, and nothing that a proxy on the way
/// may change.
pub fn sign(
    head: &Head<'_>,
    headers: &mut HeaderMap,
    content: Content<'_>,
    keys: &Keys,
    scope: &Scope,
    now: UnixMillis,
) -> Result<(), InvalidHeaderValue> {
    let time = basic_format(now);
    let hash = match content {
        Content::Whole(bytes) => hex(&Sha256::digest(bytes)),
        Content::Unsigned => "UNSIGNED-PAYLOAD".to_owned(),
    };
    for name in [&AUTHORIZATION, &X_AMZ_SECURITY_TOKEN, &X_AMZ_CONTENT_SHA256] {
        headers.remove(name);
    }
    headers.insert(X_AMZ_DATE, HeaderValue::try_from(&time)?);
    if let Some(session) = &keys.session {
        headers.insert(X_AMZ_SECURITY_TOKEN, sensitive(session.expose())?);
    }
    // S3 demands the field; other services need it only to know that nothing is signed.
    if scope.is_s3() || content == Content::Unsigned {
        headers.insert(X_AMZ_CONTENT_SHA256, HeaderValue::try_from(&hash)?);
    }
    let names = signed_names(headers);
    let canonical = canonical::request(head, headers, &names, scope.is_s3(), &hash);
    let authorization = authorization(&canonical, &names, keys, scope, &time);
    headers.insert(AUTHORIZATION, sensitive(&authorization)?);
    Ok(())
}

/// The names that are signed beside `host`, sorted.
fn signed_names(headers: &HeaderMap) -> Vec<HeaderName> {
    let signed = |name: &&HeaderName| *name == CONTENT_TYPE || name.as_str().starts_with("x-amz-");
    let mut names: Vec<_> = headers.keys().filter(signed).cloned().collect();
    names.push(http::header::HOST);
    names.sort_unstable_by(|a, b| a.as_str().cmp(b.as_str()));
    names.dedup();
    names
}

fn authorization(canonical: &str, names: &[HeaderName], keys: &Keys, scope: &Scope, time: &str) -> String {
    let date = time.get(..8).unwrap_or(time);
    let Scope { region, service } = scope;
    let credential = format!("{date}/{region}/{service}/aws4_request");
    let digest = hex(&Sha256::digest(canonical));
    let to_sign = format!("{ALGORITHM}\n{time}\n{credential}\n{digest}");
    let signature = hex(&mac(&signing_key(&keys.secret, date, scope), to_sign.as_bytes()));
    let names = canonical::names(names);
    let id = keys.id.expose();
    format!("{ALGORITHM} Credential={id}/{credential}, SignedHeaders={names}, Signature={signature}")
}

fn signing_key(secret: &Secret, date: &str, scope: &Scope) -> [u8; 32] {
    let secret = format!("AWS4{}", secret.expose());
    [&*scope.region, &scope.service, "aws4_request"]
        .into_iter()
        .fold(mac(secret.as_bytes(), date.as_bytes()), |key, part| mac(&key, part.as_bytes()))
}

fn mac(key: &[u8], message: &[u8]) -> [u8; 32] {
    match Hmac::<Sha256>::new_from_slice(key) {
        Ok(mac) => mac.chain_update(message).finalize().into_bytes().into(),
        // RFC 2104 section 2: a key of any length will do.
        Err(_) => [0; 32],
    }
}

/// ISO 8601 basic format in UTC, in seconds: `20150830T123600Z`.
fn basic_format(now: UnixMillis) -> String {
    let mut text: String = rfc3339(now).chars().filter(|c| !matches!(c, '-' | ':')).collect();
    text.truncate("20150830T123600".len());
    text.push('Z');
    text
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::with_capacity(bytes.len() * 2), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}

fn sensitive(text: &str) -> Result<HeaderValue, InvalidHeaderValue> {
    let mut value = HeaderValue::try_from(text)?;
    value.set_sensitive(true);
    Ok(value)
}

// === impl Scope ===

impl Scope {
    /// Whether the rules are those of S3, which differ in two places. S3 Object Lambda, S3 on Outposts and S3 Express
    /// sign as S3 does.
    pub fn is_s3(&self) -> bool {
        matches!(&*self.service, "s3" | "s3-object-lambda" | "s3-outposts" | "s3express")
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    /// 2015-08-30T12:36:00Z, the moment of every published example but S3's.
    const NOW: UnixMillis = UnixMillis(1_440_938_160_000);

    fn example_keys() -> Keys {
        Keys {
            id: Secret::new("AKIDEXAMPLE"),
            secret: Secret::new("wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY"),
            session: None,
        }
    }

    fn scope(service: &str) -> Scope {
        Scope { region: "us-east-1".into(), service: service.into() }
    }

    fn fields(lines: &[(&'static str, &'static str)]) -> HeaderMap {
        lines.iter().map(|(name, value)| (name.parse().unwrap(), HeaderValue::from_static(value))).collect()
    }

    fn signature(headers: &HeaderMap) -> (String, String) {
        let text = headers[AUTHORIZATION].to_str().unwrap();
        let (rest, signature) = text.rsplit_once(", Signature=").unwrap();
        (rest.rsplit_once("SignedHeaders=").unwrap().1.to_owned(), signature.to_owned())
    }

    /// `GET` to `example.amazonaws.com` for `service`, as in the AWS Signature Version 4 test suite.
    fn suite(path: &str, query: Option<&str>) -> String {
        let mut headers = HeaderMap::new();
        let head = Head { method: &Method::GET, path, query, host: "example.amazonaws.com" };
        sign(&head, &mut headers, Content::Whole(b""), &example_keys(), &scope("service"), NOW).unwrap();
        let (names, signature) = signature(&headers);
        assert_eq!(names, "host;x-amz-date");
        signature
    }

    const VANILLA: &str = "5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31";
    const UNRESERVED: &str = "/-._~0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
    const PAIR: &str = "-._~0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz=-._~0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

    /// The published test suite (`aws-signing-test-suite/v4` in awslabs/aws-c-auth): name, path, query, signature. Its
    /// paths and queries are not yet encoded.
    const SUITE: [(&str, &str, Option<&str>, &str); 11] = [
        ("get-vanilla", "/", None, VANILLA),
        ("get-relative-relative-normalized", "/example1/example2/../..", None, VANILLA),
        (
            "get-slashes-normalized",
            "//example//",
            None,
            "9a624bd73a37c9a373b5312afbebe7a714a789de108f0bdfe846570885f57e84",
        ),
        (
            "get-space-normalized",
            "/example space/",
            None,
            "652487583200325589f1fba4c7e578f72c47cb61beeca81406b39ddec1366741",
        ),
        ("get-utf8", "/\u{1234}", None, "8318018e0b0f223aa2bbf98705b62bb787dc9c0e678f255a891fd03141be5d85"),
        (
            "get-unreserved",
            UNRESERVED,
            None,
            "07ef7494c76fa4850883e2b006601f940f8a34d404d0cfa977f52a65bbf5f24f",
        ),
        (
            "get-vanilla-empty-query-key",
            "/",
            Some("Param1=value1"),
            "a67d582fa61cc504c4bae71f336f98b97f1ea3c7a6bfe1b6e45aec72011b9aeb",
        ),
        (
            "get-vanilla-query-order-key-case",
            "/",
            Some("Param2=value2&Param1=value1"),
            "b97d918cfa904a5beff61c982a1b6f458b799221646efd99d3219ec94cdf2500",
        ),
        (
            "get-vanilla-query-order-encoded",
            "/",
            Some("Param-3=Value3&Param=Value2&%E1%88%B4=Value1"),
            "371d3713e185cc334048618a97f809c9ffe339c62934c032af5a0e595648fcac",
        ),
        (
            "get-vanilla-query-unreserved",
            "/",
            Some(PAIR),
            "9c3e54bfcdf0b19771a7f523ee5669cdf59bc7cc0884027167c21bb143a40197",
        ),
        (
            "get-vanilla-utf8-query",
            "/",
            Some("\u{1234}=bar"),
            "2cdec8eed098649ff3a119c94853b13c643bcf08f8b0a1d91e12c9027818dd04",
        ),
    ];

    #[test]
    fn published_suite() {
        for (name, path, query, expected) in SUITE {
            assert_eq!(suite(path, query), expected, "{name}");
        }
    }

    /// `get-vanilla-with-session-token` of the suite.
    #[test]
    fn session_token() {
        let session = "6e86291e8372ff2a2260956d9b8aae1d763fbf315fa00fa31553b73ebf194267";
        let keys = Keys { session: Some(Secret::new(session)), ..example_keys() };
        let head = Head { method: &Method::GET, path: "/", query: None, host: "example.amazonaws.com" };
        let mut headers = fields(&[("x-amz-security-token", "the client's")]);
        sign(&head, &mut headers, Content::Whole(b""), &keys, &scope("service"), NOW).unwrap();
        assert_eq!(headers["x-amz-security-token"], session);
        let expected = "07ec1639c89043aa0e3e2de82b96708f198cceab042d4a97044c66dd9f74e7f8";
        assert_eq!(
            signature(&headers),
            ("host;x-amz-date;x-amz-security-token".to_owned(), expected.to_owned())
        );
    }

    /// The example of AWS's documentation: IAM's ListUsers.
    #[test]
    fn list_users() {
        let query = Some("Action=ListUsers&Version=2010-05-08");
        let head = Head { method: &Method::GET, path: "/", query, host: "iam.amazonaws.com" };
        let mut headers = fields(&[
            ("content-type", "application/x-www-form-urlencoded; charset=utf-8"),
            ("authorization", "Bearer of-the-client"),
            ("accept", "*/*"),
        ]);
        sign(&head, &mut headers, Content::Whole(b""), &example_keys(), &scope("iam"), NOW).unwrap();
        assert_eq!(
            headers[AUTHORIZATION],
            "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20150830/us-east-1/iam/aws4_request, \
             SignedHeaders=content-type;host;x-amz-date, \
             Signature=5d672d79c15b13162d9279b0855cfba6789a8edb4c82c400e06b5924a6f2b5d7"
        );
        assert!(headers[AUTHORIZATION].is_sensitive());
        assert_eq!(headers["x-amz-date"], "20150830T123600Z");
    }

    fn s3(
        method: &Method,
        path: &str,
        query: Option<&str>,
        headers: &mut HeaderMap,
        content: Content<'_>,
    ) -> String {
        let keys = Keys {
            id: Secret::new("AKIAIOSFODNN7EXAMPLE"),
            secret: Secret::new("wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"),
            session: None,
        };
        let head = Head { method, path, query, host: "examplebucket.s3.amazonaws.com" };
        // 2013-05-24T00:00:00Z.
        sign(&head, headers, content, &keys, &scope("s3"), UnixMillis(1_369_353_600_000)).unwrap();
        signature(headers).1
    }

    /// The examples of "Signature Calculations for the Authorization Header" in the S3 API Reference whose signed
    /// fields are those that are signed here.
    #[test]
    fn s3_examples() {
        let none = Content::Whole(b"");
        for (query, expected) in [
            ("lifecycle", "fea454ca298b7da1c68078a5d1bdbfbbe0d65c699e0f91ac7a200a0136783543"),
            ("max-keys=2&prefix=J", "34b48302e7b5fa45bde8084f4b7868a86f0a534bc59db6670ed5711ef69dc6f7"),
        ] {
            assert_eq!(s3(&Method::GET, "/", Some(query), &mut HeaderMap::new(), none), expected, "{query}");
        }
    }

    #[test]
    fn content_is_covered_or_said_not_to_be() {
        let signed = |content, service: &str| {
            let mut headers = fields(&[("x-amz-content-sha256", "the client's")]);
            let head = Head { method: &Method::POST, path: "/", query: None, host: "a.example" };
            sign(&head, &mut headers, content, &example_keys(), &scope(service), NOW).unwrap();
            let hash = headers.get("x-amz-content-sha256").map(|it| it.to_str().unwrap().to_owned());
            (hash, signature(&headers))
        };
        let (hash, (names, one)) = signed(Content::Whole(b"one"), "lambda");
        assert_eq!((hash, &*names), (None, "host;x-amz-date"));
        assert_ne!(one, signed(Content::Whole(b"two"), "lambda").1.1);
        let (hash, (names, _)) = signed(Content::Whole(b"one"), "s3");
        assert_eq!(hash.unwrap(), hex(&Sha256::digest(b"one")));
        assert_eq!(names, "host;x-amz-content-sha256;x-amz-date");
        for service in ["s3", "lambda"] {
            let (hash, (names, _)) = signed(Content::Unsigned, service);
            assert_eq!(
                (hash.as_deref(), &*names),
                (Some("UNSIGNED-PAYLOAD"), "host;x-amz-content-sha256;x-amz-date")
            );
        }
    }
}
