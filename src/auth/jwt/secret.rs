//! Keys that stand in variables: secrets that the issuer signs with too.

use std::borrow::Cow;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use sha2::{Digest as _, Sha256};

use super::{Algorithms, Key, KeySet, Origin};
use crate::auth::claims::{self, Bounds};
use crate::host::{Host, Secret};

/// Variables that hold keys.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Secrets {
    /// Their names.
    pub variables: Vec<Box<str>>,
    /// How keys are written in them.
    pub encoding: Encoding,
}

/// How a secret is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Encoding {
    /// As it is.
    Text,
    /// In base64url without padding.
    Base64url,
    /// As a JSON Web Key or Key Set.
    Jwk,
}

/// What the variables hold now.
#[derive(Debug)]
pub(super) struct Current {
    values: Vec<Secret>,
    /// The beginning of a digest of them.
    pub(super) generation: u64,
}

/// One key as JSON.
const ONE: Bounds = Bounds { bytes: 16 << 10, depth: 4, values: 64 };

// === impl Secrets ===

impl Secrets {
    /// Reads the variables. An error is for the operator.
    pub(super) async fn read<H: Host>(&self, host: &H) -> Result<Current, Cow<'static, str>> {
        let mut values = Vec::with_capacity(self.variables.len());
        let mut digest = Sha256::new();
        for name in &self.variables {
            let value = match host.variable(name).await {
                Ok(Some(value)) => value,
                Ok(None) => return Err(format!("there is no variable {name}").into()),
                Err(error) => return Err(format!("the variable {name}: {}", error.cause).into()),
            };
            digest.update((value.expose().len() as u64).to_le_bytes());
            digest.update(value.expose());
            values.push(value);
        }
        let mut beginning = [0; 8];
        beginning.copy_from_slice(&digest.finalize()[..8]);
        Ok(Current { values, generation: u64::from_le_bytes(beginning) })
    }

    /// The keys that the variables hold. An error is for the operator, and repeats nothing of them.
    pub(super) fn keys(&self, current: &Current) -> Result<KeySet, Cow<'static, str>> {
        let mut keys = Vec::new();
        for (value, name) in current.values.iter().zip(&self.variables) {
            let read =
                self.encoding.keys(value.expose()).map_err(|why| format!("the variable {name}: {why}"))?;
            keys.extend(read);
        }
        Ok(KeySet::new(keys))
    }
}

impl Encoding {
    fn keys(self, text: &str) -> Result<Vec<Key>, &'static str> {
        let secret = |bytes: &[u8]| Ok(vec![Key::from_secret(bytes).map_err(|error| error.0)?]);
        match self {
            Self::Text => secret(text.as_bytes()),
            Self::Base64url => {
                secret(&URL_SAFE_NO_PAD.decode(text.trim_end()).map_err(|_| "it is not base64url")?)
            }
            Self::Jwk => {
                let keys = read_json(text, Origin::Secret)?;
                let is_secret = |key: &Key| !key.algorithms().common(Algorithms::HMAC).is_empty();
                if keys.keys().iter().all(is_secret) {
                    Ok(keys.keys().to_vec())
                } else {
                    Err("it is not a secret")
                }
            }
        }
    }
}

/// Reads a JSON Web Key or Key Set; of a set, keys that cannot be used are left out.
pub(crate) fn read_json(text: &str, origin: Origin) -> Result<KeySet, &'static str> {
    if let Ok(one) = claims::parse(text.as_bytes(), ONE)
        && !one.contains_key("keys")
    {
        return Ok(KeySet::new(vec![Key::from_jwk(&one, origin).map_err(|error| error.0)?]));
    }
    let set = KeySet::from_jwks(text.as_bytes(), origin).map_err(|error| error.0)?;
    match (set.is_empty(), set.skipped().first()) {
        (false, _) => Ok(set),
        (true, Some((_, error))) => Err(error.0),
        (true, None) => Err("it has no keys"),
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn secrets_are_written_in_several_ways() {
        let of = |encoding: Encoding, text: &str| {
            encoding
                .keys(text)
                .map(|keys| keys.iter().map(|key| key.algorithms().to_string()).collect::<Vec<_>>())
        };
        let octets = URL_SAFE_NO_PAD.encode([7; 48]);
        assert_eq!(of(Encoding::Text, &"x".repeat(32)), Ok(vec!["HS256".to_owned()]));
        assert_eq!(of(Encoding::Base64url, &format!("{octets}\n")), Ok(vec!["HS256, HS384".to_owned()]));
        assert_eq!(of(Encoding::Base64url, "x x"), Err("it is not base64url"));
        assert_eq!(of(Encoding::Text, "short"), Err("the secret is shorter than 32 bytes"));
        let jwk = format!(r#"{{"kty":"oct","alg":"HS256","k":"{octets}"}}"#);
        assert_eq!(of(Encoding::Jwk, &jwk), Ok(vec!["HS256".to_owned()]));
        let set = format!(r#"{{"keys":[{jwk},{jwk}]}}"#);
        assert_eq!(of(Encoding::Jwk, &set).map(|keys| keys.len()), Ok(2));
        assert_eq!(of(Encoding::Jwk, r#"{"keys":[]}"#), Err("it has no keys"));
        assert_eq!(
            of(Encoding::Jwk, r#"{"keys":[{"kty":"oct","k":"AA"}]}"#),
            Err("the secret is shorter than 32 bytes")
        );
        assert_eq!(of(Encoding::Jwk, "x"), Err("not a JSON object"));
        let public = include_str!("../../../tests/keys/keys.jwks.json");
        assert_eq!(of(Encoding::Jwk, public), Err("it is not a secret"));
    }
}
