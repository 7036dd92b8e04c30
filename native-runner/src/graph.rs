//! The steps of a composed route as they are drawn: in columns, each step to the right of all that it waits for.

use tollgate::compose::{Compose, Fallback, List, Place, Step};
use tollgate::merge;
use tollgate::plan::{Action, Plan, Route};

mod layout;
pub mod mermaid;
pub mod svg;

/// What is drawn.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Graph {
    /// The route's id.
    pub route: String,
    /// What clients ask for.
    pub asked: String,
    /// The steps, in the order of the configuration.
    pub steps: Vec<Drawn>,
}

/// A step, as it is drawn.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Drawn {
    /// Its name.
    pub name: String,
    /// What is asked: `GET orders /orders/{id}`.
    pub asks: String,
    /// What else is said of it, a line each.
    pub notes: Vec<String>,
    /// The answer may be there without it.
    pub optional: bool,
    /// It is asked only where another fails.
    pub spare: bool,
    /// Where its answer goes; `None` for nowhere.
    pub into: Option<String>,
    /// The indices of the steps that it waits for.
    pub needs: Vec<usize>,
    /// The index of the step that stands in for it.
    pub stand_in: Option<usize>,
    /// Its column, from 0.
    pub column: usize,
}

// === impl Graph ===

impl Graph {
    /// The steps of `compose`, which `route` does.
    pub fn of(plan: &Plan, route: &Route, compose: &Compose) -> Self {
        let columns = columns(compose);
        let steps = compose.steps.iter().zip(&columns);
        let steps = steps.map(|(step, column)| drawn(plan, compose, step, *column)).collect();
        let methods = route.methods.listed.iter().map(|method| method.as_str()).collect::<Vec<_>>();
        let methods = if methods.is_empty() { "any method".to_owned() } else { methods.join(" ") };
        Self { route: route.id.to_string(), asked: format!("{methods} {}", route.pattern), steps }
    }

    /// What the step with this index answers for another's place: where that goes, which is where its answer goes.
    pub fn stands_for(&self, index: usize) -> Option<&str> {
        self.steps.iter().find(|step| step.stand_in == Some(index))?.into.as_deref()
    }

    /// How many columns there are.
    pub fn columns(&self) -> usize {
        self.steps.iter().map(|step| step.column + 1).max().unwrap_or(1)
    }

    /// The indices of the steps that no other step waits for or stands in for: the answer is made when they have ended.
    pub fn last(&self) -> impl Iterator<Item = usize> {
        let awaited = |index: &usize| self.steps.iter().any(|step| step.needs.contains(index));
        (0..self.steps.len()).filter(move |index| !awaited(index) && !self.steps[*index].spare)
    }
}

/// The column of each step: one more than the last of those that it waits for. The plan has no circles.
fn columns(compose: &Compose) -> Vec<usize> {
    let mut columns = vec![0; compose.steps.len()];
    // Each round settles at least one more step, so that as many rounds as there are steps are enough.
    for _ in 0..compose.steps.len() {
        for (index, step) in compose.steps.iter().enumerate() {
            let after = step.needs.iter().map(|need| columns[*need] + 1).max().unwrap_or(0);
            columns[index] = columns[index].max(after);
            if let Some(Fallback::Step(spare)) = &step.fallback {
                columns[*spare] = columns[*spare].max(columns[index] + 1);
            }
        }
    }
    columns
}

fn drawn(plan: &Plan, compose: &Compose, step: &Step, column: usize) -> Drawn {
    let upstream = plan.routes.get(step.route).and_then(|route| match &route.action {
        Action::Proxy(proxy) => plan.upstreams.get(proxy.upstream),
        _ => None,
    });
    let upstream = upstream.map_or("", |upstream| &upstream.name);
    Drawn {
        name: step.name.to_string(),
        asks: format!("{} {upstream} {}", step.request.method, step.request.path),
        notes: notes(compose, step),
        optional: !step.required,
        spare: step.spare,
        into: match &step.place {
            Place::Hidden => None,
            Place::Into(merge::Place::Top) => Some("the top".to_owned()),
            Place::Into(merge::Place::At(names)) => Some(names.join(".")),
            Place::Attached(name) => Some(format!("each element, as {name}")),
        },
        needs: step.needs.to_vec(),
        stand_in: match &step.fallback {
            Some(Fallback::Step(index)) => Some(*index),
            _ => None,
        },
        column,
    }
}

/// What a reader wants to know beside who asks whom.
fn notes(compose: &Compose, step: &Step) -> Vec<String> {
    let mut notes = Vec::new();
    if let Some(when) = &step.when {
        notes.push(format!("when {}", when.source()));
    }
    if let Some(each) = &step.each {
        let list = match &each.list {
            List::Made(expression) => expression.source().to_owned(),
            List::At(index, path) => {
                let name = compose.steps.get(*index).map_or("", |step| &*step.name);
                path.as_ref().map_or_else(|| name.to_owned(), |path| format!("{name}.{path}"))
            }
        };
        let size = each.batch.as_ref().map(|batch| format!(", {} a request", batch.size)).unwrap_or_default();
        notes.push(format!("for each of {list}"));
        notes.push(format!("up to {}{size}, {} at once", each.most, each.at_once));
    }
    if let Some(timeout) = step.timeout {
        notes.push(format!("within {timeout:?}"));
    }
    match &step.fallback {
        Some(Fallback::Json(value)) => {
            let text = value.to_text();
            let short: String = text.chars().take(20).collect();
            notes.push(format!("else {short}{}", if short.len() < text.len() { "…" } else { "" }));
        }
        Some(Fallback::Step(_)) | None if step.required => {}
        Some(Fallback::Step(_)) | None => notes.push("optional".to_owned()),
    }
    notes
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    /// A user, whose orders may be missing, and come from elsewhere where they fail.
    pub fn graph() -> Graph {
        let step = |name: &str, asks: &str, needs: &[usize], column: usize| Drawn {
            name: name.to_owned(),
            asks: asks.to_owned(),
            notes: Vec::new(),
            optional: false,
            spare: false,
            into: Some(name.to_owned()),
            needs: needs.to_vec(),
            stand_in: None,
            column,
        };
        let user = step("user", "GET users /users/{user}", &[], 0);
        let orders = step("orders", "GET orders /orders", &[0], 1);
        let notes = vec!["when size(<a>) == \"#\"".to_owned()];
        let orders = Drawn { notes, optional: true, stand_in: Some(2), ..orders };
        let backup = Drawn { spare: true, into: None, ..step("backup", "GET archive /", &[], 2) };
        Graph {
            route: "dashboard".to_owned(),
            asked: "GET /dashboard/{user}".to_owned(),
            steps: vec![user, orders, backup],
        }
    }

    #[test]
    fn the_answer_waits_for_what_nobody_else_waits_for() {
        assert_eq!(graph().last().collect::<Vec<_>>(), [1]);
        assert_eq!(graph().columns(), 3);
    }
}
