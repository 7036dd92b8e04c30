//! YAML 1.2, core schema, read by `saphyr-parser` (all of the YAML test suite; events with positions, so that what
//! aliases unfold to can be bounded) with `saphyr` saying what a plain scalar is.
//!
//! Words such as `no`, `on` and `off` are text: the core schema of YAML 1.2 has only `true` and `false`.

use std::collections::BTreeMap;

use saphyr::Scalar;
use saphyr_parser::{Event, Marker, Parser, ScalarStyle, ScanError, Tag};
use std::borrow::Cow;

use super::node::{Entry, Fault, MAX_DEPTH, Node, Parsed, Position, Value};

/// How much all aliases of a file may unfold to, in bytes or so: nobody's anchors come near, and "billion laughs" stops
/// here.
const MAX_UNFOLDED: usize = 4 << 20;

/// Reads YAML.
pub(super) fn parse(text: &str) -> Parsed {
    let mut builder = Builder::default();
    for event in Parser::new_from_str(text) {
        let taken = match event {
            Ok((event, span)) => builder.take(event, position(&span.start)),
            Err(error) => Err(syntax(&error)),
        };
        if let Err(fault) = taken {
            builder.faults.push(fault);
            return Parsed { tree: None, faults: builder.faults };
        }
    }
    let empty = || Node { value: Value::Table(Vec::new()), at: Position::START };
    let tree = builder.root.filter(|root| !matches!(root.value, Value::Nothing)).unwrap_or_else(empty);
    Parsed { tree: Some(tree), faults: builder.faults }
}

/// Puts the tree together from the parser's events.
#[derive(Default)]
struct Builder {
    /// The lists and tables that are still open, the outermost first.
    open: Vec<Open>,
    root: Option<Node>,
    anchors: BTreeMap<usize, Node>,
    unfolded: usize,
    faults: Vec<Fault>,
}

/// A list or a table that is still open.
struct Open {
    at: Position,
    anchor: usize,
    inside: Inside,
}

enum Inside {
    List(Vec<Node>),
    Table { entries: Vec<Entry>, first: BTreeMap<String, Position>, key: Option<(String, Position)> },
}

impl Builder {
    fn take(&mut self, event: Event<'_>, at: Position) -> Result<(), Fault> {
        match event {
            Event::Scalar(text, style, anchor, tag) => {
                if self.wants_key() {
                    if text == "<<" && style == ScalarStyle::Plain {
                        return Err(Fault::new(at, "YAML 1.2 has no merge key <<")
                            .help("write the keys out; what all routes share can stand in \"defaults\""));
                    }
                    self.key(text.into_owned(), at)
                } else {
                    let value =
                        scalar(text, style, tag.as_ref()).map_err(|message| Fault::new(at, message))?;
                    self.put(Node { value, at }, anchor)
                }
            }
            Event::SequenceStart(anchor, _) => self.open(at, anchor, Inside::List(Vec::new())),
            Event::MappingStart(anchor, _) => {
                let inside = Inside::Table { entries: Vec::new(), first: BTreeMap::new(), key: None };
                self.open(at, anchor, inside)
            }
            Event::SequenceEnd | Event::MappingEnd => self.close(),
            Event::Alias(anchor) => self.alias(anchor, at),
            Event::DocumentStart(_) if self.root.is_some() => {
                Err(Fault::new(at, "a second YAML document begins here")
                    .help("a file is one document; use two files"))
            }
            _ => Ok(()),
        }
    }

    /// Whether the next thing is a key.
    fn wants_key(&self) -> bool {
        matches!(self.open.last(), Some(Open { inside: Inside::Table { key: None, .. }, .. }))
    }

    fn key(&mut self, written: String, at: Position) -> Result<(), Fault> {
        if let Some(Open { inside: Inside::Table { key, .. }, .. }) = self.open.last_mut() {
            *key = Some((written, at));
        }
        Ok(())
    }

    fn open(&mut self, at: Position, anchor: usize, inside: Inside) -> Result<(), Fault> {
        if self.wants_key() {
            return Err(Fault::new(at, "a key must be text, not a list or a mapping"));
        }
        if self.open.len() >= MAX_DEPTH {
            return Err(Fault::too_deep(at));
        }
        self.open.push(Open { at, anchor, inside });
        Ok(())
    }

    fn close(&mut self) -> Result<(), Fault> {
        let Some(Open { at, anchor, inside }) = self.open.pop() else { return Ok(()) };
        let value = match inside {
            Inside::List(nodes) => Value::List(nodes),
            Inside::Table { entries, .. } => Value::Table(entries),
        };
        self.put(Node { value, at }, anchor)
    }

