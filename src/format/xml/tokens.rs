//! What a document is made of, one after the other. `quick-xml` finds where markup begins and ends and that tags match;
//! what it leaves to its caller is checked here: names, attributes, characters, references, namespaces, and that there is
//! one root element.

use std::borrow::Cow;

use quick_xml::Reader;
use quick_xml::errors::{IllFormedError, SyntaxError};
use quick_xml::events::Event;

use super::super::charset::is_utf8;
use super::super::{Error, Fault};
use super::escape::{Kind, reference, resolved};
use super::names::{first_illegal, is_blank, is_plain, is_qualified, is_space, split};
use super::scopes::{Scopes, declares};
use crate::json::{Limits, MOST_DEPTH};

/// The most attributes of one element: each is compared with the others.
const MOST_ATTRIBUTES: usize = 256;

/// A part of a document.
pub(in crate::format) enum Token<'a> {
    /// An element begins.
    Start(Start<'a>),
    /// The innermost element ends.
    End,
    /// Text, a part of it, or what stands in a CDATA section.
    Text(Cow<'a, str>),
    /// The document ends.
    Eof,
}

/// The beginning of an element.
pub(in crate::format) struct Start<'a> {
    pub(in crate::format) name: &'a str,
    pub(super) attributes: Vec<(&'a str, Cow<'a, str>)>,
}

pub(in crate::format) struct Tokens<'a> {
    /// Without a byte order mark.
    text: &'a str,
    /// How long that was.
    mark: usize,
    reader: Reader<&'a [u8]>,
    scopes: Scopes<'a>,
    /// Where the last token begins.
    at: usize,
    /// How many values may still come.
    values: usize,
    most_depth: usize,
    most_text: usize,
    /// Whether the element that was opened last ends at once.
    empty: bool,
    /// Whether there has been a root element.
    rooted: bool,
}

// === impl Tokens ===

impl<'a> Tokens<'a> {
    pub(in crate::format) fn new(bytes: &'a [u8], limits: &Limits) -> Result<Self, Error> {
        if bytes.len() > limits.bytes {
            return Err(Fault::Bytes.at(limits.bytes));
        }
        let without = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
        let mark = bytes.len() - without.len();
        let text = match std::str::from_utf8(without) {
            Ok(text) => text,
            Err(error) if is_utf16(bytes) => return Err(Fault::Charset.at(error.valid_up_to())),
            Err(error) => return Err(Fault::Encoding.at(mark + error.valid_up_to())),
        };
        if let Some(at) = first_illegal(text) {
            // UTF-16 of Latin letters is UTF-8 with zeros in it.
            let fault = if is_utf16(bytes) { Fault::Charset } else { Fault::Character };
            return Err(fault.at(mark + at));
        }
        // The reader would take a second mark for one and count without it.
        if text.starts_with('\u{feff}') {
            return Err(Fault::Syntax("there is something in front of the root element").at(mark));
        }
        let mut reader = Reader::from_str(text);
        reader.config_mut().check_comments = true;
        Ok(Self {
            text,
            mark,
            reader,
            scopes: Scopes::default(),
            at: 0,
            values: limits.values,
            most_depth: limits.depth.min(MOST_DEPTH),
            most_text: limits.text,
            empty: false,
            rooted: false,
        })
    }

    /// That fault, at the token that was read last.
    pub(in crate::format) fn fault(&self, fault: Fault) -> Error {
        fault.at(self.mark + self.at)
    }

    fn syntax(&self, message: &'static str) -> Error {
        self.fault(Fault::Syntax(message))
    }

    /// How deep values may be.
    pub(super) fn most_depth(&self) -> usize {
        self.most_depth
    }

    /// One more value is made.
    pub(super) fn count(&mut self) -> Result<(), Error> {
        self.values = self.values.checked_sub(1).ok_or_else(|| self.fault(Fault::Values))?;
        Ok(())
    }

    /// Adds to a text.
    pub(super) fn add(&self, text: &mut Cow<'a, str>, piece: Cow<'a, str>) -> Result<(), Error> {
        if text.len() + piece.len() > self.most_text {
            return Err(self.fault(Fault::Text));
        }
        if text.is_empty() {
            *text = piece;
        } else {
            text.to_mut().push_str(&piece);
        }
        Ok(())
    }

