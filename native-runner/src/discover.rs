//! Following sources of targets: a loop for each, on the worker that looks after what is no request's affair.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};

use tokio::task::JoinHandle;
use tollgate::discovery::follow::{Followed, Follower, Round};
use tollgate::discovery::publish::publish;
use tollgate::discovery::watcher::Watcher;
use tollgate::discovery::{Kind, Watch};
use tollgate::host::{Clock as _, Remember as _};
use tollgate::live::Live;
use tollgate::plan::Plan;
use tollgate::pool::Pool;

use crate::host::NativeHost;

pub mod dns;
pub mod file;
pub mod view;

/// The sources that are followed.
#[derive(Debug)]
pub struct Following {
    host: NativeHost,
    /// Files are relative to it.
    directory: PathBuf,
    running: Mutex<BTreeMap<Box<str>, Running>>,
}

/// A source that is followed.
#[derive(Debug)]
struct Running {
    errand: Arc<Errand>,
    task: JoinHandle<()>,
}

/// What is followed, and where what was found is published.
#[derive(Debug, PartialEq)]
struct Errand {
    followed: Followed,
    live: Option<Live>,
}

// === impl Following ===

impl Following {
    /// Nothing is followed yet.
    pub fn new(host: NativeHost, directory: PathBuf) -> Self {
        Self { host, directory, running: Mutex::default() }
    }

    /// Follows what `plan` says: begins with what is new, goes on with what has stayed, and stops the rest. To be called by
    /// one worker, whose tasks the loops are, whenever the plan may have changed.
    pub fn adjust(&self, plan: &Plan) {
        let mut running = self.running.lock().unwrap_or_else(PoisonError::into_inner);
        let wanted: BTreeMap<Box<str>, Errand> = plan
            .upstreams
            .iter()
            .filter_map(Followed::of)
            .map(|followed| (followed.upstream.clone(), Errand { followed, live: plan.live.clone() }))
            .collect();
        let before = running.len();
        running.retain(|upstream, known| {
            let stays = wanted.get(upstream) == Some(&*known.errand) && !known.task.is_finished();
            if !stays {
                known.task.abort();
            }
            stays
        });
        let Some(memory) = self.host.memory() else { return };
        if running.len() < before {
            // A loop that was stopped may have had the last word after the plan was put in force.
            memory.pools.adopt(&plan.upstreams, self.host.tick());
        }
        for (upstream, errand) in wanted {
            if running.contains_key(&upstream) {
                continue;
            }
            let pool = memory.pools.all().into_iter().find(|(name, _)| *name == upstream);
            let Some((_, pool)) = pool else { continue };
            let errand = Arc::new(errand);
            let task = self.start(&errand, pool);
            running.insert(upstream, Running { errand, task });
        }
    }

    fn start(&self, errand: &Arc<Errand>, pool: Arc<Pool>) -> JoinHandle<()> {
        let (host, errand) = (self.host.clone(), Arc::clone(errand));
        let source = &errand.followed.source;
        match &source.kind {
            Kind::Dns(dns) => {
                let watch = dns::Watcher::new(dns, source);
                tokio::spawn(follow(host, errand, pool, watch))
            }
            Kind::File(path) => {
                let watch = file::Watcher::new(self.directory.join(&**path), source.interval);
                tokio::spawn(follow(host, errand, pool, watch))
            }
            _ => match Watcher::of(source) {
                Some(watch) => tokio::spawn(follow(host, errand, pool, watch)),
                // Every other kind is asked over HTTP.
                None => tokio::spawn(std::future::ready(())),
            },
        }
    }
}

impl Drop for Following {
    fn drop(&mut self) {
        let running = self.running.get_mut().unwrap_or_else(PoisonError::into_inner);
        running.values().for_each(|running| running.task.abort());
    }
}

/// Follows a source for ever. What goes wrong, and that it goes well again, is said once.
async fn follow<W: Watch<NativeHost>>(host: NativeHost, errand: Arc<Errand>, pool: Arc<Pool>, watch: W) {
    let Errand { followed, live } = &*errand;
    let (upstream, kind) = (&*followed.upstream, followed.source.kind.name());
    let mut follower = Follower::new(watch);
    let (mut well, mut published) = (true, true);
    loop {
        match follower.round(&host, followed, &pool).await {
            Round::Failed => {
                if std::mem::replace(&mut well, false) {
                    let cause = pool.source.known().fault.map(|(_, cause)| cause).unwrap_or_default();
                    tracing::warn!(
                        "{kind} does not say where \"{upstream}\" is, and what it said before stands: {cause}"
                    );
                }
            }
            round => {
                if !std::mem::replace(&mut well, true) {
                    tracing::info!("{kind} says again where \"{upstream}\" is");
                }
                if round == Round::Changed {
                    let count = pool.roster().set.members.len();
                    tracing::info!("\"{upstream}\" has {count} targets, says {kind}");
                    published = false;
                }
            }
        }
        if let (Some(live), false) = (live, published) {
            let set = Arc::clone(&pool.roster().set);
            match publish(&host, live, upstream, kind, &set).await {
                Ok(()) => published = true,
                Err(error) => tracing::warn!("where \"{upstream}\" is cannot be published: {}", error.cause),
            }
        }
    }
}
