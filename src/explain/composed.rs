//! What a request comes to that is answered with several answers: what is asked at once, and what waits.

use serde::Serialize;

use super::host::{Recorded, Sending};
use super::outcome::{Field, Waits, address, content, fields, target};
use crate::compose::{Compose, Fallback, Step};
use crate::plan::{Action, Plan};

/// Several requests, of whose answers one is made.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Composed {
    /// What is asked before anything is answered.
    pub asked: Vec<PartSent>,
    /// The steps that are not asked then.
    pub later: Vec<Later>,
    /// Whether it is a client's batch: then parts are missing that the gateway answers by itself, and those that wait until less
    /// is under way.
    pub batch: bool,
    /// How many requests are under way at once.
    pub at_once: usize,
    /// How long all of it may take.
    pub timeouts: Waits,
}

/// What an upstream gets.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct PartSent {
    /// The step that it is sent for, or the id of the route that takes this part of a batch.
    pub part: String,
    /// The upstream's name.
    pub upstream: String,
    /// Its address.
    pub address: String,
    /// The method.
    pub method: String,
    /// Path and query.
    pub target: String,
    /// Header fields; `${name}` stands for a variable, and identifiers are examples.
    pub headers: Vec<Field>,
    /// The content; its beginning, where it is long.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub content: Option<String>,
}

/// A step that is not asked at first.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Later {
    /// The step.
    pub step: String,
    /// The upstream's name.
    pub upstream: String,
    /// The method.
    pub method: String,
    /// Path and query, as they are written: what they come to is not known before.
    pub target: String,
    /// The steps that must have ended before.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub needs: Vec<String>,
    /// Why, in words.
    pub why: String,
}

/// What was asked; `asked` says what is asked where nobody answers. `None` for a request that is answered otherwise.
pub(super) fn of(plan: &Plan, recorded: &Recorded, asked: impl FnOnce() -> Vec<Sending>) -> Option<Composed> {
    let route = plan.routes.get(recorded.route?).filter(|_| !recorded.sent.is_empty())?;
    let (at_once, compose) = match &route.action {
        Action::Compose(compose) => (compose.at_once, Some(compose)),
        Action::Batch(batch) => (batch.at_once, None),
        _ => return None,
    };
    let sent = asked();
    let is_sent = |step: &Step| sent.iter().any(|sending| sending.route == Some(step.route));
    let later = compose.map_or_else(Vec::new, |compose| {
        let steps = compose.steps.iter().filter(|step| !is_sent(step));
        steps.map(|step| later(plan, compose, step, sent.len())).collect()
    });
    let asked = sent.iter().map(|sending| part(plan, compose.map(|it| &**it), sending));
    let batch = compose.is_none();
    Some(Composed { asked: asked.collect(), later, batch, at_once, timeouts: Waits::from(&route.patience) })
}

fn part(plan: &Plan, compose: Option<&Compose>, sending: &Sending) -> PartSent {
    let step = compose.and_then(|it| it.steps.iter().find(|step| sending.route == Some(step.route)));
    let route = sending.route.and_then(|route| plan.routes.get(route));
    let upstream = &plan.upstreams[sending.upstream];
    PartSent {
        part: step
            .map_or_else(|| route.map(|it| &it.id), |step| Some(&step.name))
            .map(ToString::to_string)
            .unwrap_or_default(),
        upstream: upstream.name.to_string(),
        address: address(upstream),
        method: sending.head.method.to_string(),
        target: target(&sending.head),
        headers: fields(&sending.head.headers),
        content: content(&sending.content),
    }
}

fn later(plan: &Plan, compose: &Compose, step: &Step, under_way: usize) -> Later {
    let upstream = plan.routes.get(step.route).and_then(|route| match &route.action {
        Action::Proxy(proxy) => plan.upstreams.get(proxy.upstream),
        _ => None,
    });
    let name = |index: &usize| compose.steps.get(*index).map(|step| step.name.to_string());
    let needs: Vec<String> = step.needs.iter().filter_map(name).collect();
    let index = compose.steps.iter().position(|other| std::ptr::eq(other, step));
    let stands_in =
        |other: &&Step| matches!(other.fallback, Some(Fallback::Step(spare)) if Some(spare) == index);
    let why = match compose.steps.iter().find(stands_in) {
        Some(other) => format!("only if {} fails", other.name),
        None if !needs.is_empty() => format!("when {} has ended", needs.join(", ")),
        None if under_way >= compose.at_once => {
            "when something else has ended: so many are asked at once".to_owned()
        }
        None if step.when.is_some() => {
            "not asked: its condition does not hold, or its request cannot be made".to_owned()
        }
        None => "not asked: there is nothing to ask it for, or its request cannot be made".to_owned(),
    };
    Later {
        step: step.name.to_string(),
        upstream: upstream.map(|upstream| upstream.name.to_string()).unwrap_or_default(),
        method: step.request.method.to_string(),
        target: written(step),
        needs,
        why,
    }
}

/// Path and query as they are written.
pub fn written(step: &Step) -> String {
    let mut text = step.request.path.to_string();
    for (at, (name, value)) in step.request.query.iter().enumerate() {
        text.push_str(&format!("{}{name}={value}", if at == 0 { "?" } else { "&" }));
    }
    text
}
