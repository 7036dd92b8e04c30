//! Routes that the gateway has of its own, beside those that are written.

use super::compile::Context;
use super::{IssuerPlan, Route};
use crate::auth;
use crate::cache::Caching;
use crate::config::Document;
use crate::limit::Limits;

impl Context<'_> {
    /// Adds them: keys, logins, usage, purges, the registry.
    pub(super) fn own_routes(
        &mut self,
        documents: &[(String, Document)],
        (issuer, auth, limits): (Option<&IssuerPlan>, &auth::Plan, &Limits),
        caching: &mut Caching,
        routes: &mut Vec<Route>,
    ) {
        routes.extend(self.published(issuer));
        routes.extend(self.login_routes(documents, auth));
        let usage = self.usage_route(documents, limits, routes);
        let purge = self.purge_route(documents, limits, caching, routes);
        routes.extend(usage);
        caching.purge = purge.is_some().then_some(routes.len());
        routes.extend(purge);
        routes.extend(self.registry_routes(documents, limits));
    }
}
