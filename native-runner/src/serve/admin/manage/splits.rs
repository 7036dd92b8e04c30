//! Weights of splits, which operators set while the gateway runs, and what mirrors answered.

use std::collections::BTreeMap;

use bytes::Bytes;
use http::request::Parts;
use http::{Method, Request, StatusCode};
use serde::Deserialize;
use serde_json::{Map, Value, json};
use tollgate::deadline::Deadline;
use tollgate::host::Remember as _;
use tollgate::live;
use tollgate::migration::{Mirror, Split};
use tollgate::plan::{Action, Plan, Proxy};

use super::usage::Counted;
use super::{Done, Managed, Problem, Reply, for_operator, json_reply, read};

/// Weights that are set: those of upstreams that are not named are as they are written.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Written {
    weights: BTreeMap<Box<str>, u32>,
}

/// What a path is about.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Subject {
    Splits,
    Split(String),
    Mirror(String),
}

/// Whether the path is one of a split's or a mirror's.
pub fn is_of_routes(path: &str) -> bool {
    subject(path).is_some()
}

/// Ids of routes may have slashes in them.
fn subject(path: &str) -> Option<Subject> {
    let route = |rest: &str| percent_encoding::percent_decode_str(rest).decode_utf8_lossy().into_owned();
    match path.strip_prefix("/splits") {
        Some("") => Some(Subject::Splits),
        Some(rest) => Some(Subject::Split(route(rest.strip_prefix('/')?))),
        None => Some(Subject::Mirror(route(path.strip_prefix("/mirror/")?))),
    }
}

/// Answers a request about splits and mirrors.
pub async fn answer<B>(managed: Managed, counted: Option<Counted>, request: Request<B>) -> Reply
where
    B: http_body::Body<Data = Bytes> + Unpin,
{
    let (head, body) = request.into_parts();
    for_operator(&managed, &head.headers, perform(counted, &head, body)).await
}

async fn perform<B>(counted: Option<Counted>, head: &Parts, body: B) -> Done
where
    B: http_body::Body<Data = Bytes> + Unpin,
{
    let Some(counted) = counted else {
        let text =
            "a component's weights are in the live document, and a native server sets them: see [live]";
        return Err(Problem(StatusCode::NOT_IMPLEMENTED, text.to_owned()));
    };
    let Some(subject) = subject(head.uri.path()) else {
        return Err(nothing("there is nothing at this address"));
    };
    match (&head.method, subject) {
        (&Method::GET, Subject::Splits) => {
            let mut all = Map::new();
            for route in &counted.plan.routes {
                if split_of(&counted.plan, &route.id).is_some() {
                    all.insert(route.id.to_string(), shown(&counted, &route.id).await?);
                }
            }
            Ok(json_reply(StatusCode::OK, &Value::Object(all)))
        }
        (&Method::GET, Subject::Split(route)) => {
            Ok(json_reply(StatusCode::OK, &shown(&counted, &route).await?))
        }
        (&Method::PUT, Subject::Split(route)) => {
            let Written { weights } = read(head, body).await?;
            set(&counted, &route, weights).await
        }
        (&Method::DELETE, Subject::Split(route)) => set(&counted, &route, BTreeMap::new()).await,
        (&Method::GET, Subject::Mirror(route)) => mirror(&counted, &route),
        (_, Subject::Split(_)) => Err(Problem(StatusCode::METHOD_NOT_ALLOWED, "GET, PUT, DELETE".to_owned())),
        _ => Err(Problem(StatusCode::METHOD_NOT_ALLOWED, "GET".to_owned())),
    }
}

fn nothing(text: &str) -> Problem {
    Problem(StatusCode::NOT_FOUND, text.to_owned())
}

fn proxy_of<'a>(plan: &'a Plan, id: &str) -> Option<&'a Proxy> {
    let route = plan.routes.iter().find(|route| *route.id == *id)?;
    match &route.action {
        Action::Proxy(proxy) => Some(proxy),
        _ => None,
    }
}

fn split_of<'a>(plan: &'a Plan, id: &str) -> Option<&'a Split> {
    proxy_of(plan, id)?.split.as_ref()
}

fn mirror_of<'a>(plan: &'a Plan, id: &str) -> Option<&'a Mirror> {
    proxy_of(plan, id)?.mirror.as_ref()
}

