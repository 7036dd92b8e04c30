//! What a consumer has left of its limits, for operators, and giving it back.

use std::sync::Arc;

use http::{Method, Request, StatusCode};
use tollgate::auth::consumer::Consumer;
use tollgate::host::UnixMillis;
use tollgate::limit::usage;
use tollgate::plan::Plan;

use super::{Done, Managed, Problem, Reply, for_operator, json_reply, name};
use crate::host::NativeHost;

/// What counts, and by which plan.
#[derive(Debug)]
pub struct Counted {
    /// The plan in force.
    pub plan: Arc<Plan>,
    /// A host whose stores are those of all workers.
    pub host: NativeHost,
}

/// The consumer, as the path has it, that `/consumers/NAME/usage` is about.
pub fn consumer(path: &str) -> Option<String> {
    let (name, usage) = path.strip_prefix("/consumers/")?.split_once('/')?;
    (usage == "usage").then(|| name.to_owned())
}

/// Answers a request about what a consumer has left.
pub async fn answer<B>(
    managed: Managed,
    counted: Option<Counted>,
    id: &str,
    request: Request<B>,
    now: UnixMillis,
) -> Reply {
    let (head, _) = request.into_parts();
    for_operator(&managed, &head.headers, perform(&managed, counted, id, &head.method, now)).await
}

async fn perform(
    managed: &Managed,
    counted: Option<Counted>,
    id: &str,
    method: &Method,
    now: UnixMillis,
) -> Done {
    let Some(Counted { plan, host }) = counted else {
        let text = "a component's counts are in its stores, and nobody else looks at them";
        return Err(Problem(StatusCode::NOT_IMPLEMENTED, text.to_owned()));
    };
    let consumer = find(managed, &plan, &name(id)?, now).await?;
    match *method {
        Method::GET => Ok(json_reply(StatusCode::OK, &usage::report_of(&host, &plan, consumer, now).await)),
        Method::DELETE => {
            let name = consumer.id.clone();
            let said = usage::give_back(&host, &plan, consumer, now).await;
            let said = said.map_err(|error| Problem(StatusCode::SERVICE_UNAVAILABLE, error.cause))?;
            tracing::info!("operator: the consumer {name} gets back what it used");
            Ok(json_reply(StatusCode::OK, &said))
        }
        _ => Err(Problem(StatusCode::METHOD_NOT_ALLOWED, "GET, DELETE".to_owned())),
    }
}

/// As requests find it: in the configuration first, then in the store.
async fn find(managed: &Managed, plan: &Plan, id: &str, now: UnixMillis) -> Result<Arc<Consumer>, Problem> {
    if let Some(consumer) = plan.auth.consumers.consumer(id) {
        return Ok(Arc::clone(consumer));
    }
    let stored = match &managed.register {
        Some(register) => register.consumer(id, now).await?,
        None => None,
    };
    stored.map(Arc::new).ok_or_else(|| Problem(StatusCode::NOT_FOUND, "there is no such consumer".to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn usage_is_under_a_consumer() {
        assert_eq!(consumer("/consumers/acme/usage").as_deref(), Some("acme"));
        for path in ["/consumers/acme", "/consumers/acme/usage/", "/consumers/a/b/usage", "/keys/a/usage"] {
            assert_eq!(consumer(path), None, "{path}");
        }
    }
}
