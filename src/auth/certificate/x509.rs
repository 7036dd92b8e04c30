//! What is known of a client's certificate (RFC 5280), read once and kept as text.

use std::fmt::Write as _;

use sha2::{Digest, Sha256};
use x509_cert::Certificate;
use x509_cert::attr::AttributeTypeAndValue;
use x509_cert::der::asn1::{
    Ia5StringRef, ObjectIdentifier, PrintableStringRef, TeletexStringRef, Utf8StringRef,
};
use x509_cert::der::{Decode, Tag, Tagged};
use x509_cert::ext::pkix::SubjectAltName;
use x509_cert::ext::pkix::name::GeneralName;
use x509_cert::time::Time;

use crate::host::UnixMillis;

/// A client's certificate, as far as anybody asks. Whether somebody who is trusted signed it, and whether the client has
/// its key, was seen in the handshake: here, or at a proxy that is trusted.
///
/// A shell puts it into a request's extensions, as `Arc<ClientCertificate>`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClientCertificate {
    /// The subject, as RFC 4514 writes names: `CN=billing,O=Example`. Often empty where there are other names.
    pub subject: Box<str>,
    /// The subject's common name, where it has exactly one.
    pub common_name: Option<Box<str>>,
    /// Names of the DNS, in lower case.
    pub dns: Vec<Box<str>>,
    /// URIs, such as SPIFFE IDs.
    pub uris: Vec<Box<str>>,
    /// Mail addresses.
    pub emails: Vec<Box<str>>,
    /// Who signed it, as RFC 4514 writes names.
    pub issuer: Box<str>,
    /// The issuer's number for it, in hexadecimal.
    pub serial: Box<str>,
    /// SHA-256 of the whole certificate, in hexadecimal.
    pub fingerprint: Box<str>,
    /// From when it is valid.
    pub not_before: UnixMillis,
    /// The last moment at which it is valid.
    pub not_after: UnixMillis,
}

/// The largest certificate that is read, in bytes. Those of clients have one or two thousand; what is written in a field
/// must fit into a request's head besides.
pub const LONGEST: usize = 16 << 10;

/// How many alternative names a client may have. Each goes into what policies look at.
const MOST_NAMES: usize = 64;

/// RFC 4519 section 2.3.
const COMMON_NAME: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.5.4.3");

/// Why a certificate cannot be used; for the operator.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unusable(pub String);

// === impl ClientCertificate ===

impl ClientCertificate {
    /// Reads a certificate in DER.
    ///
    /// # Errors
    ///
    /// It is none, is larger than [`LONGEST`], or has more names than anybody needs.
    pub fn parse(der: &[u8]) -> Result<Self, Unusable> {
        if der.len() > LONGEST {
            return Err(Unusable(format!("the certificate has more than {LONGEST} bytes")));
        }
        let certificate = Certificate::from_der(der)
            .map_err(|error| Unusable(format!("the certificate cannot be read: {error}")))?;
        let signed = &certificate.tbs_certificate;
        let mut found = Self {
            subject: signed.subject.to_string().into(),
            common_name: common_name(signed.subject.0.iter().flat_map(|names| names.0.iter())),
            dns: Vec::new(),
            uris: Vec::new(),
            emails: Vec::new(),
            issuer: signed.issuer.to_string().into(),
            serial: hexadecimal(signed.serial_number.as_bytes()),
            fingerprint: hexadecimal(&Sha256::digest(der)),
            not_before: unix(&signed.validity.not_before),
            not_after: unix(&signed.validity.not_after),
        };
        let names = signed
            .get::<SubjectAltName>()
            .map_err(|error| Unusable(format!("the certificate's other names cannot be read: {error}")))?;
        let names = names.map(|(_, names)| names.0).unwrap_or_default();
        if names.len() > MOST_NAMES {
            return Err(Unusable(format!("the certificate has more than {MOST_NAMES} names")));
        }
        for name in names {
            match name {
                GeneralName::DnsName(name) => found.dns.push(name.as_str().to_ascii_lowercase().into()),
                GeneralName::UniformResourceIdentifier(uri) => found.uris.push(uri.as_str().into()),
                GeneralName::Rfc822Name(address) => found.emails.push(address.as_str().into()),
                _ => {}
            }
        }
        Ok(found)
    }

    /// Whether it is valid at `now` (RFC 5280 section 4.1.2.5: both ends are).
    pub fn is_valid_at(&self, now: UnixMillis) -> bool {
        // The last moment is a second, and lasts that long.
        now >= self.not_before && now.0 < self.not_after.0.saturating_add(1000)
    }
}

/// Of two, nobody can say which is meant.
fn common_name<'a>(attributes: impl Iterator<Item = &'a AttributeTypeAndValue>) -> Option<Box<str>> {
    let mut names = attributes.filter(|attribute| attribute.oid == COMMON_NAME);
    let name = names.next().filter(|_| names.next().is_none())?;
    // RFC 5280 section 4.1.2.4: a DirectoryString is one of these, or of two that nobody writes any more.
    let value = &name.value;
    let text = match value.tag() {
        Tag::Utf8String => Utf8StringRef::try_from(value).ok()?.as_str(),
        Tag::PrintableString => PrintableStringRef::try_from(value).ok()?.as_str(),
        Tag::Ia5String => Ia5StringRef::try_from(value).ok()?.as_str(),
        Tag::TeletexString => TeletexStringRef::try_from(value).ok()?.as_str(),
        _ => return None,
    };
    Some(text.into())
}

fn unix(time: &Time) -> UnixMillis {
    UnixMillis(u64::try_from(time.to_unix_duration().as_millis()).unwrap_or(u64::MAX))
}

fn hexadecimal(bytes: &[u8]) -> Box<str> {
    let mut text = String::with_capacity(2 * bytes.len());
    for byte in bytes {
        let _ = write!(text, "{byte:02x}");
    }
    text.into()
}
