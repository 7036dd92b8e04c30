//! Work that takes long on purpose: done beside the workers, so that a request with a password holds up no other.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use tokio::sync::Semaphore;

/// Where such work is done. Shared by all workers; a few pieces at a time, so that it never takes all cores, and so that
/// its memory is bounded: argon2id takes up to 64 MiB a piece.
#[derive(Debug)]
pub struct Bench {
    turns: Arc<Semaphore>,
    /// Pieces that wait or are being done.
    pieces: AtomicUsize,
    most: usize,
}

/// How many pieces at a time, however many cores there are.
const MOST: usize = 8;

/// How many pieces may wait for each turn: at 25 ms a piece, nobody waits longer than two seconds, and strangers who try
/// passwords cannot make a longer line.
const LINE: usize = 80;

/// A piece, counted as long as somebody waits for it or it is being done.
struct Piece<'a>(&'a AtomicUsize);

// === impl Bench ===

impl Default for Bench {
    fn default() -> Self {
        let cores = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
        Self::new(cores.div_ceil(2).min(MOST), LINE)
    }
}

impl Bench {
    fn new(turns: usize, line: usize) -> Self {
        let most = turns * (line + 1);
        Self { turns: Arc::new(Semaphore::new(turns)), pieces: AtomicUsize::new(0), most }
    }

    /// Does `work` on a thread of its own, when its turn has come; `None` where the line is too long. Who no longer waits
    /// for a turn leaves the line; work that has begun keeps its turn until it ends, whether anybody still waits or not.
    pub async fn compute<T: Send + 'static>(&self, work: impl FnOnce() -> T + Send + 'static) -> Option<T> {
        let before = self.pieces.fetch_add(1, Ordering::Relaxed);
        let _piece = Piece(&self.pieces);
        if before >= self.most {
            return None;
        }
        // Nobody closes it.
        let turn = Arc::clone(&self.turns).acquire_owned().await;
        let done = tokio::task::spawn_blocking(move || {
            let done = work();
            drop(turn);
            done
        });
        match done.await {
            Ok(done) => Some(done),
            Err(error) if error.is_panic() => std::panic::resume_unwind(error.into_panic()),
            // The runtime is going down, and with it whoever waits.
            Err(_) => std::future::pending().await,
        }
    }
}

impl Drop for Piece<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::disallowed_methods, reason = "a thread that sleeps stands for one that works")]
    use std::time::Duration;

    use super::*;

    #[tokio::test]
    async fn only_a_few_at_a_time_and_the_worker_goes_on() {
        let (bench, running, most) =
            (Arc::new(Bench::new(2, 4)), Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
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
        let mut done: Vec<i32> = tasks.join_all().await.into_iter().flatten().collect();
        done.sort_unstable();
        assert_eq!(done, (0..10).collect::<Vec<_>>());
        assert_eq!(most.load(Ordering::SeqCst), 2);
    }

    #[tokio::test]
    async fn the_line_has_an_end() {
        let bench = Arc::new(Bench::new(1, 2));
        let mut tasks = tokio::task::JoinSet::new();
        for _ in 0..10 {
            let bench = Arc::clone(&bench);
            tasks.spawn(async move {
                bench.compute(|| std::thread::sleep(Duration::from_millis(5))).await.is_some()
            });
        }
        let done = tasks.join_all().await.into_iter().filter(|done| *done).count();
        assert_eq!(done, 3);
        // And is left again.
        assert_eq!(bench.compute(|| 1).await, Some(1));
        assert_eq!(bench.pieces.load(Ordering::Relaxed), 0);
    }
}
