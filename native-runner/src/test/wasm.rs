//! The component in embedded Wasmtime as a host for cases. A case's configuration is frozen into the module that
//! scripts/component.sh has made, as `tollgate build` does, or read by the module as it was made, which is compiled once.

use std::collections::BTreeMap;
use std::net::{Ipv4Addr, SocketAddr};
use std::num::NonZeroU32;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::mpsc::sync_channel;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use anyhow::Context as _;
use tempfile::TempDir;
use tollgate::plan::{Abilities, Listener, Plan};
use tollgate::sim::case::HostKind;

use super::spin::Application;
use super::{Live, Running, Setup, TestHost, redis};
use crate::freeze::{COMPILED, Freezer, componentize, freeze};
use crate::manifest::Needs;
use crate::serve::admin::manage::Managed;
use crate::serve::component::ComponentServer;
use crate::wasm_host::functions::Functions;
use crate::wasm_host::key_value::{KeyValue, in_memory};
use crate::wasm_host::output::Target;
use crate::wasm_host::{Compiled, Options, WasmHost};

/// Makes a component for each case.
struct Maker {
    module: Arc<[u8]>,
    freezer: Freezer,
    /// What is compiled of the first frozen component is there for the next.
    functions: Arc<Functions>,
    /// The module as it was made.
    unfrozen: OnceLock<Compiled>,
    frozen_every: NonZeroU32,
    started: AtomicU32,
}

/// The component whose module is in `modules`, with the configuration of every `frozen_every`th case frozen into it.
pub fn host(modules: &Path, frozen_every: NonZeroU32) -> anyhow::Result<TestHost> {
    let maker = Arc::new(Maker {
        module: module(modules)?,
        freezer: Freezer::keeping(&modules.join(COMPILED))?,
        functions: Arc::default(),
        unfrozen: OnceLock::new(),
        frozen_every,
        started: AtomicU32::new(0),
    });
    let start = Box::new(move |setup| -> super::Starting {
        let maker = Arc::clone(&maker);
        Box::pin(async move { start(&maker, setup) })
    });
    Ok(TestHost::Live(Live {
        kind: HostKind::Wasm,
        abilities: Abilities::COMPONENT,
        start,
        redis: redis::named(),
    }))
}

/// The same component on Spin.
pub fn spin(modules: &Path, binary: PathBuf) -> anyhow::Result<TestHost> {
    let module = module(modules)?;
    let directory = Arc::new(tempfile::tempdir()?);
    let start = Box::new(move |setup: Setup| -> super::Starting {
        let (module, binary, directory) = (Arc::clone(&module), binary.clone(), Arc::clone(&directory));
        Box::pin(async move {
            let file = directory.path().join("tollgate.spin.wasm");
            std::fs::write(&file, freeze(&module, &serde_json::to_string(&setup.documents)?)?.core)?;
            let application = Application { binary, module: file, directory: directory.path().to_owned() };
            super::spin::up(&application, &setup).await
        })
    });
    Ok(TestHost::Live(Live {
        kind: HostKind::Spin,
        abilities: Abilities::COMPONENT,
        start,
        redis: redis::named(),
    }))
}

fn module(modules: &Path) -> anyhow::Result<Arc<[u8]>> {
    let file = modules.join("tollgate.spin.module.wasm");
    let bytes = std::fs::read(&file)
        .with_context(|| format!("{} cannot be read; make it with scripts/component.sh", file.display()))?;
    Ok(bytes.into())
}

fn start(maker: &Maker, setup: Setup) -> anyhow::Result<Running> {
    let (mut plan, _) = Plan::compile(&setup.documents, &Abilities::COMPONENT)
        .map_err(|found| anyhow::anyhow!("the configuration is refused: {found:?}"))?;
    plan.server.listeners =
        vec![Listener { address: SocketAddr::from((Ipv4Addr::LOCALHOST, 0)), secure: false, clients: None }];
    plan.server.drain = Duration::from_millis(100);
    let needs = Needs::of(&plan);
    let (lines, log) = sync_channel(64);
    let variables = setup.variables;
    let options = Options {
        variables: Arc::new(move |name| variables.get(name).cloned()),
        // No more than a manifest that follows the configuration allows.
        stores: stores(&needs, &setup.stored),
        allowed_outbound_hosts: Some(needs.hosts.into_iter().map(|(address, _)| address).collect()),
        instances: 64,
        functions: Some(Arc::clone(&maker.functions)),
        stdout: Target::Channel(lines),
        ..Options::default()
    };
    let (host, configuration) = maker.host(&serde_json::to_string(&setup.documents)?, options)?;
    let directory = PathBuf::from(".");
    let name = plan.telemetry.name.clone();
    let server = ComponentServer::start(
        &host,
        &plan.server,
        &name,
        &directory,
        1,
        serde_json::Value::Null,
        Managed::default(),
    )?;
    let (address, _) = *server.addresses().first().context("the server listens nowhere")?;
    let stop = Box::pin(async move {
        server.start_drain();
        // A worker that panicked has said so on standard error.
        let _ = tokio::task::spawn_blocking(move || server.join()).await;
        drop(configuration);
    });
    Ok(Running { address, log: Some(log), deferred: None, stop })
}

// === impl Maker ===

impl Maker {
    /// The component with `documents`, and the directory where it finds them if they are not frozen into it.
    fn host(&self, documents: &str, mut options: Options) -> anyhow::Result<(WasmHost, Option<TempDir>)> {
        if self.started.fetch_add(1, Ordering::Relaxed) % self.frozen_every == 0 {
            let component = componentize(&self.freezer.freeze(&self.module, documents)?.core)?;
            return Ok((WasmHost::new(&component, options)?, None));
        }
        let directory = tempfile::tempdir()?;
        std::fs::write(directory.path().join("configuration.json"), documents)?;
        options.directories.push((directory.path().to_owned(), "/tollgate".to_owned()));
        Ok((WasmHost::of(self.unfrozen(&options)?, options)?, Some(directory)))
    }

    fn unfrozen(&self, options: &Options) -> anyhow::Result<&Compiled> {
        if let Some(compiled) = self.unfrozen.get() {
            return Ok(compiled);
        }
        let compiled = Compiled::new(&componentize(&self.module)?, options)?;
        Ok(self.unfrozen.get_or_init(|| compiled))
    }
}

/// The stores that the plan needs, with what the case says that they hold.
fn stores(needs: &Needs, stored: &BTreeMap<String, String>) -> BTreeMap<String, Arc<dyn KeyValue>> {
    let stores = in_memory(needs.stores.iter().map(String::as_str));
    for (store, (key, value)) in
        stores.values().flat_map(|store| stored.iter().map(move |pair| (store, pair)))
    {
        // A store in memory takes everything.
        let _ = store.set(key, value.clone().into_bytes());
    }
    stores
}
