//! A request to an upstream, made of what there is.

use bytes::Bytes;
use http::header::{
    ACCEPT, ACCEPT_ENCODING, CONTENT_ENCODING, CONTENT_LANGUAGE, CONTENT_LENGTH, CONTENT_TYPE,
};
use http::request::Parts;
use http::uri::PathAndQuery;
use http::{HeaderMap, HeaderValue};

use super::{Content, Request};
use crate::expression::{Encode, Expression, Facts, Fault, Template, Variable};

/// What goes to an upstream.
#[derive(Debug)]
pub struct Prepared {
    /// The head.
    pub head: Parts,
    /// The content.
    pub content: Sent,
}

/// The content that goes to an upstream.
#[derive(Debug, PartialEq, Eq)]
pub enum Sent {
    /// None.
    None,
    /// This.
    Made(Bytes),
    /// The client's.
    Same,
}

/// Why there is no request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unmade {
    /// For the operator.
    pub cause: String,
    /// Something that was asked for is not there.
    pub absent: bool,
    /// It is about nothing but the client's request.
    pub by_client: bool,
}

/// What describes content that is passed on as it came (RFC 9110 section 8).
const OF_CONTENT: [http::HeaderName; 3] = [CONTENT_TYPE, CONTENT_ENCODING, CONTENT_LANGUAGE];

/// The request, for `facts`; content of at most `most` bytes.
pub fn prepare(request: &Request, facts: &Facts<'_>, most: usize) -> Result<Prepared, Unmade> {
    let target = target(request, facts)?;
    let (mut head, ()) = http::Request::new(()).into_parts();
    head.method = request.method.clone();
    head.uri = target.into();
    head.headers.insert(ACCEPT, HeaderValue::from_static("application/json"));
    let content = content(&request.content, facts, &mut head.headers, most)?;
    for name in &request.pass {
        head.headers.remove(name);
        for line in facts.headers.get_all(name) {
            head.headers.append(name, line.clone());
        }
    }
    for (name, template) in &request.fields {
        let text = filled(template, facts, Encode::Plain)?;
        // RFC 9110 section 5.5: no control characters, so that no value makes a line of its own.
        let value = HeaderValue::try_from(text).map_err(|_| Unmade {
            cause: format!("{name} would have characters that no header field can have"),
            absent: false,
            by_client: is_of_client(template),
        })?;
        head.headers.insert(name, value);
    }
    // What comes is read here.
    head.headers.insert(ACCEPT_ENCODING, HeaderValue::from_static("identity"));
    Ok(Prepared { head, content })
}

fn target(request: &Request, facts: &Facts<'_>) -> Result<PathAndQuery, Unmade> {
    let mut target = filled(&request.path, facts, Encode::Path)?;
    push_pairs(&mut target, &request.query, facts, "?")?;
    PathAndQuery::try_from(target).map_err(|error| Unmade {
        cause: format!("no address can be made: {error}"),
        absent: false,
        by_client: is_of_client(&request.path),
    })
}

/// `a=1&b=2`, after `before` where there are any.
fn push_pairs(
    text: &mut String,
    pairs: &[(Box<str>, Template)],
    facts: &Facts<'_>,
    before: &str,
) -> Result<(), Unmade> {
    for (at, (name, template)) in pairs.iter().enumerate() {
        text.push_str(if at == 0 { before } else { "&" });
        text.push_str(name);
        text.push('=');
        text.push_str(&filled(template, facts, Encode::Query)?);
    }
    Ok(())
}

fn content(
    content: &Content,
    facts: &Facts<'_>,
    headers: &mut HeaderMap,
    most: usize,
) -> Result<Sent, Unmade> {
    let (bytes, media) = match content {
        Content::None => return Ok(Sent::None),
        Content::Same => {
            for name in OF_CONTENT {
                for line in facts.headers.get_all(&name) {
                    headers.append(&name, line.clone());
                }
            }
            return Ok(Sent::Same);
        }
        Content::Json(expression) => (json(expression, facts, most)?, "application/json"),
        Content::Form(pairs) => {
            let mut text = String::new();
            push_pairs(&mut text, pairs, facts, "")?;
            (text.into_bytes(), "application/x-www-form-urlencoded")
        }
        Content::Text(template) => {
            (filled(template, facts, Encode::Plain)?.into_bytes(), "text/plain; charset=utf-8")
        }
    };
    headers.insert(CONTENT_TYPE, HeaderValue::from_static(media));
    headers.insert(CONTENT_LENGTH, HeaderValue::from(bytes.len()));
    Ok(if bytes.is_empty() { Sent::None } else { Sent::Made(bytes.into()) })
}

fn json(expression: &Expression, facts: &Facts<'_>, most: usize) -> Result<Vec<u8>, Unmade> {
    let node = expression.node(facts, crate::json::Limits::of(most).values);
    let node = node.map_err(|fault| Unmade::of_expression(&fault, expression))?;
    node.write(most).ok_or_else(|| Unmade::of_expression(&Fault::TooLarge, expression))
}

fn filled(template: &Template, facts: &Facts<'_>, encode: Encode) -> Result<String, Unmade> {
    template.fill(facts, encode).map_err(|fault| Unmade::new(&fault, is_of_client(template)))
}

/// Whether all that it says is said by the client's request.
fn is_of_client(template: &Template) -> bool {
    template.expressions().all(is_about_the_client)
}

// === impl Unmade ===

impl Unmade {
    /// `by_client`: the fault is about nothing but the client's request.
    pub fn new(fault: &Fault, by_client: bool) -> Self {
        Self { cause: fault.to_string(), absent: matches!(fault, Fault::Absent(_)), by_client }
    }

    /// That an expression has no value.
    pub fn of_expression(fault: &Fault, expression: &Expression) -> Self {
        let it = Self::new(fault, is_about_the_client(expression));
        Self { cause: format!("{}: {}", expression.source(), it.cause), ..it }
    }
}

/// Whether it is about nothing but the client's request and who sent it.
fn is_about_the_client(expression: &Expression) -> bool {
    use Variable::{Index, Item, Items, Steps};
    !expression.reads().iter().any(|variable| matches!(variable, Steps | Item | Items | Index))
}
