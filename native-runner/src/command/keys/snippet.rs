//! A new key for places that `tollgate` cannot write to: configuration files, and Spin's stores.

use std::fmt::Write as _;

use serde_json::Value;
use tollgate::auth::consumer::{Consumer, Key, record};
use tollgate::auth::digest::SCHEME;

use crate::keys::shown::date;

/// Lines for a configuration file.
pub fn toml(consumer: &Consumer, key: &Key) -> String {
    let mut text = format!("[consumers.{}]\n", name(&consumer.id));
    if !consumer.groups.is_empty() {
        let groups: Vec<_> = consumer.groups.iter().map(|group| quoted(group)).collect();
        let _ = writeln!(text, "groups = [{}]", groups.join(", "));
    }
    if let Some(plan) = &consumer.plan {
        let _ = writeln!(text, "plan = {}", quoted(plan));
    }
    let _ = write!(text, "keys = [{{ digest = \"{SCHEME}{}\"", key.digest.hex());
    if !key.label.is_empty() {
        let _ = write!(text, ", label = {}", quoted(&key.label));
    }
    for (name, moment) in [("not_before", key.not_before), ("expires", key.expires)] {
        if let Some(moment) = moment {
            let _ = write!(text, ", {name} = \"{}\"", date(moment));
        }
    }
    text + " }]\n"
}

/// Pairs for Spin's key-value store, ready for a shell.
pub fn spin(consumer: &Consumer, key: &Key) -> String {
    let pairs = [
        (record::consumer_place(&consumer.id), record::write_consumer(consumer)),
        (record::key_place(&key.digest), record::write_key(key)),
    ];
    let pairs = pairs.map(|(place, value)| shell(&format!("{place}={value}")));
    format!(
        "spin up --key-value {} \\\n  --key-value {}\n\n\
         or, for a store in the cloud:\n\
         spin cloud key-value set --store STORE {} \\\n  {}\n",
        pairs[0], pairs[1], pairs[0], pairs[1]
    )
}

/// A key of TOML: bare where it can be.
fn name(text: &str) -> String {
    let bare = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_');
    if text.bytes().all(bare) { text.to_owned() } else { quoted(text) }
}

/// A string of JSON is one of TOML too, where it has no control character.
fn quoted(text: &str) -> String {
    Value::from(text).to_string()
}

fn shell(text: &str) -> String {
    format!("'{}'", text.replace('\'', "'\\''"))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use tollgate::auth::digest::Digest;
    use tollgate::config::Document;

    use super::*;

    fn both() -> (Consumer, Key) {
        let consumer = Consumer {
            id: "ops@acme".into(),
            groups: vec!["eu".into(), "partners".into()],
            plan: Some("gold".into()),
            ..Consumer::default()
        };
        let key = Key {
            digest: Digest::of(b"abc"),
            consumer: "ops@acme".into(),
            label: "Ada's \"laptop\"".into(),
            created: 0,
            not_before: None,
            expires: Some(951_782_400),
            disabled: false,
        };
        (consumer, key)
    }

    #[test]
    fn the_lines_are_a_configuration() {
        let (consumer, key) = both();
        let document: Document = toml::from_str(&toml(&consumer, &key)).unwrap();
        let written = &document.consumers["ops@acme"];
        assert_eq!(written.groups, ["eu", "partners"]);
        assert_eq!(written.plan.as_deref(), Some("gold"));
        assert_eq!(written.keys[0].digest, format!("sha256:{}", key.digest.hex()));
        assert_eq!(written.keys[0].label.as_deref(), Some("Ada's \"laptop\""));
        assert_eq!(written.keys[0].expires.as_ref().unwrap().0, "2000-02-29T00:00:00Z");
    }

    #[test]
    fn the_pairs_are_quoted_for_a_shell() {
        let (consumer, key) = both();
        let text = spin(&consumer, &key);
        let pair = "'tollgate/consumer/ops@acme=1:";
        assert_eq!(text.matches(pair).count(), 2, "{text}");
        assert!(text.contains("Ada'\\''s"), "{text}");
    }
}