    fn alias(&mut self, anchor: usize, at: Position) -> Result<(), Fault> {
        let Some(node) = self.anchors.get(&anchor) else {
            return Err(Fault::new(at, "this alias stands inside the value that it stands for"));
        };
        let (weight, depth) = measure(node);
        self.unfolded = self.unfolded.saturating_add(weight);
        if self.unfolded > MAX_UNFOLDED {
            return Err(Fault::new(at, "the aliases of this file unfold to more than 4 MiB"));
        }
        if self.open.len() + depth > MAX_DEPTH {
            return Err(Fault::too_deep(at));
        }
        match &node.value {
            _ if !self.wants_key() => {
                let node = node.clone();
                self.put(node, 0)
            }
            Value::Text(text) => {
                let text = text.clone();
                self.key(text, at)
            }
            _ => Err(Fault::new(at, "a key must be text")),
        }
    }

    /// Puts a complete value where it belongs.
    fn put(&mut self, node: Node, anchor: usize) -> Result<(), Fault> {
        if anchor != 0 {
            self.unfolded = self.unfolded.saturating_add(measure(&node).0);
            if self.unfolded > MAX_UNFOLDED {
                return Err(Fault::new(node.at, "the anchors of this file hold more than 4 MiB"));
            }
            self.anchors.insert(anchor, node.clone());
        }
        match self.open.last_mut().map(|open| &mut open.inside) {
            None => self.root = Some(node),
            Some(Inside::List(nodes)) => nodes.push(node),
            Some(Inside::Table { entries, first, key }) => {
                let Some((key, at)) = key.take() else {
                    return Err(Fault::new(node.at, "a key must be text"));
                };
                if let Some(first) = first.get(&key) {
                    self.faults.push(Fault::twice(&key, at, *first));
                    return Ok(());
                }
                first.insert(key.clone(), at);
                entries.push(Entry { key, at, node });
            }
        }
        Ok(())
    }
}

/// What a copy of `node` weighs, and how deep it is.
fn measure(node: &Node) -> (usize, usize) {
    let base = size_of::<Node>();
    match &node.value {
        Value::Text(text) | Value::Whole(_, text) | Value::Fraction(_, text) => (base + text.len(), 1),
        Value::List(nodes) => nodes.iter().fold((base, 1), |(weight, depth), node| {
            let (more, deep) = measure(node);
            (weight + more, depth.max(deep + 1))
        }),
        Value::Table(entries) => entries.iter().fold((base, 1), |(weight, depth), entry| {
            let (more, deep) = measure(&entry.node);
            (weight + more + size_of::<Entry>() + entry.key.len(), depth.max(deep + 1))
        }),
        _ => (base, 1),
    }
}

fn scalar(text: Cow<'_, str>, style: ScalarStyle, tag: Option<&Cow<'_, Tag>>) -> Result<Value, String> {
    let written = text.clone().into_owned();
    match Scalar::parse_from_cow_and_metadata(text, style, tag) {
        Some(Scalar::Null) => Ok(Value::Nothing),
        Some(Scalar::Boolean(value)) => Ok(Value::Boolean(value)),
        Some(Scalar::Integer(value)) => Ok(Value::Whole(value.into(), written)),
        // The library takes whole numbers that do not fit its own type for fractions.
        Some(Scalar::FloatingPoint(_))
            if written.trim_start_matches(['+', '-']).bytes().all(|b| b.is_ascii_digit()) =>
        {
            Ok(Value::whole(&written, 10, &written))
        }
        Some(Scalar::FloatingPoint(value)) => Ok(Value::Fraction(value.into_inner(), written)),
        Some(Scalar::String(text)) => Ok(Value::Text(text.into_owned())),
        None => Err(format!("{} does not fit its tag", super::words::quote(&written))),
    }
}

fn syntax(error: &ScanError) -> Fault {
    let fault = Fault::new(position(error.marker()), format!("this is not YAML: {}", error.info()));
    const TABS: &str = "YAML is indented with spaces, never with tabs";
    let table = [
        ("tab cannot", TABS),
        ("tabs ", TABS),
        (" tab", TABS),
        ("mapping values are not allowed", "text that holds a colon and a space needs quotes"),
        (
            "while parsing a block",
            "the keys of one mapping, and the dashes of one list, begin in the same column",
        ),
        (
            "found unknown anchor",
            "an alias *name needs an anchor &name before it; text that begins with * needs quotes",
        ),
        ("end of stream", "a quote is opened here and never closed"),
    ];
    match table.into_iter().find(|(part, _)| error.info().contains(part)) {
        Some((_, help)) => fault.help(help),
        None => fault,
    }
}

/// The library counts lines from 1 and columns from 0.
fn position(marker: &Marker) -> Position {
    let narrow = |number: usize| u32::try_from(number).unwrap_or(u32::MAX);
    Position { line: narrow(marker.line()).max(1), column: narrow(marker.col()).saturating_add(1) }
}
