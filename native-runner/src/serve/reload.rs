//! A configuration that changes while it is in force: on SIGHUP, and when its files change.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context as _;
use notify::{EventKind, RecursiveMode, Watcher as _};
use tokio::sync::mpsc;
use tollgate::plan::{Abilities, Plan};

use super::Server;
use crate::load;

/// Editors write a file in several steps: how long nothing must change before it is read.
const SETTLE: Duration = Duration::from_millis(150);

/// Watches files until it is dropped.
pub struct Watch {
    _watcher: notify::RecommendedWatcher,
    changes: mpsc::Receiver<()>,
}

// === impl Watch ===

impl Watch {
    /// Watches `directory`, those beneath it that its files name files in, and the directories of the server's certificates.
    pub fn new(directory: &Path, server: &Server) -> anyhow::Result<Self> {
        let (sender, changes) = mpsc::channel(1);
        let mut watcher = notify::recommended_watcher(move |event: notify::Result<notify::Event>| {
            // Reading a file is an event too, and would make us read it again.
            if event.is_ok_and(|event| !matches!(event.kind, EventKind::Access(_))) {
                // A full channel: a change is known already.
                let _ = sender.try_send(());
            }
        })?;
        let plan = server.plan();
        let named = plan.files.iter().filter_map(|name| Path::new(&**name).parent());
        let named = named.map(|parent| directory.join(parent));
        let certificates = server.certificates().into_iter().flat_map(super::tls::Certificates::files);
        let mut directories: Vec<PathBuf> =
            certificates.filter_map(Path::parent).map(Path::to_owned).chain(named).collect();
        directories.push(directory.to_owned());
        directories.sort();
        directories.dedup();
        for directory in directories {
            watcher
                .watch(&directory, RecursiveMode::NonRecursive)
                .with_context(|| format!("{} cannot be watched", directory.display()))?;
        }
        Ok(Self { _watcher: watcher, changes })
    }

    /// Waits for a change, and until nothing changes any more.
    pub async fn changed(&mut self) {
        if self.changes.recv().await.is_none() {
            std::future::pending::<()>().await;
        }
        while tokio::time::timeout(SETTLE, self.changes.recv()).await.is_ok() {}
    }
}

/// Reads the configuration again and puts it in force. A broken one is reported, and the last good one stays.
pub fn reload(server: &Server, directory: &Path, adjust: impl Fn(&mut Plan)) {
    if let Some(certificates) = server.certificates()
        && let Err(error) = certificates.reload()
    {
        tracing::error!("the certificates stay as they were: {error:#}");
    }
    match load::load(directory, &Abilities::NATIVE) {
        Ok(mut configuration) => {
            adjust(&mut configuration.plan);
            if configuration.plan.server != server.plan().server {
                tracing::warn!(
                    "the server table has changed: what it says of listeners waits for the next start"
                );
            }
            for warning in &configuration.warnings {
                tracing::warn!("{warning}");
            }
            let routes = configuration.plan.reachable().len();
            match server.install(Arc::new(configuration.plan)) {
                Ok(()) => tracing::info!("the configuration was read again: {routes} routes are in force"),
                Err(error) => {
                    server.count_refused();
                    tracing::error!("the configuration before stays in force: {error:#}");
                }
            }
        }
        Err(diagnostics) => {
            server.count_refused();
            let report = load::report(&diagnostics);
            tracing::error!("the configuration has mistakes, and the one before stays in force:\n{report}");
        }
    }
}
