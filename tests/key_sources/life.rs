//! When a set is fetched, and what is used while none can be.

use std::sync::Arc;
use std::time::Duration;

use serde_json::json;
use tollgate::host::Clock as _;
use tollgate::sim::body::Script;
use tollgate::sim::upstream::{Fault, Reply};

use super::world::{World, fault, just, jwks, ok, status, together};

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
