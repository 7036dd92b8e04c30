//! A key that verifies tokens, and what it may verify.
//!
//! A key is of one family from the moment it is made: a public key never acts as a secret, whatever a token says
//! (RFC 8725 section 3.1).

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ed25519_dalek::VerifyingKey;
use jsonwebtoken::DecodingKey;
use jsonwebtoken::crypto::rust_crypto::DEFAULT_PROVIDER;
use serde_json::Value;

use super::der::{self, Public};
use super::{Algorithm, Algorithms, Token};
use crate::auth::claims::{Claims, words};

/// A key.
#[derive(Debug, Clone)]
pub struct Key {
    id: Option<Box<str>>,
    algorithms: Algorithms,
    /// Made once; what is left for each token is to look at the numbers again, a small part of a verification.
    material: DecodingKey,
}

/// Where a JSON Web Key comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Origin {
    /// An address, or a configuration file, that others read too. A secret there is none.
    Public,
    /// A variable.
    Secret,
}

/// Why a key is not taken; for the operator.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct KeyError(pub &'static str);

/// RFC 7518 section 3.3: at least 2048 bits.
const MIN_RSA_BITS: usize = 2048;
/// What the library takes; each verification costs four times as much as with 2048 bits.
const MAX_RSA_BITS: usize = 4096;
/// RFC 8017 section 3.1 wants an odd exponent of three or more. The library takes up to 33 bits; five bytes are read.
const MAX_EXPONENT_BYTES: usize = 5;
/// The largest secret: enough for every hash, and no bound on memory for whoever sets the variable.
const MAX_SECRET: usize = 1024;

// === impl Key ===

impl Key {
    /// Reads a JSON Web Key (RFC 7517 section 4).
    ///
    /// # Errors
    ///
    /// Where it is of a kind that is not for verifying tokens, or too weak.
    pub fn from_jwk(jwk: &Claims, origin: Origin) -> Result<Self, KeyError> {
        let text = |name: &str| jwk.get(name).and_then(Value::as_str);
        may_verify(jwk)?;
        let key = match text("kty").ok_or(KeyError("it has no kty"))? {
            "oct" if origin == Origin::Public => Err(KeyError("a secret that is public is none")),
            "oct" => Self::from_secret(&number(jwk, "k")?),
            _ if jwk.contains_key("d") => {
                Err(KeyError("it is a private key, which only the issuer may have"))
            }
            "RSA" => Self::new(&Public::Rsa { n: number(jwk, "n")?, e: number(jwk, "e")? }),
            "EC" => match text("crv") {
                Some("P-256") => Self::new(&Public::P256(point(jwk, 32)?)),
                Some("P-384") => Self::new(&Public::P384(point(jwk, 48)?)),
                _ => Err(KeyError("its curve is neither P-256 nor P-384")),
            },
            "OKP" if text("crv") == Some("Ed25519") => Self::new(&Public::Ed25519(number(jwk, "x")?)),
            "OKP" => Err(KeyError("its curve is not Ed25519")),
            _ => Err(KeyError("its kty is none of RSA, EC, OKP and oct")),
        }?;
        let key = Self { id: text("kid").map(Into::into), ..key };
        match jwk.get("alg") {
            None => Ok(key),
            Some(alg) => key.only(alg.as_str().and_then(Algorithm::parse)),
        }
    }

    /// Reads a public key or a certificate in PEM. It has no `kid`, so that it fits any.
    ///
    /// # Errors
    ///
    /// What it is instead.
    pub fn from_pem(text: &str) -> Result<Self, KeyError> {
        Self::new(&der::read_pem(text).map_err(KeyError)?)
    }

    /// A secret that the issuer knows too. It verifies with those hashes whose output is not longer than it is
    /// (RFC 7518 section 3.2).
    ///
    /// # Errors
    ///
    /// Where it is shorter than all of them.
    pub fn from_secret(secret: &[u8]) -> Result<Self, KeyError> {
        let algorithms = match secret.len() {
            ..32 => return Err(KeyError("the secret is shorter than 32 bytes")),
            32..48 => Algorithms::of(&[Algorithm::HS256]),
            48..64 => Algorithms::of(&[Algorithm::HS256, Algorithm::HS384]),
            64..=MAX_SECRET => Algorithms::HMAC,
            _ => return Err(KeyError("the secret is longer than 1024 bytes")),
        };
        Ok(Self { id: None, algorithms, material: DecodingKey::from_secret(secret) })
    }

