//! Clients' certificates as a way in: who is let in, and whether there is anybody to show one.

use std::sync::Arc;

use super::super::ServerPlan;
use super::super::compile::{Context, Pointer};
use crate::auth::certificate::{Certificates, NamePattern, SubjectOf};
use crate::config::auth::certificate as config;
use crate::config::{Document, OneOrMany};
use crate::forward::client::TrustedProxies;

impl Context<'_> {
    pub(super) fn certificate(
        &mut self,
        at: &Pointer,
        written: &config::Certificate,
    ) -> Option<Certificates> {
        let subject = subject_of(written.subject.unwrap_or(config::CertificateName::Subject));
        let mut allow = Vec::new();
        let at_allow = at.key("allow");
        let texts = written.allow.as_ref().map(OneOrMany::as_slice).unwrap_or_default();
        let listed = matches!(written.allow, Some(OneOrMany::Many(_)));
        for (text, at) in texts.iter().zip(at_allow.indices()) {
            allow.extend(self.name_pattern(if listed { &at } else { &at_allow }, subject, text));
        }
        if listed && texts.is_empty() {
            self.error(&at_allow, "an empty list lets nobody in").help("list names, or leave allow out");
        }
        let mut consumers = Vec::new();
        // A table of the configuration is sorted by its keys, and so is what is made of it.
        for (name, id) in &written.consumers {
            let at = at.key("consumers").key(name);
            if let Some(NamePattern::Exact(name)) = self.name_pattern(&at, subject, name) {
                consumers.extend(self.written_consumer(&at, id).map(|consumer| (name, Arc::new(consumer))));
            } else if name.contains('*') {
                self.error(&at, "a consumer is known by one name").help("write the whole name");
            }
        }
        consumers.sort_by(|(a, _), (b, _)| a.cmp(b));
        let from_proxies = written.from_proxies.unwrap_or(false);
        Some(Certificates { subject, allow, from_proxies, consumers })
    }

    fn name_pattern(&mut self, at: &Pointer, subject: SubjectOf, text: &str) -> Option<NamePattern> {
        let Some(pattern) = NamePattern::parse(text) else {
            self.error(at, format!("\"{text}\" cannot be a name"))
                .help("a whole name, or an asterisk at its beginning or its end and something beside it");
            return None;
        };
        let exact = matches!(pattern, NamePattern::Exact(_));
        match subject {
            // What stands before a comma could be the end of another value, whose comma is escaped.
            SubjectOf::Subject | SubjectOf::Fingerprint if !exact => {
                self.error(at, format!("a {subject} has no wildcards"))
                    .help("write it whole, or let subject be one of the other names");
                None
            }
            SubjectOf::Fingerprint if !is_fingerprint(text) => {
                self.error(at, format!("\"{text}\" is not a fingerprint"))
                    .help("64 hexadecimal digits in lower case, without colons: SHA-256 of the certificate");
                None
            }
            SubjectOf::Dns if text.bytes().any(|byte| byte.is_ascii_uppercase()) => {
                self.error(
                    at,
                    format!("\"{text}\" matches nothing: names of the DNS are compared in lower case"),
                )
                .help(format!("write \"{}\"", text.to_ascii_lowercase()));
                None
            }
            _ => Some(pattern),
        }
    }

    /// A certificate that nobody can show would be a way in for nobody, and one that anybody can write would be a way
    /// in for everybody.
    pub(in crate::plan) fn certificate_sources(
        &mut self,
        documents: &[(String, Document)],
        trusted: &TrustedProxies,
        server: &ServerPlan,
    ) {
        let asked = server.listeners.iter().any(|listener| listener.clients.is_some());
        for (file, document) in documents {
            for (name, written) in &document.auth {
                let Some(written) = &written.certificate else { continue };
                let at = Pointer::root(file).key("auth").key(name).key("certificate");
                if written.from_proxies == Some(true) {
                    // A number of proxies is not enough: whoever came past them could write himself a certificate.
                    if !trusted.has_networks() {
                        self.error(
                            &at.key("from_proxies"),
                            "there is no proxy whose Client-Cert would be believed",
                        )
                        .help("add clients.trusted_proxies with the proxy's address");
                    }
                } else if !self.abilities.listens {
                    let host = self.abilities.name;
                    self.error(&at, format!("{host} does not see clients' certificates")).help(
                        "put a proxy in front that writes Client-Cert (RFC 9440), and add from_proxies = true",
                    );
                } else if !asked {
                    self.error(&at, "no listener asks for clients' certificates").help(
                        "add [[server.client_certificates]] with ca, or from_proxies = true behind a proxy",
                    );
                }
            }
        }
    }
}

fn is_fingerprint(text: &str) -> bool {
    text.len() == 64 && text.bytes().all(|byte| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte))
}

const fn subject_of(name: config::CertificateName) -> SubjectOf {
    match name {
        config::CertificateName::Subject => SubjectOf::Subject,
        config::CertificateName::CommonName => SubjectOf::CommonName,
        config::CertificateName::SanDns => SubjectOf::Dns,
        config::CertificateName::SanUri => SubjectOf::Uri,
        config::CertificateName::SanEmail => SubjectOf::Email,
        config::CertificateName::Fingerprint => SubjectOf::Fingerprint,
    }
}
