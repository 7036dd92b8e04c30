//! Changes on the way: to the address and to header fields.

use http::HeaderMap;
use http::header::{HeaderName, HeaderValue};
use http::uri::PathAndQuery;

mod content;
pub mod cookies;
mod fault;
mod fields;
pub mod page;
pub mod prefix;
mod problem;
pub mod query;
pub mod request;
pub mod response;

pub use content::{ContentChange, Format, Made, Reader, Work, Writer};
pub use cookies::{Attributes, CookieChange, SetCookieChange};
pub use fault::Fault;
pub use fields::FieldChange;
pub use problem::ProblemChange;
pub use request::{ParameterChange, RequestChange};
pub use response::{Awaited, Errors, NewContent, NewResponse, ResponseChange, StatusChange, Tags, Vary};

/// What becomes of requests and answers on the way.
#[derive(Debug)]
pub struct Transform {
    /// What becomes of requests.
    pub request: Option<RequestChange>,
    /// What becomes of answers.
    pub response: Option<ResponseChange>,
    /// Fields of requests that answers depend on by all of it.
    pub vary: Vary,
    /// The variables that expressions in it ask for.
    pub reads: Box<[Variable]>,
}

use crate::expression::Variable;
use crate::host::{Secret, Variables};
use crate::plan::{HeaderEdit, PathRewrite, PathTemplate, QueryRewrite, Route, ValuePiece, ValueTemplate};
use crate::problem::{Failure, Problem};

/// Makes `edits`, in order. A variable that cannot be read, or whose value cannot be sent, fails the request: half of
/// the edits would be worse than none.
pub async fn edit_headers<H: Variables>(
    host: &H,
    edits: &[HeaderEdit],
    headers: &mut HeaderMap,
) -> Result<(), Failure> {
    for edit in edits {
        match edit {
            HeaderEdit::Remove(name) => drop(headers.remove(name)),
            HeaderEdit::Set(name, values) => {
                headers.remove(name);
                append(host, headers, name, values).await?;
            }
            HeaderEdit::Add(name, values) => append(host, headers, name, values).await?,
        }
    }
    Ok(())
}

async fn append<H: Variables>(
    host: &H,
    headers: &mut HeaderMap,
    name: &HeaderName,
    values: &[ValueTemplate],
) -> Result<(), Failure> {
    for value in values {
        let value = match value {
            ValueTemplate::Fixed(value) => value.clone(),
            ValueTemplate::Variable(pieces) => expand(host, pieces).await?,
        };
        headers.try_append(name, value).map_err(|_| Failure::from(Problem::HeadersTooLarge))?;
    }
    Ok(())
}

async fn expand<H: Variables>(host: &H, pieces: &[ValuePiece]) -> Result<HeaderValue, Failure> {
    let text = filled(host, pieces).await?;
    let mut value = HeaderValue::try_from(text.expose())
        .map_err(|_| misconfigured("a variable's value has characters that no header field can have"))?;
    value.set_sensitive(true);
    Ok(value)
}

async fn filled<H: Variables>(host: &H, pieces: &[ValuePiece]) -> Result<Secret, Failure> {
    let mut text = String::new();
    for piece in pieces {
        match piece {
            ValuePiece::Text(literal) => text.push_str(literal),
            ValuePiece::Variable(name) => text.push_str(variable(host, name).await?.expose()),
        }
    }
    Ok(Secret::new(text))
}

/// The text of a template, with its variables filled in.
pub async fn text<H: Variables>(host: &H, template: &ValueTemplate) -> Result<Secret, Failure> {
    match template {
        // What is fixed was text when it was written.
        ValueTemplate::Fixed(value) => Ok(Secret::new(String::from_utf8_lossy(value.as_bytes()))),
        ValueTemplate::Variable(pieces) => filled(host, pieces).await,
    }
}

/// The value of a variable that is needed now.
pub async fn variable<H: Variables>(host: &H, name: &str) -> Result<Secret, Failure> {
    match host.variable(name).await {
        Ok(Some(value)) => Ok(value),
        Ok(None) => Err(misconfigured(format!("the variable {name} is not set"))),
        Err(error) => Err(misconfigured(format!("the variable {name} cannot be read: {}", error.cause))),
    }
}

fn misconfigured(cause: impl Into<String>) -> Failure {
    Failure::from(Problem::Misconfigured).cause(cause)
}

/// The address for the upstream: `base`, then the path, then the query. `target` is what the client asked for,
/// `normal` its path in normal form.
pub fn target(
    route: &Route,
    base: &str,
    path: &PathRewrite,
    query: &QueryRewrite,
    target: &PathAndQuery,
    normal: &str,
) -> Result<PathAndQuery, Failure> {
    if base.is_empty() && *path == PathRewrite::Keep && query.is_empty() {
        return Ok(target.clone());
    }
    let captures = captures(route, path, query, normal);
    let mut text = String::with_capacity(base.len() + target.as_str().len() + 16);
    text.push_str(base);
    match path {
        PathRewrite::Keep => text.push_str(target.path()),
        rewrite => text.push_str(&rewritten(route, rewrite, normal, &captures)),
    }
    let query = edited(query, target.query(), &captures);
    if let Some(query) = &query {
        text.push('?');
        text.push_str(query);
    }
    PathAndQuery::try_from(text).map_err(|error| Failure::from(Problem::Internal).cause(error.to_string()))
}

/// `normal` with the route's rewrite made.
pub fn rewritten(route: &Route, rewrite: &PathRewrite, normal: &str, captures: &[&str]) -> String {
    match rewrite {
        PathRewrite::Keep => normal.to_owned(),
        PathRewrite::Prefix(replacement) => {
            prefix::replace_prefix(normal, route.pattern.matched_part(normal), replacement)
        }
        PathRewrite::Whole(template) => template.expand(captures),
    }
}

/// What the path has for the route's names, where a template needs it.
pub fn captures<'p>(
    route: &Route,
    path: &PathRewrite,
    query: &QueryRewrite,
    normal: &'p str,
) -> Vec<&'p str> {
    if matches!(path, PathRewrite::Whole(_)) || !query.is_empty() {
        return route.pattern.capture(normal).unwrap_or_default();
    }
    Vec::new()
}

fn edited(edits: &QueryRewrite, query: Option<&str>, captures: &[&str]) -> Option<String> {
    if edits.is_empty() {
        return query.map(str::to_owned);
    }
    fn expand(pairs: &[(Box<str>, PathTemplate)], captures: &[&str]) -> Vec<(String, String)> {
        let decode =
            |text: String| percent_encoding::percent_decode_str(&text).decode_utf8_lossy().into_owned();
        pairs.iter().map(|(name, template)| (name.to_string(), decode(template.expand(captures)))).collect()
    }
    fn borrow(pairs: &[(String, String)]) -> Vec<(&str, &str)> {
        pairs.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect()
    }
    let (set, add) = (expand(&edits.set, captures), expand(&edits.add, captures));
    let remove: Vec<&str> = edits.remove.iter().map(|name| &**name).collect();
    query::edit(query, &remove, &borrow(&set), &borrow(&add)).map(std::borrow::Cow::into_owned)
}

// === impl QueryRewrite ===

impl QueryRewrite {
    /// Whether nothing changes.
    pub fn is_empty(&self) -> bool {
        self.remove.is_empty() && self.set.is_empty() && self.add.is_empty()
    }
}
