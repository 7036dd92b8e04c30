//! What requests want of limits as they are configured: whose permits, and how many.
#![allow(clippy::unwrap_used)]

use std::net::SocketAddr;
use std::sync::Arc;

use http::request::Parts;
use http::{HeaderName, HeaderValue, Request};
use serde_json::{Value, json};

use super::*;
use crate::auth::caller::Consumer;
use crate::auth::{Asking, Caller, CredentialId};
use crate::deadline::Deadline;
use crate::forward::client::Client;
use crate::gateway::Peer;
use crate::host::UnixMillis;
use crate::plan::{Abilities, Plan};
use crate::problem::{Failure, Problem};
use crate::route::path::normalise;

/// A request and who sends it.
#[derive(Debug, Clone)]
struct Sent {
    head: Parts,
    address: &'static str,
    length: Option<u64>,
    caller: Option<Caller>,
}

fn plan(limit: Value) -> Plan {
    let document = serde_json::from_value(json!({
        "auth": { "keys": { "api_key": {} } },
        "rate_limits": { "a": limit },
        "routes": [
            { "id": "r", "auth": "keys", "rate_limits": "a", "respond": {} },
            { "id": "s", "auth": "keys", "rate_limits": "a", "respond": {}, "match": { "path": "/s" } },
        ],
    }))
    .unwrap();
    match Plan::compile(&[("a.json".to_owned(), document)], &Abilities::NATIVE) {
        Ok((plan, _)) => plan,
        Err(diagnostics) => panic!("{diagnostics:?}"),
    }
}

fn sent() -> Sent {
    let (head, ()) = Request::get("/").body(()).unwrap().into_parts();
    Sent { head, address: "192.0.2.1", length: Some(0), caller: None }
}

impl Sent {
    fn with(mut self, name: &'static str, value: &str) -> Self {
        let value = HeaderValue::from_bytes(value.as_bytes()).unwrap();
        self.head.headers.append(HeaderName::from_static(name), value);
        self
    }

    fn from(self, address: &'static str) -> Self {
        Self { address, ..self }
    }

    fn by(self, caller: Caller) -> Self {
        Self { caller: Some(caller), ..self }
    }

    fn to(mut self, target: &'static str) -> Self {
        self.head.uri = target.parse().unwrap();
        self
    }

    fn long(self, length: Option<u64>) -> Self {
        Self { length, ..self }
    }

    fn wants(&self, plan: &Plan) -> Result<Vec<Wanted>, Failure> {
        let peer = Peer { address: SocketAddr::new(self.address.parse().unwrap(), 80), secure: false };
        let path = normalise(self.head.uri.path());
        let route = plan.routes.iter().find(|route| (&*route.id == "s") == (path.path == "/s")).unwrap();
        let host = self.head.headers.get("host").map_or("", |host| host.to_str().unwrap());
        let asking = Asking {
            head: &self.head,
            peer,
            client: &Client::direct(peer.address),
            authority: host,
            path: &path.path,
            route,
            now: UnixMillis(0),
            length: self.length,
            deadline: Deadline::never(),
            plan: &plan.auth,
            assumed: None,
        };
        let applying = applying(&plan.limits, &asking, self.caller.as_ref());
        wanted(&plan.limits, applying, &Sight::new(&asking, self.caller.as_ref()), &[])
    }

    fn key(&self, plan: &Plan) -> Key {
        self.wants(plan).unwrap()[0].key
    }

    /// How many permits it takes; `None` where it does not count.
    fn weight(&self, plan: &Plan) -> Option<u64> {
        self.wants(plan).unwrap().first().map(|wanted| wanted.weight)
    }
}

fn caller(by: &str, subject: &str) -> Caller {
    Caller { by: by.into(), subject: Some(subject.into()), ..Caller::default() }
}

fn consumer(id: &str) -> Caller {
    let consumer = Consumer { id: id.into(), ..Consumer::default() };
    Caller { consumer: Some(Arc::new(consumer)), ..caller("keys", id) }
}

