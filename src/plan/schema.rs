//! JSON Schemas, ready: each read, its references resolved among all of them, and compiled.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC};
use serde_json::Value;

use super::compile::{Context, Pointer};
use super::scalar::{is_token, nearest};
use crate::config::{self, Document, SchemaDraft};
use crate::json::{Error, Limits, Node, parse};
use crate::validation::{Disunion, Draft, Kinds, Mistake, Schema, Sources, document};

/// Where documents are found that references lead to: schemas by their names, files by theirs. No such address is ever
/// asked for anything.
const BASE: &str = "tollgate:///";

/// The largest schema, in bytes; as large as a configuration file.
const MOST: usize = 4 << 20;

/// How many references that lead nowhere are told at once.
const MOST_UNKNOWN: usize = 16;

/// What is encoded in a path: all but what RFC 3986 section 2.3 leaves as it is, and slashes.
const ENCODED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~').remove(b'/');

/// Schemas that are written, and all that references among them need.
#[derive(Debug, Default)]
pub(super) struct Schemas {
    /// `None` where references do not fit together, which is reported.
    pub(super) sources: Option<Sources>,
    /// By their names; `None` for one with a mistake.
    named: BTreeMap<String, Option<(Arc<Schema>, Kinds)>>,
}

/// A document with a schema, and where it was written.
pub(super) struct Written {
    /// Its address.
    pub(super) address: String,
    /// Another that it is found at: by its name, what stands in a file.
    pub(super) other: Option<String>,
    pub(super) value: Value,
    pub(super) draft: Draft,
    pub(super) place: Placed,
}

/// Where mistakes within a document are reported.
#[derive(Debug, Clone)]
pub(super) enum Placed {
    /// At the same pointer, within this value.
    Beneath(Pointer),
    /// All at one place, where the document stands as text.
    Text(Pointer),
}

// === impl Placed ===

impl Placed {
    /// Reports a mistake in the document.
    pub(super) fn report(&self, context: &mut Context<'_>, mistake: &Mistake) {
        let Mistake { pointer, message, help } = mistake;
        let reported = match self {
            Self::Beneath(at) => context.error(&at.beneath(pointer), message.as_str()),
            Self::Text(at) if pointer.is_empty() => context.error(at, message.as_str()),
            Self::Text(at) => context.error(at, format!("at {pointer}: {message}")),
        };
        if let Some(help) = help {
            reported.help(*help);
        }
    }
}

// === impl Context ===

