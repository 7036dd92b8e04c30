//! `tollgate build` and `tollgate serve --component`.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;

use anyhow::Context as _;
use tokio::signal::unix::{SignalKind, signal};
use tollgate::host::Secret;
use tollgate::plan::{Abilities, Plan, ServerPlan};

use crate::args::{Build, Serve};
use crate::command::serve::{adjust_server, workers};
use crate::freeze::{COMPILED, Freezer, componentize};
use crate::host::{Opened, Stores, Variables};
use crate::inspect;
use crate::load::{self, Configuration};
use crate::manifest::{self, Needs};
use crate::serve::admin;
use crate::serve::admin::manage::Managed;
use crate::serve::component::ComponentServer;
use crate::wasm_host::key_value::{KeyValue, Shared, in_memory};
use crate::wasm_host::{Options, WasmHost};

/// The module for hosts of wasi:http, as scripts/component.sh names it.
const PORTABLE: &str = "tollgate.module.wasm";
/// The module for Spin.
const SPIN: &str = "tollgate.spin.module.wasm";
/// The module for Spin that one runs oneself.
const ATOMICS: &str = "tollgate.spin-atomics.module.wasm";
/// What a component imports that adds to numbers.
const ATOMICS_IMPORT: &[u8] = b"wasi:keyvalue/atomics";

// === build ===

/// Freezes a configuration.
pub fn build(arguments: &Build) -> anyhow::Result<ExitCode> {
    let (abilities, module, artifact) = match arguments.atomics {
        true => (Abilities::ATOMIC, ATOMICS, "tollgate.spin-atomics.wasm"),
        false => (Abilities::COMPONENT, SPIN, "tollgate.spin.wasm"),
    };
    let Some(configuration) = read(&arguments.directory, &abilities)? else {
        return Ok(ExitCode::FAILURE);
    };
    std::fs::create_dir_all(&arguments.out)
        .with_context(|| format!("{} cannot be made", arguments.out.display()))?;
    portable(arguments, &configuration)?;
    let core = frozen(&arguments.modules.join(module), &configuration)?;
    write(&arguments.out.join(artifact), &core)?;
    update_manifest(arguments, &configuration.plan)
}

/// The component for every host of wasi:http, where the configuration needs no more than such a host has.
fn portable(arguments: &Build, configuration: &Configuration) -> anyhow::Result<()> {
    let file = arguments.out.join("tollgate.component.wasm");
    // It runs on Spin, and that may be all that is wanted.
    if let Err(found) = Plan::compile(&configuration.loaded.documents, &Abilities::PORTABLE) {
        let why = found.first().map(|found| &*found.message).unwrap_or_default();
        println!("{} is not made, because it needs Spin: {why}", file.display());
        // One of another configuration must not be taken for this one's.
        return match std::fs::remove_file(&file) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
                Err(error).with_context(|| format!("{} cannot be removed", file.display()))
            }
            _ => Ok(()),
        };
    }
    let core = frozen(&arguments.modules.join(PORTABLE), configuration)?;
    write(&file, &componentize(&core)?)
}

/// Brings the manifest up to date with what the plan needs: no less, and no more.
fn update_manifest(arguments: &Build, plan: &Plan) -> anyhow::Result<ExitCode> {
    let beside = || arguments.directory.canonicalize().ok()?.parent().map(|parent| parent.join("spin.toml"));
    let found = arguments.manifest.clone().or_else(|| beside().filter(|file| file.exists()));
    let Some(file) = found else { return Ok(ExitCode::SUCCESS) };
    let text =
        std::fs::read_to_string(&file).with_context(|| format!("{} cannot be read", file.display()))?;
    match manifest::update(&text, &Needs::of(plan)) {
        Ok(updated) if updated == text => Ok(ExitCode::SUCCESS),
        Ok(updated) => {
            std::fs::write(&file, updated)
                .with_context(|| format!("{} cannot be written", file.display()))?;
            println!("{}: brought up to date", file.display());
            Ok(ExitCode::SUCCESS)
        }
        Err(diagnostics) => {
            eprintln!("{}", load::report(&diagnostics));
            Ok(ExitCode::FAILURE)
        }
    }
}

fn read(directory: &Path, abilities: &Abilities) -> anyhow::Result<Option<Configuration>> {
    match load::load(directory, abilities) {
        Ok(configuration) => {
            configuration.warnings.iter().for_each(|warning| eprintln!("{warning}\n"));
            Ok(Some(configuration))
        }
        Err(diagnostics) => {
            eprintln!("{}", load::report(&diagnostics));
            Ok(None)
        }
    }
}

/// `module` with `configuration` in it.
pub fn frozen(module: &Path, configuration: &Configuration) -> anyhow::Result<Vec<u8>> {
    let bytes = std::fs::read(module)
        .with_context(|| format!("{} cannot be read; make it with scripts/component.sh", module.display()))?;
    let documents = serde_json::to_string(&configuration.loaded.documents)?;
    let frozen = Freezer::keeping(&module.with_file_name(COMPILED))?.freeze(&bytes, &documents)?;
    if !frozen.notes.is_empty() {
        eprintln!("{}", frozen.notes);
    }
    Ok(frozen.core)
}

