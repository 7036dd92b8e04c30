//! The initialisation itself: the module under Wasmtime with as little of a world as it needs.

use std::path::Path;

use crate::freeze::Frozen;
use anyhow::{Context, anyhow};
use wasmtime::{Cache, CacheConfig, Config, Engine, Instance, Linker, Module, OptLevel, Store};
use wasmtime_wasi::p1::WasiP1Ctx;
use wasmtime_wasi::p2::pipe::{MemoryInputPipe, MemoryOutputPipe};
use wasmtime_wasi::{FsPerms, WasiCtx};
use wasmtime_wizer::Wizer;

/// Bytes of standard error that are kept.
const LONGEST_REPORT: usize = 1 << 20;

/// See [`freeze`](super::freeze).
pub fn run(engine: &Engine, module: &[u8], documents: &str) -> anyhow::Result<Frozen> {
    let directory = tempfile::tempdir().context("cannot make a directory for the documents")?;
    std::fs::write(directory.path().join("configuration.json"), documents)
        .context("cannot write the documents")?;
    let report = MemoryOutputPipe::new(LONGEST_REPORT);
    let wasi = WasiCtx::builder()
        .stdin(MemoryInputPipe::new(documents.to_owned()))
        .stderr(report.clone())
        .preopened_dir(directory.path(), "/tollgate", FsPerms::ReadOnly)
        .map_err(anyhow::Error::from)?
        .build_p1();
    let frozen = on_a_thread(|| snapshot(engine, module, wasi));
    let notes = String::from_utf8_lossy(&report.contents()).into_owned();
    match frozen {
        Ok(core) => Ok(Frozen { core, notes }),
        // What the module says for itself is better than where it trapped.
        Err(_) if !notes.trim().is_empty() => Err(anyhow!(notes.trim_end().to_owned())),
        Err(error) => Err(error.context("the module cannot be initialised")),
    }
}

/// Waits for `work` on a thread with a runtime of its own: the caller may be inside another.
fn on_a_thread<F>(work: impl FnOnce() -> F + Send) -> anyhow::Result<Vec<u8>>
where
    F: Future<Output = anyhow::Result<Vec<u8>>>,
{
    let run = || tokio::runtime::Builder::new_current_thread().enable_all().build()?.block_on(work());
    let joined = std::thread::scope(|scope| scope.spawn(run).join());
    joined.map_err(|_| anyhow!("the initialisation panicked"))?
}

/// What the module is compiled by, kept in `cache` where one is given.
pub fn engine(cache: Option<&Path>) -> anyhow::Result<Engine> {
    let mut config = Config::new();
    // The code runs once: time spent on making it fast is lost.
    config.cranelift_opt_level(OptLevel::None);
    if let Some(directory) = cache {
        let mut settings = CacheConfig::new();
        settings.with_directory(directory);
        config.cache(Some(Cache::new(settings)?));
    }
    Ok(Engine::new(&config)?)
}

async fn snapshot(engine: &Engine, module: &[u8], wasi: WasiP1Ctx) -> anyhow::Result<Vec<u8>> {
    let mut store = Store::new(engine, wasi);
    Ok(Wizer::new().run(&mut store, module, instantiate).await?)
}

/// Links WASI preview 1; everything else the module imports exists only when it serves, and traps here.
async fn instantiate(store: &mut Store<WasiP1Ctx>, module: &Module) -> wasmtime::Result<Instance> {
    let mut linker = Linker::new(store.engine());
    wasmtime_wasi::p1::add_to_linker_async(&mut linker, |wasi: &mut WasiP1Ctx| wasi)?;
    linker.define_unknown_imports_as_traps(module)?;
    linker.instantiate_async(store, module).await
}