impl Context<'_> {
    /// Every schema that is written.
    pub(super) fn schemas(&mut self, documents: &[(String, Document)]) -> Schemas {
        // Schemas stand in these as well.
        self.written_openapi = self.openapi(documents);
        let mut all = Vec::new();
        let mut formats = BTreeMap::new();
        for (file, document) in documents {
            let at = Pointer::root(file).key("schemas");
            for (name, written) in &document.schemas {
                let at = at.key(name);
                if !is_token(name) {
                    self.error(&at, format!("\"{name}\" cannot be the name of a schema"))
                        .help("letters, digits, and any of . _ -");
                }
                formats.insert(name.clone(), written.formats);
                let read = self.schema_document(&at, written, document);
                all.push((name.clone(), read.map(|read| self.schema_address(name, written, read))));
            }
        }
        let known: Vec<_> = all.iter().flat_map(|(_, written)| written).collect();
        let sources = self.schema_sources(&known);
        let mut schemas = Schemas { sources, named: BTreeMap::new() };
        for (name, written) in &all {
            let made = match (&schemas.sources, written) {
                (Some(sources), Some(written)) => {
                    let formats = formats.get(name).copied().flatten();
                    self.schema_made(sources, written, formats)
                }
                (None, Some(written)) => {
                    let mistakes = Sources::ill_formed(&written.value, written.draft);
                    mistakes.iter().for_each(|mistake| written.place.report(self, mistake));
                    None
                }
                (_, None) => None,
            };
            schemas.named.insert(name.clone(), made);
        }
        schemas
    }

    /// The document of a schema.
    fn schema_document(
        &mut self,
        at: &Pointer,
        written: &config::Schema,
        document: &Document,
    ) -> Option<(Value, Placed)> {
        match (&written.file, &written.json, &written.inline) {
            (Some(file), None, None) => self.schema_file(&at.key("file"), file, document),
            (None, Some(text), None) => {
                let at = at.key("json");
                Some((self.schema_text(&at, text)?, Placed::Text(at)))
            }
            (None, None, Some(table)) => {
                Some((Value::Object(table.clone()), Placed::Beneath(at.key("inline"))))
            }
            _ => {
                self.error(at, "a schema is written in exactly one of file, json and inline")
                    .help("such as file = \"user.schema.json\", or json = '{\"type\": \"object\"}'");
                None
            }
        }
    }

    /// What stands in a file that is named at `at`.
    pub(super) fn schema_file(
        &mut self,
        at: &Pointer,
        file: &str,
        document: &Document,
    ) -> Option<(Value, Placed)> {
        let Some(text) = document.files.get(file) else {
            self.error(at, format!("the file \"{file}\" was not read with the configuration"))
                .help("files are read where the configuration is a directory");
            return None;
        };
        let root = Pointer::root(file);
        Some((self.schema_text(&root, text)?, Placed::Beneath(root)))
    }

    fn schema_text(&mut self, at: &Pointer, text: &str) -> Option<Value> {
        match parse(text.as_bytes(), &Limits::of(MOST)) {
            Ok(node @ (Node::Object(_) | Node::Bool(_))) => Some(document(&node)),
            Ok(node) => {
                self.error(
                    at,
                    format!("a schema is an object, true or false; this is a JSON {}", node.kind()),
                );
                None
            }
            Err(error) => {
                self.error(at, format!("this is not JSON: {}", in_lines(text, error)));
                None
            }
        }
    }

    /// Where the document is found, and the draft it is read by.
    fn schema_address(
        &mut self,
        name: &str,
        written: &config::Schema,
        (value, place): (Value, Placed),
    ) -> Written {
        let named = format!("{BASE}{}", escaped(name));
        let (address, other) = match &written.file {
            Some(file) => (format!("{BASE}{}", escaped(file)), Some(named)),
            None => (named, None),
        };
        let default = match written.draft {
            None | Some(SchemaDraft::Draft2020) => Draft::Draft202012,
            Some(SchemaDraft::Draft7) => Draft::Draft7,
        };
        self.schema_drafts(&place, "", &value);
        Written { address, other, draft: default.detect(&value), value, place }
    }

    /// Only two drafts are known, wherever `$schema` stands.
    fn schema_drafts(&mut self, place: &Placed, pointer: &str, value: &Value) {
        match value {
            Value::Object(members) => {
                if let Some(Value::String(uri)) = members.get("$schema")
                    && !matches!(Draft::from_schema_uri(uri), Draft::Draft7 | Draft::Draft202012)
                {
                    let mistake = Mistake {
                        pointer: format!("{pointer}/$schema"),
                        message: format!("the draft \"{uri}\" is not known here"),
                        help: Some(
                            "\"https://json-schema.org/draft/2020-12/schema\" and \"http://json-schema.org/draft-07/schema#\" are",
                        ),
                    };
                    place.report(self, &mistake);
                }
                for (name, member) in members {
                    let name = name.replace('~', "~0").replace('/', "~1");
                    self.schema_drafts(place, &format!("{pointer}/{name}"), member);
                }
            }
            Value::Array(elements) => {
                for (index, element) in elements.iter().enumerate() {
                    self.schema_drafts(place, &format!("{pointer}/{index}"), element);
                }
            }
            _ => {}
        }
    }

    /// All documents together; references that lead to none are reported.
    pub(super) fn schema_sources(&mut self, all: &[&Written]) -> Option<Sources> {
        let mut documents: Vec<_> = all.iter().flat_map(|written| found_at(written)).collect();
        // The library finds them in no order that would be the same the next time.
        let mut unknown = BTreeSet::new();
        let together = loop {
            match Sources::new(documents.clone()) {
                Err(Disunion::Unknown(uri)) if unknown.len() < MOST_UNKNOWN => {
                    unknown.insert(uri.clone());
                    documents.push((uri, Value::Bool(true), Draft::Draft202012));
                }
                together => break together,
            }
        };
        for uri in &unknown {
            self.schema_unknown(all, uri);
        }
        match together {
            Ok(sources) => unknown.is_empty().then_some(sources),
            Err(Disunion::Unknown(_)) => None,
            Err(Disunion::Other(message)) => {
                if let Some(first) = all.first() {
                    let message = format!("references among schemas cannot be resolved: {message}");
                    let mistake = Mistake { pointer: String::new(), message, help: None };
                    first.place.report(self, &mistake);
                }
                None
            }
        }
    }

    /// Reports the references that lead to `uri`.
    fn schema_unknown(&mut self, all: &[&Written], uri: &str) {
        let name = uri.strip_prefix(BASE).unwrap_or(uri);
        let known: Vec<_> = all.iter().filter_map(|it| it.address.strip_prefix(BASE)).collect();
        let help = match nearest(name, known.iter().copied()) {
            Some(near) => format!("did you mean \"{near}\"?"),
            None => "references lead to places in the same document, to an $id, or to the name of another schema: nothing is fetched".to_owned(),
        };
        for written in all {
            for pointer in referring(&written.value, name) {
                let message = format!("there is no schema \"{name}\"");
                let at = match &written.place {
                    Placed::Beneath(at) => at.beneath(&pointer),
                    Placed::Text(at) => at.clone(),
                };
                self.error(&at, message).help(help.clone());
            }
        }
    }

    /// Compiles a document.
    pub(super) fn schema_made(
        &mut self,
        sources: &Sources,
        written: &Written,
        formats: Option<bool>,
    ) -> Option<(Arc<Schema>, Kinds)> {
        let Written { address, value, draft, place, .. } = written;
        match sources.schema(value, address, *draft, formats) {
            Ok(schema) => Some((Arc::new(schema), Kinds::of(sources, address, value))),
            Err(mistakes) => {
                mistakes.iter().for_each(|mistake| place.report(self, mistake));
                None
            }
        }
    }

    /// A schema by its name, or written as JSON text.
    pub(super) fn schema(&mut self, at: &Pointer, text: &str) -> Option<(Arc<Schema>, Kinds)> {
        let text = text.trim();
        if text.starts_with('{') || matches!(text, "true" | "false") {
            let value = self.schema_text(at, text)?;
            let place = Placed::Text(at.clone());
            self.schema_drafts(&place, "", &value);
            let draft = Draft::Draft202012.detect(&value);
            let written = Written { address: BASE.to_owned(), other: None, draft, value, place };
            let schemas = std::mem::take(&mut self.written_schemas);
            let sources = schemas.sources.as_ref();
            let made = sources.and_then(|sources| self.schema_made(sources, &written, None));
            self.written_schemas = schemas;
            return made;
        }
        if let Some(made) = self.written_schemas.named.get(text) {
            return made.clone();
        }
        let known = self.written_schemas.named.keys().map(String::as_str);
        let help = nearest(text, known).map_or_else(
            || format!("add [schemas.{text}], or write the schema as JSON: '{{\"type\": \"integer\"}}'"),
            |near| format!("did you mean \"{near}\"?"),
        );
        self.error(at, format!("there is no schema \"{text}\"")).help(help);
        None
    }
}

