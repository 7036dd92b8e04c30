//! Templates: text with a program in it, in the language of Jinja.
//!
//! A page is compiled when the plan is made, and sees what expressions see, nothing else: it has no includes, no macros and no
//! loader. What it may calculate is bounded by fuel, what it writes by a number of bytes. Numbers print as they were written.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::io;
use std::sync::{Mutex, PoisonError};

use minijinja::{AutoEscape, Environment, Error, ErrorKind, Output, State, UndefinedBehavior, Value};

use crate::expression::{Expression, Facts, Fault, Kind, Known, Mistake, Variable};
use crate::json::{Node, Object};

mod names;
mod values;

use values::{Exact, value};

/// The longest template, in bytes: longer texts are no lines of a configuration.
pub const MOST_BYTES: usize = 65_536;

/// How many steps a page may take: some tens of milliseconds, enough for a hundred thousand values.
const FUEL: u64 = 2_000_000;

/// How deep `loop(…)` may call itself: as deep as documents usually are.
const MOST_RECURSION: usize = 64;

/// What the only template is called.
const NAME: &str = "template";

/// What values are escaped for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Escape {
    /// Plain text.
    None,
    /// JSON: what is printed is a value of JSON, texts with their quotation marks.
    Json,
    /// HTML and XML.
    Markup,
}

/// A template, ready to be filled.
#[derive(Debug)]
pub struct Page {
    environment: Environment<'static>,
    /// What it asks for: the names of the way there, and what stands there.
    reads: Box<[Read]>,
}

