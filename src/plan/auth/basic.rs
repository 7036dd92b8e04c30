//! A name and a password (RFC 7617), which belong to a consumer.

use super::super::compile::{Context, Pointer};
use crate::auth::basic::Basic;
use crate::config::auth::basic as config;
use crate::diagnostic::Diagnostic;

/// What browsers show where nothing is said.
const DEFAULT_REALM: &str = "api";

impl Context<'_> {
    pub(super) fn basic(&mut self, at: &Pointer, written: &config::Basic) -> Option<Basic> {
        let realm = written.realm.as_deref().unwrap_or(DEFAULT_REALM);
        // RFC 9110 section 5.6.4: what a quoted string may hold; beyond ASCII, clients disagree on how to read it.
        if !realm.bytes().all(|byte| byte == b' ' || byte.is_ascii_graphic()) {
            self.error(&at.key("realm"), "a realm is ASCII, and has no control characters");
            return None;
        }
        if !self.abilities.listens {
            let host = self.abilities.name;
            let text = format!("{host} remembers no password: it computes the digest for every request");
            self.report(Diagnostic::warning(at.into(), text))
                .help("each request with a password takes some 30 ms and as much memory as m says; API keys take none");
        }
        Some(Basic::new(realm, written.forward.unwrap_or(false)))
    }
}
