//! A component from a core module, for hosts that do not make it themselves.

use anyhow::Context;
use wasi_preview1_component_adapter_provider::{
    WASI_SNAPSHOT_PREVIEW1_ADAPTER_NAME, WASI_SNAPSHOT_PREVIEW1_REACTOR_ADAPTER,
};
use wit_component::ComponentEncoder;

/// Makes a component of `core`, a wasm32-wasip1 module with `component-type` sections.
///
/// The reactor adapter is used, as in Spin: it passes on the environment, files and standard streams, where the proxy
/// adapter would leave a module without them. The price is that `wasmtime serve` has to be run with `-S cli`.
///
/// # Errors
/// `core` is no such module.
pub fn componentize(core: &[u8]) -> anyhow::Result<Vec<u8>> {
    ComponentEncoder::default()
        .validate(true)
        .module(core)
        .context("not a core module that describes its component")?
        .adapter(WASI_SNAPSHOT_PREVIEW1_ADAPTER_NAME, WASI_SNAPSHOT_PREVIEW1_REACTOR_ADAPTER)
        .context("the WASI adapter does not fit")?
        .encode()
        .context("the module cannot be made a component")
}
