//! Makes tokens: whatever header and payload, signed by any of the keys in `tests/keys`.

#![allow(dead_code, reason = "each test uses some of it")]

use std::sync::LazyLock;

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use jsonwebtoken::{Algorithm, EncodingKey};

/// Who signs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Signer {
    Rsa,
    OtherRsa,
    P256,
    P384,
    Ed25519,
    /// The secret in `tests/keys`, which has 64 bytes.
    Secret,
    /// Whoever takes the text of a public key for a secret.
    PublicPem,
    /// Whoever takes the bytes of a public key for a secret.
    PublicDer,
}

pub const SECRET: &str = include_str!("../keys/secret.txt");
pub const RSA_PEM: &str = include_str!("../keys/rsa.pub.pem");
pub const JWKS: &str = include_str!("../keys/keys.jwks.json");
pub const OTHER_JWKS: &str = include_str!("../keys/other.jwks.json");

static RSA: LazyLock<EncodingKey> =
    LazyLock::new(|| EncodingKey::from_rsa_der(&der(include_str!("../keys/rsa.key.pem"))));
static OTHER_RSA: LazyLock<EncodingKey> =
    LazyLock::new(|| EncodingKey::from_rsa_der(&der(include_str!("../keys/other-rsa.key.pem"))));
static P256: LazyLock<EncodingKey> =
    LazyLock::new(|| EncodingKey::from_ec_der(&der(include_str!("../keys/p256.key.pem"))));
static P384: LazyLock<EncodingKey> =
    LazyLock::new(|| EncodingKey::from_ec_der(&der(include_str!("../keys/p384.key.pem"))));
static ED25519: LazyLock<EncodingKey> =
    LazyLock::new(|| EncodingKey::from_ed_der(&der(include_str!("../keys/ed25519.key.pem"))));
static HMAC: LazyLock<EncodingKey> = LazyLock::new(|| EncodingKey::from_secret(SECRET.as_bytes()));
static PUBLIC_PEM: LazyLock<EncodingKey> = LazyLock::new(|| EncodingKey::from_secret(RSA_PEM.as_bytes()));
static PUBLIC_DER: LazyLock<EncodingKey> = LazyLock::new(|| EncodingKey::from_secret(&der(RSA_PEM)));

/// What stands in a PEM.
pub fn der(pem: &str) -> Vec<u8> {
    STANDARD.decode(pem.lines().filter(|line| !line.starts_with('-')).collect::<String>()).unwrap()
}

/// base64url.
pub fn encode(bytes: impl AsRef<[u8]>) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}

/// The signature by `signer` over `message`, in base64url.
pub fn signature(signer: Signer, algorithm: Algorithm, message: &str) -> String {
    let key = match signer {
        Signer::Rsa => &RSA,
        Signer::OtherRsa => &OTHER_RSA,
        Signer::P256 => &P256,
        Signer::P384 => &P384,
        Signer::Ed25519 => &ED25519,
        Signer::Secret => &HMAC,
        Signer::PublicPem => &PUBLIC_PEM,
        Signer::PublicDer => &PUBLIC_DER,
    };
    jsonwebtoken::crypto::sign(message.as_bytes(), key, algorithm).unwrap()
}

/// A token with this header and payload, as they are.
pub fn token(signer: Signer, algorithm: Algorithm, header: &str, payload: &str) -> String {
    let message = format!("{}.{}", encode(header), encode(payload));
    let signature = signature(signer, algorithm, &message);
    format!("{message}.{signature}")
}

/// The algorithm of this name.
pub fn algorithm(name: &str) -> Algorithm {
    name.parse().unwrap()
}
