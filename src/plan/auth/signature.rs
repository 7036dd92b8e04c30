//! A signature over the request (RFC 9421), with a key of a consumer.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use super::super::compile::{Context, Pointer};
use super::super::consumer::ready;
use crate::auth::Kind;
use crate::auth::caller::{Caller, Consumer, CredentialId};
use crate::auth::signature::{Derived, Key, Known, Material, Policy, Required, Signatures};
use crate::config::auth::signature as config;
use crate::config::{Document, SignatureKey};
use crate::diagnostic::{Diagnostic, Place};

/// How much content is held in memory where the configuration does not say: enough for what machines tell each other.
const MOST_CONTENT: u64 = 1 << 20;

/// The keys of all consumers, by their identifiers: where each was written, whose it is, and what.
type Keys = BTreeMap<String, (Pointer, Arc<Consumer>, Material)>;

impl<'a> Context<'a> {
    /// Its keys are given to it by [`Self::give_signature_keys`], when they are known.
    pub(super) fn signature(&mut self, at: &Pointer, written: &config::Signature) -> Option<Signatures> {
        let default = Policy::default();
        let at_age = at.key("max_age");
        let max_age = written.max_age.as_ref().map_or(default.max_age, |text| self.duration(&at_age, text));
        let skew = match &written.clock_skew {
            Some(text) => self.duration(&at.key("clock_skew"), text).unwrap_or(Duration::ZERO),
            None => default.skew,
        };
        let nonce = written.nonce.unwrap_or(false);
        if nonce && max_age.is_none() {
            self.error(&at.key("nonce"), "a nonce of a signature that never ends would be kept for ever")
                .help("give max_age a span of time");
        }
        let policy = Policy {
            label: self.label(&at.key("label"), written.label.as_deref()),
            required: self.components(&at.key("components"), written.components.as_deref(), default.required),
            content_digest: written.content_digest.unwrap_or(default.content_digest),
            max_age,
            skew,
            tag: self.printable(&at.key("tag"), written.tag.as_deref()),
            nonce,
        };
        let at_content = at.key("max_content");
        let most_content = written.max_content.as_ref().map_or(MOST_CONTENT, |text| {
            let size = self.size(&at_content, text);
            if size == u64::MAX {
                self.error(&at_content, "max_content cannot be \"off\"")
                    .help("content is held in memory until it is known to be what was signed; choose a size");
            }
            size
        });
        Some(Signatures { policy, most_content, keys: Vec::new() })
    }

