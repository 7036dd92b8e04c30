//! What the script says is what the model says: to the last permit and millisecond.

use native_runner::host::Redis as Store;
use proptest::strategy::{Strategy as _, ValueTree as _};
use proptest::test_runner::{Config, TestRunner};
use tokio::runtime::Runtime;
use tollgate::host::UnixMillis;
use tollgate::limit::Ask;
use tollgate::limit::redis::ByClock;

use crate::fixture::{plan, store};
use crate::model::{Counts, check};
use crate::redis::{Redis, is_there};
use crate::schedule::{Kinds, schedule};

/// A store whose clock is the test's.
struct Timed {
    runtime: Runtime,
    store: Store,
}

impl Counts for Timed {
    fn count(&mut self, asks: &mut [Ask<'_>], now: u64) {
        let counted = self.store.count_by(asks, UnixMillis(now), ByClock::Given);
        self.runtime.block_on(counted).unwrap();
    }

    fn give_back(&mut self, asks: &[Ask<'_>], now: u64) {
        self.runtime.block_on(self.store.give_back_by(asks, UnixMillis(now), ByClock::Given)).unwrap();
    }
}

#[test]
fn random_schedules_come_to_what_the_model_says() {
    if !is_there() {
        return;
    }
    let redis = Redis::start();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let mut timed = Timed { runtime, store: store(&plan(&redis)) };
    // The model takes its time: a second and more for a schedule with calendars.
    let cases = std::env::var("PROPTEST_CASES").ok().and_then(|cases| cases.parse().ok()).unwrap_or(8);
    let mut runner = TestRunner::new(Config::default());
    let mut salt = 0;
    let no_spans = Kinds { spans: false, ..Kinds::ALL };
    // As tests/properties_limit.rs does: the model gives back also what a clock that is behind counted in a later span.
    let back = |kinds| Kinds { clock_goes_back: true, given_back: false, ..kinds };
    for (kinds, times) in
        [(Kinds::ALL, cases), (back(Kinds::ALL), cases), (no_spans, 8 * cases), (back(no_spans), 8 * cases)]
    {
        let strategy = schedule(kinds);
        for _ in 0..times {
            let schedule = strategy.new_tree(&mut runner).unwrap().current();
            salt += 1;
            check(&schedule, &mut timed, salt);
        }
    }
}
