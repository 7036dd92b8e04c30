//! Virtual time, and the executor that drives it: when nothing can go on, the clock jumps to the next alarm.

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::fmt;
use std::future::Future;
use std::pin::{Pin, pin};
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll, Wake, Waker};

use crate::host::Tick;

/// A clock that stands still while anything can be done.
#[derive(Debug, Clone, Default)]
pub struct VirtualClock(Rc<Timers>);

#[derive(Debug, Default)]
struct Timers {
    now: Cell<Tick>,
    /// When somebody waits, with a number that tells waits for one moment apart, and whom to wake.
    alarms: RefCell<BTreeMap<(Tick, u64), Waker>>,
    next: Cell<u64>,
}

/// Ends when the clock has come to its moment.
#[derive(Debug)]
pub struct SimSleep {
    timers: Rc<Timers>,
    alarm: (Tick, u64),
}

/// Everything waits, and for nothing that time could bring.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Deadlock {
    /// When it happened.
    pub at: Tick,
}

// === impl VirtualClock ===

impl VirtualClock {
    /// What it shows.
    pub fn now(&self) -> Tick {
        self.0.now.get()
    }

    /// Ends when `due` is reached; at once if it has passed.
    pub fn sleep_until(&self, due: Tick) -> SimSleep {
        let alarm = (due, self.0.next.get());
        self.0.next.set(alarm.1 + 1);
        self.0.alarms.borrow_mut().insert(alarm, Waker::noop().clone());
        SimSleep { timers: Rc::clone(&self.0), alarm }
    }

    /// Drives `future` to its end.
    pub fn run<F: Future>(&self, future: F) -> Result<F::Output, Deadlock> {
        let woken = Arc::new(Woken(AtomicBool::new(false)));
        let waker = Waker::from(Arc::clone(&woken));
        let mut context = Context::from_waker(&waker);
        let mut future = pin!(future);
        loop {
            if let Poll::Ready(value) = future.as_mut().poll(&mut context) {
                return Ok(value);
            }
            if !woken.0.swap(false, Ordering::Relaxed) && !self.advance() {
                return Err(Deadlock { at: self.now() });
            }
        }
    }

    /// To the next alarm; `false` where there is none.
    fn advance(&self) -> bool {
        let now = self.now();
        let next = self.0.alarms.borrow().keys().map(|(due, _)| *due).find(|due| *due > now);
        let Some(next) = next.filter(|next| *next != Tick(u64::MAX)) else { return false };
        self.0.now.set(next);
        // Futures that are under way together are polled one by one, those that were woken.
        let due: Vec<_> =
            self.0.alarms.borrow().range(..=(next, u64::MAX)).map(|(_, waker)| waker.clone()).collect();
        due.iter().for_each(Waker::wake_by_ref);
        true
    }
}

// === impl SimSleep ===

impl Future for SimSleep {
    type Output = ();

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        if self.timers.now.get() >= self.alarm.0 {
            return Poll::Ready(());
        }
        if let Some(waker) = self.timers.alarms.borrow_mut().get_mut(&self.alarm) {
            waker.clone_from(cx.waker());
        }
        Poll::Pending
    }
}

impl Drop for SimSleep {
    fn drop(&mut self) {
        self.timers.alarms.borrow_mut().remove(&self.alarm);
    }
}

struct Woken(AtomicBool);

impl Wake for Woken {
    fn wake(self: Arc<Self>) {
        self.0.store(true, Ordering::Relaxed);
    }
}

// === impl Deadlock ===

impl fmt::Display for Deadlock {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let since = self.at.since(Tick(0));
        write!(f, "after {since:?} everything waits, and for nothing that time could bring")
    }
}

impl std::error::Error for Deadlock {}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use std::time::Duration;

    use super::*;

    #[test]
    fn an_hour_takes_no_time() {
        let clock = VirtualClock::default();
        let hour = Tick(0) + Duration::from_secs(3_600);
        // An alarm that nobody waits for any more moves nothing.
        drop(clock.sleep_until(Tick(1)));
        clock.run(clock.sleep_until(hour)).unwrap();
        assert_eq!(clock.now(), hour);
        clock.run(clock.sleep_until(Tick(5))).unwrap();
        assert_eq!(clock.now(), hour);
    }

    #[test]
    fn a_wait_for_nothing_is_found_out() {
        let clock = VirtualClock::default();
        assert_eq!(clock.run(std::future::pending::<()>()), Err(Deadlock { at: Tick(0) }));
        assert!(clock.run(clock.sleep_until(Tick(u64::MAX))).is_err());
    }

    #[test]
    fn a_task_that_wakes_itself_is_polled_again() {
        let mut polls = 0;
        let future = std::future::poll_fn(|context| {
            polls += 1;
            if polls == 3 {
                return Poll::Ready(());
            }
            context.waker().wake_by_ref();
            Poll::Pending
        });
        VirtualClock::default().run(future).unwrap();
        assert_eq!(polls, 3);
    }
}
