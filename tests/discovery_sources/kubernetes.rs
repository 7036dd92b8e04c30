//! Lists and watches of EndpointSlices, by kubernetes.io/docs/reference/using-api/api-concepts.

use serde_json::{Value, json};
use tollgate::discovery::follow::Round;
use tollgate::sim::body::End;
use tollgate::sim::upstream::Reply;

use crate::world::{World, after, answer, status, stream};

const SLICES: &str = "/apis/discovery.k8s.io/v1/namespaces/shop/endpointslices\
                      ?labelSelector=kubernetes.io%2Fservice-name%3Dorders";

fn world(replies: Vec<Reply>) -> World {
    let kubernetes = json!({"kubernetes": {
        "url": "http://api.internal", "service": "orders", "namespace": "shop", "token": "${token}"
    }});
    let world = World::new(&kubernetes, json!({}));
    world.host.set_variable("token", "one");
    world.script("api.internal", replies);
    world
}

fn slice(name: &str, version: u64, hosts: &[u8]) -> Value {
    let endpoints: Vec<Value> =
        hosts.iter().map(|host| json!({"addresses": [format!("10.0.0.{host}")]})).collect();
    json!({
        "metadata": {"name": name, "resourceVersion": version.to_string()}, "addressType": "IPv4",
        "ports": [{"name": "", "port": 80}], "endpoints": endpoints
    })
}

fn list(version: u64, slices: &[Value]) -> Reply {
    answer(&json!({"metadata": {"resourceVersion": version.to_string()}, "items": slices}))
}

fn event(kind: &str, object: &Value) -> String {
    format!("{}\n", json!({"type": kind, "object": object}))
}

fn bookmark(version: u64) -> String {
    event("BOOKMARK", &json!({"metadata": {"resourceVersion": version.to_string()}}))
}

fn gone() -> String {
    event("ERROR", &json!({"kind": "Status", "code": 410, "reason": "Expired", "metadata": {}}))
}

fn watch(version: u64) -> String {
    format!("{SLICES}&watch=1&allowWatchBookmarks=true&timeoutSeconds=240&resourceVersion={version}")
}

fn asked(world: &World) -> Vec<String> {
    world.received().into_iter().map(|received| received.target).collect()
}

#[test]
fn slices_are_listed_and_then_watched() {
    let events = [
        (5, event("ADDED", &slice("b", 11, &[2]))),
        (0, event("MODIFIED", &slice("a", 12, &[1, 3]))),
        (70, bookmark(20)),
        (1, event("DELETED", &slice("a", 21, &[]))),
    ];
    let mut world = world(vec![list(10, &[slice("a", 9, &[1])]), stream(&events, End::Stall)]);
    assert_eq!(world.round(), (Round::Changed, 0));
    assert_eq!(asked(&world), [format!("{SLICES}&limit=250")]);
    assert_eq!(world.targets(), ["10.0.0.1:80"]);
    assert_eq!(world.round(), (Round::Changed, 5));
    assert_eq!(asked(&world), [watch(10)]);
    assert_eq!(world.targets(), ["10.0.0.1:80", "10.0.0.2:80", "10.0.0.3:80"], "both events at once");
    assert_eq!(world.round().0, Round::Same, "a minute of silence");
    assert_eq!(world.round().0, Round::Changed);
    assert_eq!(world.targets(), ["10.0.0.2:80"]);
    assert_eq!(asked(&world), [""; 0]);
}

#[test]
fn long_lists_come_in_pages() {
    let page = |rest: &str, slices: &[Value]| {
        answer(&json!({"metadata": {"resourceVersion": "10", "continue": rest}, "items": slices}))
    };
    let mut world = world(vec![page("a+b=", &[slice("a", 9, &[1])]), page("", &[slice("b", 9, &[2])])]);
    assert_eq!(world.round().0, Round::Changed);
    assert_eq!(
        asked(&world),
        [format!("{SLICES}&limit=250"), format!("{SLICES}&limit=250&continue=a%2Bb%3D")]
    );
    assert_eq!(world.targets(), ["10.0.0.1:80", "10.0.0.2:80"]);
}

#[test]
fn a_list_without_end_is_a_fault() {
    let endless = answer(&json!({"metadata": {"resourceVersion": "10", "continue": "more"}, "items": []}));
    let mut world = world(vec![endless]);
    assert_eq!(world.round().0, Round::Failed);
    assert_eq!(world.received().len(), 8);
}

