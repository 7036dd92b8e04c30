//! Cases over the simulated host.

use std::future::poll_fn;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::pin::pin;
use std::sync::Arc;
use std::task::Poll;

use bytes::BytesMut;
use http::header::{CONTENT_LENGTH, HeaderValue, TRANSFER_ENCODING};
use http::{Method, Request, Uri};
use http_body::Body as _;

use super::body::SimStream;
use super::case::script::Outgoing;
use super::case::{Case, HostKind, Step};
use super::compare::compare;
use super::host::SimHost;
use super::names::Names;
use super::report::{Failing, Report, Verdict};
use super::seen::{Got, Seen};
use super::upstream::{Replies, Reply};
use crate::body::BodyError;
use crate::config::Document;
use crate::gateway::{Gateway, Peer, settle};
use crate::host::{Clock, Tick};
use crate::plan::{Abilities, Plan};
use crate::problem::{Failure, Problem};
use crate::reply::Reply as Answer;

/// Where simulated clients are, unless the case says otherwise: where a real host sees those of a test.
const CLIENT: IpAddr = IpAddr::V4(Ipv4Addr::LOCALHOST);

/// Runs `case`, whose configuration is `documents`, over a simulated host.
pub fn run(case: &Case, file: &str, documents: &[(String, Document)]) -> Report {
    let verdict = match case.skips(HostKind::Sim) {
        Some(reason) => Verdict::Skipped(reason),
        None => verdict(story(case, documents)),
    };
    Report { file: file.to_owned(), story: case.story.clone(), host: HostKind::Sim, verdict }
}

/// What a list of failings means.
pub fn verdict(failings: Vec<Failing>) -> Verdict {
    if failings.is_empty() { Verdict::Passed } else { Verdict::Failed(failings) }
}

fn story(case: &Case, documents: &[(String, Document)]) -> Vec<Failing> {
    let plan = match plan(case, HostKind::Sim, documents, &Abilities::NATIVE) {
        Ok(Some(plan)) => plan,
        Ok(None) => return Vec::new(),
        Err(problem) => return vec![Failing::Case(problem)],
    };
    let names = match Names::of(&plan, CLIENT).with_tokens(case) {
        Ok(names) => names,
        Err(problem) => return vec![Failing::Case(problem)],
    };
    let host = SimHost::new(1);
    for (name, value) in &case.variables {
        host.set_variable(name, value);
    }
    if let Some(store) = &plan.auth.store {
        case.stored.iter().for_each(|(key, value)| host.put(&store.label, key, &names.fill(value)));
    }
    if let Err(problem) = script(&host, case, &plan, &names) {
        return vec![Failing::Case(problem)];
    }
    let gateway = Gateway::new(Arc::new(plan), host);
    let mut failings = Vec::new();
    for (step, number) in case.steps.iter().zip(1..) {
        match host_step(&gateway, step, &names) {
            Ok(seen) => {
                let differences = compare(step, &seen, &names);
                if !differences.is_empty() {
                    failings.push(Failing::Step(number, step.request.summary(), differences));
                }
            }
            Err(problem) => failings.push(Failing::Case(format!("step {number}: {problem}"))),
        }
    }
    failings
}

/// The plan in which the steps are taken; `None` where the configuration is refused, and should be.
pub fn plan(
    case: &Case,
    host: HostKind,
    documents: &[(String, Document)],
    abilities: &Abilities,
) -> Result<Option<Plan>, String> {
    let told = |diagnostics: &[crate::diagnostic::Diagnostic]| {
        diagnostics.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n")
    };
    match (Plan::compile(documents, abilities), case.refused_by(host)) {
        (Ok((plan, _)), None) => Ok(Some(plan)),
        (Ok(_), Some(_)) => Err("the configuration should be refused, and is not".to_owned()),
        (Err(diagnostics), None) => Err(format!("the configuration is refused:\n{}", told(&diagnostics))),
        (Err(diagnostics), Some(refused)) => {
            let missing =
                |text: &&String| !diagnostics.iter().any(|found| found.to_string().contains(text.as_str()));
            match refused.contains.iter().find(missing) {
                None => Ok(None),
                Some(text) => Err(format!("no diagnostic has \"{text}\" in it:\n{}", told(&diagnostics))),
            }
        }
    }
}

