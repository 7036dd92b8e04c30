//! What several files may not both say.

use std::collections::BTreeMap;

use crate::diagnostic::{Diagnostic, Place};

use super::node::{Entry, Node, Value};
use super::words::quote;

/// Tables for which "both" would have no meaning.
const ONCE: [&str; 7] = ["defaults", "clients", "telemetry", "server", "store", "issuer", "rate_limiting"];

/// Tables of named things, and what one of them is called: a name may be given once.
const NAMED: [(&str, &str); 9] = [
    ("upstreams", "upstreams"),
    ("auth", "ways in"),
    ("policies", "policies"),
    ("consumers", "consumers"),
    ("rate_limits", "limits"),
    ("plans", "plans"),
    ("stores", "stores"),
    ("schemas", "schemas"),
    ("openapi", "OpenAPI documents"),
];

/// Everything that stands in two files of `trees` and may stand in one only.
pub(super) fn check(trees: &[(&str, &Node)]) -> Vec<Diagnostic> {
    let mut found = Vec::new();
    for key in ONCE {
        let holders = trees.iter().filter_map(|(file, tree)| Some((*file, tree.entry(key)?)));
        let mut holders = holders.map(|(file, entry)| place(file, &format!("/{key}"), entry));
        let Some(first) = holders.next() else { continue };
        found.extend(holders.map(|second| {
            Diagnostic::error(second, format!("{} stands in two files", quote(key)))
                .related(first.clone(), "first")
                .help("only one file of a configuration may have it; put both together there")
        }));
    }
    for (key, called) in NAMED {
        found.extend(named(trees, key, called));
    }
    found
}

fn named(trees: &[(&str, &Node)], key: &str, called: &str) -> Vec<Diagnostic> {
    let mut first: BTreeMap<&str, Place> = BTreeMap::new();
    let mut found = Vec::new();
    for (file, tree) in trees {
        let Some(Value::Table(entries)) = tree.entry(key).map(|entry| &entry.node.value) else {
            continue;
        };
        for entry in entries {
            let name = entry.key.as_str();
            let here = place(file, &format!("/{key}/{}", name.replace('~', "~0").replace('/', "~1")), entry);
            match first.get(name) {
                None => drop(first.insert(name, here)),
                Some(there) => found.push(
                    Diagnostic::error(here, format!("there are two {called} with the name {}", quote(name)))
                        .related(there.clone(), "first")
                        .help("give one of them another name, or keep only one"),
                ),
            }
        }
    }
    found
}

fn place(file: &str, pointer: &str, entry: &Entry) -> Place {
    Place { position: Some((entry.at.line, entry.at.column)), ..Place::new(file, pointer) }
}
