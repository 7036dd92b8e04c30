//! An expression as it runs: every name looked up, every constant made, every pattern and network parsed.

use regex_lite::Regex;

use super::facts::Variable;
use super::time::Part;
use super::value::Value;
use crate::forward::client::Network;

/// One step of an expression.
#[derive(Debug)]
pub(super) enum Node {
    Constant(Value<'static>),
    Variable(Variable),
    /// `has(caller.subject)`: whether the variable is there.
    Present(Variable),
    /// What a macro is at, by how many macros are around it.
    Local(usize),
    /// `of.key`, or `of["key"]`.
    Member(Box<Node>, Box<str>),
    /// `has(of.key)`.
    HasMember(Box<Node>, Box<str>),
    /// `of[at]`.
    Element(Box<[Node; 2]>),
    Not(Box<Node>),
    Negate(Box<Node>),
    And(Box<[Node; 2]>),
    Or(Box<[Node; 2]>),
    /// `if ? then : else`.
    Choose(Box<[Node; 3]>),
    Binary(Operator, Box<[Node; 2]>),
    List(Box<[Node]>),
    Map(Box<[[Node; 2]]>),
    Call(Function, Box<[Node]>),
    Part(Part, i64, Box<Node>),
    Matches(Box<Node>, Pattern),
    /// Whether the text is an address in one of the networks.
    InNetwork(Box<Node>, Box<[Network]>),
    /// The same of the client's address, which need not become text for that.
    ClientIn(Box<[Network]>),
    Fold(Box<Fold>),
}

/// A regular expression, and how much it is to be at every character of a text.
#[derive(Debug)]
pub(super) struct Pattern {
    pub(super) regex: Regex,
    pub(super) weight: u32,
}

/// A macro over a list or the keys of a map.
#[derive(Debug)]
pub(super) struct Fold {
    pub(super) aim: Aim,
    pub(super) range: Node,
    /// How many macros are around it: which local it sets.
    pub(super) depth: usize,
    /// Which of the items count, for [`Aim::Map`].
    pub(super) guard: Option<Node>,
    pub(super) body: Node,
}

/// What a macro finds out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Aim {
    All,
    Exists,
    ExistsOne,
    /// `map` and `filter`.
    Map,
}

/// What stands between two operands that are both evaluated.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Operator {
    Equal,
    NotEqual,
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
    In,
    Add,
    Subtract,
    Multiply,
    Divide,
    Remainder,
}

/// What is called by its name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Function {
    Size,
    Contains,
    StartsWith,
    EndsWith,
    LowerAscii,
    UpperAscii,
    Text,
    Int,
    Uint,
    Double,
    Timestamp,
    Duration,
}

// === impl Operator ===

impl Operator {
    /// As an author writes it.
    pub(super) const fn sign(self) -> &'static str {
        match self {
            Self::Equal => "==",
            Self::NotEqual => "!=",
            Self::Less => "<",
            Self::LessOrEqual => "<=",
            Self::Greater => ">",
            Self::GreaterOrEqual => ">=",
            Self::In => "in",
            Self::Add => "+",
            Self::Subtract => "-",
            Self::Multiply => "*",
            Self::Divide => "/",
            Self::Remainder => "%",
        }
    }
}

// === impl Function ===

impl Function {
    /// Those whose first argument stands before the point, and those that are called without one; `size` is both.
    pub(super) const ALL: &'static [(Self, &'static str, Style)] = &[
        (Self::Size, "size", Style::Either),
        (Self::Contains, "contains", Style::Member(1)),
        (Self::StartsWith, "startsWith", Style::Member(1)),
        (Self::EndsWith, "endsWith", Style::Member(1)),
        (Self::LowerAscii, "lowerAscii", Style::Member(0)),
        (Self::UpperAscii, "upperAscii", Style::Member(0)),
        (Self::Text, "string", Style::Global),
        (Self::Int, "int", Style::Global),
        (Self::Uint, "uint", Style::Global),
        (Self::Double, "double", Style::Global),
        (Self::Timestamp, "timestamp", Style::Global),
        (Self::Duration, "duration", Style::Global),
    ];

    /// As an author writes it.
    pub(super) fn name(self) -> &'static str {
        Self::ALL.iter().find(|(function, ..)| *function == self).map_or("", |(_, name, _)| name)
    }
}

/// How a function is called.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Style {
    /// `f(x)`.
    Global,
    /// `x.f(…)` with so many arguments.
    Member(usize),
    /// `f(x)` or `x.f()`.
    Either,
}
