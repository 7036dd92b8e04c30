//! An issuer, and a gateway or a fleet of them that fetches its keys.

use std::future::{Future, poll_fn};
use std::sync::Arc;
use std::task::Poll;
use std::time::Duration;

use serde_json::{Value, json};
use tollgate::auth::key_source::life::Life;
use tollgate::auth::key_source::{Keys, Place, Source, Unavailable, key_set, refresh};
use tollgate::plan::{Endpoint, StorePlan};
use tollgate::sim::SimHost;
use tollgate::sim::body::Script;
use tollgate::sim::upstream::{Fault, Replies, Reply};
use url::Url;

pub const LIFE: Life = Life {
    refresh: Duration::from_secs(900),
    grace: Duration::from_secs(86_400),
    cool_down: Duration::from_secs(30),
    timeout: Duration::from_secs(2),
};

pub const KEYS: &str = include_str!("../keys/keys.jwks.json");

/// A world with an issuer at `id.test`, and a gateway that fetches from it.
pub struct World {
    pub host: SimHost,
    pub source: Source,
    pub store: Option<StorePlan>,
}

/// What came of asking for a set: the names of its keys.
pub type Got = Result<Vec<String>, Unavailable>;

impl World {
    pub fn new() -> Self {
        Self::of(Place::Address(endpoint("http://id.test/jwks")))
    }

    pub fn of(place: Place) -> Self {
        let host = SimHost::new(1);
        let source = Source { place, life: LIFE, limit: 256 << 10, id: [7; 32] };
        Self { host, source, store: None }
    }

    /// A fleet of instances that forget, and share a store.
    pub fn fleet() -> Self {
        let world = Self {
            store: Some(StorePlan { label: "default".into(), ..StorePlan::default() }),
            ..Self::new()
        };
        world.host.forget(true);
        world
    }

    pub fn serve(&self, reply: Reply) {
        self.host.set_upstream("id.test", "id", Replies::new(vec![reply]));
    }

    pub fn publish(&self, names: &[&str]) {
        self.serve(ok(&jwks(names)));
    }

    pub async fn ask(&self, beyond: Option<u64>) -> Result<Arc<Keys>, Unavailable> {
        key_set(&self.host, self.store.as_ref(), &self.source, beyond).await
    }

    pub async fn names(&self) -> Got {
        self.ask(None).await.map(|keys| names(&keys))
    }

    /// As for a token whose key is `name`: a set that has it, or the set that does not.
    pub async fn look_for(&self, name: &str) -> Got {
        let keys = self.ask(None).await?;
        match names(&keys).iter().any(|own| own == name) {
            true => Ok(names(&keys)),
            false => self.ask(Some(keys.generation)).await.map(|keys| names(&keys)),
        }
    }

    pub fn fetches(&self) -> usize {
        self.host.take_received().len()
    }

    pub async fn pass(&self, seconds: u64) {
        self.host.sleep(Duration::from_secs(seconds)).await;
    }

    /// The upkeep of a native server for so many seconds.
    pub async fn upkeep(&self, seconds: u64) {
        for _ in 0..seconds {
            self.pass(1).await;
            refresh(&self.host, self.store.as_ref(), &self.source).await;
        }
    }

    pub fn run<T>(&self, story: impl Future<Output = T>) -> T {
        self.host.run(story).unwrap()
    }
}

pub fn endpoint(url: &str) -> Endpoint {
    Endpoint::of(&Url::parse(url).unwrap()).unwrap()
}

pub fn names(keys: &Keys) -> Vec<String> {
    keys.set.keys().iter().map(|key| key.id().unwrap().to_owned()).collect()
}

/// A set with a key of each name.
pub fn jwks(names: &[&str]) -> Value {
    let keys: Value = serde_json::from_str(KEYS).unwrap();
    let key = |name: &&str| {
        let mut key = keys["keys"][1].clone();
        key["kid"] = json!(name);
        key
    };
    json!({ "keys": names.iter().map(key).collect::<Vec<_>>() })
}

pub fn ok(document: &Value) -> Reply {
    Reply::new(http::StatusCode::OK, Script::fixed(document.to_string()))
}

pub fn fault(fault: Fault) -> Reply {
    Reply { fault: Some(fault), ..ok(&json!({})) }
}

pub fn status(status: u16) -> Reply {
    Reply::new(http::StatusCode::from_u16(status).unwrap(), Script::fixed(jwks(&["x"]).to_string()))
}

pub fn just(names: &[&str]) -> Got {
    Ok(names.iter().map(|&name| name.to_owned()).collect())
}

/// All of them side by side.
pub async fn together<F: Future>(futures: Vec<F>) -> Vec<F::Output> {
    let mut running: Vec<_> = futures.into_iter().map(|future| (Box::pin(future), None)).collect();
    poll_fn(|cx| {
        for (future, output) in &mut running {
            if output.is_none()
                && let Poll::Ready(ready) = future.as_mut().poll(cx)
            {
                *output = Some(ready);
            }
        }
        if running.iter().all(|(_, output)| output.is_some()) { Poll::Ready(()) } else { Poll::Pending }
    })
    .await;
    running.into_iter().map(|(_, output)| output.unwrap()).collect()
}
