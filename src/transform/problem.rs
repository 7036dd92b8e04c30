//! Errors of upstreams, told as the gateway tells its own (RFC 9457).

use std::sync::Arc;

use http::StatusCode;
use http::header::HeaderValue;

use super::content::Made;
use super::fault::Fault;
use super::response::asks_for_content;
use crate::expression::{Expression, Facts};
use crate::json::{Node, Object};

/// The longest `detail`, in bytes: it is for people.
const MOST_DETAIL: usize = 4_096;

/// The most that a problem comes to with the original in it, in bytes.
const MOST: usize = 1 << 20;

/// A problem in place of the content of an error.
#[derive(Debug)]
pub struct ProblemChange {
    /// `type`.
    pub kind: Box<str>,
    /// `title`; `None` for what the status is called.
    pub title: Option<Box<str>>,
    /// `detail`.
    pub detail: Option<Arc<Expression>>,
    /// The member that gets the original.
    pub original: Option<Box<str>>,
}

// === impl ProblemChange ===

impl ProblemChange {
    /// Whether it is about the original.
    pub fn reads(&self) -> bool {
        self.original.is_some() || self.detail.as_ref().is_some_and(|detail| asks_for_content(detail.reads()))
    }

    /// The problem. A detail that has no value is none: the error is what matters.
    pub(super) fn make(
        &self,
        status: StatusCode,
        original: Option<&Node<'_>>,
        facts: &Facts<'_>,
    ) -> Result<Made, Fault> {
        let mut problem = Object::default();
        let mut text = |name: &'static str, text: &str| problem.set(name, Node::Text(text.to_owned().into()));
        text("type", &self.kind);
        // A status that nobody knows is called by its class (RFC 9110 section 15).
        let class = if status.is_client_error() { "Bad Request" } else { "Internal Server Error" };
        text("title", self.title.as_deref().or(status.canonical_reason()).unwrap_or(class));
        problem.set("status", Node::Number(u64::from(status.as_u16()).into()));
        let detail = self.detail.as_ref().and_then(|detail| detail.text(facts).ok());
        if let Some(detail) = detail.filter(|detail| detail.len() <= MOST_DETAIL) {
            problem.set("detail", Node::Text(detail.into_owned().into()));
        }
        if let (Some(name), Some(original)) = (&self.original, original) {
            problem.set(&**name, original.borrow());
        }
        let bytes = Node::Object(problem).write(MOST).ok_or(Fault::TooLarge)?;
        let media_type = Some(HeaderValue::from_static("application/problem+json"));
        Ok(Made { bytes, media_type, action: None })
    }
}
