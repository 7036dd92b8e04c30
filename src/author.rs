//! What an author writes, read: TOML, YAML and JSON become [`Document`]s, or every mistake in them is named.
//!
//! ```text
//! text ──format──▶ Node (values with positions) ──check──▶ Document
//!                    │                             ▲
//!                    └──▶ Locations                └── Model, read from the JSON Schema of the types
//! ```
//!
//! Each format's own parser builds the same `node::Node`, and the one check in `check` compares that with the
//! schema that is generated from the types in [`crate::config`]. So a message does not depend on the format, every
//! mistake of every file is found at once, and serde only ever sees what fits.
//!
//! Which libraries read the formats, and why, is said in `toml`, `yaml` and `json`. The component does not have
//! this module: it is given documents that have been read.

use std::path::Path;

use crate::config::Document;
use crate::diagnostic::{Diagnostic, Place};

mod check;
mod described;
mod directory;
mod format;
mod instead;
mod json;
mod lines;
mod locations;
mod model;
mod named_file;
mod node;
mod reference;
mod schema;
mod together;
mod toml;
mod unknown;
mod words;
mod yaml;

pub use described::described;
pub use locations::Locations;
pub use reference::reference;
pub use schema::schema;

use format::Format;
use model::Model;
use node::{Fault, Node};

/// A configuration that has been read: its files hold what they may, though not yet what makes sense.
#[derive(Debug)]
pub struct Loaded {
    /// Each file's name and what it says, in the order given.
    pub documents: Vec<(String, Document)>,
    /// Where everything stands.
    pub locations: Locations,
}

/// Reads files: pairs of a name, whose extension says the format (`.toml`, `.yaml`, `.yml` or `.json`), and a text. They
/// name no others: there is no directory to find them in.
///
/// # Errors
///
/// Every mistake in every file, each file's in the order of its lines.
pub fn load(files: &[(String, String)]) -> Result<Loaded, Vec<Diagnostic>> {
    load_with(files, &|_| Err(std::io::ErrorKind::NotFound.into()))
}

/// The same of files that may name others.
fn load_with(files: &[(String, String)], reader: named_file::Reader<'_>) -> Result<Loaded, Vec<Diagnostic>> {
    let model = match model::of_documents() {
        Ok(model) => model,
        Err(bug) => return Err(vec![Diagnostic::error(Place::default(), bug)]),
    };
    let read: Vec<Read> = files.iter().map(|(name, text)| read(model, name, text)).collect();
    let mut found: Vec<Diagnostic> = read.iter().flat_map(|file| file.found.iter().cloned()).collect();
    let trees: Vec<(&str, &Node)> =
        read.iter().filter_map(|file| Some((file.name.as_str(), file.tree.as_ref()?))).collect();
    found.extend(together::check(&trees));
    if !found.is_empty() {
        return Err(found);
    }
    let mut loaded = Loaded { documents: Vec::new(), locations: Locations::default() };
    let mut budget = named_file::Budget::default();
    for Read { name, tree, .. } in read {
        let Some(tree) = tree else { continue };
        match serde_json::from_value::<Document>(tree.to_json()) {
            Ok(mut document) => {
                for named in named_file::named_in(&name, &tree) {
                    match budget.read(&named, reader) {
                        Ok(held) => {
                            document.files.insert(named.name.clone(), held.text);
                            loaded.locations.add(named.name, held.tree);
                        }
                        Err(mistakes) => found.extend(mistakes),
                    }
                }
                loaded.documents.push((name.clone(), document));
            }
            Err(error) => found.push(disagreement(&name, &error)),
        }
        loaded.locations.add(name, tree);
    }
    if found.is_empty() { Ok(loaded) } else { Err(found) }
}

/// Reads the configuration files that stand directly in `directory`, in the order of their names. Hidden files, cases
/// (`*.case.toml`) and files that others name are not configuration.
///
/// # Errors
///
/// Every mistake in every file; a directory or a file that cannot be read; no configuration file at all.
pub fn load_dir(directory: &Path) -> Result<Loaded, Vec<Diagnostic>> {
    let directory::Files { mut files, mut unreadable } = directory::read(directory);
    let named = named_file::all_named(&files);
    files.retain(|(name, _)| !named.contains(name));
    match load_with(&files, &|name| directory::named(directory, name)) {
        Ok(loaded) if unreadable.is_empty() => Ok(loaded),
        Ok(_) => Err(unreadable),
        Err(found) => {
            unreadable.extend(found);
            Err(unreadable)
        }
    }
}

