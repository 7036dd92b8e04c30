//! `Client-Cert` (RFC 9440): the client's certificate as a proxy saw it in the handshake.

use base64::Engine as _;
use base64::alphabet::STANDARD;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use http::HeaderMap;
use http::header::HeaderName;

use super::x509::{ClientCertificate, LONGEST, Unusable};

const CLIENT_CERT: HeaderName = HeaderName::from_static("client-cert");

/// RFC 9651 section 4.2.7: padding that is missing is no reason to refuse.
const BASE64: GeneralPurpose = GeneralPurpose::new(
    &STANDARD,
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

/// The certificate in the field `Client-Cert`; `None` where there is no such field.
///
/// # Errors
///
/// There are several, or what it holds is no byte sequence (RFC 9651 section 3.3.5), or no certificate.
pub fn client_cert(headers: &HeaderMap) -> Result<Option<ClientCertificate>, Unusable> {
    let mut lines = headers.get_all(CLIENT_CERT).iter();
    let Some(line) = lines.next() else { return Ok(None) };
    if lines.next().is_some() {
        // RFC 9440 section 2.2: a single value. A second line is what somebody else wrote.
        return Err(Unusable("Client-Cert stands twice".to_owned()));
    }
    let text = line.as_bytes().trim_ascii();
    let encoded = text.strip_prefix(b":").and_then(|rest| rest.strip_suffix(b":"));
    let encoded = encoded.ok_or_else(|| Unusable("Client-Cert is not a byte sequence".to_owned()))?;
    if encoded.len() > LONGEST.div_ceil(3) * 4 {
        return Err(Unusable("Client-Cert is too long".to_owned()));
    }
    let der = BASE64.decode(encoded).map_err(|_| Unusable("Client-Cert is not base 64".to_owned()))?;
    ClientCertificate::parse(&der).map(Some)
}
