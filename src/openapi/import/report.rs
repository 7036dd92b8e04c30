//! What an author is told about an import.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use serde::Serialize;

use super::Import;
use super::account::Fate;
use crate::diagnostic::Place;

/// Something about a place in the document.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Line {
    /// JSON Pointer of the value.
    pub pointer: String,
    /// What there is to say.
    pub text: String,
}

/// Everything about an import, for people and for programs.
#[derive(Debug, Clone, Serialize)]
pub struct Report {
    /// The document's file.
    pub file: String,
    /// How many operations the document has.
    pub operations: usize,
    /// How many of them have a route.
    pub routes: usize,
    /// How many routes let everybody in, because the document asks for no credentials.
    pub public: usize,
    /// How many routes let nobody in, because their security cannot be expressed.
    pub closed: usize,
    /// What is in the configuration, each with everything in it.
    pub taken_over: Vec<String>,
    /// What is there for people only.
    pub documentation: Vec<String>,
    /// What is not in the configuration, and why.
    pub left_out: Vec<LeftOut>,
    /// What there is to do before it works.
    pub to_do: Vec<Line>,
}

/// What is not in the configuration.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct LeftOut {
    /// JSON Pointer of the value.
    pub pointer: String,
    /// Line and column, from 1.
    pub position: Option<(u32, u32)>,
    /// Why.
    pub reason: String,
}

/// How many places are shown to people for one reason; programs get all.
const SHOWN: usize = 3;

// === impl Report ===

impl Report {
    /// The report about an import of `file`; `place` knows on which line everything stands.
    pub fn of(file: &str, import: &Import, place: impl Fn(&str) -> Place) -> Self {
        let (mut taken_over, mut documentation, mut left_out) = (Vec::new(), Vec::new(), Vec::new());
        for entry in &import.account.entries {
            let pointer = entry.pointer.clone();
            match &entry.fate {
                Fate::Taken => taken_over.push(pointer),
                Fate::Documentation => documentation.push(pointer),
                Fate::LeftOut(reason) => {
                    let position = place(&pointer).position;
                    left_out.push(LeftOut { pointer, position, reason: reason.clone() });
                }
            }
        }
        let Import { operations, routes, public, closed, to_do, .. } = import;
        Self {
            file: file.to_owned(),
            operations: *operations,
            routes: *routes,
            public: *public,
            closed: *closed,
            taken_over,
            documentation,
            left_out,
            to_do: to_do.clone(),
        }
    }

    /// For people: reasons, each with the first places.
    pub fn text(&self) -> String {
        let mut text =
            format!("{}: {} of {} operations have a route", self.file, self.routes, self.operations);
        for (count, whom) in [(self.public, "everybody"), (self.closed, "nobody")] {
            if count > 0 {
                let _ = write!(text, ", {count} of them for {whom}");
            }
        }
        text.push('\n');
        let mut reasons: BTreeMap<&str, Vec<&LeftOut>> = BTreeMap::new();
        for left in &self.left_out {
            reasons.entry(&left.reason).or_default().push(left);
        }
        if !reasons.is_empty() {
            text.push_str("\nLeft out:\n");
        }
        let mut reasons: Vec<_> = reasons.into_iter().collect();
        // As they first occur in the document.
        reasons.sort_by_key(|(_, places)| self.left_out.iter().position(|it| Some(&it) == places.first()));
        for (reason, places) in reasons {
            let _ = writeln!(text, "  {reason}");
            for left in places.iter().take(SHOWN) {
                let place =
                    Place { position: left.position, ..Place::new(self.file.as_str(), &left.pointer) };
                let _ = writeln!(text, "    {place}");
            }
            if let Some(more @ 1..) = places.len().checked_sub(SHOWN) {
                let _ = writeln!(text, "    and {more} more");
            }
        }
        if !self.to_do.is_empty() {
            text.push_str("\nTo do:\n");
        }
        for line in &self.to_do {
            let at = if line.pointer.is_empty() { "the whole document" } else { &line.pointer };
            let _ = writeln!(text, "  {}\n    {at}", line.text);
        }
        text
    }
}
