//! Lists of slices, and what is said of changes: one JSON object a line.

use serde::Deserialize;
use serde_json::Value;

use crate::discovery::Fault;
use crate::discovery::answer::unreadable;

/// A page of a list.
#[derive(Debug)]
pub struct List {
    /// The slices.
    pub items: Vec<Value>,
    /// The version of the collection, to watch from.
    pub version: String,
    /// What the next page is asked for by.
    pub rest: Option<String>,
}

/// One event of a watch.
#[derive(Debug, PartialEq)]
pub enum Event {
    /// A slice is there, or is another than before.
    Put {
        /// The version to go on from.
        version: String,
        /// The slice.
        slice: Value,
    },
    /// A slice is gone.
    Remove {
        /// The version to go on from.
        version: String,
        /// The slice as it was.
        slice: Value,
    },
    /// Nothing has changed up to this version.
    Bookmark {
        /// The version to go on from.
        version: String,
    },
    /// What has changed since is no longer known.
    Gone,
}

#[derive(Deserialize)]
struct WrittenList {
    metadata: Metadata,
    items: Option<Vec<Value>>,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Metadata {
    resource_version: Option<String>,
    r#continue: Option<String>,
}

#[derive(Deserialize)]
struct WrittenEvent {
    r#type: String,
    object: Value,
}

/// `410 Gone`, as an event has it.
const GONE: u64 = 410;

/// The longest version or continuation: versions are numbers, continuations some hundred bytes.
const LONGEST: usize = 4096;

// === impl List ===

impl List {
    /// Reads one.
    ///
    /// # Errors
    /// It is none.
    pub fn read(json: &[u8]) -> Result<Self, Fault> {
        let list: WrittenList = serde_json::from_slice(json).map_err(|error| unreadable(&error))?;
        let rest = list.metadata.r#continue.filter(|rest| !rest.is_empty());
        let version = version(list.metadata.resource_version)?;
        if rest.as_ref().is_some_and(|rest| rest.len() > LONGEST) {
            return Err(Fault::new("the list says in too many words how it goes on"));
        }
        Ok(Self { items: list.items.unwrap_or_default(), version, rest })
    }
}

// === impl Event ===

impl Event {
    /// Reads one.
    ///
    /// # Errors
    /// It is none, or the API says that something is wrong.
    pub fn read(line: &[u8]) -> Result<Self, Fault> {
        let WrittenEvent { r#type, object } =
            serde_json::from_slice(line).map_err(|error| unreadable(&error))?;
        if r#type == "ERROR" {
            return match object.get("code").and_then(Value::as_u64) {
                Some(GONE) => Ok(Self::Gone),
                code => Err(Fault::new(format!("Kubernetes ended the watch with {}", code.unwrap_or(0)))),
            };
        }
        let metadata =
            object.get("metadata").and_then(|it| it.get("resourceVersion")).and_then(Value::as_str);
        let version = version(metadata.map(str::to_owned))?;
        match &*r#type {
            "ADDED" | "MODIFIED" => Ok(Self::Put { version, slice: object }),
            "DELETED" => Ok(Self::Remove { version, slice: object }),
            "BOOKMARK" => Ok(Self::Bookmark { version }),
            _ => Err(Fault::new("an event is of a kind that nobody knows")),
        }
    }
}

/// Versions are opaque: they are given back as they came.
fn version(version: Option<String>) -> Result<String, Fault> {
    version
        .filter(|version| (1..=LONGEST).contains(&version.len()))
        .ok_or_else(|| Fault::new("what came has no resourceVersion"))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    fn event(kind: &str, object: &Value) -> Result<Event, Fault> {
        Event::read(json!({"type": kind, "object": object}).to_string().as_bytes())
    }

    /// The events of kubernetes.io/docs/reference/using-api/api-concepts.
    #[test]
    fn events_of_the_documentation() {
        let object = json!({"kind": "Pod", "apiVersion": "v1", "metadata": {"resourceVersion": "10596"}});
        let version = || "10596".to_owned();
        assert_eq!(event("ADDED", &object), Ok(Event::Put { version: version(), slice: object.clone() }));
        assert_eq!(event("MODIFIED", &object), Ok(Event::Put { version: version(), slice: object.clone() }));
        assert_eq!(
            event("DELETED", &object),
            Ok(Event::Remove { version: version(), slice: object.clone() })
        );
        assert_eq!(event("BOOKMARK", &object), Ok(Event::Bookmark { version: version() }));
    }

    #[test]
    fn what_is_forgotten_is_told_from_what_is_wrong() {
        // As kube-apiserver writes it.
        let gone = json!({
            "kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Failure",
            "message": "too old resource version: 1 (2)", "reason": "Expired", "code": 410
        });
        assert_eq!(event("ERROR", &gone), Ok(Event::Gone));
        let wrong = json!({"kind": "Status", "code": 500, "reason": "InternalError"});
        assert!(event("ERROR", &wrong).unwrap_err().cause.contains("500"));
        assert!(event("ERROR", &json!({})).is_err());
    }

    #[test]
    fn what_is_no_event_is_a_fault() {
        for broken in
            ["", "7", "{}", r#"{"type": "ADDED"}"#, r#"{"type": "ADDED", "object": {}}"#, r#"{"type":"ADD"#]
        {
            assert!(Event::read(broken.as_bytes()).is_err(), "{broken}");
        }
        assert!(event("LATER", &json!({"metadata": {"resourceVersion": "1"}})).is_err());
        let long = json!({"metadata": {"resourceVersion": "1".repeat(LONGEST + 1)}});
        assert!(event("BOOKMARK", &long).is_err());
    }

    #[test]
    fn lists_say_how_they_go_on() {
        let list = List::read(
            br#"{"metadata": {"resourceVersion": "10245", "continue": "ENCODED"}, "items": [{}]}"#,
        );
        let list = list.unwrap();
        assert_eq!((&*list.version, list.rest.as_deref(), list.items.len()), ("10245", Some("ENCODED"), 1));
        let last =
            List::read(br#"{"metadata": {"resourceVersion": "10245", "continue": ""}, "items": null}"#)
                .unwrap();
        assert_eq!((last.rest, last.items.len()), (None, 0));
        for broken in ["", "{}", r#"{"metadata": {}}"#, r#"{"metadata": {"resourceVersion": ""}}"#, "[]"] {
            assert!(List::read(broken.as_bytes()).is_err(), "{broken}");
        }
    }

    proptest! {
        #[test]
        fn nothing_makes_it_panic(json in "[\\[\\]{}\":, a-zA-Z0-9.-]{0,80}") {
            let _ = (Event::read(json.as_bytes()), List::read(json.as_bytes()));
        }
    }
}
