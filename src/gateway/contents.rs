//! What a route makes of contents on their way: mappings, transformations, GraphQL. A request passes them in this order, and
//! its answer the other way round: what is nearest to the client speaks the client's words.

use http::Response;

use super::mapping::Passing;
use super::transforming::Asked;
use super::{Gateway, Incoming};
use crate::body::Body;
use crate::deadline::Deadline;
use crate::host::Host;
use crate::plan::Route;
use crate::problem::Failure;

/// What is known of a changed request when its answer comes.
pub(super) struct Changed<'r> {
    passing: Option<Passing>,
    asked: Option<Asked<'r>>,
}

impl<H: Host> Gateway<H> {
    /// The request as the upstream understands it.
    pub(super) async fn contents_for<'r>(
        &self,
        route: &'r Route,
        incoming: &mut Incoming<'_>,
        mut body: Body<H::Stream>,
        deadline: Deadline,
    ) -> Result<(Body<H::Stream>, Changed<'r>), Failure> {
        let mut changed = Changed { passing: None, asked: None };
        if let Some(mapping) = &route.mapping {
            let head = &mut incoming.head;
            let (mapped, passing) = self.map_request(mapping, route, head, body, deadline).await?;
            (body, changed.passing) = (mapped, Some(passing));
        }
        if let Some(transform) = &route.transform {
            let asking = self.transform_request(transform, route, incoming, body, deadline);
            let (transformed, asked) = asking.await?;
            (body, changed.asked) = (transformed, Some(asked));
        }
        if let Some(graphql) = &route.graphql {
            body = self.graphql_request(graphql, route, incoming, body, deadline).await?;
        }
        Ok((body, changed))
    }

    /// The answer as the client understands it.
    pub(super) async fn contents_from(
        &self,
        changed: Changed<'_>,
        route: &Route,
        incoming: &Incoming<'_>,
        mut response: Response<Body<H::Stream>>,
        deadline: Deadline,
    ) -> Result<Response<Body<H::Stream>>, Failure> {
        let idle = route.patience.idle;
        if let Some(graphql) = &route.graphql {
            response = self.graphql_answer(graphql, idle, response, deadline).await?;
        }
        if let Some(asked) = changed.asked {
            response = self.answer_transformed(asked, route, incoming, response, deadline).await?;
        }
        if let (Some(mapping), Some(passing)) = (&route.mapping, changed.passing) {
            response = self.map_response(mapping, passing, idle, response, deadline).await?;
        }
        Ok(response)
    }
}
