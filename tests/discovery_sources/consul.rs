//! Consul's blocking queries, by the rules of developer.hashicorp.com/consul/api-docs/features/blocking.

use serde_json::{Value, json};
use tollgate::discovery::follow::Round;
use tollgate::host::Clock as _;
use tollgate::sim::upstream::{Fault, Reply};

use crate::world::{World, after, answer, status, with};

const PLAIN: &str = "/v1/health/service/orders?passing=1";

fn world() -> World {
    World::new(&json!({"consul": {"url": "http://consul.internal:8500", "service": "orders"}}), json!({}))
}

fn instances(hosts: &[u8]) -> Value {
    let one = |host: &u8| json!({"Node": {"Address": format!("10.0.0.{host}")}, "Service": {"Address": "", "Port": 80}, "Checks": []});
    hosts.iter().map(one).collect()
}

fn at(index: u64, hosts: &[u8]) -> Reply {
    with(answer(&instances(hosts)), "x-consul-index", &index.to_string())
}

fn replies(world: &World, replies: Vec<Reply>) {
    world.script("consul.internal:8500", replies);
}

#[test]
fn a_question_is_held_until_something_changes() {
    let mut world = world();
    replies(
        &world,
        vec![at(7, &[1]), after(40, at(9, &[1, 2])), after(56, at(9, &[1, 2])), after(3, at(12, &[2]))],
    );
    assert_eq!(world.round(), (Round::Changed, 0));
    assert_eq!((world.targets(), world.asked()), (vec!["10.0.0.1:80".to_owned()], PLAIN.to_owned()));
    assert_eq!(world.round().0, Round::Changed);
    assert_eq!(world.asked(), format!("{PLAIN}&index=7&wait=55s"));
    assert_eq!(world.targets(), ["10.0.0.1:80", "10.0.0.2:80"]);
    assert_eq!(world.round().0, Round::Same, "it was held for all its time, and a little longer");
    assert_eq!(world.asked(), format!("{PLAIN}&index=9&wait=55s"));
    assert_eq!(world.round().0, Round::Changed);
    assert_eq!(world.asked(), format!("{PLAIN}&index=9&wait=55s"));
    assert_eq!(world.targets(), ["10.0.0.2:80"]);
}

#[test]
fn an_index_that_goes_back_is_forgotten() {
    let mut world = world();
    replies(&world, vec![at(100, &[1]), at(3, &[2]), at(3, &[2, 3]), after(9, at(4, &[3]))]);
    assert_eq!(world.round().0, Round::Changed);
    assert_eq!(world.round().0, Round::Changed);
    world.received();
    assert_eq!(world.round().0, Round::Changed);
    assert_eq!(world.asked(), PLAIN, "as if for the first time");
    assert_eq!(world.round().0, Round::Changed);
    assert_eq!(world.asked(), format!("{PLAIN}&index=3&wait=55s"));
}

#[test]
fn an_index_of_nothing_is_one() {
    let mut world = world();
    replies(&world, vec![at(0, &[1]), after(9, at(5, &[2]))]);
    assert_eq!(world.round().0, Round::Changed);
    world.received();
    assert_eq!(world.round().0, Round::Changed);
    assert_eq!(world.asked(), format!("{PLAIN}&index=1&wait=55s"));
}

#[test]
fn what_changes_all_the_time_is_asked_for_no_more_than_so_often() {
    let mut world = world();
    replies(&world, (1..=20).map(|index| at(index, &[u8::try_from(index).unwrap()])).collect());
    let begun = world.host.tick();
    for _ in 0..20 {
        assert_eq!(world.round().0, Round::Changed);
    }
    let seconds = (world.host.tick() - begun).as_secs();
    // Two at once, and then one every five seconds.
    assert!((85..=100).contains(&seconds), "{seconds}");
}

#[test]
fn a_consul_that_holds_no_questions_is_asked_every_ten_seconds() {
    let mut world = world();
    replies(&world, vec![answer(&instances(&[1]))]);
    let begun = world.host.tick();
    for _ in 0..11 {
        world.round();
        assert_eq!(world.asked(), PLAIN);
    }
    let seconds = (world.host.tick() - begun).as_secs();
    assert!((80..=101).contains(&seconds), "{seconds}");
}

#[test]
fn a_consul_that_is_down_changes_nothing_and_is_asked_anew() {
    let mut world = world();
    let stalled = || Reply { fault: Some(Fault::Stall), ..at(9, &[9]) };
    replies(&world, vec![at(7, &[1]), status(500), stalled(), at(7, &[1]), stalled(), at(8, &[2])]);
    assert_eq!(world.round().0, Round::Changed);
    for _ in 0..2 {
        assert_eq!(world.round().0, Round::Failed);
        assert_eq!(world.targets(), ["10.0.0.1:80"], "what it said before stands");
        assert!(world.fault().is_some());
    }
    world.received();
    assert_eq!(world.round().0, Round::Same);
    assert_eq!(world.asked(), PLAIN, "what there is is said at once");
    assert_eq!(world.fault(), None);
    let (round, seconds) = world.round();
    assert_eq!(round, Round::Failed);
    assert!((63..=75).contains(&seconds), "55 s, a sixteenth more, and 5 s: {seconds}");
    assert_eq!(world.round().0, Round::Changed);
    assert_eq!(world.targets(), ["10.0.0.2:80"]);
}

#[test]
fn an_answer_that_cannot_be_read_changes_nothing() {
    let mut world = world();
    let rubbish = with(answer(&json!({"error": "no leader"})), "x-consul-index", "9");
    replies(&world, vec![at(7, &[1]), rubbish, at(8, &[]), at(9, &[2])]);
    assert_eq!(world.round().0, Round::Changed);
    assert_eq!(world.round().0, Round::Failed);
    assert_eq!(world.round().0, Round::Failed, "nobody there at all is not believed");
    assert_eq!(world.targets(), ["10.0.0.1:80"]);
    assert_eq!(world.round().0, Round::Changed);
    assert_eq!(world.targets(), ["10.0.0.2:80"]);
}

#[test]
fn the_token_is_shown_and_said_nowhere() {
    let consul = json!({"consul": {
        "url": "http://consul.internal:8500/prefix", "service": "orders", "tags": ["v2", "eu"], "datacenter": "dc2",
        "token": "${consul_token}", "warnings": true
    }});
    let mut world = World::new(&consul, json!({}));
    replies(&world, vec![status(403), at(7, &[1])]);
    assert_eq!(world.round().0, Round::Failed);
    assert!(world.fault().unwrap().contains("consul_token"), "the variable is not set");
    world.host.set_variable("consul_token", "hush");
    assert_eq!(world.round().0, Round::Failed);
    assert!(!world.fault().unwrap().contains("hush"));
    world.received();
    assert_eq!(world.round().0, Round::Changed);
    let received = world.received();
    assert_eq!(received[0].target, "/prefix/v1/health/service/orders?passing=0&tag=v2&tag=eu&dc=dc2");
    assert_eq!(received[0].headers["x-consul-token"], "hush");
}

#[test]
fn addresses_of_the_machine_itself_are_not_found() {
    let mut world = world();
    let local = json!([{"Node": {"Address": "127.0.0.1"}, "Service": {"Port": 80}}]);
    replies(&world, vec![with(answer(&local), "x-consul-index", "7")]);
    assert_eq!(world.round().0, Round::Failed);
    assert_eq!(world.targets(), [""; 0]);
}
