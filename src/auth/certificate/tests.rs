//! Certificates that were made with OpenSSL, and the one of RFC 9440.

#![allow(clippy::unwrap_used, clippy::panic)]

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use http::{HeaderMap, HeaderValue, Request};
use serde_json::json;

use super::*;

/// RFC 9440 appendix A.
const RFC_9440: &str = concat!(
    "MIIBqDCCAU6gAwIBAgIBBzAKBggqhkjOPQQDAjA6MRswGQYDVQQKDBJMZXQncyBBdXRoZW50aWNhdGUxGzAZBgNVBAMMEkxB",
    "IEludGVybWVkaWF0ZSBDQTAeFw0yMDAxMTQyMjU1MzNaFw0yMTAxMjMyMjU1MzNaMA0xCzAJBgNVBAMMAkJDMFkwEwYHKoZI",
    "zj0CAQYIKoZIzj0DAQcDQgAE8YnXXfaUgmnMtOXU/IncWalRhebrXmckC8vdgJ1p5Be5F/3YC8OthxM4+k1M6aEAEFcGzkJi",
    "Ny6J84y7uzo9M6NyMHAwCQYDVR0TBAIwADAfBgNVHSMEGDAWgBRm3WjLa38lbEYCuiCPct0ZaSED2DAOBgNVHQ8BAf8EBAMC",
    "BsAwEwYDVR0lBAwwCgYIKwYBBQUHAwIwHQYDVR0RAQH/BBMwEYEPYmRjQGV4YW1wbGUuY29tMAoGCCqGSM49BAMCA0gAMEUC",
    "IBHda/r1vaL6G3VliL4/Di6YK0Q6bMjeSkC3dFCOOB8TAiEAx/kHSB4urmiZ0NX5r5XarmPk0wmuydBVoU4hBVZ1yhk=",
);

/// `O=Example, CN=billing` and other names, valid from 2000 to 2099.
const BILLING: &str = concat!(
    "MIICAzCCAaigAwIBAgIBATAKBggqhkjOPQQDAjAvMRAwDgYDVQQKDAdFeGFtcGxlMRswGQYDVQQDDBJDbGllbnRzIG9mIEV4",
    "YW1wbGUwIBcNMDAwMTAxMDAwMDAwWhgPMjA5OTEyMzEyMzU5NTlaMCQxEDAOBgNVBAoMB0V4YW1wbGUxEDAOBgNVBAMMB2Jp",
    "bGxpbmcwWTATBgcqhkjOPQIBBggqhkjOPQMBBwNCAAQieMpt7zaC5KhqA9jUe2tiDmPEUlFTi3vvQ1ZjnBnMae+J4YBgtjng",
    "D2bisBYhEV9nBbO9V0IGMX17puGVEKMRo4G9MIG6MHgGA1UdEQRxMG+GJHNwaWZmZTovL2V4YW1wbGUub3JnL25zL3Nob3Av",
    "YmlsbGluZ4IbQmlsbGluZy5jbGllbnRzLmV4YW1wbGUuY29tghViaWxsaW5nLm90aGVyLmV4YW1wbGWBE2JpbGxpbmdAZXhh",
    "bXBsZS5jb20wHQYDVR0OBBYEFNx6sdCEVgf9gCN3Jvb1cbNIurXTMB8GA1UdIwQYMBaAFN1FAmJ4mBSyOOYIStwcOnrEUCxk",
    "MAoGCCqGSM49BAMCA0kAMEYCIQCalV8Qftl5Vp3FeTZhDF6XT2BmRrnt8PvBRIsG1VSbJAIhAKdz+uav8HFYG+BVAvAIofzE",
    "zWF5XglpbHRphlXFakJ0",
);

