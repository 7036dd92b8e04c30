//! What expressions can be about beyond a request's head and who sent it, and which of it is known at a place.

use http::{HeaderMap, StatusCode};

use super::facts::Variable;
use crate::json::Node;

/// What is known where an expression stands, beyond a request's head and who sent it; the default is nothing.
#[derive(Debug, Clone, Copy, Default)]
pub struct Known<'k> {
    /// `request.body`.
    pub content: bool,
    /// `response.status` and `response.headers`.
    pub answer: bool,
    /// `response.body`.
    pub answer_content: bool,
    /// The names of what `steps` has.
    pub steps: &'k [&'k str],
    /// `item` and `index`.
    pub item: bool,
    /// `items`.
    pub items: bool,
}

/// What there is beyond a request's head and who sent it; the default is nothing.
#[derive(Debug, Clone, Copy, Default)]
pub struct Beyond<'a> {
    /// The request's content.
    pub content: Option<&'a Node<'a>>,
    /// The answer.
    pub answer: Option<AnswerFacts<'a>>,
    /// The steps of a composed route, as far as they are done.
    pub steps: &'a [StepFacts<'a>],
    /// The element that a step is asked for, and its place from 0.
    pub item: Option<(usize, &'a Node<'a>)>,
    /// The elements that a step is asked for at once.
    pub items: Option<&'a [&'a Node<'a>]>,
}

/// An answer.
#[derive(Debug, Clone, Copy)]
pub struct AnswerFacts<'a> {
    /// Its status.
    pub status: StatusCode,
    /// Its header fields.
    pub headers: &'a HeaderMap,
    /// Its content, where that has been read and is any.
    pub content: Option<&'a Node<'a>>,
}

/// A step of a composed route that is done.
#[derive(Debug, Clone, Copy)]
pub struct StepFacts<'a> {
    /// Its name.
    pub name: &'a str,
    /// What it answered; `None` where it was not asked, or failed.
    pub answer: Option<AnswerFacts<'a>>,
}

// === impl AnswerFacts ===

impl AnswerFacts<'_> {
    /// What an answer is as a map.
    pub(super) const MEMBERS: [&'static str; 3] = ["status", "headers", "body"];
}

// === impl Variable ===

impl Variable {
    /// Whether it is known at a place.
    pub fn is_known(self, known: &Known<'_>) -> bool {
        match self {
            Self::Content => known.content,
            Self::AnswerStatus | Self::AnswerHeaders => known.answer,
            Self::AnswerContent => known.answer_content,
            Self::Steps => !known.steps.is_empty(),
            Self::Item | Self::Index => known.item,
            Self::Items => known.items,
            _ => true,
        }
    }

    /// Where it is known: `it is known …`, for whoever asks for it elsewhere.
    pub const fn place(self) -> &'static str {
        match self {
            Self::Content => "in `compose`, `transform` and `graphql`: before them, no content has been read",
            Self::AnswerStatus | Self::AnswerHeaders | Self::AnswerContent => "in `transform.response`",
            Self::Steps => "in `compose`: each step knows those that are asked before it",
            Self::Item | Self::Index => "in a step with `each`, and in shapes",
            Self::Items => "in a step with `each.batch`",
            _ => "everywhere",
        }
    }
}