    fn new(public: &Public) -> Result<Self, KeyError> {
        let (algorithms, material) = match public {
            Public::Rsa { n, e } => (Algorithms::RSA, rsa(n, e)?),
            Public::P256(point) => (Algorithms::of(&[Algorithm::ES256]), DecodingKey::from_ec_der(point)),
            Public::P384(point) => (Algorithms::of(&[Algorithm::ES384]), DecodingKey::from_ec_der(point)),
            Public::Ed25519(key) => (Algorithms::of(&[Algorithm::EdDSA]), ed25519(key)?),
        };
        // A point that is not on its curve shows here, not with the first token.
        let usable = algorithms
            .iter()
            .all(|algorithm| (DEFAULT_PROVIDER.verifier_factory)(&algorithm.verifier(), &material).is_ok());
        if !usable {
            return Err(KeyError("its numbers are not those of a key"));
        }
        Ok(Self { id: None, algorithms, material })
    }

    /// RFC 7517 section 4.4: the one algorithm that the key is for.
    fn only(self, algorithm: Option<Algorithm>) -> Result<Self, KeyError> {
        match algorithm {
            Some(algorithm) if self.algorithms.contains(algorithm) => {
                Ok(Self { algorithms: Algorithms::of(&[algorithm]), ..self })
            }
            _ => Err(KeyError("its alg is not one that it could verify")),
        }
    }

    /// `kid`, by which tokens name it.
    pub fn id(&self) -> Option<&str> {
        self.id.as_deref()
    }

    /// What it can verify; all of one family.
    pub fn algorithms(&self) -> Algorithms {
        self.algorithms
    }

    /// Whether this key has signed `token`. Nothing else about the token is looked at.
    pub fn has_signed(&self, token: &Token<'_>) -> bool {
        let Some(algorithm) = token.algorithm.filter(|it| self.algorithms.contains(*it)) else {
            return false;
        };
        (DEFAULT_PROVIDER.verifier_factory)(&algorithm.verifier(), &self.material)
            .is_ok_and(|verifier| verifier.verify(token.signed.as_bytes(), &token.signature).is_ok())
    }
}

/// RFC 7517 sections 4.2 and 4.3: a key may say what it is for.
fn may_verify(jwk: &Claims) -> Result<(), KeyError> {
    if jwk.get("use").is_some_and(|it| it != "sig") {
        return Err(KeyError("it is not for signatures"));
    }
    match jwk.get("key_ops") {
        Some(operations) if !(operations.is_array() && words(operations).any(|it| it == "verify")) => {
            Err(KeyError("it is not for verifying"))
        }
        _ => Ok(()),
    }
}

/// RFC 7518 section 2, `Base64urlUInt`, or octets.
fn number(jwk: &Claims, name: &'static str) -> Result<Vec<u8>, KeyError> {
    let text = jwk.get(name).and_then(Value::as_str).ok_or(KeyError("a number of the key is missing"))?;
    URL_SAFE_NO_PAD.decode(text).map_err(|_| KeyError("a number of the key is not base64url"))
}

/// RFC 7518 sections 6.2.1.2 and 6.2.1.3: both coordinates have the full length. RFC 5480 section 2.2: four comes
/// before an uncompressed point.
fn point(jwk: &Claims, length: usize) -> Result<Vec<u8>, KeyError> {
    let (x, y) = (number(jwk, "x")?, number(jwk, "y")?);
    if x.len() != length || y.len() != length {
        return Err(KeyError("a coordinate is not as long as the curve's"));
    }
    Ok([&[4], x.as_slice(), y.as_slice()].concat())
}

fn rsa(n: &[u8], e: &[u8]) -> Result<DecodingKey, KeyError> {
    let (n, e) = (without_zeros(n), without_zeros(e));
    let bits = n.first().map_or(0, |first| n.len() * 8 - first.leading_zeros() as usize);
    if bits < MIN_RSA_BITS {
        return Err(KeyError("an RSA key has at least 2048 bits (RFC 7518 section 3.3)"));
    }
    if bits > MAX_RSA_BITS {
        return Err(KeyError("an RSA key has at most 4096 bits"));
    }
    let odd = |number: &[u8]| number.last().is_some_and(|last| last & 1 == 1);
    let exponent = e.iter().take(MAX_EXPONENT_BYTES).fold(0_u64, |all, byte| all << 8 | u64::from(*byte));
    // With an exponent of one, every text is its own signature.
    if !odd(n) || !odd(e) || e.len() > MAX_EXPONENT_BYTES || !(3..1 << 33).contains(&exponent) {
        return Err(KeyError("its numbers are not those of a key"));
    }
    Ok(DecodingKey::from_rsa_raw_components(n, e))
}

