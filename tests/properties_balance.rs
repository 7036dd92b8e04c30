//! Laws of balancing, with numbers: how even shares are, how much moves when targets change, and that nobody is asked who
//! should not be.

#![allow(
    clippy::unwrap_used,
    clippy::cast_precision_loss,
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss
)]

#[path = "balance/picks.rs"]
mod picks;

use std::collections::VecDeque;
use std::sync::atomic::Ordering;
use std::time::Duration;

use http::StatusCode;
use picks::{Setting, maglev, member, members, rendezvous};
use proptest::collection::vec;
use proptest::prelude::*;
use tollgate::balance::hash::{mix, of_name};
use tollgate::balance::{Balance, Choosing, Member, Policy, choose, logarithm, note};
use tollgate::host::Tick;
use tollgate::retry::{Came, Outcome};

const PICKS: u64 = 100_000;

fn policies() -> [(&'static str, Policy); 6] {
    [
        ("random", Policy::Random),
        ("round robin", Policy::RoundRobin),
        ("least requests", Policy::LeastRequests),
        ("peak ewma", Policy::PeakEwma),
        ("maglev", maglev()),
        ("rendezvous", rendezvous()),
    ]
}

/// How often each is chosen, with so many in flight all the time.
fn counts(setting: &Setting, picks: u64, fit: impl Fn(usize) -> bool) -> Vec<u64> {
    let mut counts = vec![0; setting.set.members.len()];
    let mut flying = VecDeque::new();
    for number in 0..picks {
        let at = setting.choose(number, &[], &fit).unwrap();
        counts[at] += 1;
        setting.states[at].in_flight.fetch_add(1, Ordering::Relaxed);
        flying.push_back(at);
        if flying.len() > 32 {
            let ended = flying.pop_front().unwrap();
            let state = &setting.states[ended];
            state.in_flight.fetch_sub(1, Ordering::Relaxed);
            let outcome = Outcome { came: Came::Answer(StatusCode::OK), took: Duration::from_millis(5) };
            note(state, &outcome, setting.now);
        }
    }
    counts
}

/// Pearson's, against the weights.
fn chi_square(counts: &[u64], weights: &[u32]) -> f64 {
    let (sum, all) = (counts.iter().sum::<u64>() as f64, weights.iter().sum::<u32>());
    let expected = weights.iter().map(|weight| f64::from(*weight) / f64::from(all) * sum);
    counts.iter().zip(expected).map(|(count, expected)| (*count as f64 - expected).powi(2) / expected).sum()
}

#[test]
fn shares_are_even() {
    for (name, policy) in policies() {
        let counts = counts(&Setting::new(policy, members(10)), PICKS, |_| true);
        let chi = chi_square(&counts, &[1; 10]);
        println!("{name}: chi-square {chi:.2}, {counts:?}");
        // 9 degrees of freedom: chance alone is above 27.9 once in a thousand times.
        assert!(chi < 27.9, "{name}: {chi} {counts:?}");
        if name == "round robin" {
            assert_eq!(counts, [PICKS / 10; 10]);
        }
    }
}

#[test]
fn weights_are_kept() {
    let weights = [1, 2, 3, 4, 10];
    for (name, policy) in policies() {
        let mut all: Vec<Member> =
            weights.iter().enumerate().map(|(at, weight)| member(&format!("m{at}"), *weight)).collect();
        all.push(member("none", 0));
        let policy_looks_at_load = matches!(policy, Policy::LeastRequests | Policy::PeakEwma);
        let mut counts = counts(&Setting::new(policy, all), PICKS, |_| true);
        assert_eq!(counts.pop(), Some(0), "{name}");
        let chi = chi_square(&counts, &weights);
        println!("{name}: chi-square {chi:.2}, {counts:?}");
        match policy_looks_at_load {
            // They give to whoever has less to do, which is not by weight alone.
            true => {
                let shares = counts.iter().zip([5_000, 10_000, 15_000, 20_000, 50_000]);
                let most = shares.map(|(count, share)| count.abs_diff(share) as f64 / share as f64);
                let most = most.fold(0.0, f64::max);
                assert!(most < 0.06, "{name}: {most} {counts:?}");
            }
            // 4 degrees of freedom, once in a thousand times: 18.5.
            false => assert!(chi < 18.5, "{name}: {chi} {counts:?}"),
        }
        if name == "round robin" {
            assert_eq!(counts, [5_000, 10_000, 15_000, 20_000, 50_000]);
        }
    }
}

#[test]
fn turns_are_spread_over_the_cycle() {
    let setting = Setting::new(Policy::RoundRobin, vec![member("a", 5), member("b", 1), member("c", 1)]);
    let order: String =
        (0..14).map(|at| setting.name(setting.choose(at, &[], |_| true).unwrap()).to_owned()).collect();
    assert_eq!(order, "aaabacaaaabaca");
    let setting = Setting::new(Policy::RoundRobin, members(3));
    let order: Vec<_> = (0..6).map(|at| setting.choose(at, &[], |_| true).unwrap()).collect();
    assert_eq!(order, [0, 1, 2, 0, 1, 2]);
}

#[test]
fn the_slow_and_the_busy_are_asked_less() {
    let setting = Setting::new(Policy::LeastRequests, members(10));
    setting.states[3].in_flight.store(1_000, Ordering::Relaxed);
    let busy = counts(&setting, PICKS, |_| true);
    // It is taken only where it is drawn twice, which two draws that differ never do.
    assert_eq!(busy[3], 0, "{busy:?}");
    let setting = Setting::new(Policy::PeakEwma, members(10));
    for (at, state) in setting.states.iter().enumerate() {
        let took = Duration::from_millis(if at == 3 { 500 } else { 5 });
        note(state, &Outcome { came: Came::Answer(StatusCode::OK), took }, setting.now);
    }
    let slow = (0..PICKS).filter(|number| setting.choose(*number, &[], |_| true) == Some(3)).count();
    assert_eq!(slow, 0);
}

/// The share of keys that have another target although theirs is there still, and of those that a new target has.
fn moved(policy: &Policy, before: usize, after: usize) -> (f64, f64) {
    let (one, other) =
        (Setting::new(policy.clone(), members(before)), Setting::new(policy.clone(), members(after)));
    let (mut needless, mut changed) = (0, 0);
    for number in 0..PICKS {
        let (a, b) =
            (one.choose(number, &[], |_| true).unwrap(), other.choose(number, &[], |_| true).unwrap());
        let (a, b) = (one.name(a), other.name(b));
        let stays = other.set.members.iter().any(|member| *member.name == *a);
        let known = one.set.members.iter().any(|member| *member.name == *b);
        changed += u64::from(a != b);
        needless += u64::from(a != b && stays && known);
    }
    (needless as f64 / PICKS as f64, changed as f64 / PICKS as f64)
}

#[test]
fn little_moves_when_targets_leave_or_join() {
    for (before, after) in [(10_usize, 9_usize), (9, 10), (100, 99), (99, 100), (100, 90), (3, 2)] {
        let least = before.abs_diff(after) as f64 / before.max(after) as f64;
        let (needless, all) = moved(&rendezvous(), before, after);
        println!(
            "rendezvous, {before} to {after}: {:.2} % move, {:.2} % needlessly",
            all * 100.0,
            needless * 100.0
        );
        assert!(needless == 0.0 && (all - least).abs() < 0.01, "{all}");
        let (needless, all) = moved(&maglev(), before, after);
        println!(
            "maglev, {before} to {after}: {:.2} % move, {:.2} % needlessly",
            all * 100.0,
            needless * 100.0
        );
        assert!(needless < 0.05 && all < least + 0.05, "{needless} {all}");
    }
}

#[test]
fn keys_of_an_unfit_target_are_spread_and_the_others_stay() {
    for policy in [maglev(), rendezvous()] {
        let setting = Setting::new(policy, members(10));
        let mut taken = [0_u64; 10];
        for number in 0..PICKS {
            let before = setting.choose(number, &[], |_| true).unwrap();
            let after = setting.choose(number, &[], |at| at != 3).unwrap();
            assert!(before == 3 || before == after);
            taken[after] += u64::from(before == 3);
        }
        let mut others = taken.to_vec();
        others.remove(3);
        assert!(taken[3] == 0 && chi_square(&others, &[1; 9]) < 26.1, "{taken:?}");
    }
}

/// Ten targets of the first tier, of which so many are unfit, and ten of the second: the share of the second.
fn spilled(policy: Policy, unfit: usize) -> f64 {
    let mut all = members(20);
    for member in &mut all[10..] {
        member.priority = 7;
    }
    let setting = Setting::new(policy, all);
    let counts = counts(&setting, PICKS, |at| at >= unfit);
    assert_eq!(counts[..unfit].iter().sum::<u64>(), 0);
    let (first, second) = (&counts[unfit..10], &counts[10..]);
    for tier in [first, second] {
        let most = tier.iter().max().copied().unwrap_or(0) as f64;
        let mean = tier.iter().sum::<u64>() as f64 / tier.len().max(1) as f64;
        assert!(most <= mean * 1.1 + 60.0, "{counts:?}");
    }
    second.iter().sum::<u64>() as f64 / PICKS as f64
}

#[test]
fn a_tier_takes_over_what_those_before_it_cannot_take() {
    for (name, policy) in policies() {
        for (unfit, expected) in [(0, 0.0), (2, 0.0), (3, 0.02), (5, 0.3), (8, 0.72), (10, 1.0)] {
            let share = spilled(policy.clone(), unfit);
            assert!((share - expected).abs() < 0.01, "{name}, {unfit} unfit: {share} instead of {expected}");
        }
    }
}

#[test]
fn the_own_zone_first() {
    let mut all = members(10);
    for (at, member) in all.iter_mut().enumerate() {
        member.zone = Some(if at < 4 { "eu-1" } else { "eu-2" }.into());
    }
    let balance = Balance { zone: Some("eu-1".into()), ..Balance::default() };
    let near = |unfit: usize| {
        let setting = Setting::of(balance.clone(), all.clone());
        counts(&setting, PICKS, |at| at >= unfit)[..4].iter().sum::<u64>() as f64 / PICKS as f64
    };
    assert_eq!(near(0), 1.0);
    assert_eq!(near(1), 1.0);
    assert!((near(2) - 0.7).abs() < 0.01, "{}", near(2));
    assert_eq!(near(4), 0.0);
}

#[test]
fn all_are_asked_where_too_few_are_fit() {
    let setting = Setting::new(Policy::Random, members(10));
    assert_eq!(counts(&setting, PICKS, |at| at < 5)[5..], [0; 5]);
    let panicking = counts(&setting, PICKS, |at| at < 4);
    assert!(chi_square(&panicking, &[1; 10]) < 27.9, "{panicking:?}");
    assert!(counts(&setting, PICKS, |_| false).iter().all(|count| *count > 9_000));
    let never = Setting::of(Balance { panic: 0, ..Balance::default() }, members(10));
    assert_eq!(counts(&never, PICKS, |at| at == 4)[4], PICKS);
    assert_eq!(never.choose(0, &[], |_| false), None);
}

#[test]
fn whoever_joins_comes_to_its_share_slowly() {
    for policy in [Policy::Random, Policy::RoundRobin] {
        let balance = Balance { policy, slow_start: Some(Duration::from_secs(100)), ..Balance::default() };
        let mut setting = Setting::of(balance, members(10));
        setting.states[3].joined.store(setting.now.0, Ordering::Relaxed);
        let begun = setting.now;
        for (seconds, warmth) in [(0, 0.1), (5, 0.1), (50, 0.5), (100, 1.0), (1_000, 1.0)] {
            setting.now = begun + Duration::from_secs(seconds);
            let share = counts(&setting, PICKS, |_| true)[3] as f64 / PICKS as f64;
            let expected = warmth / (9.0 + warmth);
            assert!((share - expected).abs() < 0.004, "{seconds} s: {share} instead of {expected}");
        }
    }
}

#[test]
fn a_session_stays_with_its_target_while_that_is_fit() {
    let mut all = members(5);
    all[2].weight = 0;
    let setting = Setting::new(Policy::RoundRobin, all);
    let choosing = |tried| Choosing {
        set: &setting.set,
        states: &setting.states,
        balance: &setting.balance,
        turn: &setting.turn,
        key: None,
        session: Some(of_name("target-00002")),
        tried,
        chance: 7,
        now: Tick(0),
    };
    // Also with one that nobody else is sent to any more.
    assert_eq!(choose(&choosing(&[]), |_| true), Some(2));
    assert_ne!(choose(&choosing(&[]), |at| at != 2), Some(2));
    assert_ne!(choose(&choosing(&[2]), |_| true), Some(2));
    let unknown = Choosing { session: Some(of_name("gone")), ..choosing(&[]) };
    assert!(choose(&unknown, |_| true).is_some());
}

#[test]
fn choices_are_the_same_on_every_host() {
    let found = [Policy::Random, maglev(), rendezvous()].map(picks::fixed);
    assert_eq!(found, [picks::RANDOM, picks::MAGLEV, picks::RENDEZVOUS]);
    let found = logarithm::fingerprint();
    assert_eq!(found, logarithm::FINGERPRINT, "{found:#x}");
}

fn any_policy() -> impl Strategy<Value = Policy> {
    // Places enough that a share of 1 in 551 has some.
    let small = Policy::Maglev { key: picks::key(), places: 6_563 };
    prop_oneof![
        Just(Policy::Random),
        Just(Policy::RoundRobin),
        Just(Policy::LeastRequests),
        Just(Policy::PeakEwma),
        Just(small),
        Just(rendezvous()),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    /// `None`, unfit and tried targets are chosen where that is documented, and nowhere else.
    #[test]
    fn nobody_is_asked_who_should_not_be(
        written in vec((0_u32..4, 0_u32..3, 0_u8..3, any::<bool>(), any::<bool>(), any::<bool>()), 0..12),
        policy in any_policy(),
        panic in prop_oneof![Just(0_u8), Just(50), Just(100)],
        slow in any::<bool>(),
        number in any::<u64>(),
    ) {
        let all = written.iter().enumerate().map(|(at, (weight, priority, zone, ..))| Member {
            priority: *priority,
            zone: Some(format!("z{zone}").into()),
            ..member(&format!("m{at:02}"), *weight)
        });
        let slow_start = slow.then_some(Duration::from_secs(100));
        let balance = Balance { policy, zone: Some("z1".into()), panic, slow_start, sticky: None };
        let setting = Setting::of(balance, all.collect());
        for (state, (.., young, _, _)) in setting.states.iter().zip(&written) {
            state.joined.store(if *young { setting.now.0 } else { 0 }, Ordering::Relaxed);
        }
        let fit = |at: usize| written[at].4;
        let tried: Vec<usize> = (0..written.len()).filter(|at| written[*at].5).collect();
        let weighty: Vec<usize> = (0..written.len()).filter(|at| written[*at].0 > 0).collect();
        let any_fit = weighty.iter().any(|at| fit(*at));
        let fresh_and_fit = weighty.iter().any(|at| fit(*at) && !tried.contains(at));
        match setting.choose(number, &tried, fit) {
            None => prop_assert!(weighty.is_empty() || (panic == 0 && !any_fit)),
            Some(at) => {
                prop_assert!(weighty.contains(&at));
                prop_assert!(fit(at) || panic > 0);
                prop_assert!(!tried.contains(&at) || !fresh_and_fit);
            }
        }
    }

    /// Every target that is fit, of the first level, is asked sooner or later, whatever its weight and that of the others.
    #[test]
    fn no_target_starves(
        written in vec((1_u32..50, any::<bool>()), 1..12),
        policy in any_policy(),
        seed in any::<u64>(),
    ) {
        let all = written.iter().enumerate().map(|(at, (weight, _))| member(&format!("m{at:02}"), *weight));
        let setting = Setting::of(Balance { policy, panic: 0, ..Balance::default() }, all.collect());
        let some = written.iter().any(|(_, fit)| *fit);
        let fit = |at: usize| !some || written[at].1;
        // The least share is 1 in 551: that it is not drawn in so many is as likely as 10^-8.
        let mut left: Vec<usize> = (0..written.len()).filter(|at| fit(*at)).collect();
        for number in 0..10_000 {
            let at = setting.choose(mix(seed ^ number), &[], fit);
            left.retain(|other| Some(*other) != at);
        }
        prop_assert!(left.is_empty(), "{left:?}");
    }
}
