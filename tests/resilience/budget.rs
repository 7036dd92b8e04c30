//! When everything fails, what is sent grows by the budget and no more.

use std::time::Duration;

use http::Method;

use crate::world::{Mood, World};

fn config(attempts: u32, percent: u32, per_second: u32) -> String {
    format!(
        r#"
[upstreams.up]
url = "http://t0.test"
[upstreams.up.retries]
attempts = {attempts}
backoff = "1ms"
budget = {{ percent = {percent}, per_second = {per_second} }}
[[routes]]
id = "all"
auth = "public"
upstream = "up"
"#
    )
}

#[test]
fn amplification_stays_within_the_budget() {
    for (percent, per_second) in [(20, 0), (50, 0), (0, 0), (20, 5), (100, 1)] {
        for seed in 0..5 {
            let world = World::new(&config(5, percent, per_second), seed, true, 1, |_, _| Mood::Busy);
            // A hundred a second for twenty seconds, which are two windows.
            let clients =
                (0..2_000).map(|number| (Duration::from_millis(number * 10), Method::GET)).collect();
            let requests = world.serve(clients).len();
            let retries = world.receipts.borrow().len() - requests;
            let share = requests * percent as usize / 100;
            let least = 20 * per_second as usize;
            // At the edges of a second a window may see up to one second more.
            let most = (share + share / 10).max(least + least / 10);
            assert!(
                retries <= most,
                "{percent} %, {per_second}/s, seed {seed}: {retries} retries of at most {most}"
            );
            assert!(
                retries * 10 >= most * 8,
                "{percent} %, {per_second}/s, seed {seed}: only {retries} of {most}"
            );
        }
    }
}

#[test]
fn where_nothing_is_remembered_each_request_is_bounded() {
    let world = World::new(&config(3, 20, 0), 1, false, 1, |_, _| Mood::Busy);
    let clients = (0..100).map(|number| (Duration::from_millis(number), Method::GET)).collect();
    world.serve(clients);
    assert_eq!(world.receipts.borrow().len(), 300);
}
