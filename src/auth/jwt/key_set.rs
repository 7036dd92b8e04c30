//! The keys of one issuer.

use serde_json::Value;

use super::{Key, KeyError, Origin, Token};
use crate::auth::claims::{self, Bounds, Claims};

/// The keys of one issuer.
#[derive(Debug, Clone, Default)]
pub struct KeySet {
    /// In the order in which they are tried.
    keys: Vec<Key>,
    /// Those that were left out, by their place in the document: of other kinds, for other uses, too weak.
    skipped: Vec<(usize, KeyError)>,
}

/// Why a document is no key set; for the operator.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct KeySetError(pub &'static str);

/// What came of looking for the key that signed a token.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Search {
    /// One of the keys has signed it.
    Signed,
    /// The key that the token names is here, and has not.
    NotSigned,
    /// The key that the token names is here, and cannot verify what the token says it is signed with.
    OtherAlgorithm,
    /// The key is not here; a newer set may have it.
    NoKey,
}

/// An issuer has two or three keys, and big ones a dozen.
const MAX_KEYS: usize = 64;

/// How many signatures are verified for a token that names no key, which OpenID Connect Core section 10.1 allows only
/// to an issuer with one.
const MAX_TRIED: usize = 8;

/// Each key has some ten members, certificates among them. Whoever gets the document bounds its bytes more narrowly.
const DOCUMENT: Bounds = Bounds { bytes: 1 << 20, depth: 8, values: 4096 };

// === impl KeySet ===

impl KeySet {
    /// A set of keys that come one by one.
    pub fn new(keys: Vec<Key>) -> Self {
        Self { keys, skipped: Vec::new() }
    }

    /// Reads a JSON Web Key Set (RFC 7517 section 5). Keys that cannot be used are left out, as the RFC wants it: an
    /// issuer may begin to publish a new kind of key at any time.
    ///
    /// # Errors
    ///
    /// Where it is none, or has more than 64 keys.
    pub fn from_jwks(document: &[u8], origin: Origin) -> Result<Self, KeySetError> {
        let document = claims::parse(document, DOCUMENT).map_err(|refused| KeySetError(refused.0))?;
        Self::from_object(&document, origin)
    }

    /// Like [`KeySet::from_jwks`], of a document that has been read.
    ///
    /// # Errors
    ///
    /// As there.
    pub fn from_object(document: &Claims, origin: Origin) -> Result<Self, KeySetError> {
        let written = document.get("keys").and_then(Value::as_array).ok_or(KeySetError("it has no keys"))?;
        if written.len() > MAX_KEYS {
            return Err(KeySetError("it has more than 64 keys"));
        }
        let mut set = Self::default();
        for (index, key) in written.iter().enumerate() {
            let read = match key.as_object() {
                Some(jwk) => Key::from_jwk(jwk, origin),
                None => Err(KeyError("it is not an object")),
            };
            match read {
                Ok(key) => set.keys.push(key),
                Err(error) => set.skipped.push((index, error)),
            }
        }
        Ok(set)
    }

    /// The keys.
    pub fn keys(&self) -> &[Key] {
        &self.keys
    }

    /// Keys that were left out, by their place in the document, and why.
    pub fn skipped(&self) -> &[(usize, KeyError)] {
        &self.skipped
    }

    /// Whether there is no key to verify with.
    pub fn is_empty(&self) -> bool {
        self.keys.is_empty()
    }

    /// Looks for the key that signed `token`: among those that it names, and those without a name. A token without
    /// `kid` is tried with all, up to a bound.
    pub(super) fn search(&self, token: &Token<'_>) -> Search {
        let name = token.key_id.as_deref();
        let candidates = || self.keys.iter().filter(move |key| fits_name(key, name));
        let can_verify = |key: &&Key| token.algorithm.is_some_and(|it| key.algorithms().contains(it));
        if candidates().filter(can_verify).take(MAX_TRIED).any(|key| key.has_signed(token)) {
            return Search::Signed;
        }
        let named = || candidates().filter(|key| name.is_some() && key.id().is_some());
        match (named().next(), named().any(|key| can_verify(&key))) {
            (None, _) => Search::NoKey,
            (Some(_), false) => Search::OtherAlgorithm,
            (Some(_), true) => Search::NotSigned,
        }
    }
}

/// RFC 7515 section 4.1.4: the name is compared as it is. Several keys may have the same (RFC 7517 section 4.5), and a
/// key without one, from a PEM for instance, may be any.
fn fits_name(key: &Key, name: Option<&str>) -> bool {
    match (name, key.id()) {
        (Some(name), Some(id)) => name == id,
        _ => true,
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use serde_json::json;

    use super::*;

    const JWKS: &str = include_str!("../../../tests/keys/keys.jwks.json");

    fn read(document: &Value) -> Result<KeySet, KeySetError> {
        KeySet::from_jwks(document.to_string().as_bytes(), Origin::Public)
    }

    #[test]
    fn keys_of_unknown_kinds_are_left_out() {
        let mut document: Value = serde_json::from_str(JWKS).unwrap();
        let keys = document["keys"].as_array_mut().unwrap();
        keys.insert(1, json!({"kty": "AKP", "alg": "ML-DSA-44"}));
        keys.push(json!({"kty": "oct", "k": "A".repeat(86)}));
        keys.push(json!("key"));
        let set = read(&document).unwrap();
        assert_eq!(set.keys().len(), 4);
        let skipped: Vec<_> = set.skipped().iter().map(|(index, error)| (*index, error.0)).collect();
        assert_eq!(
            skipped,
            [
                (1, "its kty is none of RSA, EC, OKP and oct"),
                (5, "a secret that is public is none"),
                (6, "it is not an object"),
            ]
        );
    }

    #[test]
    fn documents_that_are_no_sets() {
        let key = serde_json::from_str::<Value>(JWKS).unwrap()["keys"][1].clone();
        assert_eq!(read(&json!({"keys": vec![key.clone(); 64]})).unwrap().keys().len(), 64);
        let error = |document: &Value| read(document).unwrap_err().0;
        assert_eq!(error(&json!({"keys": vec![key.clone(); 65]})), "it has more than 64 keys");
        assert_eq!(error(&json!({"keys": {}})), "it has no keys");
        assert_eq!(error(&key), "it has no keys");
        assert_eq!(error(&json!([key])), "not a JSON object");
        assert!(read(&json!({"keys": []})).unwrap().is_empty());
        let twice = KeySet::from_jwks(b"{\"keys\":[],\"keys\":[]}", Origin::Public);
        assert_eq!(twice.unwrap_err().0, "the JSON has a member twice");
    }
}
