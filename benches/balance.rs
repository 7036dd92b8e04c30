//! What it costs to choose a target: by each policy, of 3, 100 and 10,000.
//! `cargo bench -p tollgate --bench balance`.

#![allow(missing_docs, clippy::unwrap_used)]

use std::cell::Cell;

use divan::{Bencher, black_box};
use picks::{Setting, maglev, member, members, rendezvous};
use tollgate::balance::{Balance, Policy, Set};

#[path = "../tests/balance/picks.rs"]
#[allow(dead_code, reason = "tests use the rest")]
mod picks;

const TARGETS: [usize; 3] = [3, 100, 10_000];

fn main() {
    divan::main();
}

fn chosen(bencher: Bencher<'_, '_>, setting: &Setting, fit: impl Fn(usize) -> bool) {
    let number = Cell::new(0);
    bencher.bench_local(|| {
        number.set(number.get() + 1);
        setting.choose(black_box(number.get()), &[], &fit)
    });
}

fn all_fit(bencher: Bencher<'_, '_>, policy: Policy, targets: usize) {
    chosen(bencher, &Setting::new(policy, members(targets)), |_| true);
}

#[divan::bench(args = TARGETS)]
fn random(bencher: Bencher<'_, '_>, targets: usize) {
    all_fit(bencher, Policy::Random, targets);
}

/// Weights that differ: a search instead of a division.
#[divan::bench(args = TARGETS)]
fn random_by_weight(bencher: Bencher<'_, '_>, targets: usize) {
    chosen(bencher, &Setting::new(Policy::Random, by_weight(targets)), |_| true);
}

#[divan::bench(args = TARGETS)]
fn round_robin(bencher: Bencher<'_, '_>, targets: usize) {
    all_fit(bencher, Policy::RoundRobin, targets);
}

#[divan::bench(args = TARGETS)]
fn round_robin_by_weight(bencher: Bencher<'_, '_>, targets: usize) {
    chosen(bencher, &Setting::new(Policy::RoundRobin, by_weight(targets)), |_| true);
}

#[divan::bench(args = TARGETS)]
fn least_requests(bencher: Bencher<'_, '_>, targets: usize) {
    all_fit(bencher, Policy::LeastRequests, targets);
}

#[divan::bench(args = TARGETS)]
fn peak_ewma(bencher: Bencher<'_, '_>, targets: usize) {
    all_fit(bencher, Policy::PeakEwma, targets);
}

#[divan::bench(args = TARGETS)]
fn by_maglev(bencher: Bencher<'_, '_>, targets: usize) {
    all_fit(bencher, maglev(), targets);
}

#[divan::bench(args = TARGETS)]
fn by_rendezvous(bencher: Bencher<'_, '_>, targets: usize) {
    all_fit(bencher, rendezvous(), targets);
}

/// Weights that differ: a logarithm for each target.
#[divan::bench(args = TARGETS)]
fn by_rendezvous_by_weight(bencher: Bencher<'_, '_>, targets: usize) {
    chosen(bencher, &Setting::new(rendezvous(), by_weight(targets)), |_| true);
}

/// A tenth is unfit: a tenth of the choices count how many.
#[divan::bench(args = TARGETS)]
fn random_with_a_tenth_unfit(bencher: Bencher<'_, '_>, targets: usize) {
    chosen(bencher, &Setting::new(Policy::Random, members(targets)), |at| at % 10 != 1);
}

/// Making a set ready, as it is done when targets change.
#[divan::bench(args = TARGETS)]
fn set(bencher: Bencher<'_, '_>, targets: usize) {
    made(bencher, Policy::Random, targets);
}

#[divan::bench(args = TARGETS)]
fn set_for_maglev(bencher: Bencher<'_, '_>, targets: usize) {
    made(bencher, maglev(), targets);
}

fn made(bencher: Bencher<'_, '_>, policy: Policy, targets: usize) {
    let balance = Balance { policy, ..Balance::default() };
    bencher
        .with_inputs(|| by_weight(targets))
        .bench_local_values(|members| Set::new(black_box(members), &balance));
}

fn by_weight(targets: usize) -> Vec<tollgate::balance::Member> {
    (1..).take(targets).map(|weight| member(&format!("target-{weight:05}"), 1 + weight % 7)).collect()
}
