//! How many connections there are to one target, over all workers of a server, where their number is bounded.
//!
//! Workers have pools of their own, so a bound over all of them is the one thing about connections that they share. Who finds
//! no connection and no room for one waits in a line, first come first served, until the time for connecting is over.
//! Three things keep a worker from being starved by what others keep:
//!
//! - whoever comes into the line closes an unused connection of another worker, where there is one;
//! - a connection that is given back while somebody waits is not kept: the first in the line gets it, itself where that is a
//!   request of the same worker, else the room that closing it makes (a connection is not moved between workers,
//!   whose runtimes move its bytes);
//! - a connection of HTTP/2 is for all workers: requests on it are passed to the task that moves it.
//!
//! Locks are taken in one order: a pool's before a room's.

use std::collections::{BTreeMap, HashMap};
use std::future::poll_fn;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::task::{Poll, Waker};

use hyper::client::conn::http2;

use super::pool::{Http1, Outbound, Pool};

/// The rooms of a server, and the pools of its workers.
#[derive(Debug, Default)]
pub struct Rooms {
    rooms: Mutex<HashMap<u64, Arc<Room>>>,
    pools: Mutex<Vec<Weak<Pool>>>,
}

/// The connections to one target.
#[derive(Debug, Default)]
pub struct Room(Mutex<State>);

#[derive(Debug, Default)]
struct State {
    /// Connections that there are, or that somebody is about to make.
    open: u32,
    next: u64,
    /// By arrival.
    waiting: BTreeMap<u64, Waiter>,
    called: BTreeMap<u64, Called>,
}

#[derive(Debug)]
struct Waiter {
    /// Whose request it is: see [`worker`].
    worker: usize,
    most: u32,
    waker: Waker,
}

/// What becomes of a request that waited.
#[derive(Debug)]
enum Called {
    /// There is room for a new connection, which is counted already.
    Room,
    /// This one.
    Connection(Box<Http1>),
    /// There is a connection of HTTP/2 now.
    Look,
}

/// Room for one connection, until it is dropped.
#[derive(Debug)]
pub struct Place(Arc<Room>);

/// A way to the target.
#[derive(Debug)]
pub enum Way {
    /// There is room for a new connection.
    Room(Place),
    /// A connection that another request of this worker has just given back.
    Http1(Box<Http1>),
    /// A connection of HTTP/2, perhaps of another worker.
    Http2(http2::SendRequest<Outbound>),
}

/// A place in the line, left when it is dropped.
struct Waiting {
    room: Arc<Room>,
    number: Option<u64>,
}

// === impl Rooms ===

impl Rooms {
    /// Has `pool` among those whose connections others may need.
    pub fn join(&self, pool: &Arc<Pool>) {
        lock(&self.pools).push(Arc::downgrade(pool));
    }

    /// A way to the target with this key, of which there may be `most`, for a worker with this pool. Waits for one; drop it to
    /// wait no longer.
    pub async fn way(&self, key: u64, most: u32, pool: &Arc<Pool>) -> Way {
        let room = Arc::clone(lock(&self.rooms).entry(key).or_default());
        let worker = worker(pool);
        let mut waiting = Waiting { room, number: None };
        poll_fn(|cx| {
            loop {
                match waiting.look(worker, most, cx.waker()) {
                    Some(Called::Room) => return Poll::Ready(Way::Room(Place(Arc::clone(&waiting.room)))),
                    Some(Called::Connection(http1)) => return Poll::Ready(Way::Http1(http1)),
                    Some(Called::Look) => {}
                    None => return self.search(key, pool).map_or(Poll::Pending, Poll::Ready),
                }
            }
        })
        .await
    }

    /// A connection that there is: of HTTP/2 with any worker, or an unused one that has come back to this worker since it last
    /// looked. Where there is none, an unused one of another worker is closed, so that there is room.
    fn search(&self, key: u64, own: &Arc<Pool>) -> Option<Way> {
        let pools: Vec<Arc<Pool>> = lock(&self.pools).iter().filter_map(Weak::upgrade).collect();
        if let Some(sender) = pools.iter().find_map(|pool| pool.shared(key)) {
            own.share(key, sender.clone());
            return Some(Way::Http2(sender));
        }
        if let Some((http1, _)) = own.take(key) {
            return Some(Way::Http1(http1));
        }
        drop(pools.iter().find_map(|pool| pool.take_counted(key)));
        None
    }

