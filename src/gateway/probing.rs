//! Targets are asked how they are, on hosts that live longer than a request.

use std::sync::Arc;

use super::Gateway;
use crate::health;
use crate::host::{Host, Tick};
use crate::plan::Target;
use crate::pool::TargetState;

/// A target that is to be asked now.
#[derive(Debug)]
pub struct Due {
    /// The index of its upstream.
    upstream: usize,
    target: Target,
    state: Arc<TargetState>,
}

impl<H: Host> Gateway<H> {
    /// The targets that are to be asked now, and when others will be; `None` where none ever is. Each that is given out must be
    /// [asked](Self::probe), and is not given out again until it was. Follows what is discovered, and forgets with the plan
    /// what only that asked.
    pub fn probes_due(&self) -> (Vec<Due>, Option<Tick>) {
        let (now, mut due, mut next) = (self.host.tick(), Vec::new(), None);
        let pools = self.pools.as_deref().unwrap_or_default();
        for (index, (upstream, pool)) in self.plan.upstreams.iter().zip(pools).enumerate() {
            let Some(probe) = &upstream.health.probe else { continue };
            let roster = pool.roster();
            // Targets may be discovered later.
            next = sooner(next, now + probe.interval);
            for (member, state) in roster.set.members.iter().zip(&roster.states) {
                if state.health.probed.is_due(probe, now, || self.chance()) {
                    let (target, state) = (member.target.clone(), Arc::clone(state));
                    due.push(Due { upstream: index, target, state });
                } else if let Some(then) = state.health.probed.due() {
                    next = sooner(next, then);
                }
            }
        }
        (due, next)
    }

    /// Asks a target how it is, and takes note of what it says.
    pub async fn probe(&self, due: Due) {
        let Due { upstream, target, state } = due;
        let health = &self.plan.upstreams[upstream].health;
        let Some(probe) = &health.probe else { return };
        let ended = health::probe::check(&self.host, probe, &target).await;
        let now = self.host.tick();
        health::note_probe(health, probe, &state, ended, now);
        state.health.probed.asked(probe, now, self.chance());
    }

    /// Exchanges with other instances what is known of upstreams, where that is configured. `probes`: whether targets are
    /// probed here.
    pub async fn share(&self, probes: bool) {
        let pools = self.pools.as_deref().unwrap_or_default();
        for (upstream, pool) in self.plan.upstreams.iter().zip(pools) {
            if upstream.health.share.is_some() {
                let probes = probes && upstream.health.probe.is_some();
                health::sharing::exchange(&self.host, upstream, pool, probes).await;
            }
        }
    }
}

fn sooner(one: Option<Tick>, other: Tick) -> Option<Tick> {
    Some(one.map_or(other, |one| one.min(other)))
}
