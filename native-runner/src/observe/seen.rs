//! How upstreams and their targets are doing, at one moment.

use std::sync::atomic::Ordering;

use serde_json::{Value, json};
use tollgate::circuit::{self, Phase};
use tollgate::health::{Health, Unfit};
use tollgate::host::Tick;
use tollgate::plan::{self, Plan};
use tollgate::pool::{Pools, TargetState};

/// An upstream.
#[derive(Debug)]
pub struct Upstream {
    /// Its name.
    pub name: Box<str>,
    /// Whether its targets were discovered.
    pub discovered: bool,
    /// Its circuit as a whole, where it has one.
    pub circuit: Option<Circuit>,
    /// Its targets, in the order of their names.
    pub targets: Vec<Target>,
}

/// A circuit.
#[derive(Debug)]
pub struct Circuit {
    /// Where it stands.
    pub phase: Phase,
    /// For how long it is open still, in milliseconds.
    pub open_for: Option<u64>,
    /// How often it opened since it is known.
    pub opened: u64,
}

/// A target.
#[derive(Debug)]
pub struct Target {
    /// Its name.
    pub name: Box<str>,
    /// Where it is.
    pub address: String,
    /// Its share of requests.
    pub weight: u32,
    /// Its tier.
    pub priority: u32,
    /// Where it runs.
    pub zone: Option<Box<str>>,
    /// Why it is not fit, where it is not: `ejected`, `probes` or `circuit`.
    pub unfit: Option<&'static str>,
    /// For how long it is ejected still, in milliseconds.
    pub ejected_for: Option<u64>,
    /// How often it was ejected since it is known; `None` where targets never are.
    pub ejections: Option<u64>,
    /// Its circuit, where it has one.
    pub circuit: Option<Circuit>,
    /// Exchanges that have not ended.
    pub in_flight: u32,
    /// What probes have shown; `None` where nobody probes.
    pub probes: Option<Probes>,
}

/// What probes of a target have shown.
#[derive(Debug)]
pub struct Probes {
    /// `passing`, `failing`, or `unknown` before the first.
    pub verdict: &'static str,
    /// How many passed.
    pub passed: u64,
    /// How many failed.
    pub failed: u64,
    /// Why the last one failed, where it did.
    pub why: Option<Box<str>>,
}

/// All upstreams of `plan`.
pub fn upstreams(plan: &Plan, pools: &Pools, now: Tick) -> Vec<Upstream> {
    let pools = pools.of(&plan.upstreams);
    let seen = plan.upstreams.iter().zip(&pools).map(|(upstream, pool)| {
        let roster = pool.roster();
        let rules = upstream.circuit.as_ref();
        let whole = rules.and_then(|rules| rules.upstream.as_ref());
        let targets = roster.set.members.iter().zip(&roster.states);
        Upstream {
            name: upstream.name.clone(),
            discovered: roster.discovered,
            circuit: whole.map(|_| Circuit::of(&pool.circuit, now)),
            targets: targets
                .map(|(member, state)| Target {
                    name: member.name.clone(),
                    address: member.target.address(),
                    weight: member.weight,
                    priority: member.priority,
                    zone: member.zone.clone(),
                    ..Target::of(upstream, state, now)
                })
                .collect(),
        }
    });
    seen.collect()
}

/// The same for an operator.
pub fn json(upstreams: &[Upstream]) -> Value {
    let shown = upstreams.iter().map(|upstream| {
        let targets: Vec<_> = upstream.targets.iter().map(Target::json).collect();
        let mut shown =
            json!({ "name": upstream.name, "discovered": upstream.discovered, "targets": targets });
        if let Some(circuit) = &upstream.circuit {
            shown["circuit"] = circuit.json();
        }
        shown
    });
    json!({ "upstreams": shown.collect::<Vec<_>>() })
}

// === impl Target ===

impl Target {
    /// What is known about it; what it is stands in the roster.
    fn of(upstream: &plan::Upstream, state: &TargetState, now: Tick) -> Self {
        let health: &Health = &upstream.health;
        let rule = upstream.circuit.as_ref().and_then(|rules| rules.target.as_ref());
        let unfit = state.health.unfit(health, now);
        let open = rule.is_some_and(|rule| state.circuit.is_open(rule, now));
        let probed = &state.health.probed;
        let (passed, failed) = probed.totals();
        Self {
            name: Box::default(),
            address: String::new(),
            weight: 0,
            priority: 0,
            zone: None,
            unfit: match unfit {
                Some(Unfit::Ejected(_)) => Some("ejected"),
                Some(Unfit::Probed) => Some("probes"),
                None if open => Some("circuit"),
                None => None,
            },
            ejected_for: match unfit {
                Some(Unfit::Ejected(until)) => Some(millis(until, now)),
                _ => None,
            },
            ejections: health.passive.as_ref().map(|_| state.health.passive.total()),
            circuit: rule.map(|_| Circuit::of(&state.circuit, now)),
            in_flight: state.in_flight.load(Ordering::Relaxed),
            probes: health.probe.as_ref().map(|_| Probes {
                verdict: probed.verdict().name(),
                passed,
                failed,
                why: probed.why(),
            }),
        }
    }

    fn json(&self) -> Value {
        let mut shown = json!({
            "name": self.name,
            "address": self.address,
            "weight": self.weight,
            "priority": self.priority,
            "fit": self.unfit.is_none(),
            "in_flight": self.in_flight,
        });
        let further = [
            ("zone", self.zone.as_ref().map(|zone| json!(zone))),
            ("unfit", self.unfit.map(|why| json!(why))),
            ("ejected_for_ms", self.ejected_for.map(|span| json!(span))),
            ("ejections", self.ejections.map(|count| json!(count))),
            ("circuit", self.circuit.as_ref().map(Circuit::json)),
            ("probes", self.probes.as_ref().map(Probes::json)),
        ];
        for (name, value) in further {
            if let Some(value) = value {
                shown[name] = value;
            }
        }
        shown
    }
}

// === impl Circuit ===

impl Circuit {
    fn of(state: &circuit::State, now: Tick) -> Self {
        let facts = state.facts();
        let open = facts.phase == Phase::Open && now < facts.moment;
        Self { phase: facts.phase, open_for: open.then(|| millis(facts.moment, now)), opened: state.opened() }
    }

    fn json(&self) -> Value {
        let mut shown = json!({ "state": self.phase.name(), "opened": self.opened });
        if let Some(span) = self.open_for {
            shown["open_for_ms"] = json!(span);
        }
        shown
    }
}

// === impl Probes ===

impl Probes {
    fn json(&self) -> Value {
        let mut shown = json!({ "verdict": self.verdict, "passed": self.passed, "failed": self.failed });
        if let Some(why) = &self.why {
            shown["why"] = json!(why);
        }
        shown
    }
}

fn millis(until: Tick, now: Tick) -> u64 {
    u64::try_from((until - now).as_millis()).unwrap_or(u64::MAX)
}