/// `O=Ex, Ample+Co; CN=größe`, without other names.
const PLAIN: &str = concat!(
    "MIIBQjCB6AIBBDAKBggqhkjOPQQDAjAvMRAwDgYDVQQKDAdFeGFtcGxlMRswGQYDVQQDDBJDbGllbnRzIG9mIEV4YW1wbGUw",
    "IBcNMDAwMTAxMDAwMDAwWhgPMjA5OTEyMzEyMzU5NTlaMCkxFTATBgNVBAoMDEV4LCBBbXBsZStDbzEQMA4GA1UEAwwHZ3LD",
    "tsOfZTBZMBMGByqGSM49AgEGCCqGSM49AwEHA0IABCJ4ym3vNoLkqGoD2NR7a2IOY8RSUVOLe+9DVmOcGcxp74nhgGC2OeAP",
    "ZuKwFiERX2cFs71XQgYxfXum4ZUQoxEwCgYIKoZIzj0EAwIDSQAwRgIhAJO8QeU/k8MiXJGIa3VRXrQp1Pa9A+hP79a6+hAm",
    "yDPlAiEA62tv4N50VDGphflLN2SQ2AjUh0CZ4QuUE+W+SeUcv/A=",
);

/// `CN=a, CN=b`, and a URI of another domain.
const TWO_NAMES: &str = concat!(
    "MIIBrDCCAVOgAwIBAgIBAzAKBggqhkjOPQQDAjAvMRAwDgYDVQQKDAdFeGFtcGxlMRswGQYDVQQDDBJDbGllbnRzIG9mIEV4",
    "YW1wbGUwIBcNMDAwMTAxMDAwMDAwWhgPMjA5OTEyMzEyMzU5NTlaMBgxCjAIBgNVBAMMAWExCjAIBgNVBAMMAWIwWTATBgcq",
    "hkjOPQIBBggqhkjOPQMBBwNCAAQE5swy0PCgqb/telCa95LbvyIUGUIjM6SsuXOxF/a78jflh7vt+E5V9OjjpaG11vclrVRT",
    "JeujYMIkOCbGuJ2Fo3UwczAxBgNVHREEKjAohiZzcGlmZmU6Ly9vdGhlci5leGFtcGxlL25zL3Nob3AvYmlsbGluZzAdBgNV",
    "HQ4EFgQUXu+CNygaf5bFPompoDpzN2v3G0YwHwYDVR0jBBgwFoAU3UUCYniYFLI45ghK3Bw6esRQLGQwCgYIKoZIzj0EAwID",
    "RwAwRAIgPG0nYvFCShGQT1VEZbE3x/qEtGWfCfWz1zbBqfSetnYCIFNhrPHxIBVy8lLbpYRGyRc4b5jEjEEhbOimOPBsctqe",
);

/// 2026-01-01T00:00:00Z.
const NOW: UnixMillis = UnixMillis(1_767_225_600_000);

fn read(text: &str) -> ClientCertificate {
    ClientCertificate::parse(&BASE64_STANDARD.decode(text).unwrap()).unwrap()
}

#[test]
fn a_certificate_is_read() {
    let billing = read(BILLING);
    assert_eq!(&*billing.subject, "CN=billing,O=Example");
    assert_eq!(billing.common_name.as_deref(), Some("billing"));
    assert_eq!(&*billing.issuer, "CN=Clients of Example,O=Example");
    assert_eq!(&*billing.serial, "01");
    assert_eq!(&*billing.fingerprint, "d0820d43fafd436090af48225aa3cf89b5ac8eb92020c2c959758ddaa24e0d35");
    let list = |names: &[&str]| names.iter().map(|name| Box::from(*name)).collect::<Vec<Box<str>>>();
    assert_eq!(billing.dns, list(&["billing.clients.example.com", "billing.other.example"]));
    assert_eq!(billing.uris, list(&["spiffe://example.org/ns/shop/billing"]));
    assert_eq!(billing.emails, list(&["billing@example.com"]));
    assert_eq!(billing.not_before, UnixMillis(946_684_800_000));
    assert_eq!(billing.not_after, UnixMillis(4_102_444_799_000));
    let rfc = read(RFC_9440);
    assert_eq!((&*rfc.subject, &*rfc.issuer), ("CN=BC", "CN=LA Intermediate CA,O=Let's Authenticate"));
    assert_eq!((&*rfc.serial, &*rfc.emails[0]), ("07", "bdc@example.com"));
}

#[test]
fn names_are_written_as_rfc_4514_has_it() {
    assert_eq!(&*read(PLAIN).subject, "CN=größe,O=Ex\\, Ample\\+Co");
    // Of two common names, nobody can say which is meant.
    assert_eq!((&*read(TWO_NAMES).subject, read(TWO_NAMES).common_name), ("CN=b,CN=a", None));
}