/// A document at its addresses. At the second one, its references begin at the first all the same.
fn found_at(written: &Written) -> Vec<(String, Value, Draft)> {
    let Written { address, other, value, draft, .. } = written;
    let mut all = vec![(address.clone(), value.clone(), *draft)];
    if let Some(other) = other {
        let mut value = value.clone();
        if let Value::Object(members) = &mut value {
            members.entry("$id").or_insert_with(|| Value::from(address.as_str()));
        }
        all.push((other.clone(), value, *draft));
    }
    all
}

/// Where in a document references stand whose target is called so.
fn referring(value: &Value, name: &str) -> Vec<String> {
    let mut found = Vec::new();
    search(value, name, "", &mut found);
    found
}

fn search(value: &Value, name: &str, pointer: &str, found: &mut Vec<String>) {
    match value {
        Value::Object(members) => {
            for keyword in ["$ref", "$dynamicRef"] {
                let Some(Value::String(reference)) = members.get(keyword) else { continue };
                let target = reference.split('#').next().unwrap_or_default();
                if !target.is_empty() && name.ends_with(target.trim_start_matches(['.', '/'])) {
                    found.push(format!("{pointer}/{keyword}"));
                }
            }
            for (key, member) in members {
                let key = key.replace('~', "~0").replace('/', "~1");
                search(member, name, &format!("{pointer}/{key}"), found);
            }
        }
        Value::Array(elements) => {
            for (index, element) in elements.iter().enumerate() {
                search(element, name, &format!("{pointer}/{index}"), found);
            }
        }
        _ => {}
    }
}

/// A path as it may stand in an address.
fn escaped(path: &str) -> String {
    percent_encoding::utf8_percent_encode(path, ENCODED).to_string()
}

/// A mistake in a text, by the line it is in.
fn in_lines(text: &str, error: Error) -> String {
    let before = text.as_bytes().get(..error.at).unwrap_or_default();
    let line = before.iter().filter(|byte| **byte == b'\n').count() + 1;
    match line {
        1 => error.to_string(),
        line => format!("{} in line {line}", error.fault),
    }
}
