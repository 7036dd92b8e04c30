//! `tollgate test`: cases over the hosts that the command line names.

use std::process::ExitCode;

use crate::args::{CaseHost, Test};
use crate::test::{self, TestHost};

/// Runs the cases; fails where one does.
pub fn test(arguments: &Test) -> anyhow::Result<ExitCode> {
    let hosts: Vec<_> = arguments.host.iter().map(|host| host_of(*host)).collect();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let fine = runtime.block_on(test::test(&arguments.paths, &hosts))?;
    Ok(if fine { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

fn host_of(host: CaseHost) -> TestHost {
    match host {
        CaseHost::Sim => TestHost::Simulated,
        CaseHost::Native => test::native::host(),
    }
}
