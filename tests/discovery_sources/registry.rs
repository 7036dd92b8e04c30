//! The gateway's own registry as a source.

use serde_json::{Value, json};
use tollgate::discovery::follow::Round;

use crate::world::World;

const KEY: &str = "tollgate/registry/1/orders";

fn world(more: Value) -> World {
    let mut discovery = json!({"registry": {"service": "orders"}});
    for (key, value) in more.as_object().cloned().unwrap_or_default() {
        discovery[key] = value;
    }
    let config = json!({
        "store": {}, "auth": {"keys": {"basic": {}}}, "registry": {"auth": "keys", "allow": ["10.0.0.0/8"]}
    });
    World::new(&discovery, config)
}

/// Instances by name, each with the second until which it is good.
fn put(world: &World, instances: &[(&str, u64)]) {
    let now = tollgate::host::Clock::unix(&world.host).0;
    let one = |(name, seconds): &(&str, u64)| json!({"name": name, "host": "10.0.0.1", "port": 80, "weight": 1, "until": now + seconds * 1000});
    let document = json!({"instances": instances.iter().map(one).collect::<Vec<_>>()});
    world.host.put("default", KEY, &document.to_string());
}

#[test]
fn instances_come_and_go_without_anybody_saying_so() {
    let mut world = world(json!({}));
    put(&world, &[("a", 10), ("b", 30)]);
    assert_eq!(world.round(), (Round::Changed, 0));
    assert_eq!(world.targets(), ["a", "b"]);
    assert_eq!(world.round(), (Round::Same, 1));
    world.wait(9);
    assert_eq!(world.round().0, Round::Same, "clocks may differ by two seconds");
    world.wait(2);
    assert_eq!(world.round().0, Round::Changed);
    assert_eq!(world.targets(), ["b"]);
    put(&world, &[("c", 30)]);
    assert_eq!(world.round(), (Round::Changed, 1));
    assert_eq!(world.targets(), ["c"]);
}

#[test]
fn a_store_that_is_out_of_order_changes_nothing() {
    let mut world = world(json!({}));
    put(&world, &[("a", 300)]);
    assert_eq!(world.round().0, Round::Changed);
    world.host.fail_store(true);
    for _ in 0..5 {
        assert_eq!(world.round().0, Round::Failed);
        assert_eq!(world.targets(), ["a"]);
    }
    world.host.fail_store(false);
    put(&world, &[("b", 300)]);
    world.wait(60);
    assert_eq!(world.round().0, Round::Changed);
    assert_eq!(world.targets(), ["b"]);
}

#[test]
fn what_the_store_says_is_not_believed() {
    let mut world = world(json!({}));
    put(&world, &[("a", 300)]);
    assert_eq!(world.round().0, Round::Changed);
    let local = json!({"instances": [{"name": "x", "host": "127.0.0.1", "port": 80, "weight": 1, "until": u64::MAX}]});
    for broken in ["", "rubbish", r#"{"instances": []}"#, &local.to_string()] {
        world.host.put("default", KEY, broken);
        assert_eq!(world.round().0, Round::Failed, "{broken}");
        assert_eq!(world.targets(), ["a"], "{broken}");
    }
}

#[test]
fn the_last_one_goes_where_that_is_allowed() {
    let mut world = world(json!({"allow_empty": true}));
    put(&world, &[("a", 10)]);
    assert_eq!(world.round().0, Round::Changed);
    world.wait(12);
    assert_eq!(world.round().0, Round::Changed);
    assert_eq!(world.targets(), [""; 0]);
}
