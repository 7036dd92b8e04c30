//! Why an expression has no value for a request. For the operator's record: whoever evaluates denies.

use std::fmt;

use super::value::Kind;

/// Why there is no value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Fault {
    /// There is no such member, field, parameter or claim.
    Absent(Box<str>),
    /// An operator or function cannot have what it was given.
    Mismatch(&'static str, Kind, Kind),
    /// A number or a time does not fit where it should.
    Overflow,
    /// By zero.
    Division,
    /// There is no such place in a list.
    OutOfRange,
    /// A function is asked for what is beyond what it was given, or may give.
    Bounds(&'static str),
    /// A query parameter stands several times.
    Repeated(Box<str>),
    /// Bytes that are no UTF-8.
    NotText(Box<str>),
    /// Text that is not what a function reads.
    Unreadable(&'static str),
    /// A list or a map in which a key is no text, a number or a truth value, or twice the same.
    Key,
    /// A value is larger than is taken where it goes, or nested more deeply.
    TooLarge,
    /// A value of a path is empty, or makes a segment `.` or `..`.
    Segment,
    /// It would take longer than expressions may.
    TooCostly,
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Absent(name) => write!(f, "there is no {name:?}"),
            Self::Mismatch(what, a, Kind::Null) => write!(f, "{what} cannot have {a}"),
            Self::Mismatch(what, a, b) => write!(f, "{what} cannot have {a} and {b}"),
            Self::Overflow => f.write_str("a number or a time is out of range"),
            Self::Division => f.write_str("division by zero"),
            Self::OutOfRange => f.write_str("there is no such place in the list"),
            Self::Bounds(name) => write!(f, "{name}() is asked for more than there is"),
            Self::Repeated(name) => write!(f, "the query parameter {name:?} stands several times"),
            Self::NotText(name) => write!(f, "{name:?} is not UTF-8"),
            Self::Unreadable(what) => write!(f, "a text is no {what}"),
            Self::Key => f.write_str("a key of a map stands twice or is not a key"),
            Self::TooLarge => f.write_str("the value is larger than may be"),
            Self::Segment => f.write_str("a value that goes into a path is empty, or a dot segment"),
            Self::TooCostly => f.write_str("the expression costs more than expressions may"),
        }
    }
}