#[test]
fn what_the_api_has_forgotten_is_listed_anew() {
    let mut world = world(vec![
        list(10, &[slice("a", 9, &[1]), slice("b", 9, &[2])]),
        // When the watch is begun.
        status(410),
        list(20, &[slice("a", 19, &[3])]),
        // While it goes on.
        stream(&[(2, gone())], End::Complete),
        list(30, &[slice("c", 29, &[4])]),
        stream(&[(2, event("ADDED", &slice("d", 31, &[5]))), (0, gone())], End::Stall),
        list(40, &[slice("d", 39, &[6])]),
    ]);
    assert_eq!(world.round().0, Round::Changed);
    assert_eq!(world.round().0, Round::Changed);
    assert_eq!(world.targets(), ["10.0.0.3:80"], "nothing of before is left");
    assert_eq!(world.round().0, Round::Changed);
    assert_eq!(world.targets(), ["10.0.0.4:80"]);
    assert_eq!(world.round().0, Round::Changed);
    assert_eq!(world.targets(), ["10.0.0.6:80"]);
    assert_eq!(world.fault(), None);
}

#[test]
fn a_list_that_is_forgotten_while_it_is_read_is_a_fault_in_the_end() {
    let mut world = world(vec![status(410)]);
    assert_eq!(world.round().0, Round::Failed);
    assert_eq!(world.received().len(), 2);
}

#[test]
fn a_connection_that_breaks_in_mid_line_changes_nothing() {
    let half = event("ADDED", &slice("b", 11, &[2]));
    let half = half[..half.len() / 2].to_owned();
    for end in [End::Close, End::Reset, End::Complete] {
        let cut = stream(&[(5, half.clone())], end);
        let mut world = world(vec![
            list(10, &[slice("a", 9, &[1])]),
            cut,
            status(503),
            list(12, &[slice("b", 11, &[2])]),
        ]);
        assert_eq!(world.round().0, Round::Changed);
        assert_eq!(world.round(), (Round::Failed, 5), "{end:?}");
        assert_eq!(world.targets(), ["10.0.0.1:80"]);
        assert_eq!(world.round().0, Round::Failed);
        assert_eq!(world.targets(), ["10.0.0.1:80"]);
        assert!(world.fault().unwrap().contains("503"));
        assert_eq!(world.round().0, Round::Changed);
        assert_eq!(world.targets(), ["10.0.0.2:80"]);
        assert_eq!(world.fault(), None);
    }
}

#[test]
fn a_watch_that_ends_is_begun_where_it_was() {
    let mut world = world(vec![
        list(10, &[slice("a", 9, &[1])]),
        stream(&[(30, bookmark(15))], End::Complete),
        stream(&[(30, event("MODIFIED", &slice("a", 17, &[2])))], End::Complete),
        stream(&[], End::Stall),
    ]);
    assert_eq!(world.round().0, Round::Changed);
    assert_eq!(world.round(), (Round::Same, 30));
    assert_eq!(world.round().0, Round::Changed);
    assert_eq!(world.round().0, Round::Same);
    assert_eq!(asked(&world)[1..], [watch(10), watch(15), watch(17)]);
}

#[test]
fn a_watch_that_is_dead_is_given_up() {
    let mut world = world(vec![list(10, &[slice("a", 9, &[1])]), stream(&[], End::Stall)]);
    assert_eq!(world.round().0, Round::Changed);
    // It was to end after 240 seconds, and has five more.
    let seconds: u64 = (0..5)
        .map(|_| world.round())
        .map(|(round, seconds)| {
            assert_eq!(round, Round::Same);
            seconds
        })
        .sum();
    assert_eq!((seconds, asked(&world).len()), (300, 2));
    world.round();
    assert_eq!(asked(&world), [watch(10)], "and is begun anew");
}

#[test]
fn an_event_has_an_end() {
    let mut world =
        world(vec![list(10, &[slice("a", 9, &[1])]), stream(&[(1, "x".repeat(3 << 20))], End::Stall)]);
    assert_eq!(world.round().0, Round::Changed);
    assert_eq!(world.round().0, Round::Failed);
    assert!(world.fault().unwrap().contains("longer than"));
    assert_eq!(world.targets(), ["10.0.0.1:80"]);
}

#[test]
fn the_token_is_read_anew() {
    let mut world =
        world(vec![status(401), list(10, &[slice("a", 9, &[1])]), after(1, stream(&[], End::Stall))]);
    assert_eq!(world.round().0, Round::Failed);
    assert!(world.fault().unwrap().contains("401"));
    world.host.set_variable("token", "two\n");
    assert_eq!(world.round().0, Round::Changed);
    world.host.set_variable("token", "three");
    assert_eq!(world.round().0, Round::Same);
    let shown: Vec<_> = world.received().iter().map(|it| it.headers["authorization"].clone()).collect();
    assert_eq!(shown, ["Bearer one", "Bearer two", "Bearer three"]);
}