    /// The namespace and the local name of an element that is open.
    pub(in crate::format) fn element<'n>(&self, name: &'n str) -> (&str, &'n str) {
        let (prefix, local) = split(name);
        (self.scopes.namespace(prefix).unwrap_or_default(), local)
    }

    /// The namespace and the local name of an attribute of the element that was opened last.
    pub(super) fn attribute<'n>(&self, name: &'n str) -> (&str, &'n str) {
        self.scopes.attribute(name).unwrap_or(("", name))
    }

    /// The next part.
    pub(in crate::format) fn next(&mut self) -> Result<Token<'a>, Error> {
        if std::mem::take(&mut self.empty) {
            self.scopes.close();
            return Ok(Token::End);
        }
        loop {
            self.at = self.position();
            let event = self.reader.read_event().map_err(|error| self.fault(fault_of(&error)))?;
            let inside = self.scopes.depth() > 0;
            let raw = self.text.get(self.at..self.position());
            let raw = raw.ok_or_else(|| self.syntax("this is no markup"))?;
            match event {
                Event::Start(_) => return self.open(raw.get(1..raw.len() - 1), false),
                Event::Empty(_) => return self.open(raw.get(1..raw.len() - 2), true),
                Event::End(_) => {
                    self.scopes.close();
                    return Ok(Token::End);
                }
                Event::Text(_) if inside => return self.text(raw).map(Token::Text),
                Event::Text(_) if is_blank(raw) => {}
                Event::CData(_) if inside => {
                    // `<![CDATA[` and `]]>`.
                    let content = raw.get(9..raw.len().saturating_sub(3)).unwrap_or_default();
                    let content = lines(content);
                    return Ok(Token::Text(content));
                }
                Event::GeneralRef(_) if inside => {
                    let name = raw.get(1..raw.len().saturating_sub(1)).unwrap_or_default();
                    let character = reference(name).map_err(|fault| self.fault(fault))?;
                    return Ok(Token::Text(Cow::Owned(character.to_string())));
                }
                Event::Text(_) | Event::CData(_) | Event::GeneralRef(_) => {
                    return Err(self.syntax("there is something beside the root element"));
                }
                Event::Comment(_) => {}
                Event::PI(instruction) => self.instruction(instruction.target())?,
                Event::Decl(_) => self.declaration(raw)?,
                Event::DocType(_) => return Err(self.fault(Fault::Dtd)),
                Event::Eof if inside || !self.rooted => return Err(self.fault(Fault::End)),
                Event::Eof => return Ok(Token::Eof),
            }
        }
    }

    fn position(&self) -> usize {
        usize::try_from(self.reader.buffer_position()).unwrap_or(usize::MAX)
    }

    /// XML section 2.4.
    fn text(&self, raw: &'a str) -> Result<Cow<'a, str>, Error> {
        // A search for one byte is quick, and most texts have none.
        if raw.contains(']') && raw.contains("]]>") {
            return Err(self.syntax("]]> stands in text"));
        }
        Ok(lines(raw))
    }

    /// XML section 2.6.
    fn instruction(&self, target: &str) -> Result<(), Error> {
        if !is_plain(target) || target.eq_ignore_ascii_case("xml") {
            return Err(self.syntax("a processing instruction has no name of one"));
        }
        Ok(())
    }

    /// XML section 2.8, production 23.
    fn declaration(&self, raw: &'a str) -> Result<(), Error> {
        const WRONG: &str = "the XML declaration is not written like one";
        if self.at != 0 {
            return Err(self.syntax("an XML declaration stands behind something else"));
        }
        let inside = raw.strip_prefix("<?xml").and_then(|rest| rest.strip_suffix("?>"));
        let said = self.attributes(inside.ok_or_else(|| self.syntax(WRONG))?)?;
        let mut said = said.iter().map(|(name, value)| (*name, &**value)).peekable();
        let version = said.next_if(|(name, _)| *name == "version").ok_or_else(|| self.syntax(WRONG))?;
        if version.1 != "1.0" {
            return Err(self.fault(Fault::Version));
        }
        if let Some((_, encoding)) = said.next_if(|(name, _)| *name == "encoding")
            && !is_utf8(encoding)
            && !(encoding.eq_ignore_ascii_case("us-ascii") && self.text.is_ascii())
        {
            return Err(self.fault(Fault::Charset));
        }
        let alone = said.next_if(|(name, _)| *name == "standalone");
        if alone.is_some_and(|(_, value)| !matches!(value, "yes" | "no")) || said.next().is_some() {
            return Err(self.syntax(WRONG));
        }
        Ok(())
    }

    /// An element, from behind `<` to before `>` or `/>`.
    fn open(&mut self, inside: Option<&'a str>, empty: bool) -> Result<Token<'a>, Error> {
        let inside = inside.unwrap_or_default();
        if self.rooted && self.scopes.depth() == 0 {
            return Err(self.syntax("there is something beside the root element"));
        }
        if self.scopes.depth() >= self.most_depth {
            return Err(self.fault(Fault::Deep));
        }
        self.count()?;
        let end = inside.bytes().position(is_space).unwrap_or(inside.len());
        let (name, rest) = inside.split_at(end);
        if !is_qualified(name) {
            return Err(self.fault(Fault::Name));
        }
        let attributes = self.attributes(rest)?;
        (self.empty, self.rooted) = (empty, true);
        self.scopes.open();
        for (name, value) in &attributes {
            if let Some(prefix) = declares(name) {
                self.scopes.declare(prefix, value.clone()).map_err(|fault| fault.at(self.mark + self.at))?;
            }
        }
        self.namespaces(name, &attributes).map_err(|fault| self.fault(fault))?;
        Ok(Token::Start(Start { name, attributes }))
    }

    /// Namespaces in XML, sections 4 and 6.3: prefixes are declared, and attributes differ in more than those.
    fn namespaces(&self, name: &str, attributes: &[(&str, Cow<'_, str>)]) -> Result<(), Fault> {
        self.scopes.namespace(split(name).0).ok_or(Fault::Prefix)?;
        let mut known: Vec<(&str, &str)> = Vec::new();
        for (name, _) in attributes.iter().filter(|(name, _)| name.contains(':') && declares(name).is_none())
        {
            let expanded = self.scopes.attribute(name).ok_or(Fault::Prefix)?;
            if known.contains(&expanded) {
                return Err(Fault::Twice);
            }
            known.push(expanded);
        }
        Ok(())
    }

    /// XML section 3.1, productions 40 and 41.
    fn attributes(&self, mut rest: &'a str) -> Result<Vec<(&'a str, Cow<'a, str>)>, Error> {
        const WRONG: &str = "an attribute is not written like one";
        let mut attributes: Vec<(&str, Cow<'_, str>)> = Vec::new();
        loop {
            let begin = trimmed(rest);
            if begin.is_empty() {
                return Ok(attributes);
            }
            if begin.len() == rest.len() {
                return Err(self.syntax(WRONG));
            }
            let (name, behind) = begin.split_once('=').ok_or_else(|| self.syntax(WRONG))?;
            let name = name.trim_end_matches([' ', '\t', '\n', '\r']);
            if !is_qualified(name) {
                return Err(self.fault(Fault::Name));
            }
            let value = trimmed(behind);
            let (quote, value) = value.split_at_checked(1).ok_or_else(|| self.syntax(WRONG))?;
            if !matches!(quote, "\"" | "'") {
                return Err(self.syntax(WRONG));
            }
            let (value, behind) = value.split_once(quote).ok_or_else(|| self.syntax(WRONG))?;
            if value.contains('<') {
                return Err(self.syntax("< stands in an attribute"));
            }
            if attributes.iter().any(|(known, _)| *known == name) {
                return Err(self.fault(Fault::Twice));
            }
            if attributes.len() >= MOST_ATTRIBUTES {
                return Err(self.fault(Fault::Values));
            }
            if value.len() > self.most_text {
                return Err(self.fault(Fault::Text));
            }
            attributes.push((name, resolved(value, Kind::Attribute).map_err(|fault| self.fault(fault))?));
            rest = behind;
        }
    }
}

/// XML section 2.11. There are no references in it.
fn lines(text: &str) -> Cow<'_, str> {
    if !text.contains('\r') {
        return Cow::Borrowed(text);
    }
    Cow::Owned(text.replace("\r\n", "\n").replace('\r', "\n"))
}

fn trimmed(text: &str) -> &str {
    text.trim_start_matches([' ', '\t', '\n', '\r'])
}

/// XML appendix F.1: with a byte order mark, or how `<?` and `<a` look without one.
fn is_utf16(bytes: &[u8]) -> bool {
    matches!(bytes, [0xfe, 0xff, ..] | [0xff, 0xfe, ..] | [0, b'<', 0, _, ..] | [b'<', 0, _, 0, ..])
}

fn fault_of(error: &quick_xml::Error) -> Fault {
    match error {
        quick_xml::Error::Syntax(SyntaxError::InvalidBangMarkup) => Fault::Syntax("this is no markup"),
        quick_xml::Error::Syntax(_) => Fault::End,
        quick_xml::Error::IllFormed(IllFormedError::UnclosedReference) => Fault::Entity,
        quick_xml::Error::IllFormed(IllFormedError::DoubleHyphenInComment) => {
            Fault::Syntax("-- stands in a comment")
        }
        quick_xml::Error::IllFormed(IllFormedError::MissingDoctypeName) => Fault::Dtd,
        quick_xml::Error::IllFormed(_) => Fault::Syntax("an element ends that is not the innermost"),
        _ => Fault::Syntax("this is no markup"),
    }
}
