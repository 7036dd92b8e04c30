//! The stages that change content, in their order.
//!
//! From the client to the upstream: mapped, transformed, asked as a query; an answer the other way round.

use http::Response;

use super::mapping::Passing;
use super::transforming::Asked;
use super::{Gateway, Incoming};
use crate::body::Body;
use crate::deadline::Deadline;
use crate::host::Host;
use crate::mapping::Mapping;
use crate::plan::Route;
use crate::problem::Failure;

/// What became of a request, as its answer needs to know it.
#[derive(Debug)]
pub(super) struct Changed<'r> {
    mapped: Option<(&'r Mapping, Passing)>,
    transformed: Option<Asked<'r>>,
}

impl<H: Host> Gateway<H> {
    /// The request as the upstream is to get it.
    pub(super) async fn change_for_upstream<'r>(
        &self,
        route: &'r Route,
        incoming: &mut Incoming<'_>,
        body: Body<H::Stream>,
        deadline: Deadline,
    ) -> Result<(Body<H::Stream>, Changed<'r>), Failure> {
        let (body, mapped) = match &route.mapping {
            None => (body, None),
            Some(mapping) => {
                let head = &mut incoming.head;
                let (body, passing) = self.map_request(mapping, route, head, body, deadline).await?;
                (body, Some((mapping, passing)))
            }
        };
        let (body, transformed) = match &route.transform {
            None => (body, None),
            Some(transform) => {
                let asking = self.transform_request(transform, route, incoming, body, deadline);
                let (body, asked) = Box::pin(asking).await?;
                (body, Some(asked))
            }
        };
        let body = match &route.graphql {
            None => body,
            Some(graphql) => Box::pin(self.graphql_request(graphql, route, incoming, body, deadline)).await?,
        };
        Ok((body, Changed { mapped, transformed }))
    }

    /// The answer as the client is to get it.
    pub(super) async fn change_for_client(
        &self,
        route: &Route,
        changed: Changed<'_>,
        incoming: &Incoming<'_>,
        mut response: Response<Body<H::Stream>>,
        deadline: Deadline,
    ) -> Result<Response<Body<H::Stream>>, Failure> {
        let idle = route.patience.idle;
        if let Some(graphql) = &route.graphql {
            response = Box::pin(self.graphql_answer(graphql, idle, response, deadline)).await?;
        }
        if let Some(asked) = changed.transformed {
            response = Box::pin(self.answer_transformed(asked, route, incoming, response, deadline)).await?;
        }
        if let Some((mapping, passing)) = changed.mapped {
            response = self.map_response(mapping, passing, idle, response, deadline).await?;
        }
        Ok(response)
    }
}
