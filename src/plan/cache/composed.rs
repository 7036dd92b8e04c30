//! What composed routes that keep answers may be asked with, and what their steps may send that keep answers of their own.

use super::super::Backend;
use super::super::compile::Context;
use super::settings::Settings;
use super::{Ready, Written};
use crate::cache::Policy;
use crate::expression::Variable;

impl Context<'_> {
    /// Whether two requests that the key of a composed route does not tell apart are asked of the same upstreams in the same way.
    pub(super) fn steps_are_alike(
        &mut self,
        written: &Written<'_>,
        settings: &Settings<'_>,
        ready: Ready<'_>,
        policy: &Policy,
    ) {
        let Backend::Parts(compose) = ready.backend else { return };
        let steps = written.route.compose.iter().flat_map(|compose| &compose.steps);
        for (step, at) in steps.zip(written.at.key("compose").key("steps").indices()) {
            if step.split.is_some() {
                self.error(
                    &at.key("split"),
                    "an answer that is kept would be that of whichever upstream was chosen first",
                )
                .help("let the step keep its answers, which are told apart by that, and not the route");
            }
        }
        if compose.reads.variables.contains(&Variable::ClientAddress) && !policy.passes.address {
            self.error(&settings.at, "answers may depend on client.address, which a step is asked with")
                .help("add \"address\" to unkeyed, if they do not; or keep answers of steps, and not of the route");
        }
    }
}
