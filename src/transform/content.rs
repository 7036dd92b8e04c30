//! Content, read in one format, made into something else, and written in another.

use std::sync::Arc;

use http::HeaderMap;
use http::header::{CONTENT_TYPE, HeaderValue};

pub use crate::format::Format;

use super::fault::Fault;
use super::page::Page;
use crate::expression::{Expression, Facts};
use crate::format::csv::CsvRules;
use crate::format::form::FormRules;
use crate::format::soap::Version;
use crate::format::xml::XmlRules;
use crate::format::{csv, form, ndjson, soap, text, xml};
use crate::json::{Limits, Node, Picks};
use crate::shape::Shape;

/// How content is read.
#[derive(Debug)]
pub struct Reader {
    /// As what; `None` for what its type says.
    pub from: Option<Format>,
    /// How XML becomes JSON.
    pub xml: XmlRules,
    /// How forms become JSON.
    pub form: FormRules,
    /// XML stands in an envelope.
    pub soap: bool,
    /// Plain text is content like any other: not where operations on JSON are done to it.
    pub texts: bool,
    /// The most of it, in bytes.
    pub most: usize,
    /// Whether an expression looks at it, so that it must be there twice where it is changed.
    pub looked_at: bool,
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
    /// It stands in an envelope of this version, which says what it is for.
    pub soap: Option<(Version, Box<str>)>,
    /// How JSON becomes CSV.
    pub csv: CsvRules,
    /// How JSON becomes a form.
    pub form: FormRules,
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
        found.filter(|format| self.texts || *format != Format::Text)
    }

    /// Reads content in a format.
    pub fn read<'c>(&self, format: Format, headers: &HeaderMap, bytes: &'c [u8]) -> Result<Node<'c>, Fault> {
        let limits = Limits::of(self.most);
        let content = text(headers, bytes)?;
        let bytes = content.as_bytes();
        Ok(match format {
            Format::Json => crate::json::parse(bytes, &limits).map_err(crate::format::Error::from)?,
            Format::Xml if self.soap => soap::unwrap(bytes, &self.xml, &limits)?,
            Format::Xml => xml::read(bytes, &self.xml, &limits)?,
            Format::Form => form::read(bytes, &self.form, &limits)?,
            Format::Ndjson => ndjson::read(bytes, &limits)?,
            Format::Text => Node::Text(content.into()),
            Format::Csv => return Err(Fault::Type),
        })
    }
}

// === impl ContentChange ===

impl ContentChange {
    /// Makes the content, in the format that is wanted where one is; nothing where there was none and nothing new is put in its
    /// place. A document that never was in any format comes without one.
    pub fn make(
        &self,
        content: Option<(Option<Format>, Node<'_>)>,
        wanted: Option<Format>,
        facts: &Facts<'_>,
    ) -> Result<Option<Made>, Fault> {
        let limits = Limits::of(self.writer.most);
        let from = content.as_ref().and_then(|(format, _)| *format);
        let node = match (&self.work, content) {
            (Work::Keep | Work::Shape(_), None) => return Ok(None),
            (Work::Keep, Some((_, node))) => node,
            (Work::Shape(shape), Some((_, node))) => {
                shape.apply(node, facts, &limits).map_err(Fault::of_shape)?
            }
            (Work::Value(value), _) => {
                return self.written(&value.node(facts, limits.values)?, wanted, from).map(Some);
            }
            (Work::Page(page), _) => return self.printed(page, facts, &limits).map(Some),
        };
        self.written(&node, wanted, from).map(Some)
    }

    /// The type of what comes of content in a format, where that is not what it was.
    pub fn type_from(&self, from: Option<Format>, wanted: Option<Format>) -> Option<HeaderValue> {
        let to = self.format_from(from, wanted);
        self.type_of(to, from == Some(to))
    }

    fn format_from(&self, from: Option<Format>, wanted: Option<Format>) -> Format {
        let own = match self.work {
            Work::Page(_) => Some(self.to.unwrap_or(Format::Text)),
            _ => wanted.or(self.to),
        };
        own.or(from).unwrap_or(Format::Json)
    }

    /// Text that a template makes; what is to be JSON is read, to know that it is.
    fn printed(&self, page: &Page, facts: &Facts<'_>, limits: &Limits) -> Result<Made, Fault> {
        let bytes = page.write(facts, limits.values, self.writer.most)?;
        let to = self.format_from(None, None);
        match to {
            Format::Json => drop(crate::json::parse(&bytes, limits).map_err(crate::format::Error::from)?),
            Format::Xml => drop(xml::read(&bytes, &XmlRules::default(), limits)?),
            _ => {}
        }
        Ok(Made { bytes, media_type: self.type_of(to, false), action: self.writer.action(to) })
    }

    fn written(&self, node: &Node<'_>, wanted: Option<Format>, from: Option<Format>) -> Result<Made, Fault> {
        let to = self.format_from(from, wanted);
        let bytes = self.writer.write(node, to)?;
        Ok(Made { bytes, media_type: self.type_of(to, from == Some(to)), action: self.writer.action(to) })
    }

    fn type_of(&self, to: Format, same: bool) -> Option<HeaderValue> {
        let usual = || match (to, &self.writer.soap) {
            (Format::Xml, Some((version, action))) => HeaderValue::try_from(version.content_type(action))
                .unwrap_or(HeaderValue::from_static(version.media_type())),
            _ => HeaderValue::from_static(to.media_type()),
        };
        self.media_type.clone().or_else(|| (!same).then(usual))
    }
}

// === impl Work ===

impl Work {
    /// Whether nothing comes of no content.
    pub fn needs_content(&self) -> bool {
        matches!(self, Self::Keep | Self::Shape(_))
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
            Format::Xml => match &self.soap {
                Some((version, _)) => soap::wrap(node, *version, &self.xml, most),
                None => xml::write(node, &self.xml, most),
            },
            Format::Form => form::write(node, &self.form, most),
            Format::Csv => csv::write(node, &self.csv, most),
            Format::Ndjson => ndjson::write(node, most),
        };
        written.map_err(Fault::of_writing)
    }

    /// Only SOAP 1.1 has it.
    fn action(&self, to: Format) -> Option<HeaderValue> {
        let (version, action) = self.soap.as_ref().filter(|_| to == Format::Xml)?;
        HeaderValue::try_from(version.soap_action(action)?).ok()
    }
}
