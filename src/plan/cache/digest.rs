//! What makes a route what it is, as a digest: with another configuration, nothing that was kept under this one is found.

use std::collections::BTreeMap;

use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

use super::{Known, Ready};
use crate::auth::Access;
use crate::config::{self, Api, Consumer, Defaults, Document, Upstream};

/// Changes whenever the gateway makes something else of the same configuration.
const VERSION: u32 = 1;

/// What routes refer to.
#[derive(Debug)]
pub(super) struct Digests<'a> {
    known: Known<'a>,
    defaults: Option<&'a Defaults>,
    upstreams: BTreeMap<&'a str, &'a Upstream>,
    apis: BTreeMap<&'a str, &'a Api>,
    /// Schemas, and the files that some of them are in.
    schemas: [u8; 32],
    /// What upstreams may be told of consumers.
    consumers: [u8; 32],
    issuer: Option<&'a str>,
}

// === impl Digests ===

impl<'a> Digests<'a> {
    pub(super) fn new(documents: &'a [(String, Document)], known: Known<'a>) -> Self {
        let all = || documents.iter().map(|(_, document)| document);
        let consumers: BTreeMap<_, _> = all()
            .flat_map(|document| &document.consumers)
            .map(|(name, consumer)| {
                let Consumer { groups, plan, metadata, disabled, signature_keys: _, keys: _, password: _ } =
                    consumer;
                (name, json!([groups, plan, metadata, disabled]))
            })
            .collect();
        Self {
            known,
            defaults: all().find_map(|document| document.defaults.as_ref()),
            upstreams: all()
                .flat_map(|document| &document.upstreams)
                .map(|(name, upstream)| (name.as_str(), upstream))
                .collect(),
            apis: all().flat_map(|document| &document.apis).map(|(name, api)| (name.as_str(), api)).collect(),
            schemas: sha256(&json!(
                all()
                    .map(|document| (&document.schemas, &document.openapi, &document.files))
                    .collect::<Vec<_>>()
            )),
            consumers: sha256(&json!(consumers)),
            issuer: all().find_map(|document| document.issuer.as_ref()?.name.as_deref()),
        }
    }

    /// Half a digest of all that shapes a route's answers. Maps are sorted, so the same configuration has the same one.
    pub(super) fn of(&self, route: &config::Route, ready: Option<Ready<'_>>) -> [u8; 16] {
        let upstreams: BTreeMap<_, _> =
            upstreams_of(route).filter_map(|name| Some((name, self.upstreams.get(name)?))).collect();
        let api = route.matches.as_ref().and_then(|matches| self.apis.get(matches.api.as_deref()?));
        let all = json!({
            "version": VERSION,
            "route": of_route(route),
            "defaults": self.defaults.map(of_defaults),
            "upstreams": upstreams,
            "api": api,
            "schemas": route.validate.as_ref().and_then(|it| it.answers.as_ref()).map(|_| self.schemas),
            "ways in": ready.map(ways_in),
            "consumers": ready.filter(|ready| ready.ways_in().next().is_some()).map(|_| self.consumers),
            "issuer": ready.filter(|ready| tells_tokens(*ready)).map(|_| self.issuer),
            "gateway": self.known.gateway,
        });
        let mut half = [0; 16];
        half.copy_from_slice(&sha256(&all)[..16]);
        half
    }
}

/// All but what decides whether a request is answered at all, or how long that may take, and what is written on each
/// answer after it is kept.
fn of_route(route: &config::Route) -> Value {
    let config::Route {
        id,
        matches,
        auth,
        identity,
        upstream,
        rewrite,
        paths,
        headers,
        cache,
        // The key has the upstream that a split chooses: how it is chosen says nothing about answers.
        split: _,
        fallback,
        mapping,
        // What an answer must be is looked at before it is kept.
        validate,
        compose,
        transform,
        graphql,
        mirror: _,
        idempotency: _,
        priority: _,
        addresses: _,
        shield: _,
        rate_limits: _,
        plans: _,
        redirect: _,
        respond: _,
        batch: _,
        timeouts: _,
        limits: _,
        cors: _,
        security_headers: _,
        compression: _,
    } = route;
    let validate = validate.as_ref().filter(|validate| validate.answers.is_some());
    let answers = validate.map(|validate| (&validate.operation, &validate.answers));
    json!([
        id, matches, auth, identity, upstream, fallback, mapping, compose, transform, graphql, answers,
        rewrite, paths, headers, cache
    ])
}

/// Whether some upstream gets a token of the gateway's.
fn tells_tokens(ready: Ready<'_>) -> bool {
    ready.asked().any(|(route, _)| route.identity.token.is_some())
}

/// All upstreams whose answers the route may keep.
fn upstreams_of(route: &config::Route) -> impl Iterator<Item = &str> {
    let own = named(route.upstream.as_ref(), route.split.as_ref(), route.fallback.as_ref());
    let steps = route.compose.iter().flat_map(|compose| &compose.steps);
    let of_steps =
        steps.flat_map(|step| named(step.upstream.as_ref(), step.split.as_ref(), step.second.as_ref()));
    own.chain(of_steps)
}

fn named<'c>(
    upstream: Option<&'c String>,
    split: Option<&'c config::migration::Split>,
    fallback: Option<&'c config::migration::Fallback>,
) -> impl Iterator<Item = &'c str> {
    let of_split = split.into_iter().flat_map(|split| {
        let of_rules = split.rules.iter().map(|rule| &rule.upstream);
        of_rules.chain(split.to.iter().map(|part| &part.upstream))
    });
    let fallback = fallback.map(|fallback| &fallback.to);
    upstream.into_iter().chain(of_split).chain(fallback).map(String::as_str)
}

fn of_defaults(defaults: &Defaults) -> Value {
    let Defaults {
        auth,
        identity,
        paths,
        headers,
        cache,
        addresses: _,
        shield: _,
        rate_limits: _,
        plans: _,
        timeouts: _,
        limits: _,
        cors: _,
        security_headers: _,
        compression: _,
    } = defaults;
    json!([auth, identity, paths, headers, cache])
}

/// What callers are known by: another definition of a way in makes other callers under the same names.
fn ways_in(ready: Ready<'_>) -> Vec<(&str, [u8; 32])> {
    let external = match &ready.route.access {
        Access::Public => None,
        Access::Required(required) => required.external.map(|index| &ready.auth.authenticators[index]),
    };
    ready.ways_in().chain(external).map(|way| (&*way.name, way.fingerprint)).collect()
}

fn sha256(value: &Value) -> [u8; 32] {
    // Made of types that were read from text: it cannot fail.
    Sha256::digest(serde_json::to_vec(value).unwrap_or_default()).into()
}

#[cfg(all(test, feature = "author"))]
mod tests;
