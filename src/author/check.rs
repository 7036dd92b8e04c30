//! Compares a tree with the model and names everything that does not fit.

use crate::diagnostic::{Diagnostic, Place};

use super::format::Format;
use super::instead::instead;
use super::model::{Choice, Form, Model, Shape, Table};
use super::node::{Entry, Node, Position, Value};
use super::unknown::{Unknown, closest};
use super::words::{expected, first_sentence, found, one_of, quote, rule};

/// More mistakes than this in one file are one mistake, such as the wrong file.
pub(super) const MAX_FOUND: usize = 30;

/// Everything in `tree` that does not fit the model.
pub(super) fn check(model: &Model, format: Format, file: &str, tree: &Node) -> Vec<Diagnostic> {
    let mut check =
        Check { model, format, file, pointer: String::new(), around: Vec::new(), found: Vec::new() };
    match &tree.value {
        Value::Table(entries) => check.table(tree.at, entries, &model.root),
        value => {
            let message = format!("a configuration is {}, not {}", format.table(), found(format, value));
            check.report(tree.at, message, Some("it begins with a key such as \"routes\"".to_owned()));
        }
    }
    check.found
}

struct Check<'m> {
    model: &'m Model,
    format: Format,
    file: &'m str,
    /// The JSON Pointer of the value that is looked at.
    pointer: String,
    /// The tables around it, the outermost first.
    around: Vec<&'m Table>,
    found: Vec<Diagnostic>,
}

impl<'m> Check<'m> {
    fn node(&mut self, node: &Node, shape: &'m Shape) {
        if self.is_full() {
            return;
        }
        match (self.model.resolve(shape), &node.value) {
            (Shape::Text, Value::Text(_)) | (Shape::Boolean, Value::Boolean(_)) | (Shape::Any, _) => {}
            (Shape::Number, Value::Whole(..) | Value::Fraction(..)) => {}
            (Shape::Formed(form), Value::Text(text)) => self.form(node.at, form, text),
            (Shape::Whole(least, most), Value::Whole(number, _)) => self.bounds(node, *number, *least, *most),
            (Shape::Choice(choices), Value::Text(text)) => self.choice(node.at, choices, text),
            (Shape::List(inner), Value::List(nodes)) => {
                for (index, node) in nodes.iter().enumerate() {
                    self.within(&index.to_string(), |check| check.node(node, inner));
                }
            }
            (Shape::Map(inner), Value::Table(entries)) => {
                for entry in entries {
                    self.within(&entry.key, |check| check.node(&entry.node, inner));
                }
            }
            (Shape::Table(table), Value::Table(entries)) => self.table(node.at, entries, table),
            (Shape::Either(shapes), value) => {
                match shapes.iter().find(|shape| self.is_written_as(shape, value)) {
                    Some(shape) => self.node(node, shape),
                    None => self.wrong_type(node, shape),
                }
            }
            _ => self.wrong_type(node, shape),
        }
    }

    fn table(&mut self, at: Position, entries: &[Entry], table: &'m Table) {
        for entry in entries {
            if self.is_full() {
                return;
            }
            match table.keys.get(&entry.key) {
                Some(key) => {
                    self.around.push(table);
                    self.within(&entry.key, |check| check.node(&entry.node, &key.shape));
                    self.around.pop();
                }
                None => self.unknown_key(entry, entries, table),
            }
        }
        for (name, key) in table.keys.iter().filter(|(_, key)| key.required) {
            if !entries.iter().any(|entry| entry.key == *name) {
                let help = format!("{name}: {}", first_sentence(&key.meaning));
                self.report(at, format!("the key {} is missing", quote(name)), Some(help));
            }
        }
    }

    fn unknown_key(&mut self, entry: &Entry, entries: &[Entry], table: &Table) {
        let taken = |key: &str| entries.iter().any(|entry| entry.key == key);
        let unknown = Unknown { model: self.model, format: self.format, table, around: &self.around };
        let help = unknown.help(&entry.key, taken);
        let message = format!("there is no key {} here", quote(&entry.key));
        self.within(&entry.key, |check| check.report(entry.at, message, Some(help)));
    }

    fn form(&mut self, at: Position, form: &Form, text: &str) {
        if form.pattern.is_match(text) {
            return;
        }
        let squeezed: String = text.chars().filter(|letter| !letter.is_whitespace()).take(20).collect();
        let near = [squeezed.to_lowercase(), squeezed].into_iter().find(|near| form.pattern.is_match(near));
        let help = near.map_or_else(|| rule(form), |near| format!("did you mean {}?", quote(&near)));
        self.report(at, format!("{} is not a {}", quote(text), form.name), Some(help));
    }

    fn choice(&mut self, at: Position, choices: &[Choice], text: &str) {
        let words = || choices.iter().map(|choice| choice.word.as_str());
        if words().any(|word| word == text) {
            return;
        }
        let message = format!("{} is not one of {}", quote(text), one_of(words().map(quote)));
        let help = closest(text, words()).map(|near| format!("did you mean {}?", quote(near)));
        self.report(at, message, help);
    }

    fn bounds(&mut self, node: &Node, number: i128, least: i128, most: i128) {
        if !(least..=most).contains(&number) {
            let message = format!("{} is not between {least} and {most}", found(self.format, &node.value));
            self.report(node.at, message, None);
        }
    }

    fn wrong_type(&mut self, node: &Node, shape: &Shape) {
        let wanted = expected(self.model, self.format, shape);
        let message = match (&node.value, self.model.resolve(shape)) {
            (Value::Nothing, _) => format!("expected {wanted}, found no value"),
            (value, Shape::Choice(_)) => {
                format!("expected one of {wanted}, found {}", found(self.format, value))
            }
            (value, _) => format!("expected {wanted}, found {}", found(self.format, value)),
        };
        let key = self.pointer.rsplit('/').next().unwrap_or_default();
        let help = instead(self.model, self.format, key, &node.value, shape);
        self.report(node.at, message, help);
    }

    fn is_written_as(&self, shape: &Shape, value: &Value) -> bool {
        matches!(
            (self.model.resolve(shape), value),
            (Shape::Text | Shape::Formed(_) | Shape::Choice(_), Value::Text(_))
                | (Shape::Boolean, Value::Boolean(_))
                | (Shape::Whole(..), Value::Whole(..))
                | (Shape::Number, Value::Whole(..) | Value::Fraction(..))
                | (Shape::List(_), Value::List(_))
                | (Shape::Map(_) | Shape::Table(_), Value::Table(_))
        )
    }

    /// Does `what` one step further in.
    fn within(&mut self, step: &str, what: impl FnOnce(&mut Self)) {
        let before = self.pointer.len();
        self.pointer.push('/');
        self.pointer.push_str(&step.replace('~', "~0").replace('/', "~1"));
        what(self);
        self.pointer.truncate(before);
    }

    fn report(&mut self, at: Position, message: String, help: Option<String>) {
        let place = Place { position: Some((at.line, at.column)), ..Place::new(self.file, &self.pointer) };
        self.found.push(Diagnostic { help, ..Diagnostic::error(place, message) });
    }

    fn is_full(&self) -> bool {
        self.found.len() > MAX_FOUND
    }
}