/// The replies of each upstream of `plan`, ready: what the case says, or the upstream's own name.
pub fn replies(case: &Case, plan: &Plan, names: &Names) -> Result<Vec<(String, Replies)>, String> {
    let known = |name: &&String| plan.places().any(|(known, _)| known == **name);
    if let Some(unknown) = case.upstreams.keys().find(|name| !known(name)) {
        return Err(format!("the configuration has no upstream \"{unknown}\""));
    }
    plan.places()
        .map(|(name, _)| {
            let replies = match case.upstreams.get(&name) {
                None => vec![Reply::name_of(&name)],
                Some(written) => written
                    .iter()
                    .map(|reply| reply.ready(names))
                    .collect::<Result<_, _>>()
                    .map_err(|problem| format!("upstream {name}: {problem}"))?,
            };
            Ok((name, Replies::new(replies)))
        })
        .collect()
}

fn script(host: &SimHost, case: &Case, plan: &Plan, names: &Names) -> Result<(), String> {
    for ((name, replies), (_, target)) in replies(case, plan, names)?.into_iter().zip(plan.places()) {
        host.set_upstream(target.authority.as_str(), &name, replies);
    }
    Ok(())
}

/// Takes one step.
fn host_step(gateway: &Gateway<SimHost>, step: &Step, names: &Names) -> Result<Seen, String> {
    let host = gateway.host();
    let outgoing = step.request.outgoing(names)?;
    let table = &step.request.0;
    let peer = Peer { address: SocketAddr::new(table.peer.unwrap_or(CLIENT), 40_000), secure: table.secure };
    host.fail_store(step.store_fails);
    host.run(host.sleep(step.after.0)).map_err(|deadlock| deadlock.to_string())?;
    let begun = host.tick();
    let leaves = table.leaves.map_or(Tick(u64::MAX), |span| begun + span.0);
    let ended = host
        .run(exchange(gateway, outgoing, peer, begun, leaves))
        .map_err(|deadlock| deadlock.to_string())?;
    let (answer, cause) = match ended {
        Ok(got) => (Some(got), None),
        Err(cause) => (None, Some(cause)),
    };
    let elapsed = Some(host.tick() - begun);
    host.run(settle_all(host)).map_err(|deadlock| deadlock.to_string())?;
    let mut log = host.take_log();
    // Parts of the request have lines of their own.
    log.retain(|line| line["part"] != true);
    if log.len() > 1 {
        return Err(format!("the access log has {} lines for one request", log.len()));
    }
    let log = Some(log.pop().unwrap_or_default());
    Ok(Seen { answer, cause, received: host.take_received(), elapsed, log })
}

/// Does what the answer did not wait for.
async fn settle_all(host: &SimHost) {
    loop {
        let deferred = host.take_deferred();
        if deferred.is_empty() {
            return;
        }
        for work in deferred {
            settle(host, work).await;
        }
    }
}

/// Sends a request and reads the answer, until the client leaves.
async fn exchange(
    gateway: &Gateway<SimHost>,
    outgoing: Outgoing,
    peer: Peer,
    begun: Tick,
    leaves: Tick,
) -> Result<Got, String> {
    let host = gateway.host();
    let request = incoming(outgoing, host)?;
    let mut leaving = pin!(host.sleep_until(leaves));
    let answer = {
        let mut handling = pin!(answer(gateway, request, peer));
        poll_fn(|cx| match handling.as_mut().poll(cx) {
            Poll::Pending => leaving.as_mut().poll(cx).map(|()| None),
            ready => ready.map(Some),
        })
        .await
    };
    let Some(answer) = answer else { return Err("the client went away".to_owned()) };
    let (head, body) = answer.into_parts();
    let mut got = Got { status: head.status.as_u16(), headers: head.headers, ..Got::default() };
    let mut body = pin!(body);
    let mut whole = BytesMut::new();
    loop {
        let frame = poll_fn(|cx| match body.as_mut().poll_frame(cx) {
            Poll::Pending => {
                leaving.as_mut().poll(cx).map(|()| Some(Err(BodyError::Aborted("the client left".into()))))
            }
            ready => ready,
        });
        match frame.await {
            None => break,
            Some(Err(error)) => {
                got.broken = Some(error.to_string());
                break;
            }
            Some(Ok(frame)) => match frame.into_data() {
                Ok(data) => {
                    whole.extend_from_slice(&data);
                    got.pieces.push((host.tick() - begun, data));
                }
                Err(frame) => got.trailers = frame.into_trailers().unwrap_or_default(),
            },
        }
    }
    got.body = whole.freeze();
    Ok(got)
}

