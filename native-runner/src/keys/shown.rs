//! What is shown of consumers and keys: never a key, and of its digest only what names it.

use serde_json::{Map, Value, json};
use tollgate::auth::consumer::{Consumer, Key};
use tollgate::host::UnixMillis;
use tollgate::telemetry::line::rfc3339;

use crate::columns;

/// A key as JSON.
pub fn key(key: &Key, now: UnixMillis) -> Value {
    let mut shown = Map::new();
    shown.insert("id".to_owned(), key.digest.name().into());
    shown.insert("consumer".to_owned(), (*key.consumer).into());
    shown.insert("label".to_owned(), (*key.label).into());
    shown.insert("state".to_owned(), key.state(now.0 / 1_000).word().into());
    for (name, moment) in
        [("created", Some(key.created)), ("not_before", key.not_before), ("expires", key.expires)]
    {
        shown.extend(moment.map(|seconds| (name.to_owned(), Value::from(date(seconds)))));
    }
    shown.into()
}

/// A consumer as JSON.
pub fn consumer(consumer: &Consumer) -> Value {
    let metadata: Map<String, Value> =
        consumer.metadata.iter().map(|(name, value)| (name.to_string(), Value::from(&**value))).collect();
    json!({
        "id": consumer.id,
        "groups": consumer.groups,
        "plan": consumer.plan,
        "metadata": metadata,
        "disabled": consumer.disabled,
    })
}

/// Keys, as JSON, in columns.
pub fn table(keys: &[Value]) -> String {
    let cell = |key: &Value, name: &str| key[name].as_str().unwrap_or_default().to_owned();
    let names = ["id", "consumer", "label", "state", "expires"];
    let mut rows = vec![names.map(|name| name.to_uppercase()).to_vec()];
    rows.extend(keys.iter().map(|key| names.map(|name| cell(key, name)).to_vec()));
    columns::align("", &rows)
}

/// A moment in seconds since 1970, as it is written in a configuration.
pub fn date(seconds: u64) -> String {
    rfc3339(UnixMillis(seconds.saturating_mul(1_000))).replace(".000Z", "Z")
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use tollgate::auth::digest::Digest;

    use super::*;

    #[test]
    fn keys_are_shown_by_what_names_them() {
        let shown = key(
            &Key {
                digest: Digest::of(b"abc"),
                consumer: "acme".into(),
                label: "laptop".into(),
                created: 0,
                not_before: None,
                expires: Some(951_782_400),
                disabled: false,
            },
            UnixMillis(951_782_400_000),
        );
        assert_eq!(
            shown,
            json!({
                "id": "ba7816bf8f01", "consumer": "acme", "label": "laptop", "state": "expired",
                "created": "1970-01-01T00:00:00Z", "expires": "2000-02-29T00:00:00Z",
            })
        );
        assert_eq!(
            table(&[shown]),
            "ID            CONSUMER  LABEL   STATE    EXPIRES\n\
             ba7816bf8f01  acme      laptop  expired  2000-02-29T00:00:00Z\n"
        );
    }
}
