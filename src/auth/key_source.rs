//! Documents that somebody else publishes and the gateway lives by: an issuer's keys, and what it says of itself.
//!
//! What was fetched is kept in a [`Record`](record::Record): in the host's memory where it has any, and in the key-value
//! store, which a fleet of instances shares. [`life::decide`] says what to do with it; [`keeper`] does it, and lets one
//! fetch go on at a time.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::StatusCode;
use http::header::{ACCEPT, HeaderValue};

pub mod document;
pub mod freshness;
pub mod keeper;
pub mod life;
pub mod record;
pub mod slots;

pub use document::Keys;

use super::discovery::{Endpoint as Named, Metadata};
use super::origin::Origins;
use crate::ask::{Question, ask};
use crate::host::Host;
use crate::plan::{Endpoint, StorePlan};
use document::Document;
use keeper::{Keeper, Step};
use life::Life;

/// A key set that is fetched.
#[derive(Debug)]
pub struct Source {
    /// Who publishes it.
    pub place: Place,
    /// How long it lives.
    pub life: Life,
    /// The largest set, in bytes.
    pub limit: usize,
    /// A digest of all that it depends on.
    pub id: [u8; 32],
}

/// Who publishes a key set.
#[derive(Debug)]
pub enum Place {
    /// It stands at an address.
    Address(Endpoint),
    /// An issuer says where it stands.
    Provider(Provider),
}

/// An issuer that says of itself what it has.
#[derive(Debug)]
pub struct Provider {
    /// The issuer, which its document must name.
    pub issuer: Box<str>,
    /// Where the document is.
    pub document: Endpoint,
    /// Whom it may name.
    pub origins: Origins,
    /// How long the document lives.
    pub life: Life,
    /// A digest of all that it depends on.
    pub id: [u8; 32],
}

/// There is nothing that may be used.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unavailable {
    /// For the operator.
    pub cause: String,
}

/// How often somebody who waits for another's fetch looks again.
const LOOK_AGAIN: Duration = Duration::from_millis(50);

/// The key set of `source`, where there is one in memory that is good as it is: no waiting, no fetching.
pub fn ready<H: Host>(host: &H, source: &Source) -> Option<Arc<Keys>> {
    Keeper::<Keys>::of(None, &source.id, &source.life, &()).ready(host)
}

/// The key set of `source`. Whoever has looked for a key in vain gives the generation of the set in which it is not as
/// `beyond`, and gets another set where there is one; else the same again.
pub async fn key_set<H: Host>(
    host: &H,
    store: Option<&StorePlan>,
    source: &Source,
    beyond: Option<u64>,
) -> Result<Arc<Keys>, Unavailable> {
    let keeper = Keeper::<Keys>::of(store, &source.id, &source.life, &());
    loop {
        match keeper.step(host, beyond).await {
            Step::Ready(set) => return Ok(set),
            Step::Unavailable(cause) => return Err(Unavailable { cause }),
            Step::Later => host.sleep_until(host.tick() + LOOK_AGAIN).await,
            Step::Fetch(flight) => {
                // Rare and large: who finds the keys in memory must not carry it along.
                let fetched = Box::pin(fetch_set(host, store, source)).await;
                return keeper.land(host, flight, fetched).await;
            }
        }
    }
}

/// What `provider` says of itself.
pub async fn metadata<H: Host>(
    host: &H,
    store: Option<&StorePlan>,
    provider: &Provider,
) -> Result<Arc<Metadata>, Unavailable> {
    let keeper = Keeper::<Metadata>::of(store, &provider.id, &provider.life, provider);
    loop {
        match keeper.step(host, None).await {
            Step::Ready(metadata) => return Ok(metadata),
            Step::Unavailable(cause) => return Err(Unavailable { cause }),
            Step::Later => host.sleep_until(host.tick() + LOOK_AGAIN).await,
            Step::Fetch(flight) => {
                let fetched =
                    fetch::<_, Metadata>(host, &provider.document, &provider.life, Metadata::LIMIT).await;
                return keeper.land(host, flight, fetched).await;
            }
        }
    }
}

/// Fetches `source` again where that is due, so that no request has to wait for it. For hosts that keep memory.
pub async fn refresh<H: Host>(host: &H, store: Option<&StorePlan>, source: &Source) {
    if let Place::Provider(provider) = &source.place {
        let keeper = Keeper::<Metadata>::of(store, &provider.id, &provider.life, provider);
        if let Some(flight) = keeper.due(host).await {
            let fetched =
                fetch::<_, Metadata>(host, &provider.document, &provider.life, Metadata::LIMIT).await;
            // Whoever needs it is told.
            let _ = keeper.land(host, flight, fetched).await;
        }
    }
    let keeper = Keeper::<Keys>::of(store, &source.id, &source.life, &());
    if let Some(flight) = keeper.due(host).await {
        let fetched = fetch_set(host, store, source).await;
        let _ = keeper.land(host, flight, fetched).await;
    }
}

/// A document that was fetched, and how long it is fresh.
type Fetched = Result<(Bytes, Duration), String>;

async fn fetch_set<H: Host>(host: &H, store: Option<&StorePlan>, source: &Source) -> Fetched {
    match &source.place {
        Place::Address(endpoint) => fetch::<_, Keys>(host, endpoint, &source.life, source.limit).await,
        Place::Provider(provider) => {
            let metadata = metadata(host, store, provider).await.map_err(|error| error.cause)?;
            let address = metadata.endpoint(Named::Jwks).map_err(|fault| fault.to_string())?;
            fetch::<_, Keys>(host, &address.endpoint, &source.life, source.limit).await
        }
    }
}

async fn fetch<H: Host, D: Document>(host: &H, endpoint: &Endpoint, life: &Life, limit: usize) -> Fetched {
    let mut question = Question::get(endpoint, life.timeout, limit);
    question.headers.insert(ACCEPT, HeaderValue::from_static(D::ACCEPT));
    let answer = ask(host, question).await.map_err(|error| error.cause)?;
    if answer.status() != StatusCode::OK {
        return Err(format!("{} answers {}", endpoint.target.authority, answer.status().as_u16()));
    }
    let lifetime = freshness::lifetime(answer.headers(), life.refresh);
    Ok((answer.into_body(), lifetime))
}

// === impl Unavailable ===

impl fmt::Display for Unavailable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.cause)
    }
}

impl std::error::Error for Unavailable {}
