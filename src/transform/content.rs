//! Content, read in one format, made into something else, and written in another.

use std::sync::Arc;

use http::HeaderMap;
use http::header::{CONTENT_TYPE, HeaderValue};

pub use crate::format::Format;

use super::fault::Fault;
use super::page::Page;
use crate::expression::{Expression, Facts};
use crate::format::csv::CsvRules;
use crate::format::form;
use crate::format::soap::{self, Version};
use crate::format::xml::{self, XmlRules};
use crate::format::{csv, ndjson, text};
use crate::json::pick::Picks;
use crate::json::{Limits, Node};
use crate::shape::Shape;

/// How content is read.
#[derive(Debug)]
pub struct Reader {
    /// As what; `None` for what its type says.
    pub from: Option<Format>,
    /// How XML becomes JSON.
    pub xml: XmlRules,
    /// It stands in an envelope of this version.
    pub soap: Option<Version>,
    /// The most of it, in bytes.
    pub most: usize,
    /// Whether an expression looks at it, so that it must be there twice where it is changed.
    pub looked_at: bool,
    /// It is changed, so that what cannot be read is refused. Else it is only looked at where it can be.
    pub required: bool,
}

/// What content becomes.
#[derive(Debug)]
pub struct ContentChange {
    /// What is done to it.
    pub work: Work,
    /// The format that it is written in; `None` for that it was read in.
    pub to: Option<Format>,
    /// Its type; `None` for the usual one of another format, and for what it was in the same one.
    pub media_type: Option<HeaderValue>,
    /// How it is written.
    pub writer: Writer,
    /// What is kept of it as it is read; `None` where all of it is.
    pub picks: Option<Picks>,
    /// The most that arrives of what is read so, in bytes.
    pub arriving: u64,
}

/// How content is written.
#[derive(Debug)]
pub struct Writer {
    /// How JSON becomes XML.
    pub xml: XmlRules,
    /// It stands in an envelope of this version.
    pub soap: Option<Version>,
    /// What requests in such an envelope say that they are for.
    pub action: Option<HeaderValue>,
    /// How JSON becomes CSV.
    pub csv: CsvRules,
    /// The most of it, in bytes.
    pub most: usize,
}

/// What is done to content.
#[derive(Debug)]
pub enum Work {
    /// Nothing.
    Keep,
    /// Operations.
    Shape(Shape),
    /// This comes in its place.
    Value(Arc<Expression>),
    /// This text comes in its place.
    Page(Page),
}

/// Content that was made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Made {
    /// It.
    pub bytes: Vec<u8>,
    /// Its type, where that is not what it was.
    pub media_type: Option<HeaderValue>,
    /// `SOAPAction`.
    pub action: Option<HeaderValue>,
}

// === impl Reader ===

impl Reader {
    /// The format of content with these fields; `None` where it is none that is read.
    pub fn format(&self, headers: &HeaderMap) -> Option<Format> {
        if self.from.is_some() {
            return self.from;
        }
        let mut found = None;
        for value in headers.get_all(CONTENT_TYPE) {
            let text = value.to_str().ok()?;
            let essence = text.split(';').next().unwrap_or_default().trim();
            // RFC 6902 and RFC 7396: what is to be done to a document, which is no document itself.
            if ["application/json-patch+json", "application/merge-patch+json"]
                .iter()
                .any(|patch| essence.eq_ignore_ascii_case(patch))
            {
                return None;
            }
            let format = Format::of(text)?;
            // Two types that say different things say nothing.
            if found.is_some_and(|known| known != format) {
                return None;
            }
            found = Some(format);
        }
        found
    }

    /// Reads content. Nothing where it is of no type that is read, and nothing has to be.
    pub fn read<'c>(
        &self,
        headers: &HeaderMap,
        bytes: &'c [u8],
    ) -> Result<Option<(Format, Node<'c>)>, Fault> {
        let Some(format) = self.format(headers) else {
            return if self.required { Err(Fault::Type) } else { Ok(None) };
        };
        self.read_as(format, headers, bytes).map(|node| Some((format, node)))
    }

    fn read_as<'c>(&self, format: Format, headers: &HeaderMap, bytes: &'c [u8]) -> Result<Node<'c>, Fault> {
        let limits = Limits::of(self.most);
        let content = text(headers, bytes)?;
        let bytes = content.as_bytes();
        Ok(match format {
            Format::Json => crate::json::parse(bytes, &limits).map_err(crate::format::Error::from)?,
            Format::Xml => match self.soap {
                Some(_) => soap::unwrap(bytes, &self.xml, &limits)?,
                None => xml::read(bytes, &self.xml, &limits)?,
            },
            Format::Form => form::read(bytes, &limits)?,
            Format::Ndjson => ndjson::read(bytes, &limits)?,
            Format::Text => Node::Text(content.into()),
            Format::Csv => return Err(Fault::Type),
        })
    }
}

