//! From values to elements. Whatever a name or a text is, it never becomes markup: names are those of XML or are refused,
//! text is escaped.

use std::borrow::Cow;

use super::super::Fault;
use super::escape::{Kind, escape};
use super::names::{escaped, first_illegal, is_qualified, split};
use super::places::Here;
use super::scopes::{declares, may_declare};
use super::{Names, Nulls, XSI, XmlRules};
use crate::json::{Node, Object};

/// The deepest that elements may be within each other, whatever a value's maker allows: they are written by functions
/// that call themselves, and arrays in arrays are elements too.
const MOST_DEPTH: usize = 256;

pub(in crate::format) struct Writer<'r> {
    rules: &'r XmlRules,
    out: Vec<u8>,
    most: usize,
    depth: usize,
    /// Prefixes that are declared, the innermost last.
    prefixes: Vec<Box<str>>,
}

/// The members of an object, by what becomes of them.
#[derive(Default)]
struct Parts<'n> {
    attributes: Vec<(&'n str, &'n Node<'n>)>,
    text: Option<&'n Node<'n>>,
    elements: Vec<(&'n str, &'n Node<'n>)>,
}

// === impl Writer ===

impl<'r> Writer<'r> {
    pub(in crate::format) fn new(rules: &'r XmlRules, most: usize) -> Self {
        Self { rules, out: Vec::new(), most, depth: 0, prefixes: Vec::new() }
    }

    pub(in crate::format) fn into_bytes(self) -> Vec<u8> {
        self.out
    }

    pub(in crate::format) fn prolog(&mut self) -> Result<(), Fault> {
        self.push("<?xml version=\"1.0\" encoding=\"UTF-8\"?>")
    }

    /// Markup, as it is.
    pub(in crate::format) fn push(&mut self, text: &str) -> Result<(), Fault> {
        if self.out.len() + text.len() > self.most {
            return Err(Fault::Bytes);
        }
        self.out.extend_from_slice(text.as_bytes());
        Ok(())
    }

    /// Text, escaped.
    pub(super) fn text(&mut self, text: &str, kind: Kind) -> Result<(), Fault> {
        if first_illegal(text).is_some() {
            return Err(Fault::Character);
        }
        let mut piece = 0;
        for (at, byte) in text.bytes().enumerate() {
            if let Some(escape) = escape(byte, kind) {
                self.push(&text[piece..at])?;
                self.push(escape)?;
                piece = at + 1;
            }
        }
        self.push(&text[piece..])
    }

    /// The root element and all that is in it.
    pub(in crate::format) fn root(&mut self, node: &Node<'_>) -> Result<(), Fault> {
        let rules = self.rules;
        let (name, node) = match &rules.root {
            Some(name) => (&**name, node),
            None => only(node).ok_or(Fault::Root)?,
        };
        let here = rules.places.step(&rules.places.start(), rules.root_name().unwrap_or(name));
        // Without a root, elements of an array would be several roots.
        if rules.root.is_none() && matches!(node, Node::Array(_)) && rules.places.list(&here).is_none() {
            return Err(Fault::Root);
        }
        let declared = self.declared(node);
        self.element(name, node, &here, &declared)
    }

    /// What the root element declares beside what the value says itself.
    fn declared(&self, node: &Node<'_>) -> Vec<(Box<str>, Box<str>)> {
        let rules = self.rules;
        let said = |prefix: &str| {
            let name = match prefix {
                "" => format!("{}xmlns", rules.attribute),
                prefix => format!("{}xmlns:{prefix}", rules.attribute),
            };
            let value = node.object().and_then(|object| object.get(&name));
            !rules.attribute.is_empty() && value.is_some_and(|value| *value != Node::Null)
        };
        let mut declared = Vec::new();
        if let Some(namespace) = &rules.namespace {
            declared.push(("".into(), namespace.clone()));
        }
        declared.extend(rules.prefixes.iter().cloned());
        if !declared.iter().any(|(prefix, _)| **prefix == *"xsi") && self.needs_xsi(node) {
            declared.push(("xsi".into(), XSI.into()));
        }
        declared.retain(|(prefix, _)| !said(prefix));
        declared
    }

    /// Whether there is anything to be said in the namespace of `xsi:nil`.
    fn needs_xsi(&self, node: &Node<'_>) -> bool {
        match node {
            Node::Null => self.rules.nulls == Nulls::Nil,
            Node::Array(elements) => elements.iter().any(|element| self.needs_xsi(element)),
            Node::Object(object) => object.iter().any(|(name, value)| match self.attribute_name(name) {
                Some(name) => name.starts_with("xsi:") && *value != Node::Null,
                None => self.needs_xsi(value),
            }),
            _ => false,
        }
    }

    /// The name of the attribute that a member is.
    fn attribute_name<'n>(&self, name: &'n str) -> Option<&'n str> {
        let prefix = &*self.rules.attribute;
        let name = if prefix.is_empty() { None } else { name.strip_prefix(prefix) };
        name.filter(|name| !name.is_empty())
    }

    fn element(
        &mut self,
        name: &str,
        node: &Node<'_>,
        here: &Here,
        declared: &[(Box<str>, Box<str>)],
    ) -> Result<(), Fault> {
        if self.depth >= MOST_DEPTH {
            return Err(Fault::Deep);
        }
        self.depth += 1;
        let known = self.prefixes.len();
        self.prefixes.extend(declared.iter().map(|(prefix, _)| prefix.clone()));
        let parts = node.object().map(|object| self.parts(object)).unwrap_or_default();
        let own = parts.attributes.iter().filter_map(|(name, _)| declares(name)).map(Box::from);
        self.prefixes.extend(own);
        let tag = self.name(name)?;
        self.push("<")?;
        self.push(&tag)?;
        for (prefix, namespace) in declared {
            self.push(if prefix.is_empty() { " xmlns" } else { " xmlns:" })?;
            self.push(prefix)?;
            self.value(namespace)?;
        }
        for (name, value) in &parts.attributes {
            self.attribute(name, value)?;
        }
        self.inside(&tag, node, &parts, here)?;
        self.prefixes.truncate(known);
        self.depth -= 1;
        Ok(())
    }

    /// What stands behind the attributes.
    fn inside(&mut self, tag: &str, node: &Node<'_>, parts: &Parts<'_>, here: &Here) -> Result<(), Fault> {
        let null = match node {
            Node::Object(_) => parts.text == Some(&Node::Null) && parts.elements.is_empty(),
            node => *node == Node::Null,
        };
        if null && self.rules.nulls == Nulls::Nil {
            return self.push(" xsi:nil=\"true\"/>");
        }
        let text = match node {
            Node::Object(_) => parts.text.map(scalar).transpose()?.flatten(),
            Node::Array(_) => None,
            node => scalar(node)?,
        };
        let is_empty = match node {
            Node::Array(elements) => elements.is_empty(),
            _ => text.is_none_or(str::is_empty) && parts.elements.is_empty(),
        };
        if is_empty {
            return self.push("/>");
        }
        self.push(">")?;
        self.text(text.unwrap_or_default(), Kind::Content)?;
        if let Node::Array(elements) = node {
            self.elements(self.rules.places.list(here).unwrap_or(&self.rules.item), elements, here)?;
        }
        for (name, value) in &parts.elements {
            self.member(name, value, here)?;
        }
        self.push("</")?;
        self.push(tag)?;
        self.push(">")
    }

    fn member(&mut self, name: &str, value: &Node<'_>, above: &Here) -> Result<(), Fault> {
        let here = self.rules.places.step(above, name);
        match value {
            Node::Null if self.rules.nulls == Nulls::Omit => Ok(()),
            Node::Array(elements) if self.rules.places.list(&here).is_none() => {
                self.elements(name, elements, above)
            }
            value => self.element(name, value, &here, &[]),
        }
    }

    fn elements(&mut self, name: &str, elements: &[Node<'_>], above: &Here) -> Result<(), Fault> {
        let here = self.rules.places.step(above, name);
        elements.iter().try_for_each(|element| self.element(name, element, &here, &[]))
    }

    fn parts<'n>(&self, object: &'n Object<'n>) -> Parts<'n> {
        let mut parts = Parts::default();
        for (name, value) in object.iter() {
            match self.attribute_name(name) {
                // An attribute has no way to be null.
                Some(_) if *value == Node::Null => {}
                Some(name) => parts.attributes.push((name, value)),
                None if *name == *self.rules.text => parts.text = Some(value),
                None => parts.elements.push((name, value)),
            }
        }
        parts
    }

    fn attribute(&mut self, name: &str, value: &Node<'_>) -> Result<(), Fault> {
        let value = scalar(value)?.unwrap_or_default();
        let name = match declares(name) {
            Some(prefix) => {
                if !may_declare(prefix, value) || (prefix == "xsi" && value != XSI) {
                    return Err(Fault::Prefix);
                }
                Cow::Borrowed(name)
            }
            None => self.name(name)?,
        };
        self.push(" ")?;
        self.push(&name)?;
        self.value(value)
    }

    fn value(&mut self, value: &str) -> Result<(), Fault> {
        self.push("=\"")?;
        self.text(value, Kind::Attribute)?;
        self.push("\"")
    }

    /// A name that can be written.
    fn name<'n>(&self, name: &'n str) -> Result<Cow<'n, str>, Fault> {
        let (prefix, local) = split(name);
        let known = prefix
            .is_none_or(|prefix| prefix == "xml" || self.prefixes.iter().any(|known| **known == *prefix));
        if self.rules.names == Names::Escape {
            return match prefix.filter(|prefix| known && escaped(prefix).as_deref() == Some(prefix)) {
                Some(prefix) if !local.is_empty() => {
                    Ok(Cow::Owned(format!("{prefix}:{}", escaped(local).ok_or(Fault::Name)?)))
                }
                _ => escaped(name).ok_or(Fault::Name),
            };
        }
        if !is_qualified(name) {
            return Err(Fault::Name);
        }
        if known { Ok(Cow::Borrowed(name)) } else { Err(Fault::Prefix) }
    }
}

/// What is written of a value that is neither array nor object; nothing of `null`.
fn scalar<'n>(node: &'n Node<'_>) -> Result<Option<&'n str>, Fault> {
    match node {
        Node::Null => Ok(None),
        Node::Bool(true) => Ok(Some("true")),
        Node::Bool(false) => Ok(Some("false")),
        Node::Number(number) => Ok(Some(number.as_str())),
        Node::Text(text) => Ok(Some(text)),
        Node::Array(_) | Node::Object(_) => Err(Fault::Place),
    }
}

/// The only member of an object.
fn only<'n>(node: &'n Node<'n>) -> Option<(&'n str, &'n Node<'n>)> {
    let mut members = node.object()?.iter();
    let only = members.next();
    if members.len() > 0 { None } else { only }
}
