//! What an operation of an OpenAPI document says, ready to be looked at.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde_json::{Value, json};

use super::super::compile::{Context, Pointer};
use super::super::scalar::nearest;
use crate::diagnostic::Diagnostic;
use crate::openapi::{Content, Contract, In, Wanted, capture};
use crate::route::pattern::Pattern;
use crate::validation::{Draft, Kinds, MediaRange, Parameter, Place, Schema, Sources, Statuses};

/// What an operation says.
pub(super) struct Operation {
    pub(super) parameters: Vec<Parameter>,
    pub(super) body: Option<Body>,
    pub(super) answers: Vec<(Statuses, MediaRange, Arc<Schema>)>,
}

/// What it says of the content of requests.
pub(super) struct Body {
    pub(super) required: bool,
    pub(super) types: Vec<(MediaRange, Option<Arc<Schema>>)>,
}

/// The address of a bundle of schemas, and that of what refers into it. Nobody is ever asked for them.
const BUNDLE: &str = "tollgate:///openapi";
const JUDGED: &str = "tollgate:///judged";

/// The schemas of requests, or of answers.
struct Judges {
    sources: Sources,
    made: BTreeMap<String, Arc<Schema>>,
}

// === impl Judges ===

impl Judges {
    fn new(bundle: &Value) -> Result<Self, String> {
        let documents = vec![(BUNDLE.to_owned(), bundle.clone(), Draft::Draft202012)];
        let sources = Sources::new(documents).map_err(|wrong| format!("{wrong:?}"))?;
        Ok(Self { sources, made: BTreeMap::new() })
    }

    fn schema(&mut self, reference: &str) -> Result<Arc<Schema>, String> {
        if let Some(made) = self.made.get(reference) {
            return Ok(Arc::clone(made));
        }
        let value = json!({ "$ref": format!("{BUNDLE}{reference}") });
        let made = self.sources.schema(&value, JUDGED, Draft::Draft202012, None);
        let schema = Arc::new(made.map_err(|mistakes| {
            mistakes
                .into_iter()
                .next()
                .map_or_else(String::new, |it| format!("{}: {}", it.pointer, it.message))
        })?);
        self.made.insert(reference.to_owned(), Arc::clone(&schema));
        Ok(schema)
    }

    fn kinds(&self, reference: &str) -> Kinds {
        Kinds::of(&self.sources, BUNDLE, &json!({ "$ref": reference }))
    }
}

// === impl Context ===

impl Context<'_> {
    /// What the operation of this name says: `pets#createPet`, or `pets#POST /pets`.
    pub(super) fn operation(
        &mut self,
        at: &Pointer,
        text: &str,
        pattern: Option<&Pattern>,
    ) -> Option<Operation> {
        let Some((name, operation)) = text.split_once('#') else {
            self.error(at, format!("\"{text}\" does not name an operation")).help(
                "the name of one of [openapi], a #, and the operation's operationId, or its method and path",
            );
            return None;
        };
        let openapi = std::mem::take(&mut self.written_openapi);
        let found = match openapi.documents.get(name) {
            Some(Some(document)) => match document.wanted.get(operation) {
                Some(_) if document.ambiguous.contains(operation) => {
                    self.error(at, format!("two operations of \"{name}\" are called \"{operation}\""))
                        .help("name it by its method and path, such as \"pets#POST /pets\"");
                    None
                }
                Some(contract) => self.contracted(at, contract, pattern),
                None => {
                    let near = nearest(operation, document.all.iter().map(String::as_str));
                    let help = near.map(|near| format!("did you mean \"{name}#{near}\"?"));
                    let help = help.unwrap_or_else(|| "its operationId, or its method and path".to_owned());
                    self.error(at, format!("the document \"{name}\" has no operation \"{operation}\""))
                        .help(help);
                    None
                }
            },
            // Its own mistake is reported.
            Some(None) => None,
            None => {
                let near = nearest(name, openapi.documents.keys().map(String::as_str));
                let help = near.map(|near| format!("did you mean \"{near}\"?"));
                let help = help.unwrap_or_else(|| format!("add [openapi.{name}]"));
                self.error(at, format!("there is no OpenAPI document \"{name}\"")).help(help);
                None
            }
        };
        self.written_openapi = openapi;
        found
    }

    fn contracted(
        &mut self,
        at: &Pointer,
        contract: &Contract,
        pattern: Option<&Pattern>,
    ) -> Option<Operation> {
        match self.judges(at, contract, pattern) {
            Ok(operation) => Some(operation),
            Err(message) => {
                self.error(at, format!("a schema of the operation cannot be used: {message}"));
                None
            }
        }
    }

    fn judges(
        &mut self,
        at: &Pointer,
        contract: &Contract,
        pattern: Option<&Pattern>,
    ) -> Result<Operation, String> {
        let mut requests = Judges::new(&contract.request)?;
        let mut parameters = Vec::new();
        for wanted in &contract.parameters {
            let Some(place) = self.operation_place(at, wanted, pattern) else { continue };
            let Wanted { name, required, style, schema: reference, .. } = wanted;
            let schema = requests.schema(reference)?;
            let (name, kinds) = (name.as_str().into(), requests.kinds(reference));
            parameters.push(Parameter { place, name, required: *required, style: *style, schema, kinds });
        }
        let body = match &contract.body {
            None => None,
            Some(Content { required, types }) => {
                let mut judged = Vec::new();
                for (range, reference) in types {
                    let schema =
                        reference.as_ref().map(|reference| requests.schema(reference)).transpose()?;
                    judged.push((range.clone(), schema));
                }
                Some(Body { required: *required, types: judged })
            }
        };
        let mut judges = Judges::new(&contract.answer)?;
        let any = judges.sources.schema(&Value::Bool(true), JUDGED, Draft::Draft202012, None);
        let any = Arc::new(any.map_err(|_| "true is no schema".to_owned())?);
        let mut answers = Vec::new();
        for answer in &contract.answers {
            let schema = match &answer.schema {
                Some(reference) => judges.schema(reference)?,
                None => Arc::clone(&any),
            };
            answers.push((answer.statuses, answer.media.clone(), schema));
        }
        Ok(Operation { parameters, body, answers })
    }

    /// Where a parameter stands in requests of the route.
    fn operation_place(&mut self, at: &Pointer, wanted: &Wanted, pattern: Option<&Pattern>) -> Option<Place> {
        match wanted.place {
            In::Query => Some(Place::Query),
            In::Cookie => Some(Place::Cookie),
            // Names that cannot be fields are left out of the contract.
            In::Header => wanted.name.parse().ok().map(Place::Header),
            In::Path => {
                let pattern = pattern?;
                let name = capture(&wanted.name);
                let place = pattern.captures().position(|captured| captured == name);
                if place.is_none() {
                    let text =
                        format!("the path captures no \"{name}\", so that this parameter is not judged");
                    self.report(Diagnostic::warning(at.into(), text))
                        .help(format!("write {{{name}}} where it stands in match.path"));
                }
                place.map(Place::Path)
            }
        }
    }
}
