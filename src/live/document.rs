//! The document: endpoints that were found, and weights that were set.
//!
//! It is JSON, so that an operator can read it and write it by hand. It is untrusted all the same: it is held to bounds, and
//! what is not of this form is not read at all.

use std::collections::BTreeMap;

use bytes::Bytes;
use serde::{Deserialize, Serialize};

/// The largest document in bytes: a component reads it once a request, and it fits one value of every store that is known
/// (Spin's on Azure Cosmos DB takes 2 MiB, on DynamoDB 400 KB).
pub const LARGEST: usize = 384 << 10;

/// The most endpoints of all upstreams together: a component parses them in a few milliseconds.
pub const MOST_TARGETS: usize = 2_000;

/// The most upstreams, and the most routes, that it may speak of.
const MOST_NAMES: usize = 1_000;

/// The most weights of one route: a split has no more parts.
const MOST_WEIGHTS: usize = 64;

/// The longest text in it: a host name (RFC 1035 section 2.3.4).
const LONGEST: usize = 255;

/// The version of its form.
const VERSION: u32 = 1;

/// What was found out and set while gateways ran.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Document {
    /// Grows with each change.
    pub serial: u64,
    /// Where upstreams are, by their names.
    pub endpoints: BTreeMap<Box<str>, Endpoints>,
    /// The weights of splits, by the ids of their routes and the names of their upstreams.
    pub weights: BTreeMap<Box<str>, BTreeMap<Box<str>, u32>>,
}

/// Where an upstream is.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Endpoints {
    /// Grows with each change of them.
    #[serde(default)]
    pub serial: u64,
    /// Who found them.
    #[serde(default)]
    pub source: Box<str>,
    /// When, in milliseconds since 1970.
    #[serde(default)]
    pub at: u64,
    /// Where they are.
    pub targets: Vec<Endpoint>,
}

/// An address of an upstream; how it is spoken to is the upstream's to say.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Endpoint {
    /// Name or address, without brackets.
    pub host: Box<str>,
    /// Port.
    pub port: u16,
    /// What tells it apart; `None` for host and port.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<Box<str>>,
    /// Its share of requests; `None` for 1.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub weight: Option<u32>,
    /// Its tier; `None` for 0.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub priority: Option<u32>,
    /// Where it runs.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub zone: Option<Box<str>>,
}

/// Why a document cannot be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unreadable {
    /// Not of this form.
    Form,
    /// Of another version of it.
    Version,
    /// Beyond a bound.
    Bounds,
}

/// The version alone, whatever stands beside it.
#[derive(Deserialize)]
struct Versioned {
    version: u32,
}

/// The document as it stands in a store.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Written {
    version: u32,
    #[serde(default)]
    serial: u64,
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    endpoints: BTreeMap<Box<str>, Endpoints>,
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    weights: BTreeMap<Box<str>, BTreeMap<Box<str>, u32>>,
}

// === impl Document ===

impl Document {
    /// Reads what stands in a store.
    ///
    /// # Errors
    /// Why it cannot be read.
    pub fn decode(bytes: &[u8]) -> Result<Self, Unreadable> {
        if bytes.len() > LARGEST {
            return Err(Unreadable::Bounds);
        }
        let Written { version, serial, endpoints, weights } =
            serde_json::from_slice(bytes).map_err(|_| version_of(bytes))?;
        if version != VERSION {
            return Err(Unreadable::Version);
        }
        let document = Self { serial, endpoints, weights };
        if document.is_bounded() { Ok(document) } else { Err(Unreadable::Bounds) }
    }

    /// As it stands in a store; `None` where no reader would take it.
    pub fn encode(&self) -> Option<Bytes> {
        let Self { serial, endpoints, weights } = self.clone();
        let json = serde_json::to_vec(&Written { version: VERSION, serial, endpoints, weights }).ok()?;
        (self.is_bounded() && json.len() <= LARGEST).then(|| json.into())
    }

    /// What was set for the split of a route.
    pub fn weights_of(&self, route: &str) -> Option<&BTreeMap<Box<str>, u32>> {
        self.weights.get(route)
    }

    fn is_bounded(&self) -> bool {
        let short = |text: &str| text.len() <= LONGEST;
        let Self { serial: _, endpoints, weights } = self;
        endpoints.len() <= MOST_NAMES
            && weights.len() <= MOST_NAMES
            && endpoints.values().map(|it| it.targets.len()).sum::<usize>() <= MOST_TARGETS
            && endpoints.iter().all(|(name, it)| short(name) && it.is_bounded())
            && weights.iter().all(|(name, of)| {
                short(name) && of.len() <= MOST_WEIGHTS && of.keys().all(|upstream| short(upstream))
            })
    }
}

/// What is not of this form may be of another version of it.
fn version_of(bytes: &[u8]) -> Unreadable {
    match serde_json::from_slice::<Versioned>(bytes) {
        Ok(Versioned { version }) if version != VERSION => Unreadable::Version,
        _ => Unreadable::Form,
    }
}

// === impl Endpoints ===

impl Endpoints {
    fn is_bounded(&self) -> bool {
        let texts = |it: &Endpoint| {
            let all = [Some(&it.host), it.name.as_ref(), it.zone.as_ref()];
            !it.host.is_empty() && all.into_iter().flatten().all(|text| text.len() <= LONGEST)
        };
        self.source.len() <= LONGEST && self.targets.iter().all(texts)
    }
}
