//! Files that configuration files name: schemas and API descriptions. What stands in them goes into the document that names
//! them, as JSON, so that whoever makes a plan of it needs no files.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use crate::diagnostic::{Diagnostic, Place};

use super::format::Format;
use super::node::{Node, Value};
use super::words::quote;

/// The tables of named things that may stand in files of their own.
const TABLES: [&str; 2] = ["schemas", "openapi"];

/// How many files may be named, and what all of them together may hold, in bytes: each is in every plan, and in a
/// component's module.
const MOST_FILES: usize = 256;
const MOST_BYTES: usize = 16 << 20;

/// A file, and where it is named.
pub(super) struct Named {
    pub(super) name: String,
    place: Place,
}

/// What a named file holds.
pub(super) struct Held {
    /// As JSON.
    pub(super) text: String,
    pub(super) tree: Node,
}

/// Reads files by their names within the configuration's directory.
pub(super) type Reader<'r> = &'r dyn Fn(&str) -> std::io::Result<Vec<u8>>;

/// Every file that the configuration file `file` names.
pub(super) fn named_in(file: &str, tree: &Node) -> Vec<Named> {
    let mut found = Vec::new();
    for table in TABLES {
        let Some(Value::Table(entries)) = tree.entry(table).map(|entry| &entry.node.value) else { continue };
        for entry in entries {
            let Some(named) = entry.node.entry("file") else { continue };
            let Value::Text(name) = &named.node.value else { continue };
            let pointer = format!("/{table}/{}/file", entry.key.replace('~', "~0").replace('/', "~1"));
            let position = Some((named.node.at.line, named.node.at.column));
            found.push(Named { name: name.clone(), place: Place { position, ..Place::new(file, pointer) } });
        }
    }
    found
}

/// The names of all files that some of `files` name: these are no configuration.
pub(super) fn all_named(files: &[(String, String)]) -> BTreeSet<String> {
    let mut names = BTreeSet::new();
    for (file, text) in files {
        // Most files name none, and are not read twice for it.
        if !TABLES.iter().any(|table| text.contains(table)) {
            continue;
        }
        if let Some(tree) = Format::of(file).and_then(|format| format.parse(text).tree) {
            names.extend(named_in(file, &tree).into_iter().map(|named| named.name));
        }
    }
    names
}

/// Reads named files within their bounds, which are those of all of them together.
#[derive(Default)]
pub(super) struct Budget {
    files: usize,
    bytes: usize,
}

// === impl Budget ===

impl Budget {
    /// Reads one file. The error is a mistake at the place where it is named, or several in it.
    pub(super) fn read(&mut self, named: &Named, reader: Reader<'_>) -> Result<Held, Vec<Diagnostic>> {
        let wrong =
            |message: String, help: &str| vec![Diagnostic::error(named.place.clone(), message).help(help)];
        let name = &named.name;
        if !is_within(name) {
            return Err(wrong(
                format!("{} does not name a file in this directory", quote(name)),
                "a path from the configuration's directory, without \"..\", such as \"schemas/user.json\"",
            ));
        }
        let format = match Format::of(name) {
            Some(format @ (Format::Json | Format::Yaml)) => format,
            _ => {
                return Err(wrong(
                    format!("{} is neither JSON nor YAML by its name", quote(name)),
                    "such a file ends in .json, .yaml or .yml",
                ));
            }
        };
        self.files += 1;
        let bytes = reader(name).map_err(|error| {
            wrong(format!("the file {} cannot be read: {error}", quote(name)), "name a file that is there")
        })?;
        self.bytes += bytes.len();
        if self.files > MOST_FILES || self.bytes > MOST_BYTES {
            return Err(wrong(
                format!("more than {MOST_FILES} files or {} MiB are named", MOST_BYTES >> 20),
                "each is part of every plan: leave out what no route needs",
            ));
        }
        let Ok(text) = String::from_utf8(bytes) else {
            return Err(vec![Diagnostic::error(Place::new(name, ""), "this file is not UTF-8 text")]);
        };
        let parsed = format.parse_within(&text, MOST_BYTES);
        match parsed.tree {
            Some(tree) if parsed.faults.is_empty() => {
                let text = if format == Format::Json {
                    text.trim_start_matches('\u{feff}').to_owned()
                } else {
                    json(&tree)
                };
                Ok(Held { text, tree })
            }
            _ => Err(parsed.faults.into_iter().map(|fault| fault.in_file(name)).collect()),
        }
    }
}

/// Whether a path stays where it begins, on every system.
fn is_within(name: &str) -> bool {
    let segment = |segment: &str| {
        !segment.is_empty() && segment != "." && segment != ".." && !segment.contains(['\\', ':', '\0'])
    };
    name.len() <= 255 && name.split('/').all(segment)
}

/// The same value as JSON; numbers as they are written, where JSON has them so.
fn json(node: &Node) -> String {
    let mut out = String::new();
    write(node, &mut out);
    out
}

/// Calls itself as deep as files may be.
fn write(node: &Node, out: &mut String) {
    let quoted = |text: &str| serde_json::Value::from(text).to_string();
    match &node.value {
        Value::Nothing => out.push_str("null"),
        Value::Boolean(value) => out.push_str(if *value { "true" } else { "false" }),
        Value::Whole(number, _) => drop(write!(out, "{number}")),
        Value::Fraction(_, written) if serde_json::from_str::<serde_json::Number>(written).is_ok() => {
            out.push_str(written);
        }
        // What JSON has no number for, such as `.inf`, becomes `null`.
        Value::Fraction(number, _) => out.push_str(&serde_json::Value::from(*number).to_string()),
        Value::Text(text) | Value::Date(text) => out.push_str(&quoted(text)),
        Value::List(nodes) => {
            out.push('[');
            for (index, node) in nodes.iter().enumerate() {
                out.push_str(if index == 0 { "" } else { "," });
                write(node, out);
            }
            out.push(']');
        }
        Value::Table(entries) => {
            out.push('{');
            for (index, entry) in entries.iter().enumerate() {
                out.push_str(if index == 0 { "" } else { "," });
                out.push_str(&quoted(&entry.key));
                out.push(':');
                write(&entry.node, out);
            }
            out.push('}');
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn paths_stay_in_the_directory() {
        for (name, expected) in [
            ("user.json", true),
            ("schemas/a/user.schema.yaml", true),
            ("..", false),
            ("../user.json", false),
            ("a/../../user.json", false),
            ("/etc/user.json", false),
            ("a//user.json", false),
            ("./user.json", false),
            ("a\\..\\user.json", false),
            ("c:user.json", false),
            ("", false),
        ] {
            assert_eq!(is_within(name), expected, "{name}");
        }
    }

    #[test]
    fn yaml_becomes_json() {
        let text = "a: [1, -2, 1.50, 1e3, .inf, 0x1f, true, ~, x]\n\"b \\\"\": {}\n";
        let tree = Format::Yaml.parse(text).tree.unwrap();
        assert_eq!(json(&tree), r#"{"a":[1,-2,1.50,1e3,null,31,true,null,"x"],"b \"":{}}"#);
    }

    #[test]
    fn whoever_names_a_file_is_found() {
        let files = [
            ("a.toml".to_owned(), "[schemas.x]\nfile = 'x.json'\n[openapi.y]\nfile = 'y.yaml'".to_owned()),
            ("x.json".to_owned(), r#"{"schemas": {"a": {"file": 1}}}"#.to_owned()),
        ];
        let named: Vec<_> = all_named(&files).into_iter().collect();
        assert_eq!(named, ["x.json", "y.yaml"]);
    }
}
