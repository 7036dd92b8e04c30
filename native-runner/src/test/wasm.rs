//! The component in embedded Wasmtime as a host for cases: each case's configuration is frozen into the module that
//! scripts/component.sh has made.

use std::collections::BTreeMap;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::mpsc::sync_channel;
use std::time::Duration;

use anyhow::Context as _;
use tollgate::plan::{Abilities, Listener, Plan};
use tollgate::sim::case::HostKind;

use super::spin::Application;
use super::{Live, Running, Setup, TestHost, redis};
use crate::freeze::{Freezer, componentize, freeze};
use crate::manifest::Needs;
use crate::serve::admin::manage::Managed;
use crate::serve::component::ComponentServer;
use crate::wasm_host::functions::Functions;
use crate::wasm_host::key_value::{KeyValue, in_memory};
use crate::wasm_host::output::Target;
use crate::wasm_host::{Options, WasmHost};

/// The component whose module is in `modules`.
pub fn host(modules: &Path) -> anyhow::Result<TestHost> {
    let module = module(modules)?;
    let (freezer, functions) = (Arc::new(Freezer::new()?), Arc::new(Functions::default()));
    let start = Box::new(move |setup| -> super::Starting {
        let (module, freezer, functions) =
            (Arc::clone(&module), Arc::clone(&freezer), Arc::clone(&functions));
        Box::pin(async move { start(&module, &freezer, functions, setup) })
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

fn start(
    module: &[u8],
    freezer: &Freezer,
    functions: Arc<Functions>,
    setup: Setup,
) -> anyhow::Result<Running> {
    let (mut plan, _) = Plan::compile(&setup.documents, &Abilities::COMPONENT)
        .map_err(|found| anyhow::anyhow!("the configuration is refused: {found:?}"))?;
    plan.server.listeners =
        vec![Listener { address: SocketAddr::from((Ipv4Addr::LOCALHOST, 0)), secure: false, clients: None }];
    plan.server.drain = Duration::from_millis(100);
    let component = componentize(&freezer.freeze(module, &serde_json::to_string(&setup.documents)?)?.core)?;
    let needs = Needs::of(&plan);
    let (lines, log) = sync_channel(64);
    let variables = setup.variables;
    let options = Options {
        variables: Arc::new(move |name| variables.get(name).cloned()),
        // No more than a manifest that follows the configuration allows.
        stores: stores(&needs, &setup.stored),
        allowed_outbound_hosts: Some(needs.hosts.into_iter().map(|(address, _)| address).collect()),
        instances: 64,
        functions: Some(functions),
        stdout: Target::Channel(lines),
        ..Options::default()
    };
    let host = WasmHost::new(&component, options)?;
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
    });
    Ok(Running { address, log: Some(log), deferred: None, stop })
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
