//! Upstreams that speak GraphQL, behind routes that do not: an operation as it is sent (GraphQL over HTTP), and what becomes
//! of what it comes to.

use std::sync::Arc;

use http::StatusCode;

use crate::expression::{Expression, Facts, Fault, Variable};
use crate::json::{Limits, Node, Object, Path, Segment};

pub mod document;

/// An operation, ready to be sent.
#[derive(Debug)]
pub struct GraphQl {
    /// The document.
    pub query: Box<str>,
    /// The name of the operation, where the document has several.
    pub operation: Option<Box<str>>,
    /// Its variables.
    pub variables: Box<[(Box<str>, Arc<Expression>)]>,
    /// Whether some variable is about the content of the request.
    pub reads_content: bool,
    /// Whether it is in the address.
    pub get: bool,
    /// What of `data` is the answer.
    pub at: Path,
    /// The status of an answer that is `null`.
    pub null_status: Option<StatusCode>,
    /// Statuses by codes of errors, sorted.
    pub statuses: Box<[(Box<str>, StatusCode)]>,
    /// Whether messages are told.
    pub messages: bool,
    /// Whether an answer with data and errors is one.
    pub partial: bool,
    /// The largest answer, in bytes.
    pub most: usize,
}

/// What an operation came to.
#[derive(Debug, PartialEq, Eq)]
pub enum Came<'a> {
    /// An answer, and whether all of it is there.
    Answer(Node<'a>, bool),
    /// A failure: its status where one is stated for it, and what may be told of it.
    Failure(Option<StatusCode>, Option<String>),
    /// The answer is `null`, and this is the status for it.
    Null(StatusCode),
}

/// The largest value of a variable, in values of JSON.
const MOST_VALUES: usize = 10_000;

/// The longest message of an error that is told, in characters.
const LONGEST_MESSAGE: usize = 200;

// === impl GraphQl ===

impl GraphQl {
    /// The request's content (GraphQL over HTTP section 5.3): `query`, `operationName`, `variables`.
    pub fn request<'a>(&'a self, facts: &'a Facts<'a>) -> Result<Object<'a>, Fault> {
        let mut request = Object::default();
        request.set("query", Node::Text((&*self.query).into()));
        if let Some(operation) = &self.operation {
            request.set("operationName", Node::Text((&**operation).into()));
        }
        if !self.variables.is_empty() {
            let mut variables = Object::default();
            for (name, value) in &self.variables {
                variables.set(&**name, value.node(facts, MOST_VALUES)?);
            }
            request.set("variables", Node::Object(variables));
        }
        Ok(request)
    }

    /// What the document that came back comes to (GraphQL section 7.1).
    pub fn came<'a>(&self, answer: Node<'a>) -> Option<Came<'a>> {
        let Node::Object(mut answer) = answer else { return None };
        let errors = match answer.take("errors") {
            Some((_, Node::Array(errors))) => errors,
            Some((_, Node::Null)) | None => Vec::new(),
            Some(_) => return None,
        };
        let data = answer.take("data").map(|(_, data)| data);
        let there = matches!(&data, Some(data) if *data != Node::Null);
        let stands = errors.is_empty() || (there && self.partial);
        if !stands {
            return Some(self.failure(&errors));
        }
        // Section 7.1: where there are no errors, there is data.
        let found = at(data?, self.at.segments());
        Some(match (found, self.null_status) {
            (Node::Null, Some(status)) => Came::Null(status),
            (found, _) => Came::Answer(found, errors.is_empty()),
        })
    }

    fn failure<'a>(&self, errors: &[Node<'_>]) -> Came<'a> {
        let code = |error: &Node<'_>| {
            let code = error.object()?.get("extensions")?.object()?.get("code")?.text()?;
            let at = self.statuses.binary_search_by(|(known, _)| (**known).cmp(code)).ok()?;
            Some(self.statuses[at].1)
        };
        let decides = errors.iter().find_map(|error| Some((error, code(error)?)));
        let told = decides.map(|(error, _)| error).or(errors.first()).filter(|_| self.messages);
        let message = told.and_then(|error| error.object()?.get("message")?.text());
        let message = message.map(|text| text.chars().take(LONGEST_MESSAGE).collect());
        Came::Failure(decides.map(|(_, status)| status), message)
    }

    /// The variables of expressions that it asks for.
    pub fn reads(&self) -> impl Iterator<Item = Variable> {
        self.variables.iter().flat_map(|(_, value)| value.reads().iter().copied())
    }

    /// What the upstream's answer may come to.
    pub fn limits(&self) -> Limits {
        Limits::of(self.most)
    }
}

