//! What one guest instance owns on the host's side, and how its imports find it.

use crate::wasm_host::bindings;
use crate::wasm_host::options::Options;
use crate::wasm_host::outbound::Outbound;
use crate::wasm_host::output::{Lines, Target};
use std::sync::Arc;
use tokio::sync::OwnedSemaphorePermit;
use wasmtime::Engine;
use wasmtime::component::{HasSelf, Linker, ResourceTable};
use wasmtime_wasi::{FsPerms, WasiCtx, WasiCtxView, WasiView};
use wasmtime_wasi_http::p2::body::{HostOutgoingBody, StreamContext};
use wasmtime_wasi_http::{WasiHttpCtx, WasiHttpCtxView, WasiHttpView};

/// The data of one store: one guest, one request.
pub struct State {
    pub(super) table: ResourceTable,
    pub(super) options: Arc<Options>,
    pub(super) outbound: Outbound,
    wasi: WasiCtx,
    http: WasiHttpCtx,
    /// Held until the guest is gone, not only until it has answered.
    _slot: OwnedSemaphorePermit,
}

// === impl State ===

impl State {
    /// A fresh guest's data; `slot` is its place among the instances allowed at one time.
    ///
    /// # Errors
    /// A directory of the options cannot be opened.
    pub fn new(
        options: &Arc<Options>,
        outbound: &Outbound,
        slot: OwnedSemaphorePermit,
    ) -> wasmtime::Result<Self> {
        let mut wasi = WasiCtx::builder();
        wasi.envs(&options.environment)
            .stdout(Lines::new(options.stdout.clone()))
            .stderr(Lines::new(Target::Stderr));
        for (host, guest) in &options.directories {
            wasi.preopened_dir(host, guest, FsPerms::ReadOnly)?;
        }
        Ok(Self {
            table: ResourceTable::new(),
            options: Arc::clone(options),
            outbound: outbound.clone(),
            wasi: wasi.build(),
            http: WasiHttpCtx::new(),
            _slot: slot,
        })
    }
}

/// A guest that ends with a body still open (a trap, a leak, too much time) has not finished that body. Wasmtime would
/// end it as if it were complete; whoever reads it must see a broken transfer instead.
impl Drop for State {
    fn drop(&mut self) {
        for entry in self.table.iter_mut() {
            if let Some(body) = entry.downcast_mut::<HostOutgoingBody>() {
                let (empty, _) = HostOutgoingBody::new(StreamContext::Response, None, 1, 1);
                std::mem::replace(body, empty).abort();
            }
        }
    }
}

impl WasiView for State {
    fn ctx(&mut self) -> WasiCtxView<'_> {
        WasiCtxView { ctx: &mut self.wasi, table: &mut self.table }
    }
}

impl WasiHttpView for State {
    fn http(&mut self) -> WasiHttpCtxView<'_> {
        WasiHttpCtxView { ctx: &mut self.http, table: &mut self.table, hooks: &mut self.outbound }
    }
}

/// A linker with everything a guest may import: WASI 0.2, `wasi:http` and Spin's interfaces.
///
/// # Errors
/// Two of them define the same thing, which would be a mistake in this file.
pub fn linker(engine: &Engine) -> wasmtime::Result<Linker<State>> {
    let mut linker = Linker::new(engine);
    wasmtime_wasi::p2::add_to_linker_async(&mut linker)?;
    wasmtime_wasi_http::p2::add_only_http_to_linker_async(&mut linker)?;
    bindings::Host_::add_to_linker::<_, HasSelf<_>>(&mut linker, |state: &mut State| state)?;
    Ok(linker)
}
