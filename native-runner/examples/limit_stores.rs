//! What a decision of limits costs with each kind of store, without any HTTP around it, as a Markdown table:
//! `cargo run --profile dist -p native-runner --example limit_stores [SECONDS]`.
//!
//! 64 callers at once, of whom each waits for its answer, 1,000 different keys, limits so high that nothing is refused.
//! Redis is started for it, where there is one.

#![allow(clippy::disallowed_methods, reason = "what is measured is real time")]

use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use anyhow::Context as _;
use native_runner::host::Variables;
use native_runner::host::stores::{Opened, Stores};
use tollgate::host::UnixMillis;
use tollgate::limit::{Ask, Counters, Key, Limit, Place, Verdict};
use tollgate::plan::{Abilities, Plan};

/// Decisions that are waited for at the same time.
const CALLERS: u64 = 64;

/// Different keys of each limit.
const KEYS: u64 = 1_000;

/// The port of the Redis that is measured.
const PORT: u16 = 19_003;

/// Where is counted.
#[derive(Clone)]
enum Counting {
    Memory(Arc<Counters>),
    Store(Arc<Opened>, Box<str>),
}

/// What was measured.
struct Measured {
    decisions: u64,
    span: Duration,
    cpu: Duration,
    /// The times of all decisions, sorted.
    took: Vec<Duration>,
}

/// A Redis that ends with this.
struct Redis(Child);

fn main() -> anyhow::Result<()> {
    let span = std::env::args().nth(1).map_or(Ok(2.0), |seconds| seconds.parse())?;
    let span = Duration::from_secs_f64(span);
    let directory = std::env::temp_dir().join(format!("tollgate-limit-stores-{}", std::process::id()));
    std::fs::create_dir_all(&directory)?;
    let measured = measure_all(&directory, span);
    std::fs::remove_dir_all(&directory)?;
    measured
}

fn measure_all(directory: &Path, span: Duration) -> anyhow::Result<()> {
    let redis = Redis::start(directory);
    let plan = Arc::new(plan(redis.is_some())?);
    let stores = Stores::new(directory, Arc::new(Variables::default()));
    stores.open(&plan, None)?;
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    println!(
        "| store | limits | decisions/s | CPU µs/decision | p50 µs | p99 µs | store operations/decision |"
    );
    println!("|---|--:|--:|--:|--:|--:|--:|");
    for (store, title) in [
        ("memory", "memory"),
        ("kept", "the server's own, without a file"),
        ("file", "the server's own, with a file"),
        ("redis", "Redis"),
    ] {
        let Some(first) = plan.limits.all.iter().find(|limit| limit.name.starts_with(store)) else {
            println!("| {title} | | no redis-server here | | | | |");
            continue;
        };
        let counting = match first.place {
            Place::Memory => Counting::Memory(Arc::new(Counters::default())),
            Place::Store(at) => {
                let store = &plan.limits.stores[at];
                let opened = stores.find(store).map_err(|error| anyhow::anyhow!(error.cause))?;
                Counting::Store(opened, store.label.clone())
            }
        };
        for limits in 1..=2 {
            let before = operations(store);
            let measured = runtime.block_on(measure(&plan, store, limits, &counting, span))?;
            measured.print(
                title,
                limits,
                operations(store).zip(before).map(|(after, before)| after - before),
            );
        }
    }
    Ok(())
}

/// Two limits for each store.
fn plan(redis: bool) -> anyhow::Result<Plan> {
    let mut text = String::from(
        "[stores.kept]\nlabel = \"kept\"\n[stores.file]\nfile = \"file.redb\"\n\
         [[routes]]\nid = \"all\"\nauth = \"public\"\nrespond = { status = 200 }\nrate_limits = [",
    );
    let mut limits = String::new();
    for store in ["memory", "kept", "file", "redis"].into_iter().filter(|store| redis || *store != "redis") {
        for limit in ["a", "b"] {
            text.push_str(&format!("\"{store}-{limit}\", "));
            limits.push_str(&format!(
                "[rate_limits.{store}-{limit}]\nrate = \"1000000/s\"\nstore = \"{store}\"\n"
            ));
        }
    }
    text.push_str("]\n");
    text.push_str(&limits);
    if redis {
        text.push_str(&format!("[stores.redis]\nredis = \"redis://127.0.0.1:{PORT}\"\n"));
    }
    let loaded = tollgate::author::load(&[("gateway.toml".to_owned(), text)]);
    let loaded = loaded.map_err(|found| anyhow::anyhow!("{found:?}"))?;
    let compiled = Plan::compile(&loaded.documents, &Abilities::NATIVE);
    Ok(compiled.map_err(|found| anyhow::anyhow!("{found:?}"))?.0)
}

