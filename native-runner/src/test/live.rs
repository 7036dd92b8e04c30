//! A case over a real host: origins on loopback, requests over raw connections, and the same comparison as simulated.

use std::net::{IpAddr, Ipv4Addr};
use std::sync::mpsc::Receiver;
use std::time::Duration;

use tokio::net::TcpListener;
use tollgate::config::Document;
use tollgate::plan::Plan;
use tollgate::sim::Case;
use tollgate::sim::body::End;
use tollgate::sim::case::Step;
use tollgate::sim::compare::{Difference, compare, compare_upstream};
use tollgate::sim::names::Names;
use tollgate::sim::report::{Failing, Report, Verdict};
use tollgate::sim::run::{plan, replies, verdict};
use tollgate::sim::seen::Seen;

use super::moved::{Move, moved};
use super::origin::{Log, Origin};
use super::{Live, Running, Setup, client, redis, skips};

/// Where the client is, as the host sees it.
const CLIENT: IpAddr = IpAddr::V4(Ipv4Addr::LOCALHOST);

/// How long a step may take: far more than any that is expected to.
const PATIENCE: Duration = Duration::from_secs(30);

/// Runs `case`, whose configuration is `documents`, over `live`.
pub async fn run_live(case: &Case, file: &str, documents: &[(String, Document)], live: &Live) -> Report {
    let verdict = match skips(case, documents, live) {
        Some(reason) => Verdict::Skipped(reason),
        None => verdict(match story(case, documents, live).await {
            Ok(failings) => failings,
            Err(problem) => vec![Failing::Case(problem)],
        }),
    };
    Report { file: file.to_owned(), story: case.story.clone(), host: live.kind, verdict }
}

async fn story(case: &Case, documents: &[(String, Document)], live: &Live) -> Result<Vec<Failing>, String> {
    let documents = match &live.redis {
        Some(address) => redis::moved(documents, address),
        None => documents.to_vec(),
    };
    let Some(written) = plan(case, live.kind, &documents, &live.abilities)? else { return Ok(Vec::new()) };
    let (documents, listeners) = listeners(&documents, &written).await.map_err(|error| error.to_string())?;
    let Some(plan) = plan(case, live.kind, &documents, &live.abilities)? else { return Ok(Vec::new()) };
    let names = Names::of(&plan, CLIENT).with_tokens(case)?;
    let log = Log::default();
    let replies = replies(case, &plan, &names)?;
    let origins: Vec<_> = replies
        .into_iter()
        .zip(listeners)
        .map(|((name, replies), at)| Origin::start(&name, replies, at, &log))
        .collect();
    let stored = case.stored.iter().map(|(key, value)| (key.clone(), names.fill(value))).collect();
    let setup = Setup { documents, variables: case.variables.clone(), stored };
    let mut running =
        (live.start)(setup).await.map_err(|problem| format!("it does not start: {problem:#}"))?;
    let mut failings = Vec::new();
    for (step, number) in case.steps.iter().zip(1..) {
        match take(step, &mut running, &names, &log).await {
            Ok(differences) if differences.is_empty() => {}
            Ok(differences) => failings.push(Failing::Step(number, step.request.summary(), differences)),
            Err(problem) => failings.push(Failing::Case(format!("step {number}: {problem}"))),
        }
    }
    running.stop.await;
    drop(origins);
    Ok(failings)
}

/// A listener for each upstream, in the plan's order, and the configuration with their addresses in it.
async fn listeners(
    documents: &[(String, Document)],
    plan: &Plan,
) -> anyhow::Result<(Vec<(String, Document)>, Vec<TcpListener>)> {
    let (mut moves, mut listeners) = (Vec::new(), Vec::new());
    let places: Vec<_> = plan.places().collect();
    for (name, from) in &places {
        let listener = TcpListener::bind((CLIENT, 0)).await?;
        let to = listener.local_addr()?.to_string();
        moves.push(Move { name, from, to });
        listeners.push(listener);
    }
    Ok((moved(documents, &moves)?, listeners))
}

async fn take(
    step: &Step,
    running: &mut Running,
    names: &Names,
    log: &Log,
) -> Result<Vec<Difference>, String> {
    tokio::time::sleep(step.after.0).await;
    let outgoing = step.request.outgoing(names)?;
    let exchanged = tokio::time::timeout(PATIENCE, client::exchange(running.address, &outgoing)).await;
    let (answer, cause) = match exchanged {
        Ok(Ok(got)) => (Some(got), None),
        Ok(Err(cause)) => (None, Some(cause)),
        Err(_) => (None, Some(format!("no answer in {PATIENCE:?}"))),
    };
    let line = match &running.log {
        Some(lines) => Some(line(lines).await),
        None => None,
    };
    // As in the simulated host, the next step begins when nothing is left to do.
    if let Some(deferred) = &running.deferred {
        let _ = tokio::time::timeout(PATIENCE, deferred.done()).await;
    }
    // A component goes on after its answer, and nobody tells when it has ended: whoever should be asked by then is waited for.
    let expected = step.upstream.as_ref().map_or(0, Vec::len);
    for _ in 0..200 {
        if log.count() >= expected {
            break;
        }
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    let seen = Seen { answer, cause, received: log.take().await, elapsed: None, log: line };
    // A client that broke off may find out what would have been answered, or may not.
    let broke_off = outgoing.body.as_ref().is_some_and(|body| matches!(body.end, End::Close | End::Reset));
    Ok(if broke_off { compare_upstream(step, &seen, names) } else { compare(step, &seen, names) })
}

/// The next line of the access log that is no part's, null where there is none. It is written when the last byte was, by
/// another thread.
async fn line(lines: &Receiver<String>) -> serde_json::Value {
    for _ in 0..200 {
        match lines.try_recv() {
            Ok(line) => {
                let line: serde_json::Value = serde_json::from_str(&line).unwrap_or_default();
                if line["part"] != true {
                    return line;
                }
            }
            Err(_) => tokio::time::sleep(Duration::from_millis(5)).await,
        }
    }
    serde_json::Value::Null
}
