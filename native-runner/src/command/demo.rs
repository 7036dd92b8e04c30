//! `tollgate demo`: the sample services, the gateway in front of them, and the tour.

use std::io::stderr;
use std::path::Path;
use std::process::ExitCode;
use std::sync::Arc;

use anyhow::Context as _;
use tokio::signal::unix::{SignalKind, signal};
use tollgate::plan::Plan;

use super::serve::{attend, stop};
use crate::args::Demo;
use crate::demo::{self, Ports, SERVICES, Services, shipped, tour};
use crate::paint::Paint;
use crate::serve::{Server, admin};
use crate::{listing, load};

/// Runs until Ctrl-C.
pub fn demo(arguments: &Demo) -> anyhow::Result<ExitCode> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(run(arguments))
}

async fn run(arguments: &Demo) -> anyhow::Result<ExitCode> {
    let ports = Ports { gateway: arguments.port, services: arguments.services.0, admin: !arguments.no_admin };
    let services = Services::start(ports.services).await?;
    announce(&services);
    if arguments.services_only {
        eprintln!("Ctrl-C stops them.");
        wait().await?;
        return Ok(ExitCode::SUCCESS);
    }
    let (configuration, directory) = match shipped::find() {
        Ok(found) => found,
        Err(diagnostics) => {
            eprintln!("{}", load::report(&diagnostics));
            return Ok(ExitCode::FAILURE);
        }
    };
    let paint = Paint::on(&stderr());
    eprintln!("\n{}\n", listing::text(&configuration.plan, &configuration.loaded.locations, paint));
    let mut plan = configuration.plan;
    demo::adjust(&mut plan, &services, ports);
    let form = plan.telemetry.access_log;
    let server = Arc::new(demo::gateway(plan, directory.as_deref(), form)?);
    start_admin(&server).await?;
    show(&server, directory.as_deref(), paint);
    match &directory {
        Some(directory) => {
            attend(&server, directory, |plan: &mut Plan| demo::adjust(plan, &services, ports)).await?
        }
        None => wait().await?,
    }
    stop(&server).await;
    Ok(ExitCode::SUCCESS)
}

fn announce(services: &Services) {
    for ((name, _), address) in SERVICES.iter().zip(services.addresses) {
        eprintln!("the {name} service is on http://{address}");
    }
}

async fn start_admin(server: &Arc<Server>) -> anyhow::Result<()> {
    if let Some(address) = server.plan().server.admin {
        let started = admin::start(address, Arc::clone(server)).await;
        let bound = started.context("the demo can do without the operator's address: --no-admin")?;
        eprintln!("the operator's address is http://{bound}: /livez, /readyz, /metrics, /config");
    }
    Ok(())
}

fn show(server: &Server, directory: Option<&Path>, paint: Paint) {
    let Some((address, _)) = server.addresses().first() else { return };
    eprintln!("{}", paint.strong(&format!("the gateway is on http://{address}")));
    match directory {
        Some(directory) => eprintln!("change a file in {}/, and it is in force at once", directory.display()),
        None => eprintln!("there is no routes/ here: this is the built-in copy"),
    }
    eprintln!("\n{}\nCtrl-C stops everything.\n", tour::text(*address, paint));
}

/// Waits for Ctrl-C or SIGTERM.
async fn wait() -> anyhow::Result<()> {
    let mut terminate = signal(SignalKind::terminate())?;
    let mut interrupt = signal(SignalKind::interrupt())?;
    tokio::select! {
        _ = terminate.recv() => {}
        _ = interrupt.recv() => {}
    }
    Ok(())
}
