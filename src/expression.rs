//! Expressions: what an author says about a request in CEL (<https://cel.dev>), the gateway's one such language.
//!
//! The `cel` crate reads them (its parser, and the expansion of the macros). They are evaluated here and not by the
//! crate, because an expression must be total and bounded in cost: the crate's evaluator has no limit, compiles a
//! regular expression at each call, copies values into maps with a random seed, and allocates at every step. What is
//! evaluated here
//!
//! - is checked when the plan is made: every name and function known, types that cannot fit refused, regular
//!   expressions and networks constant and parsed, its cost for ordinary large requests within the limit;
//! - is paid for step by step, so that no request, however large, makes it run on;
//! - only borrows from the request what it asks for.
//!
//! Both give the same values where both have one: `tests/properties_expression.rs` compares them. Left out of the
//! language are `bytes`, messages, optional values as values of their own, `type()`, and names of time zones.

mod beyond;
mod compile;
mod cost;
mod evaluate;
mod facts;
mod fault;
mod map;
mod node;
mod number;
mod output;
mod reference;
pub mod template;
mod time;
mod value;

pub use beyond::{AnswerFacts, Beyond, Known, StepFacts};
pub use facts::{CallerFacts, ConsumerFacts, Facts, Variable};
pub use fault::Fault;
pub use map::Map;
pub use reference::reference;
pub use template::{Encode, Template};
pub use time::{Span, Timestamp};
pub use value::{Kind, List, Value};

use std::borrow::Cow;

use evaluate::Run;
use node::Node;

use crate::json;

/// The longest source, in bytes. Whatever needs more is a program.
pub const MOST_BYTES: usize = 4096;

/// The most signs that can make an expression deeper (see `compile`), which bounds the recursion of the parser and
/// of the tree it makes: a chain of these is as deep as it is long.
const MOST_SIGNS: usize = 256;

/// How deep an expression may be: how many operators, calls and members around one another. Every level is one of
/// recursion when it is evaluated.
const MOST_DEEP: usize = 24;

/// How many macros may be around one another: each multiplies the cost by the length of a list.
const MOST_NESTED: usize = 2;

/// The units an evaluation may use: about five milliseconds of the slowest kind, microseconds of the usual one.
const LIMIT: u32 = 1_000_000;

/// An expression, ready to be evaluated.
#[derive(Debug)]
pub struct Expression {
    source: Box<str>,
    root: Node,
    kind: Kind,
    reads: Vec<Variable>,
    params: Vec<Box<str>>,
    steps: Vec<Box<str>>,
    fields: Vec<Box<str>>,
    any_field: bool,
    bound: u32,
}

/// What is wrong with an expression.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mistake {
    /// In one sentence without a full stop.
    pub message: String,
    /// What was probably meant, or what can be done.
    pub help: Option<String>,
}

// === impl Expression ===

impl Expression {
    /// Reads `source`, whose value must be able to be of the kind `wanted`. Reports every mistake it can.
    /// It can be about a request's head and who sent it.
    pub fn compile(source: &str, wanted: Kind) -> Result<Self, Vec<Mistake>> {
        Self::compile_with(source, wanted, &Known::default())
    }

    /// The same, where more is known.
    pub fn compile_with(source: &str, wanted: Kind, known: &Known<'_>) -> Result<Self, Vec<Mistake>> {
        compile::compile(source, wanted, known)
    }

    /// The value for one request.
    pub fn evaluate<'a>(&'a self, facts: &'a Facts<'a>) -> Result<Value<'a>, Fault> {
        Run::new(facts).value(&self.root)
    }

    /// Whether it is true for one request. Anything but true or false is a fault.
    pub fn holds(&self, facts: &Facts<'_>) -> Result<bool, Fault> {
        Run::new(facts).truth(&self.root, "a condition")
    }

    /// The value for one request as JSON of at most `most` values. What stands in a document and is not calculated with is
    /// the same digit for digit, and in the same order.
    pub fn node<'a>(&'a self, facts: &'a Facts<'a>, most: usize) -> Result<json::Node<'a>, Fault> {
        let mut run = Run::new(facts);
        let value = run.value(&self.root)?;
        output::node(&mut run, value, most)
    }

    /// The same, one of many for the same request, which may use so many units together.
    pub fn node_of_many<'a>(
        &'a self,
        facts: &'a Facts<'a>,
        most: usize,
        units: &mut u32,
    ) -> Result<json::Node<'a>, Fault> {
        let allowed = LIMIT.min(*units);
        let mut run = Run::with(facts, allowed);
        let value = run.value(&self.root).and_then(|value| output::node(&mut run, value, most));
        *units -= allowed - run.left();
        value
    }

    /// The value for one request as text: texts, numbers as they were written, `true` and `false`, and times (RFC 3339).
    pub fn text<'a>(&'a self, facts: &'a Facts<'a>) -> Result<Cow<'a, str>, Fault> {
        output::text(Run::new(facts).value(&self.root)?)
    }

    /// How many units the evaluation of one request uses.
    pub fn cost(&self, facts: &Facts<'_>) -> u32 {
        let mut run = Run::new(facts);
        // Whether there is a value is not the question.
        drop(run.value(&self.root));
        run.used()
    }

    /// The units it uses at most for a request in which no list has more than 200 items, those of its items counted with
    /// them, no text more than 256 bytes and no number more than 63 digits; never more than any evaluation may use.
    pub fn bound(&self) -> u32 {
        self.bound
    }

    /// As it was written.
    pub fn source(&self) -> &str {
        &self.source
    }

    /// What is known of the values it has.
    pub fn kind(&self) -> Kind {
        self.kind
    }

    /// The variables it asks for, sorted.
    pub fn reads(&self) -> &[Variable] {
        &self.reads
    }

    /// The captures of the route's path that it asks for by name, sorted.
    pub fn params(&self) -> &[Box<str>] {
        &self.params
    }

    /// The header fields of the request that it names, sorted.
    pub fn fields(&self) -> &[Box<str>] {
        &self.fields
    }

    /// Whether it asks for header fields of the request by names that are only known then.
    pub fn reads_any_field(&self) -> bool {
        self.any_field
    }

    /// The steps that it names, sorted.
    pub fn steps(&self) -> &[Box<str>] {
        &self.steps
    }
}

// === impl Mistake ===

impl Mistake {
    fn new(message: impl Into<String>) -> Self {
        Self { message: message.into(), help: None }
    }
}

#[cfg(test)]
mod tests;
