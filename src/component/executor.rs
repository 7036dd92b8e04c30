//! Futures over pollables: one main future, and what it leaves running.
//!
//! wstd has a runtime too, and for a gateway it is too much of one: it keeps its wakers in a map with a random seed
//! (a call of the host in every instance, before anything is done) and asks the host once more for every task that is
//! ready. Here a future registers the pollable it waits for, and the host is asked when nobody can go on.

use std::cell::{Cell, RefCell};
use std::future::{Future, poll_fn};
use std::pin::{Pin, pin};
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll, Wake, Waker};
use std::time::Duration;

use wasip2::clocks::monotonic_clock;
use wasip2::io::poll::{Pollable, poll};

type Task = Pin<Box<dyn Future<Output = ()>>>;

thread_local! {
    static WAITING: RefCell<Vec<Rc<Entry>>> = const { RefCell::new(Vec::new()) };
    static TASKS: RefCell<Vec<Task>> = const { RefCell::new(Vec::new()) };
}

/// Ready when the host says so.
pub struct Ready {
    entry: Rc<Entry>,
    listed: bool,
}

struct Entry {
    pollable: Pollable,
    ready: Cell<bool>,
    waker: RefCell<Waker>,
}

/// Whether anybody can go on without the host.
struct Woken(AtomicBool);

/// Runs `main` to its end. What [`spawn`] left running goes on beside it, and is dropped with it.
pub fn run(main: impl Future<Output = ()>) {
    let mut main = pin!(main);
    let woken = Arc::new(Woken(AtomicBool::new(false)));
    let waker = Waker::from(Arc::clone(&woken));
    let mut cx = Context::from_waker(&waker);
    while main.as_mut().poll(&mut cx).is_pending() {
        let ended = run_tasks(&mut cx);
        // Nobody has been woken and nobody waits for the host: nothing will ever happen.
        if !ended && !woken.0.load(Ordering::Relaxed) && !wait() {
            break;
        }
        // Whoever was woken is polled now.
        woken.0.store(false, Ordering::Relaxed);
    }
    TASKS.with_borrow_mut(Vec::clear);
}

/// Lets `task` go on beside the main future.
pub fn spawn(task: Task) {
    TASKS.with_borrow_mut(|tasks| tasks.push(task));
}

/// Waits until every task has ended, for at most `span`.
pub async fn settle(span: Duration) {
    if TASKS.with_borrow(Vec::is_empty) {
        return;
    }
    let mut enough = sleep(span);
    poll_fn(|cx| match TASKS.with_borrow(Vec::is_empty) {
        true => Poll::Ready(()),
        false => Pin::new(&mut enough).poll(cx),
    })
    .await;
}

/// Ready after `span`.
pub fn sleep(span: Duration) -> Ready {
    Ready::new(monotonic_clock::subscribe_duration(u64::try_from(span.as_nanos()).unwrap_or(u64::MAX)))
}

/// Polls every task once; whether one ended, which the main future may be waiting for.
fn run_tasks(cx: &mut Context<'_>) -> bool {
    let mut tasks = TASKS.take();
    let before = tasks.len();
    tasks.retain_mut(|task| task.as_mut().poll(cx).is_pending());
    let ended = tasks.len() != before;
    TASKS.with_borrow_mut(|added| {
        tasks.append(added);
        *added = tasks;
    });
    ended
}

/// Waits until the host has something for somebody; false where nobody waits.
fn wait() -> bool {
    let entries = WAITING.with_borrow(Vec::clone);
    if entries.is_empty() {
        return false;
    }
    let pollables: Vec<_> = entries.iter().map(|entry| &entry.pollable).collect();
    for index in poll(&pollables) {
        if let Some(entry) = entries.get(index as usize) {
            entry.ready.set(true);
            forget(entry);
            entry.waker.borrow().wake_by_ref();
        }
    }
    true
}

fn forget(entry: &Rc<Entry>) {
    WAITING.with_borrow_mut(|waiting| waiting.retain(|other| !Rc::ptr_eq(other, entry)));
}

// === impl Woken ===

impl Wake for Woken {
    fn wake(self: Arc<Self>) {
        self.0.store(true, Ordering::Relaxed);
    }
}

// === impl Ready ===

impl Ready {
    /// Waits for `pollable`. Must be dropped before the thing that `pollable` was made from.
    pub fn new(pollable: Pollable) -> Self {
        let entry = Entry { pollable, ready: Cell::new(false), waker: RefCell::new(Waker::noop().clone()) };
        Self { entry: Rc::new(entry), listed: false }
    }
}

impl Future for Ready {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        if self.entry.ready.get() {
            return Poll::Ready(());
        }
        self.entry.waker.borrow_mut().clone_from(cx.waker());
        if !self.listed {
            self.listed = true;
            WAITING.with_borrow_mut(|waiting| waiting.push(Rc::clone(&self.entry)));
        }
        Poll::Pending
    }
}

impl Drop for Ready {
    fn drop(&mut self) {
        if self.listed && !self.entry.ready.get() {
            forget(&self.entry);
        }
    }
}