#[test]
fn both_ends_of_the_time_are_valid() {
    let certificate = read(RFC_9440);
    let (first, last) = (certificate.not_before.0, certificate.not_after.0);
    for (now, valid) in [(first - 1, false), (first, true), (last + 999, true), (last + 1000, false)] {
        assert_eq!(certificate.is_valid_at(UnixMillis(now)), valid, "{now}");
    }
}

#[test]
fn what_is_no_certificate_is_said() {
    let der = BASE64_STANDARD.decode(BILLING).unwrap();
    for end in 0..der.len() {
        assert!(ClientCertificate::parse(&der[..end]).is_err(), "{end}");
    }
    let mut longer = der.clone();
    longer.push(0);
    assert!(ClientCertificate::parse(&longer).is_err());
    assert!(ClientCertificate::parse(&vec![0x30; x509::LONGEST + 1]).unwrap_err().0.contains("bytes"));
    // Whatever a single byte does, it does not panic.
    for at in 0..der.len() {
        for byte in [0x00, 0x7f, 0x80, 0xff] {
            let mut changed = der.clone();
            changed[at] = byte;
            let _ = ClientCertificate::parse(&changed);
        }
    }
}

fn field(lines: &[&str]) -> Result<Option<ClientCertificate>, Unusable> {
    let mut headers = HeaderMap::new();
    for line in lines {
        headers.append("client-cert", HeaderValue::from_str(line).unwrap());
    }
    field::client_cert(&headers)
}

#[test]
fn the_field_is_one_byte_sequence() {
    assert_eq!(field(&[]), Ok(None));
    assert_eq!(field(&[&format!(":{RFC_9440}:")]), Ok(Some(read(RFC_9440))));
    let bare = RFC_9440.trim_end_matches('=');
    assert_eq!(field(&[&format!(" :{bare}: ")]), Ok(Some(read(RFC_9440))));
    for bad in [
        String::new(),
        ":".to_owned(),
        "::".to_owned(),
        RFC_9440.to_owned(),
        format!(":{RFC_9440}"),
        format!(":{RFC_9440}:;a=1"),
        format!(":{RFC_9440}:, :{RFC_9440}:"),
        format!("\"{RFC_9440}\""),
        format!(":{}:", RFC_9440.replace('+', "-")),
        format!(":{}:", "A".repeat(30_000)),
    ] {
        assert!(field(&[&bad]).is_err(), "{bad}");
    }
    let line = format!(":{RFC_9440}:");
    assert!(field(&[&line, &line]).is_err());
}

// === authentication ===

fn policy(subject: SubjectOf) -> Certificates {
    Certificates { subject, allow: Vec::new(), from_proxies: false, consumers: Vec::new() }
}

fn behind_proxies() -> Certificates {
    Certificates { from_proxies: true, ..policy(SubjectOf::CommonName) }
}

