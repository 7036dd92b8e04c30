//! OpenAPI documents, as far as routes name their operations.

use std::collections::{BTreeMap, BTreeSet};

use super::compile::{Context, Pointer};
use super::scalar::is_token;
use crate::config::{Document, OpenapiDocument};
use crate::json::{Limits, parse};
use crate::openapi::{Contract, Document as Described, Operation};

/// The largest document, in bytes: the largest that is known to be published, GitHub's, has 13 MiB.
const MOST: usize = 64 << 20;

/// Documents that are written, and those of their operations that routes name.
#[derive(Debug, Default)]
pub(super) struct Openapi {
    /// By the documents' names; `None` for one with a mistake.
    pub(super) documents: BTreeMap<String, Option<Named>>,
}

/// The operations of a document.
#[derive(Debug, Default)]
pub(super) struct Named {
    /// What those must be that routes name, by these names.
    pub(super) wanted: BTreeMap<String, Contract>,
    /// Names that two operations have.
    pub(super) ambiguous: BTreeSet<String>,
    /// All names.
    pub(super) all: Vec<String>,
}

impl Context<'_> {
    /// Every document that is written.
    pub(super) fn openapi(&mut self, documents: &[(String, Document)]) -> Openapi {
        let routes = documents.iter().flat_map(|(_, document)| &document.routes);
        let steps = routes.clone().flat_map(|route| &route.compose).flat_map(|compose| &compose.steps);
        let validated = routes.map(|route| &route.validate).chain(steps.map(|step| &step.validate));
        let operations = validated.filter_map(|validate| validate.as_ref()?.operation.as_deref());
        let wanted: BTreeSet<&str> = operations.collect();
        let mut all = Openapi::default();
        for (file, document) in documents {
            let at = Pointer::root(file).key("openapi");
            for (name, written) in &document.openapi {
                let at = at.key(name);
                if !is_token(name) {
                    self.error(&at, format!("\"{name}\" cannot be the name of an OpenAPI document"))
                        .help("letters, digits, and any of . _ -");
                }
                let of_this = |it: &&&str| it.split_once('#').is_some_and(|(document, _)| document == name);
                let names =
                    wanted.iter().filter(of_this).filter_map(|it| it.split_once('#')).map(|(_, it)| it);
                let named = self.openapi_document(&at, written, document, &names.collect());
                all.documents.insert(name.clone(), named);
            }
        }
        all
    }

    fn openapi_document(
        &mut self,
        at: &Pointer,
        written: &OpenapiDocument,
        document: &Document,
        wanted: &BTreeSet<&str>,
    ) -> Option<Named> {
        let (text, at) = match (&written.file, &written.json) {
            (Some(file), None) => match document.files.get(file) {
                Some(text) => (text, Pointer::root(file)),
                None => {
                    self.error(
                        &at.key("file"),
                        format!("the file \"{file}\" was not read with the configuration"),
                    )
                    .help("files are read where the configuration is a directory");
                    return None;
                }
            },
            (None, Some(text)) => (text, at.key("json")),
            _ => {
                self.error(at, "an OpenAPI document is written in exactly one of file and json")
                    .help("such as file = \"pets.yaml\"");
                return None;
            }
        };
        let node = match parse(text.as_bytes(), &Limits::of(MOST)) {
            Ok(node) => node,
            Err(error) => {
                self.error(&at, format!("this is not JSON: {error}"));
                return None;
            }
        };
        match Described::read(&node) {
            Ok(described) => Some(named(&described, wanted)),
            Err(wrong) => {
                let at = if written.file.is_some() { at.beneath(wrong.pointer) } else { at };
                self.error(&at, wrong.message);
                None
            }
        }
    }
}

/// The operations of a document: by their identifiers, and by their methods and paths.
fn named(document: &Described<'_>, wanted: &BTreeSet<&str>) -> Named {
    let mut named = Named::default();
    let operations = document.operations();
    for operation in &operations {
        for name in operation.id().map(str::to_owned).into_iter().chain([operation.place()]) {
            if wanted.contains(name.as_str()) && !named.wanted.contains_key(&name) {
                named.wanted.insert(name.clone(), operation.contract(document));
            } else if operations.iter().filter_map(Operation::id).filter(|id| **id == name).count() > 1
                && wanted.contains(name.as_str())
            {
                named.ambiguous.insert(name.clone());
            }
            named.all.push(name);
        }
    }
    named
}
