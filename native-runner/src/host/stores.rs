//! The stores that a plan names, open: shared by all workers, and kept while a plan changes.

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use anyhow::Context as _;
use arc_swap::ArcSwap;
use tollgate::host::{StoreError, UnixMillis};
use tollgate::limit::Ask;
use tollgate::plan::{Plan, RedisPlan, StorePlan};

use super::store::{self, Entry, Store};
use super::{Redis, Variables};

/// Every store that is open.
#[derive(Debug)]
pub struct Stores {
    directory: PathBuf,
    variables: Arc<Variables>,
    open: ArcSwap<Vec<(Source, Arc<Opened>)>>,
    /// Held while a plan's stores are opened.
    opening: Mutex<()>,
}

/// A store that is open. Cloning is cheap and gives the same one.
#[derive(Debug, Clone)]
pub enum Opened {
    /// In memory or in a file.
    Kept(Store),
    /// In Redis.
    Redis(Redis),
}

/// What makes two plans of stores the same store; labels are told apart in it.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Source {
    Memory,
    File(Box<str>),
    Redis(RedisPlan),
}

// === impl Stores ===

impl Stores {
    /// None is open yet. Files are relative to `directory`, passwords come from `variables`.
    pub fn new(directory: &Path, variables: Arc<Variables>) -> Self {
        let directory = directory.to_owned();
        Self { directory, variables, open: ArcSwap::default(), opening: Mutex::new(()) }
    }

    /// Opens what `plan` names and what is not open yet. Where one cannot be opened, nothing changes. What `before` named
    /// stays open beside it, because requests that began under it go on; what only older plans named is closed.
    pub fn open(&self, plan: &Plan, before: Option<&Plan>) -> anyhow::Result<()> {
        let _alone = self.opening.lock().unwrap_or_else(PoisonError::into_inner);
        let known = self.open.load();
        let mut open: Vec<(Source, Arc<Opened>)> = Vec::new();
        let named = sources(plan).map(|source| (source, true));
        for (source, new) in named.chain(before.into_iter().flat_map(sources).map(|source| (source, false))) {
            if open.iter().any(|(other, _)| *other == source) {
                continue;
            }
            match known.iter().find(|(other, _)| *other == source) {
                Some((_, opened)) => open.push((source, Arc::clone(opened))),
                None if new => {
                    let opened = Opened::new(&source, &self.directory, &self.variables)?;
                    open.push((source, Arc::new(opened)));
                }
                None => {}
            }
        }
        self.open.store(Arc::new(open));
        Ok(())
    }

    /// The store that `plan` names.
    pub fn find(&self, plan: &StorePlan) -> Result<Arc<Opened>, StoreError> {
        let open = self.open.load();
        let found = open.iter().find(|(source, _)| source.is(plan)).map(|(_, opened)| Arc::clone(opened));
        found.ok_or_else(|| StoreError { cause: format!("the store {} is not open", plan.label) })
    }
}

fn sources(plan: &Plan) -> impl Iterator<Item = Source> {
    plan.stores().map(Source::of)
}

// === impl Source ===

impl Source {
    fn of(plan: &StorePlan) -> Self {
        match (&plan.redis, &plan.file) {
            (Some(redis), _) => Self::Redis(redis.clone()),
            (None, Some(file)) => Self::File(file.clone()),
            (None, None) => Self::Memory,
        }
    }

    /// Whether it is what `plan` means; asked for each request.
    fn is(&self, plan: &StorePlan) -> bool {
        match (self, &plan.redis, &plan.file) {
            (Self::Redis(redis), Some(named), _) => redis == named,
            (Self::File(file), None, Some(named)) => file == named,
            (Self::Memory, None, None) => true,
            _ => false,
        }
    }
}

// === impl Opened ===

// What Redis is asked with is boxed: each future around it has room for it several times over, and there are many around it
// before there is a request.

impl Opened {
    /// The store that a plan asks for; one in memory where it asks for none. Files are relative to `directory`, passwords
    /// come from `variables`.
    pub fn of(
        plan: Option<&StorePlan>,
        directory: &Path,
        variables: &Arc<Variables>,
    ) -> anyhow::Result<Self> {
        Self::new(&plan.map_or(Source::Memory, Source::of), directory, variables)
    }

    fn new(source: &Source, directory: &Path, variables: &Arc<Variables>) -> anyhow::Result<Self> {
        Ok(match source {
            Source::Memory => Store::memory()?.into(),
            Source::File(file) => Store::open(&directory.join(&**file))?.into(),
            Source::Redis(plan) => {
                let redis = Redis::new(plan, directory, Arc::clone(variables));
                Self::Redis(redis.with_context(|| format!("the store at {} cannot be used", plan.host))?)
            }
        })
    }

    /// The value of `key`, where there is one at `now`.
    pub async fn get(
        &self,
        label: &str,
        key: &str,
        now: UnixMillis,
    ) -> Result<Option<Vec<u8>>, store::StoreError> {
        match self {
            Self::Kept(store) => store.get(label, key, now),
            Self::Redis(redis) => Box::pin(redis.get(key)).await,
        }
    }