fn claims(claims: Value) -> Caller {
    Caller { claims: claims.as_object().unwrap().clone(), ..caller("jwt", "u") }
}

/// Every request of one group is counted with the others of it, and with none of another group.
#[track_caller]
fn tells_apart(key: Value, groups: &[&[Sent]]) {
    let plan = plan(json!({ "rate": "9/s", "key": key }));
    let keys: Vec<Vec<Key>> =
        groups.iter().map(|group| group.iter().map(|sent| sent.key(&plan)).collect()).collect();
    for (at, group) in keys.iter().enumerate() {
        for (index, key) in group.iter().enumerate() {
            assert_eq!(*key, group[0], "group {at}, request {index}");
        }
        for (other, others) in keys.iter().enumerate().filter(|(other, _)| *other != at) {
            assert_ne!(group[0], others[0], "groups {at} and {other}");
        }
    }
}

#[test]
fn callers() {
    let nobody = [sent(), sent().with("x-a", "1")];
    let elsewhere = [sent().from("192.0.2.2")];
    tells_apart(
        json!("consumer"),
        &[
            &[sent().by(consumer("a")), sent().by(consumer("a")).from("192.0.2.9")],
            &[sent().by(consumer("b"))],
            // Not a consumer that the gateway knows: as good as nobody.
            &[nobody[0].clone(), nobody[1].clone(), sent().by(caller("jwt", "a"))],
            &elsewhere,
        ],
    );
    tells_apart(
        json!("subject"),
        &[
            &[sent().by(consumer("a")), sent().by(caller("keys", "a"))],
            &[sent().by(caller("jwt", "a"))],
            &[sent().by(caller("keysa", ""))],
            &nobody,
            &elsewhere,
        ],
    );
    let credential = |byte| Caller { credential: Some(CredentialId([byte; 16])), ..consumer("a") };
    tells_apart(
        json!("credential"),
        &[
            &[sent().by(credential(1)), sent().by(credential(1)).from("192.0.2.9")],
            &[sent().by(credential(2))],
            &[sent(), sent().by(consumer("a"))],
        ],
    );
}

#[test]
fn claims_of_any_kind() {
    let with = |claim: Value| sent().by(claims(json!({ "t": claim })));
    tells_apart(
        json!({ "claim": "t" }),
        &[
            &[with(json!("1"))],
            &[with(json!(1))],
            &[with(json!(true))],
            &[with(json!("true"))],
            &[with(json!(["a", "b"])), with(json!(["a", "b"]))],
            &[with(json!("[\"a\",\"b\"]"))],
            &[with(json!(""))],
            &[with(json!(null)), sent().by(claims(json!({}))), sent()],
        ],
    );
}

#[test]
fn addresses_as_far_as_they_are_one_clients() {
    tells_apart(
        json!("address"),
        &[
            &[sent(), sent().from("::ffff:192.0.2.1")],
            &[sent().from("192.0.2.2")],
            &[sent().from("2001:db8::1"), sent().from("2001:db8:0:0:ffff::2")],
            &[sent().from("2001:db8:0:1::1")],
            // A host that does not tell addresses.
            &[sent().from("0.0.0.0"), sent().from("::")],
        ],
    );
    let wide =
        plan(json!({ "rate": "9/s", "key": ["address", "consumer"], "ipv4_prefix": 24, "ipv6_prefix": 48 }));
    let key = |address| sent().from(address).key(&wide);
    assert_eq!(key("192.0.2.1"), key("192.0.2.255"));
    assert_ne!(key("192.0.2.1"), key("192.0.3.1"));
    // The address that stands in for the consumer goes no further than the part that is one.
    assert_eq!(key("2001:db8:0:1::1"), key("2001:db8:0:2::1"));
    assert_ne!(key("2001:db8:1::1"), key("2001:db8:2::1"));
}

