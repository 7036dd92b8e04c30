//! An answer that is judged while it passes: what is wrong with it, only the operator is told.

use std::fmt;
use std::sync::Arc;

use super::Answers;
use crate::coding::Coding;

/// Why an answer cannot be said to be as it should be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Doubt {
    /// It is not.
    Wrong(String),
    /// Nobody has looked.
    Unjudged(Box<str>),
}

/// An answer on its way, of which a copy is kept until it is complete.
#[derive(Debug)]
pub struct Judging {
    answers: Arc<Answers>,
    at: usize,
    codings: Vec<Coding>,
    content: Vec<u8>,
    /// More has passed than is looked at.
    large: bool,
}

// === impl Judging ===

impl Judging {
    /// Of an answer in `codings` that the schema at a place in [`Answers::bodies`] is for.
    pub fn new(answers: Arc<Answers>, at: usize, codings: Vec<Coding>) -> Self {
        Self { answers, at, codings, content: Vec::new(), large: false }
    }

    /// A piece has passed.
    pub fn pass(&mut self, piece: &[u8]) {
        if self.large || self.content.len() + piece.len() > self.answers.most {
            self.large = true;
            self.content = Vec::new();
            return;
        }
        self.content.extend_from_slice(piece);
    }

    /// All of it has passed.
    pub fn finish(self) -> Result<(), Doubt> {
        if self.large {
            return Err(Doubt::Unjudged("it is larger than what is looked at".into()));
        }
        self.answers.judge_coded(self.at, &self.codings, self.content.into())
    }
}

impl fmt::Display for Doubt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Wrong(why) => write!(f, "the answer is not as agreed: {why}"),
            Self::Unjudged(why) => write!(f, "the answer was not judged: {why}"),
        }
    }
}
