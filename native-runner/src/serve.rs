//! The native server: listeners, workers, reload and drain.
//!
//! Each worker is a thread with a runtime of its own, and connections stay on the worker that accepted them, so that
//! a request is handled from its first byte to its last without a lock that another worker could hold.

use std::future::Future;
use std::sync::Arc;

use bytes::Bytes;
use http::request::Parts;
use http::{Request, Response};
use hyper::body::Incoming;
use tollgate::gateway::Peer;
use tollgate::problem::Failure;

pub mod admin;
pub mod ambiguity;
pub mod body;
pub mod bound;
#[cfg(feature = "component")]
pub mod component;
pub mod connection;
pub mod framing;
pub mod guard;
pub mod native;
pub mod peek;
pub mod probing;
pub mod reload;
pub mod rewound;
pub mod server;
pub mod service;
pub mod state;
pub mod tls;
pub mod worker;
pub mod workers;

pub use server::{Server, Settings};

/// Any error, as hyper takes it.
pub type BoxError = Box<dyn std::error::Error + Send + Sync>;

/// What a server answers with: the native gateway, or a component in Wasmtime.
pub trait Answer: Send + Sync + 'static {
    /// After how many turns a worker looks for events, as tokio counts them. Answers that hold the thread for long want
    /// it done more often, or one holds up all the others.
    const EVENT_INTERVAL: u32 = 61;

    /// The body of an answer.
    type Body: http_body::Body<Data = Bytes, Error: Into<BoxError>> + Send + 'static;

    /// Answers a request.
    fn handle(
        self: &Arc<Self>,
        request: Request<Incoming>,
        peer: Peer,
    ) -> impl Future<Output = Response<Self::Body>> + Send;

    /// Answers a request that the server itself refuses.
    fn refuse(&self, failure: &Failure, head: &Parts, peer: Peer) -> Response<Self::Body>;

    /// Looks after what is not a request's affair. Called every second, by one worker of all.
    fn tend(self: &Arc<Self>) -> impl Future<Output = ()> + Send {
        async {}
    }

    /// Looks after upstreams, for ever. Begun once, by one worker of all.
    fn watch(self: &Arc<Self>) -> impl Future<Output = ()> + Send {
        async {}
    }

    /// Whether this answer leaves something of its request unread, so that the connection must be closed.
    fn leaves_request_unread(&self, _: &Self::Body) -> bool {
        false
    }
}
