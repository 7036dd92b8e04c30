//! Public keys as OpenSSL writes them: PEM around DER (RFC 7468).

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use spki::der::asn1::AnyRef;
use spki::der::{Decode, Reader, SliceReader, TagNumber};
use spki::{ObjectIdentifier, SubjectPublicKeyInfoRef};

/// A public key of a kind that signs tokens, not looked at any further.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Public {
    /// Modulus and exponent, big-endian.
    Rsa { n: Vec<u8>, e: Vec<u8> },
    /// A point on P-256 (SEC 1 section 2.3.3).
    P256(Vec<u8>),
    /// A point on P-384.
    P384(Vec<u8>),
    /// RFC 8032 section 5.1.5.
    Ed25519(Vec<u8>),
}

/// RFC 3279 section 2.3.1 `rsaEncryption`.
const RSA: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.1.1");
/// RFC 5480 section 2.1.1 `id-ecPublicKey`, and section 2.1.1.1 its curves.
const EC: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.10045.2.1");
const P256: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.10045.3.1.7");
const P384: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.132.0.34");
/// RFC 8410 section 3 `id-Ed25519`.
const ED25519: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.101.112");

/// Reads one PEM block: a public key (RFC 7468 section 13), an RSA key of its own kind (RFC 8017 appendix A.1.1), or a
/// certificate, of which nothing but the key counts: who puts it here vouches for it.
pub(super) fn read_pem(text: &str) -> Result<Public, &'static str> {
    let (label, der) = block(text)?;
    match label {
        "PUBLIC KEY" => of_spki(SubjectPublicKeyInfoRef::from_der(&der)),
        "RSA PUBLIC KEY" => of_rsa(&der),
        "CERTIFICATE" => of_spki(in_certificate(&der)),
        label if label.ends_with("PRIVATE KEY") => Err("it is a private key, which only the issuer may have"),
        _ => Err("it is neither a public key nor a certificate"),
    }
}

fn block(text: &str) -> Result<(&str, Vec<u8>), &'static str> {
    const NOT_PEM: &str = "it is not PEM, which begins with -----BEGIN and ends with -----END";
    let (_, after) = text.split_once("-----BEGIN ").ok_or(NOT_PEM)?;
    if after.contains("-----BEGIN ") {
        return Err("there are several in one text");
    }
    let (label, after) = after.split_once("-----").ok_or(NOT_PEM)?;
    let (content, end) = after.split_once("-----END ").ok_or(NOT_PEM)?;
    if !end.starts_with(label) {
        return Err(NOT_PEM);
    }
    // RFC 7468 section 3 lets a reader take lines of any length; how YAML indents them is no concern either.
    let content: String = content.split_ascii_whitespace().collect();
    let der = STANDARD.decode(content).map_err(|_| "what stands in the PEM is not base64")?;
    Ok((label, der))
}

fn of_spki(read: spki::der::Result<SubjectPublicKeyInfoRef<'_>>) -> Result<Public, &'static str> {
    const UNKNOWN: &str = "it is no key that signs tokens here: RSA, EC on P-256 or P-384, Ed25519";
    let info = read.map_err(|_| "what stands in the PEM is not a public key")?;
    let key = info.subject_public_key.as_bytes().ok_or(UNKNOWN)?;
    if info.algorithm.oid == RSA {
        return of_rsa(key);
    }
    if info.algorithm.oid == ED25519 {
        return Ok(Public::Ed25519(key.to_vec()));
    }
    match info.algorithm.parameters_oid() {
        Ok(P256) if info.algorithm.oid == EC => Ok(Public::P256(key.to_vec())),
        Ok(P384) if info.algorithm.oid == EC => Ok(Public::P384(key.to_vec())),
        _ => Err(UNKNOWN),
    }
}

fn of_rsa(der: &[u8]) -> Result<Public, &'static str> {
    let key = pkcs1::RsaPublicKey::from_der(der).map_err(|_| "what stands in the PEM is not an RSA key")?;
    Ok(Public::Rsa { n: key.modulus.as_bytes().to_vec(), e: key.public_exponent.as_bytes().to_vec() })
}

