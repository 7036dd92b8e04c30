//! What becomes of what sources say, in virtual time.

#![allow(clippy::unwrap_used)]
use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use http::StatusCode;
use proptest::prelude::*;
use serde_json::{Value, json};

use super::follow::{Followed, Follower, Round};
use super::watcher::Watcher;
use super::*;
use crate::host::{Clock as _, Remember as _};
use crate::plan::{Abilities, Plan};
use crate::pool::Pool;
use crate::sim::SimHost;
use crate::sim::body::{End, Piece, Script};
use crate::sim::upstream::{Replies, Reply};

mod etcd_watched;
mod kept;

/// What is followed, in a world where etcd is at `etcd.test`.
fn world(more: Value) -> (SimHost, Followed, Arc<Pool>) {
    let plan = plan(more, &Abilities::NATIVE);
    let host = SimHost::new(1);
    let pool = host.memory().unwrap().pools.adopt(&plan.upstreams, host.tick())[0].clone();
    (host, Followed::of(&plan.upstreams[0]).unwrap(), pool)
}

/// A plan with the upstream `orders`, whose `discovery` has `more` beside etcd.
fn plan(more: Value, abilities: &Abilities) -> Plan {
    let mut discovery = json!({
        "etcd": { "urls": ["http://etcd.test:2379", "http://other.test:2379"], "prefix": "/orders/" },
    });
    discovery.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    let document = json!({
        "store": {},
        "upstreams": { "orders": { "url": "http://orders.test:8080", "discovery": discovery } },
        "routes": [{ "id": "orders", "auth": "public", "upstream": "orders" }],
    });
    let documents = [("a.json".to_owned(), serde_json::from_value(document).unwrap())];
    Plan::compile(&documents, abilities).unwrap().0
}

/// An answer of `/v3/kv/range` at `revision`.
fn range(revision: u64, values: &[(&str, &str)]) -> Reply {
    let kvs: Vec<Value> = values
        .iter()
        .map(|(key, value)| json!({ "key": STANDARD.encode(key), "value": STANDARD.encode(value), "mod_revision": "1" }))
        .collect();
    let body =
        json!({ "header": { "revision": revision.to_string() }, "kvs": kvs, "count": kvs.len().to_string() });
    at("/v3/kv/range", Reply::new(StatusCode::OK, Script::fixed(body.to_string())))
}

/// An answer of `/v3/watch` with these lines, each so many seconds after the one before.
fn watch(lines: &[(u64, Value)], end: End) -> Reply {
    let piece = |(after, line): &(u64, Value)| Piece {
        after: Duration::from_secs(*after),
        data: Bytes::from(format!("{line}\n")),
    };
    let pieces: VecDeque<Piece> = lines.iter().map(piece).collect();
    at("/v3/watch", Reply::new(StatusCode::OK, Script { pieces, end, ..Script::default() }))
}

fn at(target: &str, mut reply: Reply) -> Reply {
    reply.when.target = Some(target.to_owned());
    reply
}

/// One that says that `key` is `value`, or gone, since `revision`.
fn event(revision: u64, key: &str, value: Option<&str>) -> Value {
    let mut kv = json!({ "key": STANDARD.encode(key), "mod_revision": revision.to_string() });
    let mut event = json!({});
    match value {
        Some(value) => kv["value"] = STANDARD.encode(value).into(),
        None => event["type"] = "DELETE".into(),
    }
    event["kv"] = kv;
    json!({ "result": { "header": { "revision": revision.to_string() }, "events": [event] } })
}

fn names(pool: &Pool) -> Vec<String> {
    pool.roster().set.members.iter().map(|member| member.name.to_string()).collect()
}

fn authorities(pool: &Pool) -> Vec<String> {
    let roster = pool.roster();
    roster.set.members.iter().map(|member| format!("{}:{}", member.target.host, member.target.port)).collect()
}

/// A source that says what it is told to.
struct Told(VecDeque<Result<News, Fault>>);

impl<H: Host> Watch<H> for Told {
    async fn next(&mut self, _: &H) -> Result<News, Fault> {
        self.0.pop_front().unwrap_or_else(|| Err(Fault::new("silent")))
    }
}

fn found(hosts: &[&str]) -> Result<News, Fault> {
    Ok(News::Found(hosts.iter().map(|host| Found::at(*host, None)).collect()))
}

#[test]
fn a_source_that_is_down_leaves_what_it_said_in_force() {
    let (host, followed, pool) = world(json!({}));
    let fault = || Err(Fault::new("down"));
    let said = [
        found(&["b.test", "a.test"]),
        fault(),
        fault(),
        found(&["a.test", "b.test"]),
        Ok(News::Same),
        found(&["c.test"]),
    ];
    let mut follower = Follower::new(Told(said.into()));
    let mut rounds = Vec::new();
    let mut states = Vec::new();
    for _ in 0..6 {
        rounds.push(host.run(follower.round(&host, &followed, &pool)).unwrap());
        let known = pool.source.known();
        states.push((known.fresh, known.targets));
    }
    use Round::{Changed, Failed, Same};
    assert_eq!(rounds, [Changed, Failed, Failed, Same, Same, Changed]);
    assert_eq!(states, [(true, 2), (false, 2), (false, 2), (true, 2), (true, 2), (true, 1)]);
    let known = pool.source.known();
    assert_eq!((known.answers, known.faults, known.changes, known.source), (4, 2, 2, "etcd"));
    assert_eq!(authorities(&pool), ["c.test:8080"]);
}

