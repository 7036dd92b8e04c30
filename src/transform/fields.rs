//! Header fields, changed by what was calculated.

use http::HeaderMap;
use http::header::{HeaderName, HeaderValue};

use super::fault::Fault;
use crate::expression::{Encode, Facts, Template};

/// What becomes of header fields.
#[derive(Debug, Default)]
pub struct FieldChange {
    /// Names that go.
    pub remove: Box<[HeaderName]>,
    /// What is there exactly once.
    pub set: Box<[(HeaderName, Template)]>,
    /// What is added.
    pub add: Box<[(HeaderName, Template)]>,
}

/// Values of fields, calculated: of those that are set, then of those that are added.
#[derive(Debug, Default)]
pub(super) struct FieldValues {
    set: Vec<Option<HeaderValue>>,
    add: Vec<Option<HeaderValue>>,
}

// === impl FieldChange ===

impl FieldChange {
    /// Whether nothing changes.
    pub fn is_empty(&self) -> bool {
        self.remove.is_empty() && self.set.is_empty() && self.add.is_empty()
    }

    pub(super) fn values(&self, facts: &Facts<'_>) -> Result<FieldValues, Fault> {
        self.values_if(facts, |_| true)
    }

    /// The same of those that `wanted` is true of; the others stay as they are.
    pub(super) fn values_if(
        &self,
        facts: &Facts<'_>,
        wanted: impl Fn(&Template) -> bool,
    ) -> Result<FieldValues, Fault> {
        let fill = |templates: &[(HeaderName, Template)]| {
            let one = |(_, template): &(HeaderName, Template)| match wanted(template) {
                true => value(template, facts).map(Some),
                false => Ok(None),
            };
            templates.iter().map(one).collect::<Result<Vec<_>, Fault>>()
        };
        Ok(FieldValues { set: fill(&self.set)?, add: fill(&self.add)? })
    }

    pub(super) fn put(&self, values: FieldValues, headers: &mut HeaderMap) {
        for name in &self.remove {
            headers.remove(name);
        }
        for ((name, _), value) in self.set.iter().zip(values.set) {
            if let Some(value) = value {
                headers.insert(name, value);
            }
        }
        for ((name, _), value) in self.add.iter().zip(values.add) {
            headers.extend(value.map(|value| (name.clone(), value)));
        }
    }
}

/// RFC 9110 section 5.5: no line ends, no control characters. Spaces around a value are not of it.
fn value(template: &Template, facts: &Facts<'_>) -> Result<HeaderValue, Fault> {
    let text = template.fill(facts, Encode::Plain)?;
    HeaderValue::from_str(text.trim_matches([' ', '\t']))
        .or_else(|_| HeaderValue::from_bytes(text.trim_matches([' ', '\t']).as_bytes()))
        .map_err(|_| Fault::Unsendable("a header field"))
}