/// The names of the way to something, and what stands there.
type Read = (Box<[&'static str]>, Expression);

/// Why a page has no text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Unwritten {
    /// What it asks for has no value.
    Fault(Fault),
    /// It asks for something that is not there, or cannot be done; in which line, and why.
    Mistake(String),
    /// It is longer than it may be, or takes longer.
    TooLarge,
}

// === impl Page ===

impl Page {
    /// Reads a template that can be about what is `known`. Reports every mistake it can.
    pub fn read(source: &str, escape: Escape, known: &Known<'_>) -> Result<Self, Vec<Mistake>> {
        if source.len() > MOST_BYTES {
            let message =
                format!("the template has {} bytes, and at most {MOST_BYTES} are allowed", source.len());
            return Err(vec![Mistake { message, help: None }]);
        }
        let mut environment = environment(escape);
        if let Err(error) = environment.add_template(NAME, kept(source)) {
            return Err(vec![Mistake { message: told(&error), help: None }]);
        }
        let names = names::of(source);
        let mut mistakes = names.mistakes(known);
        let mut reads = Vec::new();
        for variable in Variable::ALL.iter().filter(|variable| variable.is_known(known)) {
            if names.ask_for(*variable) {
                match Expression::compile_with(variable.name(), Kind::Any, known) {
                    Ok(expression) => reads.push((variable.name().split('.').collect(), expression)),
                    Err(found) => mistakes.extend(found),
                }
            }
        }
        let steps = names.steps().into_iter().filter(|name| known.steps.contains(&&**name));
        for name in steps.collect::<BTreeSet<_>>() {
            match Expression::compile_with(&format!("steps.{name}"), Kind::Any, known) {
                Ok(expression) => reads.push((vec!["steps"].into(), expression)),
                Err(found) => mistakes.extend(found),
            }
        }
        if mistakes.is_empty() { Ok(Self { environment, reads: reads.into() }) } else { Err(mistakes) }
    }

    /// What it asks for.
    pub fn expressions(&self) -> impl Iterator<Item = &Expression> {
        self.reads.iter().map(|(_, expression)| expression)
    }

    /// The text for one request, of at most `most` bytes, over documents of at most `values` values.
    pub fn write(&self, facts: &Facts<'_>, values: usize, most: usize) -> Result<Vec<u8>, Unwritten> {
        let mut root = Object::default();
        for (way, expression) in &self.reads {
            match expression.node(facts, values) {
                Ok(node) => put(&mut root, way, expression, node),
                // The page may ask whether it is there.
                Err(Fault::Absent(_)) => {}
                Err(fault) => return Err(Unwritten::Fault(fault)),
            }
        }
        let template = self.environment.get_template(NAME).map_err(|error| failed(&error))?;
        let mut out = Bounded { text: Vec::new(), most, over: false };
        match template.render_to_write(value(&Node::Object(root)), &mut out) {
            Ok(_) => Ok(out.text),
            Err(_) if out.over => Err(Unwritten::TooLarge),
            Err(error) => Err(failed(&error)),
        }
    }
}

/// Puts what an expression stands for where the page looks for it.
fn put<'a>(root: &mut Object<'a>, way: &[&'static str], expression: &'a Expression, node: Node<'a>) {
    let step = expression.steps().first().map(|name| &**name);
    let [first, rest @ ..] = way else { return };
    let Some(name) = rest.first().copied().or(step) else { return root.set(*first, node) };
    if root.get(first).is_none() {
        root.set(*first, Node::Object(Object::default()));
    }
    if let Some(Node::Object(table)) = root.get_mut(first) {
        table.set(name, node);
    }
}

/// Text that is written piece by piece, up to a bound.
struct Bounded {
    text: Vec<u8>,
    most: usize,
    over: bool,
}

impl io::Write for Bounded {
    fn write(&mut self, piece: &[u8]) -> io::Result<usize> {
        if self.text.len() + piece.len() > self.most {
            self.over = true;
            return Err(io::ErrorKind::FileTooLarge.into());
        }
        self.text.extend_from_slice(piece);
        Ok(piece.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// The language as it is here. What could make much of little (`indent`, `format`, `replace`, namespaces) is left out: a page
/// is bounded in what it does, and what it holds on the way is bounded by that only if no single step makes much.
fn environment(escape: Escape) -> Environment<'static> {
    use minijinja::{filters, functions, tests};
    let mut it = Environment::empty();
    it.set_undefined_behavior(UndefinedBehavior::Strict);
    it.set_recursion_limit(MOST_RECURSION);
    it.set_fuel(Some(FUEL));
    it.add_function("range", functions::range);
    it.add_filter("safe", filters::safe);
    it.add_filter("lower", filters::lower);
    it.add_filter("upper", filters::upper);
    it.add_filter("trim", filters::trim);
    it.add_filter("length", filters::length);
    it.add_filter("items", filters::items);
    it.add_filter("first", filters::first);
    it.add_filter("last", filters::last);
    it.add_filter("reverse", filters::reverse);
    it.add_filter("join", filters::join);
    it.add_filter("default", filters::default);
    it.add_filter("int", filters::int);
    it.add_filter("float", filters::float);
    it.add_filter("round", filters::round);
    it.add_filter("string", filters::string);
    it.add_filter("sort", filters::sort);
    it.add_filter("unique", filters::unique);
    it.add_filter("map", filters::map);
    it.add_filter("select", filters::select);
    it.add_filter("reject", filters::reject);
    it.add_filter("selectattr", filters::selectattr);
    it.add_filter("rejectattr", filters::rejectattr);
    it.add_test("defined", tests::is_defined);
    it.add_test("undefined", tests::is_undefined);
    it.add_test("none", tests::is_none);
    it.add_test("boolean", tests::is_boolean);
    it.add_test("number", tests::is_number);
    it.add_test("string", tests::is_string);
    it.add_test("sequence", tests::is_sequence);
    it.add_test("mapping", tests::is_mapping);
    it.add_test("odd", tests::is_odd);
    it.add_test("even", tests::is_even);
    match escape {
        Escape::None => it.set_formatter(print),
        Escape::Json => {
            it.set_auto_escape_callback(|_| AutoEscape::Custom("json"));
            it.set_formatter(print_json);
        }
        Escape::Markup => {
            it.set_auto_escape_callback(|_| AutoEscape::Html);
            it.set_formatter(print);
        }
    }
    it
}

/// Prints a value as text, escaped where that is wanted.
fn print(out: &mut Output<'_>, state: &State<'_, '_>, value: &Value) -> Result<(), Error> {
    match value.downcast_object_ref::<Exact>() {
        Some(Exact(digits)) => Ok(out.write_str(digits)?),
        None => minijinja::escape_formatter(out, state, value),
    }
}

/// Prints a value as JSON.
fn print_json(out: &mut Output<'_>, _: &State<'_, '_>, value: &Value) -> Result<(), Error> {
    if value.is_undefined() {
        return Err(ErrorKind::UndefinedError.into());
    }
    if value.is_safe() {
        return Ok(out.write_str(value.as_str().unwrap_or_default())?);
    }
    let text = values::json(value, MOST_RECURSION)
        .ok_or_else(|| Error::new(ErrorKind::BadSerialization, "this is no value of JSON"))?;
    Ok(out.write_str(&text)?)
}

/// A mistake in a template, in words: what and in which line, never what a value was.
fn told(error: &Error) -> String {
    let mut text = String::from("the template cannot be read");
    if let Some(line) = error.line() {
        // Writing to a text does not fail.
        let _ = write!(text, ": line {line}");
    }
    match error.detail() {
        Some(detail) => text + ": " + detail,
        None => format!("{text}: {}", error.kind()),
    }
}

fn failed(error: &Error) -> Unwritten {
    if error.kind() == ErrorKind::OutOfFuel {
        return Unwritten::TooLarge;
    }
    let line = error.line().map(|line| format!("line {line} of the template: ")).unwrap_or_default();
    let detail = error.detail().map(|detail| format!(": {detail}")).unwrap_or_default();
    Unwritten::Mistake(format!("{line}{}{detail}", error.kind()))
}

/// A source that lives as long as the process: what is compiled borrows from it, and a plan cannot borrow from itself. The same
/// source is kept once, however often a configuration is loaded.
fn kept(source: &str) -> &'static str {
    static SOURCES: Mutex<BTreeSet<&'static str>> = Mutex::new(BTreeSet::new());
    let mut sources = SOURCES.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(known) = sources.get(source) {
        return known;
    }
    let source: &'static str = Box::leak(source.into());
    sources.insert(source);
    source
}

// === impl Unwritten ===

impl std::fmt::Display for Unwritten {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Fault(fault) => fault.fmt(f),
            Self::Mistake(why) => f.write_str(why),
            Self::TooLarge => f.write_str("the template makes more than there may be"),
        }
    }
}

#[cfg(test)]
mod tests;