fn ed25519(key: &[u8]) -> Result<DecodingKey, KeyError> {
    let key: &[u8; 32] = key.try_into().map_err(|_| KeyError("an Ed25519 key has 32 bytes"))?;
    match VerifyingKey::from_bytes(key) {
        // With a point of small order, there are signatures that fit many texts.
        Ok(point) if !point.is_weak() => Ok(DecodingKey::from_ed_der(key)),
        _ => Err(KeyError("its numbers are not those of a key")),
    }
}

fn without_zeros(number: &[u8]) -> &[u8] {
    let zeros = number.iter().take_while(|byte| **byte == 0).count();
    &number[zeros..]
}

/// Where there are no random numbers, whoever asks for some is told. Nobody does: the library would, to sign.
#[cfg(all(target_family = "wasm", target_os = "unknown"))]
mod no_random_numbers {
    fn none(_: &mut [u8]) -> Result<(), getrandom::Error> {
        Err(getrandom::Error::UNSUPPORTED)
    }

    getrandom::register_custom_getrandom!(none);
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use serde_json::json;

    use super::*;

    const P256: &str = include_str!("../../../tests/keys/p256.pub.pem");

    fn jwks() -> Vec<Claims> {
        let text = include_str!("../../../tests/keys/keys.jwks.json");
        let Value::Object(set) = serde_json::from_str(text).unwrap() else { unreachable!() };
        set["keys"].as_array().unwrap().iter().map(|key| key.as_object().unwrap().clone()).collect()
    }

