//! Eureka, asked again and again.

use serde_json::{Value, json};
use tollgate::discovery::follow::Round;
use tollgate::sim::upstream::{Fault, Reply};

use crate::world::{World, answer, status};

fn world() -> World {
    let urls = ["http://one.internal:8761/eureka", "http://two.internal:8761/eureka/"];
    World::new(&json!({"eureka": {"urls": urls, "application": "ORDERS"}}), json!({}))
}

fn application(hosts: &[u8]) -> Reply {
    let one = |host: &u8| {
        json!({
            "hostName": format!("h{host}"), "ipAddr": format!("10.0.0.{host}"), "status": "UP",
            "port": {"$": 8080, "@enabled": "true"}
        })
    };
    let instances: Vec<Value> = hosts.iter().map(one).collect();
    answer(&json!({"application": {"name": "ORDERS", "instance": instances}}))
}

#[test]
fn it_is_asked_every_half_minute() {
    let mut world = world();
    world.script("one.internal:8761", vec![application(&[1]), application(&[1]), application(&[1, 2])]);
    assert_eq!(world.round(), (Round::Changed, 0));
    assert_eq!(world.asked(), "/eureka/apps/ORDERS");
    assert_eq!(world.round(), (Round::Same, 30));
    assert_eq!(world.round(), (Round::Changed, 30));
    assert_eq!(world.targets(), ["10.0.0.1:8080", "10.0.0.2:8080"]);
}

#[test]
fn where_one_server_is_down_another_is_asked() {
    let mut world = world();
    world.script("one.internal:8761", vec![application(&[1]), status(500)]);
    world.script(
        "two.internal:8761",
        vec![application(&[2]), Reply { fault: Some(Fault::Close), ..status(200) }],
    );
    assert_eq!(world.round().0, Round::Changed);
    assert_eq!(world.round(), (Round::Failed, 30));
    assert_eq!(world.targets(), ["10.0.0.1:8080"], "what it said before stands");
    let (round, seconds) = world.round();
    assert_eq!(round, Round::Changed);
    assert!(seconds <= 1, "{seconds}");
    assert_eq!(world.targets(), ["10.0.0.2:8080"]);
    assert_eq!(world.round().0, Round::Failed);
    assert_eq!(world.round().0, Round::Failed);
    assert_eq!(world.targets(), ["10.0.0.2:8080"]);
    let asked: Vec<_> = world.received().into_iter().map(|received| received.to).collect();
    assert_eq!(asked.last().map(String::as_str), Some("one.internal:8761"));
}

#[test]
fn an_application_that_is_not_known_has_no_instances() {
    let mut world = world();
    world.script("one.internal:8761", vec![application(&[1]), status(404)]);
    assert_eq!(world.round().0, Round::Changed);
    assert_eq!(world.round().0, Round::Failed, "which is not believed unless allow_empty is set");
    assert_eq!(world.targets(), ["10.0.0.1:8080"]);
    let eureka = json!({
        "eureka": {"urls": ["http://one.internal:8761/eureka"], "application": "ORDERS"}, "allow_empty": true
    });
    let mut world = World::new(&eureka, json!({}));
    world.script("one.internal:8761", vec![application(&[1]), status(404)]);
    assert_eq!(world.round().0, Round::Changed);
    assert_eq!(world.round().0, Round::Changed);
    assert_eq!(world.targets(), [""; 0]);
}