    /// RFC 9651 section 3.1.2: `key = ( lcalpha / "*" ) *( lcalpha / DIGIT / "_" / "-" / "." / "*" )`.
    fn label(&mut self, at: &Pointer, written: Option<&str>) -> Option<Box<str>> {
        let label = written?;
        let valid = label.starts_with(|first: char| first.is_ascii_lowercase() || first == '*')
            && label
                .bytes()
                .all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || b"_-.*".contains(&byte));
        if !valid {
            self.error(at, format!("no signature can have the label \"{label}\""))
                .help("small letters, digits, and any of _ - . *, a letter or * first");
        }
        Some(label.into())
    }

    /// RFC 9651 section 3.3.3: strings of printable ASCII.
    fn printable(&mut self, at: &Pointer, written: Option<&str>) -> Option<Box<str>> {
        let text = written?;
        if text.is_empty() || !text.bytes().all(|byte| matches!(byte, b' '..=b'~')) {
            self.error(at, format!("no signature can say {text:?}"))
                .help("one or more printable characters of ASCII");
        }
        Some(text.into())
    }

    fn components(
        &mut self,
        at: &Pointer,
        written: Option<&[String]>,
        default: Box<[Required]>,
    ) -> Box<[Required]> {
        let Some(names) = written else { return default };
        if names.is_empty() {
            self.error(at, "a signature that covers nothing would fit every request")
                .help("name what it must cover, such as \"@method\" and \"@target-uri\"");
        }
        let mut required = Vec::new();
        for (name, at) in names.iter().zip(at.indices()) {
            let Some(one) = self.component(&at, name) else { continue };
            if required.contains(&one) {
                self.error(&at, format!("\"{name}\" is named twice"));
            } else {
                required.push(one);
            }
        }
        required.into()
    }

    fn component(&mut self, at: &Pointer, name: &str) -> Option<Required> {
        if !name.starts_with('@') {
            return self.header_name(at, name).map(Required::Field);
        }
        let derived = Derived::parse(name);
        if derived.is_none() {
            let known = Derived::ALL.map(Derived::as_str).join(", ");
            self.error(at, format!("\"{name}\" is not a part of requests that can be asked for"))
                .help(format!("{known}, and names of header fields"));
        }
        derived.map(Required::Derived)
    }

    /// Gives every way in of this kind the keys of all consumers.
    pub(super) fn give_signature_keys(
        &mut self,
        documents: &'a [(String, Document)],
        authenticators: &mut BTreeMap<&'a str, (Kind, [u8; 32])>,
    ) {
        let keys = self.signature_keys(documents);
        let has_store = documents.iter().any(|(_, document)| document.store.is_some());
        for (file, document) in documents {
            for name in document.auth.keys() {
                let Some((Kind::Signature(signatures), _)) = authenticators.get_mut(name.as_str()) else {
                    continue;
                };
                let at = Pointer::root(file).key("auth").key(name).key("signature");
                if keys.is_empty() {
                    self.error(&at, "no consumer has a key for signatures")
                        .help("give [consumers.NAME] signature_keys = [{ id = \"…\", ed25519 = \"…\" }]");
                }
                if signatures.policy.nonce && !has_store {
                    self.error(&at.key("nonce"), "without a store, nobody can say whether a nonce is new")
                        .help("add [store]");
                }
                signatures.keys = keys.iter().map(|(id, key)| known(name, id, key)).collect();
            }
        }
    }

    fn signature_keys(&mut self, documents: &[(String, Document)]) -> Keys {
        let mut keys = Keys::new();
        for (file, document) in documents {
            for (name, written) in &document.consumers {
                let at = Pointer::root(file).key("consumers").key(name).key("signature_keys");
                let consumer = Arc::new(ready(name, written));
                for (key, at) in written.signature_keys.iter().zip(at.indices()) {
                    let id = self.printable(&at.key("id"), Some(&key.id));
                    let Some((id, material)) = id.zip(self.material(&at, key)) else { continue };
                    if let Some((first, ..)) = keys.get(&*id) {
                        let place = Place::from(&at.key("id"));
                        let found = Diagnostic::error(place, format!("two keys have the id \"{id}\""));
                        self.report(found.related(Place::from(&first.key("id")), "the other one"));
                        continue;
                    }
                    keys.insert(id.into(), (at, Arc::clone(&consumer), material));
                }
            }
        }
        keys
    }

    fn material(&mut self, at: &Pointer, key: &SignatureKey) -> Option<Material> {
        match (&key.ed25519, &key.secret) {
            (Some(text), None) => {
                if key.base64.is_some() {
                    self.error(&at.key("base64"), "base64 says how a secret is written, and there is none")
                        .help("a public key is read as PEM or base64, whichever it is");
                }
                match Key::ed25519(text) {
                    Ok(key) => Some(Material::Public(key)),
                    Err(error) => {
                        self.error(
                            &at.key("ed25519"),
                            format!("this is not a key that can be used: {error}"),
                        )
                        .help("what openssl pkey -pubout writes, or base64 of the 32 bytes of the key");
                        None
                    }
                }
            }
            (None, Some(text)) => {
                let variable = self.secret(&at.key("secret"), text)?;
                Some(Material::Secret { variable, base64: key.base64.unwrap_or(false) })
            }
            _ => {
                self.error(at, format!("the key \"{}\" needs exactly one of ed25519 and secret", key.id));
                None
            }
        }
    }
}

/// A key, with the caller that this way in says it is.
fn known(by: &str, id: &str, key: &(Pointer, Arc<Consumer>, Material)) -> Known {
    let (_, consumer, material) = key;
    let caller = Caller {
        by: by.into(),
        subject: Some(consumer.id.clone()),
        groups: consumer.groups.clone(),
        consumer: Some(Arc::clone(consumer)),
        credential: Some(CredentialId::of(&[by.as_bytes(), id.as_bytes()])),
        ..Caller::default()
    };
    Known { id: id.into(), material: material.clone(), caller: Arc::new(caller) }
}
