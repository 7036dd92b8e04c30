//! The keys that the gateway's own tokens are signed with.
//!
//! The kind of a key decides the algorithm, and nothing else does: Ed25519 signs `EdDSA` (RFC 8037), P-256 `ES256`, RSA
//! `RS256` (RFC 7518 section 3.1).

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ed25519_dalek::Signer as _;
use p256::elliptic_curve::sec1::ToEncodedPoint as _;
use rsa::pkcs8::DecodePrivateKey as _;
use rsa::rand_core::{self, CryptoRng, RngCore};
use rsa::signature::{RandomizedSigner as _, SignatureEncoding as _};
use rsa::traits::PublicKeyParts as _;
use sha2::{Digest as _, Sha256};

/// The longest PEM text that is read, in bytes: an RSA key of 8192 bits has about 6.5 KiB.
const LONGEST_PEM: usize = 16 * 1024;

/// RFC 7518 section 3.3: "A key of size 2048 bits or larger MUST be used".
const LEAST_RSA_BITS: usize = 2048;

/// The largest RSA key, in bits. Signing takes time that grows with the third power of the size.
const MOST_RSA_BITS: usize = 8192;

/// A private key and what is published of it.
pub struct SigningKey {
    private: Private,
    /// The public key in JSON, with exactly the members and the order of RFC 7638 section 3.2.
    public: String,
    /// The `kid`: the thumbprint of the public key (RFC 7638), so that a new key never has an old one's name.
    id: String,
}

enum Private {
    Ed25519(Box<ed25519_dalek::SigningKey>),
    P256(Box<p256::ecdsa::SigningKey>),
    Rsa(Box<rsa::pkcs1v15::SigningKey<Sha256>>),
}

/// Why a key cannot be used. Holds nothing of the key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum KeyError {
    /// Not a private key in PKCS #8 PEM, or of another kind.
    NotAKey,
    /// An RSA key of fewer than 2048 bits or more than 8192.
    RsaSize,
}

/// The host's random numbers, as the crates of RustCrypto ask for them.
struct HostRandom<'a>(&'a mut dyn FnMut(&mut [u8]));

/// A JSON Web Key Set (RFC 7517 section 5) of the public halves of `keys`.
pub fn key_set<'a>(keys: impl IntoIterator<Item = &'a SigningKey>) -> String {
    let keys: Vec<String> = keys.into_iter().map(SigningKey::jwk).collect();
    format!("{{\"keys\":[{}]}}", keys.join(","))
}

fn base64url(bytes: impl AsRef<[u8]>) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}

// === impl SigningKey ===

impl SigningKey {
    /// Reads a private key in PKCS #8 PEM (`-----BEGIN PRIVATE KEY-----`). Where line ends are inconvenient, each may be
    /// written `\n`.
    pub fn from_pem(pem: &str) -> Result<Self, KeyError> {
        if pem.len() > LONGEST_PEM {
            return Err(KeyError::NotAKey);
        }
        let pem = pem.replace("\\n", "\n");
        let pem = pem.trim();
        let private = if let Ok(key) = ed25519_dalek::SigningKey::from_pkcs8_pem(pem) {
            Private::Ed25519(Box::new(key))
        } else if let Ok(key) = p256::ecdsa::SigningKey::from_pkcs8_pem(pem) {
            Private::P256(Box::new(key))
        } else {
            let key = rsa::RsaPrivateKey::from_pkcs8_pem(pem).map_err(|_| KeyError::NotAKey)?;
            if !(LEAST_RSA_BITS..=MOST_RSA_BITS).contains(&key.n().bits()) {
                return Err(KeyError::RsaSize);
            }
            Private::Rsa(Box::new(rsa::pkcs1v15::SigningKey::new(key)))
        };
        let public = private.public();
        let id = base64url(Sha256::digest(&public));
        Ok(Self { private, public, id })
    }

    /// The key's name.
    pub fn id(&self) -> &str {
        &self.id
    }

