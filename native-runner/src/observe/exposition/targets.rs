//! Upstreams' targets and circuits. All labels stand in the configuration or come from discovery, which is bounded; no client
//! chooses any.

use std::fmt;

use prometheus_client::encoding::{DescriptorEncoder, MetricEncoder};
use prometheus_client::metrics::MetricType;
use tollgate::circuit::Phase;

use super::super::seen::{Circuit, Target, Upstream};
use super::counter;

/// All of it. Families that nothing is configured for are left out.
pub(super) fn encode(upstreams: &[Upstream], encoder: &mut DescriptorEncoder<'_>) -> fmt::Result {
    if upstreams.is_empty() {
        return Ok(());
    }
    let help =
        "Whether a target is fit to be asked: not ejected, not failing its probes, its circuit not open";
    let mut family = encoder.encode_descriptor("upstream_target_fit", help, None, MetricType::Gauge)?;
    for (upstream, target) in targets(upstreams) {
        gauge(&mut family, &labels(upstream, target), i64::from(target.unfit.is_none()))?;
    }
    let help = "Exchanges with a target that have not ended";
    let mut family = encoder.encode_descriptor("upstream_target_in_flight", help, None, MetricType::Gauge)?;
    for (upstream, target) in targets(upstreams) {
        gauge(&mut family, &labels(upstream, target), i64::from(target.in_flight))?;
    }
    if targets(upstreams).any(|(_, target)| target.ejections.is_some()) {
        let help = "How often a target was ejected because its answers failed";
        let mut family =
            encoder.encode_descriptor("upstream_target_ejections", help, None, MetricType::Counter)?;
        for (upstream, target) in targets(upstreams) {
            let Some(ejections) = target.ejections else { continue };
            counter(&mut family, &labels(upstream, target), ejections)?;
        }
    }
    if targets(upstreams).any(|(_, target)| target.probes.is_some()) {
        let help = "Probes of a target that have ended";
        let mut family = encoder.encode_descriptor("upstream_probes", help, None, MetricType::Counter)?;
        for (upstream, target) in targets(upstreams) {
            let Some(probes) = &target.probes else { continue };
            for (result, count) in [("passed", probes.passed), ("failed", probes.failed)] {
                let labels = [("upstream", &*upstream.name), ("target", &*target.name), ("result", result)];
                counter(&mut family, &labels, count)?;
            }
        }
    }
    circuits(upstreams, encoder)
}

/// Circuits by upstream and target; of the upstream as a whole, without a target.
fn circuits(upstreams: &[Upstream], encoder: &mut DescriptorEncoder<'_>) -> fmt::Result {
    let all: Vec<(&str, &str, &Circuit)> = upstreams
        .iter()
        .flat_map(|upstream| {
            let whole = upstream.circuit.iter().map(|circuit| ("", circuit));
            let own = upstream.targets.iter().filter_map(|it| Some((&*it.name, it.circuit.as_ref()?)));
            whole.chain(own).map(|(target, circuit)| (&*upstream.name, target, circuit))
        })
        .collect();
    if all.is_empty() {
        return Ok(());
    }
    let help = "Which state a circuit is in: 1 for the one that it is in, 0 for the others";
    let mut family = encoder.encode_descriptor("upstream_circuit_state", help, None, MetricType::Gauge)?;
    for (upstream, target, circuit) in &all {
        for phase in Phase::ALL {
            let labels = [("upstream", *upstream), ("target", *target), ("state", phase.name())];
            gauge(&mut family, &labels, i64::from(circuit.phase == phase))?;
        }
    }
    let help = "How often a circuit opened";
    let mut family =
        encoder.encode_descriptor("upstream_circuit_openings", help, None, MetricType::Counter)?;
    for (upstream, target, circuit) in &all {
        counter(&mut family, &[("upstream", *upstream), ("target", *target)], circuit.opened)?;
    }
    Ok(())
}

fn targets(upstreams: &[Upstream]) -> impl Iterator<Item = (&Upstream, &Target)> {
    upstreams.iter().flat_map(|upstream| upstream.targets.iter().map(move |target| (upstream, target)))
}

fn labels<'a>(upstream: &'a Upstream, target: &'a Target) -> [(&'static str, &'a str); 2] {
    [("upstream", &upstream.name), ("target", &target.name)]
}

fn gauge<const N: usize>(
    family: &mut MetricEncoder<'_>,
    labels: &[(&str, &str); N],
    value: i64,
) -> fmt::Result {
    family.encode_family(labels)?.encode_gauge(&value)
}
