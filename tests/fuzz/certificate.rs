//! `Client-Cert` (RFC 9440): a byte sequence, and a certificate in it.

use http::{HeaderMap, HeaderValue};
use tollgate::auth::certificate::SubjectOf;
use tollgate::auth::certificate::field::client_cert;

/// The field's value.
pub fn field(bytes: &[u8]) {
    let Ok(value) = HeaderValue::from_bytes(bytes) else { return };
    let mut headers = HeaderMap::new();
    headers.insert("client-cert", value);
    let Ok(Some(certificate)) = client_cert(&headers) else { return };
    assert!(bytes.trim_ascii().starts_with(b":") && bytes.trim_ascii().ends_with(b":"));
    assert_eq!(certificate.fingerprint.len(), 64);
    // Whoever the caller is, a field and a line of a log can say it.
    for subject in
        [SubjectOf::Subject, SubjectOf::CommonName, SubjectOf::Dns, SubjectOf::Uri, SubjectOf::Email]
    {
        let caller = subject.caller(&certificate, &[]);
        assert!(caller.is_none_or(|name| HeaderValue::from_str(name).is_ok()), "{caller:?}");
    }
}

pub fn seeds() -> Vec<Vec<u8>> {
    vec![format!(":{RFC_9440}:").into_bytes(), b"::".to_vec(), b" :MIIB:; a=1".to_vec()]
}

/// RFC 9440 appendix A.
const RFC_9440: &str = "MIIBqDCCAU6gAwIBAgIBBzAKBggqhkjOPQQDAjA6MRswGQYDVQQKDBJMZXQncyBBdXRoZW50aWNhdGUxGzAZBgNVBAMMEkxBIEludGVybWVkaWF0ZSBDQTAeFw0yMDAxMTQyMjU1MzNaFw0yMTAxMjMyMjU1MzNaMA0xCzAJBgNVBAMMAkJDMFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAE8YnXXfaUgmnMtOXU/IncWalRhebrXmckC8vdgJ1p5Be5F/3YC8OthxM4+k1M6aEAEFcGzkJiNy6J84y7uzo9M6NyMHAwCQYDVR0TBAIwADAfBgNVHSMEGDAWgBRm3WjLa38lbEYCuiCPct0ZaSED2DAOBgNVHQ8BAf8EBAMCBsAwEwYDVR0lBAwwCgYIKwYBBQUHAwIwHQYDVR0RAQH/BBMwEYEPYmRjQGV4YW1wbGUuY29tMAoGCCqGSM49BAMCA0gAMEUCIBHda/r1vaL6G3VliL4/Di6YK0Q6bMjeSkC3dFCOOB8TAiEAx/kHSB4urmiZ0NX5r5XarmPk0wmuydBVoU4hBVZ1yhk=";