async fn measure(
    plan: &Arc<Plan>,
    store: &'static str,
    limits: usize,
    counting: &Counting,
    span: Duration,
) -> anyhow::Result<Measured> {
    let counted = Arc::new(AtomicU64::new(0));
    let (begun, cpu) = (Instant::now(), own_cpu()?);
    let callers: Vec<_> = (0..CALLERS)
        .map(|_| {
            let (plan, counting, counted) = (Arc::clone(plan), counting.clone(), Arc::clone(&counted));
            tokio::spawn(async move {
                let limits: Vec<_> = plan
                    .limits
                    .all
                    .iter()
                    .filter(|limit| limit.name.starts_with(store))
                    .take(limits)
                    .collect();
                let mut took = Vec::new();
                while begun.elapsed() < span {
                    let number = counted.fetch_add(1, Ordering::Relaxed);
                    let asked = Instant::now();
                    decide(&counting, &limits, number % KEYS).await?;
                    took.push(asked.elapsed());
                    // Memory never waits, and would let nobody else run.
                    tokio::task::coop::consume_budget().await;
                }
                anyhow::Ok(took)
            })
        })
        .collect();
    let mut took = Vec::new();
    for caller in callers {
        took.extend(caller.await??);
    }
    let (span, cpu) = (begun.elapsed(), own_cpu()?.saturating_sub(cpu));
    took.sort_unstable();
    Ok(Measured { decisions: took.len() as u64, span, cpu, took })
}

async fn decide(counting: &Counting, limits: &[&Limit], number: u64) -> anyhow::Result<()> {
    let now = SystemTime::now().duration_since(UNIX_EPOCH)?;
    let now = UnixMillis(u64::try_from(now.as_millis())?);
    let key = |limit: u64| Key((u128::from(limit) << 64 | u128::from(number)).to_be_bytes());
    let mut asks: Vec<_> = limits
        .iter()
        .zip(0..)
        .map(|(limit, at)| Ask { limit, key: key(at), least: 1, most: 1, verdict: Verdict::default() })
        .collect();
    match counting {
        Counting::Memory(counters) => counters.count(&mut asks, now.0),
        Counting::Store(store, label) => {
            store.count(label, &mut asks, now).await.map_err(|error| anyhow::anyhow!(error.cause))?;
        }
    }
    anyhow::ensure!(asks.iter().all(|ask| ask.verdict.enough), "something was refused");
    Ok(())
}

/// What this process has spent so far, in user mode and in the kernel.
fn own_cpu() -> anyhow::Result<Duration> {
    let stat = std::fs::read_to_string("/proc/self/stat")?;
    let (_, rest) = stat.rsplit_once(") ").context("no name")?;
    let ticks: u64 = rest.split(' ').skip(11).take(2).filter_map(|ticks| ticks.parse::<u64>().ok()).sum();
    // Ticks are hundredths of a second on Linux, whatever the kernel counts in.
    Ok(Duration::from_millis(ticks * 10))
}

/// How often scripts were called in Redis; `None` for other stores.
fn operations(store: &str) -> Option<u64> {
    if store != "redis" {
        return None;
    }
    let port = PORT.to_string();
    let said = Command::new("redis-cli").args(["-p", &port, "info", "commandstats"]).output().ok()?;
    let said = String::from_utf8_lossy(&said.stdout).into_owned();
    let calls = |line: &str| line.split_once("calls=")?.1.split(',').next()?.parse::<u64>().ok();
    Some(said.lines().filter(|line| line.starts_with("cmdstat_eval")).filter_map(calls).sum())
}

// === impl Measured ===

impl Measured {
    fn print(&self, title: &str, limits: usize, operations: Option<u64>) {
        let of = |part: usize| {
            let at = (self.took.len() * part / 100).min(self.took.len().saturating_sub(1));
            self.took.get(at).copied().unwrap_or_default().as_secs_f64() * 1e6
        };
        let decisions = self.decisions.max(1) as f64;
        let operations =
            operations.map_or_else(|| "–".to_owned(), |all| format!("{:.2}", all as f64 / decisions));
        println!(
            "| {title} | {limits} | {:.0} | {:.1} | {:.1} | {:.1} | {operations} |",
            decisions / self.span.as_secs_f64(),
            self.cpu.as_secs_f64() * 1e6 / decisions,
            of(50),
            of(99),
        );
    }
}

// === impl Redis ===

impl Redis {
    fn start(directory: &Path) -> Option<Self> {
        let port = PORT.to_string();
        let child = Command::new("redis-server")
            .args(["--bind", "127.0.0.1", "--port", &port, "--save", "", "--appendonly", "no", "--dir"])
            .arg(PathBuf::from(directory))
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .spawn()
            .ok()?;
        let redis = Self(child);
        let answers = || std::net::TcpStream::connect(("127.0.0.1", PORT)).is_ok();
        (0..100)
            .any(|_| {
                std::thread::sleep(Duration::from_millis(20));
                answers()
            })
            .then_some(redis)
    }
}

impl Drop for Redis {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}
