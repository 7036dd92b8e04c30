//! What a step asks, ready to be filled in.

use std::collections::BTreeMap;

use http::Method;
use http::header::{
    ACCEPT_ENCODING, EXPECT, HeaderName, IF_MATCH, IF_MODIFIED_SINCE, IF_NONE_MATCH, IF_RANGE,
    IF_UNMODIFIED_SINCE, RANGE,
};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

use super::super::compile::{Context, Pointer};
use super::step::Reads;
use crate::compose::{Content, Request};
use crate::config::{self, StepBody};
use crate::expression::{Encode, Kind, Known, Template};
use crate::route::pattern::Pattern;

/// RFC 3986 section 2.3: all but unreserved characters are encoded in names.
const NAME: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// The most parameters, fields or pairs of a form.
const MOST_NAMES: usize = 64;

/// What asks for something else than a whole answer that can be read.
const NOT_WHOLE: [HeaderName; 8] = [
    ACCEPT_ENCODING,
    EXPECT,
    IF_MATCH,
    IF_MODIFIED_SINCE,
    IF_NONE_MATCH,
    IF_RANGE,
    IF_UNMODIFIED_SINCE,
    RANGE,
];

impl Context<'_> {
    /// What a step asks.
    pub(super) fn step_request(
        &mut self,
        at: &Pointer,
        written: &config::Step,
        pattern: &Pattern,
        known: &Known<'_>,
        reads: &mut Reads,
    ) -> Option<Request> {
        let path = written.path.as_deref().unwrap_or("/");
        let path = self.template(&at.key("path"), path, Some(pattern), known, Encode::Path);
        let query = self.pairs(&at.key("query"), &written.query, pattern, known);
        let mut fields = Vec::new();
        self.few(&at.key("fields"), written.fields.len());
        for (name, text) in &written.fields {
            let at = at.key("fields").key(name);
            let name = self.step_field(&at, name);
            let template = self.template(&at, text, Some(pattern), known, Encode::Plain);
            fields.extend(name.zip(template));
        }
        let pass = self.passed_fields(&at.key("pass"), &written.pass, &fields);
        let content = match &written.body {
            None => Some(Content::None),
            Some(body) => self.step_content(&at.key("body"), body, pattern, known),
        };
        let method = self.step_method(at, written);
        let (path, content) = (path?, content?);
        let form = match &content {
            Content::Form(pairs) => &pairs[..],
            Content::Json(expression) => {
                reads.expression(expression);
                &[]
            }
            Content::Text(template) => {
                reads.template(template);
                &[]
            }
            Content::None | Content::Same => &[],
        };
        let pairs = query.iter().chain(form).map(|(_, template)| template);
        let all = pairs.chain(fields.iter().map(|(_, template)| template)).chain([&path]);
        all.for_each(|template| reads.template(template));
        Some(Request { method: method?, path, query, fields: fields.into(), pass, content })
    }

    fn step_method(&mut self, at: &Pointer, written: &config::Step) -> Option<Method> {
        let Some(text) = &written.method else {
            return Some(if written.body.is_some() { Method::POST } else { Method::GET });
        };
        let at_method = at.key("method");
        let method = Method::from_bytes(text.as_bytes()).ok();
        let Some(method) = method.filter(|method| ![Method::CONNECT, Method::TRACE].contains(method)) else {
            self.error(&at_method, format!("\"{text}\" is not a method that a step can have"))
                .help("such as \"GET\" or \"POST\"");
            return None;
        };
        if *text != text.to_ascii_uppercase() {
            self.error(&at_method, format!("methods are case-sensitive: \"{text}\" is none"))
                .help(format!("write \"{}\"", text.to_ascii_uppercase()));
        }
        // RFC 9110 section 9.3.1: content of a GET means nothing.
        if written.body.is_some() && [Method::GET, Method::HEAD].contains(&method) {
            self.error(&at.key("body"), format!("a {method} has no content"))
                .help("remove body, or choose another method");
        }
        Some(method)
    }

    /// Names and what they are filled with; names are encoded.
    fn pairs(
        &mut self,
        at: &Pointer,
        written: &BTreeMap<String, String>,
        pattern: &Pattern,
        known: &Known<'_>,
    ) -> Box<[(Box<str>, Template)]> {
        self.few(at, written.len());
        let mut pairs = Vec::new();
        for (name, text) in written {
            let at = at.key(name);
            if name.is_empty() {
                self.error(&at, "a name is not empty");
            }
            let template = self.template(&at, text, Some(pattern), known, Encode::Query);
            let name = utf8_percent_encode(name, NAME).to_string();
            pairs.extend(template.map(|template| (name.into(), template)));
        }
        pairs.into()
    }

    fn few(&mut self, at: &Pointer, count: usize) {
        if count > MOST_NAMES {
            self.error(at, format!("{count} are too many")).help(format!("at most {MOST_NAMES}"));
        }
    }

    /// The name of a field that a step may send.
    fn step_field(&mut self, at: &Pointer, name: &str) -> Option<HeaderName> {
        let field = self.editable(at, name)?;
        if NOT_WHOLE.contains(&field) {
            self.error(at, format!("{name} would ask for something else than a whole answer"))
                .help("remove it: the answer is read here");
            return None;
        }
        Some(field)
    }

    fn passed_fields(
        &mut self,
        at: &Pointer,
        written: &[String],
        fields: &[(HeaderName, Template)],
    ) -> Box<[HeaderName]> {
        self.few(at, written.len());
        let mut pass: Vec<HeaderName> = Vec::new();
        for (name, at) in written.iter().zip(at.indices()) {
            let Some(field) = self.step_field(&at, name) else { continue };
            if pass.contains(&field) {
                self.error(&at, format!("\"{name}\" is named twice"));
            } else if fields.iter().any(|(known, _)| *known == field) {
                self.error(&at, format!("\"{name}\" stands in fields, too")).help("remove one of them");
            } else {
                pass.push(field);
            }
        }
        pass.into()
    }

    fn step_content(
        &mut self,
        at: &Pointer,
        written: &StepBody,
        pattern: &Pattern,
        known: &Known<'_>,
    ) -> Option<Content> {
        match written {
            StepBody { json: Some(source), form: None, text: None, same: None } => {
                self.expression_with(&at.key("json"), source, Kind::Any, known).map(Content::Json)
            }
            StepBody { json: None, form: Some(form), text: None, same: None } => {
                Some(Content::Form(self.pairs(&at.key("form"), form, pattern, known)))
            }
            StepBody { json: None, form: None, text: Some(text), same: None } => {
                let template = self.template(&at.key("text"), text, Some(pattern), known, Encode::Plain);
                template.map(Content::Text)
            }
            StepBody { json: None, form: None, text: None, same: Some(true) } => Some(Content::Same),
            _ => {
                self.error(at, "the content has exactly one of json, form, text and same = true");
                None
            }
        }
    }
}
