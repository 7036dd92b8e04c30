//! The limit that finds itself, with an upstream that is a line before so many servers, in virtual time.

use std::cell::{Cell, RefCell};
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

use http::StatusCode;
use tollgate::admission::{Adaptive, Admission, DEFAULT_PRIORITY, Gate, Limit};
use tollgate::deadline::Deadline;
use tollgate::host::{Clock as _, Tick};
use tollgate::retry::{Came, Outcome};
use tollgate::sim::SimHost;

use super::tasks::{Task, all, random};

const RULES: Admission = Admission {
    limit: Some(Limit::Adaptive(Adaptive {
        min: 3,
        max: 500,
        buffer: 25,
        window: Duration::from_millis(100),
        remeasure: Duration::from_secs(60),
        samples: 50,
    })),
    pending: 1_000,
    pending_timeout: Duration::from_secs(60),
    reserve: 0,
    per_target: None,
};

/// An upstream with servers that each work on one request at a time, and a line before them without end.
struct Servers {
    /// When each is free.
    free: RefCell<Vec<Tick>>,
    /// How long one takes for a request, on average: from half of it to half as much again.
    takes: Cell<Duration>,
    answered: Cell<u64>,
    chance: Cell<u64>,
}

impl Servers {
    fn takes(&self) -> Duration {
        let mut chance = self.chance.get();
        let percent = 50 + u32::try_from(random(&mut chance, 101)).unwrap();
        self.chance.set(chance);
        self.takes.get() * percent / 100
    }
}

struct World {
    host: SimHost,
    gate: Arc<Gate>,
    upstream: Rc<Servers>,
    over: Cell<bool>,
}

impl World {
    fn new(servers: usize) -> Self {
        let upstream = Servers {
            free: RefCell::new(vec![Tick(0); servers]),
            takes: Cell::new(Duration::from_millis(50)),
            answered: Cell::new(0),
            chance: Cell::new(1),
        };
        Self {
            host: SimHost::new(1),
            gate: Arc::new(Gate::default()),
            upstream: Rc::new(upstream),
            over: Cell::new(false),
        }
    }

    fn limit(&self) -> u32 {
        self.gate.view(&RULES).limit.unwrap()
    }

    async fn ask(&self) {
        let entered = self.gate.enter(&self.host, &RULES, DEFAULT_PRIORITY, Deadline::never()).await;
        let ticket = entered.unwrap();
        let begun = self.host.tick();
        let due = {
            let mut free = self.upstream.free.borrow_mut();
            let next = free.iter_mut().min().unwrap();
            *next = (*next).max(begun) + self.upstream.takes();
            *next
        };
        self.host.sleep_until(due).await;
        let now = self.host.tick();
        self.upstream.answered.set(self.upstream.answered.get() + 1);
        let outcome = Outcome { came: Came::Answer(StatusCode::OK), took: now - begun };
        ticket.note(&RULES, &outcome, now);
    }

    /// So many clients ask one request after another while the story goes on.
    fn run(&self, clients: usize, story: impl Future<Output = ()>) {
        let client = || async {
            while !self.over.get() {
                self.ask().await;
            }
        };
        let mut tasks: Vec<Task<'_, ()>> = (0..clients).map(|_| Box::pin(client()) as Task<'_, ()>).collect();
        tasks.push(Box::pin(async {
            story.await;
            self.over.set(true);
        }));
        self.host.run(all(tasks)).unwrap();
    }

    /// The limit and answers a second, over so many seconds.
    async fn watch(&self, seconds: u64) -> Seen {
        let before = self.upstream.answered.get();
        let mut seen = Seen { least: u32::MAX, most: 0, mean: 0, rate: 0 };
        let count = u32::try_from(seconds * 10).unwrap();
        for _ in 0..count {
            self.host.sleep(Duration::from_millis(100)).await;
            seen.least = seen.least.min(self.limit());
            seen.most = seen.most.max(self.limit());
            seen.mean += self.limit();
        }
        seen.mean /= count;
        seen.rate = (self.upstream.answered.get() - before) / seconds;
        seen
    }
}

#[derive(Debug)]
struct Seen {
    least: u32,
    most: u32,
    mean: u32,
    rate: u64,
}

impl Seen {
    /// With `L` in flight at `n` servers answers take `L ∕ n` of what they take of an idle upstream, so that the limit settles at
    /// `L = 1.25 n + √L`. On average it is there, give or take a fifth, and always between `n`, below which servers would
    /// have nothing to do, and the double of where it settles.
    fn assert_settled(&self, servers: u32) {
        println!("{servers} servers: {self:?}");
        let base = servers * 5 / 4;
        let expected = base + (base + base.isqrt()).isqrt();
        assert!((expected * 4 / 5..=expected * 6 / 5).contains(&self.mean), "{self:?}, not about {expected}");
        assert!(self.least >= servers && self.most <= 2 * expected, "{self:?}, not about {expected}");
    }
}

#[test]
fn settles_near_what_the_upstream_can_do() {
    for servers in [8_u32, 20, 60] {
        let world = World::new(servers as usize);
        world.run(150, async {
            world.host.sleep(Duration::from_secs(8)).await;
            let seen = world.watch(30).await;
            seen.assert_settled(servers);
            assert!(seen.rate >= u64::from(servers) * 20 * 97 / 100, "servers had nothing to do");
        });
    }
}

#[test]
fn recovers_after_a_slowdown() {
    let world = World::new(20);
    world.run(150, async {
        world.host.sleep(Duration::from_secs(10)).await;
        // Half of its servers are gone for ten seconds.
        world.upstream.free.borrow_mut().truncate(10);
        world.host.sleep(Duration::from_secs(5)).await;
        world.watch(5).await.assert_settled(10);
        let now = world.host.tick();
        world.upstream.free.borrow_mut().resize(20, now);
        world.host.sleep(Duration::from_secs(5)).await;
        let seen = world.watch(10).await;
        seen.assert_settled(20);
        assert!(seen.rate >= 388, "of 400 a second");
    });
}

#[test]
fn never_below_the_least_and_a_slower_upstream_is_measured_again() {
    let world = World::new(20);
    world.run(150, async {
        world.host.sleep(Duration::from_secs(10)).await;
        // Every answer takes ten times as long from now on, however few are asked for.
        world.upstream.takes.set(Duration::from_millis(500));
        let seen = world.watch(10).await;
        assert_eq!(seen.least, 3, "it was so slow that the least was asked, and never less");
        world.host.sleep(Duration::from_secs(35)).await;
        let seen = world.watch(5).await;
        seen.assert_settled(20);
    });
}

#[test]
fn a_limit_that_is_not_used_does_not_grow() {
    let world = World::new(20);
    world.run(4, async {
        world.host.sleep(Duration::from_secs(30)).await;
        assert!((3..=20).contains(&world.limit()), "{}", world.limit());
    });
}

#[test]
fn failures_that_are_fast_are_no_good_news() {
    let world = World::new(20);
    world.run(150, async {
        world.host.sleep(Duration::from_secs(10)).await;
        let before = world.limit();
        let ticket = world.gate.enter(&world.host, &RULES, 0, Deadline::never()).await.unwrap();
        for _ in 0..5_000 {
            let outcome = Outcome {
                came: Came::Answer(StatusCode::SERVICE_UNAVAILABLE),
                took: Duration::from_micros(10),
            };
            ticket.note(&RULES, &outcome, world.host.tick());
        }
        world.host.sleep(Duration::from_secs(1)).await;
        assert!(world.limit() <= before * 6 / 5, "{} after {before}", world.limit());
    });
}
