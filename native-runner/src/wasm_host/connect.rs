//! The pooled client, and connecting with a time limit that each request brings along.
//!
//! hyper-util's client knows one connector and no time limits of single requests. So the limit travels beside the
//! request in a task-local [`Dial`], which also tells the sender when connecting began and ended: a limit on the first
//! byte must not run while the connection is still being made.

use crate::wasm_host::send_error::Fault;
use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder};
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::client::legacy::connect::dns::{GaiAddrs, GaiResolver, Name};
use hyper_util::rt::{TokioExecutor, TokioTimer};
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll};
use std::time::Duration;
use tokio::time::Instant;
use tower_service::Service;
use wasmtime_wasi_http::WasiBody;

/// One pool of connections for all guests; clones share it.
pub type Client = hyper_util::client::legacy::Client<Dialer, WasiBody>;

type BoxError = Box<dyn std::error::Error + Send + Sync>;
type Dialing<T, E> = Pin<Box<dyn Future<Output = Result<T, E>> + Send>>;

/// How long a connection without a request is kept; most servers keep theirs longer, which avoids the race.
const IDLE: Duration = Duration::from_secs(30);

/// Idle connections kept for one upstream.
const IDLE_PER_HOST: usize = 256;

tokio::task_local! {
    static DIAL: Dial;
}

/// One request's limit on connecting, and how far that is.
#[derive(Clone)]
pub struct Dial {
    within: Duration,
    phase: Arc<Mutex<Phase>>,
}

/// What a request waits for.
#[derive(Clone, Copy, Debug)]
pub enum Phase {
    /// A connection that is being made.
    Connection,
    /// The answer, since then.
    Answer(Instant),
}

/// A client that speaks HTTP/1.1, and HTTP/2 where TLS negotiates it.
///
/// # Errors
/// No `tls` was given and the platform's certificate verifier cannot be had.
pub fn client(tls: Option<rustls::ClientConfig>) -> anyhow::Result<Client> {
    let tls = match tls {
        Some(config) => config,
        None => platform_tls()?,
    };
    let mut http = HttpConnector::new_with_resolver(Resolver(GaiResolver::new()));
    http.enforce_http(false);
    http.set_nodelay(true);
    let https =
        HttpsConnectorBuilder::new().with_tls_config(tls).https_or_http().enable_http1().enable_http2();
    Ok(hyper_util::client::legacy::Client::builder(TokioExecutor::new())
        .timer(TokioTimer::new())
        .pool_timer(TokioTimer::new())
        .pool_idle_timeout(IDLE)
        .pool_max_idle_per_host(IDLE_PER_HOST)
        .build(Dialer(https.wrap_connector(http))))
}

fn platform_tls() -> anyhow::Result<rustls::ClientConfig> {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let builder =
        rustls::ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions()?;
    Ok(builder.with_root_certificates(crate::host::trust::platform()?).with_no_client_auth())
}

// === impl Dial ===

impl Dial {
    /// A request that begins now and may spend `within` on connecting.
    pub fn new(within: Duration) -> Self {
        Self { within, phase: Arc::new(Mutex::new(Phase::Answer(Instant::now()))) }
    }

    /// What the request waits for now.
    pub fn phase(&self) -> Phase {
        *self.phase.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Runs `exchange` so that connections made for it obey this limit.
    pub async fn scope<F: Future>(self, exchange: F) -> F::Output {
        DIAL.scope(self, exchange).await
    }

    fn set(&self, phase: Phase) {
        *self.phase.lock().unwrap_or_else(PoisonError::into_inner) = phase;
    }
}

// === impl Dialer ===

/// Connects over TCP and, for `https`, TLS, within the limit of the request at hand.
#[derive(Clone)]
pub struct Dialer(HttpsConnector<HttpConnector<Resolver>>);

impl Service<http::Uri> for Dialer {
    type Response = <HttpsConnector<HttpConnector<Resolver>> as Service<http::Uri>>::Response;
    type Error = BoxError;
    type Future = Dialing<Self::Response, BoxError>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), BoxError>> {
        self.0.poll_ready(cx)
    }

    fn call(&mut self, uri: http::Uri) -> Self::Future {
        let connecting = self.0.call(uri);
        let Ok(dial) = DIAL.try_with(Dial::clone) else { return connecting };
        dial.set(Phase::Connection);
        Box::pin(async move {
            let connected = tokio::time::timeout(dial.within, connecting).await;
            dial.set(Phase::Answer(Instant::now()));
            connected.map_err(|_| Fault::ConnectTimeout)?
        })
    }
}

// === impl Resolver ===

/// The system's resolver, with errors that can be told from those of connecting.
#[derive(Clone)]
pub struct Resolver(GaiResolver);

impl Service<Name> for Resolver {
    type Response = GaiAddrs;
    type Error = Fault;
    type Future = Dialing<GaiAddrs, Fault>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Fault>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, name: Name) -> Self::Future {
        let resolving = self.0.call(name);
        Box::pin(async move { resolving.await.map_err(|error| Fault::Dns(error.to_string())) })
    }
}
