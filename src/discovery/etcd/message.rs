//! What etcd's JSON gateway says: Protocol Buffers as JSON, in which numbers of 64 bits are text, bytes are base64, and what
//! has its default is left out.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::{Deserialize, Deserializer};

use super::seen::Seen;
use crate::discovery::Fault;

/// The longest text of etcd's that is told to the operator, in characters.
const MOST_TOLD: usize = 200;

/// One change of a key.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Change {
    pub(super) revision: u64,
    pub(super) key: Vec<u8>,
    /// `None` where it is gone.
    pub(super) value: Option<Vec<u8>>,
}

/// What a message of a watch says.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Watched {
    /// What changed, and until which revision all has been told; often nothing.
    Changes(u64, Vec<Change>),
    /// The watch wanted to begin at a revision that etcd has forgotten.
    Compacted,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Header {
    #[serde(deserialize_with = "number")]
    revision: u64,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct KeyValue {
    key: String,
    value: String,
    #[serde(deserialize_with = "number")]
    mod_revision: u64,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Range {
    header: Header,
    kvs: Vec<KeyValue>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Event {
    r#type: String,
    kv: KeyValue,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Watch {
    header: Header,
    created: bool,
    canceled: bool,
    #[serde(deserialize_with = "number")]
    compact_revision: u64,
    cancel_reason: String,
    events: Vec<Event>,
}

#[derive(Debug, Deserialize)]
struct Streamed {
    result: Option<Watch>,
    error: Option<serde_json::Value>,
}

#[derive(Debug, Deserialize)]
struct Authenticated {
    token: String,
}

/// The token of an answer to a user and a password.
pub(super) fn token(bytes: &[u8]) -> Result<String, Fault> {
    serde_json::from_slice::<Authenticated>(bytes).map(|it| it.token).map_err(|error| not_etcd(&error))
}

/// All keys of an answer.
pub(super) fn range(bytes: &[u8]) -> Result<Seen, Fault> {
    let range: Range = serde_json::from_slice(bytes).map_err(|error| not_etcd(&error))?;
    // etcd begins at 1, so that this is something else.
    if range.header.revision == 0 {
        return Err(Fault::new("the answer is not etcd's: it has no revision"));
    }
    let mut seen = Seen { revision: range.header.revision, ..Seen::default() };
    for kv in range.kvs {
        seen.values.insert(bytes_of(&kv.key)?, bytes_of(&kv.value)?);
    }
    Ok(seen)
}

/// One line of a watch.
pub(super) fn watched(line: &[u8]) -> Result<Watched, Fault> {
    let streamed: Streamed = serde_json::from_slice(line).map_err(|error| not_etcd(&error))?;
    if let Some(error) = streamed.error {
        return Err(Fault::new(format!("etcd ended the watch: {}", told(&error.to_string()))));
    }
    let Some(watch) = streamed.result else { return Ok(Watched::Changes(0, Vec::new())) };
    if watch.compact_revision > 0 {
        return Ok(Watched::Compacted);
    }
    if watch.canceled {
        return Err(Fault::new(format!("etcd ended the watch: {}", told(&watch.cancel_reason))));
    }
    let change = |event: Event| {
        Ok(Change {
            revision: event.kv.mod_revision,
            key: bytes_of(&event.kv.key)?,
            value: if event.r#type == "DELETE" { None } else { Some(bytes_of(&event.kv.value)?) },
        })
    };
    let changes = watch.events.into_iter().map(change).collect::<Result<Vec<_>, Fault>>()?;
    // The revision of a message is that of all of etcd, and what happened until then may be told later; only where nothing
    // is told, and the watch has not just begun, is there nothing more until then.
    let until = match changes.iter().map(|change| change.revision).max() {
        Some(newest) => newest,
        None if watch.created => 0,
        None => watch.header.revision,
    };
    Ok(Watched::Changes(until, changes))
}

/// The beginning of what somebody says, without what terminals act on.
pub(super) fn told(text: &str) -> String {
    text.chars().filter(|c| !c.is_control()).take(MOST_TOLD).collect()
}

fn bytes_of(text: &str) -> Result<Vec<u8>, Fault> {
    STANDARD
        .decode(text)
        .map_err(|_| Fault::new("the answer is not etcd's: it has no base64 where it should"))
}

fn not_etcd(error: &serde_json::Error) -> Fault {
    Fault::new(format!("the answer is not etcd's: {error}"))
}

/// A number of 64 bits, as text or as a number.
fn number<'de, D: Deserializer<'de>>(deserializer: D) -> Result<u64, D::Error> {
    #[derive(Deserialize)]
    #[serde(untagged)]
    enum Number {
        Text(String),
        Number(u64),
    }
    match Number::deserialize(deserializer)? {
        Number::Text(text) => text.parse().map_err(serde::de::Error::custom),
        Number::Number(number) => Ok(number),
    }
}
