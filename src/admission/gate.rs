//! Who is in flight and who waits, for one upstream.
//!
//! All of it stands behind one small lock that nobody holds while waiting. A place that becomes free is given to the first in
//! the line by whoever leaves, under the lock: it is never free in between, so nobody who comes later can take it, and
//! no wake-up can be lost. Whoever was given a place and goes away before hearing of it gives it to the next.

use std::future::poll_fn;
use std::pin::pin;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Poll, Waker};

use super::gradient::Gradient;
use super::line::{Called, Line, Number};
use super::{Admission, Limit, Reason};
use crate::body::Alarm;
use crate::deadline::Deadline;
use crate::host::{Host, Tick};
use crate::problem::Failure;
use crate::retry::Outcome;

/// Who is in flight and who waits, for one upstream.
#[derive(Debug, Default)]
pub struct Gate {
    state: Mutex<State>,
    /// How many were refused, by reason.
    rejected: [AtomicU64; Reason::ALL.len()],
}

#[derive(Debug, Default)]
struct State {
    in_flight: u32,
    /// Each waits under the rules of its own plan: another may have come into force meanwhile.
    line: Line<Admission>,
    /// What was learnt, where the limit adapts.
    gradient: Gradient,
}

/// A request in flight, until it is dropped.
#[derive(Debug)]
pub struct Ticket {
    gate: Arc<Gate>,
    /// How many were in flight with it when it was admitted, itself included.
    among: u32,
}

/// How a gate is doing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct View {
    /// Requests in flight.
    pub in_flight: u32,
    /// Requests that wait.
    pub pending: u64,
    /// How many may be in flight now; `None` for any number.
    pub limit: Option<u32>,
    /// How many were refused, in the order of [`Reason::ALL`].
    pub rejected: [u64; Reason::ALL.len()],
}

/// A place in the line, left when it is dropped.
struct Waiting<'a> {
    gate: &'a Arc<Gate>,
    number: Number,
}

// === impl Gate ===

impl Gate {
    /// A place for a request of this `priority` (0 is the most important), as soon as there is one.
    ///
    /// # Errors
    /// There is none, and there are as many waiting as may, or the wait was too long.
    pub async fn enter<H: Host>(
        self: &Arc<Self>,
        host: &H,
        admission: &Admission,
        priority: u8,
        deadline: Deadline,
    ) -> Result<Ticket, Failure> {
        if let Some(ticket) = self.enter_now(admission, priority) {
            return Ok(ticket);
        }
        let due = deadline.or_after(host.tick(), Some(admission.pending_timeout));
        let mut waiting: Option<Waiting<'_>> = None;
        let mut alarm = pin!(Alarm::<H>::unset());
        let entered = poll_fn(|cx| {
            let looked = match &waiting {
                Some(waiting) => waiting.look(cx.waker()),
                None => match self.join(admission, priority, cx.waker()) {
                    Ok(joined) => {
                        waiting = Some(joined);
                        None
                    }
                    Err(reason) => Some(Err(reason)),
                },
            };
            match looked {
                Some(entered) => Poll::Ready(entered),
                None => alarm.as_mut().poll_due(host, due, cx).map(|()| Err(Reason::TooLong)),
            }
        })
        .await;
        entered.map_err(|reason| {
            self.note_refused(reason);
            reason.failure()
        })
    }

    /// A place, where there is one for a request of this `priority` and nobody waits who goes before it.
    fn enter_now(self: &Arc<Self>, admission: &Admission, priority: u8) -> Option<Ticket> {
        let mut state = self.lock();
        let free = !state.line.has_before(priority) && state.has_place(admission, priority);
        free.then(|| Ticket { among: state.take(), gate: Arc::clone(self) })
    }

    fn join(
        self: &Arc<Self>,
        admission: &Admission,
        priority: u8,
        waker: &Waker,
    ) -> Result<Waiting<'_>, Reason> {
        let mut state = self.lock();
        let mut displaced = None;
        if state.line.len() >= admission.pending as usize {
            // With none that may wait there is nobody to displace either.
            displaced = state.line.displace(priority);
            if displaced.is_none() {
                return Err(Reason::LineFull);
            }
        }
        let number = state.line.join(priority, *admission, waker.clone());
        // A place may have become free since it was last looked for.
        let admitted = state.call();
        drop(state);
        displaced.into_iter().chain(admitted).for_each(Waker::wake);
        Ok(Waiting { gate: self, number })
    }

    /// Counts a request that is refused.
    pub fn note_refused(&self, reason: Reason) {
        self.rejected[reason as usize].fetch_add(1, Ordering::Relaxed);
    }

    /// How it is doing under `admission`.
    pub fn view(&self, admission: &Admission) -> View {
        let state = self.lock();
        let (in_flight, pending) = (state.in_flight, state.line.len() as u64);
        let limit = state.limit(admission);
        drop(state);
        let rejected = Reason::ALL.map(|reason| self.rejected[reason as usize].load(Ordering::Relaxed));
        View { in_flight, pending, limit, rejected }
    }

    /// Changes something, and calls those for whom there is a place then.
    fn change(&self, change: impl FnOnce(&mut State)) {
        let mut state = self.lock();
        change(&mut state);
        let admitted = state.call();
        drop(state);
        admitted.into_iter().for_each(Waker::wake);
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        // Nothing that holds the lock can panic half-way through a change.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

// === impl State ===

impl State {
    fn limit(&self, admission: &Admission) -> Option<u32> {
        match &admission.limit {
            None => None,
            Some(Limit::Fixed(limit)) => Some(*limit),
            Some(Limit::Adaptive(adaptive)) => Some(self.gradient.limit(adaptive)),
        }
    }

    fn has_place(&self, admission: &Admission, priority: u8) -> bool {
        self.limit(admission).is_none_or(|limit| self.in_flight < admission.places(limit, priority))
    }

    /// Takes a place, and says how many are taken then.
    fn take(&mut self) -> u32 {
        self.in_flight = self.in_flight.saturating_add(1);
        self.gradient.note_in_flight(self.in_flight);
        self.in_flight
    }

    /// Gives places to those who wait, in order, as long as there is one for the first: where there is none for it, there is
    /// none for anybody behind it, who has no more places than it.
    fn call(&mut self) -> Vec<Waker> {
        let mut wakers = Vec::new();
        while let Some((priority, admission)) = self.line.first()
            && self.has_place(admission, priority)
        {
            let among = self.take();
            wakers.extend(self.line.admit(among));
        }
        wakers
    }
}

// === impl Ticket ===

impl Ticket {
    /// Takes note at `now` of how the exchange went, for limits that adapt.
    pub fn note(&self, admission: &Admission, outcome: &Outcome, now: Tick) {
        if let Some(Limit::Adaptive(adaptive)) = &admission.limit {
            self.gate.change(|state| state.gradient.note(adaptive, outcome, self.among, now));
        }
    }
}

impl Drop for Ticket {
    fn drop(&mut self) {
        self.gate.change(|state| state.in_flight = state.in_flight.saturating_sub(1));
    }
}

// === impl Waiting ===

impl Waiting<'_> {
    fn look(&self, waker: &Waker) -> Option<Result<Ticket, Reason>> {
        match self.gate.lock().line.look(self.number, waker)? {
            Called::Admitted(among) => Some(Ok(Ticket { gate: Arc::clone(self.gate), among })),
            Called::Displaced => Some(Err(Reason::Displaced)),
        }
    }
}

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        self.gate.change(|state| {
            if let Some(Called::Admitted(_)) = state.line.leave(self.number) {
                state.in_flight = state.in_flight.saturating_sub(1);
            }
        });
    }
}
