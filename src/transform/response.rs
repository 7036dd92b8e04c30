//! What becomes of answers.

use std::sync::Arc;

use http::header::{CONTENT_TYPE, HeaderName, HeaderValue};
use http::response::Parts;
use http::{HeaderMap, StatusCode};

use super::content::{ContentChange, Format, Made, Reader};
use super::cookies::{SetCookieChange, Values};
use super::fault::Fault;
use super::fields::{FieldChange, FieldValues};
use super::problem::ProblemChange;
use crate::expression::{AnswerFacts, Expression, Facts, Template, Variable};
use crate::json::Node;
use crate::mapping::{Has, Mark};

/// What becomes of answers.
#[derive(Debug)]
pub struct ResponseChange {
    /// Of which.
    pub when: Option<Arc<Expression>>,
    /// The status.
    pub status: StatusChange,
    /// Header fields.
    pub fields: FieldChange,
    /// Cookies.
    pub cookies: SetCookieChange,
    /// How the content is read; `None` where nothing asks for it.
    pub reader: Option<Reader>,
    /// The content.
    pub content: Option<ContentChange>,
    /// The content of errors.
    pub errors: Errors,
    /// In which formats the answer may be had; empty for one.
    pub formats: Box<[Format]>,
    /// What tells entity tags of changed content from those of the upstream's.
    pub tags: Tags,
    /// Fields of requests that the answer depends on, for `Vary`.
    pub vary: Vary,
    /// Whether expressions look at the request.
    pub about_request: bool,
}

/// Which status comes in place of which.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct StatusChange {
    /// Of one, sorted.
    pub exact: Box<[(StatusCode, StatusCode)]>,
    /// Of a class: 2xx, 3xx, 4xx and 5xx.
    pub classes: [Option<StatusCode>; 4],
}

/// What becomes of the content of errors.
#[derive(Debug)]
pub enum Errors {
    /// It stays as it is.
    Keep,
    /// It is changed as that of any other answer.
    Change,
    /// It becomes a problem.
    Problem(ProblemChange),
}

/// Entity tags of changed content.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Tags {
    /// The content is as it came, and so is its tag.
    Same,
    /// Of the same content comes the same, in one format or in each of [`ResponseChange::formats`]: the tag is marked.
    Marked(Box<[Mark]>),
    /// What comes of the same content depends on more than its address: no tag is true of it.
    None,
}

/// Fields of requests that the answer depends on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Vary {
    /// These, and no others.
    Names(Box<[HeaderName]>),
    /// Any.
    All,
}

/// What is known of a request when its answer comes.
#[derive(Debug, Clone, Copy)]
pub struct Awaited {
    /// It was a `HEAD`: its answer has the fields of content that is not there.
    pub bare: bool,
    /// Which answer the client has, by its conditions.
    pub has: Has,
    /// The place of the format that the client wants in [`ResponseChange::formats`].
    pub format: usize,
    /// It was a `PUT`, and its content was changed.
    pub put: bool,
}

/// Everything that an answer gets, calculated.
#[derive(Debug)]
pub struct NewResponse {
    status: StatusCode,
    fields: FieldValues,
    cookies: Values,
    content: NewContent,
}

/// The content that an answer gets.
#[derive(Debug)]
pub enum NewContent {
    /// What it had.
    Same,
    /// None.
    None,
    /// This.
    Made(Made),
}

/// Whether an answer with this status has no content (RFC 9110 sections 15.3.5, 15.3.6 and 15.4.5).
pub fn is_empty(status: StatusCode) -> bool {
    [StatusCode::NO_CONTENT, StatusCode::RESET_CONTENT, StatusCode::NOT_MODIFIED].contains(&status)
}

fn is_error(status: StatusCode) -> bool {
    status.is_client_error() || status.is_server_error()
}

// === impl StatusChange ===

impl StatusChange {
    /// Whether nothing changes.
    pub fn is_empty(&self) -> bool {
        self.exact.is_empty() && self.classes.iter().all(Option::is_none)
    }

    /// What comes in place of a status.
    pub fn of(&self, status: StatusCode) -> StatusCode {
        let exact = self.exact.binary_search_by_key(&status, |(from, _)| *from).ok().map(|at| self.exact[at].1);
        let class = || {
            let class = usize::from(status.as_u16() / 100).checked_sub(2)?;
            self.classes.get(class).copied().flatten()
        };
        // What says that nothing has changed is about another answer (RFC 9110 section 15.4.5).
        if status == StatusCode::NOT_MODIFIED {
            return status;
        }
        exact.or_else(class).unwrap_or(status)
    }
}

// === impl ResponseChange ===

impl ResponseChange {
    /// Whether the content of an answer with this status is read, where it has any. `status` is what it came with.
    pub fn reads(&self, status: StatusCode) -> bool {
        self.reader.as_ref().is_some_and(|reader| reader.looked_at || self.changes(status))
            || matches!(&self.errors, Errors::Problem(problem) if self.is_problem(status) && problem.reads())
    }