    /// The algorithm, by its registered name.
    pub fn algorithm(&self) -> &'static str {
        match self.private {
            Private::Ed25519(_) => "EdDSA",
            Private::P256(_) => "ES256",
            Private::Rsa(_) => "RS256",
        }
    }

    /// The public half as a JSON Web Key (RFC 7517 section 4).
    pub fn jwk(&self) -> String {
        let members = self.public.trim_end_matches('}');
        format!("{members},\"use\":\"sig\",\"alg\":\"{}\",\"kid\":\"{}\"}}", self.algorithm(), self.id)
    }

    /// The signature over `message`, in the form of a JWS (RFC 7515). `random` blinds RSA against measuring the time it
    /// takes (RUSTSEC-2023-0071); the others are deterministic (RFC 8032, RFC 6979).
    pub fn sign(&self, message: &[u8], random: &mut dyn FnMut(&mut [u8])) -> Option<Vec<u8>> {
        match &self.private {
            Private::Ed25519(key) => Some(key.sign(message).to_bytes().to_vec()),
            Private::P256(key) => {
                let signature: p256::ecdsa::Signature = key.try_sign(message).ok()?;
                Some(signature.to_bytes().to_vec())
            }
            Private::Rsa(key) => {
                let signature = key.try_sign_with_rng(&mut HostRandom(random), message).ok()?;
                Some(signature.to_vec())
            }
        }
    }
}

// === impl Private ===

impl Private {
    fn public(&self) -> String {
        match self {
            Self::Ed25519(key) => {
                let x = base64url(key.verifying_key().as_bytes());
                format!(r#"{{"crv":"Ed25519","kty":"OKP","x":"{x}"}}"#)
            }
            Self::P256(key) => {
                let point = key.verifying_key().as_affine().to_encoded_point(false);
                let coordinate = |it: Option<&p256::FieldBytes>| it.map(base64url).unwrap_or_default();
                let (x, y) = (coordinate(point.x()), coordinate(point.y()));
                format!(r#"{{"crv":"P-256","kty":"EC","x":"{x}","y":"{y}"}}"#)
            }
            Self::Rsa(key) => {
                let key: &rsa::RsaPrivateKey = key.as_ref().as_ref();
                let (e, n) = (base64url(key.e().to_bytes_be()), base64url(key.n().to_bytes_be()));
                format!(r#"{{"e":"{e}","kty":"RSA","n":"{n}"}}"#)
            }
        }
    }
}

// === impl KeyError ===

impl std::fmt::Display for KeyError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::NotAKey => "not a private key for Ed25519, P-256 or RSA in PKCS #8 PEM",
            Self::RsaSize => "an RSA key must have 2048 to 8192 bits",
        })
    }
}

// === impl HostRandom ===

impl RngCore for HostRandom<'_> {
    fn next_u32(&mut self) -> u32 {
        let mut bytes = [0; 4];
        (self.0)(&mut bytes);
        u32::from_le_bytes(bytes)
    }

    fn next_u64(&mut self) -> u64 {
        let mut bytes = [0; 8];
        (self.0)(&mut bytes);
        u64::from_le_bytes(bytes)
    }

    fn fill_bytes(&mut self, bytes: &mut [u8]) {
        (self.0)(bytes);
    }

    fn try_fill_bytes(&mut self, bytes: &mut [u8]) -> Result<(), rand_core::Error> {
        (self.0)(bytes);
        Ok(())
    }
}

impl CryptoRng for HostRandom<'_> {}

