//! A component in Wasmtime as what a server answers with.

use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;

use bytes::Bytes;
use http::request::Parts;
use http::uri::Scheme;
use http::{Request, Response};
use http_body_util::{Either, Full};
use hyper::body::Incoming;
use tollgate::breaker::Totals;
use tollgate::cache::memory::Totals as CacheTotals;
use tollgate::forward::hop::strip_hop_by_hop;
use tollgate::gateway::Peer;
use tollgate::plan::ServerPlan;
use tollgate::problem::Failure;

use super::Answer;
use super::admin::Operated;
use super::admin::manage::Managed;
use super::admin::manage::usage::Counted;
use super::workers::Workers;
use crate::observe::exposition::Snapshot;
use crate::observe::metrics::Counts;
use crate::wasm_host::{Reply, WasmHost};

/// A component, and the name of the gateway that refuses what never gets to it.
pub struct Hosted {
    host: WasmHost,
    name: Box<str>,
}

/// A running server of a component.
pub struct ComponentServer {
    workers: Workers,
    configuration: serde_json::Value,
    managed: Managed,
}

impl Answer for Hosted {
    /// A guest computes up to 10 ms at a time.
    const EVENT_INTERVAL: u32 = 4;

    type Body = Reply;

    async fn handle(self: &Arc<Self>, mut request: Request<Incoming>, peer: Peer) -> Response<Reply> {
        // Only who holds the connection sees what `Connection` names (RFC 9110 section 7.6.1); the guest cannot.
        strip_hop_by_hop(request.headers_mut());
        let scheme = if peer.secure { Scheme::HTTPS } else { Scheme::HTTP };
        self.host.answer(request, &scheme, peer.address).await
    }

    fn refuse(&self, failure: &Failure, _: &Parts, _: Peer) -> Response<Reply> {
        failure.respond(&self.name, None).map(|body: Bytes| Either::Right(Full::new(body)))
    }
}

// === impl ComponentServer ===

impl ComponentServer {
    /// Serves `host` on the listeners of `plan`. `configuration` is what an operator is shown, and `managed` what an
    /// operator can manage.
    #[allow(clippy::too_many_arguments, reason = "each is another thing, and there are two callers")]
    pub fn start(
        host: &WasmHost,
        plan: &ServerPlan,
        name: &str,
        directory: &Path,
        workers: usize,
        configuration: serde_json::Value,
        managed: Managed,
    ) -> anyhow::Result<Self> {
        let duty = || {
            let hosted = Hosted { host: host.clone(), name: name.into() };
            (Arc::new(hosted), Box::new(|| ()) as Box<dyn Fn() + Send + Sync>)
        };
        let duties = (0..workers.max(1)).map(|_| duty()).collect();
        Ok(Self { workers: Workers::start(plan, directory, duties)?, configuration, managed })
    }

    /// The addresses it listens on, and whether each speaks TLS.
    pub fn addresses(&self) -> &[(SocketAddr, bool)] {
        self.workers.addresses()
    }

    /// Stops accepting. Requests in flight go on; [`Self::join`] waits for them.
    pub fn start_drain(&self) {
        self.workers.state().start_drain();
    }

    /// Waits until every worker has ended; blocks.
    pub fn join(&self) {
        self.workers.join();
    }
}

impl Operated for ComponentServer {
    fn is_draining(&self) -> bool {
        self.workers.state().is_draining()
    }

    /// An instance lives for one request, so what it did is in its access log; only the host's own counts are here.
    fn snapshot(&self) -> Snapshot {
        Snapshot {
            counts: Counts::default(),
            in_flight: self.workers.state().in_flight() as u64,
            connections: self.workers.state().open_connections() as u64,
            dropped_lines: 0,
            limit_stores: Totals::default(),
            kept: (0, 0),
            cache_stores: CacheTotals::default(),
            upstreams: Vec::new(),
            mirrors: Vec::new(),
            gates: Vec::new(),
            reloads: (0, 0),
            sources: Vec::new(),
        }
    }

    fn configuration(&self) -> serde_json::Value {
        self.configuration.clone()
    }

    /// What a component knows of upstreams is between it and its store.
    fn upstreams(&self) -> Option<serde_json::Value> {
        None
    }

    /// A component follows nothing.
    fn discovery(&self) -> serde_json::Value {
        serde_json::json!({ "sources": [] })
    }

    fn managed(&self) -> Managed {
        self.managed.clone()
    }

    /// What a component counts is between it and its stores.
    fn counted(&self) -> Option<Counted> {
        None
    }
}
