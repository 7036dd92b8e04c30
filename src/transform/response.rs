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
use crate::format::soap::SoapFault;
use crate::json::{Node, Object, Picks};
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
        let exact =
            self.exact.binary_search_by_key(&status, |(from, _)| *from).ok().map(|at| self.exact[at].1);
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

    /// As what the content of an answer with these fields is read; `None` where it is not.
    pub fn format(&self, head: &Parts) -> Result<Option<Format>, Fault> {
        let Some(reader) = &self.reader else { return Ok(None) };
        match reader.format(&head.headers) {
            // What is not read is not changed, and does not go on unchanged.
            None if self.changes(head.status) && self.needs_content() => Err(Fault::Type),
            format => Ok(format),
        }
    }

    /// What is picked of content while it arrives: only where nobody looks at the rest.
    pub fn picks(&self, status: StatusCode, format: Format) -> Option<(&Picks, &ContentChange)> {
        let content = self.content.as_ref().filter(|_| self.changes(status) && format == Format::Json)?;
        let looked_at = self.reader.as_ref().is_some_and(|reader| reader.looked_at);
        content.picks.as_ref().filter(|_| !looked_at).map(|picks| (picks, content))
    }

    /// The type of changed content where that is not what it was; `headers` are those that it came with.
    pub fn type_of_changed(&self, headers: &HeaderMap, awaited: Awaited) -> Option<HeaderValue> {
        let from = self.reader.as_ref().and_then(|reader| reader.format(headers));
        self.content.as_ref()?.type_from(from, self.formats.get(awaited.format).copied())
    }

    /// Reads content. Of an error that becomes a problem it need not be readable.
    pub fn read<'c>(&self, format: Format, head: &Parts, bytes: &'c [u8]) -> Result<Option<Node<'c>>, Fault> {
        let Some(reader) = self.reader.as_ref().filter(|_| !bytes.is_empty()) else { return Ok(None) };
        match reader.read(format, &head.headers, bytes) {
            Ok(node) => Ok(Some(node)),
            Err(Fault::Soap(fault)) if self.is_problem(head.status) => Ok(Some(of_soap(*fault))),
            Err(_) if self.is_problem(head.status) => Ok(None),
            Err(fault) => Err(fault),
        }
    }

    fn needs_content(&self) -> bool {
        self.content.as_ref().is_some_and(|content| content.work.needs_content())
    }

    /// Whether the answer is changed at all. Of content that is not there nothing holds.
    pub fn holds(&self, head: &Parts, content: Option<&Node<'_>>, facts: &Facts<'_>) -> Result<bool, Fault> {
        let Some(when) = &self.when else { return Ok(true) };
        if content.is_none() && asks_for_content(when.reads()) {
            return Ok(false);
        }
        Ok(when.holds(&seeing(facts, head, content))?)
    }

    /// Calculates everything. `content` is `None` where there is none, or it was not read; it is taken where it is changed.
    pub fn calculate(
        &self,
        head: &Parts,
        content: &mut Option<(Option<Format>, Node<'_>)>,
        (awaited, facts): (Awaited, &Facts<'_>),
    ) -> Result<NewResponse, Fault> {
        let status = self.status.of(head.status);
        let problem = match &self.errors {
            Errors::Problem(problem) if is_error(status) => Some(problem),
            _ => None,
        };
        let there = content.is_some();
        let changes = self.changes(head.status) && !awaited.bare;
        // What is looked at while it is changed is there twice.
        let looked_at = self.reader.as_ref().is_some_and(|reader| reader.looked_at);
        let taken = if changes { content.take() } else { None };
        let copy = taken.as_ref().filter(|_| looked_at).map(|(_, node)| node.clone());
        let seen = copy.as_ref().or(content.as_ref().map(|(_, node)| node));
        let facts = &seeing(facts, head, seen);
        let content = match (problem, &self.content) {
            // What had no content has its fields still.
            _ if is_empty(status) && is_empty(head.status) => NewContent::Same,
            _ if is_empty(status) => NewContent::None,
            (Some(problem), _) => NewContent::Made(problem.make(status, seen, facts)?),
            (None, Some(change)) if changes => {
                let wanted = self.formats.get(awaited.format).copied();
                change.make(taken, wanted, facts)?.map_or(NewContent::Same, NewContent::Made)
            }
            _ => NewContent::Same,
        };
        Ok(NewResponse {
            status,
            // RFC 9110 section 9.3.2: a field that only the content tells may be left out where there is none.
            fields: self.fields.values_if(facts, |template| there || !template_asks(template))?,
            cookies: self.cookies.values(facts)?,
            content,
        })
    }
}

/// What there is to be seen of an answer, too.
fn seeing<'a>(facts: &Facts<'a>, head: &'a Parts, content: Option<&'a Node<'a>>) -> Facts<'a> {
    let mut facts = *facts;
    facts.beyond.answer = Some(AnswerFacts { status: head.status, headers: &head.headers, content });
    facts
}

/// What a SOAP fault says, as a document.
fn of_soap(fault: SoapFault) -> Node<'static> {
    let mut object = Object::default();
    object.set("code", Node::Text(fault.code.into()));
    object.set("text", Node::Text(fault.text.into()));
    if let Some(detail) = fault.detail {
        object.set("detail", detail);
    }
    Node::Object(object)
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
