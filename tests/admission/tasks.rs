//! Several futures at once.

use std::future::{Future, poll_fn};
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll, Wake, Waker};

pub type Task<'a, T> = Pin<Box<dyn Future<Output = T> + 'a>>;

/// Drives all of them to their ends; whoever wakes one wakes all.
pub async fn all<T>(tasks: Vec<Task<'_, T>>) -> Vec<T> {
    let mut tasks: Vec<(Task<'_, T>, Option<T>)> = tasks.into_iter().map(|task| (task, None)).collect();
    poll_fn(|cx| {
        for (task, ended) in tasks.iter_mut().filter(|(_, ended)| ended.is_none()) {
            if let Poll::Ready(value) = task.as_mut().poll(cx) {
                *ended = Some(value);
            }
        }
        if tasks.iter().all(|(_, ended)| ended.is_some()) { Poll::Ready(()) } else { Poll::Pending }
    })
    .await;
    tasks.into_iter().map(|(_, ended)| ended.unwrap()).collect()
}

/// A task that is polled only after it was woken, so that a wake-up that is lost is seen.
pub struct Strict<'a, T> {
    task: Option<Task<'a, T>>,
    woken: Arc<Flag>,
}

struct Flag(AtomicBool);

impl Wake for Flag {
    fn wake(self: Arc<Self>) {
        self.0.store(true, Ordering::SeqCst);
    }
}

impl<'a, T> Strict<'a, T> {
    pub fn new(task: Task<'a, T>) -> Self {
        Self { task: Some(task), woken: Arc::new(Flag(AtomicBool::new(true))) }
    }

    /// Polls it if it was woken; what it came to, if it ended.
    pub fn step(&mut self) -> Option<T> {
        if !self.woken.0.swap(false, Ordering::SeqCst) {
            return None;
        }
        let waker = Waker::from(Arc::clone(&self.woken));
        let polled = self.task.as_mut()?.as_mut().poll(&mut Context::from_waker(&waker));
        let Poll::Ready(value) = polled else { return None };
        self.task = None;
        Some(value)
    }

    /// Gives it up.
    pub fn cancel(&mut self) {
        self.task = None;
    }

    pub fn is_over(&self) -> bool {
        self.task.is_none()
    }

    /// Whether it waits to be polled.
    pub fn is_woken(&self) -> bool {
        self.task.is_some() && self.woken.0.load(Ordering::SeqCst)
    }
}

/// Random numbers (SplitMix64): 0 to `below`, without it.
pub fn random(state: &mut u64, below: u64) -> u64 {
    *state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
    let mixed = (*state ^ (*state >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    (mixed ^ (mixed >> 31)) % below
}