    /// Sets `key`, until `expires` where that is said.
    pub async fn set(
        &self,
        label: &str,
        key: &str,
        value: &[u8],
        expires: Option<UnixMillis>,
    ) -> Result<(), store::StoreError> {
        match self {
            Self::Kept(store) => store.set(label, key, value, expires).await,
            Self::Redis(redis) => Box::pin(redis.set(key, value, expires)).await,
        }
    }

    /// Sets `key`, which is gone after `keep`; by the clock of Redis where it is there.
    pub async fn set_for(
        &self,
        label: &str,
        key: &str,
        value: &[u8],
        keep: Duration,
    ) -> Result<(), store::StoreError> {
        match self {
            Self::Kept(store) => store.set_for(label, key, value, keep).await,
            Self::Redis(redis) => Box::pin(redis.set_for(key, value, keep)).await,
        }
    }

    /// Sets `key` to `after`, for good or for `keep`, where it is `before` (`None`: where there is none), and says whether
    /// it was. Nothing comes between.
    pub async fn swap(
        &self,
        label: &str,
        key: &str,
        before: Option<&[u8]>,
        after: &[u8],
        keep: Option<Duration>,
    ) -> Result<bool, store::StoreError> {
        match self {
            Self::Kept(store) => store.swap(label, key, before, after, keep).await,
            Self::Redis(redis) => Box::pin(redis.swap(key, before, after, keep)).await,
        }
    }

    /// Takes `key` away, and says whether there was one.
    pub async fn delete(&self, label: &str, key: &str) -> Result<bool, store::StoreError> {
        match self {
            Self::Kept(store) => store.delete(label, key).await,
            Self::Redis(redis) => Box::pin(redis.delete(key)).await,
        }
    }

    /// What is there under keys that begin with `prefix`, in the order of the keys: those after `after`, and `limit` at
    /// most.
    pub async fn list(
        &self,
        label: &str,
        prefix: &str,
        after: Option<&str>,
        limit: usize,
        now: UnixMillis,
    ) -> Result<Vec<Entry>, store::StoreError> {
        match self {
            Self::Kept(store) => store.list(label, prefix, after, limit, now),
            Self::Redis(redis) => Box::pin(redis.list(prefix, after, limit)).await,
        }
    }

    /// Judges `asks` together: either all that are not in shadow have their permits, or nothing is taken for any.
    pub async fn count(&self, label: &str, asks: &mut [Ask<'_>], now: UnixMillis) -> Result<(), StoreError> {
        match self {
            Self::Kept(store) => store.count(label, asks, now).await.map_err(StoreError::from),
            Self::Redis(redis) => Box::pin(redis.count(asks, now)).await,
        }
    }

    /// Gives back what the verdicts of `asks` took at `taken`.
    pub async fn give_back(
        &self,
        label: &str,
        asks: &[Ask<'_>],
        taken: UnixMillis,
    ) -> Result<(), StoreError> {
        match self {
            Self::Kept(store) => store.give_back(label, asks, taken).await.map_err(StoreError::from),
            Self::Redis(redis) => Box::pin(redis.give_back(asks, taken)).await,
        }
    }
}

impl From<Store> for Opened {
    fn from(store: Store) -> Self {
        Self::Kept(store)
    }
}

impl From<Redis> for Opened {
    fn from(redis: Redis) -> Self {
        Self::Redis(redis)
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use tollgate::plan::Abilities;

    use super::*;

    #[test]
    fn every_store_of_a_plan_is_opened_and_closed_with_it() {
        let document = serde_json::json!({
            "routes": [{"id": "a", "auth": "public", "respond": {"body": ""}}],
        });
        let documents = [("a.json".to_owned(), serde_json::from_value(document).unwrap())];
        let plan = |stores: &[&StorePlan]| {
            let (mut plan, _) = Plan::compile(&documents, &Abilities::NATIVE).unwrap();
            plan.caching.stores = stores.iter().map(|&store| store.clone()).collect();
            plan
        };
        let memory = StorePlan { label: "near".into(), ..StorePlan::default() };
        let file = StorePlan { label: "far".into(), file: Some("not/there.redb".into()), redis: None };
        let stores = Stores::new(Path::new("/"), Arc::new(Variables::default()));
        assert!(stores.find(&memory).is_err());
        let first = plan(&[&memory]);
        stores.open(&first, None).unwrap();
        assert!(stores.find(&memory).is_ok());
        // One that cannot be opened changes nothing.
        assert!(stores.open(&plan(&[&file]), Some(&first)).is_err());
        assert!(stores.find(&memory).is_ok());
        let none = plan(&[]);
        stores.open(&none, Some(&first)).unwrap();
        assert!(stores.find(&memory).is_ok());
        stores.open(&none, Some(&none)).unwrap();
        assert!(stores.find(&memory).is_err());
    }
}
