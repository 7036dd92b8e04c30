//! `tollgate test`: cases over the simulated host, and over real ones.

use std::collections::BTreeMap;
use std::future::Future;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::pin::Pin;
use std::sync::mpsc::Receiver;

use anyhow::Context as _;
use tollgate::config::{Document, Upstream};
use tollgate::plan::Abilities;
use tollgate::sim::case::{HostKind, read};
use tollgate::sim::report::{Failing, Report, Verdict};
use tollgate::sim::{self, Case};

use crate::host::Deferred;

pub mod client;
pub mod lines;
pub mod live;
pub mod moved;
pub mod native;
pub mod origin;
pub mod redis;
pub mod spin;
pub mod summary;
#[cfg(feature = "component")]
pub mod wasm;
pub mod wire;

/// A host that cases run over.
pub enum TestHost {
    /// The simulated one.
    Simulated,
    /// A real one.
    Live(Live),
}

/// A real host.
pub struct Live {
    /// Which one.
    pub kind: HostKind,
    /// What it can do.
    pub abilities: Abilities,
    /// Starts it, once for each case.
    pub start: Start,
    /// The address of a Redis to run cases against that need one.
    pub redis: Option<String>,
}

/// Starts a host with one case's configuration.
pub type Start = Box<dyn Fn(Setup) -> Starting>;

/// A host that is about to run.
pub type Starting = Pin<Box<dyn Future<Output = anyhow::Result<Running>>>>;

/// What a host is started with.
#[derive(Debug, Clone)]
pub struct Setup {
    /// The configuration; its upstreams are the case's own servers. Where it listens is for the host to choose.
    pub documents: Vec<(String, Document)>,
    /// The variables.
    pub variables: BTreeMap<String, String>,
    /// What the key-value store holds.
    pub stored: BTreeMap<String, String>,
}

/// A host that runs.
pub struct Running {
    /// Where it speaks plain HTTP/1.1.
    pub address: SocketAddr,
    /// The lines of its access log, each a JSON object, where they can be seen.
    pub log: Option<Receiver<String>>,
    /// What is left to do after an answer, where that can be waited for.
    pub deferred: Option<Deferred>,
    /// Stops it.
    pub stop: Pin<Box<dyn Future<Output = ()>>>,
}

/// Runs every case under `paths` over each of `hosts`, tells what failed on standard output, and says whether nothing
/// did.
pub async fn test(paths: &[PathBuf], hosts: &[TestHost]) -> anyhow::Result<bool> {
    let mut files = Vec::new();
    for path in paths {
        files.extend(read::find(path).with_context(|| format!("{} cannot be read", path.display()))?);
    }
    anyhow::ensure!(!files.is_empty(), "there are no cases: a case is a file *.toml, *.yaml or *.json");
    let mut summary = summary::Summary::new(files.len() * hosts.len());
    for host in hosts {
        for file in &files {
            summary.add(&run(file, host).await);
        }
    }
    Ok(summary.finish())
}

async fn run(file: &Path, host: &TestHost) -> Report {
    let name = file.display().to_string();
    let read = read::read(file).and_then(|case| Ok((read::documents(&case, file)?, case)));
    match (read, host) {
        (Ok((documents, case)), TestHost::Simulated) => sim::run(&case, &name, &documents),
        (Ok((documents, case)), TestHost::Live(live)) => live::run_live(&case, &name, &documents, live).await,
        (Err(problem), host) => Report {
            file: name,
            story: "this case cannot be read".to_owned(),
            host: host.kind(),
            verdict: Verdict::Failed(vec![Failing::Case(problem)]),
        },
    }
}

// === impl TestHost ===

impl TestHost {
    /// Which one it is.
    pub fn kind(&self) -> HostKind {
        match self {
            Self::Simulated => HostKind::Sim,
            Self::Live(live) => live.kind,
        }
    }
}

/// Whether the case can run over `live`, as far as can be told without running it; if not, why.
fn skips(case: &Case, documents: &[(String, Document)], live: &Live) -> Option<String> {
    let secure = documents.iter().flat_map(|(_, document)| document.upstreams.values());
    let secure = secure.flat_map(Upstream::urls).any(|url| url.starts_with("https:"));
    let needs = || redis::skips(case, live.kind, documents, live.redis.as_deref());
    case.skips(live.kind).or_else(|| secure.then(|| "needs an upstream with TLS".to_owned())).or_else(needs)
}
