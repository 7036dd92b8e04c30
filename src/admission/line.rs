//! Who waits for a place: the most important first, and among equals who came first.

use std::collections::BTreeMap;
use std::task::Waker;

/// Requests that wait, and those of them that were told what becomes of them and have not heard it yet.
#[derive(Debug)]
pub(super) struct Line<T> {
    /// By priority and arrival.
    waiting: BTreeMap<(u8, u64), Waiter<T>>,
    /// By arrival.
    called: BTreeMap<u64, Called>,
    next: u64,
}

/// A request that waits, and under which rules.
#[derive(Debug)]
struct Waiter<T> {
    waker: Waker,
    rules: T,
}

/// A place in a line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Number(u8, u64);

/// What becomes of a request that waited.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Called {
    /// It has a place, and so many have one with it.
    Admitted(u32),
    /// It is refused for the sake of another.
    Displaced,
}

// === impl Line ===

impl<T> Default for Line<T> {
    fn default() -> Self {
        Self { waiting: BTreeMap::new(), called: BTreeMap::new(), next: 0 }
    }
}

impl<T> Line<T> {
    /// How many wait.
    pub(super) fn len(&self) -> usize {
        self.waiting.len()
    }

    /// Whether somebody waits who goes before a request of this priority that comes now.
    pub(super) fn has_before(&self, priority: u8) -> bool {
        self.waiting.first_key_value().is_some_and(|((first, _), _)| *first <= priority)
    }

    /// Waits.
    pub(super) fn join(&mut self, priority: u8, rules: T, waker: Waker) -> Number {
        self.next += 1;
        self.waiting.insert((priority, self.next), Waiter { waker, rules });
        Number(priority, self.next)
    }

    /// Refuses the least important and youngest of all who wait, where it is less important than `priority`.
    pub(super) fn displace(&mut self, priority: u8) -> Option<Waker> {
        let last = self.waiting.last_entry().filter(|last| last.key().0 > priority)?;
        let ((_, number), waiter) = last.remove_entry();
        self.called.insert(number, Called::Displaced);
        Some(waiter.waker)
    }

    /// The priority and the rules of the first.
    pub(super) fn first(&self) -> Option<(u8, &T)> {
        self.waiting.first_key_value().map(|((priority, _), waiter)| (*priority, &waiter.rules))
    }

    /// Gives the first a place, with which there are so many.
    pub(super) fn admit(&mut self, among: u32) -> Option<Waker> {
        let ((_, number), waiter) = self.waiting.pop_first()?;
        self.called.insert(number, Called::Admitted(among));
        Some(waiter.waker)
    }

    /// What became of whoever has this number; where nothing did, `waker` is woken when something does.
    pub(super) fn look(&mut self, number: Number, waker: &Waker) -> Option<Called> {
        if let Some(called) = self.called.remove(&number.1) {
            return Some(called);
        }
        if let Some(waiter) = self.waiting.get_mut(&(number.0, number.1)) {
            waiter.waker.clone_from(waker);
        }
        None
    }

    /// Waits no longer. What became of it meanwhile is returned, for it will not be heard.
    pub(super) fn leave(&mut self, number: Number) -> Option<Called> {
        self.waiting.remove(&(number.0, number.1));
        self.called.remove(&number.1)
    }
}
