//! A host that keeps nothing between requests: what it asks itself, and what it reads of what others found.

use super::*;
use crate::deadline::Deadline;
use crate::discovery::cached::{Asking, Looked};
use crate::discovery::publish::{publish, published};

/// Somebody who asks, with what is kept for ten seconds.
fn asking() -> (SimHost, Asking) {
    let plan = plan(json!({ "cache": { "ttl": "10s" }, "allow": ["10.0.0.0/8"] }), &Abilities::COMPONENT);
    let host = SimHost::new(1);
    host.forget(true);
    let upstream = &plan.upstreams[0];
    let source = upstream.discovery.clone().unwrap();
    (host, Asking { upstream: upstream.name.clone(), source, template: upstream.target.clone() })
}

fn look(host: &SimHost, asking: &Asking) -> (Vec<String>, bool) {
    let cached = asking.source.cached.as_ref().unwrap();
    let Looked { taken, again } = host.run(asking.look(host, cached, Deadline::never())).unwrap();
    let names = taken.map(|taken| taken.set.members.iter().map(|it| it.name.to_string()).collect());
    (names.unwrap_or_default(), again)
}

#[test]
fn only_the_first_waits_and_only_one_asks_again() {
    let (host, asking) = asking();
    let replies = vec![range(7, &[("/orders/a", "10.0.0.1:80")]), range(8, &[("/orders/b", "10.0.0.2:80")])];
    host.set_upstream("etcd.test:2379", "etcd", Replies::new(replies));
    let list = |name: &str| vec![name.to_owned()];
    assert_eq!(look(&host, &asking), (list("a"), false));
    assert_eq!(look(&host, &asking), (list("a"), false));
    assert_eq!(host.take_received().len(), 1);
    host.run(host.sleep(Duration::from_secs(11))).unwrap();
    // One is told to ask when its answer has been sent; the others go on with what is kept.
    assert_eq!(look(&host, &asking), (list("a"), true));
    assert_eq!(look(&host, &asking), (list("a"), false));
    assert_eq!(host.take_received().len(), 0);
    host.run(asking.again(&host, asking.source.cached.as_ref().unwrap())).unwrap();
    assert_eq!(look(&host, &asking), (list("b"), false));
    assert_eq!(host.take_received().len(), 1);
}

#[test]
fn a_source_that_is_down_is_left_alone_and_what_it_said_stands() {
    let (host, asking) = asking();
    host.set_upstream(
        "etcd.test:2379",
        "etcd",
        Replies::new(vec![range(7, &[("/orders/a", "10.0.0.1:80")])]),
    );
    assert_eq!(look(&host, &asking).0, ["a"]);
    let mut down = Reply::name_of("etcd");
    down.fault = Some(crate::sim::upstream::Fault::Refuse);
    host.set_upstream("etcd.test:2379", "etcd", Replies::new(vec![down]));
    host.run(host.sleep(Duration::from_secs(11))).unwrap();
    assert!(look(&host, &asking).1);
    host.run(asking.again(&host, asking.source.cached.as_ref().unwrap())).unwrap();
    assert_eq!(look(&host, &asking), (vec!["a".to_owned()], false));
    host.run(host.sleep(Duration::from_secs(6))).unwrap();
    assert_eq!(look(&host, &asking), (vec!["a".to_owned()], true));
}

#[test]
fn a_source_that_never_said_anything_is_not_asked_for_each_request() {
    let (host, asking) = asking();
    assert_eq!(look(&host, &asking), (Vec::new(), false));
    assert_eq!(look(&host, &asking), (Vec::new(), false));
    assert_eq!(host.take_received().len(), 0);
    let raw = host.run(crate::host::KeyValue::get(
        &host,
        &asking.source.cached.as_ref().unwrap().store,
        "tollgate/discovery/orders",
    ));
    assert!(raw.unwrap().unwrap().is_some());
    // A store that is out of order is no reason to ask either.
    host.fail_store(true);
    assert_eq!(look(&host, &asking), (Vec::new(), false));
}

#[test]
fn what_is_kept_is_held_to_what_is_allowed() {
    let (host, asking) = asking();
    let store = asking.source.cached.as_ref().unwrap().store.label.clone();
    let forged = json!({ "until": u64::MAX, "targets": [{ "host": "169.254.169.254", "port": 80 }] });
    for text in
        [forged.to_string(), "rubbish".to_owned(), "[]".to_owned(), json!({ "until": -1 }).to_string()]
    {
        host.put(&store, "tollgate/discovery/orders", &text);
        assert_eq!(look(&host, &asking).0, Vec::<String>::new(), "{text}");
    }
}

#[test]
fn what_is_published_is_what_is_read() {
    let document = json!({
        "store": {}, "live": {},
        "upstreams": { "orders": {
            "url": "http://orders.test:8080", "discovery": { "dns": "orders.test", "allow": ["*.test", "10.0.0.0/8"] },
        } },
        "routes": [{ "id": "orders", "auth": "public", "upstream": "orders" }],
    });
    let documents = [("a.json".to_owned(), serde_json::from_value(document).unwrap())];
    let (plan, _) = Plan::compile(&documents, &Abilities::COMPONENT).unwrap();
    let host = SimHost::new(1);
    let (live, upstream) = (plan.live.as_ref().unwrap(), &plan.upstreams[0]);
    let source = upstream.discovery.as_ref().unwrap();
    let all = vec![
        Found {
            name: "a".to_owned(),
            weight: 3,
            zone: Some("z".to_owned()),
            ..Found::at("10.0.0.1", Some(81))
        },
        Found { priority: 1, ..Found::at("b.test", None) },
    ];
    let set = source.targets(&upstream.target, all).unwrap().set;
    let write = |set: &crate::balance::Set| {
        host.run(publish(&host, live, "orders", "dns", set)).unwrap().unwrap();
        host.run(crate::live::read(&host, live, Deadline::never())).unwrap().unwrap()
    };
    let document = write(&set);
    let read = published(&document, "orders", (source, &upstream.target)).unwrap().unwrap();
    assert_eq!(read.set, set);
    assert!(published(&document, "others", (source, &upstream.target)).is_none());
    assert_eq!((document.serial, document.endpoints["orders"].serial), (1, 1));
    // The same again is no news, and something else is.
    assert_eq!(write(&set).serial, 1);
    let one = source.targets(&upstream.target, vec![Found::at("b.test", None)]).unwrap().set;
    assert_eq!((write(&one).serial, write(&one).endpoints["orders"].serial), (2, 2));
}
