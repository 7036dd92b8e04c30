//! What an embedder decides about the guests it hosts.

use crate::wasm_host::functions::Functions;
use crate::wasm_host::key_value::KeyValue;
use crate::wasm_host::output::Target;
use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

/// Finds the value of a Spin variable; `None` where it is not defined. Called inside a request: it must not block.
pub type Lookup = Arc<dyn Fn(&str) -> Option<String> + Send + Sync>;

/// Settings of a [`WasmHost`](super::WasmHost), fixed for its life.
#[derive(Clone)]
pub struct Options {
    /// The whole environment of every guest; nothing is inherited.
    pub environment: Vec<(String, String)>,
    /// Directories a guest may read, as (path on this machine, path in the guest).
    pub directories: Vec<(PathBuf, String)>,
    /// Answers `fermyon:spin/variables`.
    pub variables: Lookup,
    /// The stores a guest may open by label; any other label is refused with `access-denied`.
    pub stores: BTreeMap<String, Arc<dyn KeyValue>>,
    /// Where guests may connect to, in the syntax of Spin's `allowed_outbound_hosts`. `None` allows every address.
    pub allowed_outbound_hosts: Option<Vec<String>>,
    /// How TLS to upstreams is verified; `None` asks the platform.
    pub tls: Option<rustls::ClientConfig>,
    /// Guests alive at one time, at least 1; a request beyond it is answered 503.
    pub instances: u32,
    /// Bytes of linear memory one guest may grow to.
    pub memory: usize,
    /// Time on a core that one request may use, waiting not counted; beyond it the guest is ended.
    pub compute: Duration,
    /// Where compiled code is kept between runs; `None` compiles every time.
    pub cache: Option<PathBuf>,
    /// Where compiled functions are kept between components of one process, so that of a module that is frozen again
    /// with another configuration nothing is compiled twice; `None` compiles every time.
    pub functions: Option<Arc<Functions>>,
    /// Where guests' standard output goes.
    pub stdout: Target,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            environment: Vec::new(),
            directories: Vec::new(),
            variables: Arc::new(|_| None),
            stores: BTreeMap::new(),
            allowed_outbound_hosts: None,
            tls: None,
            instances: 1000,
            memory: 256 << 20,
            compute: Duration::from_secs(10),
            cache: None,
            functions: None,
            stdout: Target::Stdout,
        }
    }
}
