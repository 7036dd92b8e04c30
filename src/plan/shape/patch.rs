//! Patches, as they are written in a configuration.

use super::super::compile::{Context, Pointer};
use crate::config::{PatchOperation, PatchSetting, PatchWord};
use crate::json::patch::Patch;
use crate::json::{Limits, Node, Object, parse};
use crate::shape::Operation;

/// The largest patch, in bytes.
const MOST_PATCH: usize = 16_384;

/// How deep values in a patch may be: each adds to what it is put into.
const MOST_DEEP: usize = 16;

impl Context<'_> {
    pub(super) fn shape_patch(&mut self, at: &Pointer, written: &PatchSetting) -> Option<Operation> {
        let document = match written {
            PatchSetting::Text(text) => self.shape_json(at, text)?,
            PatchSetting::List(list) => {
                let operations: Vec<_> = list
                    .iter()
                    .zip(at.indices())
                    .map(|(it, at)| self.shape_patch_operation(&at, it))
                    .collect();
                Node::Array(operations.into_iter().collect::<Option<_>>()?)
            }
        };
        match Patch::read(&document) {
            Ok(patch) if patch.operations().is_empty() => {
                self.error(at, "this patch changes nothing").help("remove the step");
                None
            }
            Ok(patch) => Some(Operation::Patch(patch)),
            Err(mistake) => {
                let is_list = matches!(written, PatchSetting::List(_));
                let help = "such as '[{\"op\": \"add\", \"path\": \"/tags/-\", \"value\": \"new\"}]'";
                match mistake.operation {
                    Some(operation) if is_list => {
                        self.error(&at.index(operation), mistake.message).help(help);
                    }
                    _ => self.error(at, format!("this is no JSON Patch: {mistake}")).help(help),
                }
                None
            }
        }
    }

    /// An operation, as RFC 6902 section 4 writes it.
    fn shape_patch_operation(&mut self, at: &Pointer, written: &PatchOperation) -> Option<Node<'static>> {
        let PatchOperation { op, path, from, value, json } = written;
        let (word, has_value, has_from) = match op {
            PatchWord::Add => ("add", true, false),
            PatchWord::Remove => ("remove", false, false),
            PatchWord::Replace => ("replace", true, false),
            PatchWord::Move => ("move", false, true),
            PatchWord::Copy => ("copy", false, true),
            PatchWord::Test => ("test", true, false),
        };
        if from.is_some() && !has_from {
            self.error(&at.key("from"), format!("{word} has no from")).help("remove it");
            return None;
        }
        let text = |text: &str| Node::Text(text.to_owned().into());
        let mut operation = Object::default();
        operation.set("op", text(word));
        operation.set("path", text(path));
        if let Some(from) = from {
            operation.set("from", text(from));
        }
        if has_value {
            operation.set("value", self.mapping_value(at, value.as_ref(), json.as_deref())?);
        } else if value.is_some() || json.is_some() {
            self.error(at, format!("{word} has no value")).help("remove it");
            return None;
        }
        Some(Node::Object(operation))
    }

    pub(super) fn shape_merge(&mut self, at: &Pointer, text: &str) -> Option<Operation> {
        let patch = self.shape_json(at, text)?;
        if patch.object().is_none_or(Object::is_empty) {
            self.error(at, "a merge patch that changes some of a document is an object with members")
                .help("such as '{\"internal\": null, \"version\": 2}'");
            return None;
        }
        Some(Operation::Merge(patch))
    }

    fn shape_json(&mut self, at: &Pointer, text: &str) -> Option<Node<'static>> {
        match parse(text.as_bytes(), &Limits { depth: MOST_DEEP, ..Limits::of(MOST_PATCH) }) {
            Ok(node) => Some(node.into_owned()),
            Err(error) => {
                self.error(at, format!("this is not JSON: {error}"))
                    .help("write it in single quotation marks, and names in double ones: '{\"a\": 1}'");
                None
            }
        }
    }
}