#[test]
fn fields_cookies_routes_and_hosts() {
    tells_apart(
        json!({ "header": "x-tenant" }),
        &[
            &[sent().with("x-tenant", "a, b"), sent().with("x-tenant", "a").with("x-tenant", "b")],
            &[sent().with("x-tenant", "a,b")],
            &[sent().with("x-tenant", "")],
            &[sent().with("x-tenant", "\u{e9}")],
            &[sent(), sent().with("x-other", "a")],
            // The stand-in is no value that somebody can send.
            &[sent().with("x-tenant", "192.0.2.1")],
        ],
    );
    tells_apart(
        json!({ "cookie": "sid" }),
        &[
            &[
                sent().with("cookie", "sid=a"),
                sent().with("cookie", "x=y; sid=a; sid=b"),
                sent().with("cookie", "x=y").with("cookie", " sid = a "),
            ],
            &[sent().with("cookie", "sid=b; sid=a")],
            &[sent().with("cookie", "sid=\"a\"")],
            &[sent(), sent().with("cookie", "SID=a"), sent().with("cookie", "sid")],
        ],
    );
    tells_apart(json!("route"), &[&[sent(), sent().to("/t").from("192.0.2.9")], &[sent().to("/s")]]);
    tells_apart(
        json!("host"),
        &[
            &[sent().with("host", "a.example"), sent().with("host", "A.example.:8080")],
            &[sent().with("host", "b.example")],
            &[sent()],
        ],
    );
    tells_apart(json!("everybody"), &[&[sent(), sent().from("2001:db8::1").by(consumer("a"))]]);
}

#[test]
fn expressions_and_several_parts() {
    tells_apart(
        json!({ "expression": "request.headers['x-n'] == 'text' ? 'a' : int(request.headers['x-n'])" }),
        &[
            &[sent().with("x-n", "1"), sent().with("x-n", "01")],
            &[sent().with("x-n", "-1")],
            &[sent().with("x-n", "text")],
            // Without a value, the address.
            &[sent(), sent().with("x-n", "no number")],
        ],
    );
    let two = |a: &str, b: &str| sent().with("x-a", a).with("x-b", b);
    tells_apart(
        json!([{ "header": "x-a" }, { "header": "x-b" }]),
        &[
            &[two("a", "b")],
            &[two("b", "a")],
            &[two("ab", "")],
            &[two("", "ab")],
            &[sent().with("x-a", "ab")],
            &[sent().with("x-b", "ab")],
        ],
    );
}

/// Computed by hand (Python's hashlib), so that a new version goes on with what an old one has counted.
#[test]
fn keys_are_those_of_the_version_before() {
    let hex = |limit: Value, sent: Sent| {
        sent.key(&plan(limit)).0.iter().map(|byte| format!("{byte:02x}")).collect::<String>()
    };
    let window = json!({ "window": { "limit": 9, "per": "1m" }, "key": ["subject", { "header": "x-a" }] });
    assert_eq!(
        hex(window, sent().by(caller("jwt", "u")).with("x-a", "1").with("x-a", "2")),
        "a6686d6ea2942ccfed926e1198a35ec5"
    );
    assert_eq!(hex(json!({ "rate": "9/s", "key": "consumer" }), sent()), "c30a73811701cb6513dbb802ee1b38dd");
}

/// A limit that is raised goes on with what it has counted; one that counts something else does not.
#[test]
fn what_is_counted_is_part_of_the_key() {
    let window = |limit, per| plan(json!({ "window": { "limit": limit, "per": per } }));
    assert_eq!(sent().key(&window(9, "1m")), sent().key(&window(8, "1m")));
    assert_ne!(sent().key(&window(9, "1m")), sent().key(&window(9, "2m")));
    let quota = |per| plan(json!({ "quota": { "limit": 9, "per": per } }));
    assert_ne!(sent().key(&quota("month")), sent().key(&quota("week")));
    let sliding = plan(json!({ "window": { "limit": 9, "per": "1m", "sliding": true } }));
    assert_ne!(sent().key(&window(9, "1m")), sent().key(&sliding));
}