    /// Forgets rooms in which nothing is.
    pub fn sweep(&self) {
        lock(&self.rooms).retain(|_, room| Arc::strong_count(room) > 1 || !lock(&room.0).is_empty());
    }
}

/// Tells workers apart: the address of a pool, which is compared and never followed.
fn worker(pool: &Arc<Pool>) -> usize {
    Arc::as_ptr(pool).addr()
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    // Nothing that holds one of the locks can panic half-way through a change.
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

// === impl State ===

impl State {
    fn is_empty(&self) -> bool {
        self.open == 0 && self.waiting.is_empty() && self.called.is_empty()
    }

    /// A connection is no more: the first who waits may make another. The bound may be another than it was.
    fn release(&mut self) -> Option<Waker> {
        self.open = self.open.saturating_sub(1);
        let first = self.waiting.first_entry().filter(|first| self.open < first.get().most)?;
        let (number, waiter) = first.remove_entry();
        self.open += 1;
        self.called.insert(number, Called::Room);
        Some(waiter.waker)
    }
}

// === impl Room ===

impl Room {
    /// Whether somebody waits.
    pub fn is_awaited(&self) -> bool {
        !lock(&self.0).waiting.is_empty()
    }

    /// Gives `http1` to the first who waits, where that is a request of the same worker; else it is closed, which makes room for
    /// the first.
    pub fn offer(&self, http1: Box<Http1>, pool: &Arc<Pool>) {
        let mut state = lock(&self.0);
        let first = state.waiting.first_entry().filter(|first| first.get().worker == worker(pool));
        let Some((number, waiter)) = first.map(std::collections::btree_map::OccupiedEntry::remove_entry)
        else {
            drop(state);
            drop(http1);
            return;
        };
        state.called.insert(number, Called::Connection(http1));
        drop(state);
        waiter.waker.wake();
    }

    /// There is a connection of HTTP/2 now, which all who wait may use.
    pub fn call_all(&self) {
        let mut state = lock(&self.0);
        let waiting = std::mem::take(&mut state.waiting);
        let wakers: Vec<Waker> = waiting
            .into_iter()
            .map(|(number, waiter)| {
                state.called.insert(number, Called::Look);
                waiter.waker
            })
            .collect();
        drop(state);
        wakers.into_iter().for_each(Waker::wake);
    }
}

// === impl Place ===

impl Place {
    /// Where it is.
    pub fn room(&self) -> &Arc<Room> {
        &self.0
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let waker = lock(&self.0.0).release();
        waker.into_iter().for_each(Waker::wake);
    }
}

// === impl Waiting ===

impl Waiting {
    /// What became of the request, or its place in the line.
    fn look(&mut self, worker: usize, most: u32, waker: &Waker) -> Option<Called> {
        let mut state = lock(&self.room.0);
        if let Some(called) = self.number.and_then(|number| state.called.remove(&number)) {
            // Who looks again and finds nothing waits where it did.
            return Some(called);
        }
        let number = self.number.unwrap_or(state.next);
        let first = state.waiting.first_key_value().is_none_or(|(first, _)| number <= *first);
        if first && state.open < most {
            state.waiting.remove(&number);
            state.open += 1;
            return Some(Called::Room);
        }
        if self.number.replace(number).is_none() {
            state.next += 1;
        }
        state.waiting.insert(number, Waiter { worker, most, waker: waker.clone() });
        None
    }
}

impl Drop for Waiting {
    fn drop(&mut self) {
        let Some(number) = self.number else { return };
        let mut state = lock(&self.room.0);
        state.waiting.remove(&number);
        let waker = match state.called.remove(&number) {
            Some(Called::Room) => state.release(),
            Some(Called::Connection(http1)) => {
                drop(state);
                drop(http1);
                None
            }
            Some(Called::Look) | None => None,
        };
        waker.into_iter().for_each(Waker::wake);
    }
}
