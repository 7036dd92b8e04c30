//! Instances that remember nothing, and a store that they share. One simulated host stands for all of them: it keeps nothing.

use std::cell::{Cell, RefCell};
use std::net::SocketAddr;
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

use http::{Request, StatusCode};
use tollgate::config::Document;
use tollgate::gateway::{Gateway, Peer, settle};
use tollgate::host::{Clock as _, KeyValue as _};
use tollgate::plan::{Abilities, Plan, StorePlan};
use tollgate::sim::SimHost;
use tollgate::sim::body::{Script, SimStream};
use tollgate::sim::upstream::Reply;

const KEY: &str = "tollgate/health/orders";

struct World {
    gateway: Gateway<SimHost>,
    /// Which targets answer with 500.
    failing: Rc<[Cell<bool>; 2]>,
    /// Which targets were asked.
    asked: Rc<RefCell<Vec<usize>>>,
}

fn configuration(more: &str) -> String {
    format!(
        r#"
        [store]
        [upstreams.orders]
        targets = [
            {{ name = "a", url = "http://t0.test" }},
            {{ name = "b", url = "http://t1.test", priority = 1 }},
        ]
        {more}
        [[routes]]
        id = "orders"
        auth = "public"
        match = {{ prefix = "/" }}
        upstream = "orders"
        "#
    )
}

const EJECT: &str = r#"health = { share = "default", eject = { consecutive_failures = 2, time = "30s", most_time = "60s", jitter_percent = 0 } }"#;

impl World {
    fn new(more: &str, remembers: bool) -> Self {
        let document: Document = toml::from_str(&configuration(more)).unwrap();
        let abilities = if remembers { Abilities::NATIVE } else { Abilities::COMPONENT };
        let compiled = Plan::compile(&[("gateway.toml".to_owned(), document)], &abilities);
        let (plan, _) = compiled.unwrap_or_else(|found| panic!("{found:#?}"));
        let host = SimHost::new(7);
        host.forget(!remembers);
        let (failing, asked) = (Rc::new([Cell::new(false), Cell::new(false)]), Rc::default());
        for target in 0..2 {
            let (failing, asked): (_, Rc<RefCell<Vec<usize>>>) = (Rc::clone(&failing), Rc::clone(&asked));
            host.set_living(&format!("t{target}.test"), move |_, _| {
                asked.borrow_mut().push(target);
                let status = if failing[target].get() { 500 } else { 200 };
                Reply::new(StatusCode::from_u16(status).unwrap(), Script::fixed("answer"))
            });
        }
        Self { gateway: Gateway::new(Arc::new(plan), host), failing, asked }
    }

    fn host(&self) -> &SimHost {
        self.gateway.host()
    }

    /// One request, and what is left to do after it. The status, and the targets that were asked.
    fn ask(&self) -> (u16, Vec<usize>) {
        self.asked.borrow_mut().clear();
        let host = self.host();
        let mut request = Request::new(SimStream::empty(host.clock().clone()));
        request.headers_mut().insert("host", "a.test".parse().unwrap());
        let peer = Peer { address: SocketAddr::from(([127, 0, 0, 1], 1)), secure: false };
        let status = host.run(self.gateway.handle(request, peer)).unwrap().status().as_u16();
        for work in host.take_deferred() {
            host.run(settle(host, work)).unwrap();
        }
        (status, self.asked.borrow().clone())
    }

    fn wait(&self, span: Duration) {
        let host = self.host();
        host.run(host.sleep_until(host.tick() + span)).unwrap();
    }

    fn stored(&self) -> Option<String> {
        let store = StorePlan { label: "default".into(), ..StorePlan::default() };
        let host = self.host();
        let value = host.run(host.get(&store, KEY)).unwrap().unwrap()?;
        Some(String::from_utf8(value.to_vec()).unwrap())
    }
}

#[test]
fn who_fails_is_ejected_for_all_and_comes_back() {
    let world = World::new(EJECT, false);
    assert_eq!(world.ask(), (200, vec![0]));
    assert_eq!(world.stored(), None, "of who is well nothing is written");
    world.failing[0].set(true);
    assert_eq!(world.ask(), (500, vec![0]));
    assert_eq!(world.ask(), (500, vec![0]));
    assert_eq!(world.ask(), (200, vec![1]));
    world.wait(Duration::from_secs(29));
    assert_eq!(world.ask(), (200, vec![1]));
    world.wait(Duration::from_secs(1));
    // Longer the second time, as if one instance had seen all of it.
    assert_eq!((world.ask().1, world.ask().1), (vec![0], vec![0]));
    world.wait(Duration::from_secs(59));
    assert_eq!(world.ask(), (200, vec![1]));
    world.wait(Duration::from_secs(1));
    world.failing[0].set(false);
    assert_eq!(world.ask(), (200, vec![0]));
}

#[test]
fn a_success_between_failures_is_told_too() {
    let world = World::new(EJECT, false);
    for failing in [true, false, true, false, true] {
        world.failing[0].set(failing);
        assert_eq!(world.ask().1, [0]);
    }
    assert_eq!(world.ask().1, [0], "two in a row there were not yet");
    assert_eq!(world.ask().1, [1]);
}