/// Who is found for a request whose connection has `connection`, and which has `field`, from a trusted proxy or not.
fn found(policy: &Certificates, connection: Option<&str>, field: Option<&str>, trusted: bool) -> String {
    let mut request = Request::new(());
    if let Some(text) = connection {
        request.extensions_mut().insert(Arc::new(read(text)));
    }
    if let Some(text) = field {
        request.headers_mut().insert("client-cert", HeaderValue::try_from(format!(":{text}:")).unwrap());
    }
    let (head, ()) = request.into_parts();
    match find("mtls", policy, &head, trusted, NOW) {
        Found::Absent => "absent".to_owned(),
        Found::Verified(caller) => caller.subject.clone().unwrap().into(),
        Found::Rejected(Rejection::Invalid(cause)) => cause.into_owned(),
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_callers_name_is_the_one_that_is_asked_for() {
    for (subject, expected) in [
        (SubjectOf::Subject, "CN=billing,O=Example"),
        (SubjectOf::CommonName, "billing"),
        (SubjectOf::Dns, "billing.clients.example.com"),
        (SubjectOf::Uri, "spiffe://example.org/ns/shop/billing"),
        (SubjectOf::Email, "billing@example.com"),
        (SubjectOf::Fingerprint, "d0820d43fafd436090af48225aa3cf89b5ac8eb92020c2c959758ddaa24e0d35"),
    ] {
        assert_eq!(found(&policy(subject), Some(BILLING), None, false), expected);
    }
    for (subject, certificate, expected) in [
        (SubjectOf::Dns, PLAIN, "the client's certificate has no name of the DNS that is let in"),
        (SubjectOf::Uri, PLAIN, "the client's certificate has no URI that is let in"),
        (SubjectOf::CommonName, TWO_NAMES, "the client's certificate has no common name that is let in"),
        (SubjectOf::CommonName, RFC_9440, "the client's certificate is not valid now"),
    ] {
        assert_eq!(found(&policy(subject), Some(certificate), None, false), expected);
    }
    assert_eq!(found(&policy(SubjectOf::Subject), None, None, false), "absent");
}

#[test]
fn only_names_on_the_list_are_let_in() {
    let allow = |subject: SubjectOf, names: &[&str]| Certificates {
        allow: names.iter().map(|name| NamePattern::parse(name).unwrap()).collect(),
        ..policy(subject)
    };
    let second = allow(SubjectOf::Dns, &["*.other.example"]);
    assert_eq!(found(&second, Some(BILLING), None, false), "billing.other.example");
    let shop = allow(SubjectOf::Uri, &["spiffe://example.org/ns/shop/*"]);
    assert_eq!(found(&shop, Some(BILLING), None, false), "spiffe://example.org/ns/shop/billing");
    let refused = "the client's certificate has no URI that is let in";
    assert_eq!(found(&shop, Some(TWO_NAMES), None, false), refused);
    assert_eq!(found(&shop, Some(PLAIN), None, false), refused);
}

#[test]
fn a_field_is_believed_of_trusted_proxies_and_where_the_way_in_says_so() {
    for (policy, connection, field, trusted, expected) in [
        (behind_proxies(), None, Some(BILLING), true, "billing"),
        (behind_proxies(), None, Some(BILLING), false, "absent"),
        (behind_proxies(), None, Some("AAAA"), true, "the certificate cannot be read: "),
        (behind_proxies(), None, Some(RFC_9440), true, "the client's certificate is not valid now"),
        // A proxy's own certificate is not its client's.
        (behind_proxies(), Some(BILLING), None, true, "absent"),
        (behind_proxies(), Some(PLAIN), Some(BILLING), true, "billing"),
        (behind_proxies(), Some(PLAIN), Some(BILLING), false, "größe"),
        (policy(SubjectOf::CommonName), None, Some(BILLING), true, "absent"),
        (policy(SubjectOf::CommonName), Some(PLAIN), Some(BILLING), true, "größe"),
    ] {
        let found = found(&policy, connection, field, trusted);
        assert!(found.starts_with(expected) && expected.is_empty() == found.is_empty(), "{found} {expected}");
    }
}

#[test]
fn a_known_caller_is_its_consumer() {
    let consumer = |disabled| Certificates {
        consumers: vec![(
            "billing".into(),
            Arc::new(Consumer {
                id: "acme".into(),
                groups: vec!["gold".into()],
                disabled,
                ..Consumer::default()
            }),
        )],
        ..policy(SubjectOf::CommonName)
    };
    let mut request = Request::new(());
    request.extensions_mut().insert(Arc::new(read(BILLING)));
    let (head, ()) = request.into_parts();
    let Found::Verified(caller) = find("mtls", &consumer(false), &head, false, NOW) else { panic!() };
    assert_eq!((&*caller.by, caller.subject.as_deref()), ("mtls", Some("billing")));
    assert_eq!(caller.consumer.as_ref().map(|consumer| &*consumer.id), Some("acme"));
    assert_eq!(caller.groups, [Box::from("gold")]);
    assert_eq!(caller.expires, Some(UnixMillis(4_102_444_799_000)));
    assert_eq!(caller.claims["san_dns"], json!(["billing.clients.example.com", "billing.other.example"]));
    assert_eq!(caller.claims["serial"], json!("01"));
    assert_eq!(found(&consumer(true), Some(BILLING), None, false), "the consumer is switched off");
    assert_eq!(found(&consumer(true), Some(PLAIN), None, false), "größe");
}