/// RFC 5280 section 4.1: the key comes after the version, which may be missing, the number, the signature's
/// algorithm, the issuer, the validity and the subject.
fn in_certificate(der: &[u8]) -> spki::der::Result<SubjectPublicKeyInfoRef<'_>> {
    let mut certificate = SliceReader::new(AnyRef::from_der(der)?.value())?;
    let mut fields = SliceReader::new(AnyRef::decode(&mut certificate)?.value())?;
    if fields.peek_header()?.tag.number() == TagNumber::N0 {
        AnyRef::decode(&mut fields)?;
    }
    for _ in ["number", "algorithm", "issuer", "validity", "subject"] {
        AnyRef::decode(&mut fields)?;
    }
    SubjectPublicKeyInfoRef::decode(&mut fields)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn reads_what_openssl_writes() {
        let rsa = read_pem(include_str!("../../../tests/keys/rsa.pub.pem")).unwrap();
        let Public::Rsa { n, e } = &rsa else { panic!("{rsa:?}") };
        assert_eq!((n.len(), e.as_slice()), (256, &[1, 0, 1][..]));
        assert_eq!(read_pem(include_str!("../../../tests/keys/rsa.pkcs1.pub.pem")).unwrap(), rsa);
        assert_eq!(read_pem(include_str!("../../../tests/keys/rsa.certificate.pem")).unwrap(), rsa);
        let p256 = read_pem(include_str!("../../../tests/keys/p256.pub.pem")).unwrap();
        assert!(matches!(&p256, Public::P256(point) if point.len() == 65), "{p256:?}");
        let p384 = read_pem(include_str!("../../../tests/keys/p384.pub.pem")).unwrap();
        assert!(matches!(&p384, Public::P384(point) if point.len() == 97), "{p384:?}");
        let ed25519 = read_pem(include_str!("../../../tests/keys/ed25519.pub.pem")).unwrap();
        assert!(matches!(&ed25519, Public::Ed25519(key) if key.len() == 32), "{ed25519:?}");
    }

    #[test]
    fn lines_may_be_broken_in_any_way() {
        let text = include_str!("../../../tests/keys/p256.pub.pem");
        let expected = read_pem(text).unwrap();
        assert_eq!(read_pem(&text.replace('\n', "\r\n    ")).unwrap(), expected);
        assert_eq!(read_pem(&text.replace('\n', "")).unwrap(), expected);
        assert_eq!(read_pem(&format!("subject: x\n{text}")).unwrap(), expected);
    }

    #[test]
    fn says_what_it_is_instead() {
        let public = include_str!("../../../tests/keys/p256.pub.pem");
        let private = include_str!("../../../tests/keys/p256.key.pem");
        let cases = [
            (private.to_owned(), "it is a private key, which only the issuer may have"),
            (format!("{public}{public}"), "there are several in one text"),
            (public.replace("PUBLIC KEY", "X509 CRL"), "it is neither a public key nor a certificate"),
            (public.replacen("PUBLIC KEY", "CERTIFICATE", 2), "what stands in the PEM is not a public key"),
            (public.replacen("PUBLIC KEY", "RSA PUBLIC KEY", 2), "what stands in the PEM is not an RSA key"),
            (public.replace("\n-----END", "!\n-----END"), "what stands in the PEM is not base64"),
            (String::new(), "it is not PEM, which begins with -----BEGIN and ends with -----END"),
            (
                public.replace("END PUBLIC", "END"),
                "it is not PEM, which begins with -----BEGIN and ends with -----END",
            ),
        ];
        for (text, why) in cases {
            assert_eq!(read_pem(&text), Err(why));
        }
        let other = include_str!("../../../tests/keys/secp256k1.pub.pem");
        assert_eq!(
            read_pem(other),
            Err("it is no key that signs tokens here: RSA, EC on P-256 or P-384, Ed25519")
        );
    }
}
