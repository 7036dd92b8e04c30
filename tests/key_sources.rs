//! The life of fetched key sets, over virtual time: rotation, issuers that are down, storms, and who fetches.

#![allow(clippy::unwrap_used)]

use std::future::{Future, poll_fn};
use std::pin::Pin;
use std::sync::Arc;
use std::task::Poll;
use std::time::Duration;

use serde_json::{Value, json};
use tollgate::auth::discovery::{self, Kind};
use tollgate::auth::key_source::life::Life;
use tollgate::auth::key_source::{Keys, Place, Provider, Source, Unavailable, key_set, metadata, refresh};
use tollgate::auth::origin::Origins;
use tollgate::host::Clock as _;
use tollgate::plan::{Endpoint, StorePlan};
use tollgate::sim::SimHost;
use tollgate::sim::body::Script;
use tollgate::sim::upstream::{Fault, Replies, Reply};
use url::Url;

const LIFE: Life = Life {
    refresh: Duration::from_secs(900),
    grace: Duration::from_secs(86_400),
    cool_down: Duration::from_secs(30),
    timeout: Duration::from_secs(2),
};

const KEYS: &str = include_str!("keys/keys.jwks.json");

/// A world with an issuer at `id.test`, and a gateway that fetches from it.
struct World {
    host: SimHost,
    source: Source,
    store: Option<StorePlan>,
}

/// What came of asking for a set: the names of its keys.
type Got = Result<Vec<String>, Unavailable>;

impl World {
    fn new() -> Self {
        Self::of(Place::Address(endpoint("http://id.test/jwks")))
    }

    fn of(place: Place) -> Self {
        let host = SimHost::new(1);
        let source = Source { place, life: LIFE, limit: 256 << 10, id: [7; 32] };
        Self { host, source, store: None }
    }

    /// A fleet of instances that forget, and share a store.
    fn fleet() -> Self {
        let world = Self { store: Some(StorePlan { label: "default".into() }), ..Self::new() };
        world.host.forget(true);
        world
    }

    fn serve(&self, reply: Reply) {
        self.host.set_upstream("id.test", "id", Replies::new(vec![reply]));
    }

    fn publish(&self, names: &[&str]) {
        self.serve(ok(&jwks(names)));
    }

    async fn ask(&self, beyond: Option<u64>) -> Result<Arc<Keys>, Unavailable> {
        key_set(&self.host, self.store.as_ref(), &self.source, beyond).await
    }

    async fn names(&self) -> Got {
        self.ask(None).await.map(|keys| names(&keys))
    }

    /// As for a token whose key is `name`: a set that has it, or the set that does not.
    async fn look_for(&self, name: &str) -> Got {
        let keys = self.ask(None).await?;
        match names(&keys).iter().any(|own| own == name) {
            true => Ok(names(&keys)),
            false => self.ask(Some(keys.generation)).await.map(|keys| names(&keys)),
        }
    }

    fn fetches(&self) -> usize {
        self.host.take_received().len()
    }

    async fn pass(&self, seconds: u64) {
        self.host.sleep(Duration::from_secs(seconds)).await;
    }

    /// The upkeep of a native server for so many seconds.
    async fn upkeep(&self, seconds: u64) {
        for _ in 0..seconds {
            self.pass(1).await;
            refresh(&self.host, self.store.as_ref(), &self.source).await;
        }
    }

    fn run<T>(&self, story: impl Future<Output = T>) -> T {
        self.host.run(story).unwrap()
    }
}

fn endpoint(url: &str) -> Endpoint {
    Endpoint::of(&Url::parse(url).unwrap()).unwrap()
}

fn names(keys: &Keys) -> Vec<String> {
    keys.set.keys().iter().map(|key| key.id().unwrap().to_owned()).collect()
}

/// A set with a key of each name.
fn jwks(names: &[&str]) -> Value {
    let keys: Value = serde_json::from_str(KEYS).unwrap();
    let key = |name: &&str| {
        let mut key = keys["keys"][1].clone();
        key["kid"] = json!(name);
        key
    };
    json!({ "keys": names.iter().map(key).collect::<Vec<_>>() })
}

fn ok(document: &Value) -> Reply {
    Reply::new(http::StatusCode::OK, Script::fixed(document.to_string()))
}

fn fault(fault: Fault) -> Reply {
    Reply { fault: Some(fault), ..ok(&json!({})) }
}

fn status(status: u16) -> Reply {
    Reply::new(http::StatusCode::from_u16(status).unwrap(), Script::fixed(jwks(&["x"]).to_string()))
}

