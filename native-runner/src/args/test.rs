//! What `tollgate test` is told.

use std::num::NonZeroU32;
use std::path::PathBuf;

use clap::{Args, ValueEnum};

/// Run cases: requests, and what is expected of them.
///
/// Each case is a file with a story: a configuration (or the directory of one), what the upstreams answer, and steps,
/// each a request with what the client must get and what the upstreams must receive. Directories are searched; in one
/// with files named *.case.toml these are the cases, in others all files are. docs/testing.md describes the format.
///
/// Cases run in the simulated host, where time is virtual and no socket is opened, unless --host names others. The
/// status is 1 if one fails.
#[derive(Debug, Args)]
pub struct Test {
    /// Case files and directories of them.
    #[arg(required = true)]
    pub paths: Vec<PathBuf>,
    /// The hosts to run over.
    #[arg(long, value_name = "HOST", value_delimiter = ',', default_value = "sim")]
    pub host: Vec<CaseHost>,
    /// Where scripts/component.sh has put the component's modules.
    #[arg(long, value_name = "DIRECTORY", default_value = "target/component")]
    pub modules: PathBuf,
    /// On the host wasm, freeze the configuration of every Nth case only, as build does. The other cases run in a
    /// component that is compiled once and reads its configuration for each request: ten times as quick.
    #[arg(long, value_name = "N", default_value = "1")]
    pub frozen_every: NonZeroU32,
}

/// A host for cases.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum CaseHost {
    /// The simulated host.
    Sim,
    /// The native server, on loopback.
    Native,
    /// The component in embedded Wasmtime, on loopback.
    Wasm,
    /// The component on Spin, whose binary SPIN_BIN names.
    Spin,
}