/// The weights of a split: in force, as they are written, and their bounds.
async fn shown(counted: &Counted, id: &str) -> Result<Value, Problem> {
    let Counted { plan, host } = counted;
    let split = split_of(plan, id).ok_or_else(|| nothing("there is no such split"))?;
    let document = match &plan.live {
        Some(live) => live::read(host, live, Deadline::never()).await,
        None => None,
    };
    let of_memory = host.memory().and_then(|memory| memory.migration.weights_of(id));
    let set = match &plan.live {
        Some(_) => document.as_ref().and_then(|document| document.weights_of(id)),
        None => of_memory.as_deref(),
    };
    let weights = split.weights(set).zip(&split.parts).map(|(weight, part)| {
        let said = json!({
            "weight": weight, "written": part.weight, "min": part.bounds.0, "max": part.bounds.1,
        });
        (part.name.to_string(), said)
    });
    Ok(json!({ "route": id, "weights": weights.collect::<Map<_, _>>(), "shared": plan.live.is_some() }))
}

/// Sets the weights of a split: in the live document, where there is one, else for this process until it ends.
async fn set(counted: &Counted, id: &str, weights: BTreeMap<Box<str>, u32>) -> Done {
    let Counted { plan, host } = counted;
    let split = split_of(plan, id).ok_or_else(|| nothing("there is no such split"))?;
    within_bounds(split, &weights)?;
    match (&plan.live, host.memory()) {
        (Some(live), _) => {
            let changed = live::change(host, live, Deadline::never(), |document| {
                if weights.is_empty() {
                    document.weights.remove(id);
                } else {
                    document.weights.insert(id.into(), weights.clone());
                }
            });
            changed.await.map_err(|error| Problem(StatusCode::SERVICE_UNAVAILABLE, error.cause))?;
        }
        (None, Some(memory)) => memory.migration.set_weights(id, weights.clone()),
        (None, None) => {}
    }
    tracing::info!("operator: the weights of the split of {id} are {weights:?}");
    Ok(json_reply(StatusCode::OK, &shown(counted, id).await?))
}

fn within_bounds(split: &Split, weights: &BTreeMap<Box<str>, u32>) -> Result<(), Problem> {
    let refuse = |text: String| Err(Problem(StatusCode::UNPROCESSABLE_ENTITY, text));
    for (name, weight) in weights {
        let Some(part) = split.parts.iter().find(|part| part.name == *name) else {
            return refuse(format!("\"{name}\" is no upstream that shares requests by weight here"));
        };
        let (min, max) = part.bounds;
        if !(min..=max).contains(weight) {
            return refuse(match min == max {
                true => {
                    format!("the weight of \"{name}\" is {min}: the configuration has no min and max for it")
                }
                false => format!("the weight of \"{name}\" is {min} to {max}, not {weight}"),
            });
        }
    }
    let weight = |part: &tollgate::migration::Part| weights.get(&part.name).copied().unwrap_or(part.weight);
    if split.parts.iter().all(|part| weight(part) == 0) {
        return refuse("nobody would have any requests: some weight must be more than 0".to_owned());
    }
    Ok(())
}

/// What came of the requests to a mirror, and the last ones whose answers differed.
fn mirror(counted: &Counted, id: &str) -> Done {
    let Counted { plan, host } = counted;
    if mirror_of(plan, id).is_none() {
        return Err(nothing("there is no such mirror"));
    }
    let Some(memory) = host.memory() else { return Err(nothing("nothing is remembered")) };
    let shadow = memory.migration.shadow(id);
    let results = shadow.results().map(|(result, count)| (result.name().to_owned(), count.into()));
    let said =
        json!({ "route": id, "results": results.collect::<Map<_, _>>(), "differences": shadow.samples() });
    Ok(json_reply(StatusCode::OK, &said))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn ids_of_routes_have_slashes() {
        assert_eq!(subject("/splits"), Some(Subject::Splits));
        assert_eq!(subject("/splits/shop/v2"), Some(Subject::Split("shop/v2".to_owned())));
        assert_eq!(subject("/splits/shop%2Fv2"), Some(Subject::Split("shop/v2".to_owned())));
        assert_eq!(subject("/mirror/shop"), Some(Subject::Mirror("shop".to_owned())));
        for path in ["/split/a", "/splitsa", "/mirror", "/keys"] {
            assert_eq!(subject(path), None, "{path}");
        }
    }
}
