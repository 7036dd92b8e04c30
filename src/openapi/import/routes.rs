//! Operations of a document as routes.

use super::Importer;
use super::names::{legal, unique};
use super::path::{Translated, translate};
use super::sections::{Section, Setting};
use crate::json::{Node, Object};
use crate::openapi::pointer::below;

/// Path Item Object: the keys that are operations.
pub(in crate::openapi) const METHODS: [&str; 8] =
    ["get", "put", "post", "delete", "options", "head", "patch", "trace"];

/// A path, and what its operations have in common.
struct Item<'a> {
    path: &'a str,
    translated: Translated,
    servers: Option<&'a Node<'a>>,
    pointer: String,
}

impl<'a> Importer<'a, '_> {
    /// A route for each operation.
    pub(super) fn routes(&mut self) {
        let paths = self.document.get("paths").and_then(Node::object);
        for (path, item) in paths.into_iter().flat_map(Object::iter) {
            if path.starts_with("x-") {
                continue;
            }
            let at = below("/paths", path);
            match self.document.resolve(item, &at) {
                Ok(resolved) => {
                    self.used.insert(resolved.pointer.clone());
                    self.path_item(path, resolved.node, &at, &resolved.pointer);
                }
                Err(reason) => self.leave_out(&at, reason),
            }
        }
    }

    /// `at` is where the path stands, `really` where what it refers to does.
    fn path_item(&mut self, path: &'a str, node: &'a Node<'a>, at: &str, really: &str) {
        let Some(members) = node.object() else { return self.leave_out(at, "what a path has is an object") };
        let operations: Vec<_> =
            METHODS.into_iter().filter_map(|method| Some((method, members.get(method)?))).collect();
        self.operations += operations.len();
        let full = format!("{}{path}", self.options.prefix);
        let translated = match translate(&full) {
            Ok(translated) => translated,
            Err(reason) => return self.leave_out(at, format!("no route can have this path: {reason}")),
        };
        if operations.is_empty() {
            return self.leave_out(at, "it has no operation");
        }
        let item = Item { path, translated, servers: members.get("servers"), pointer: really.to_owned() };
        let before = self.routes.len();
        for (method, operation) in operations {
            self.operation(&item, method, operation);
        }
        if self.routes.len() == before && really != at {
            self.leave_out(at, "none of the operations it refers to is taken over");
        }
    }

    fn operation(&mut self, item: &Item<'a>, method: &str, operation: &'a Node<'a>) {
        let at = below(&item.pointer, method);
        let Some(members) = operation.object() else {
            return self.leave_out(&at, "an operation is an object");
        };
        let method = method.to_ascii_uppercase();
        let place = format!("{method} {}", item.translated.place);
        if let Some(other) = self.places.get(&place) {
            let reason = format!("the route \"{other}\" takes the same paths");
            return self.leave_out(&at, reason);
        }
        let written = members.get("operationId").and_then(Node::text);
        let id = match written {
            Some(id) => legal(id, "._-/", "operation"),
            None => legal(&format!("{}{}", method.to_ascii_lowercase(), item.path), "._", "operation"),
        };
        let id = unique(&id, &mut self.ids);
        self.places.insert(place, id.clone());
        let lists = [
            (members.get("servers"), below(&at, "servers")),
            (item.servers, below(&item.pointer, "servers")),
            (self.document.get("servers"), "/servers".to_owned()),
        ];
        let upstream = self.upstream(&lists);
        let wanted = self.access(members.get("security"), &below(&at, "security"));
        self.public += usize::from(wanted.auth == Setting::from("public"));
        let mut route = Section::one_of("routes").with("id", id.clone());
        if members.get("deprecated") == Some(&Node::Bool(true)) {
            route = route.comment("Deprecated, the document says.");
        }
        if let Some(reason) = wanted.closed {
            self.closed += 1;
            self.to_do(&at, format!("route \"{id}\" lets nobody in: {reason}"));
            route = route.comment(format!("To do: nobody is let in, because {reason}."));
        }
        route = route.with("match", self.matches(item, &method)).with("auth", wanted.auth);
        route = route.with("upstream", upstream);
        if !self.options.prefix.is_empty() {
            // What the pattern captures is what the upstream gets.
            let path = item.translated.pattern.strip_prefix(&self.options.prefix).unwrap_or(item.path);
            route = route.with("rewrite", Setting::table([("path", rewritten(path).into())]));
        }
        self.routes.push(route);
    }

    fn matches(&self, item: &Item<'_>, method: &str) -> Setting {
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
}

/// In a template, what a pattern captured is called by its name alone.
fn rewritten(pattern: &str) -> String {
    pattern.replace("{*", "{")
}