/// Reads a text of any of the formats as plain values, whatever they are to mean.
///
/// # Errors
///
/// Everything that is wrong with the text as such.
pub fn values(name: &str, text: &str) -> Result<serde_json::Value, Vec<Diagnostic>> {
    let Some(format) = Format::of(name) else {
        let place = Place::new(name, "");
        return Err(vec![Diagnostic::error(
            place,
            "this file's extension does not say how it is to be read",
        )]);
    };
    let parsed = format.parse(text);
    match parsed.tree {
        Some(tree) if parsed.faults.is_empty() => Ok(tree.to_json()),
        _ => Err(parsed.faults.into_iter().map(|fault| fault.in_file(name)).collect()),
    }
}

/// One file, as far as it could be read.
struct Read {
    name: String,
    tree: Option<Node>,
    found: Vec<Diagnostic>,
}

fn read(model: &Model, name: &str, text: &str) -> Read {
    let Some(format) = Format::of(name) else {
        let place = Place::new(name, "");
        let found = Diagnostic::error(place, "this file's extension does not say how it is to be read")
            .help("a configuration file ends in .toml, .yaml, .yml or .json");
        return Read { name: name.to_owned(), tree: None, found: vec![found] };
    };
    let parsed = format.parse(text);
    let mut found: Vec<Diagnostic> = parsed.faults.into_iter().map(|fault| fault.in_file(name)).collect();
    if let Some(tree) = &parsed.tree {
        found.extend(check::check(model, format, name, tree));
    }
    // Stable, so that what has no position stays first and what stands in one place keeps its order.
    found.sort_by_key(|one| one.place.position);
    if found.len() > check::MAX_FOUND {
        found.truncate(check::MAX_FOUND);
        let more = Diagnostic::error(Place::new(name, ""), "there are more mistakes in this file");
        found.push(more.help("correct those above first"));
    }
    Read { name: name.to_owned(), tree: parsed.tree, found }
}

/// The schema took what the types do not. It is a bug of ours, but no reason to take the operator's terminal away.
fn disagreement(name: &str, error: &serde_json::Error) -> Diagnostic {
    Diagnostic::error(Place::new(name, ""), format!("this file cannot be used: {error}")).help(
        "the configuration's schema and its types disagree here; that is a bug in Tollgate, please report it",
    )
}

impl Fault {
    fn in_file(self, name: &str) -> Diagnostic {
        let place = |at: node::Position, pointer: &str| Place {
            position: Some((at.line, at.column)),
            ..Place::new(name, pointer)
        };
        let mut found = Diagnostic::error(place(self.at, &self.pointer), self.message);
        found.help = self.help;
        found.related = self.related.into_iter().map(|(at, role)| (place(at, ""), role)).collect();
        found
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn load_one(name: &str, text: &str) -> Result<Loaded, Vec<String>> {
        let loaded = load(&[(name.to_owned(), text.to_owned())]);
        loaded.map_err(|found| found.iter().map(|one| one.message.clone()).collect())
    }

    #[test]
    fn the_extension_says_the_format() {
        let extension = "this file's extension does not say how it is to be read";
        for name in ["a.txt", "toml", "a", "", "a.toml.bak"] {
            assert_eq!(load_one(name, "").err(), Some(vec![extension.to_owned()]), "{name}");
        }
        for name in ["a.toml", "a.yaml", "a.yml", "b/c.toml"] {
            assert!(load_one(name, "").is_ok(), "{name}");
        }
    }

    #[test]
    fn a_byte_order_mark_is_nothing() {
        for (name, text) in [("a.toml", "[server]"), ("a.yaml", "server: {}"), ("a.json", "{\"server\": {}}")]
        {
            let loaded = load_one(name, &format!("\u{feff}{text}"));
            assert!(loaded.is_ok_and(|loaded| loaded.documents[0].1.server.is_some()), "{name}");
        }
    }

    #[test]
    fn a_file_has_a_size() {
        for name in ["a.toml", "a.yaml", "a.json"] {
            let found = load_one(name, &" ".repeat(5 << 20)).err();
            assert_eq!(found, Some(vec!["this file is larger than 4 MiB".to_owned()]), "{name}");
        }
    }

    #[test]
    fn a_directory_that_is_not_there_is_said() {
        let found = load_dir(Path::new("/nowhere/at/all")).err().unwrap_or_default();
        assert_eq!(found.len(), 1);
        assert!(found[0].message.starts_with("the configuration directory cannot be read: "), "{}", found[0]);
    }
}