    /// The key of this index with members changed; `null` takes one away.
    fn changed(index: usize, change: Value) -> Result<Algorithms, &'static str> {
        let mut jwk = jwks().swap_remove(index);
        for (name, value) in change.as_object().unwrap() {
            jwk.insert(name.clone(), value.clone());
        }
        jwk.retain(|_, value| !value.is_null());
        Key::from_jwk(&jwk, Origin::Public).map(|key| key.algorithms()).map_err(|error| error.0)
    }

    #[test]
    fn what_a_key_may_verify_is_its_own() {
        let algorithms: Vec<_> = (0..4).map(|index| changed(index, json!({"alg": null})).unwrap()).collect();
        let one = |algorithm| Algorithms::of(&[algorithm]);
        assert_eq!(
            algorithms,
            [Algorithms::RSA, one(Algorithm::ES256), one(Algorithm::ES384), one(Algorithm::EdDSA)]
        );
        assert_eq!(changed(0, json!({"alg": "PS384"})), Ok(one(Algorithm::PS384)));
        assert_eq!(changed(3, json!({"alg": "Ed25519"})), Ok(one(Algorithm::EdDSA)));
        let unfit = Err("its alg is not one that it could verify");
        for (index, alg) in [
            (0, json!("HS256")),
            (0, json!("ES256")),
            (0, json!("none")),
            (0, json!("RSA-OAEP")),
            (0, json!(7)),
            (1, json!("ES384")),
            (1, json!("HS256")),
            (2, json!("ES256")),
            (3, json!("HS512")),
        ] {
            assert_eq!(changed(index, json!({"alg": alg})), unfit, "{alg}");
        }
    }

    #[test]
    fn keys_for_something_else_are_not_taken() {
        let cases = [
            (json!({"use": "enc"}), "it is not for signatures"),
            (json!({"use": 1}), "it is not for signatures"),
            (json!({"key_ops": ["sign"]}), "it is not for verifying"),
            (json!({"key_ops": "verify"}), "it is not for verifying"),
            (json!({"key_ops": []}), "it is not for verifying"),
            (json!({"d": "AA"}), "it is a private key, which only the issuer may have"),
            (json!({"kty": null}), "it has no kty"),
            (json!({"kty": "AKP"}), "its kty is none of RSA, EC, OKP and oct"),
            (json!({"kty": "rsa"}), "its kty is none of RSA, EC, OKP and oct"),
            (json!({"kty": "oct", "k": "A".repeat(64)}), "a secret that is public is none"),
        ];
        for (change, why) in cases {
            assert_eq!(changed(0, change.clone()), Err(why), "{change}");
        }
        assert!(changed(0, json!({"key_ops": ["encrypt", "verify"], "use": null})).is_ok());
    }

    #[test]
    fn weak_and_broken_keys_are_not_taken() {
        let not_a_key = "its numbers are not those of a key";
        let modulus = |bits: usize| {
            let mut number = vec![0xff; bits / 8];
            number[0] = 0xff >> (7 - (bits - 1) % 8);
            URL_SAFE_NO_PAD.encode(number)
        };
        let even = URL_SAFE_NO_PAD.encode([&[0xff; 255][..], &[0xfe]].concat());
        let cases = [
            (0, json!({"n": modulus(1024)}), "an RSA key has at least 2048 bits (RFC 7518 section 3.3)"),
            (
                0,
                json!({"n": URL_SAFE_NO_PAD.encode([&[0x7f], &[0xff; 255][..]].concat())}),
                "an RSA key has at least 2048 bits (RFC 7518 section 3.3)",
            ),
            (
                0,
                json!({"n": format!("{}{}", "A".repeat(400), modulus(1024))}),
                "an RSA key has at least 2048 bits (RFC 7518 section 3.3)",
            ),
            (0, json!({"n": modulus(4104)}), "an RSA key has at most 4096 bits"),
            (0, json!({"n": even}), not_a_key),
            (0, json!({"e": "AQ"}), not_a_key),
            (0, json!({"e": "Ag"}), not_a_key),
            (0, json!({"e": ""}), not_a_key),
            (0, json!({"e": "_______-_w"}), not_a_key),
            (0, json!({"e": "AQABAQABAQAB"}), not_a_key),
            (0, json!({"n": null}), "a number of the key is missing"),
            (0, json!({"n": 7}), "a number of the key is missing"),
            (0, json!({"n": "!"}), "a number of the key is not base64url"),
            (1, json!({"crv": "P-521"}), "its curve is neither P-256 nor P-384"),
            (1, json!({"crv": "P-384"}), "a coordinate is not as long as the curve's"),
            (1, json!({"x": "AA"}), "a coordinate is not as long as the curve's"),
            (1, json!({"x": "A".repeat(43)}), not_a_key),
            (3, json!({"crv": "X25519"}), "its curve is not Ed25519"),
            (3, json!({"x": "AA"}), "an Ed25519 key has 32 bytes"),
            (3, json!({"x": "A".repeat(43)}), not_a_key),
            (3, json!({"x": format!("AQ{}", "A".repeat(41))}), not_a_key),
            (3, json!({"x": "Ag".to_owned() + &"A".repeat(41)}), not_a_key),
        ];
        for (index, change, why) in cases {
            assert_eq!(changed(index, change.clone()), Err(why), "{change}");
        }
        assert!(changed(0, json!({"n": modulus(2048), "e": "Aw"})).is_ok());
        assert!(changed(0, json!({"n": modulus(4096)})).is_ok());
        assert!(changed(0, json!({"e": "AAEAAQ"})).is_ok());
        let weak = Key::from_pem(include_str!("../../../tests/keys/rsa-1024.pub.pem"));
        assert_eq!(weak.unwrap_err().0, "an RSA key has at least 2048 bits (RFC 7518 section 3.3)");
        let huge = Key::from_pem(include_str!("../../../tests/keys/rsa-8192.pub.pem"));
        assert_eq!(huge.unwrap_err().0, "an RSA key has at most 4096 bits");
    }

    #[test]
    fn secrets_are_as_long_as_the_hash() {
        let of =
            |length: usize| Key::from_secret(&vec![b'x'; length]).map(|key| key.algorithms().to_string());
        assert!(of(31).is_err());
        assert_eq!(of(32).unwrap(), "HS256");
        assert_eq!(of(47).unwrap(), "HS256");
        assert_eq!(of(48).unwrap(), "HS256, HS384");
        assert_eq!(of(64).unwrap(), "HS256, HS384, HS512");
        assert!(of(1024).is_ok() && of(1025).is_err());
        let jwk = json!({"kty": "oct", "k": URL_SAFE_NO_PAD.encode([7; 32]), "kid": "s", "alg": "HS256"});
        let key = Key::from_jwk(jwk.as_object().unwrap(), Origin::Secret).unwrap();
        assert_eq!((key.id(), key.algorithms().to_string()), (Some("s"), "HS256".to_owned()));
    }

    #[test]
    fn a_pem_has_no_name() {
        let key = Key::from_pem(P256).unwrap();
        assert_eq!((key.id(), key.algorithms()), (None, Algorithms::of(&[Algorithm::ES256])));
    }

    #[test]
    fn nothing_secret_is_shown() {
        let shown = format!("{:?}", Key::from_secret(b"a secret that is 32 bytes long..").unwrap());
        assert!(!shown.contains("secret that") && !shown.contains("97, 32"), "{shown}");
    }
}
