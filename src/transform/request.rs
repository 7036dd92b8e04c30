//! What becomes of requests.

use std::sync::Arc;

use http::Method;
use http::header::{CONTENT_LENGTH, CONTENT_TYPE, HeaderName, HeaderValue, TRANSFER_ENCODING};
use http::request::Parts;
use http::uri::PathAndQuery;

use super::content::{ContentChange, Format, Made, Reader};
use super::cookies::{CookieChange, Values};
use super::fault::Fault;
use super::fields::{FieldChange, FieldValues};
use super::query;
use crate::expression::{Encode, Expression, Facts, Template};
use crate::json::Node;

/// What becomes of requests.
#[derive(Debug)]
pub struct RequestChange {
    /// Of which.
    pub when: Option<Arc<Expression>>,
    /// The method.
    pub method: Option<Template>,
    /// The path.
    pub path: Option<Template>,
    /// The query.
    pub query: ParameterChange,
    /// Header fields.
    pub fields: FieldChange,
    /// Cookies.
    pub cookies: CookieChange,
    /// How the content is read; `None` where nothing asks for it.
    pub reader: Option<Reader>,
    /// The content.
    pub content: Option<ContentChange>,
}

/// What becomes of a query.
#[derive(Debug, Default)]
pub struct ParameterChange {
    /// Names that go.
    pub remove: Box<[Box<str>]>,
    /// What is there exactly once.
    pub set: Box<[(Box<str>, Template)]>,
    /// What is added at the end.
    pub add: Box<[(Box<str>, Template)]>,
}

/// A request's content, read.
#[derive(Debug)]
pub struct Content<'c> {
    /// As what.
    pub format: Format,
    /// It.
    pub node: Node<'c>,
}

/// Everything that a request gets, calculated.
#[derive(Debug)]
pub struct NewRequest {
    method: Option<Method>,
    target: Option<PathAndQuery>,
    fields: FieldValues,
    cookies: Values,
    content: Option<Made>,
}

/// Whether a method can be asked for in place of another: no tunnels, and nothing whose answer has no content by nature.
pub fn is_method(text: &str) -> Option<Method> {
    Method::from_bytes(text.as_bytes())
        .ok()
        .filter(|method| ![Method::CONNECT, Method::TRACE, Method::HEAD].contains(method))
}

// === impl RequestChange ===

impl RequestChange {
    /// Whether content must be read where there is any: it is changed.
    pub fn needs_content(&self) -> bool {
        self.content.as_ref().is_some_and(|content| content.work.needs_content())
    }

    /// Calculates everything; nothing where the condition does not hold. `content` is `None` where there is none.
    pub fn calculate(
        &self,
        head: &Parts,
        facts: &Facts<'_>,
        content: Option<Content<'_>>,
    ) -> Result<Option<NewRequest>, Fault> {
        let reads = self.reader.as_ref().is_some_and(|reader| reader.looked_at);
        let seen = content.as_ref().filter(|_| reads).map(|content| content.node.clone());
        let mut facts = *facts;
        facts.beyond.content = seen.as_ref();
        let facts = &facts;
        if let Some(when) = &self.when
            && !when.holds(facts)?
        {
            return Ok(None);
        }
        let method = self.method.as_ref().map(|method| method.fill(facts, Encode::Plain)).transpose()?;
        let method = method.filter(|text| *text != head.method.as_str());
        let method =
            method.map(|text| is_method(&text).ok_or(Fault::Unsendable("the method"))).transpose()?;
        let made = match &self.content {
            None => None,
            Some(change) => {
                change.make(content.map(|content| (Some(content.format), content.node)), None, facts)?
            }
        };
        Ok(Some(NewRequest {
            method,
            target: self.target(head, facts)?,
            fields: self.fields.values(facts)?,
            cookies: self.cookies.values(facts)?,
            content: made,
        }))
    }

    fn target(&self, head: &Parts, facts: &Facts<'_>) -> Result<Option<PathAndQuery>, Fault> {
        if self.path.is_none() && self.query.is_empty() {
            return Ok(None);
        }
        let old = head.uri.query();
        let mut target = match &self.path {
            None => head.uri.path().to_owned(),
            Some(path) => path.fill(facts, Encode::Path)?,
        };
        let query = match self.query.is_empty() {
            true => old.map(str::to_owned),
            false => self.query.apply(old, facts)?,
        };
        if let Some(query) = query {
            target.push('?');
            target.push_str(&query);
        }
        PathAndQuery::try_from(target).map(Some).map_err(|_| Fault::Unsendable("the path"))
    }
}

// === impl ParameterChange ===

impl ParameterChange {
    /// Whether nothing changes.
    pub fn is_empty(&self) -> bool {
        self.remove.is_empty() && self.set.is_empty() && self.add.is_empty()
    }

    fn apply(&self, old: Option<&str>, facts: &Facts<'_>) -> Result<Option<String>, Fault> {
        // Plain: they are encoded as they are put in.
        let fill = |pairs: &[(Box<str>, Template)]| {
            let filled = pairs.iter().map(|(_, template)| template.fill(facts, Encode::Plain));
            filled.collect::<Result<Vec<_>, _>>()
        };
        let (set, add) = (fill(&self.set)?, fill(&self.add)?);
        let set: Vec<_> = pairs(&self.set, &set);
        let add: Vec<_> = pairs(&self.add, &add);
        Ok(query::edit(old, &self.remove, &set, &add).map(std::borrow::Cow::into_owned))
    }
}

fn pairs<'a>(names: &'a [(Box<str>, Template)], values: &'a [String]) -> Vec<(&'a str, &'a str)> {
    names.iter().zip(values).map(|((name, _), value)| (&**name, &**value)).collect()
}

// === impl NewRequest ===

impl NewRequest {
    /// Changes `head`, and gives the content that comes in place of the other, where one does.
    pub fn put(self, change: &RequestChange, head: &mut Parts) -> Option<Vec<u8>> {
        if let Some(method) = self.method {
            head.method = method;
        }
        if let Some(target) = self.target {
            query::replace_target(&mut head.uri, target);
        }
        let content = self.content.map(|made| {
            head.headers.remove(TRANSFER_ENCODING);
            head.headers.insert(CONTENT_LENGTH, HeaderValue::from(made.bytes.len()));
            if let Some(media_type) = made.media_type {
                head.headers.insert(CONTENT_TYPE, media_type);
            }
            if let Some(action) = made.action {
                head.headers.insert(HeaderName::from_static("soapaction"), action);
            }
            made.bytes
        });
        change.fields.put(self.fields, &mut head.headers);
        change.cookies.put(&self.cookies, &mut head.headers);
        content
    }

    /// Whether it has other content than came.
    pub fn is_rewritten(&self) -> bool {
        self.content.is_some()
    }
}
