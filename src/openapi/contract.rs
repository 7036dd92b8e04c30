//! What an operation says about its requests and answers, as validation takes it.

use std::collections::BTreeSet;

use serde_json::Value;

use super::document::{Document, Resolved};
use super::operation::Operation;
use super::pointer::below;
use super::schema::{Bundle, Direction};
use crate::json::{Node, Object};
use crate::validation::{MediaRange, Statuses, Style};

/// What requests and answers of an operation must be.
#[derive(Debug)]
pub struct Contract {
    /// Its parameters.
    pub parameters: Vec<Wanted>,
    /// The content of requests; `None` where nothing is said of it.
    pub body: Option<Content>,
    /// What answers may be, the narrowest statuses first.
    pub answers: Vec<Answer>,
    /// The schemas of parameters and the content of requests.
    pub request: Value,
    /// The schemas of answers.
    pub answer: Value,
    /// What judges nothing, and why.
    pub left_out: Vec<(String, String)>,
    /// Where everything stands that was referred to.
    pub used: BTreeSet<String>,
}

/// A parameter.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Wanted {
    /// Its name.
    pub name: String,
    /// Where it stands.
    pub place: In,
    /// Whether there must be one.
    pub required: bool,
    /// How lists and objects are written.
    pub style: Style,
    /// Its schema, a reference into [`Contract::request`].
    pub schema: String,
    /// Where it stands in the document.
    pub pointer: String,
}

/// Where a parameter stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum In {
    /// In the path.
    Path,
    /// In the query.
    Query,
    /// It is a header field.
    Header,
    /// It is a cookie.
    Cookie,
}

/// The content of requests.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Content {
    /// Whether there must be some.
    pub required: bool,
    /// The media types that are taken, the narrowest first, each with a reference into [`Contract::request`].
    pub types: Vec<(MediaRange, Option<String>)>,
}

/// What answers may be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answer {
    /// Of which statuses.
    pub statuses: Statuses,
    /// Of which media type; JSON.
    pub media: MediaRange,
    /// A reference into [`Contract::answer`]; `None` where any JSON will do.
    pub schema: Option<String>,
}

struct Reader<'d, 'a> {
    document: &'d Document<'a>,
    request: Bundle<'d, 'a>,
    answer: Bundle<'d, 'a>,
    left_out: Vec<(String, String)>,
    used: BTreeSet<String>,
}

const MALFORMED: &str = "it is not what OpenAPI has here";

// === impl Operation ===

impl<'a> Operation<'a> {
    /// What its requests and answers must be.
    pub fn contract(&self, document: &Document<'a>) -> Contract {
        let mut reader = Reader {
            document,
            request: Bundle::new(document, Direction::Request),
            answer: Bundle::new(document, Direction::Answer),
            left_out: Vec::new(),
            used: BTreeSet::new(),
        };
        let parameters = reader.parameters(self);
        let body = reader.body(self);
        let answers = reader.answers(self);
        let Reader { request, answer, mut left_out, mut used, .. } = reader;
        left_out.extend(request.left_out.iter().chain(&answer.left_out).cloned());
        used.extend(request.used.iter().chain(&answer.used).cloned());
        Contract {
            parameters,
            body,
            answers,
            request: request.finish(),
            answer: answer.finish(),
            left_out,
            used,
        }
    }
}

