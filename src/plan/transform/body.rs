//! What becomes of content, ready to be done.

use http::header::HeaderValue;

use super::super::compile::{Context, Pointer};
use super::status::format_of;
use crate::config::{self, ContentFormat, OneOrMany, TransformBody};
use crate::expression::{Kind, Known};
use crate::format::form::FormRules;
use crate::format::xml::XmlRules;
use crate::json::Picks;
use crate::transform::page::{Escape, Page};
use crate::transform::{ContentChange, Reader, Work, Writer};

/// The usual bound on content, in bytes: what most APIs answer is far below, and a document takes several times its size
/// while it is changed ([`crate::json::Limits::of`]).
const MOST: u64 = 1 << 20;

/// The largest bound on content, in bytes.
const LARGEST: u64 = 64 << 20;

/// The usual bound on content of which something is picked while it arrives, in bytes.
const ARRIVING: u64 = 64 << 20;

/// The largest such bound: time is spent on it, if no memory.
const LARGEST_ARRIVING: u64 = 16 << 30;

impl Context<'_> {
    /// What becomes of content. `answer`: that of an answer.
    pub(super) fn transform_body(
        &mut self,
        at: &Pointer,
        written: &TransformBody,
        known: &Known<'_>,
        answer: bool,
    ) -> Option<ContentChange> {
        let work = self.work(at, written, known)?;
        let to = written.to.map(format_of);
        if matches!(work, Work::Keep) && to.is_none() && written.media_type.is_none() {
            let converts = written.from.is_some() || written.xml.is_some() || written.form.is_some();
            if !converts {
                self.error(at, "nothing of the content is changed")
                    .help("write shape, value or template, or the format that it becomes in to");
            }
        }
        self.formats_fit(at, written, &work);
        let media_type =
            written.media_type.as_deref().and_then(|text| self.media_type(&at.key("media_type"), text));
        let picks = if answer { self.picks(at, written) } else { None };
        if written.arriving.is_some() && picks.is_none() {
            self.error(&at.key("arriving"), "all of this content is read before it is changed")
                .help("remove it; only an answer whose shape begins with pick is read piece by piece");
        }
        let arriving =
            written.arriving.as_ref().map_or(ARRIVING, |text| self.size(&at.key("arriving"), text));
        if !(1..=LARGEST_ARRIVING).contains(&arriving) {
            self.error(&at.key("arriving"), "this is not between 1 B and 16 GiB");
        }
        let writer = self.writer(at, written);
        Some(ContentChange { work, to, media_type, writer, picks, arriving })
    }

    fn work(&mut self, at: &Pointer, written: &TransformBody, known: &Known<'_>) -> Option<Work> {
        let ways = [!written.shape.is_empty(), written.value.is_some(), written.template.is_some()];
        if ways.into_iter().filter(|is| *is).count() > 1 {
            self.error(at, "the content is made by one of shape, value and template")
                .help("keep one of them");
            return None;
        }
        if let Some(source) = &written.value {
            return self.expression_with(&at.key("value"), source, Kind::Any, known).map(Work::Value);
        }
        if let Some(source) = &written.template {
            let at = at.key("template");
            return match Page::read(source, escape(written), known) {
                Ok(page) => Some(Work::Page(page)),
                Err(mistakes) => {
                    self.mistakes(&at, mistakes);
                    None
                }
            };
        }
        if written.shape.is_empty() {
            return Some(Work::Keep);
        }
        self.shape(&at.key("shape"), &written.shape, known).map(Work::Shape)
    }

    /// What can be read and written, and what goes together.
    fn formats_fit(&mut self, at: &Pointer, written: &TransformBody, work: &Work) {
        if written.from == Some(ContentFormat::Csv) {
            self.error(&at.key("from"), "CSV is written, and not read")
                .help("what its values are cannot be known");
        }
        let page = matches!(work, Work::Page(_));
        let listed =
            matches!(written.to, Some(ContentFormat::Form | ContentFormat::Csv | ContentFormat::Ndjson));
        if page && listed {
            self.error(&at.key("to"), "a template makes text, JSON or XML").help("make this of a value");
        }
    }

    fn media_type(&mut self, at: &Pointer, text: &str) -> Option<HeaderValue> {
        let essence = text.split(';').next().unwrap_or_default().trim();
        let fits = essence.split_once('/').is_some_and(|(kind, sub)| {
            super::super::scalar::is_token(kind) && super::super::scalar::is_token(&sub.replace('+', "-"))
        });
        let value = HeaderValue::from_str(text).ok().filter(|_| fits);
        if value.is_none() {
            self.error(at, format!("{text:?} is no media type"))
                .help("such as \"application/vnd.acme+json\"");
        }
        value
    }

    /// What is picked while an answer arrives: what the first operation keeps.
    fn picks(&mut self, at: &Pointer, written: &TransformBody) -> Option<Picks> {
        let paths = written.shape.first()?.pick.as_ref()?;
        let paths: Result<Vec<_>, _> =
            OneOrMany::as_slice(paths).iter().map(|text| crate::json::Path::read(text)).collect();
        // A path with a mistake is reported with the shape.
        match Picks::new(&paths.ok()?) {
            Ok(picks) => Some(picks),
            Err(error) => {
                self.error(&at.key("shape").index(0).key("pick"), error.message);
                None
            }
        }
    }

    fn most(&mut self, at: &Pointer, written: &TransformBody) -> usize {
        let most = written.most.as_ref().map_or(MOST, |text| self.size(&at.key("most"), text));
        if !(1..=LARGEST).contains(&most) {
            self.error(&at.key("most"), "this is not between 1 B and 64 MiB")
                .help("content is in memory as a whole while it is changed");
        }
        usize::try_from(most).unwrap_or(usize::MAX)
    }

    fn writer(&mut self, at: &Pointer, written: &TransformBody) -> Writer {
        let xml = written.xml.as_ref();
        let soap = xml.and_then(|xml| self.soap(&at.key("xml"), xml));
        let csv = written.csv.as_ref().and_then(|csv| self.csv(&at.key("csv"), csv));
        Writer {
            xml: self.xml_rules(at, xml),
            soap,
            csv: csv.unwrap_or_default(),
            form: self.form_rules(at, written),
            most: self.most(at, written),
        }
    }

    /// How content is read; `None` where nothing asks for it.
    pub(super) fn reader(
        &mut self,
        at: &Pointer,
        written: Option<&TransformBody>,
        content: Option<&ContentChange>,
        looked_at: bool,
    ) -> Option<Reader> {
        let needed = content.is_some_and(|content| content.work.needs_content());
        if !needed && !looked_at {
            return None;
        }
        let none = TransformBody::default();
        let written = written.unwrap_or(&none);
        Some(Reader {
            from: written.from.map(format_of),
            xml: self.xml_rules(at, written.xml.as_ref()),
            form: self.form_rules(at, written),
            soap: written.xml.as_ref().is_some_and(|xml| xml.soap.is_some()),
            texts: !content.is_some_and(|content| matches!(content.work, Work::Shape(_))),
            most: self.most(at, written),
            looked_at,
        })
    }

    fn xml_rules(&mut self, at: &Pointer, written: Option<&config::Xml>) -> XmlRules {
        written.and_then(|written| self.xml(&at.key("xml"), written)).unwrap_or_default()
    }

    fn form_rules(&mut self, at: &Pointer, written: &TransformBody) -> FormRules {
        let rules = written.form.as_ref().and_then(|form| self.form(&at.key("form"), form));
        rules.unwrap_or_default()
    }
}

/// What values in a template are escaped for.
fn escape(written: &TransformBody) -> Escape {
    let media_type = written.media_type.as_deref().unwrap_or_default().to_ascii_lowercase();
    match written.to {
        Some(ContentFormat::Json) => Escape::Json,
        Some(ContentFormat::Xml) => Escape::Markup,
        _ if media_type.contains("html") || media_type.contains("xml") => Escape::Markup,
        _ if media_type.contains("json") => Escape::Json,
        _ => Escape::None,
    }
}

/// What becomes of content of which nothing is said but that clients choose its format.
impl Default for ContentChange {
    fn default() -> Self {
        Self {
            work: Work::Keep,
            to: None,
            media_type: None,
            writer: Writer {
                xml: XmlRules::default(),
                soap: None,
                csv: Default::default(),
                form: FormRules::default(),
                most: usize::try_from(MOST).unwrap_or(usize::MAX),
            },
            picks: None,
            arriving: ARRIVING,
        }
    }
}
