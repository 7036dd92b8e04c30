//! `tollgate test`: cases over the hosts that the command line names.

use std::path::Path;
use std::process::ExitCode;

use crate::args::{CaseHost, Test};
use crate::test::{self, TestHost};

/// Runs the cases; fails where one does.
pub fn test(arguments: &Test) -> anyhow::Result<ExitCode> {
    let hosts: Vec<_> = arguments
        .host
        .iter()
        .map(|host| host_of(*host, &arguments.modules))
        .collect::<anyhow::Result<_>>()?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let fine = runtime.block_on(test::test(&arguments.paths, &hosts))?;
    Ok(if fine { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

fn host_of(host: CaseHost, modules: &Path) -> anyhow::Result<TestHost> {
    match host {
        CaseHost::Sim => Ok(TestHost::Simulated),
        CaseHost::Native => Ok(test::native::host()),
        CaseHost::Wasm => wasm(modules),
    }
}

#[cfg(feature = "component")]
fn wasm(modules: &Path) -> anyhow::Result<TestHost> {
    test::wasm::host(modules)
}

#[cfg(not(feature = "component"))]
fn wasm(_: &Path) -> anyhow::Result<TestHost> {
    super::component::refuse()
}
