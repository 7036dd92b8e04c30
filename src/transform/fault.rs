//! Why a request or an answer cannot be changed as a route says.

use std::fmt;

use super::page::Unwritten;
use crate::format::soap;
use crate::{expression, format, shape};

/// Why something cannot be changed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Fault {
    /// An expression has no value.
    Expression(expression::Fault),
    /// What was calculated for this cannot be sent.
    Unsendable(&'static str),
    /// The content is not what it is read as.
    Content(format::Error),
    /// The content says, as SOAP does, that something went wrong.
    Soap(Box<soap::SoapFault>),
    /// The content is of a type that is not read, or in a charset that is not.
    Type,
    /// The content cannot be written in this format.
    Unwritable(format::Fault),
    /// A shape cannot be given to it.
    Shape(shape::Fault),
    /// A template has no text.
    Template(Unwritten),
    /// It is, or becomes, larger than it may be.
    TooLarge,
}

// === impl Fault ===

impl Fault {
    pub(super) fn of_shape(fault: shape::Fault) -> Self {
        match fault {
            shape::Fault::Json(fault) if fault.is_limit() => Self::TooLarge,
            shape::Fault::Value(fault) => fault.into(),
            other => Self::Shape(other),
        }
    }

    pub(super) fn of_writing(fault: format::Fault) -> Self {
        if fault.is_limit() { Self::TooLarge } else { Self::Unwritable(fault) }
    }
}

impl From<expression::Fault> for Fault {
    fn from(fault: expression::Fault) -> Self {
        match fault {
            expression::Fault::TooLarge => Self::TooLarge,
            other => Self::Expression(other),
        }
    }
}

impl From<Unwritten> for Fault {
    fn from(why: Unwritten) -> Self {
        match why {
            Unwritten::TooLarge => Self::TooLarge,
            Unwritten::Fault(fault) => fault.into(),
            Unwritten::Mistake(_) => Self::Template(why),
        }
    }
}

impl From<format::Error> for Fault {
    fn from(error: format::Error) -> Self {
        match error.fault {
            format::Fault::Bytes | format::Fault::Json(crate::json::Fault::Bytes) => Self::TooLarge,
            fault if fault.is_charset() => Self::Type,
            _ => Self::Content(error),
        }
    }
}

impl From<soap::Refused> for Fault {
    fn from(refused: soap::Refused) -> Self {
        match refused {
            soap::Refused::Unread(error) => error.into(),
            soap::Refused::Fault(fault) => Self::Soap(Box::new(fault)),
        }
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Expression(fault) => fault.fmt(f),
            Self::Unsendable(what) => write!(f, "what was calculated for {what} cannot be sent"),
            Self::Content(error) => write!(f, "the content cannot be read: {error}"),
            Self::Soap(fault) => write!(f, "the content is a SOAP fault: {} {}", fault.code, fault.text),
            Self::Type => f.write_str("the content is of a type, or in a charset, that is not read"),
            Self::Unwritable(fault) => write!(f, "the content cannot be written: {fault}"),
            Self::Shape(fault) => fault.fmt(f),
            Self::Template(why) => why.fmt(f),
            Self::TooLarge => f.write_str("the content is, or becomes, larger than it may be"),
        }
    }
}

impl std::error::Error for Fault {}
