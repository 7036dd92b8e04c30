//! Limits and plans, ready to be judged.

use std::time::Duration;

use super::compile::{Context, Pointer};
use super::policy::Layers;
use super::scalar;
use crate::config::{self, Defaults, Document, OneOrMany};
use crate::limit::{Algorithm, Fields, KeyPart, Limit, Limits, OnFailure, Place, RouteLimits, Weight};

impl Context<'_> {
    /// All that is configured about limits.
    pub(super) fn limits(&mut self, documents: &[(String, Document)]) -> Limits {
        let mut all = Vec::new();
        for (name, written) in documents.iter().flat_map(|(_, document)| &document.rate_limits) {
            all.push(Limit {
                name: name.as_str().into(),
                algorithm: algorithm(written),
                key: vec![KeyPart::Address { ipv4: 32, ipv6: 64 }],
                weight: Weight::Constant(1),
                when: None,
                place: Place::Memory,
                lease: 1,
                shadow: written.shadow.unwrap_or(false),
                on_failure: OnFailure::Allow,
                local: None,
                timeout: Duration::from_millis(50),
            });
        }
        all.sort_by(|a, b| a.name.cmp(&b.name));
        Limits { all, tiers: Vec::new(), stores: Vec::new(), fields: Fields::default(), most_keys: 1_000_000 }
    }

    /// What a route says of limits.
    pub(super) fn route_limits(
        &mut self,
        limits: &Limits,
        (_, written): (&Pointer, &config::Route),
        (_, defaults): (&Pointer, &Defaults),
    ) -> RouteLimits {
        let indices = |names: Option<&OneOrMany>| {
            let names = names.map(OneOrMany::as_slice).unwrap_or_default();
            names
                .iter()
                .filter_map(|name| limits.all.iter().position(|limit| *limit.name == **name))
                .collect()
        };
        RouteLimits {
            shield: indices(written.shield.as_ref().or(defaults.shield.as_ref())),
            own: indices(written.rate_limits.as_ref().or(defaults.rate_limits.as_ref())),
            tiers: Vec::new(),
        }
    }
}

fn algorithm(written: &config::RateLimit) -> Algorithm {
    let window = written.window.as_ref();
    let per = window.and_then(|window| scalar::duration(&window.per.0)).unwrap_or(Duration::from_secs(1));
    let per = u64::try_from(per.as_millis()).unwrap_or(u64::MAX);
    Algorithm::Fixed { most: window.map_or(1, |window| window.limit), per }
}
