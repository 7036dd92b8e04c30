//! Work that takes long on purpose: done beside the workers, so that a request with a password holds up no other.

use std::sync::Arc;

use tokio::sync::Semaphore;

/// Where such work is done. Shared by all workers; a few pieces at a time, so that it never takes all cores, and so that
/// its memory is bounded: argon2id takes up to 64 MiB a piece.
#[derive(Debug)]
pub struct Bench(Arc<Semaphore>);

// === impl Bench ===

impl Default for Bench {
    fn default() -> Self {
        let cores = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
        Self(Arc::new(Semaphore::new(cores.div_ceil(2).min(MOST))))
    }
}

/// How many pieces at a time, however many cores there are.
const MOST: usize = 8;

impl Bench {
    /// Does `work` on a thread of its own, when its turn has come. Who no longer waits for a turn gives it up; work that
    /// has begun keeps its turn until it ends, whether anybody still waits or not.
    pub async fn compute<T: Send + 'static>(&self, work: impl FnOnce() -> T + Send + 'static) -> T {
        // Nobody closes it.
        let turn = Arc::clone(&self.0).acquire_owned().await;
        let done = tokio::task::spawn_blocking(move || {
            let done = work();
            drop(turn);
            done
        });
        match done.await {
            Ok(done) => done,
            Err(error) if error.is_panic() => std::panic::resume_unwind(error.into_panic()),
            // The runtime is going down, and with it whoever waits.
            Err(_) => std::future::pending().await,
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::disallowed_methods, reason = "a thread that sleeps stands for one that works")]
    use std::sync::atomic::{AtomicUsize, Ordering};
    use std::time::Duration;

    use super::*;

    #[tokio::test]
    async fn only_a_few_at_a_time_and_the_worker_goes_on() {
        let (bench, running, most) = (
            Arc::new(Bench(Arc::new(Semaphore::new(2)))),
            Arc::new(AtomicUsize::new(0)),
            Arc::new(AtomicUsize::new(0)),
        );
        let mut tasks = tokio::task::JoinSet::new();
        for number in 0..10 {
            let (bench, running, most) = (Arc::clone(&bench), Arc::clone(&running), Arc::clone(&most));
            tasks.spawn(async move {
                bench
                    .compute(move || {
                        most.fetch_max(running.fetch_add(1, Ordering::SeqCst) + 1, Ordering::SeqCst);
                        std::thread::sleep(Duration::from_millis(10));
                        running.fetch_sub(1, Ordering::SeqCst);
                        number
                    })
                    .await
            });
        }
        // The runtime has one thread: that a timer fires meanwhile shows that nothing holds it.
        let begun = std::time::Instant::now();
        tokio::time::sleep(Duration::from_millis(1)).await;
        assert!(begun.elapsed() < Duration::from_millis(40));
        let mut done: Vec<i32> = tasks.join_all().await;
        done.sort_unstable();
        assert_eq!(done, (0..10).collect::<Vec<_>>());
        assert_eq!(most.load(Ordering::SeqCst), 2);
    }
}