    /// Whether the content of an answer with this status is changed by `content`, as far as its status says.
    pub fn changes(&self, status: StatusCode) -> bool {
        let now = self.status.of(status);
        self.content.is_some() && !is_empty(now) && (!is_error(now) || matches!(self.errors, Errors::Change))
    }

    fn is_problem(&self, status: StatusCode) -> bool {
        is_error(self.status.of(status)) && matches!(self.errors, Errors::Problem(_))
    }

    /// Calculates everything; nothing where the condition does not hold. `content` is `None` where there is none, or it was
    /// not read.
    pub fn calculate(
        &self,
        head: &Parts,
        content: Option<(Option<Format>, Node<'_>)>,
        (awaited, facts): (Awaited, &Facts<'_>),
    ) -> Result<Option<NewResponse>, Fault> {
        let there = content.is_some();
        // What is looked at while it is changed is there twice.
        let looked_at = self.reader.as_ref().is_some_and(|reader| reader.looked_at)
            || matches!(&self.errors, Errors::Problem(problem) if problem.reads());
        let seen = content.as_ref().filter(|_| looked_at).map(|(_, node)| node.clone());
        let mut facts = *facts;
        let (status, headers) = (head.status, &head.headers);
        facts.beyond.answer = Some(AnswerFacts { status, headers, content: seen.as_ref() });
        let facts = &facts;
        if let Some(when) = &self.when {
            // Of content that is not there nothing holds.
            if !there && asks_for_content(when.reads()) || !when.holds(facts)? {
                return Ok(None);
            }
        }
        let status = self.status.of(status);
        let content = match (&self.errors, content) {
            _ if is_empty(status) => NewContent::None,
            (Errors::Problem(problem), _) if is_error(status) => {
                NewContent::Made(problem.make(status, seen.as_ref(), facts)?)
            }
            (_, Some(content)) if self.changes(head.status) => self.made(content, awaited, facts)?,
            _ => NewContent::Same,
        };
        Ok(Some(NewResponse {
            status,
            // RFC 9110 section 9.3.2: a field that only the content tells may be left out where there is none.
            fields: self.fields.values_if(facts, |template| there || !template_asks(template))?,
            cookies: self.cookies.values(facts)?,
            content,
        }))
    }

    fn made(
        &self,
        (format, node): (Option<Format>, Node<'_>),
        awaited: Awaited,
        facts: &Facts<'_>,
    ) -> Result<NewContent, Fault> {
        let Some(change) = &self.content else { return Ok(NewContent::Same) };
        let wanted = self.formats.get(awaited.format).copied();
        let made = match (wanted, format) {
            (None, Some(format)) => change.make(Some((format, node)), facts)?,
            (wanted, _) => Some(change.make_of(node, facts, wanted)?),
        };
        Ok(made.map_or(NewContent::Same, NewContent::Made))
    }
}

/// Whether something is about the content of an answer.
pub fn asks_for_content(reads: &[Variable]) -> bool {
    reads.contains(&Variable::AnswerContent)
}

fn template_asks(template: &Template) -> bool {
    template.reads().any(|variable| variable == Variable::AnswerContent)
}

// === impl NewResponse ===

impl NewResponse {
    /// Whether the content is another one, or none.
    pub fn content(&self) -> &NewContent {
        &self.content
    }

    /// Changes `head`, and gives the content that comes in place of the other.
    pub fn put(self, change: &ResponseChange, head: &mut Parts) -> NewContent {
        head.status = self.status;
        if let NewContent::Made(Made { media_type: Some(media_type), .. }) = &self.content {
            head.headers.insert(CONTENT_TYPE, media_type.clone());
        }
        change.fields.put(self.fields, &mut head.headers);
        change.cookies.put(&self.cookies, &mut head.headers);
        self.content
    }
}

// === impl Vary ===

impl Vary {
    /// Whether answers depend on no field.
    pub fn is_empty(&self) -> bool {
        matches!(self, Self::Names(names) if names.is_empty())
    }

    /// Adds them to what the answer says already (RFC 9110 section 12.5.5).
    pub fn put(&self, headers: &mut HeaderMap) {
        use http::header::VARY;
        let names = match self {
            Self::All => {
                headers.insert(VARY, HeaderValue::from_static("*"));
                return;
            }
            Self::Names(names) => names,
        };
        for name in names {
            let known = headers.get_all(VARY).iter().any(|line| {
                let mut members = line.as_bytes().split(|byte| *byte == b',').map(<[u8]>::trim_ascii);
                members.any(|it| it == b"*" || it.eq_ignore_ascii_case(name.as_str().as_bytes()))
            });
            if !known {
                headers.append(VARY, HeaderValue::from(name.clone()));
            }
        }
    }
}
