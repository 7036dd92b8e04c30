//! Laws of clients' certificates: nothing that is written in `Client-Cert` panics, and nobody who may not be believed is.

#![allow(clippy::unwrap_used)]

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use http::{HeaderMap, HeaderValue};
use proptest::collection::vec;
use proptest::prelude::*;
use tollgate::auth::certificate::field::client_cert;
use tollgate::auth::certificate::{ClientCertificate, NamePattern, SubjectOf};

/// O=Example, CN=billing, with names of every kind.
const BILLING: &str = "MIICAzCCAaigAwIBAgIBATAKBggqhkjOPQQDAjAvMRAwDgYDVQQKDAdFeGFtcGxlMRswGQYDVQQDDBJDbGllbnRzIG9mIEV4YW1wbGUwIBcNMDAwMTAxMDAwMDAwWhgPMjA5OTEyMzEyMzU5NTlaMCQxEDAOBgNVBAoMB0V4YW1wbGUxEDAOBgNVBAMMB2JpbGxpbmcwWTATBgcqhkjOPQIBBggqhkjOPQMBBwNCAAQieMpt7zaC5KhqA9jUe2tiDmPEUlFTi3vvQ1ZjnBnMae+J4YBgtjngD2bisBYhEV9nBbO9V0IGMX17puGVEKMRo4G9MIG6MHgGA1UdEQRxMG+GJHNwaWZmZTovL2V4YW1wbGUub3JnL25zL3Nob3AvYmlsbGluZ4IbQmlsbGluZy5jbGllbnRzLmV4YW1wbGUuY29tghViaWxsaW5nLm90aGVyLmV4YW1wbGWBE2JpbGxpbmdAZXhhbXBsZS5jb20wHQYDVR0OBBYEFNx6sdCEVgf9gCN3Jvb1cbNIurXTMB8GA1UdIwQYMBaAFN1FAmJ4mBSyOOYIStwcOnrEUCxkMAoGCCqGSM49BAMCA0kAMEYCIQCalV8Qftl5Vp3FeTZhDF6XT2BmRrnt8PvBRIsG1VSbJAIhAKdz+uav8HFYG+BVAvAIofzEzWF5XglpbHRphlXFakJ0";

fn der() -> Vec<u8> {
    BASE64_STANDARD.decode(BILLING).unwrap()
}

fn field(value: &[u8]) -> HeaderMap {
    let mut headers = HeaderMap::new();
    headers.extend(
        HeaderValue::from_bytes(value)
            .ok()
            .map(|value| (http::HeaderName::from_static("client-cert"), value)),
    );
    headers
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_field_can_be_read(value in vec(any::<u8>(), 0..200), text in ":?[A-Za-z0-9+/=]{0,80}:?") {
        let _ = client_cert(&field(&value));
        let _ = client_cert(&field(text.as_bytes()));
    }

    /// However a certificate was changed, it can be read or not; what it says can be put into a field, and a changed
    /// one is never taken for the one that it was.
    #[test]
    fn any_certificate_can_be_read(changes in vec((any::<prop::sample::Index>(), any::<u8>()), 1..8), cut in any::<prop::sample::Index>()) {
        let (original, mut changed) = (der(), der());
        for (at, byte) in changes {
            let at = at.index(changed.len());
            changed[at] = byte;
        }
        let _ = ClientCertificate::parse(&changed[..cut.index(changed.len())]);
        if let Ok(read) = ClientCertificate::parse(&changed) {
            for subject in [SubjectOf::Subject, SubjectOf::CommonName, SubjectOf::Dns, SubjectOf::Uri, SubjectOf::Email] {
                let caller = subject.caller(&read, &[]);
                prop_assert!(caller.is_none_or(|name| HeaderValue::from_str(name).is_ok()));
            }
            let same = ClientCertificate::parse(&original).unwrap().fingerprint == read.fingerprint;
            prop_assert_eq!(same, original == changed);
        }
    }

    /// A pattern lets in what it says, and nothing beside it.
    #[test]
    fn patterns_are_what_they_say(pattern in "\\*?[a-c./]{0,4}\\*?", name in "[a-c./]{0,6}") {
        let expected = match (pattern.strip_prefix('*'), pattern.strip_suffix('*')) {
            _ if pattern.trim_matches('*').is_empty() => None,
            (Some(_), Some(_)) => None,
            (None, None) => Some(pattern == name),
            (Some(end), None) => Some(name.ends_with(end) && name != end),
            (None, Some(start)) => Some(name.starts_with(start) && name != start),
        };
        let read = NamePattern::parse(&pattern);
        prop_assert_eq!(read.is_some(), expected.is_some());
        if let (Some(read), Some(expected)) = (read, expected) {
            let mut certificate = ClientCertificate::parse(&der()).unwrap();
            certificate.uris = vec![name.as_str().into()];
            let caller = SubjectOf::Uri.caller(&certificate, &[read]);
            prop_assert_eq!(caller.is_some(), expected && !name.is_empty());
        }
    }
}
