//! Consumers with their keys and passwords, ready to be found.

use std::collections::BTreeMap;

use super::compile::{Context, Pointer};
use super::scalar::moment;
use crate::auth::api_key::form::looks_like_a_key;
use crate::auth::consumer::{Consumer, Consumers, Key, check};
use crate::auth::digest::{Digest, SCHEME};
use crate::auth::password::{
    LEAST_MEMORY, LEAST_WORK, MOST_MEMORY, MOST_WORK, Password, RECOMMENDED, Refused,
};
use crate::config::consumer::{ConsumerKey, MomentText};
use crate::config::{self, Document};
use crate::diagnostic::Diagnostic;

impl Context<'_> {
    /// All consumers, and what is wrong with them.
    pub(super) fn consumers(&mut self, documents: &[(String, Document)]) -> Consumers {
        let (mut all, mut keys, mut passwords) = (Vec::new(), Vec::new(), Vec::new());
        let mut first: BTreeMap<[u8; 32], Pointer> = BTreeMap::new();
        let mut costs: Vec<(Pointer, String)> = Vec::new();
        for (file, document) in documents {
            let at = Pointer::root(file).key("consumers");
            for (id, written) in &document.consumers {
                let at = at.key(id);
                all.extend(self.consumer(&at, id, written));
                let at_keys = at.key("keys");
                for (key, at) in written.keys.iter().zip(at_keys.indices()) {
                    let Some(key) = self.consumer_key(&at, id, key) else { continue };
                    self.refuse_twin(&at.key("digest"), &key.digest, &mut first);
                    keys.push(key);
                }
                let Some(text) = &written.password else { continue };
                let at = at.key("password");
                if let Some(password) = self.password(&at, text) {
                    costs.push((at, password.cost().to_string()));
                    passwords.push((id.as_str().into(), password));
                }
            }
        }
        self.warn_of_costs(&costs);
        Consumers::new(all, keys, passwords)
    }

    fn consumer(&mut self, at: &Pointer, id: &str, written: &config::Consumer) -> Option<Consumer> {
        let consumer = ready(id, written);
        match check(&consumer) {
            Ok(()) => Some(consumer),
            Err(what) => {
                self.error(at, what.to_string());
                None
            }
        }
    }

    fn consumer_key(&mut self, at: &Pointer, id: &str, written: &ConsumerKey) -> Option<Key> {
        let digest = self.digest(&at.key("digest"), &written.digest);
        let not_before = self.moment(&at.key("not_before"), written.not_before.as_ref());
        let expires = self.moment(&at.key("expires"), written.expires.as_ref());
        let key = Key {
            digest: digest?,
            consumer: id.into(),
            label: written.label.as_deref().unwrap_or_default().into(),
            created: 0,
            not_before,
            expires,
            disabled: written.disabled.unwrap_or(false),
        };
        match key.check() {
            Ok(()) => Some(key),
            Err(what) => {
                self.error(at, what.to_string());
                None
            }
        }
    }

    /// What was written is never shown: it may be a key.
    fn digest(&mut self, at: &Pointer, written: &str) -> Option<Digest> {
        let digest = written.strip_prefix(SCHEME).and_then(Digest::from_hex);
        if digest.is_none() && looks_like_a_key(written) {
            let digest = Digest::of(written.as_bytes()).hex();
            self.error(at, "this is a key, and a key stands in no file").help(format!(
                "write \"{SCHEME}{digest}\"; who has seen this file has the key: better make another"
            ));
        } else if digest.is_none() {
            self.error(at, "this is not the digest of a key").help(format!(
                "{SCHEME} and 64 hexadecimal digits in lower case; tollgate keys create --print writes it"
            ));
        }
        digest
    }

    fn refuse_twin(&mut self, at: &Pointer, digest: &Digest, first: &mut BTreeMap<[u8; 32], Pointer>) {
        if let Some(there) = first.get(digest.bytes()) {
            let diagnostic = Diagnostic::error(at.into(), "this key is another's already");
            self.report(diagnostic.related(there.into(), "first"))
                .help("a key says who calls: give each consumer keys of its own");
        } else {
            first.insert(*digest.bytes(), at.clone());
        }
    }

    pub(super) fn moment(&mut self, at: &Pointer, written: Option<&MomentText>) -> Option<u64> {
        let MomentText(text) = written?;
        let read = moment(text);
        if read.is_none() {
            self.error(at, format!("\"{text}\" is not a moment"))
                .help("\"2026-11-21\", or \"2026-11-21T12:00:00Z\" in UTC");
        }
        read
    }

    /// What was written is never shown: it may be the password.
    fn password(&mut self, at: &Pointer, written: &str) -> Option<Password> {
        let refused = match Password::read(written) {
            Ok(password) => return Some(password),
            Err(refused) => refused,
        };
        let help = match refused {
            Refused::Form | Refused::Algorithm | Refused::Short => format!(
                "a digest is made with: printf %s PASSWORD | argon2 \"$(openssl rand -hex 8)\" -id -k {} -t {} -p {} -e",
                RECOMMENDED.memory, RECOMMENDED.passes, RECOMMENDED.lanes
            ),
            Refused::Weak => {
                format!("m is {LEAST_MEMORY} or more, and m times t {LEAST_WORK} or more: {RECOMMENDED}")
            }
            Refused::Costly => {
                format!("m is {MOST_MEMORY} at most, and m times t {MOST_WORK}: {RECOMMENDED}")
            }
        };
        self.error(at, format!("this is no digest of a password: {refused}")).help(help);
        None
    }

    /// A way in through which nobody can come is questionable, and no mistake: perhaps the first is still to be made.
    pub(super) fn warn_of_nobody(&mut self, documents: &[(String, Document)], consumers: &Consumers) {
        for (file, document) in documents {
            for (name, written) in &document.auth {
                let at = Pointer::root(file).key("auth").key(name);
                let no_keys = written.api_key.as_ref().is_some_and(|keys| keys.store != Some(true));
                if no_keys && consumers.keys.is_empty() {
                    self.report(Diagnostic::warning((&at.key("api_key")).into(), "no consumer has a key"))
                        .help("add keys to one of [consumers], or store = true for keys that are made at run time");
                }
                if written.basic.is_some() && consumers.passwords.is_empty() {
                    self.report(Diagnostic::warning((&at.key("basic")).into(), "no consumer has a password"))
                        .help("add password to one of [consumers]");
                }
            }
        }
    }

    /// The time that an answer takes would tell who there is.
    fn warn_of_costs(&mut self, costs: &[(Pointer, String)]) {
        let Some(((first, cost), others)) = costs.split_first() else { return };
        for (at, other) in others.iter().filter(|(_, other)| other != cost) {
            let text = format!(
                "this digest costs {other}, and another {cost}: the time tells which names there are"
            );
            self.report(Diagnostic::warning(at.into(), text).related(first.into(), "another"))
                .help("give all passwords the same parameters");
        }
    }
}

/// The consumer `id`, as it was written.
pub(super) fn ready(id: &str, written: &config::Consumer) -> Consumer {
    let boxed = |text: &String| -> Box<str> { text.as_str().into() };
    Consumer {
        id: id.into(),
        groups: written.groups.iter().map(boxed).collect(),
        plan: written.plan.as_ref().map(boxed),
        // Sorted, as the table that it was.
        metadata: written.metadata.iter().map(|(name, value)| (boxed(name), boxed(value))).collect(),
        disabled: written.disabled.unwrap_or(false),
    }
}
