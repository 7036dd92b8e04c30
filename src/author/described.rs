//! Documents that are not configuration, but that a configuration is about: OpenAPI and the like.

use std::borrow::Cow;

use super::format::Format;
use super::locations::Locations;
use super::node::{Node, Value};
use crate::diagnostic::{Diagnostic, Place};
use crate::json;

/// The largest such document: the largest that is known to be published, GitHub's, has 13 MiB.
const MAX_BYTES: usize = 64 << 20;

/// Reads a document, in JSON or YAML as the extension of its name says: its values in their order, and where they stand.
///
/// # Errors
///
/// Everything that is wrong with the text as such.
pub fn described(name: &str, text: &str) -> Result<(json::Node<'static>, Locations), Vec<Diagnostic>> {
    let format = match Format::of(name) {
        // Every JSON text is YAML too, and some who write JSON name it so; this reader is stricter, and quicker.
        Some(Format::Yaml) if text.trim_start_matches('\u{feff}').trim_start().starts_with('{') => {
            Format::Json
        }
        Some(format @ (Format::Json | Format::Yaml)) => format,
        _ => {
            let found =
                Diagnostic::error(Place::new(name, ""), "this is neither JSON nor YAML, by its extension");
            return Err(vec![found.help("such a document ends in .json, .yaml or .yml")]);
        }
    };
    let mut parsed = format.parse_within(text, MAX_BYTES);
    if format == Format::Json && parsed.tree.is_none() && Format::of(name) == Some(Format::Yaml) {
        parsed = Format::Yaml.parse_within(text, MAX_BYTES);
    }
    match parsed.tree {
        Some(tree) if parsed.faults.is_empty() => {
            let node = plain(&tree);
            let mut locations = Locations::default();
            locations.add(name.to_owned(), tree);
            Ok((node, locations))
        }
        _ => Err(parsed.faults.into_iter().map(|fault| fault.in_file(name)).collect()),
    }
}

/// The same value without positions. The readers bound its depth.
fn plain(node: &Node) -> json::Node<'static> {
    match &node.value {
        Value::Nothing => json::Node::Null,
        Value::Boolean(value) => json::Node::Bool(*value),
        Value::Whole(_, written) | Value::Fraction(_, written) => number(node, written),
        Value::Text(text) | Value::Date(text) => json::Node::Text(Cow::Owned(text.clone())),
        Value::List(nodes) => json::Node::Array(nodes.iter().map(plain).collect()),
        Value::Table(entries) => {
            let members = entries.iter().map(|entry| (entry.key.clone(), plain(&entry.node)));
            json::Node::Object(members.collect())
        }
    }
}

/// A number as it is written, where JSON has it so: YAML writes some otherwise, such as `0x10` and `.5`.
fn number(node: &Node, written: &str) -> json::Node<'static> {
    match json::parse(written.as_bytes(), &json::Limits::of(written.len())) {
        Ok(number @ json::Node::Number(_)) => number.into_owned(),
        _ => (&node.to_json()).into(),
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn both_formats_are_one_tree() {
        let json = r#"{"b": 1.10, "a": [true, null, "x"], "200": 12345678901234567890}"#;
        let yaml = "b: 1.10\na:\n  - true\n  - null\n  - x\n200: 12345678901234567890\n";
        let (one, _) = described("a.json", json).unwrap();
        let (other, locations) = described("a.yaml", yaml).unwrap();
        assert_eq!(one, other);
        assert_eq!(one.to_text(), r#"{"b":1.10,"a":[true,null,"x"],"200":12345678901234567890}"#);
        assert_eq!(locations.place("a.yaml", "/a/2").position, Some((5, 5)));
        let (third, _) = described("a.yml", json).unwrap();
        assert_eq!(third, one);
        let (odd, _) = described("a.yaml", "{a: 0x10, b: .5}").unwrap();
        assert_eq!(odd.to_text(), r#"{"a":16,"b":0.5}"#);
    }

    #[test]
    fn what_cannot_be_read_is_said() {
        assert!(described("a.toml", "").is_err());
        assert!(described("a.json", "{").is_err());
        assert!(described("a.yaml", "a: [").is_err());
    }
}