#[test]
fn who_fails_is_left_alone_for_longer_each_time() {
    let (host, followed, pool) = world(json!({}));
    let mut follower = Follower::new(Told(VecDeque::new()));
    let mut pauses = Vec::new();
    for _ in 0..12 {
        let before = host.tick();
        host.run(follower.round(&host, &followed, &pool)).unwrap();
        pauses.push((host.tick() - before).as_millis());
    }
    // The first question is asked at once; then between half of it and all of 500 ms, 1 s, 2 s, … 30 s.
    let mut longest = 500;
    assert_eq!(pauses[0], 0);
    for pause in &pauses[1..] {
        assert!((longest / 2..=longest).contains(pause), "{pauses:?}");
        longest = (longest * 2).min(30_000);
    }
}

#[test]
fn nothing_is_believed_only_where_the_author_says_so() {
    for (more, rounds, left) in [
        (json!({}), [Round::Changed, Round::Failed], 1),
        (json!({ "allow_empty": true }), [Round::Changed, Round::Changed], 0),
    ] {
        let (host, followed, pool) = world(more);
        let mut follower = Follower::new(Told([found(&["a.test"]), found(&[])].into()));
        for round in rounds {
            assert_eq!(host.run(follower.round(&host, &followed, &pool)).unwrap(), round);
        }
        assert_eq!(names(&pool).len(), left);
    }
}

#[test]
fn what_cannot_be_used_is_no_better_for_being_said_again_and_what_can_is_heard_at_once() {
    let (host, followed, pool) = world(json!({}));
    let said = [found(&["a.test"]), found(&[]), Ok(News::Same), Ok(News::Same), found(&["b.test"])];
    let mut follower = Follower::new(Told(said.into()));
    let rounds: Vec<_> = (0..5).map(|_| host.run(follower.round(&host, &followed, &pool)).unwrap()).collect();
    assert_eq!(rounds, [Round::Changed, Round::Failed, Round::Failed, Round::Failed, Round::Changed]);
    assert_eq!((host.tick().0 / 1_000_000, names(&pool)), (1_600, vec!["b.test:8080".to_owned()]));
}

#[test]
fn the_same_instances_make_the_same_set_in_any_order() {
    let (_, Followed { source, template, .. }, _) = world(json!({}));
    let named =
        |name: &str, host: &str, weight| Found { name: name.to_owned(), weight, ..Found::at(host, Some(1)) };
    let mut all = vec![
        named("z", "a.test", 1),
        named("a", "b.test", 70_000),
        // The same name twice: the first by address.
        named("z", "c.test", 5),
        named("", "D.Test.", 1),
        named("", "10.0.0.1", 1),
        named("", "fd00::1", 1),
        named("bad name", "e.test", 1),
        // What cannot be asked, and what must not.
        named("", "http://x", 1),
        named("meta", "169.254.169.254", 1),
        named("dotted", "1.2.3", 1),
    ];
    let expected = source.targets(&template, all.clone()).unwrap();
    all.reverse();
    let again = source.targets(&template, all).unwrap();
    assert_eq!(again.set, expected.set);
    assert_eq!((expected.refused, again.refused), (4, 4));
    let seen: Vec<_> = expected
        .set
        .members
        .iter()
        .map(|it| (it.name.to_string(), it.target.host.to_string(), it.weight))
        .collect();
    let member = |name: &str, host: &str, weight: u32| (name.to_owned(), host.to_owned(), weight);
    assert_eq!(
        seen,
        [
            member("10.0.0.1:1", "10.0.0.1", 1),
            member("[fd00::1]:1", "fd00::1", 1),
            member("a", "b.test", 65_535),
            member("d.test:1", "d.test", 1),
            member("e.test:1", "e.test", 1),
            member("z", "a.test", 1),
        ]
    );
    // An address is called by the url's name, and a name by its own.
    let host = |at: usize| expected.set.members[at].target.host_header.to_str().unwrap().to_owned();
    assert_eq!((host(0), host(2)), ("orders.test:8080".to_owned(), "b.test:1".to_owned()));
}

#[test]
fn all_or_nothing_where_it_is_too_much_or_all_of_it_is_wrong() {
    let (_, Followed { source, template, .. }, _) = world(json!({}));
    let many = (0..10_001).map(|at| Found::at(format!("h{at}.test"), None)).collect();
    assert!(source.targets(&template, many).unwrap_err().cause.contains("10001"));
    let wrong = vec![Found::at("127.0.0.1", None), Found::default()];
    assert!(source.targets(&template, wrong).unwrap_err().cause.starts_with("none of 2"));
}

proptest! {
    #[test]
    fn no_value_panics(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
        let found = written::value(&bytes);
        let (_, Followed { source, template, .. }, _) = world(json!({}));
        let _ = source.targets(&template, vec![found]);
    }

    #[test]
    fn no_host_panics(host in ".{0,40}", name in ".{0,40}", port in any::<Option<u16>>()) {
        let (_, Followed { source, template, .. }, _) = world(json!({}));
        if let Ok(taken) = source.targets(&template, vec![Found { name, ..Found::at(host, port) }]) {
            prop_assert_eq!(taken.set.members.len(), 1);
            prop_assert!(taken.set.members[0].target.port != 0);
        }
    }

    #[test]
    fn no_pattern_panics(text in "(https?://)?[a-z0-9.*:/\\[\\]-]{0,30}") {
        if let Some(allowed) = allow::Allowed::parse(&text) {
            prop_assert!(allowed.address(true).starts_with("https://"));
        }
    }
}
