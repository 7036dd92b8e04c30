//! `tollgate serve`: from a directory to a server that runs until it is told to stop.

use std::path::Path;
use std::process::ExitCode;
use std::sync::Arc;

use tokio::signal::unix::{SignalKind, signal};
use tollgate::plan::{Abilities, Listener, Plan, ServerPlan};

use crate::args::Serve;
use crate::host::Variables;
use crate::load;
use crate::observe::AccessLog;
use crate::serve::{Server, Settings, admin, reload};

/// Serves until SIGTERM or Ctrl-C.
pub fn serve(arguments: &Serve) -> anyhow::Result<ExitCode> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(run(arguments))
}

async fn run(arguments: &Serve) -> anyhow::Result<ExitCode> {
    // clap has seen to it that there is one.
    let directory = arguments.directory.clone().unwrap_or_default();
    let configuration = match load::load(&directory, &Abilities::NATIVE) {
        Ok(configuration) => configuration,
        Err(diagnostics) => {
            eprintln!("{}", load::report(&diagnostics));
            return Ok(ExitCode::FAILURE);
        }
    };
    for warning in &configuration.warnings {
        tracing::warn!("{warning}");
    }
    let mut plan = configuration.plan;
    adjust(&mut plan, arguments);
    let settings = settings(&plan, arguments)?;
    let server = Arc::new(Server::start(Arc::new(plan), &settings)?);
    announce(&server);
    if let Some(address) = server.plan().server.admin {
        let bound = admin::start(address, Arc::clone(&server)).await?;
        tracing::info!("the operator's address is http://{bound}");
    }
    attend(&server, &directory, |plan| adjust(plan, arguments)).await?;
    stop(&server).await;
    Ok(ExitCode::SUCCESS)
}

/// What the command line says of listeners goes before what the configuration says.
pub fn adjust_server(plan: &mut ServerPlan, arguments: &Serve) {
    if let Some(address) = arguments.listen {
        plan.listeners.retain(|listener| listener.secure);
        plan.listeners.insert(0, Listener { address, secure: false, clients: None });
    }
    if let Some(admin) = arguments.admin {
        plan.admin = admin.0;
    }
}

/// What the command line says goes before what the configuration says.
fn adjust(plan: &mut Plan, arguments: &Serve) {
    adjust_server(&mut plan.server, arguments);
    if let Some(form) = arguments.access_log {
        plan.telemetry.access_log = form.into();
    }
}

fn settings(plan: &Plan, arguments: &Serve) -> anyhow::Result<Settings> {
    let variables = match &arguments.variables {
        Some(file) => Variables::from_file(file)?,
        None => Variables::default(),
    };
    Ok(Settings {
        directory: arguments.directory.clone().unwrap_or_default(),
        variables: Arc::new(variables),
        access_log: AccessLog::start(plan.telemetry.access_log)?,
        workers: arguments.workers.unwrap_or_else(workers),
        upkeep: true,
    })
}

/// One for each core.
pub fn workers() -> usize {
    std::thread::available_parallelism().map_or(1, std::num::NonZero::get)
}

fn announce(server: &Server) {
    for (address, secure) in server.addresses() {
        let scheme = if *secure { "https" } else { "http" };
        tracing::info!("listening on {scheme}://{address}, {} routes", server.plan().reachable().len());
    }
}

/// Reloads when asked to; returns when the process is to end.
pub async fn attend(server: &Server, directory: &Path, adjust: impl Fn(&mut Plan)) -> anyhow::Result<()> {
    let mut watch = reload::Watch::new(directory, server)?;
    let mut hangup = signal(SignalKind::hangup())?;
    let mut terminate = signal(SignalKind::terminate())?;
    let mut interrupt = signal(SignalKind::interrupt())?;
    loop {
        tokio::select! {
            _ = terminate.recv() => return Ok(()),
            _ = interrupt.recv() => return Ok(()),
            _ = hangup.recv() => reload::reload(server, directory, &adjust),
            () = watch.changed() => reload::reload(server, directory, &adjust),
        }
    }
}

/// Drains: stops accepting, and waits for what runs.
pub async fn stop(server: &Arc<Server>) {
    tracing::info!("stopping: {} requests in flight", server.snapshot().in_flight);
    server.start_drain();
    let joined = Arc::clone(server);
    // The operator's address answers meanwhile: alive, not ready.
    let _ = tokio::task::spawn_blocking(move || joined.join()).await;
    tracing::info!("stopped");
}