fn weighing(weight: Value) -> Plan {
    plan(json!({ "quota": { "limit": 100, "per": "day" }, "weight": weight }))
}

#[test]
fn weights_of_fields() {
    let plan = weighing(json!({ "header": "x-cost", "default": 3, "most": 50 }));
    for (cost, expected) in [
        ("7", Some(7)),
        (" 7 ", Some(7)),
        ("007", Some(7)),
        ("50", Some(50)),
        ("51", Some(50)),
        ("99999999999999999999999999", Some(50)),
        ("0", None),
        ("", Some(3)),
        ("-1", Some(3)),
        ("+7", Some(3)),
        ("7.5", Some(3)),
        ("7, 8", Some(3)),
        ("seven", Some(3)),
        ("\u{663}", Some(3)),
    ] {
        assert_eq!(sent().with("x-cost", cost).weight(&plan), expected, "{cost:?}");
    }
    assert_eq!(sent().weight(&plan), Some(3));
    assert_eq!(sent().with("x-cost", "7").with("x-cost", "7").weight(&plan), Some(3));
}

#[test]
fn weights_of_bodies() {
    let plan = weighing(json!({ "body": "1KiB" }));
    for (length, expected) in [
        (0, 1),
        (1, 1),
        (1_024, 1),
        (1_025, 2),
        (10_240, 10),
        (102_400, 100),
        (102_401, 100),
        (u64::MAX, 100),
    ] {
        assert_eq!(sent().long(Some(length)).weight(&plan), Some(expected), "{length}");
    }
    let failure = sent().long(None).wants(&plan).unwrap_err();
    assert_eq!(failure.problem, Problem::LengthRequired);
    assert_eq!(failure.detail.unwrap(), "the limit \"a\" counts the bytes of the body");
    let shadow = json!({ "rate": "9/s", "weight": { "body": "1KiB" }, "shadow": true });
    assert_eq!(sent().long(None).weight(&self::plan(shadow)), Some(1), "a shadow refuses nobody");
}

#[test]
fn weights_of_expressions() {
    let plan = weighing(json!({ "expression": "int(request.headers['x-n'])", "default": 4, "most": 50 }));
    for (number, expected) in
        [("5", Some(5)), ("51", Some(50)), ("0", None), ("-5", Some(4)), ("no number", Some(4))]
    {
        assert_eq!(sent().with("x-n", number).weight(&plan), expected, "{number}");
    }
    assert_eq!(sent().weight(&plan), Some(4));
    assert_eq!(sent().weight(&weighing(json!(5))), Some(5));
}

#[test]
fn conditions_that_cannot_be_evaluated_hold() {
    let plan = plan(json!({ "rate": "9/s", "when": "request.headers['x-paid'] != 'yes'" }));
    assert_eq!(sent().with("x-paid", "yes").weight(&plan), None);
    assert_eq!(sent().with("x-paid", "no").weight(&plan), Some(1));
    assert_eq!(sent().weight(&plan), Some(1));
}

#[test]
fn a_limit_counts_a_request_once() {
    let plan = plan(json!({ "rate": "9/s" }));
    let sent = sent();
    let peer = Peer { address: SocketAddr::new(sent.address.parse().unwrap(), 80), secure: false };
    let asking = Asking {
        head: &sent.head,
        peer,
        client: &Client::direct(peer.address),
        authority: "",
        path: "/",
        route: &plan.routes[0],
        now: UnixMillis(0),
        length: Some(0),
        deadline: Deadline::never(),
        plan: &plan.auth,
        assumed: None,
    };
    let sight = Sight::new(&asking, None);
    assert_eq!(wanted(&plan.limits, [0, 0, 7].into_iter(), &sight, &[]).unwrap().len(), 1);
    let before = Judged { limit: 0, outcome: Outcome::Admitted, remaining: 1, reset: 1, retry: 0 };
    assert!(wanted(&plan.limits, [0].into_iter(), &sight, &[before]).unwrap().is_empty());
}
