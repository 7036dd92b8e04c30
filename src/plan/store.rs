//! The stores that instances share, ready to be used.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Component, Path, PathBuf};

use super::compile::{Context, Pointer};
use super::limit::unknown;
use super::scalar::is_token;
use crate::config::{self, Document};
use crate::diagnostic::Diagnostic;

mod redis;

/// A store that instances share: of the platform, or Redis.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct StorePlan {
    /// The label of Spin's store.
    pub label: Box<str>,
    /// The native runner's file, relative to the configuration's directory; `None` for a store in memory.
    pub file: Option<Box<str>>,
    /// Redis instead of both.
    pub redis: Option<RedisPlan>,
}

/// A Redis server.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RedisPlan {
    /// Whether TLS is spoken.
    pub secure: bool,
    /// Name or address, without brackets.
    pub host: Box<str>,
    /// Port.
    pub port: u16,
    /// Database.
    pub database: u32,
    /// The user, where it is not the default one.
    pub username: Option<Box<str>>,
    /// The variable with the password.
    pub password: Option<Box<str>>,
    /// Whether it is a node of a cluster.
    pub cluster: bool,
    /// A file of PEM certificates trusted instead of the platform's, relative to the configuration's directory.
    pub ca: Option<Box<str>>,
    /// What goes before each key.
    pub prefix: Box<str>,
}

/// What limits call the store of `[store]`.
pub(super) const DEFAULT: &str = "default";
/// What limits call counting in the process, without a store.
pub(super) const MEMORY: &str = "memory";

/// All stores that are written.
#[derive(Debug, Default)]
pub(super) struct Stores {
    /// By name, each with where it stands.
    all: BTreeMap<Box<str>, (Pointer, StorePlan)>,
    /// Those that some limit counts in.
    pub(super) counting: Used,
    /// Those that answers are kept in.
    keeping: Used,
    /// Those in which it is shared how upstreams are doing.
    sharing: Used,
    /// The one that the registry is kept in.
    registering: Used,
    /// The one that the live document stands in.
    living: Used,
}

/// Stores that are in use for one purpose.
#[derive(Debug, Default)]
pub(super) struct Used {
    pub(super) plans: Vec<StorePlan>,
    names: Vec<Box<str>>,
}