impl<'a> Reader<'_, 'a> {
    fn leave(&mut self, at: impl Into<String>, reason: impl Into<String>) {
        self.left_out.push((at.into(), reason.into()));
    }

    /// What really stands there.
    fn resolved(&mut self, node: &'a Node<'a>, at: &str) -> Option<(&'a Object<'a>, String)> {
        match self.document.resolve(node, at) {
            Ok(Resolved { node: Node::Object(members), pointer }) => {
                self.used.insert(pointer.clone());
                Some((members, pointer))
            }
            Ok(_) => {
                self.leave(at, MALFORMED);
                None
            }
            Err(reason) => {
                self.leave(at, reason);
                None
            }
        }
    }

    /// The operation's own parameters, and those of its path that it does not have itself.
    fn parameters(&mut self, operation: &Operation<'a>) -> Vec<Wanted> {
        let own = (operation.members, operation.pointer.as_str());
        let shared = (operation.item.0, operation.item.1.as_str());
        let mut found: Vec<Wanted> = Vec::new();
        for (members, at) in [own, shared] {
            let at = below(at, "parameters");
            let list = match members.get("parameters") {
                Some(Node::Array(list)) => list,
                Some(_) => {
                    self.leave(at, MALFORMED);
                    continue;
                }
                None => continue,
            };
            for (index, parameter) in list.iter().enumerate() {
                let at = below(&at, &index.to_string());
                let Some((members, pointer)) = self.resolved(parameter, &at) else { continue };
                let Some(wanted) = self.parameter(members, &pointer) else { continue };
                if !found.iter().any(|it| it.name == wanted.name && it.place == wanted.place) {
                    found.push(wanted);
                }
            }
        }
        found
    }

    fn parameter(&mut self, members: &'a Object<'a>, at: &str) -> Option<Wanted> {
        let text = |key: &str| members.get(key).and_then(Node::text);
        let flag = |key: &str| match members.get(key) {
            Some(Node::Bool(flag)) => Some(*flag),
            _ => None,
        };
        let place = match text("in") {
            Some("path") => In::Path,
            Some("query") => In::Query,
            Some("header") => In::Header,
            Some("cookie") => In::Cookie,
            _ => {
                self.leave(at, "it does not say where the parameter stands");
                return None;
            }
        };
        let Some(name) = text("name").filter(|name| !name.is_empty()) else {
            self.leave(at, "it does not say what the parameter is called");
            return None;
        };
        // OpenAPI 3.1.1 section 4.8.12.1.
        let ignored = ["accept", "content-type", "authorization"];
        if place == In::Header && ignored.contains(&name.to_ascii_lowercase().as_str()) {
            self.leave(at, "OpenAPI ignores this header parameter: content and security say it");
            return None;
        }
        if place == In::Header && name.parse::<http::HeaderName>().is_err() {
            self.leave(at, "this cannot name a header field");
            return None;
        }
        let (style, schema) = self.form(members, at, place, text("style"), flag("explode"))?;
        let required = place == In::Path || flag("required") == Some(true);
        Some(Wanted { name: name.to_owned(), place, required, style, schema, pointer: at.to_owned() })
    }

    /// How a parameter is written, and its schema.
    fn form(
        &mut self,
        members: &'a Object<'a>,
        at: &str,
        place: In,
        style: Option<&str>,
        explode: Option<bool>,
    ) -> Option<(Style, String)> {
        if let Some(content) = members.get("content") {
            let mut types = content.object().into_iter().flat_map(Object::iter);
            let at_content = below(at, "content");
            let Some((media, value)) = types.next() else {
                self.leave(at_content, MALFORMED);
                return None;
            };
            let at_media = below(&at_content, media);
            if !range(media).is_some_and(|it| it.is_json()) {
                self.leave(at, "only JSON is judged in a parameter with content");
                return None;
            }
            let schema = value.object().and_then(|it| it.get("schema"));
            let schema = schema.map(|schema| self.request.add(schema, &below(&at_media, "schema")));
            if schema.is_none() {
                self.leave(at, "nothing is said about its value");
            }
            return Some((Style::Json, schema?));
        }
        let Some(schema) = members.get("schema") else {
            self.leave(at, "nothing is said about its value");
            return None;
        };
        let usual = if matches!(place, In::Query | In::Cookie) { "form" } else { "simple" };
        let style = style.unwrap_or(usual);
        let explode = explode.unwrap_or(style == "form");
        let style = match (style, explode, place) {
            ("form", true, In::Query) => Style::Repeated,
            // A cookie has one value; what explodes in one is ambiguous to everybody.
            ("form", _, In::Query | In::Cookie) | ("simple", false, In::Path | In::Header) => Style::Commas,
            ("spaceDelimited", false, In::Query) => Style::Spaces,
            ("pipeDelimited", false, In::Query) => Style::Pipes,
            ("deepObject", _, In::Query) => Style::Deep,
            // Without an object there is nothing that could explode.
            ("simple", true, In::Path | In::Header) if !self.may_be_object(schema) => Style::Commas,
            (style, ..) => {
                let more = if explode { ", exploded," } else { "" };
                self.leave(at, format!("values that are written in the style {style:?}{more} are not read"));
                return None;
            }
        };
        let schema = self.request.add(schema, &below(at, "schema"));
        Some((style, schema))
    }

    /// Whether an object may be meant: where nothing is said, too.
    fn may_be_object(&self, schema: &'a Node<'a>) -> bool {
        let resolved = self.document.resolve(schema, "").ok();
        let kind = resolved.and_then(|it| it.node.object()?.get("type"));
        match kind {
            Some(Node::Text(name)) => name == "object",
            Some(Node::Array(names)) => names.iter().any(|name| name.text() == Some("object")),
            _ => true,
        }
    }

    fn body(&mut self, operation: &Operation<'a>) -> Option<Content> {
        let at = below(&operation.pointer, "requestBody");
        let (members, at) = self.resolved(operation.members.get("requestBody")?, &at)?;
        let required = members.get("required") == Some(&Node::Bool(true));
        let at = below(&at, "content");
        let mut types = Vec::new();
        for (media, value) in members.get("content").and_then(Node::object).into_iter().flat_map(Object::iter)
        {
            let at = below(&at, media);
            let Some(range) = range(media) else {
                self.leave(at, "this is not a media type");
                continue;
            };
            let schema = value.object().and_then(|it| it.get("schema"));
            let at = below(&at, "schema");
            let schema = match schema {
                Some(schema) if range.is_json() => Some(self.request.add(schema, &at)),
                Some(_) => {
                    self.leave(at, "only JSON is judged");
                    None
                }
                None => None,
            };
            types.push((range, schema));
        }
        types.sort_by_key(|(range, _)| breadth(range));
        Some(Content { required, types })
    }

    fn answers(&mut self, operation: &Operation<'a>) -> Vec<Answer> {
        let all = below(&operation.pointer, "responses");
        let responses = operation.members.get("responses").and_then(Node::object);
        let mut found = Vec::new();
        for (status, response) in responses.into_iter().flat_map(Object::iter) {
            let at = below(&all, status);
            if status.starts_with("x-") {
                self.leave(at, "an extension of the document's maker");
                continue;
            }
            let Some(statuses) = Statuses::read(status) else {
                self.leave(at, "this is no status");
                continue;
            };
            let Some((members, at)) = self.resolved(response, &at) else { continue };
            let known = found.len();
            let at = below(&at, "content");
            for (media, value) in
                members.get("content").and_then(Node::object).into_iter().flat_map(Object::iter)
            {
                let at = below(&below(&at, media), "schema");
                let Some(schema) = value.object().and_then(|it| it.get("schema")) else { continue };
                match range(media).filter(MediaRange::is_json) {
                    Some(media) => {
                        let schema = Some(self.answer.add(schema, &at));
                        found.push(Answer { statuses, media, schema });
                    }
                    None => self.leave(at, "only JSON is judged"),
                }
            }
            // A status about which nothing is said is not one of those for which `default` is.
            if found.len() == known {
                let json =
                    ["application/json", "application/*+json"].into_iter().filter_map(MediaRange::read);
                found.extend(json.map(|media| Answer { statuses, media, schema: None }));
            }
        }
        found.sort_by_key(|answer| (answer.statuses, breadth(&answer.media)));
        if found.iter().all(|answer| answer.schema.is_none()) {
            found.clear();
        }
        found
    }
}

/// A media type of a document, without parameters.
fn range(media: &str) -> Option<MediaRange> {
    MediaRange::read(media.split(';').next().unwrap_or_default())
}

/// Narrow ranges go before wide ones.
fn breadth(range: &MediaRange) -> usize {
    match range.as_str() {
        "*/*" => 2,
        text if text.contains('*') => 1,
        _ => 0,
    }
}
