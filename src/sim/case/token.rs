//! Tokens that a case's clients hold: signed when the case runs, because they name what differs from host to host.

use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::Deserialize;
use serde_json::{Map, Value, json};

use crate::identity::key::SigningKey;
use crate::sim::names::Names;

/// A JSON Web Token.
#[derive(Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Token {
    /// The file of the private key, in PKCS #8 PEM, relative to the case file.
    pub key: String,
    /// `kid` in its header. Default: none.
    #[serde(default)]
    pub kid: Option<String>,
    /// What it says. Places are filled in.
    pub claims: Map<String, Value>,
    /// What the file has in it.
    #[serde(skip)]
    pub pem: String,
}

// === impl Token ===

impl Token {
    /// The token as it is sent; what is wrong, for the author.
    pub fn sign(&self, names: &Names) -> Result<String, String> {
        let key =
            SigningKey::from_pem(&self.pem).map_err(|_| format!("{} holds no key that signs", self.key))?;
        let mut header = json!({ "alg": key.algorithm(), "typ": "JWT" });
        if let Some(kid) = &self.kid {
            header["kid"] = Value::from(kid.as_str());
        }
        let claims = names.fill(&Value::from(self.claims.clone()).to_string());
        let encoded = |text: &str| URL_SAFE_NO_PAD.encode(text);
        let message = format!("{}.{}", encoded(&header.to_string()), encoded(&claims));
        // Blinding a key that stands in a repository hides nothing, and the same case is the same each time.
        let signature =
            key.sign(message.as_bytes(), &mut |bytes| bytes.fill(7)).ok_or("the key does not sign")?;
        Ok(format!("{message}.{}", URL_SAFE_NO_PAD.encode(signature)))
    }
}

impl fmt::Debug for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Token").field("claims", &self.claims).finish_non_exhaustive()
    }
}
