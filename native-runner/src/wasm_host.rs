//! Tollgate's component in embedded Wasmtime, as Spin would run it: a fresh instance for every request.
//!
//! | file | idea |
//! |---|---|
//! | `options` | what the embedder decides |
//! | `engine` | Wasmtime's settings and the interrupting clock |
//! | `state` | one guest's data on this side, and its imports |
//! | `run` | one request through one guest |
//! | `meter` | the limit on time spent on a core |
//! | `spin_headers` | the fields Spin adds |
//! | `outbound`, `allowed` | the guest's outbound HTTP, and where it may go |
//! | `connect`, `send`, `send_error` | the pooled client, its time limits, its errors |
//! | `key_value`, `variables`, `redis` | Spin's interfaces, over `bindings` |
//! | `output` | the guest's standard output and error |

pub mod allowed;
mod bindings;
mod connect;
mod engine;
pub mod functions;
pub mod key_value;
mod meter;
pub mod options;
mod outbound;
pub mod output;
mod redis;
mod run;
mod send;
mod send_error;
mod spin_headers;
mod state;
mod variables;

pub use options::Options;
pub use run::{BoxError, Reply};

use bytes::Bytes;
use http::uri::Scheme;
use http::{Request, Response};
use http_body::Body;
use outbound::Outbound;
use state::State;
use std::net::SocketAddr;
use std::sync::Arc;
use tokio::sync::Semaphore;
use wasmtime::Engine;
use wasmtime::component::Component;
use wasmtime_wasi_http::p2::bindings::ProxyPre;

/// One component, compiled and ready to be instantiated; clones share everything.
#[derive(Clone)]
pub struct WasmHost {
    component: ProxyPre<State>,
    options: Arc<Options>,
    outbound: Outbound,
    slots: Arc<Semaphore>,
}

/// A component's code, for any number of hosts; clones share it.
#[derive(Clone)]
pub struct Compiled {
    engine: Engine,
    component: Component,
}

// === impl Compiled ===

impl Compiled {
    /// Compiles `component_bytes` (a component, not a core module) with those of `options` that its code and the memory
    /// of its instances depend on. Takes seconds for a large component that is not in the cache.
    ///
    /// # Errors
    /// The bytes are no component, or an option is unusable.
    pub fn new(component_bytes: &[u8], options: &Options) -> anyhow::Result<Self> {
        let engine = engine::engine(options)?;
        Ok(Self { component: Component::new(&engine, component_bytes)?, engine })
    }
}

// === impl WasmHost ===

impl WasmHost {
    /// Compiles `component_bytes` and links its imports; see [`Compiled::new`].
    ///
    /// # Errors
    /// The bytes are no component, it imports what is not offered, it does not export `wasi:http/incoming-handler`,
    /// or an option is unusable.
    pub fn new(component_bytes: &[u8], options: Options) -> anyhow::Result<Self> {
        Self::of(&Compiled::new(component_bytes, &options)?, options)
    }

    /// Links the imports of what is compiled already. Of `options`, those about memory and the compiler are decided.
    ///
    /// # Errors
    /// See [`new`](Self::new).
    pub fn of(compiled: &Compiled, options: Options) -> anyhow::Result<Self> {
        let linked = state::linker(&compiled.engine)?.instantiate_pre(&compiled.component)?;
        let component = ProxyPre::new(linked)?;
        Ok(Self {
            component,
            outbound: Outbound::new(&options)?,
            slots: Arc::new(Semaphore::new(usize::try_from(options.instances)?.max(1))),
            options: Arc::new(options),
        })
    }

    /// The answer of a fresh instance to `request`, which came from `client` over `scheme`. Bodies stream both ways.
    ///
    /// A guest that gives no answer is a 500, no free instance a 503 with `Retry-After`, a request without an
    /// authority a 400. A guest that breaks off its body makes the body of the answer end in an error. Like in Spin,
    /// the guest goes on when the answer is dropped or finished.
    pub async fn answer<B>(&self, request: Request<B>, scheme: &Scheme, client: SocketAddr) -> Response<Reply>
    where
        B: Body<Data = Bytes> + Send + 'static,
        B::Error: Into<BoxError>,
    {
        match Arc::clone(&self.slots).try_acquire_owned() {
            Ok(slot) => run::run(self, slot, request, scheme, client).await,
            Err(_) => run::overloaded(),
        }
    }
}
