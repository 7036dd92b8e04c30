//! A guest's outbound HTTP: allowed or not, then one pooled client for all guests.

use crate::wasm_host::allowed::AllowedHosts;
use crate::wasm_host::connect::{self, Client};
use crate::wasm_host::options::Options;
use crate::wasm_host::send;
use http::HeaderName;
use std::sync::Arc;
use wasmtime_wasi_http::{DEFAULT_FORBIDDEN_HEADERS, Error, RequestOptions, Result, WasiBody, WasiHttpHooks};

/// What `wasi:http/outgoing-handler` stands on; clones share connections.
#[derive(Clone)]
pub struct Outbound {
    client: Client,
    allowed: Arc<AllowedHosts>,
}

type Worker = Box<dyn Future<Output = Result<()>> + Send>;
type Sending = Box<dyn Future<Output = Result<(http::Response<WasiBody>, Worker)>> + Send>;

// === impl Outbound ===

impl Outbound {
    /// The outbound side of one host.
    ///
    /// # Errors
    /// An allowed host is not in Spin's syntax, or the platform's certificate verifier cannot be had.
    pub fn new(options: &Options) -> anyhow::Result<Self> {
        let allowed = match &options.allowed_outbound_hosts {
            Some(patterns) => AllowedHosts::parse(patterns)?,
            None => AllowedHosts::everything(),
        };
        Ok(Self { client: connect::client(options.tls.clone())?, allowed: Arc::new(allowed) })
    }

    /// Where guests may connect to.
    pub fn allowed(&self) -> &AllowedHosts {
        &self.allowed
    }
}

impl WasiHttpHooks for Outbound {
    /// The default would allocate a closure for every field.
    fn is_forbidden_header(&mut self, name: &HeaderName) -> bool {
        DEFAULT_FORBIDDEN_HEADERS.contains(name)
    }

    /// The client writes it where the protocol is HTTP/1, and only there.
    fn set_host_header(&mut self) -> bool {
        false
    }

    fn send_request(
        &mut self,
        request: http::Request<WasiBody>,
        limits: Option<RequestOptions>,
        _: Worker,
    ) -> Sending {
        if !self.allowed.allows_uri(request.uri()) {
            tracing::warn!(authority = ?request.uri().authority(), "the guest asked for a host that is not allowed");
            return Box::new(async { Err(Error::HttpRequestDenied) });
        }
        let client = self.client.clone();
        Box::new(async move {
            let response = send::send(&client, request, limits.unwrap_or_default()).await?;
            // Connections are driven by tasks of the pool: this request has none of its own.
            Ok((response, Box::new(std::future::ready(Ok(()))) as Worker))
        })
    }
}