fn write(file: &Path, bytes: &[u8]) -> anyhow::Result<()> {
    std::fs::write(file, bytes).with_context(|| format!("{} cannot be written", file.display()))?;
    println!("{} ({} KiB)", file.display(), bytes.len() >> 10);
    Ok(())
}

// === serve --component ===

/// Serves a component until SIGTERM or Ctrl-C.
pub fn serve(arguments: &Serve) -> anyhow::Result<ExitCode> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(run(arguments))
}

async fn run(arguments: &Serve) -> anyhow::Result<ExitCode> {
    let file = arguments.component.clone().unwrap_or_default();
    let bytes = std::fs::read(&file).with_context(|| format!("{} cannot be read", file.display()))?;
    let configuration = match &arguments.directory {
        Some(directory) => match read(directory, &abilities(&bytes))? {
            Some(configuration) => Some(configuration),
            None => return Ok(ExitCode::FAILURE),
        },
        None => None,
    };
    let plan = match configuration {
        Some(configuration) => configuration.plan,
        None => empty()?,
    };
    let mut listeners = plan.server.clone();
    adjust_server(&mut listeners, arguments);
    let directory = arguments.directory.clone().unwrap_or_else(|| PathBuf::from("."));
    let variables = match &arguments.variables {
        Some(file) => Variables::from_file(file)?,
        None => Variables::default(),
    };
    let variables = Arc::new(variables);
    let opened = Stores::new(&directory, Arc::clone(&variables));
    opened.open(&plan, None)?;
    let main = plan.auth.store.as_ref().map(|store| opened.find(store)).transpose();
    let main = main.map_err(|error| anyhow::anyhow!(error.cause))?;
    let managed = Managed::of(&plan, main.as_deref(), &variables);
    let stores = shared(&plan, &opened);
    let host = host(bytes, &plan, &listeners, arguments, (variables, stores))?;
    let workers = arguments.workers.unwrap_or_else(workers);
    let name = &plan.telemetry.name;
    let shown = inspect::plan(&plan);
    let server = ComponentServer::start(&host, &listeners, name, &directory, workers, shown, managed)?;
    let server = Arc::new(server);
    for (address, secure) in server.addresses() {
        let scheme = if *secure { "https" } else { "http" };
        tracing::info!("{} listens on {scheme}://{address}", file.display());
    }
    if let Some(address) = listeners.admin {
        let bound = admin::start(address, Arc::clone(&server)).await?;
        tracing::info!("the operator's address is http://{bound}");
    }
    let mut terminate = signal(SignalKind::terminate())?;
    let mut interrupt = signal(SignalKind::interrupt())?;
    tokio::select! {
        _ = terminate.recv() => {}
        _ = interrupt.recv() => {}
    }
    server.start_drain();
    tokio::task::spawn_blocking(move || server.join()).await?;
    Ok(ExitCode::SUCCESS)
}

fn empty() -> anyhow::Result<Plan> {
    match Plan::compile(&[], &Abilities::COMPONENT) {
        Ok((plan, _)) => Ok(plan),
        Err(diagnostics) => anyhow::bail!("{}", load::report(&diagnostics)),
    }
}

/// The component in a host that gives it what the plan needs and no more. Without a configuration nothing is known of
/// its needs, and everything may be called.
fn host(
    bytes: Vec<u8>,
    plan: &Plan,
    listeners: &ServerPlan,
    arguments: &Serve,
    (variables, shared): (Arc<Variables>, Labels),
) -> anyhow::Result<WasmHost> {
    let mut environment = arguments.env.clone();
    environment.extend(variables.environment(&plan.variables));
    let needs = arguments.directory.is_some().then(|| Needs::of(plan));
    let stores = match &needs {
        Some(_) => shared,
        // A component that is not ours may want Spin's default store.
        None => in_memory(["default"]),
    };
    let options = Options {
        environment,
        variables: Arc::new(move |name| variables.get(name).map(|value| Secret::expose(&value).to_owned())),
        allowed_outbound_hosts: needs
            .map(|needs| needs.hosts.into_iter().map(|(address, _)| address).collect()),
        stores,
        instances: u32::try_from(listeners.in_flight).unwrap_or(u32::MAX).min(1_000),
        ..Options::default()
    };
    WasmHost::new(&component(bytes)?, options)
}

/// Stores by their labels.
type Labels = BTreeMap<String, Arc<dyn KeyValue>>;

/// Every label that the plan needs, on the native runner's stores. Redis is asked by the component itself.
fn shared(plan: &Plan, opened: &Stores) -> Labels {
    let mut shared = Labels::new();
    for store in plan.stores() {
        if let Some(Opened::Kept(kept)) = opened.find(store).ok().as_deref() {
            let label = store.label.to_string();
            shared.insert(label.clone(), Arc::new(Shared::new(kept.clone(), label)));
        }
    }
    shared
}

/// What the component can do: whether it adds to numbers is seen by what it imports.
fn abilities(bytes: &[u8]) -> Abilities {
    match memchr::memmem::find(bytes, ATOMICS_IMPORT) {
        Some(_) => Abilities::ATOMIC,
        None => Abilities::COMPONENT,
    }
}

/// Bytes 4 to 7 tell a component from a core module.
fn component(bytes: Vec<u8>) -> anyhow::Result<Vec<u8>> {
    if bytes.get(4..8) == Some(&[1, 0, 0, 0]) { componentize(&bytes) } else { Ok(bytes) }
}