#[test]
fn what_cannot_be_read_says_nothing_and_is_replaced() {
    for wrong in [
        "",
        "nonsense",
        r#"{"version":9}"#,
        r#"{"version":1,"targets":[{"name":"a","until":1},{"name":"a"}]}"#,
    ] {
        let world = World::new(EJECT, false);
        world.host().put("default", KEY, wrong);
        world.failing[0].set(true);
        assert_eq!((world.ask().1, world.ask().1, world.ask().1), (vec![0], vec![0], vec![1]), "{wrong}");
    }
}

#[test]
fn an_end_that_no_ejection_has_is_not_believed() {
    for remembers in [false, true] {
        let world = World::new(EJECT, remembers);
        let now = world.host().unix().0;
        for (until, asked) in [(u64::MAX, 0), (now + 121_000, 0), (now + 60_000, 1)] {
            let row =
                format!(r#"{{"version":1,"targets":[{{"name":"a","until":{until},"times":4000000000}}]}}"#);
            world.host().put("default", KEY, &row);
            world.host().run(world.gateway.share(false)).unwrap();
            assert_eq!(world.ask().1, [asked], "{until}");
        }
    }
    let more = "health.share = \"default\"\ncircuit.upstream = {}";
    let world = World::new(more, false);
    let (now, circuit) = (world.host().unix().0, |moment: u64| {
        format!(r#"{{"version":1,"circuit":{{"serial":5,"moment":{moment},"openings":1}}}}"#)
    });
    for (moment, status) in [(u64::MAX, 200), (now + 61_000, 200), (now + 50_000, 503)] {
        world.host().put("default", KEY, &circuit(moment));
        assert_eq!(world.ask().0, status, "{moment}");
    }
}

#[test]
fn everybody_is_fit_while_the_store_fails() {
    let world = World::new(EJECT, false);
    world.failing[0].set(true);
    world.ask();
    world.ask();
    assert_eq!(world.ask().1, [1]);
    world.host().fail_store(true);
    assert_eq!(world.ask(), (500, vec![0]));
    world.host().fail_store(false);
    assert_eq!(world.ask().1, [1]);
}

#[test]
fn what_probes_found_is_believed_for_a_while() {
    let more = r#"health = { share = "default", probe = { tcp = true, initially = "unfit" } }"#;
    let world = World::new(more, false);
    assert_eq!(world.ask().1, [0], "nobody probes, so that nobody knows better");
    let now = world.host().unix().0;
    let document = format!(r#"{{"version":1,"probed":{now},"targets":[{{"name":"a","failing":true}}]}}"#);
    world.host().put("default", KEY, &document);
    assert_eq!(world.ask().1, [1]);
    world.wait(Duration::from_secs(91));
    assert_eq!(world.ask().1, [0], "whoever probed is gone");
}

#[test]
fn a_circuit_is_shared() {
    let more = r#"
        health.share = "default"
        circuit.upstream = { failure_percent = 50, minimum_requests = 4, open = "5s", probes = 2, recovery = "off" }
    "#;
    let world = World::new(more, false);
    world.failing[0].set(true);
    assert_eq!((world.ask().0, world.ask().0, world.ask().0), (500, 500, 503), "2 of 4 in a row");
    world.failing[0].set(false);
    world.wait(Duration::from_millis(4_900));
    assert_eq!(world.ask(), (503, vec![]));
    world.wait(Duration::from_millis(100));
    // One of ten passes, by chance, until two have succeeded.
    let mut answers = Vec::new();
    while answers.iter().filter(|status| **status == 200).count() < 2 {
        answers.push(world.ask().0);
        assert!(answers.len() < 500, "nobody passes");
    }
    assert!(answers.len() > 2, "not everybody does: {answers:?}");
    for _ in 0..20 {
        assert_eq!(world.ask().0, 200);
    }
}

#[test]
fn one_that_remembers_learns_and_tells() {
    let world = World::new(EJECT, true);
    let share = || world.host().run(world.gateway.share(false)).unwrap();
    let until = world.host().unix().0 + 20_000;
    world.host().put(
        "default",
        KEY,
        &format!(r#"{{"version":1,"targets":[{{"name":"a","until":{until},"times":1}}]}}"#),
    );
    assert_eq!(world.ask().1, [0]);
    share();
    assert_eq!(world.ask().1, [1], "others ejected it");
    world.wait(Duration::from_secs(20));
    assert_eq!(world.ask().1, [0]);
    let before = world.stored();
    share();
    assert_eq!(world.stored(), before, "there is nothing new");
    world.failing[0].set(true);
    world.ask();
    world.ask();
    share();
    let after = world.stored();
    assert_ne!(after, before);
    share();
    assert_eq!(world.stored(), after);
    // Those that remember nothing read it.
    let other = World::new(EJECT, false);
    other.wait(Duration::from_secs(20));
    other.host().put("default", KEY, &after.unwrap());
    assert_eq!(other.ask().1, [1]);
}