/// What stands there; `null` where nothing does.
fn at<'a>(mut node: Node<'a>, way: &[Segment]) -> Node<'a> {
    for segment in way {
        let next = match (node, segment) {
            (Node::Object(mut object), Segment::Member(name) | Segment::MemberOrElement(name, _)) => {
                object.take(name).map(|(_, value)| value)
            }
            (Node::Array(mut elements), Segment::Element(at) | Segment::MemberOrElement(_, at))
                if *at < elements.len() =>
            {
                Some(elements.swap_remove(*at))
            }
            _ => None,
        };
        node = next.unwrap_or(Node::Null);
    }
    node
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::json;

    fn graphql(partial: bool, messages: bool) -> GraphQl {
        let status = |code: u16| StatusCode::from_u16(code).unwrap();
        GraphQl {
            query: "{a}".into(),
            operation: None,
            variables: Box::default(),
            reads_content: false,
            get: false,
            at: Path::read("user.orders[0]").unwrap(),
            null_status: None,
            statuses: [("DENIED".into(), status(403)), ("NOT_FOUND".into(), status(404))].into(),
            messages,
            partial,
            most: 1_000,
        }
    }

    fn came(graphql: &GraphQl, text: &'static str) -> Option<Came<'static>> {
        graphql.came(json::parse(text.as_bytes(), &graphql.limits()).unwrap())
    }

    #[test]
    fn data_without_errors_is_the_answer() {
        let number = |text: &'static str| json::parse(text.as_bytes(), &Limits::of(100)).unwrap();
        let plain = graphql(false, false);
        for (text, expected) in [
            (r#"{"data":{"user":{"orders":[1.10,2]}}}"#, number("1.10")),
            (r#"{"data":{"user":{"orders":[]}},"errors":null}"#, Node::Null),
            (r#"{"data":{"user":null},"errors":[]}"#, Node::Null),
            (r#"{"data":null}"#, Node::Null),
        ] {
            assert_eq!(came(&plain, text), Some(Came::Answer(expected, true)), "{text}");
        }
        for text in ["[]", "{}", r#"{"errors":{}}"#, r#"{"errors":[]}"#] {
            assert_eq!(came(&plain, text), None, "{text}");
        }
        let strict = GraphQl { null_status: Some(StatusCode::NOT_FOUND), ..plain };
        assert_eq!(came(&strict, r#"{"data":{"user":null}}"#), Some(Came::Null(StatusCode::NOT_FOUND)));
    }

    #[test]
    fn errors_have_the_status_of_their_code() {
        let plain = graphql(false, false);
        let told = graphql(false, true);
        let text = r#"{"errors":[{"message":"x"},{"message":"no","extensions":{"code":"NOT_FOUND"}}],"data":{"user":{}}}"#;
        let status = Some(StatusCode::NOT_FOUND);
        assert_eq!(came(&plain, text), Some(Came::Failure(status, None)));
        assert_eq!(came(&told, text), Some(Came::Failure(status, Some("no".to_owned()))));
        assert_eq!(came(&graphql(true, false), text), Some(Came::Answer(Node::Null, false)));
        let text = r#"{"errors":[{"message":"x","extensions":{"code":"OTHER"}}],"data":null}"#;
        assert_eq!(came(&told, text), Some(Came::Failure(None, Some("x".to_owned()))));
        assert_eq!(came(&graphql(true, false), text), Some(Came::Failure(None, None)));
        assert_eq!(came(&told, r#"{"errors":[1]}"#), Some(Came::Failure(None, None)));
    }
}
