//! An expression as it runs: every name looked up, every constant made, every pattern and network parsed.

use regex_lite::Regex;

use super::facts::Variable;
use super::time::Part;
use super::value::Value;
use crate::forward::client::Network;

mod function;

pub(super) use function::{Function, SPACES, Signature};

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
    /// Optional items that are not there are left out.
    List(Box<[Node]>),
    /// Optional values that are not there are left out, with their keys.
    Map(Box<[[Node; 2]]>),
    Call(Function, Box<[Node]>),
    Part(Part, i64, Box<Node>),
    Matches(Box<Node>, Pattern),
    /// Whether the text is an address in one of the networks.
    InNetwork(Box<Node>, Box<[Network]>),
    /// The same of the client's address, which need not become text for that.
    ClientIn(Box<[Network]>),
    Fold(Box<Fold>),
    /// What may be there or not: `of.?key`, `of[?at]`, and what is asked of such a value. Holds a variable, a member or an
    /// element. Like the other optional ones, it stands only where [`Node::is_optional`] is looked for.
    Optional(Box<Node>),
    /// `optional.or(optional)`.
    FirstOf(Box<[Node; 2]>),
    /// `optional.of(value)`.
    OptionalOf(Box<Node>),
    /// `optional.none()`.
    OptionalNone,
    /// `optional.orValue(value)`.
    OrValue(Box<[Node; 2]>),
    /// `optional.hasValue()`.
    HasValue(Box<Node>),
    /// `optional.value()`.
    ValueOf(Box<Node>),
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
    /// `sortBy`.
    SortBy,
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

// === impl Node ===

impl Node {
    /// Whether it is there or not, rather than a value.
    pub(super) fn is_optional(&self) -> bool {
        match self {
            Self::Optional(_) | Self::FirstOf(_) | Self::OptionalOf(_) | Self::OptionalNone => true,
            Self::Choose(three) => three[1].is_optional(),
            _ => false,
        }
    }

    /// What may be there or not, as if it were.
    pub(super) fn found(&self) -> &Self {
        match self {
            Self::Optional(of) => of,
            other => other,
        }
    }
}
