//! Which prefix stands for which namespace (Namespaces in XML 1.0).

use std::borrow::Cow;

use super::super::Fault;
use super::names::{is_plain, split};

/// The namespace of `xml:lang` and the like, which is never declared (section 3).
const XML: &str = "http://www.w3.org/XML/1998/namespace";

/// The namespace of declarations themselves (section 3).
const XMLNS: &str = "http://www.w3.org/2000/xmlns/";

/// The most declarations that hold at one place: each name is looked for among them.
const MOST: usize = 64;

/// Declarations that hold, the innermost last.
#[derive(Debug, Default)]
pub(super) struct Scopes<'a> {
    declared: Vec<(&'a str, Cow<'a, str>)>,
    /// How many there were when each open element began.
    marks: Vec<usize>,
}

// === impl Scopes ===

impl<'a> Scopes<'a> {
    pub(super) fn open(&mut self) {
        self.marks.push(self.declared.len());
    }

    pub(super) fn close(&mut self) {
        let keep = self.marks.pop().unwrap_or_default();
        self.declared.truncate(keep);
    }

    /// How many elements are open.
    pub(super) fn depth(&self) -> usize {
        self.marks.len()
    }

    /// A declaration of the element that was opened last. The prefix is empty for the default namespace.
    pub(super) fn declare(&mut self, prefix: &'a str, namespace: Cow<'a, str>) -> Result<(), Fault> {
        if !may_declare(prefix, &namespace) {
            return Err(Fault::Prefix);
        }
        if self.declared.len() >= MOST {
            return Err(Fault::Values);
        }
        self.declared.push((prefix, namespace));
        Ok(())
    }

    /// The namespace of a prefix; of none, the default namespace, which is empty where there is none.
    pub(super) fn namespace(&self, prefix: Option<&str>) -> Option<&str> {
        let wanted = prefix.unwrap_or_default();
        let found = self.declared.iter().rev().find(|(known, _)| *known == wanted);
        match found {
            Some((_, namespace)) => Some(namespace),
            None if prefix.is_none() => Some(""),
            None => (wanted == "xml").then_some(XML),
        }
    }

    /// The namespace and the local name of an attribute, which has none without a prefix (section 6.2).
    pub(super) fn attribute<'n>(&self, name: &'n str) -> Option<(&str, &'n str)> {
        match split(name) {
            (None, local) => Some(("", local)),
            (prefix, local) => Some((self.namespace(prefix)?, local)),
        }
    }
}

/// Whether a prefix may stand for a namespace. Sections 2.2 and 3: two are what they are, and nothing else stands for their
/// namespaces; no prefix stands for nothing.
pub(super) fn may_declare(prefix: &str, namespace: &str) -> bool {
    let reserved = prefix == "xmlns" || namespace == XMLNS || (prefix == "xml") != (namespace == XML);
    !reserved && (prefix.is_empty() || (is_plain(prefix) && !namespace.is_empty()))
}

/// The prefix that an attribute declares; empty for the default namespace.
pub(super) fn declares(attribute: &str) -> Option<&str> {
    match attribute {
        "xmlns" => Some(""),
        other => other.strip_prefix("xmlns:"),
    }
}
