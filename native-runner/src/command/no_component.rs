//! What `build` and `serve --component` say in a binary without Wasmtime.

use std::process::ExitCode;

use crate::args::{Build, Serve};

/// Says how to get a binary that can.
pub fn build(_: &Build) -> anyhow::Result<ExitCode> {
    refuse()
}

/// Says how to get a binary that can.
pub fn serve(_: &Serve) -> anyhow::Result<ExitCode> {
    refuse()
}

/// Says how to get a binary that can.
pub fn refuse<T>() -> anyhow::Result<T> {
    anyhow::bail!(
        "this binary was built without Wasmtime, which takes minutes to compile; \
         build one with: cargo build --release --features component"
    )
}
