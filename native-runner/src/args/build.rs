//! What `tollgate build` is told.

use std::path::PathBuf;

use clap::Args;

/// Freeze a configuration into the component.
///
/// The component's module is compiled once, by scripts/component.sh; this command gives it a configuration by
/// pre-initialisation, which takes seconds, fewer from the second time on, and needs no compiler. It writes
///
///   OUT/tollgate.component.wasm   a component for any host of wasi:http 0.2, such as `tollgate serve --component`
///   OUT/tollgate.spin.wasm        a module for Spin, SpinKube and Fermyon's clouds
///
/// (the first where the configuration needs nothing that only Spin has) and brings spin.toml up to date with what the
/// configuration needs: the addresses it may call, its variables and its stores, and nothing else.
#[derive(Debug, Args)]
pub struct Build {
    /// The directory of the configuration.
    pub directory: PathBuf,
    /// For Spin and SpinKube that you run yourself: OUT/tollgate.spin-atomics.wasm instead of OUT/tollgate.spin.wasm. It
    /// counts windows and quotas exactly in Spin's key-value store, by wasi:keyvalue/atomics, which hosted platforms
    /// do not have: they refuse to start it.
    #[arg(long)]
    pub atomics: bool,
    /// Where the artifacts go.
    #[arg(long, value_name = "DIRECTORY", default_value = "target/component")]
    pub out: PathBuf,
    /// Where scripts/component.sh has put the modules.
    #[arg(long, value_name = "DIRECTORY", default_value = "target/component")]
    pub modules: PathBuf,
    /// The manifest to bring up to date. Default: spin.toml beside the configuration's directory, where there is one.
    #[arg(long, value_name = "FILE")]
    pub manifest: Option<PathBuf>,
}
