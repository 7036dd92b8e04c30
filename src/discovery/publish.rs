//! What was found, in the live document: written by those who follow sources, and read by those who cannot.

use std::sync::Arc;

use super::found::Taken;
use super::{Fault, Found, Source};
use crate::balance::{Member, Set};
use crate::deadline::Deadline;
use crate::host::{Host, StoreError};
use crate::live::{self, Document, Endpoint, Endpoints, Live};
use crate::plan::Target;

/// Writes the targets that were found for an upstream, where others stand in the document.
///
/// # Errors
/// What [`live::change`] says.
pub async fn publish<H: Host>(
    host: &H,
    live: &Live,
    upstream: &str,
    source: &'static str,
    set: &Set,
) -> Result<(), StoreError> {
    let targets: Vec<Endpoint> = set.members.iter().map(endpoint).collect();
    let at = host.unix().0;
    let edit = |document: &mut Document| {
        let known = document.endpoints.entry(upstream.into()).or_default();
        if known.targets != targets || &*known.source != source {
            let serial = known.serial.saturating_add(1);
            *known = Endpoints { serial, source: source.into(), at, targets: targets.clone() };
        }
    };
    live::change(host, live, Deadline::never(), edit).await.map(drop)
}

/// What the document says of an upstream, as the source of its targets would; `None` where it says nothing.
pub fn published(
    document: &Arc<Document>,
    upstream: &str,
    (source, template): (&Source, &Target),
) -> Option<Result<Taken, Fault>> {
    let endpoints = document.endpoints.get(upstream)?;
    Some(source.targets(template, endpoints.targets.iter().map(found).collect()))
}

pub(super) fn endpoint(member: &Member) -> Endpoint {
    let Target { host, port, .. } = &member.target;
    let usual = if host.contains(':') { format!("[{host}]:{port}") } else { format!("{host}:{port}") };
    Endpoint {
        host: host.clone(),
        port: *port,
        name: (*member.name != *usual).then(|| member.name.clone()),
        weight: (member.weight != 1).then_some(member.weight),
        priority: (member.priority != 0).then_some(member.priority),
        zone: member.zone.clone(),
    }
}

pub(super) fn found(endpoint: &Endpoint) -> Found {
    Found {
        name: endpoint.name.as_deref().unwrap_or_default().to_owned(),
        host: endpoint.host.to_string(),
        port: Some(endpoint.port),
        weight: endpoint.weight.unwrap_or(1),
        priority: endpoint.priority.unwrap_or(0),
        zone: endpoint.zone.as_deref().map(str::to_owned),
    }
}
