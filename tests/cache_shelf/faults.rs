//! Every operation of a store goes wrong once, in every way.

use std::cell::Cell;
use std::panic::AssertUnwindSafe;

use tollgate::cache::purge::{Order, What, tag};
use tollgate::host::Clock as _;

use crate::instance::{FAULTS, Fault};
use crate::world::{Request, World};

/// A story, and what was answered so far.
struct Story<'a> {
    world: &'a World,
    /// The number of the next answer of the upstream.
    next: Cell<u32>,
    /// Answers before this one must not be given any more.
    least: Cell<u32>,
    fault: Option<Fault>,
}

/// Whom answers are for: the address, the fields of the request, and what the answers say of what they depend on.
type Client = (u8, &'static [(&'static str, &'static str)], &'static str);

const CLIENTS: [Client; 5] = [
    (1, &[], ""),
    (2, &[("a", "1")], "a"),
    (2, &[("a", "2")], "a"),
    (3, &[("accept-encoding", "gzip")], "accept-encoding"),
    (3, &[], "accept-encoding"),
];

impl Story<'_> {
    /// Does something in a world whose store is given time to recover before; it takes no longer than a store may.
    fn step<T>(&self, what: impl FnOnce(&World) -> T) -> T {
        self.world.later(2);
        let begun = self.world.instance.tick();
        let done = what(self.world);
        let took = self.world.instance.tick() - begun;
        assert!(took <= self.world.caching.timeout, "{took:?}");
        done
    }

    /// A client gets an answer: a kept one, or a new one.
    fn ask(&self, client: usize) {
        let (address, fields, vary) = CLIENTS[client];
        let request = Request::new(address, fields);
        let found = self.step(|world| world.find(&request));
        if let Some(entry) = &found.entry {
            let body = std::str::from_utf8(&entry.body).unwrap();
            let (whose, number) = body.trim_end_matches('.').split_once(' ').unwrap();
            assert_eq!(whose, client.to_string());
            assert_eq!(body.len(), 300);
            assert_eq!(entry.headers.get("x").unwrap(), whose);
            assert!(number.parse::<u32>().unwrap() >= self.least.get(), "{number} is no longer good");
            return;
        }
        let number = self.next.replace(self.next.get() + 1);
        let whose = client.to_string();
        let body = format!("{:.<300}", format!("{whose} {number}"));
        let mut fields = vec![("x", &*whose)];
        if !vary.is_empty() {
            fields.push(("vary", vary));
        }
        if client == 3 {
            fields.push(("content-encoding", "gzip"));
        }
        // Kept or not.
        let _ = self.step(|world| world.keep(&request, &found, world.answer(&body, &fields)));
    }

    /// What was done to a store that says that it was done is done, unless the store loses it.
    fn forgotten(&self, done: bool) {
        if done && !matches!(self.fault, Some(Fault::Loses | Fault::Swaps)) {
            self.least.set(self.next.get());
        }
    }

    fn tell(&self) {
        (0..CLIENTS.len()).chain(0..CLIENTS.len()).for_each(|client| self.ask(client));
        let done = [1, 2, 3].map(|address| self.step(|world| world.invalidate(address)));
        self.forgotten(done == [true; 3]);
        (0..CLIENTS.len()).for_each(|client| self.ask(client));
        let order = Order { what: What::Tags(vec![tag(b"shop")]), soft: false };
        self.world.later(2);
        let done = self.world.purge(&order);
        self.forgotten(done);
        (0..CLIENTS.len()).chain(0..CLIENTS.len()).for_each(|client| self.ask(client));
    }
}

fn tell(world: &World, fault: Option<(usize, Fault)>) -> usize {
    let (next, least) = (Cell::new(0), Cell::new(0));
    world.instance.store.fault.set(fault);
    let story = Story { world, next, least, fault: fault.map(|(_, fault)| fault) };
    story.tell();
    let calls = world.instance.store.calls.get();
    // However it went, it goes on: what is asked for twice is kept, where there is room.
    story.ask(0);
    story.ask(0);
    assert!(world.find(&Request::new(1, &[])).entry.is_some(), "{fault:?}");
    calls
}

/// In a world made anew each time: once without a fault, then with each fault at each operation.
fn each(world: impl Fn() -> World) {
    let calls = tell(&world(), None);
    assert!(calls > 40, "{calls}");
    for at in 0..calls {
        for fault in FAULTS {
            let outcome = std::panic::catch_unwind(AssertUnwindSafe(|| tell(&world(), Some((at, fault)))));
            assert!(outcome.is_ok(), "{fault:?} at operation {at} of {calls}");
        }
    }
}

#[test]
fn whatever_a_store_does_nobody_gets_what_is_not_theirs() {
    each(|| World::in_store(0));
}

#[test]
fn the_same_with_memory_in_front() {
    each(|| World::in_store(1));
}

#[test]
fn the_same_on_a_host_without_memory() {
    each(|| World::forgetful(4096));
}

#[test]
fn the_same_where_all_addresses_share_few_places() {
    each(|| World::forgetful(1));
    each(|| World::forgetful(3));
}
