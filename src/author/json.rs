//! JSON, read by `jsonc-parser` (small, without dependencies, with the span of every key and value) with all its
//! extensions off, and by `serde_json` for the last word on what is JSON.

use std::collections::BTreeMap;

use jsonc_parser::ast::{Object, ObjectPropName, Value as Ast};
use jsonc_parser::common::Ranged;
use jsonc_parser::errors::ParseErrorKind;
use jsonc_parser::{CollectOptions, ParseOptions, parse_to_ast};
use serde::de::IgnoredAny;

use super::lines::Lines;
use super::node::{Entry, Fault, MAX_DEPTH, Node, Parsed, Position, Value};

/// JSON and nothing more.
const STRICT: ParseOptions = ParseOptions {
    allow_comments: false,
    allow_loose_object_property_names: false,
    allow_trailing_commas: false,
    allow_missing_commas: false,
    allow_single_quoted_strings: false,
    allow_hexadecimal_numbers: false,
    allow_unary_plus_numbers: false,
    allow_bare_decimal_point_numbers: false,
    allow_non_finite_numbers: false,
    allow_extended_string_escapes: false,
};

/// Reads JSON.
pub(super) fn parse(text: &str) -> Parsed {
    let lines = Lines::new(text);
    let ast = match parse_to_ast(text, &CollectOptions::default(), &STRICT) {
        Ok(result) => result.value,
        Err(error) => return Parsed::broken(syntax(lines.position(error.range().start), error.kind())),
    };
    let Some(ast) = ast else {
        return Parsed::broken(Fault::new(Position::START, "this file is empty").help("the least is {}"));
    };
    let refused = serde_json::from_str::<IgnoredAny>(text).err().map(|error| refused(text, &lines, &error));
    let mut reader = Reader { lines, faults: Vec::new() };
    let tree = reader.node(&ast, MAX_DEPTH);
    if let (Some(fault), true) = (refused, reader.faults.is_empty()) {
        return Parsed::broken(fault);
    }
    Parsed { tree: Some(tree), faults: reader.faults }
}

/// From the crate's tree to ours.
struct Reader<'a> {
    lines: Lines<'a>,
    faults: Vec<Fault>,
}

impl Reader<'_> {
    fn node(&mut self, ast: &Ast<'_>, depth: usize) -> Node {
        let at = self.lines.position(ast.range().start);
        if depth == 0 {
            self.faults.push(Fault::too_deep(at));
            return Node { value: Value::Nothing, at };
        }
        let value = match ast {
            Ast::NullKeyword(_) => Value::Nothing,
            Ast::BooleanLit(literal) => Value::Boolean(literal.value),
            Ast::StringLit(literal) => Value::Text(literal.value.clone().into_owned()),
            Ast::NumberLit(literal) => number(literal.value),
            Ast::Array(array) => {
                Value::List(array.elements.iter().map(|element| self.node(element, depth - 1)).collect())
            }
            Ast::Object(object) => self.table(object, depth - 1),
        };
        Node { value, at }
    }

    fn table(&mut self, object: &Object<'_>, depth: usize) -> Value {
        let mut entries = Vec::with_capacity(object.properties.len());
        let mut first = BTreeMap::new();
        for property in &object.properties {
            let key = match &property.name {
                ObjectPropName::String(literal) => literal.value.as_ref(),
                ObjectPropName::Word(word) => word.value,
            };
            let at = self.lines.position(property.name.range().start);
            match first.get(key) {
                Some(first) => self.faults.push(Fault::twice(key, at, *first)),
                None => {
                    first.insert(key, at);
                    entries.push(Entry { key: key.to_owned(), at, node: self.node(&property.value, depth) });
                }
            }
        }
        Value::Table(entries)
    }
}

fn number(written: &str) -> Value {
    if written.contains(['.', 'e', 'E']) {
        return Value::Fraction(written.parse().unwrap_or(f64::NAN), written.to_owned());
    }
    Value::whole(written, 10, written)
}

fn syntax(at: Position, kind: &ParseErrorKind) -> Fault {
    use ParseErrorKind as Kind;
    let not_json = |what: &str| Fault::new(at, format!("this is not JSON: {what}"));
    match kind {
        Kind::CommentsNotAllowed => not_json("a comment").help("JSON has no comments; TOML and YAML do"),
        Kind::TrailingCommasNotAllowed => {
            not_json("a comma stands after the last value").help("take it away")
        }
        Kind::ExpectedStringObjectProperty => not_json("a key stands in double quotes"),
        Kind::SingleQuotedStringsNotAllowed => not_json("text stands in double quotes"),
        Kind::UnterminatedObject => not_json("this { is never closed"),
        Kind::UnterminatedArray => not_json("this [ is never closed"),
        Kind::UnexpectedCloseBrace => not_json("a } stands where a value or a ] should be"),
        Kind::UnexpectedCloseBracket => not_json("a ] stands where a value should be"),
        Kind::ExpectedComma => not_json("a comma is missing"),
        Kind::ExpectedColonAfterObjectKey => not_json("a colon is missing after the key"),
        Kind::UnexpectedWord => not_json("a word without quotes is not a value"),
        Kind::NestingDepthExceeded => Fault::too_deep(at),
        other => {
            let text = other.to_string();
            let mut letters = text.chars();
            let first = letters.next().map(|letter| letter.to_ascii_lowercase());
            not_json(&first.into_iter().chain(letters).collect::<String>())
        }
    }
}

/// What the lenient parser let through: control characters in text, lone surrogates, numbers beyond all bounds.
fn refused(text: &str, lines: &Lines<'_>, error: &serde_json::Error) -> Fault {
    let before: usize = text.split_inclusive('\n').take(error.line().saturating_sub(1)).map(str::len).sum();
    let at = lines.position(before + error.column().saturating_sub(1));
    let message = error.to_string();
    let message = message.split(" at line ").next().unwrap_or_default();
    Fault::new(at, format!("this is not JSON: {message}"))
}
