//! A case over a real host: origins on loopback, requests over raw connections, and the same comparison as simulated.

use std::net::{IpAddr, Ipv4Addr};
use std::sync::mpsc::Receiver;
use std::time::Duration;

use serde_json::Value;
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

use super::origin::{Log, Origin};
use super::{Live, Running, Setup, client, skips};

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
    let Some(written) = plan(case, live.kind, documents, &live.abilities)? else { return Ok(Vec::new()) };
    let (documents, listeners) = listeners(documents, &written).await.map_err(|error| error.to_string())?;
    let Some(plan) = plan(case, live.kind, &documents, &live.abilities)? else { return Ok(Vec::new()) };
    let names = Names::of(&plan, CLIENT);
    let log = Log::default();
    let replies = replies(case, &plan, &names)?;
    let origins: Vec<_> = replies
        .into_iter()
        .zip(listeners)
        .map(|((name, replies), at)| Origin::start(&name, replies, at, &log))
        .collect();
    let setup = Setup { documents, variables: case.variables.clone(), stored: case.stored.clone() };
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

/// A listener for each upstream, in the plan's order, and the configuration with their addresses in it: as the upstreams'
/// own, and wherever else the address of one is written, for example as that of a token endpoint.
async fn listeners(
    documents: &[(String, Document)],
    plan: &Plan,
) -> std::io::Result<(Vec<(String, Document)>, Vec<TcpListener>)> {
    let mut documents = documents.to_vec();
    let mut listeners = Vec::new();
    let mut moves = Vec::new();
    for upstream in &plan.upstreams {
        let listener = TcpListener::bind((CLIENT, 0)).await?;
        let address = listener.local_addr()?.to_string();
        for (_, document) in &mut documents {
            if let Some(upstream) = document.upstreams.get_mut(&*upstream.name) {
                upstream.url = moved(&upstream.url, &address);
            }
        }
        moves.push((format!("http://{}", upstream.target.authority), format!("http://{address}")));
        listeners.push(listener);
    }
    for (_, document) in &mut documents {
        let mut value = serde_json::to_value(&*document)?;
        move_addresses(&mut value, &moves);
        *document = serde_json::from_value(value)?;
    }
    Ok((documents, listeners))
}

/// Every text in `value` that is an address under the first of a pair, or that address itself, moved to the second.
fn move_addresses(value: &mut Value, moves: &[(String, String)]) {
    match value {
        Value::String(text) => {
            let moved = moves.iter().find_map(|(from, to)| {
                let rest = text.strip_prefix(from.as_str())?;
                (rest.is_empty() || rest.starts_with(['/', '?'])).then(|| format!("{to}{rest}"))
            });
            if let Some(moved) = moved {
                *text = moved;
            }
        }
        Value::Array(items) => items.iter_mut().for_each(|item| move_addresses(item, moves)),
        Value::Object(members) => members.values_mut().for_each(|member| move_addresses(member, moves)),
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}

/// `url` with another authority.
fn moved(url: &str, authority: &str) -> String {
    let path = url.split_once("://").and_then(|(_, rest)| rest.find('/').map(|slash| &rest[slash..]));
    format!("http://{authority}{}", path.unwrap_or_default())
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
    let seen = Seen { answer, cause, received: log.take().await, elapsed: None, log: line };
    // A client that broke off may find out what would have been answered, or may not.
    let broke_off = outgoing.body.as_ref().is_some_and(|body| matches!(body.end, End::Close | End::Reset));
    Ok(if broke_off { compare_upstream(step, &seen, names) } else { compare(step, &seen, names) })
}

/// The next line of the access log, null where there is none. It is written when the last byte was, by another thread.
async fn line(lines: &Receiver<String>) -> Value {
    for _ in 0..200 {
        match lines.try_recv() {
            Ok(line) => return serde_json::from_str(&line).unwrap_or_default(),
            Err(_) => tokio::time::sleep(Duration::from_millis(5)).await,
        }
    }
    Value::Null
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn moves_every_address() {
        let moves = [("http://idp.test".to_owned(), "http://127.0.0.1:1".to_owned())];
        let mut value = serde_json::json!({
            "a": ["http://idp.test/token?x", { "b": "http://idp.test" }],
            "others": ["http://idp.tests/", "http://idp.test:80/", "https://idp.test/", "see http://idp.test/", 7],
        });
        let others = value["others"].clone();
        move_addresses(&mut value, &moves);
        let moved = serde_json::json!(["http://127.0.0.1:1/token?x", { "b": "http://127.0.0.1:1" }]);
        assert_eq!(value, serde_json::json!({ "a": moved, "others": others }));
    }

    #[test]
    fn moves_upstreams() {
        assert_eq!(moved("http://users.test", "127.0.0.1:1"), "http://127.0.0.1:1");
        assert_eq!(moved("http://users.test:80/base/", "127.0.0.1:1"), "http://127.0.0.1:1/base/");
    }
}