impl Context<'_> {
    /// Reads `[store]` and `[stores]`.
    pub(super) fn stores(&mut self, documents: &[(String, Document)]) {
        for (file, document) in documents {
            let root = Pointer::root(file);
            if let Some(written) = &document.store {
                self.store(&root.key("store"), DEFAULT, written);
            }
            for (name, written) in &document.stores {
                let at = root.key("stores").key(name);
                if [DEFAULT, MEMORY].contains(&name.as_str()) {
                    self.error(&at, format!("\"{name}\" is taken: limits mean something else by it")).help(
                        "\"default\" is the store of [store], \"memory\" none at all; choose another name",
                    );
                    continue;
                }
                if !is_token(name) {
                    self.error(&at, format!("\"{name}\" cannot be the name of a store"))
                        .help("letters, digits, and any of . _ -");
                }
                self.store(&at, name, written);
            }
        }
    }

    /// The store of `[store]`.
    pub(super) fn default_store(&self) -> Option<StorePlan> {
        self.stores.all.get(DEFAULT).map(|(_, plan)| plan.clone())
    }

    /// The index of a store that some limit counts in; an unknown one is reported.
    pub(super) fn store_index(&mut self, at: &Pointer, name: &str) -> Option<usize> {
        let plan = self.store_named(at, name)?;
        Some(self.stores.counting.index(name, plan))
    }

    /// The index of a store that answers are kept in; an unknown one is reported.
    pub(super) fn store_of_answers(&mut self, at: &Pointer, name: &str) -> Option<usize> {
        let plan = self.store_named(at, name)?;
        Some(self.stores.keeping.index(name, plan))
    }

    /// A store in which it is shared how upstreams are doing; an unknown one is reported.
    pub(super) fn store_of_health(&mut self, at: &Pointer, name: &str) -> Option<StorePlan> {
        let plan = self.store_named(at, name)?;
        self.stores.sharing.index(name, plan.clone());
        Some(plan)
    }

    /// The store that the registry is kept in; an unknown one is reported.
    pub(super) fn store_of_registry(&mut self, at: &Pointer, name: &str) -> Option<StorePlan> {
        let plan = self.store_named(at, name)?;
        let _ = self.stores.registering.index(name, plan.clone());
        Some(plan)
    }

    /// All stores that answers are kept in.
    pub(super) fn stores_of_answers(&self) -> Vec<StorePlan> {
        self.stores.keeping.plans.clone()
    }

    /// A store that what was found out stands in, as the live document does; an unknown one is reported.
    pub(super) fn store_of_live(&mut self, at: &Pointer, name: &str) -> Option<StorePlan> {
        let plan = self.store_named(at, name)?;
        self.stores.living.index(name, plan.clone());
        Some(plan)
    }

    fn store_named(&mut self, at: &Pointer, name: &str) -> Option<StorePlan> {
        let Some((_, plan)) = self.stores.all.get(name) else {
            let mut known: Vec<&str> = self.stores.all.keys().map(|name| &**name).collect();
            known.push(MEMORY);
            let help = match name {
                DEFAULT => "add [store]".to_owned(),
                _ => unknown(name, &known, ""),
            };
            self.error(at, format!("there is no store \"{name}\"")).help(help);
            return None;
        };
        Some(plan.clone())
    }

    fn store(&mut self, at: &Pointer, name: &str, written: &config::Store) {
        if !self.abilities.stores && written.redis.is_none() {
            let host = self.abilities.name;
            let table = if name == DEFAULT { "[store]".to_owned() } else { format!("[stores.{name}]") };
            self.error(at, format!("{host} has no key-value store"))
                .help(format!("remove {table}, or use the component for Spin, whose hosts have one"));
        }
        if written.label.as_ref().is_some_and(String::is_empty) {
            self.error(&at.key("label"), "a label is not empty")
                .help("\"default\" is the one that Spin gives");
        }
        if written.file.as_ref().is_some_and(String::is_empty) {
            self.error(&at.key("file"), "a file has a name").help("such as \"tollgate.redb\"");
        }
        let redis = written.redis.as_ref().and_then(|redis| self.redis(&at.key("redis"), name, redis));
        if written.redis.is_some() {
            for (key, other) in [("label", &written.label), ("file", &written.file)] {
                if other.is_some() {
                    self.error(&at.key(key), "a store is in Redis or of the platform, not both")
                        .help(format!("remove {key} or redis; two stores have two names"));
                }
            }
        }
        // Several stores would be one if they had the same label.
        let label = written.label.as_deref().unwrap_or(name);
        let plan = StorePlan { label: label.into(), file: written.file.as_deref().map(Into::into), redis };
        self.refuse_same(at, name, &plan);
        self.stores.all.insert(name.into(), (at.clone(), plan));
    }

    /// Two names for one store would be two judges of one count.
    fn refuse_same(&mut self, at: &Pointer, name: &str, plan: &StorePlan) {
        let others = self.stores.all.iter().filter(|(known, _)| ***known != *name);
        let mut same = others.filter_map(|(known, (there, other))| Some((known, there, same(plan, other)?)));
        let Some((known, there, what)) = same.next() else { return };
        let message = format!("the stores \"{known}\" and \"{name}\" are the same");
        let diagnostic = Diagnostic::error(at.into(), message).related(there.into(), "the other one");
        self.report(diagnostic).help(format!("remove one, or give it a {what} of its own"));
    }

    /// Stores that nothing is kept in.
    pub(super) fn warn_of_unused_stores(&mut self) {
        let Stores { all, counting, keeping, sharing, registering, living } = &self.stores;
        let used = [counting, keeping, sharing, registering, living];
        let used = used.into_iter().flat_map(|used| &used.names);
        let used: BTreeSet<&str> = used.map(|name| &**name).collect();
        let unused = all.iter().filter(|(name, _)| ***name != *DEFAULT && !used.contains(&***name));
        let unused: Vec<_> = unused.map(|(name, (at, _))| (name.clone(), at.clone())).collect();
        for (name, at) in unused {
            self.report(Diagnostic::warning(
                (&at).into(),
                format!("nothing is counted or kept in the store \"{name}\""),
            ))
            .help(format!(
                "write store = \"{name}\" in one of [rate_limits], in cache or in [live], or remove it"
            ));
        }
    }
}

// === impl Used ===

impl Used {
    fn index(&mut self, name: &str, plan: StorePlan) -> usize {
        self.names.iter().position(|known| **known == *name).unwrap_or_else(|| {
            self.plans.push(plan);
            self.names.push(name.into());
            self.plans.len() - 1
        })
    }
}

/// Why what is kept in one is seen in the other on some host, where it is: what both have.
fn same(one: &StorePlan, other: &StorePlan) -> Option<&'static str> {
    match (&one.redis, &other.redis) {
        (Some(one), Some(other)) => {
            let server = (&one.host, one.port, one.database) == (&other.host, other.port, other.database);
            (server && one.prefix == other.prefix).then_some("prefix")
        }
        (None, None) if one.label == other.label => Some("label"),
        (None, None) => {
            let (one, other) = one.file.as_deref().zip(other.file.as_deref())?;
            (plain(one) == plain(other)).then_some("file")
        }
        _ => None,
    }
}

/// A path without what leads nowhere.
fn plain(path: &str) -> PathBuf {
    Path::new(path).components().filter(|part| !matches!(part, Component::CurDir)).collect()
}
