//! What is kept of answers, for operators, and purging it.

use bytes::Bytes;
use http::request::Parts;
use http::{Method, Request, StatusCode};
use serde_json::{Value, json};
use tollgate::cache::purge;
use tollgate::deadline::Deadline;
use tollgate::host::Remember as _;

use super::usage::Counted;
use super::{Done, Managed, Problem, Reply, for_operator, invalid, json_of, json_reply};

/// Whether the path is one of the cache's.
pub fn is_cache(path: &str) -> bool {
    matches!(path, "/cache" | "/cache/purge")
}

/// Answers a request about what is kept.
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
        let text = "a component keeps answers in its stores, and purges them itself: see [caching.purge]";
        return Err(Problem(StatusCode::NOT_IMPLEMENTED, text.to_owned()));
    };
    match (&head.method, head.uri.path()) {
        (&Method::GET, "/cache") => Ok(json_reply(StatusCode::OK, &shown(&counted).await)),
        (&Method::POST, "/cache/purge") => purge(&counted, &json_of(head, body).await?).await,
        (_, path) => {
            let methods = if path == "/cache" { "GET" } else { "POST" };
            Err(Problem(StatusCode::METHOD_NOT_ALLOWED, methods.to_owned()))
        }
    }
}

async fn purge(counted: &Counted, order: &[u8]) -> Done {
    let Counted { plan, host } = counted;
    let order = purge::read(order, plan).map_err(|wrong| invalid(&wrong))?;
    let done = purge::purge(host, &plan.caching, &order, Deadline::never()).await;
    let said = purge::report(&plan.caching, &order, &done);
    let said = said.map_err(|incomplete| {
        tracing::warn!("operator: not everything could be purged: {}", incomplete.causes);
        Problem(StatusCode::SERVICE_UNAVAILABLE, incomplete.to_string())
    })?;
    tracing::info!("operator: purged: {said}");
    Ok(json_reply(StatusCode::OK, &said))
}

/// What every place has. Stores do not say how much that is: none of them can count what is the cache's.
async fn shown(counted: &Counted) -> Value {
    let Counted { plan, host } = counted;
    let caching = &plan.caching;
    let memory = host.memory().map(|memory| {
        let cache = &memory.cache;
        json!({
            "place": "memory", "entries": cache.entries(), "bytes": cache.bytes(), "purges": cache.purged().count(),
        })
    });
    let mut places: Vec<_> = memory.into_iter().collect();
    for store in &caching.stores {
        let known = purge::known(host, caching, store, Deadline::never()).await;
        places.push(match known {
            Ok(purges) => json!({ "place": store.label, "purges": purges.count() }),
            Err(error) => json!({ "place": store.label, "error": error.cause }),
        });
    }
    json!({ "places": places })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_cache_has_two_paths() {
        assert!(is_cache("/cache") && is_cache("/cache/purge"));
        for path in ["/cache/", "/caches", "/cache/purge/", "/cache/a"] {
            assert!(!is_cache(path), "{path}");
        }
    }
}
