//! Statuses in place of others, and problems in place of errors.

use std::collections::BTreeMap;

use http::StatusCode;

use super::super::compile::{Context, Pointer};
use super::Asks;
use crate::config::{ContentFormat, ErrorContent, ErrorProblem, ErrorWord};
use crate::expression::{Kind, Known};
use crate::transform::{Errors, Format, ProblemChange, StatusChange};

/// Members of a problem that have a meaning of their own (RFC 9457 section 3.1).
const MEMBERS: [&str; 5] = ["type", "title", "status", "detail", "instance"];

impl Context<'_> {
    /// Which status comes in place of which.
    pub(super) fn statuses_of(&mut self, at: &Pointer, written: &BTreeMap<String, u16>) -> StatusChange {
        let mut exact = Vec::new();
        let mut classes = [None; 4];
        for (from, to) in written {
            let at = at.key(from);
            let to = self.answered(&at, *to);
            let class = from.strip_suffix("xx").and_then(|digit| digit.parse::<usize>().ok());
            match (class, from.parse::<u16>().ok().and_then(|code| StatusCode::from_u16(code).ok())) {
                (Some(class @ 2..=5), _) => classes[class - 2] = to,
                // RFC 9110 sections 15.2, 15.3.7 and 15.4.5: these are about something else than themselves.
                (_, Some(code))
                    if (200..600).contains(&code.as_u16()) && ![206, 304].contains(&code.as_u16()) =>
                {
                    exact.extend(to.map(|to| (code, to)));
                }
                _ => {
                    self.error(&at, format!("\"{from}\" is no status that another one comes in place of"))
                        .help("such as \"404\" or \"5xx\"; 1xx, 206 and 304 stay");
                }
            }
        }
        exact.sort_unstable();
        StatusChange { exact: exact.into(), classes }
    }

    fn answered(&mut self, at: &Pointer, code: u16) -> Option<StatusCode> {
        if !(200..600).contains(&code) || [206, 304].contains(&code) {
            self.error(at, format!("{code} cannot come in place of another status"))
                .help("200 to 599, but neither 206 nor 304, which are about something else than themselves");
        }
        StatusCode::from_u16(code).ok()
    }

    /// What becomes of the content of errors; `None` for a mistake.
    pub(super) fn errors_of(
        &mut self,
        at: &Pointer,
        written: Option<&ErrorContent>,
        known: &Known<'_>,
        asks: &mut Asks,
    ) -> Option<Errors> {
        let plain = ErrorProblem::default();
        let problem = match written {
            None | Some(ErrorContent::Word(ErrorWord::Keep)) => return Some(Errors::Keep),
            Some(ErrorContent::Word(ErrorWord::Change)) => return Some(Errors::Change),
            Some(ErrorContent::Word(ErrorWord::Problem)) => &plain,
            Some(ErrorContent::Problem(problem)) => problem,
        };
        if let Some(name) =
            problem.original.as_deref().filter(|name| MEMBERS.contains(name) || name.is_empty())
        {
            self.error(&at.key("original"), format!("a problem has a member \"{name}\" of its own"))
                .help("choose another name, such as \"upstream\"");
        }
        let detail = match &problem.detail {
            None => None,
            Some(source) => {
                let detail = self.expression_with(&at.key("detail"), source, Kind::Any, known)?;
                asks.expression(&detail);
                Some(detail)
            }
        };
        if problem.original.is_some() {
            asks.variables.insert(crate::expression::Variable::AnswerContent);
        }
        Some(Errors::Problem(ProblemChange {
            kind: problem.kind.as_deref().unwrap_or("about:blank").into(),
            title: problem.title.as_deref().map(Into::into),
            detail,
            original: problem.original.as_deref().map(Into::into),
        }))
    }

    /// The formats that clients choose from.
    pub(super) fn formats(&mut self, at: &Pointer, written: &[ContentFormat]) -> Box<[Format]> {
        let mut formats = Vec::new();
        for (written, at) in written.iter().zip(at.indices()) {
            let format = format_of(*written);
            if matches!(format, Format::Form | Format::Text) {
                self.error(&at, "clients cannot choose this format").help("json, xml, csv and ndjson");
            }
            if formats.contains(&format) {
                self.error(&at, "this format is listed twice").help("remove one");
            }
            formats.push(format);
        }
        formats.into()
    }
}

pub(super) fn format_of(written: ContentFormat) -> Format {
    match written {
        ContentFormat::Json => Format::Json,
        ContentFormat::Xml => Format::Xml,
        ContentFormat::Form => Format::Form,
        ContentFormat::Csv => Format::Csv,
        ContentFormat::Ndjson => Format::Ndjson,
        ContentFormat::Text => Format::Text,
    }
}
