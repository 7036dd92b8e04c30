//! Header fields of steps, when it is known what becomes of them.

use http::header::{AUTHORIZATION, HeaderName};

use super::super::compile::{Context, Pointer};
use super::super::{Backend, Plan};

impl Context<'_> {
    /// Whether every field that a step sends gets to its upstream.
    pub(in crate::plan) fn step_fields(&mut self, plan: &Plan) {
        for route in &plan.routes {
            let Some(Backend::Parts(compose)) = route.backend() else { continue };
            let at = Pointer::root(&route.origin.0).beneath(&route.origin.1).key("compose").key("steps");
            for (step, at) in compose.steps.iter().zip(at.indices()) {
                let (at_fields, at_pass) = (at.key("fields"), at.key("pass"));
                let fields = step.request.fields.iter().map(|(name, _)| (name, at_fields.key(name.as_str())));
                let pass = step.request.pass.iter().zip(at_pass.indices());
                for (name, at) in fields.chain(pass) {
                    self.step_field_arrives(&at, name, plan, step.route);
                }
            }
        }
    }

    fn step_field_arrives(&mut self, at: &Pointer, name: &HeaderName, plan: &Plan, route: usize) {
        if plan.claimed.contains(name.as_str()) {
            self.error(
                at,
                format!("{name} is taken out of every request: upstreams are told of callers by it"),
            )
            .help("choose another name, or tell it by identity of the route");
        }
        let Some(policy) = plan.routes.get(route).and_then(|route| route.cache.as_ref()) else { return };
        // Who is asked with credentials is asked past the cache.
        let passes = &policy.passes;
        if !passes.all && *name != AUTHORIZATION && !passes.fields.contains(name) {
            let message = format!(
                "{name} is kept from the upstream: the cache of this step does not tell answers apart by it"
            );
            self.error(at, message)
                .help(format!("add \"{name}\" to key.headers, vary or unkeyed of the step's cache"));
        }
    }
}