#[cfg(test)]
pub(super) mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    pub const ED25519: &str = include_str!("../../tests/keys/ed25519.pem");
    pub const P256: &str = include_str!("../../tests/keys/p256.pem");
    pub const RSA: &str = include_str!("../../tests/keys/rsa.pem");

    /// Random numbers that are not.
    pub fn zeroes(bytes: &mut [u8]) {
        bytes.fill(0);
    }

    fn signed(key: &SigningKey, message: &str) -> String {
        base64url(key.sign(message.as_bytes(), &mut zeroes).unwrap())
    }

    /// RFC 8037 appendices A.1 to A.4.
    #[test]
    fn ed25519() {
        let key = SigningKey::from_pem(ED25519).unwrap();
        assert_eq!(key.id(), "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k");
        let x = "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo";
        assert_eq!(
            key.jwk(),
            format!(
                r#"{{"crv":"Ed25519","kty":"OKP","x":"{x}","use":"sig","alg":"EdDSA","kid":"{}"}}"#,
                key.id()
            )
        );
        let message = "eyJhbGciOiJFZERTQSJ9.RXhhbXBsZSBvZiBFZDI1NTE5IHNpZ25pbmc";
        let signature =
            "hgyY0il_MGCjP0JzlnLWG1PPOt7-09PGcvMg3AIbQR6dWbhijcNR4ki4iylGjg5BhVsPt9g7sVvpAr_MuM0KAg";
        assert_eq!(signed(&key, message), signature);
    }

    /// RFC 6979 appendix A.2.5, with SHA-256; the thumbprint by another program.
    #[test]
    fn p256() {
        let key = SigningKey::from_pem(P256).unwrap();
        assert_eq!(key.id(), "DOvxvJiAdIqVWIkFt5hDtCunXLF0BV4-JGv4f-ALSm0");
        let signature =
            "79SLKqy2qP0RQN2c1F6B1p0sh3tWqvmRw00OqE6vNxb3yxyULWV8QdQ2x6G24p9l8-kA27mv9AZNxKsvhDrNqA";
        assert_eq!(signed(&key, "sample"), signature);
    }

    /// Signature and thumbprint by OpenSSL.
    #[test]
    fn rsa() {
        let key = SigningKey::from_pem(RSA).unwrap();
        assert_eq!(key.id(), "05iUkUqpfGg8wtVRNxqsPwubQ7uhN5AhbygoDKm8HyE");
        let signature = "aobTk9X9Wuji06Tc5VFMwnZdfIpSW-AnIPllnq6nhhgotFeej8ixh6JnRhoM_lI2RyQDqtpwD0gdDNYjeotM-JCviCldP6ULhmCO5l07--W-wOxYz63NQFf3c3Nsty8L9dhrGNnEE7hX2TkoGGFVNKdCR56RmFreLM9_hiG74aBdD7SMUakTGOztQew5UyBPkhQjznIh4Xhc0F10u6CEVO2XxzFbhaqk_OH6MW4PJwRQueEcmTThYR0VrFXfIPZMj8NgYYItXx0qpQIYdnDO9taJLmCPMVTXk_55oKhwJ2wX2i4htJY2XnjE-kLoBg1P5AuCm4e9P2Wp3UcePWNxmw";
        assert_eq!(signed(&key, "sample"), signature);
    }

    #[test]
    fn line_ends_may_be_written_out() {
        for pem in [ED25519, P256, RSA] {
            let key = SigningKey::from_pem(&format!("  {}\n", pem.replace('\n', "\\n"))).unwrap();
            assert_eq!(key.id(), SigningKey::from_pem(pem).unwrap().id());
        }
    }

    #[test]
    fn what_is_no_key_is_refused() {
        let public = "-----BEGIN PUBLIC KEY-----\nMCowBQYDK2VwAyEA11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo=\n-----END PUBLIC KEY-----\n";
        let halved = &RSA[..RSA.len() / 2];
        let long = format!("{ED25519}{}", " ".repeat(LONGEST_PEM));
        for bad in ["", "secret", public, halved, &long] {
            assert_eq!(SigningKey::from_pem(bad).err(), Some(KeyError::NotAKey), "{bad}");
        }
        let small = include_str!("../../tests/keys/rsa-1024.pem");
        assert_eq!(SigningKey::from_pem(small).err(), Some(KeyError::RsaSize));
    }

    #[test]
    fn the_set_has_every_key() {
        let keys = [ED25519, P256, RSA].map(|pem| SigningKey::from_pem(pem).unwrap());
        let set: serde_json::Value = serde_json::from_str(&key_set(&keys)).unwrap();
        let listed = set["keys"].as_array().unwrap();
        assert_eq!(listed.len(), 3);
        for (key, listed) in keys.iter().zip(listed) {
            assert_eq!(listed["kid"], key.id());
            assert_eq!(listed["alg"], key.algorithm());
            // What RFC 7518 section 6 and RFC 8037 section 2 call private.
            for private in ["d", "p", "q", "dp", "dq", "qi"] {
                assert!(listed.get(private).is_none(), "{private}");
            }
        }
        assert_eq!(key_set([]), r#"{"keys":[]}"#);
    }
}
