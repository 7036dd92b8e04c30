//! Operations of a document as routes.

use super::Importer;
use super::names::{legal, unique};
use super::path::{Translated, translate};
use super::sections::{Section, Setting};
use crate::json::{Node, Object};
use crate::openapi::document::Resolved;
use crate::openapi::operation::{METHODS, Operation, capture};
use crate::openapi::pointer::below;
use crate::openapi::{Contract, In};

/// A path, and what its operations have in common.
struct Item<'a> {
    path: &'a str,
    translated: Translated,
    servers: Option<&'a Node<'a>>,
    really: Resolved<'a>,
}

impl<'a> Importer<'a, '_> {
    /// A route for each operation.
    pub(super) fn routes(&mut self) {
        if self.options.validate.is_some() {
            for id in self.document.operations().iter().filter_map(Operation::id) {
                *self.operation_ids.entry(id).or_default() += 1;
            }
        }
        let paths = self.document.get("paths").and_then(Node::object);
        for (path, item) in paths.into_iter().flat_map(Object::iter) {
            if path.starts_with("x-") {
                continue;
            }
            let at = below("/paths", path);
            match self.document.resolve(item, &at) {
                Ok(resolved) => {
                    self.used.insert(resolved.pointer.clone());
                    self.path_item(path, &at, resolved);
                }
                Err(reason) => self.leave_out(&at, reason),
            }
        }
    }

    /// `at` is where the path stands, `really` what it refers to.
    fn path_item(&mut self, path: &'a str, at: &str, really: Resolved<'a>) {
        let Some(members) = really.node.object() else {
            return self.leave_out(at, "what a path has is an object");
        };
        let refers = really.pointer != at;
        let operations: Vec<_> =
            METHODS.into_iter().filter_map(|(key, _)| Some((key, members.get(key)?))).collect();
        self.operations += operations.len();
        let full = format!("{}{path}", self.options.prefix);
        let translated = match translate(&full) {
            Ok(translated) => translated,
            Err(reason) => return self.leave_out(at, format!("no route can have this path: {reason}")),
        };
        if operations.is_empty() {
            return self.leave_out(at, "it has no operation");
        }
        for (key, operation) in operations {
            if operation.object().is_none() {
                self.leave_out(&below(&really.pointer, key), "an operation is an object");
            }
        }
        let item = Item { path, translated, servers: members.get("servers"), really };
        let before = self.routes.len();
        for operation in Operation::of(path, &item.really) {
            self.operation(&item, &operation);
        }
        if self.routes.len() == before && refers {
            self.leave_out(at, "none of the operations it refers to is taken over");
        }
    }

    fn operation(&mut self, item: &Item<'a>, operation: &Operation<'a>) {
        let Operation { method, pointer: at, members, .. } = operation;
        let place = format!("{method} {}", item.translated.place);
        if let Some(other) = self.places.get(&place) {
            let reason = format!("the route \"{other}\" takes the same paths");
            return self.leave_out(at, reason);
        }
        let id = match operation.id() {
            Some(id) => legal(id, "._-/", "operation"),
            None => legal(&format!("{}{}", method.to_ascii_lowercase(), item.path), "._", "operation"),
        };
        let id = unique(&id, &mut self.ids);
        self.places.insert(place, id.clone());
        let lists = [
            (members.get("servers"), below(at, "servers")),
            (item.servers, below(&item.really.pointer, "servers")),
            (self.document.get("servers"), "/servers".to_owned()),
        ];
        let upstream = self.upstream(&lists);
        let wanted = self.access(members.get("security"), &below(at, "security"));
        self.public += usize::from(wanted.auth == Setting::from("public"));
        let mut route = Section::one_of("routes").with("id", id.clone());
        if members.get("deprecated") == Some(&Node::Bool(true)) {
            route = route.comment("Deprecated, the document says.");
        }
        if let Some(reason) = wanted.closed {
            self.closed += 1;
            self.left_to_do(at, format!("route \"{id}\" lets nobody in: {reason}"));
            route = route.comment(format!("To do: nobody is let in, because {reason}."));
        }
        route = route.with("match", matches(item, method)).with("auth", wanted.auth);
        route = route.with("upstream", upstream);
        if !self.options.prefix.is_empty() {
            // What the pattern captures is what the upstream gets.
            let path = item.translated.pattern.strip_prefix(&self.options.prefix).unwrap_or(item.path);
            route = route.with("rewrite", Setting::table([("path", rewritten(path).into())]));
        }
        if let Some(validate) = self.validate(item, operation) {
            route = route.with("validate", validate);
        }
        self.routes.push(route);
    }

    /// What a route is validated by, where the author wants that and the operation says something.
    fn validate(&mut self, item: &Item<'a>, operation: &Operation<'a>) -> Option<Setting> {
        let name = &self.options.validate.as_ref()?.name;
        let Contract { parameters, body, answers, left_out, used, .. } = operation.contract(self.document);
        self.used.extend(used);
        for (pointer, reason) in left_out {
            self.leave_out(&pointer, reason);
        }
        for parameter in parameters.iter().filter(|it| it.place == In::Path) {
            let hole =
                [format!("{{{}}}", capture(&parameter.name)), format!("{{*{}}}", capture(&parameter.name))];
            if !hole.iter().any(|hole| item.translated.pattern.contains(hole)) {
                self.leave_out(&parameter.pointer, "the path has no such parameter");
            }
        }
        if parameters.is_empty() && body.is_none() && answers.is_empty() {
            return None;
        }
        let id = operation.id().filter(|id| self.operation_ids.get(*id) == Some(&1));
        let operation = format!("{name}#{}", id.map_or_else(|| operation.place(), str::to_owned));
        let mut validate = vec![("operation".to_owned(), operation.into())];
        if !answers.is_empty() {
            validate.push(("answers".to_owned(), Setting::table([("mode", "report".into())])));
        }
        Some(Setting::Table(validate))
    }
}

fn matches(item: &Item<'_>, method: &str) -> Setting {
    let mut matches = vec![
        ("path".to_owned(), item.translated.pattern.clone().into()),
        ("methods".to_owned(), vec![method.to_owned()].into()),
    ];
    let condition = |(name, value): &(String, Option<String>)| {
        let any = || Setting::table([("present", true.into())]);
        (name.clone(), value.as_ref().map_or_else(any, |value| value.clone().into()))
    };
    let query: Vec<_> = item.translated.query.iter().map(condition).collect();
    if !query.is_empty() {
        matches.push(("query".to_owned(), Setting::Table(query)));
    }
    Setting::Table(matches)
}

/// In a template, what a pattern captured is called by its name alone.
fn rewritten(pattern: &str) -> String {
    pattern.replace("{*", "{")
}
