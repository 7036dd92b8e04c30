//! The native server as a host for cases: in this process, on a port of its own.

use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::sync::mpsc::sync_channel;
use std::time::Duration;

use anyhow::Context as _;
use tollgate::host::Secret;
use tollgate::plan::{Abilities, Listener, Plan};
use tollgate::sim::case::HostKind;

use super::lines::Lines;
use super::{Live, Running, Setup, TestHost, redis};
use crate::host::Variables;
use crate::observe::AccessLog;
use crate::serve::{Server, Settings};

/// The native server.
pub fn host() -> TestHost {
    let start = Box::new(|setup| -> super::Starting { Box::pin(start(setup)) });
    TestHost::Live(Live {
        kind: HostKind::Native,
        abilities: Abilities::NATIVE,
        start,
        redis: redis::named(),
    })
}

async fn start(setup: Setup) -> anyhow::Result<Running> {
    let (mut plan, _) = Plan::compile(&setup.documents, &Abilities::NATIVE)
        .map_err(|found| anyhow::anyhow!("the configuration is refused: {found:?}"))?;
    plan.server.listeners =
        vec![Listener { address: SocketAddr::from((Ipv4Addr::LOCALHOST, 0)), secure: false, clients: None }];
    plan.server.drain = Duration::from_millis(100);
    let variables = setup.variables.into_iter().map(|(name, value)| (name, Secret::new(value))).collect();
    let (lines, log) = sync_channel(64);
    let settings = Settings {
        directory: ".".into(),
        variables: Arc::new(Variables::new(variables)),
        access_log: AccessLog::to(false, Lines::new(lines))?,
        workers: 1,
        // A case counts every request that an upstream receives.
        upkeep: false,
    };
    let label = plan.auth.store.as_ref().map(|store| store.label.clone());
    let server = Server::start(Arc::new(plan), &settings)?;
    if let Some((store, label)) = server.store().zip(label) {
        for (key, value) in &setup.stored {
            store.set(&label, key, value.as_bytes(), None).await?;
        }
    }
    let deferred = Some(server.deferred());
    let (address, _) = *server.addresses().first().context("the server listens nowhere")?;
    let stop = Box::pin(async move {
        server.start_drain();
        // A worker that panicked has said so on standard error.
        let _ = tokio::task::spawn_blocking(move || server.join()).await;
    });
    Ok(Running { address, log: Some(log), deferred, stop })
}
