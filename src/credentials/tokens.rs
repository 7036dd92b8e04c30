//! Tokens that the gateway fetched for itself: where they are kept, and fetching them, once for all who wait.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::header::{ACCEPT, AUTHORIZATION, CONTENT_TYPE, HeaderValue};
use http::{HeaderMap, Method};
use quick_cache::sync::Cache;
use sha2::{Digest as _, Sha256};

use super::grant::{self, Granted};
use super::{TokenClient, misconfigured, sealed};
use crate::ask::{Question, ask};
use crate::deadline::Deadline;
use crate::host::{Host, Secret, UnixMillis};
use crate::plan::StorePlan;
use crate::problem::{Failure, Problem};
use crate::transform::{text, variable};

/// How long a token endpoint may take.
const WITHIN: Duration = Duration::from_secs(5);

/// The largest answer of a token endpoint, in bytes: a token of 7 KiB and something around it.
const MOST: usize = 64 * 1024;

/// How long a failure is remembered, in milliseconds, so that those who waited do not fail one after the other.
const FAILURE_LASTS: u64 = 1_000;

/// How many tokens are remembered: far more than there are upstreams.
const MOST_TOKENS: usize = 1_024;

/// What is remembered, where the host remembers anything. Found by a digest of all that was written about the client,
/// its identifier and its secret: where one of them changes, nothing old is used.
pub struct Tokens(Cache<Key, Arc<Outcome>>);

type Key = [u8; 32];

/// What came of fetching a token.
enum Outcome {
    Granted(Granted),
    Failed { cause: String, until: UnixMillis },
}

/// One client, with its secrets read.
struct Client<'a> {
    of: &'a TokenClient,
    id: Secret,
    secret: Secret,
    key: Key,
}

/// A token for `client`, other than `refused`.
pub(super) async fn token<H: Host>(
    host: &H,
    client: &TokenClient,
    store: Option<&StorePlan>,
    refused: Option<&Granted>,
    deadline: Deadline,
) -> Result<Granted, Failure> {
    let client = Client::read(host, client).await?;
    let Some(Tokens(cache)) = host.memory().map(|memory| &memory.tokens) else {
        return fetch(host, &client, store, refused, deadline).await.map_err(unavailable);
    };
    if let Some(outcome) = cache.get(&client.key) {
        match usable(&outcome, refused, host.unix()) {
            Some(result) => return result,
            // Only this very outcome: somebody may have put a better one there already.
            None => drop(cache.remove_if(&client.key, |known| Arc::ptr_eq(known, &outcome))),
        }
    }
    // Whoever comes first fetches; the others wait for what comes of it. If the first goes away, the next takes over.
    let guard = match cache.get_value_or_guard_async(&client.key).await {
        Ok(outcome) => match usable(&outcome, refused, host.unix()) {
            Some(result) => return result,
            None => return fetch(host, &client, store, refused, deadline).await.map_err(unavailable),
        },
        Err(guard) => guard,
    };
    let fetched = fetch(host, &client, store, refused, deadline).await;
    let outcome = match &fetched {
        Ok(granted) => Some(Outcome::Granted(granted.clone())),
        // That this request had no time left says nothing about others.
        Err(_) if deadline.has_passed(host.tick()) => None,
        Err(cause) => {
            let until = UnixMillis(host.unix().0.saturating_add(FAILURE_LASTS));
            Some(Outcome::Failed { cause: cause.clone(), until })
        }
    };
    if let Some(outcome) = outcome {
        // It fails only where the cache was emptied meanwhile.
        let _ = guard.insert(Arc::new(outcome));
    }
    fetched.map_err(unavailable)
}

/// What a remembered outcome means now; `None` where it means nothing any more.
fn usable(outcome: &Outcome, refused: Option<&Granted>, now: UnixMillis) -> Option<Result<Granted, Failure>> {
    match outcome {
        Outcome::Granted(granted) if granted.holds(now) => {
            let is_refused = refused.is_some_and(|refused| refused.token == granted.token);
            (!is_refused).then(|| Ok(granted.clone()))
        }
        Outcome::Failed { cause, until } if now < *until => Some(Err(unavailable(cause.clone()))),
        Outcome::Granted(_) | Outcome::Failed { .. } => None,
    }
}

/// From the store, or else from the token endpoint. The error is for the operator.
async fn fetch<H: Host>(
    host: &H,
    client: &Client<'_>,
    store: Option<&StorePlan>,
    refused: Option<&Granted>,
    deadline: Deadline,
) -> Result<Granted, String> {
    let place = client.place();
    if let Some(store) = store
        // A store that is out of order costs a question more, and nothing else.
        && let Ok(Some(kept)) = host.get(store, &place).await
        && let Some(granted) = sealed::open(&kept, &client.secret, &place)
        && granted.holds(host.unix())
        && refused.is_none_or(|refused| refused.token != granted.token)
    {
        return Ok(granted);
    }
    let granted = request(host, client, deadline).await?;
    let mut random = |bytes: &mut [u8]| host.fill(bytes);
    let sealed = store.and_then(|_| sealed::seal(&granted, &client.secret, &place, &mut random));
    if let (Some(store), Some(sealed)) = (store, sealed) {
        let _ = host.set(store, &place, Bytes::from(sealed)).await;
    }
    Ok(granted)
}

async fn request<H: Host>(host: &H, client: &Client<'_>, deadline: Deadline) -> Result<Granted, String> {
    let asked = grant::ask(&client.of.grant, client.id.expose(), &client.secret)
        .ok_or("the client's identifier and secret cannot be sent in a header field")?;
    let mut headers = HeaderMap::new();
    headers.insert(ACCEPT, HeaderValue::from_static("application/json"));
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/x-www-form-urlencoded"));
    headers.extend(asked.authorization.map(|value| (AUTHORIZATION, value)));
    let question = Question {
        method: Method::POST,
        headers,
        body: asked.body.into(),
        deadline,
        ..Question::get(&client.of.endpoint, WITHIN, MOST)
    };
    let now = host.unix();
    let answer = ask(host, question).await.map_err(|error| error.cause)?;
    grant::read(answer.status().is_success(), answer.body(), now).map_err(|error| error.to_string())
}

fn unavailable(cause: String) -> Failure {
    Failure::from(Problem::UpstreamCredentials).cause(cause)
}

// === impl Client ===

impl<'a> Client<'a> {
    async fn read<H: Host>(host: &H, of: &'a TokenClient) -> Result<Self, Failure> {
        let (id, secret) = (text(host, &of.client).await?, variable(host, &of.secret).await?);
        if secret.expose().is_empty() {
            return Err(misconfigured(&format!("the variable {} is empty", of.secret)));
        }
        let mut digest = Sha256::new_with_prefix(of.fingerprint);
        for part in [&id, &secret] {
            digest.update((part.expose().len() as u64).to_be_bytes());
            digest.update(part.expose());
        }
        Ok(Self { of, id, secret, key: digest.finalize().into() })
    }

    /// Where it is kept in a store.
    fn place(&self) -> String {
        self.key.iter().take(16).fold(String::from("tollgate/token/"), |mut place, byte| {
            use std::fmt::Write as _;
            let _ = write!(place, "{byte:02x}");
            place
        })
    }
}

// === impl Tokens ===

impl Default for Tokens {
    fn default() -> Self {
        Self(Cache::new(MOST_TOKENS))
    }
}

impl std::fmt::Debug for Tokens {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("Tokens").field(&self.0.len()).finish()
    }
}
