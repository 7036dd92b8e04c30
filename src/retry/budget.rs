//! How many retries there may be for all requests to an upstream: a share of the requests of the last seconds. Without such a bound
//! retries make the load of an upstream that fails several times what it was (gRPC's retry throttling, Envoy's retry
//! budgets, Gateway API's GEP-3388).

use std::sync::{Mutex, PoisonError};

use super::Retry;
use crate::host::Tick;

/// For how many seconds requests count.
const SECONDS: usize = 10;

/// How many retries there may be for all requests to an upstream.
#[derive(Debug, Default)]
pub struct Budget(Mutex<Window>);

/// Requests and retries of the last seconds, a cell for each second.
#[derive(Debug, Default)]
struct Window {
    cells: [Cell; SECONDS],
    /// The second of the newest cell.
    second: u64,
}

#[derive(Debug, Default, Clone, Copy)]
struct Cell {
    requests: u32,
    retries: u32,
}

// === impl Budget ===

impl Budget {
    /// A request has come.
    pub fn note_request(&self, now: Tick) {
        let mut window = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let cell = window.at(now);
        cell.requests = cell.requests.saturating_add(1);
    }

    /// Whether there may be one more retry at `now`, which is taken.
    pub fn take(&self, retry: &Retry, now: Tick) -> bool {
        let mut window = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        window.at(now);
        let (mut requests, mut retries) = (0u64, 0u64);
        for cell in &window.cells {
            requests += u64::from(cell.requests);
            retries += u64::from(cell.retries);
        }
        let least = u64::from(retry.per_second) * SECONDS as u64;
        let most = (requests * u64::from(retry.percent) / 100).max(least);
        let may = retries < most;
        window.at(now).retries += u32::from(may);
        may
    }
}

// === impl Window ===

impl Window {
    /// The cell of `now`; those of seconds that are over are emptied.
    fn at(&mut self, now: Tick) -> &mut Cell {
        let second = now.0 / 1_000_000_000;
        let passed = second.saturating_sub(self.second).min(SECONDS as u64);
        for ahead in 0..passed {
            self.cells[index(second - ahead)] = Cell::default();
        }
        self.second = self.second.max(second);
        &mut self.cells[index(self.second)]
    }
}

#[allow(clippy::cast_possible_truncation, reason = "smaller than the number of cells")]
const fn index(second: u64) -> usize {
    (second % SECONDS as u64) as usize
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: u64 = 1_000_000_000;

    fn retry(percent: u32, per_second: u32) -> Retry {
        Retry { percent, per_second, ..Retry::unsent() }
    }

    fn taken(budget: &Budget, retry: &Retry, tries: u32, now: Tick) -> usize {
        (0..tries).filter(|_| budget.take(retry, now)).count()
    }

    #[test]
    fn a_share_of_the_requests_of_the_last_seconds() {
        let budget = Budget::default();
        for at in 0..1_000 {
            budget.note_request(Tick(at * SECOND / 200));
        }
        let retry = retry(20, 0);
        assert_eq!(taken(&budget, &retry, 1_000, Tick(5 * SECOND)), 200);
        assert_eq!(taken(&budget, &retry, 1_000, Tick(9 * SECOND)), 0);
        // The first second is over: 200 requests less, and retries of the sixth still count.
        assert_eq!(taken(&budget, &retry, 1_000, Tick(10 * SECOND)), 0);
        assert_eq!(taken(&budget, &retry, 1_000, Tick(60 * SECOND)), 0);
    }

    #[test]
    fn a_few_at_any_rate() {
        let budget = Budget::default();
        let retry = retry(20, 3);
        assert_eq!(taken(&budget, &retry, 1_000, Tick(0)), 30);
        assert_eq!(taken(&budget, &retry, 1_000, Tick(9 * SECOND)), 0);
        assert_eq!(taken(&budget, &retry, 1_000, Tick(10 * SECOND)), 30);
    }
}
