//! etcd in virtual time: what it says through its gateway, and what becomes of it.

use super::*;

const KEY_A: &str = "/orders/a";

fn start(host: &SimHost, followed: &Followed, replies: Vec<Reply>) -> Follower<Watcher<SimHost>> {
    host.set_upstream("etcd.test:2379", "etcd", Replies::new(replies));
    Follower::new(Watcher::of(&followed.source).unwrap())
}

/// Where requests went, and what they said.
fn asked(host: &SimHost) -> Vec<(String, Value)> {
    let received = host.take_received();
    received
        .iter()
        .map(|it| (format!("{}{}", it.to, it.target), serde_json::from_slice(&it.body).unwrap_or_default()))
        .collect()
}

#[test]
fn keys_are_read_and_then_watched_from_there() {
    let (host, followed, pool) = world(json!({}));
    let lines = [
        // etcd as a whole is further than what it has told.
        (0, json!({ "result": { "header": { "revision": "12" }, "created": true } })),
        (3, event(8, "/orders/b", Some("10.0.0.2:81"))),
        (2, event(9, KEY_A, None)),
        // One that was known already, and one of somebody else.
        (2, event(8, "/orders/c", Some("10.0.0.3:1"))),
        (0, event(10, "/other/d", Some("10.0.0.4:1"))),
        (1, event(11, "/orders/b", Some(r#"{"address": "10.0.0.2:81", "weight": 4}"#))),
    ];
    let replies = vec![range(7, &[(KEY_A, "10.0.0.1:80")]), watch(&lines, End::Stall)];
    let mut follower = start(&host, &followed, replies);
    let mut seen = Vec::new();
    for _ in 0..4 {
        host.run(follower.round(&host, &followed, &pool)).unwrap();
        seen.push((host.tick().0 / 1_000_000_000, names(&pool)));
    }
    let list = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>();
    assert_eq!(seen, [(0, list(&["a"])), (3, list(&["a", "b"])), (5, list(&["b"])), (8, list(&["b"]))]);
    assert_eq!(pool.roster().set.members[0].weight, 4);
    let asked = asked(&host);
    assert_eq!(asked[0].1["key"], STANDARD.encode("/orders/"));
    assert_eq!(asked[0].1["range_end"], STANDARD.encode("/orders0"));
    assert_eq!(
        (asked[1].0.as_str(), &asked[1].1["create_request"]["start_revision"]),
        ("etcd/v3/watch", &json!("8"))
    );
    assert_eq!(asked.len(), 2);
}

#[test]
fn what_comes_together_is_taken_together() {
    let (host, followed, pool) = world(json!({}));
    let many: Vec<_> =
        (0..50).map(|at| (0, event(8 + at, &format!("/orders/{at}"), Some("10.0.0.2:81")))).collect();
    let mut follower =
        start(&host, &followed, vec![range(7, &[(KEY_A, "10.0.0.1:80")]), watch(&many, End::Stall)]);
    for _ in 0..2 {
        host.run(follower.round(&host, &followed, &pool)).unwrap();
    }
    assert_eq!((names(&pool).len(), pool.source.known().changes), (51, 2));
}

#[test]
fn what_was_compacted_is_read_again() {
    let (host, followed, pool) = world(json!({}));
    let compacted =
        json!({ "result": { "header": { "revision": "40" }, "canceled": true, "compact_revision": "30" } });
    let replies = vec![
        range(7, &[(KEY_A, "10.0.0.1:80")]),
        watch(&[(1, compacted)], End::Stall),
        range(40, &[("/orders/z", "10.0.0.9:80")]),
        watch(&[(1, event(41, KEY_A, Some("10.0.0.1:80")))], End::Stall),
    ];
    let mut follower = start(&host, &followed, replies);
    for expected in [vec!["a"], vec!["z"], vec!["a", "z"]] {
        assert_eq!(host.run(follower.round(&host, &followed, &pool)).unwrap(), Round::Changed);
        assert_eq!(names(&pool), expected);
    }
    assert_eq!(asked(&host)[3].1["create_request"]["start_revision"], "41");
}

#[test]
fn a_watch_that_is_silent_is_looked_behind() {
    let (host, followed, pool) = world(json!({ "interval": "20s" }));
    let replies = vec![
        range(7, &[(KEY_A, "10.0.0.1:80")]),
        watch(&[], End::Stall),
        range(9, &[(KEY_A, "10.0.0.1:80")]),
        // Nothing was said of this, so that the watch is none any more.
        range(12, &[("/orders/b", "10.0.0.2:80")]),
        watch(&[(1, event(13, KEY_A, Some("10.0.0.1:80")))], End::Stall),
    ];
    let mut follower = start(&host, &followed, replies);
    let mut seen = Vec::new();
    for _ in 0..4 {
        let round = host.run(follower.round(&host, &followed, &pool)).unwrap();
        seen.push((host.tick().0 / 1_000_000_000, round));
    }
    assert_eq!(seen, [(0, Round::Changed), (20, Round::Same), (40, Round::Changed), (41, Round::Changed)]);
    let watches: Vec<_> = asked(&host).into_iter().filter(|(to, _)| to.ends_with("watch")).collect();
    assert_eq!(watches.len(), 2);
    assert_eq!(watches[1].1["create_request"]["start_revision"], "13");
}

#[test]
fn another_member_is_asked_where_one_is_down() {
    let (host, followed, pool) = world(json!({}));
    let mut down = Reply::name_of("etcd");
    down.fault = Some(crate::sim::upstream::Fault::Refuse);
    let mut follower = start(&host, &followed, vec![down]);
    host.set_upstream("other.test:2379", "other", Replies::new(vec![range(7, &[(KEY_A, "10.0.0.1:80")])]));
    assert_eq!(host.run(follower.round(&host, &followed, &pool)).unwrap(), Round::Changed);
    assert_eq!(names(&pool), ["a"]);
}

#[test]
fn a_watch_that_ends_at_once_is_a_fault_and_one_that_ends_later_is_not() {
    let (host, followed, pool) = world(json!({}));
    let first = range(7, &[(KEY_A, "10.0.0.1:80")]);
    let mut follower = start(&host, &followed, vec![first.clone(), watch(&[], End::Complete)]);
    host.run(follower.round(&host, &followed, &pool)).unwrap();
    assert_eq!(host.run(follower.round(&host, &followed, &pool)).unwrap(), Round::Failed);
    let late = json!({ "result": { "header": { "revision": "8" } } });
    let mut follower = start(&host, &followed, vec![first, watch(&[(6, late)], End::Complete)]);
    host.run(follower.round(&host, &followed, &pool)).unwrap();
    assert_eq!(host.run(follower.round(&host, &followed, &pool)).unwrap(), Round::Same);
}

#[test]
fn a_token_that_is_no_longer_good_is_asked_for_again() {
    let etcd = json!({
        "urls": ["http://etcd.test:2379"], "prefix": "/orders/", "username": "gateway", "password": "${etcd_password}",
    });
    let (host, followed, pool) = world(json!({ "etcd": etcd, "interval": "10s" }));
    host.set_variable("etcd_password", "secret");
    let token = |token: &str| {
        at(
            "/v3/auth/authenticate",
            Reply::new(StatusCode::OK, Script::fixed(json!({ "token": token }).to_string())),
        )
    };
    let gone = at("/v3/kv/range", Reply::new(StatusCode::UNAUTHORIZED, Script::fixed("{}")));
    let all = range(7, &[(KEY_A, "10.0.0.1:80")]);
    let replies =
        vec![token("one"), all.clone(), watch(&[], End::Stall), gone.clone(), token("two"), all, gone];
    let mut follower = start(&host, &followed, replies);
    for round in [Round::Changed, Round::Same, Round::Failed] {
        assert_eq!(host.run(follower.round(&host, &followed, &pool)).unwrap(), round);
    }
    let received = host.take_received();
    let shown: Vec<_> =
        received.iter().map(|it| it.headers.get("authorization").map(|it| it.to_str().unwrap())).collect();
    assert_eq!(shown[..6], [None, Some("one"), Some("one"), Some("one"), None, Some("two")]);
    let said: Value = serde_json::from_slice(&received[0].body).unwrap();
    assert_eq!(said, json!({ "name": "gateway", "password": "secret" }));
    assert!(!pool.source.known().fault.unwrap().1.contains("secret"));
}

#[test]
fn rubbish_is_a_fault_and_changes_nothing() {
    let good = range(7, &[(KEY_A, "10.0.0.1:80")]);
    let body = |text: &str| at("/v3/kv/range", Reply::new(StatusCode::OK, Script::fixed(text.to_owned())));
    for bad in [
        body("not JSON"),
        body("{}"),
        body(r#"{"header":{"revision":"x"}}"#),
        body(r#"{"header":{"revision":"3"},"kvs":[{"key":"%"}]}"#),
        body(r#"{"header":{"revision":"3"}}"#),
        range(9, &[(KEY_A, "no address"), ("/orders/b", "127.0.0.1:1")]),
        at("/v3/kv/range", Reply::new(StatusCode::INTERNAL_SERVER_ERROR, Script::fixed("{}"))),
    ] {
        let (host, followed, pool) = world(json!({ "interval": "10s" }));
        let mut follower = start(&host, &followed, vec![good.clone(), watch(&[], End::Stall), bad.clone()]);
        for round in [Round::Changed, Round::Failed] {
            assert_eq!(host.run(follower.round(&host, &followed, &pool)).unwrap(), round, "{bad:?}");
        }
        assert_eq!(names(&pool), ["a"]);
    }
    for bad in ["rubbish\n", "{\"error\":{\"message\":\"no\"}}\n", "{\"result\":{\"canceled\":true}}\n"] {
        let (host, followed, pool) = world(json!({}));
        let mut reply = watch(&[], End::Stall);
        reply.body.pieces.push_back(Piece { after: Duration::from_secs(1), data: bad.into() });
        let mut follower = start(&host, &followed, vec![good.clone(), reply]);
        for round in [Round::Changed, Round::Failed] {
            assert_eq!(host.run(follower.round(&host, &followed, &pool)).unwrap(), round, "{bad}");
        }
    }
}

#[test]
fn lines_arrive_in_pieces_and_have_a_bound() {
    use crate::deadline::Deadline;
    use crate::discovery::lines::{Line, Lines};
    use crate::sim::body::SimStream;
    let stream = |host: &SimHost, pieces: &[&str]| {
        let piece =
            |text: &&str| Piece { after: Duration::from_secs(1), data: Bytes::from((*text).to_owned()) };
        let script = Script { pieces: pieces.iter().map(piece).collect(), ..Script::default() };
        SimStream::new(script, host.clock().clone())
    };
    let host = SimHost::new(1);
    let mut lines = Lines::new(stream(&host, &["a", "b\nc\n\n \r\nd", "e"]), 10);
    let mut seen = Vec::new();
    loop {
        match host.run(lines.next(&host, Deadline::never())).unwrap().unwrap() {
            Line::Whole(line) => seen.push(String::from_utf8(line.to_vec()).unwrap()),
            Line::Late => unreachable!("there is no deadline"),
            Line::End => break,
        }
    }
    assert_eq!(seen, ["ab", "c", "de"]);
    let mut lines = Lines::new(stream(&host, &["ab"]), 10);
    let deadline = Deadline::after(host.tick(), Some(Duration::from_millis(500)));
    assert_eq!(host.run(lines.next(&host, deadline)).unwrap().unwrap(), Line::Late);
    let mut lines = Lines::new(stream(&host, &["12345678901"]), 10);
    assert!(host.run(lines.next(&host, Deadline::never())).unwrap().is_err());
}
