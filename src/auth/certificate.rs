//! Clients' certificates: the one of the connection, or behind a proxy that is trusted, the one it saw (RFC 9440).

use std::sync::Arc;

use http::request::Parts;
use serde_json::{Map, Value};

pub mod field;
pub mod subject;
pub mod x509;

pub use subject::{NamePattern, SubjectOf};
pub use x509::{ClientCertificate, Unusable};

use super::caller::Consumer;
use super::{Asking, Authenticator, Caller, CredentialId, Found, Rejection};
use crate::host::UnixMillis;

/// Clients' certificates, ready to be judged.
#[derive(Debug)]
pub struct Certificates {
    /// Which name says who the caller is.
    pub subject: SubjectOf,
    /// The names that are let in; empty for all.
    pub allow: Vec<NamePattern>,
    /// Whether `Client-Cert` of trusted proxies is believed.
    pub from_proxies: bool,
    /// Names of known consumers, sorted.
    pub consumers: Vec<(Box<str>, Arc<Consumer>)>,
}

/// Looks for credentials of this kind, and judges them.
pub fn authenticate(authenticator: &Authenticator, policy: &Certificates, asking: &Asking<'_>) -> Found {
    find(&authenticator.name, policy, asking.head, asking.client.via_trusted, asking.now)
}

fn find(name: &str, policy: &Certificates, head: &Parts, via_trusted: bool, now: UnixMillis) -> Found {
    // Behind a trusted proxy the connection is the proxy's and so is its certificate: it says nothing of the client.
    if policy.from_proxies && via_trusted {
        return match field::client_cert(&head.headers) {
            Ok(None) => Found::Absent,
            Ok(Some(certificate)) => judge(name, policy, &certificate, now),
            Err(Unusable(cause)) => Found::Rejected(Rejection::invalid(cause)),
        };
    }
    match head.extensions.get::<Arc<ClientCertificate>>() {
        Some(certificate) => judge(name, policy, certificate, now),
        None => Found::Absent,
    }
}

fn judge(name: &str, policy: &Certificates, certificate: &ClientCertificate, now: UnixMillis) -> Found {
    // A connection may outlive the certificate that it began with.
    if !certificate.is_valid_at(now) {
        return Found::Rejected(Rejection::invalid("the client's certificate is not valid now"));
    }
    let Some(subject) = policy.subject.caller(certificate, &policy.allow) else {
        let cause = format!("the client's certificate has no {} that is let in", policy.subject);
        return Found::Rejected(Rejection::invalid(cause));
    };
    let at = policy.consumers.binary_search_by(|(name, _)| (**name).cmp(subject)).ok();
    let consumer = at.map(|at| Arc::clone(&policy.consumers[at].1));
    if consumer.as_ref().is_some_and(|consumer| consumer.disabled) {
        return Found::Rejected(Rejection::invalid("the consumer is switched off"));
    }
    Found::Verified(Arc::new(Caller {
        by: name.into(),
        subject: Some(subject.into()),
        claims: claims(certificate),
        groups: consumer.as_ref().map(|consumer| consumer.groups.clone()).unwrap_or_default(),
        consumer,
        expires: Some(certificate.not_after),
        credential: Some(CredentialId::of(&[certificate.fingerprint.as_bytes()])),
        ..Caller::default()
    }))
}

/// What policies and upstreams may be told of a certificate.
fn claims(certificate: &ClientCertificate) -> Map<String, Value> {
    let text = |text: &str| Value::from(text);
    let list = |names: &[Box<str>]| names.iter().map(|name| Value::from(&**name)).collect::<Value>();
    let mut claims = Map::new();
    claims.insert("subject".to_owned(), text(&certificate.subject));
    if let Some(name) = &certificate.common_name {
        claims.insert("common_name".to_owned(), text(name));
    }
    claims.insert("san_dns".to_owned(), list(&certificate.dns));
    claims.insert("san_uri".to_owned(), list(&certificate.uris));
    claims.insert("san_email".to_owned(), list(&certificate.emails));
    claims.insert("issuer".to_owned(), text(&certificate.issuer));
    claims.insert("serial".to_owned(), text(&certificate.serial));
    claims.insert("fingerprint".to_owned(), text(&certificate.fingerprint));
    claims.insert("not_after".to_owned(), Value::from(certificate.not_after.0 / 1000));
    claims
}

#[cfg(test)]
mod tests;
