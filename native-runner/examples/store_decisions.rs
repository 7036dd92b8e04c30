//! How many decisions a second the store makes, and how long one takes: `cargo run --release --example store_decisions
//! [FILE]`, in a new file of the current directory unless one is named.

use std::path::PathBuf;
use std::time::{Duration, Instant};

use native_runner::host::Store;
use tollgate::host::UnixMillis;
use tollgate::limit::{Algorithm, Ask, Key, Limit, OnFailure, Place, Verdict, Weight};

/// How long each row is measured.
const SPAN: Duration = Duration::from_secs(2);

fn limit(most: u64) -> Limit {
    Limit {
        name: "a".into(),
        algorithm: Algorithm::Fixed { most, per: 86_400_000 },
        key: Vec::new(),
        weight: Weight::Constant(1),
        when: None,
        place: Place::Store(0),
        lease: 1,
        shadow: false,
        on_failure: OnFailure::Deny,
        local: None,
        timeout: Duration::from_millis(50),
    }
}

/// `tasks` ask at a time, each for keys of its own, against a limit of `most`.
async fn measure(store: &Store, tasks: u128, most: u64) -> anyhow::Result<()> {
    let end = Instant::now() + SPAN;
    let mut running = tokio::task::JoinSet::new();
    for task in 0..tasks {
        let store = store.clone();
        running.spawn(async move {
            let (limit, mut times) = (limit(most), Vec::new());
            while Instant::now() < end {
                let key = Key((task * 1_000 + times.len() as u128 % 100).to_be_bytes());
                let mut asks = [Ask { limit: &limit, key, least: 1, most: 1, verdict: Verdict::default() }];
                let begun = Instant::now();
                store.count("default", &mut asks, UnixMillis(1_767_225_600_000)).await?;
                times.push(begun.elapsed());
            }
            anyhow::Ok(times)
        });
    }
    let mut times = Vec::new();
    while let Some(done) = running.join_next().await {
        times.extend(done??);
    }
    times.sort();
    let at = |part: usize| times.get(times.len() * part / 100).copied().unwrap_or_default();
    let rate = times.len() as f64 / SPAN.as_secs_f64();
    println!(
        "{tasks:>4} at a time: {rate:>8.0} decisions/s, median {:?}, 99th percentile {:?}",
        at(50),
        at(99)
    );
    Ok(())
}

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let file =
        std::env::args_os().nth(1).map_or_else(|| PathBuf::from("store_decisions.redb"), PathBuf::from);
    let store = Store::open(&file)?;
    for tasks in [1, 16, 64, 256] {
        measure(&store, tasks, u64::from(u32::MAX)).await?;
    }
    println!("refused:");
    measure(&store, 16, 1).await?;
    std::fs::remove_file(file)?;
    println!("in memory:");
    measure(&Store::memory()?, 16, u64::from(u32::MAX)).await
}
