//! Whether requests and answers are as they should be, by JSON Schema.
//!
//! What a schema judges is what the upstream reads: content is refused in which a name stands twice, and what passes is sent
//! on byte for byte. What is wrong is said in the catalogue's words, place for place, and never with what was sent.
//!
//! Numbers beyond 64 bits are judged as the nearest doubles; nothing happens to them on their way.

use std::sync::Arc;

use bytes::Bytes;
use http::StatusCode;

use crate::coding::{self, Coding};
use crate::json::{self, Bounds, Error, Excess, Fault, Limits, Node};
use crate::problem::{Violation, Violations};

mod judging;
mod kinds;
mod media;
mod nodes;
mod parameter;
mod schema;
mod words;

pub use judging::{Doubt, Judging};
pub use kinds::Kinds;
pub use media::{MediaRange, media_of};
pub use parameter::{Given, Parameter, Place, Style};
pub use schema::{Disunion, Draft, Mistake, Schema, Sources, Verdict, document};

/// What is looked at on a route.
#[derive(Debug)]
pub struct Validation {
    /// Parameters, header fields and cookies.
    pub parameters: Vec<Parameter>,
    /// Whether other parameters of the query are refused.
    pub only: bool,
    /// The content of requests; `None` where it is not looked at.
    pub body: Option<BodyRule>,
    /// Answers; `None` where they are not looked at.
    pub answers: Option<Arc<Answers>>,
}

/// What the content of requests must be.
#[derive(Debug)]
pub struct BodyRule {
    /// Whether there must be some, in requests whose method gives it a meaning.
    pub required: bool,
    /// The media types that are taken, each with its schema; the first that fits counts. Empty for any, without a schema.
    pub types: Vec<(MediaRange, Option<Arc<Schema>>)>,
    /// How heavy JSON may be.
    pub bounds: Bounds,
    /// The largest content that is judged, in bytes.
    pub most: usize,
}

/// What answers must be.
#[derive(Debug)]
pub struct Answers {
    /// Whether one that is not so is kept from the client.
    pub enforce: bool,
    /// Schemas by statuses; the first that fits counts.
    pub bodies: Vec<(Statuses, MediaRange, Arc<Schema>)>,
    /// The largest content that is looked at, in bytes.
    pub most: usize,
    /// How heavy it may be.
    pub bounds: Bounds,
}

/// The statuses that a rule is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Statuses {
    /// This one.
    One(u16),
    /// All of a class, by its first digit.
    Class(u16),
    /// All.
    Any,
}

/// Why content is not what it should be.
#[derive(Debug, PartialEq, Eq)]
pub enum Wrong {
    /// It is no JSON, or none that everybody reads alike.
    Unreadable(Error),
    /// It is heavier than it may be.
    Heavy(String),
    /// It is JSON, and not as its schema says.
    Violations(Violations),
}

// === impl Statuses ===

impl Statuses {
    /// Reads `200`, `2xx` or `default`.
    pub fn read(text: &str) -> Option<Self> {
        if text == "default" {
            return Some(Self::Any);
        }
        let [class @ b'1'..=b'5', rest @ ..] = text.as_bytes() else { return None };
        match rest {
            [b'x' | b'X', b'x' | b'X'] => Some(Self::Class(u16::from(class - b'0'))),
            [b'0'..=b'9', b'0'..=b'9'] => Some(Self::One(text.parse().ok()?)),
            _ => None,
        }
    }

    /// Whether it is for `status`.
    pub fn has(self, status: StatusCode) -> bool {
        match self {
            Self::One(one) => one == status.as_u16(),
            Self::Class(class) => class == status.as_u16() / 100,
            Self::Any => true,
        }
    }
}

// === impl Answers ===

impl Answers {
    /// The schemas for answers with this status, by their places in [`Answers::bodies`]: those of the narrowest rule.
    pub fn of_status(&self, status: StatusCode) -> impl Iterator<Item = usize> {
        let first = self.bodies.iter().map(|(statuses, ..)| *statuses).find(|it| it.has(status));
        let places = self.bodies.iter().enumerate();
        places.filter(move |(_, (statuses, ..))| Some(*statuses) == first).map(|(at, _)| at)
    }

    /// Judges content in codings.
    pub fn judge_coded(&self, at: usize, codings: &[Coding], content: Bytes) -> Result<(), Doubt> {
        let plain = coding::decode(codings, content, self.most as u64);
        let plain = plain.map_err(|fault| Doubt::Unjudged(fault.to_string().into()))?;
        self.judge(at, &plain).map_err(|wrong| Doubt::Wrong(wrong.in_words()))
    }

    /// Judges content by the schema at a place in [`Answers::bodies`].
    pub fn judge(&self, at: usize, content: &[u8]) -> Result<(), Wrong> {
        match self.bodies.get(at) {
            Some((_, _, schema)) => judge(content, &self.bounds, schema),
            None => Ok(()),
        }
    }
}

// === impl Wrong ===

impl Wrong {
    /// For the operator.
    pub fn in_words(&self) -> String {
        match self {
            Self::Unreadable(error) => error.to_string(),
            Self::Heavy(why) => why.clone(),
            Self::Violations(violations) => violations.in_words(),
        }
    }
}

impl From<Excess> for Wrong {
    fn from(excess: Excess) -> Self {
        Self::Heavy(excess.to_string())
    }
}

impl From<Error> for Wrong {
    fn from(error: Error) -> Self {
        match error.fault {
            fault @ (Fault::Deep | Fault::Values | Fault::Text | Fault::Bytes) => {
                Self::Heavy(fault.to_string())
            }
            _ => Self::Unreadable(error),
        }
    }
}

/// Reads content within its bounds: first it is weighed, and only then anything is made of it.
pub fn read<'a>(content: &'a [u8], bounds: &Bounds) -> Result<Node<'a>, Wrong> {
    json::weigh(content, bounds)?;
    let limits = Limits { depth: bounds.depth, text: bounds.text, ..Limits::of(content.len()) };
    Ok(json::parse(content, &limits)?)
}

/// Judges content.
pub fn judge(content: &[u8], bounds: &Bounds, schema: &Schema) -> Result<(), Wrong> {
    match schema.judge(&read(content, bounds)?) {
        Verdict::Valid => Ok(()),
        Verdict::Invalid(found) => {
            let mut violations = Violations::default();
            found.into_iter().for_each(|violation| violations.push(violation));
            Err(Wrong::Violations(violations))
        }
    }
}

/// All parameters of a request that are not as they should be.
pub fn judge_parameters(validation: &Validation, given: &Given<'_>) -> Violations {
    let mut found = Violations::default();
    for parameter in &validation.parameters {
        parameter.judge(given, &mut found);
    }
    if validation.only {
        for name in crate::transform::query::names(given.query) {
            if !validation.parameters.iter().any(|parameter| parameter.takes(&name)) {
                found.push(Violation::in_parameter("query", &name, "", "is not known here"));
            }
        }
    }
    found
}

#[cfg(test)]
mod tests;
