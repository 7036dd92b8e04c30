//! Wasmtime set up for one short-lived instance per request, and the clock that interrupts guests.

use crate::wasm_host::options::Options;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;
use wasmtime::{
    Cache, CacheConfig, CacheStore, Config, Enabled, Engine, EngineWeak, InstanceAllocationStrategy,
    PoolingAllocationConfig,
};

/// How long a guest may hold its thread before other work gets a turn.
const TICK: Duration = Duration::from_millis(10);

/// Core instances in a component made from a wasip1 module: the module, the adapter, the shim and its fix-up.
const CORE_INSTANCES: u32 = 4;

/// Bytes kept mapped in a free slot, enough for the stack and data of a Rust guest: clearing what was touched is cheaper
/// than giving it back and faulting it in again. Measured: half the time of a small request.
const KEEP_RESIDENT: usize = 2 << 20;

/// An engine for `options`, with its interrupting clock running until the last user of the engine is gone.
///
/// # Errors
/// The pool does not fit this machine's address space, the cache directory is unusable, or no thread can be made.
pub fn engine(options: &Options) -> anyhow::Result<Engine> {
    let mut config = Config::new();
    config
        .allocation_strategy(InstanceAllocationStrategy::Pooling(pool(options)))
        .epoch_interruption(true)
        .memory_init_cow(true);
    if let Some(directory) = &options.cache {
        config.cache(Some(cache(directory)?));
    }
    if let Some(functions) = &options.functions {
        let functions: Arc<dyn CacheStore> = functions.clone();
        config.enable_incremental_compilation(functions)?;
    }
    let engine = Engine::new(&config)?;
    let weak = engine.weak();
    std::thread::Builder::new().name(String::from("wasm-epoch")).spawn(move || tick(&weak))?;
    Ok(engine)
}

fn pool(options: &Options) -> PoolingAllocationConfig {
    let count = options.instances;
    let mut pool = PoolingAllocationConfig::new();
    pool.total_component_instances(count)
        .total_core_instances(count.saturating_mul(CORE_INSTANCES))
        .total_memories(count)
        .total_tables(count.saturating_mul(CORE_INSTANCES))
        .total_stacks(count)
        .max_memory_size(options.memory)
        .max_unused_warm_slots(count)
        .linear_memory_keep_resident(KEEP_RESIDENT)
        .table_keep_resident(KEEP_RESIDENT)
        .pagemap_scan(Enabled::Auto);
    pool
}

fn cache(directory: &Path) -> anyhow::Result<Cache> {
    let mut config = CacheConfig::new();
    config.with_directory(directory);
    Ok(Cache::new(config)?)
}

#[allow(clippy::disallowed_methods, reason = "a thread of its own, which holds nothing up")]
fn tick(engine: &EngineWeak) {
    while let Some(engine) = engine.upgrade() {
        engine.increment_epoch();
        drop(engine);
        std::thread::sleep(TICK);
    }
}