// === impl ContentChange ===

impl ContentChange {
    /// Makes the content; nothing where there was none and nothing new is put in its place.
    pub fn make(
        &self,
        content: Option<(Format, Node<'_>)>,
        facts: &Facts<'_>,
    ) -> Result<Option<Made>, Fault> {
        let limits = Limits::of(self.writer.most);
        let from = content.as_ref().map(|(format, _)| *format);
        let node = match (&self.work, content) {
            (Work::Keep | Work::Shape(_), None) => return Ok(None),
            (Work::Keep, Some((_, node))) => node,
            (Work::Shape(shape), Some((_, node))) => shape.apply(node, facts, &limits).map_err(Fault::of_shape)?,
            (Work::Value(value), _) => value.node(facts, limits.values)?,
            (Work::Page(page), _) => return self.printed(page, facts, &limits).map(Some),
        };
        let to = self.to.or(from).unwrap_or(Format::Json);
        self.written(&node, to, from == Some(to)).map(Some)
    }

    /// The same of a document that never was in any format.
    pub fn make_of(&self, node: Node<'_>, facts: &Facts<'_>, to: Option<Format>) -> Result<Made, Fault> {
        let limits = Limits::of(self.writer.most);
        let node = match &self.work {
            Work::Keep => node,
            Work::Shape(shape) => shape.apply(node, facts, &limits).map_err(Fault::of_shape)?,
            Work::Value(value) => value.node(facts, limits.values)?,
            Work::Page(page) => return self.printed(page, facts, &limits),
        };
        self.written(&node, to.or(self.to).unwrap_or(Format::Json), false)
    }

    /// Text that a template makes; what is to be JSON is read, to know that it is.
    fn printed(&self, page: &Page, facts: &Facts<'_>, limits: &Limits) -> Result<Made, Fault> {
        let bytes = page.write(facts, limits.values, self.writer.most)?;
        let to = self.to.unwrap_or(Format::Text);
        match to {
            Format::Json => drop(crate::json::parse(&bytes, limits).map_err(crate::format::Error::from)?),
            Format::Xml => drop(xml::read(&bytes, &XmlRules::default(), limits)?),
            _ => {}
        }
        Ok(Made { bytes, media_type: self.type_of(to, false), action: self.writer.action(to) })
    }

    fn written(&self, node: &Node<'_>, to: Format, same: bool) -> Result<Made, Fault> {
        let bytes = self.writer.write(node, to)?;
        Ok(Made { bytes, media_type: self.type_of(to, same), action: self.writer.action(to) })
    }

    fn type_of(&self, to: Format, same: bool) -> Option<HeaderValue> {
        let usual = || match (to, self.writer.soap) {
            (Format::Xml, Some(version)) => HeaderValue::from_static(version.media_type()),
            _ => HeaderValue::from_static(to.media_type()),
        };
        self.media_type.clone().or_else(|| (!same).then(usual))
    }
}

// === impl Writer ===

impl Writer {
    /// Writes a document.
    pub fn write(&self, node: &Node<'_>, to: Format) -> Result<Vec<u8>, Fault> {
        let most = self.most;
        let written = match to {
            Format::Json => return node.write(most).ok_or(Fault::TooLarge),
            Format::Text => match node {
                Node::Text(text) if text.len() <= most => return Ok(text.as_bytes().to_vec()),
                Node::Number(number) => return Ok(number.as_str().as_bytes().to_vec()),
                Node::Text(_) => Err(crate::format::Fault::Bytes),
                _ => Err(crate::format::Fault::Place),
            },
            Format::Xml => match self.soap {
                Some(version) => soap::wrap(node, version, &self.xml, most),
                None => xml::write(node, &self.xml, most),
            },
            Format::Form => form::write(node, most),
            Format::Csv => csv::write(node, &self.csv, most),
            Format::Ndjson => ndjson::write(node, most),
        };
        written.map_err(Fault::of_writing)
    }

    /// Only SOAP 1.1 has it.
    fn action(&self, to: Format) -> Option<HeaderValue> {
        self.action.clone().filter(|_| to == Format::Xml && self.soap.is_some())
    }
}
