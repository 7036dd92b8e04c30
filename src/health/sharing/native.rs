//! What an instance that lives long shares: it tells what it found now and then, and learns what others did.
//!
//! Ejections and the verdicts of probes are shared; failures that are not too many yet, and circuits, stay with whoever counts
//! them.

use super::*;

/// How often whoever probes says that what it said still holds.
const REPEATED: Duration = Duration::from_secs(30);

/// Two moments that are nearer are the same: each process has its own idea of civil time.
const SAME: u64 = 1_000;

/// Learns what others found, and tells what is found here. To be called now and then by one worker. `probes`: whether targets
/// are probed here.
pub async fn exchange<H: Host>(host: &H, upstream: &Upstream, pool: &Pool, probes: bool) {
    let Some(store) = &upstream.health.share else { return };
    for _ in 0..TRIES {
        let Some((document, stored)) = read(host, upstream, store, Deadline::never()).await else { return };
        let roster = pool.roster();
        let moment = Moment { tick: host.tick(), unix: host.unix().0 };
        learn(upstream, &roster, &document, moment, probes);
        let mut after = told(upstream, &roster, &document, moment, probes);
        if after == document
            || write(host, upstream, store, stored.as_deref(), &mut after).await != Some(false)
        {
            return;
        }
    }
}

/// The same moment on the host's clock and in civil time.
#[derive(Debug, Clone, Copy)]
struct Moment {
    tick: Tick,
    unix: u64,
}

// === impl Moment ===

impl Moment {
    /// A moment to come, or that has been, on the host's clock.
    fn tick_of(self, unix: u64) -> Tick {
        match unix.checked_sub(self.unix) {
            Some(ahead) => self.tick + Duration::from_millis(ahead),
            None => Tick(self.tick.0.saturating_sub((self.unix - unix).saturating_mul(1_000_000))),
        }
    }

    fn unix_of(self, tick: Tick) -> u64 {
        if tick == Tick(0) {
            return 0;
        }
        let millis = |span: Duration| u64::try_from(span.as_millis()).unwrap_or(u64::MAX);
        (self.unix.saturating_add(millis(tick - self.tick))).saturating_sub(millis(self.tick - tick))
    }
}

/// Targets that others ejected are ejected here; what others found by probes is believed by who does not probe.
fn learn(upstream: &Upstream, roster: &Roster, document: &Document, moment: Moment, probes: bool) {
    let most = upstream.health.passive.as_ref().map(|passive| moment.tick + passive.most_time * 2);
    let believed = document.probed != 0 && moment.unix < document.probed.saturating_add(BELIEVED);
    for (member, state) in roster.set.members.iter().zip(&roster.states) {
        let row = document.row(&member.name);
        let own = state.health.passive.facts();
        if let (Some(row), Some(most)) = (row, most) {
            let until = moment.tick_of(row.until);
            // An end that no ejection has is not believed.
            let later =
                until > moment.tick && until <= most && until > own.until + Duration::from_millis(SAME);
            if later && own.until <= moment.tick && !pardoned(row, &own, moment, probes) {
                state.health.passive.learn(&Facts {
                    until,
                    times: row.times.max(own.times).min(1_000),
                    ..own
                });
            }
        }
        if !probes && believed {
            let failing = row.is_some_and(|row| row.failing);
            state.health.probed.learn(if failing { Verdict::Fails } else { Verdict::Passes });
        }
    }
}

/// Whether probes have shown here that a target is well after it was ejected, as `row` tells still.
fn pardoned(row: &Row, own: &Facts, moment: Moment, probes: bool) -> bool {
    let ended = own.until != Tick(0) && own.until <= moment.tick;
    probes && ended && row.times <= own.times && row.until > moment.unix
}

/// The document with what is known here.
fn told(upstream: &Upstream, roster: &Roster, document: &Document, moment: Moment, probes: bool) -> Document {
    let mut after = document.clone();
    for (member, state) in roster.set.members.iter().zip(&roster.states) {
        let before = document.row(&member.name);
        let mut row = before.cloned().unwrap_or_else(|| Row { name: member.name.clone(), ..Row::default() });
        let own = state.health.passive.facts();
        let until = moment.unix_of(own.until);
        if own.until > moment.tick && until > row.until.saturating_add(SAME) {
            (row.until, row.times) = (until, own.times);
        } else if pardoned(&row, &own, moment, probes) {
            row.until = until;
        }
        if probes {
            row.failing = state.health.probed.verdict() == Verdict::Fails;
        }
        if before != Some(&row) {
            after.put(row);
        }
    }
    let now = civil(moment.unix);
    after.targets.retain(|row| !is_over(upstream, row, now));
    let repeated = civil(document.probed) + REPEATED <= now;
    if probes && (repeated || after != *document) {
        after.probed = moment.unix;
    }
    after
}
