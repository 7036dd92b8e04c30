//! Other notations than JSON: to and from [`Node`](crate::json::Node), without any part in between. Nothing here waits,
//! guesses at a charset or expands an entity, and everything is bounded before it grows.

use std::fmt;

use crate::json;

pub mod charset;
pub mod csv;
pub mod form;
pub mod ndjson;
pub mod negotiate;
pub mod soap;
pub mod xml;

pub use charset::{Charset, charset, text};
pub use negotiate::{Chosen, choose, negotiate};

/// A notation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Format {
    /// RFC 8259.
    Json,
    /// XML 1.0.
    Xml,
    /// `application/x-www-form-urlencoded`, as WHATWG URL has it.
    Form,
    /// RFC 4180.
    Csv,
    /// A JSON text on each line.
    Ndjson,
    /// Text without any structure.
    Text,
}

/// Why something cannot be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Error {
    /// Where, in bytes from the beginning.
    pub at: usize,
    /// Why.
    pub fault: Fault,
}

/// Why something cannot be read, or cannot be written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// It ends before it is complete.
    End,
    /// It is not written as the notation wants it.
    Syntax(&'static str),
    /// It is not UTF-8.
    Encoding,
    /// It says that it is in another charset.
    Charset,
    /// It is XML of another version than 1.0.
    Version,
    /// There is a document type declaration.
    Dtd,
    /// A reference to an entity that XML itself does not have, or to a character that there is not.
    Entity,
    /// A character that XML cannot have.
    Character,
    /// A name that cannot be one in this notation.
    Name,
    /// A prefix that stands for no namespace.
    Prefix,
    /// A name stands for the second time.
    Twice,
    /// Text beside elements.
    Mixed,
    /// No number, where one is declared.
    Number,
    /// Neither `true` nor `false`, where one of them is declared.
    Boolean,
    /// An element that is said to have no content has some.
    Nil,
    /// Not the one element, or the one member, that the whole has to be.
    Root,
    /// A value that has no place where it stands.
    Place,
    /// Not the JSON that it should be.
    Json(json::Fault),
    /// Nested too deeply.
    Deep,
    /// Too many values.
    Values,
    /// A text that is too long.
    Text,
    /// Too large as a whole.
    Bytes,
}

// === impl Format ===

impl Format {
    /// What content in this notation is called, with the parameters that are true of what is written here.
    pub fn media_type(self) -> &'static str {
        match self {
            Self::Json => "application/json",
            Self::Xml => "application/xml",
            Self::Form => "application/x-www-form-urlencoded",
            // RFC 4180 section 3: the first line has the names.
            Self::Csv => "text/csv; charset=utf-8; header=present",
            Self::Ndjson => "application/x-ndjson",
            Self::Text => "text/plain; charset=utf-8",
        }
    }

    /// The notation that content of this media type is in (RFC 6839 sections 3.1 and 4.1: the suffix says it too).
    pub fn of(media_type: &str) -> Option<Self> {
        let essence = media_type.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
        match &*essence {
            "application/json" | "text/json" => Some(Self::Json),
            "application/xml" | "text/xml" => Some(Self::Xml),
            "application/x-www-form-urlencoded" => Some(Self::Form),
            "text/csv" => Some(Self::Csv),
            "application/x-ndjson"
            | "application/ndjson"
            | "application/jsonl"
            | "application/x-jsonlines" => Some(Self::Ndjson),
            "text/plain" => Some(Self::Text),
            other if other.ends_with("+json") => Some(Self::Json),
            other if other.ends_with("+xml") => Some(Self::Xml),
            _ => None,
        }
    }
}

// === impl Error ===

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} at byte {}", self.fault, self.at)
    }
}

impl std::error::Error for Error {}

impl From<json::Error> for Error {
    fn from(error: json::Error) -> Self {
        Self { at: error.at, fault: Fault::Json(error.fault) }
    }
}

// === impl Fault ===

impl Fault {
    /// Whether it is right in itself, but more than is taken.
    pub fn is_limit(self) -> bool {
        match self {
            Self::Deep | Self::Values | Self::Text | Self::Bytes => true,
            Self::Json(fault) => fault.is_limit(),
            _ => false,
        }
    }

    /// Whether the content is in a charset that nothing is known of: it is neither right nor wrong.
    pub fn is_charset(self) -> bool {
        self == Self::Charset
    }

    /// That, at a place.
    fn at(self, at: usize) -> Error {
        Error { at, fault: self }
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::End => "it ends too early",
            Self::Syntax(message) => message,
            Self::Encoding => "it is not UTF-8",
            Self::Charset => "it is in a charset other than UTF-8",
            Self::Version => "it is not XML 1.0",
            Self::Dtd => "it has a document type declaration",
            Self::Entity => "there is a reference to an unknown entity or character",
            Self::Character => "there is a character that XML does not have",
            Self::Name => "there is a name that this notation does not have",
            Self::Prefix => "there is a prefix without a namespace",
            Self::Twice => "a name stands for the second time",
            Self::Mixed => "text stands beside elements",
            Self::Number => "there is no number where one is declared",
            Self::Boolean => "there is neither true nor false where one of them is declared",
            Self::Nil => "an element has content though it is said to be nil",
            Self::Root => "it is not the one element that it has to be",
            Self::Place => "there is a value that has no place there",
            Self::Json(fault) => return fault.fmt(f),
            Self::Deep => "it is nested too deeply",
            Self::Values => "there are too many values",
            Self::Text => "a text is too long",
            Self::Bytes => "it is too large",
        })
    }
}