fn just(names: &[&str]) -> Got {
    Ok(names.iter().map(|&name| name.to_owned()).collect())
}

/// All of them side by side.
async fn together<F: Future>(futures: Vec<F>) -> Vec<F::Output> {
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

#[test]
fn a_set_is_fetched_once_and_again_before_it_expires() {
    let world = World::new();
    world.publish(&["a"]);
    world.run(async {
        for _ in 0..100 {
            assert_eq!(world.names().await, just(&["a"]));
            world.pass(8).await;
        }
        assert_eq!(world.fetches(), 1);
        world.publish(&["a", "b"]);
        world.upkeep(20).await;
        // No request waits for it.
        assert_eq!(world.fetches(), 1);
        let begun = world.host.tick();
        assert_eq!(world.names().await, just(&["a", "b"]));
        assert_eq!(world.host.tick(), begun);
        assert_eq!(world.fetches(), 0);
    });
}

#[test]
fn without_upkeep_the_request_that_finds_it_expired_fetches() {
    let world = World::new();
    world.publish(&["a"]);
    world.run(async {
        assert_eq!(world.names().await, just(&["a"]));
        world.publish(&["b"]);
        world.pass(899).await;
        assert_eq!(world.names().await, just(&["a"]));
        world.pass(1).await;
        assert_eq!(world.names().await, just(&["b"]));
        assert_eq!(world.fetches(), 2);
    });
}

#[test]
fn the_sender_says_how_long_it_is_fresh() {
    let world = World::new();
    let mut reply = ok(&jwks(&["a"]));
    reply.headers.insert("cache-control", "max-age=120".parse().unwrap());
    world.serve(reply);
    world.run(async {
        world.names().await.unwrap();
        world.pass(119).await;
        world.names().await.unwrap();
        assert_eq!(world.fetches(), 1);
        world.pass(1).await;
        world.names().await.unwrap();
        assert_eq!(world.fetches(), 1);
    });
}

#[test]
fn a_new_key_is_found_with_the_first_token() {
    let world = World::new();
    world.publish(&["old"]);
    world.run(async {
        assert_eq!(world.look_for("old").await, just(&["old"]));
        world.pass(1).await;
        world.publish(&["old", "new"]);
        assert_eq!(world.look_for("new").await, just(&["old", "new"]));
        assert_eq!(world.look_for("old").await, just(&["old", "new"]));
        assert_eq!(world.fetches(), 2);
        // The next rotation may not be at once.
        world.publish(&["new", "newer"]);
        assert_eq!(world.look_for("newer").await, just(&["old", "new"]));
        world.pass(30).await;
        assert_eq!(world.look_for("newer").await, just(&["new", "newer"]));
    });
}

#[test]
fn a_storm_of_unknown_keys_is_one_fetch_a_cool_down() {
    for world in [World::new(), World::fleet()] {
        world.publish(&["a"]);
        world.run(async {
            assert_eq!(world.names().await, just(&["a"]));
            assert_eq!(world.fetches(), 1);
            for _ in 0..300 {
                let storm: Vec<_> = (0..10).map(|_| world.look_for("unknown")).collect();
                for got in together(storm).await {
                    assert_eq!(got, just(&["a"]));
                }
                world.host.sleep(Duration::from_millis(500)).await;
            }
            // 150 seconds.
            assert_eq!(world.fetches(), 5);
        });
    }
}

#[test]
fn known_keys_keep_working_while_the_issuer_is_down() {
    for world in [World::new(), World::fleet()] {
        world.publish(&["a"]);
        world.run(async {
            assert_eq!(world.names().await, just(&["a"]));
            world.serve(fault(Fault::Refuse));
            for _ in 0..96 {
                world.pass(900).await;
                assert_eq!(world.names().await, just(&["a"]));
                assert_eq!(world.look_for("unknown").await, just(&["a"]));
            }
            // 900 seconds of life and a day of grace have passed.
            world.pass(900).await;
            assert!(world.names().await.is_err());
            // It is back.
            world.publish(&["b"]);
            world.pass(5).await;
            assert_eq!(world.names().await, just(&["b"]));
        });
    }
}

#[test]
fn attempts_in_vain_wait_for_the_cool_down() {
    let world = World::new();
    world.publish(&["a"]);
    world.run(async {
        world.names().await.unwrap();
        world.fetches();
        world.serve(status(503));
        world.pass(900).await;
        for _ in 0..60 {
            assert_eq!(world.names().await, just(&["a"]));
            world.pass(1).await;
        }
        assert_eq!(world.fetches(), 2);
        world.upkeep(60).await;
        assert_eq!(world.fetches(), 2);
    });
}

#[test]
fn an_issuer_that_hangs_costs_one_timeout_a_cool_down() {
    let world = World::new();
    world.publish(&["a"]);
    world.run(async {
        world.names().await.unwrap();
        world.fetches();
        world.serve(fault(Fault::Stall));
        world.pass(901).await;
        let begun = world.host.tick();
        let all = together((0..100).map(|_| world.names()).collect()).await;
        assert!(all.iter().all(|got| *got == just(&["a"])));
        assert_eq!(world.host.tick() - begun, Duration::from_secs(2));
        assert_eq!(world.names().await, just(&["a"]));
        assert_eq!(world.host.tick() - begun, Duration::from_secs(2));
        assert_eq!(world.fetches(), 1);
    });
}

#[test]
fn an_issuer_that_was_never_there_is_asked_every_few_seconds() {
    let world = World::new();
    world.run(async {
        world.serve(fault(Fault::Refuse));
        for _ in 0..10 {
            let cause = world.names().await.unwrap_err().cause;
            assert!(cause.contains("id.test"), "{cause}");
            world.pass(1).await;
        }
        world.publish(&["a"]);
        assert_eq!(world.names().await, just(&["a"]));
    });
}

#[test]
fn what_is_of_no_use_replaces_nothing() {
    let large = json!({"keys": [], "padding": "x".repeat(256 << 10)});
    let private = json!({"keys": [{"kty": "oct", "k": "AAAA", "kid": "x"}]});
    for reply in [
        ok(&json!({"keys": []})),
        ok(&json!({})),
        ok(&json!([])),
        ok(&private),
        ok(&large),
        Reply::new(http::StatusCode::OK, Script::fixed("<html>")),
        Reply::new(http::StatusCode::OK, Script::fixed("")),
        status(301),
        status(404),
        status(500),
        status(203),
        fault(Fault::Garbage),
        fault(Fault::HeadCut),
    ] {
        let world = World::new();
        world.publish(&["a"]);
        world.run(async {
            assert_eq!(world.names().await, just(&["a"]));
            let told = format!("{reply:?}");
            world.serve(reply);
            world.pass(1_000).await;
            assert_eq!(world.names().await, just(&["a"]), "{told:.200}");
            assert_eq!(world.look_for("unknown").await, just(&["a"]));
            assert!(world.fetches() > 1);
        });
    }
}

#[test]
fn a_hundred_requests_make_one_fetch() {
    for world in [World::new(), World::fleet()] {
        world.serve(Reply { delay: Duration::from_millis(400), ..ok(&jwks(&["a"])) });
        world.run(async {
            // One is first, as one always is: two that begin in the same moment cannot see each other in a store.
            let first = together(vec![slot(world.names(), 0, &world), slot(world.names(), 1, &world)]).await;
            assert!(first.iter().all(|got| *got == just(&["a"])));
            assert_eq!(world.fetches(), 1);
            world.serve(Reply { delay: Duration::from_millis(400), ..ok(&jwks(&["a", "b"])) });
            let storm = (0..100).map(|number| slot(world.look_for("b"), number, &world)).collect();
            for got in together(storm).await {
                assert_eq!(got, just(&["a", "b"]));
            }
            assert_eq!(world.fetches(), 1);
        });
    }
}

/// `future` so many milliseconds later.
async fn slot<F: Future>(future: F, after: u64, world: &World) -> F::Output {
    world.host.sleep(Duration::from_millis(after)).await;
    future.await
}

#[test]
fn a_request_that_is_cancelled_gives_its_turn_to_the_next() {
    let world = World::new();
    world.serve(Reply { delay: Duration::from_millis(400), ..ok(&jwks(&["a"])) });
    world.run(async {
        let mut first = Box::pin(world.names());
        let mut others: Vec<Pin<Box<_>>> = (0..100).map(|_| Box::pin(world.names())).collect();
        poll_fn(|cx| {
            assert!(first.as_mut().poll(cx).is_pending());
            for other in &mut others {
                assert!(other.as_mut().poll(cx).is_pending());
            }
            Poll::Ready(())
        })
        .await;
        assert_eq!(world.fetches(), 1);
        drop(first);
        // The next two leave while they stand in line, and while they fetch.
        drop(others.remove(50));
        let begun = world.host.tick();
        for got in together(others).await {
            assert_eq!(got, just(&["a"]));
        }
        assert_eq!(world.host.tick() - begun, Duration::from_millis(400));
        assert_eq!(world.fetches(), 1);
    });
}

#[test]
fn an_instance_that_ends_while_it_fetches_holds_the_others_up_for_one_timeout() {
    let world = World::fleet();
    world.serve(Reply { delay: Duration::from_millis(400), ..ok(&jwks(&["a"])) });
    world.run(async {
        let mut first = Box::pin(world.names());
        poll_fn(|cx| {
            assert!(first.as_mut().poll(cx).is_pending());
            Poll::Ready(())
        })
        .await;
        drop(first);
        let begun = world.host.tick();
        assert_eq!(world.names().await, just(&["a"]));
        assert_eq!(world.host.tick() - begun, Duration::from_millis(2_400));
    });
}

#[test]
fn a_fleet_shares_what_one_has_fetched() {
    let world = World::fleet();
    world.publish(&["a"]);
    world.run(async {
        for _ in 0..50 {
            assert_eq!(world.names().await, just(&["a"]));
        }
        assert_eq!(world.fetches(), 1);
        // A store that is out of order is as good as none.
        world.host.fail_store(true);
        assert_eq!(world.names().await, just(&["a"]));
        assert_eq!(world.names().await, just(&["a"]));
        assert_eq!(world.fetches(), 2);
    });
}

#[test]
fn a_server_that_starts_finds_what_others_have_stored() {
    let world = World::fleet();
    world.publish(&["a"]);
    world.run(async {
        world.names().await.unwrap();
        world.serve(fault(Fault::Refuse));
        world.host.forget(false);
        world.fetches();
        assert_eq!(world.names().await, just(&["a"]));
        assert_eq!(world.fetches(), 0);
    });
}

#[test]
fn the_same_set_again_is_the_same_generation() {
    let world = World::new();
    world.publish(&["a"]);
    world.run(async {
        let first = world.ask(None).await.unwrap();
        let again = world.ask(Some(first.generation)).await.unwrap();
        assert!(Arc::ptr_eq(&first, &again));
        world.pass(1_000).await;
        world.publish(&["b"]);
        assert_ne!(world.ask(None).await.unwrap().generation, first.generation);
    });
}

// === discovery ===

fn provider(issuer: &str) -> Provider {
    let url = Url::parse(issuer).unwrap();
    let document = endpoint(&format!("http://id.test{}", discovery::location(&url, Kind::OpenId)));
    let keys = endpoint("http://keys.test/").target;
    let origins = Origins::new(document.target.clone(), [keys]);
    Provider { issuer: issuer.into(), document, origins, life: LIFE, id: [9; 32] }
}

fn discovered(document: &Value) -> World {
    let world = World::of(Place::Provider(provider("http://id.test")));
    world.serve(ok(document));
    world.host.set_upstream("keys.test", "keys", Replies::new(vec![ok(&jwks(&["a"]))]));
    world
}

#[test]
fn an_issuer_says_where_its_keys_are() {
    let world = discovered(&json!({"issuer": "http://id.test", "jwks_uri": "http://keys.test/v3/certs"}));
    world.run(async {
        assert_eq!(world.names().await, just(&["a"]));
        assert_eq!(world.names().await, just(&["a"]));
        let received = world.host.take_received();
        let asked: Vec<_> = received.iter().map(|it| format!("{} {}", it.to, it.target)).collect();
        assert_eq!(asked, ["id /.well-known/openid-configuration", "keys /v3/certs"]);
        // Both are fetched again in time.
        world.upkeep(820).await;
        assert_eq!(world.fetches(), 2);
        let Place::Provider(provider) = &world.source.place else { unreachable!() };
        assert!(metadata(&world.host, None, provider).await.is_ok());
        assert_eq!(world.fetches(), 0);
    });
}

#[test]
fn an_issuer_speaks_for_itself_only() {
    for (document, cause) in [
        (json!({"issuer": "http://id.test/", "jwks_uri": "http://keys.test/k"}), "another issuer"),
        (json!({"issuer": "http://id.test", "jwks_uri": "http://127.0.0.1/k"}), "its origin is not"),
        (json!({"issuer": "http://id.test"}), "has no jwks_uri"),
        (json!({"jwks_uri": "http://keys.test/k"}), "missing field"),
    ] {
        let world = discovered(&document);
        world.run(async {
            let told = world.names().await.unwrap_err().cause;
            assert!(told.contains(cause), "{told}");
            assert!(world.host.take_received().iter().all(|received| received.to == "id"));
        });
    }
}
