//! `tollgate test`: cases over the hosts that the command line names.

use std::num::NonZeroU32;
use std::path::Path;
use std::process::ExitCode;

#[cfg(feature = "component")]
use anyhow::Context as _;

use crate::args::{CaseHost, Test};
use crate::test::{self, TestHost};

/// Runs the cases; fails where one does.
pub fn test(arguments: &Test) -> anyhow::Result<ExitCode> {
    let hosts: Vec<_> =
        arguments.host.iter().map(|host| host_of(*host, arguments)).collect::<anyhow::Result<_>>()?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let fine = runtime.block_on(test::test(&arguments.paths, &hosts))?;
    Ok(if fine { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

fn host_of(host: CaseHost, arguments: &Test) -> anyhow::Result<TestHost> {
    match host {
        CaseHost::Sim => Ok(TestHost::Simulated),
        CaseHost::Native => Ok(test::native::host()),
        CaseHost::Wasm => wasm(&arguments.modules, arguments.frozen_every),
        CaseHost::Spin => spin(&arguments.modules),
    }
}

#[cfg(feature = "component")]
fn wasm(modules: &Path, frozen_every: NonZeroU32) -> anyhow::Result<TestHost> {
    test::wasm::host(modules, frozen_every)
}

#[cfg(feature = "component")]
fn spin(modules: &Path) -> anyhow::Result<TestHost> {
    let binary = std::env::var_os("SPIN_BIN").context("SPIN_BIN does not name Spin's binary")?;
    test::wasm::spin(modules, binary.into())
}

#[cfg(not(feature = "component"))]
fn spin(_: &Path) -> anyhow::Result<TestHost> {
    super::component::refuse()
}

#[cfg(not(feature = "component"))]
fn wasm(_: &Path, _: NonZeroU32) -> anyhow::Result<TestHost> {
    super::component::refuse()
}
