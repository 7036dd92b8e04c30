//! Public keys that stand in the configuration.

use super::super::super::compile::{Context, Pointer};
use crate::auth::jwt::{Key, KeySet, Origin, read_json};
use crate::config::OneOrMany;
use crate::diagnostic::Diagnostic;

/// The most keys of one issuer, as many as a key set may have.
const MAX_KEYS: usize = 64;

impl Context<'_> {
    pub(super) fn written_keys(&mut self, at: &Pointer, written: &OneOrMany) -> Option<KeySet> {
        let listed = matches!(written, OneOrMany::Many(_));
        let texts = written.as_slice();
        let mut keys = Vec::new();
        for (text, at_text) in texts.iter().zip(at.indices()) {
            keys.extend(self.written_key(if listed { &at_text } else { at }, text));
        }
        if texts.is_empty() {
            self.error(at, "without a key no token can be verified")
                .help("give a public key in PEM, a JSON Web Key, or a Key Set");
        }
        if keys.len() > MAX_KEYS {
            self.error(at, format!("{} keys are too many: at most {MAX_KEYS}", keys.len()));
        }
        (!keys.is_empty()).then(|| KeySet::new(keys))
    }

    /// The keys of one text.
    fn written_key(&mut self, at: &Pointer, text: &str) -> Vec<Key> {
        let read = match text.trim_start().starts_with('{') {
            true => read_json(text, Origin::Public),
            false => Key::from_pem(text).map(|key| KeySet::new(vec![key])).map_err(|error| error.0),
        };
        match read {
            Ok(set) => {
                for (index, why) in set.skipped() {
                    let message = format!("key {index} of the set is left out: {}", why.0);
                    self.report(Diagnostic::warning(at.into(), message));
                }
                set.keys().to_vec()
            }
            Err(why) => {
                self.error(at, format!("this is not a key that verifies tokens: {why}")).help(help(why));
                Vec::new()
            }
        }
    }
}

fn help(why: &str) -> &'static str {
    match why {
        "a secret that is public is none" => "name a variable that holds it: secret = \"${token_secret}\"",
        "it is a private key, which only the issuer may have" => {
            "give its public half: openssl pkey -in private.pem -pubout"
        }
        _ => {
            "a public key or certificate in PEM, a JSON Web Key, or a Key Set: RSA, EC on P-256 or P-384, or Ed25519"
        }
    }
}