/// What a server hands to the gateway: a request that HTTP allows, or else what is wrong with it.
type Incoming = Result<Request<SimStream>, http::request::Parts>;

async fn answer(gateway: &Gateway<SimHost>, request: Incoming, peer: Peer) -> Answer<SimHost> {
    match request {
        Ok(request) => gateway.handle(request, peer).await,
        Err(head) => gateway.refuse(&Failure::from(Problem::BadRequest), &head, peer),
    }
}

/// The request as a server reads it, with the fields that frame it.
fn incoming(outgoing: Outgoing, host: &SimHost) -> Result<Incoming, String> {
    let (mut head, ()) = Request::new(()).into_parts();
    head.method =
        Method::from_bytes(outgoing.method.as_bytes()).map_err(|_| "the method is no token".to_owned())?;
    head.version = outgoing.version;
    for (name, value) in outgoing.headers {
        head.headers.append(name, value);
    }
    let body = outgoing.body;
    match body.as_ref().map(|body| body.announced()) {
        Some(Some(length)) if !head.headers.contains_key(CONTENT_LENGTH) => {
            head.headers.insert(CONTENT_LENGTH, HeaderValue::from(length));
        }
        Some(None) if !head.headers.contains_key(CONTENT_LENGTH) => {
            head.headers.insert(TRANSFER_ENCODING, HeaderValue::from_static("chunked"));
        }
        _ => {}
    }
    let Ok(uri) = Uri::try_from(outgoing.target) else { return Ok(Err(head)) };
    head.uri = uri;
    let stream = body.map_or_else(
        || SimStream::empty(host.clock().clone()),
        |body| SimStream::new(body, host.clock().clone()),
    );
    Ok(Ok(Request::from_parts(head, stream)))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use serde_json::json;

    use super::*;

    fn report(case: serde_json::Value) -> Report {
        let case: Case = serde_json::from_value(case).unwrap();
        let documents = [("case.json".to_owned(), case.config.clone().unwrap())];
        run(&case, "case.json", &documents)
    }

    fn case(steps: serde_json::Value) -> serde_json::Value {
        let config = json!({"upstreams": {"a": {"url": "http://a.test"}}, "routes": [{"id": "a", "auth": "public", "upstream": "a"}]});
        json!({"story": "a story", "config": config, "upstreams": {"a": [{"body": "hi", "delay": "1h"}]}, "steps": steps})
    }

    #[test]
    fn tells_what_was_expected_and_what_there_was() {
        let failing = report(case(json!([{"request": "GET /x", "expect": {"status": 200, "body": "hi"}}])));
        let expected = "FAILED case.json on sim\n  a story\n  step 1: GET /x\n    status\n      - 200\n      + 504\n    body\n      - hi\n";
        assert!(failing.render(false).starts_with(expected), "{}", failing.render(false));
    }

    #[test]
    fn a_wait_without_end_is_told() {
        let never = json!({"request": {"method": "POST", "chunks": [], "end": "stall"}});
        let mut case = case(json!([never]));
        case["config"]["defaults"] = json!({"timeouts": {"request": "off", "idle": "off"}});
        assert!(report(case).render(false).contains("everything waits"));
    }

    #[test]
    fn a_wrong_case_is_told() {
        let mut unknown = case(json!([]));
        unknown["upstreams"]["b"] = json!([]);
        assert!(report(unknown).render(false).contains("the configuration has no upstream \"b\""));
        let mut refused = case(json!([]));
        refused["refused"] = json!({"contains": []});
        assert!(report(refused).render(false).contains("the configuration should be refused, and is not"));
        let mut broken = case(json!([]));
        broken["config"]["routes"][0]["upstream"] = json!("b");
        assert!(
            report(broken)
                .render(false)
                .contains("the configuration is refused:\n  error: there is no upstream")
        );
        let two = case(json!([{"request": {"body": "x", "size": "1B"}}]));
        assert!(report(two).render(false).contains("at most one of body, json, size and chunks"));
    }

    #[test]
    fn the_same_every_time() {
        let case = || {
            let host = SimHost::new(7);
            let mut bytes = [0; 20];
            crate::host::Random::fill(&host, &mut bytes);
            bytes
        };
        assert_eq!(case(), case());
    }
}
