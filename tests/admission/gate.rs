//! The gate itself: no wake-up is lost whoever goes away when, and no place is forgotten.

use std::future::{Future, poll_fn};
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::task::{Context, Poll, Wake, Waker};
use std::thread::Thread;
use std::time::Duration;

use tollgate::admission::{Admission, DEFAULT_PRIORITY, Gate, Limit, Ticket};
use tollgate::deadline::Deadline;
use tollgate::host::Clock as _;
use tollgate::problem::{Failure, Problem};
use tollgate::sim::SimHost;

use super::tasks::{Strict, all, random};

pub fn admission(limit: u32, pending: u32) -> Admission {
    Admission {
        limit: Some(Limit::Fixed(limit)),
        pending,
        pending_timeout: Duration::from_secs(10),
        reserve: 0,
        per_target: None,
    }
}

async fn enter(gate: &Arc<Gate>, host: &SimHost, admission: &Admission) -> Result<Ticket, Failure> {
    gate.enter(host, admission, DEFAULT_PRIORITY, Deadline::never()).await
}

#[test]
fn so_many_at_once_and_so_many_wait() {
    let (host, gate, rules) = (SimHost::new(1), Arc::new(Gate::default()), admission(2, 3));
    let one = || async {
        let entered = enter(&gate, &host, &rules).await;
        if entered.is_ok() {
            assert!(gate.view(&rules).in_flight <= 2);
            host.sleep(Duration::from_secs(1)).await;
        }
        (entered.map(drop).map_err(|failure| failure.problem), host.tick().0 / 1_000_000)
    };
    let ended = host.run(all((0..7).map(|_| Box::pin(one()) as _).collect())).unwrap();
    let busy = Err(Problem::UpstreamBusy);
    let (ok, refused) = (|at: u64| (Ok(()), at), (busy, 0));
    assert_eq!(ended, [ok(1000), ok(1000), ok(2000), ok(2000), ok(3000), refused, refused]);
    let view = gate.view(&rules);
    assert_eq!((view.in_flight, view.pending, view.limit, view.rejected), (0, 0, Some(2), [2, 0, 0, 0]));
}

#[test]
fn nobody_waits_longer_than_it_may() {
    let (host, gate) = (SimHost::new(1), Arc::new(Gate::default()));
    let rules = Admission { pending_timeout: Duration::from_millis(300), ..admission(1, 9) };
    host.run(async {
        let held = enter(&gate, &host, &rules).await.unwrap();
        let refused = enter(&gate, &host, &rules).await.unwrap_err();
        assert_eq!((refused.problem, host.tick().0), (Problem::UpstreamBusy, 300_000_000));
        assert_eq!(refused.fields[0].0, "retry-after");
        // Nor longer than its own deadline.
        let deadline = Deadline::after(host.tick(), Some(Duration::from_millis(100)));
        gate.enter(&host, &rules, DEFAULT_PRIORITY, deadline).await.unwrap_err();
        assert_eq!(host.tick().0, 400_000_000);
        drop(held);
        enter(&gate, &host, &rules).await.unwrap();
    })
    .unwrap();
    assert_eq!(gate.view(&rules).rejected, [0, 2, 0, 0]);
}

/// Ready when it was polled twice.
async fn yield_now() {
    let mut yielded = false;
    poll_fn(|cx| {
        if std::mem::replace(&mut yielded, true) {
            return Poll::Ready(());
        }
        cx.waker().wake_by_ref();
        Poll::Pending
    })
    .await;
}

#[test]
fn no_wake_up_is_lost_whoever_goes_away() {
    for seed in 0..300 {
        let (host, gate, rules) = (SimHost::new(1), Arc::new(Gate::default()), admission(3, 100));
        let mut chance = seed;
        let mut tasks: Vec<Strict<'_, bool>> = Vec::new();
        for _ in 0..60 {
            let pauses = random(&mut chance, 4);
            let (host, gate, rules) = (&host, &gate, &rules);
            tasks.push(Strict::new(Box::pin(async move {
                let Ok(_ticket) = enter(gate, host, rules).await else { return false };
                for _ in 0..pauses {
                    yield_now().await;
                }
                true
            })));
        }
        while let Some(count) = Some(tasks.iter().filter(|task| !task.is_over()).count()).filter(|it| *it > 0)
        {
            assert!(
                tasks.iter().any(Strict::is_woken),
                "seed {seed}: {count} wait, and nothing will ever wake them"
            );
            let at = random(&mut chance, 60) as usize;
            match random(&mut chance, 5) {
                0 => tasks[at].cancel(),
                _ => assert_ne!(tasks[at].step(), Some(false), "all of them could wait"),
            }
            assert!(gate.view(&rules).in_flight <= 3);
        }
        let view = gate.view(&rules);
        assert_eq!((view.in_flight, view.pending), (0, 0), "seed {seed}");
    }
}

struct Unpark(Thread);

impl Wake for Unpark {
    fn wake(self: Arc<Self>) {
        self.0.unpark();
    }
}

/// Drives a future on this thread, which sleeps until it is woken: a lost wake-up would be a test that never ends.
fn block_on<T>(future: impl Future<Output = T>) -> T {
    let waker = Waker::from(Arc::new(Unpark(std::thread::current())));
    let mut future = pin!(future);
    loop {
        if let Poll::Ready(value) = future.as_mut().poll(&mut Context::from_waker(&waker)) {
            return value;
        }
        std::thread::park();
    }
}

#[test]
fn threads_never_are_more_than_there_may_be_and_none_is_forgotten() {
    let (gate, rules) = (Arc::new(Gate::default()), admission(3, 100));
    let (inside, admitted) = (AtomicU32::new(0), AtomicU32::new(0));
    std::thread::scope(|scope| {
        for _ in 0..8 {
            scope.spawn(|| {
                let host = SimHost::new(1);
                for _ in 0..3_000 {
                    let ticket = block_on(enter(&gate, &host, &rules)).unwrap();
                    assert!(inside.fetch_add(1, Ordering::SeqCst) < 3);
                    admitted.fetch_add(1, Ordering::Relaxed);
                    inside.fetch_sub(1, Ordering::SeqCst);
                    drop(ticket);
                }
            });
        }
    });
    assert_eq!(admitted.load(Ordering::Relaxed), 24_000);
    assert_eq!(gate.view(&rules).in_flight, 0);
}

#[test]
fn a_limit_of_another_plan_holds_for_those_who_come_under_it() {
    let (host, gate) = (SimHost::new(1), Arc::new(Gate::default()));
    let (few, many) = (admission(1, 9), admission(3, 9));
    host.run(async {
        let first = enter(&gate, &host, &few).await.unwrap();
        let more = [enter(&gate, &host, &many).await.unwrap(), enter(&gate, &host, &many).await.unwrap()];
        let mut waits = pin!(enter(&gate, &host, &few));
        assert!(poll_fn(|cx| Poll::Ready(waits.as_mut().poll(cx).is_pending())).await);
        drop(more);
        assert!(poll_fn(|cx| Poll::Ready(waits.as_mut().poll(cx).is_pending())).await);
        drop(first);
        waits.await.unwrap();
    })
    .unwrap();
}
