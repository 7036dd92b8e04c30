//! TOML, read by the crate `toml`: the reference implementation in Rust, with the span of every key and value, a bound
//! on nesting, and recovery, so that several mistakes are found at once.

use ::toml::Spanned;
use ::toml::de::{DeString, DeTable, DeValue, Error};

use super::lines::Lines;
use super::node::{Entry, Fault, MAX_DEPTH, Node, Parsed, Value};
use super::words::quote;

/// After this many mistakes the rest is mostly the parser's confusion about the earlier ones.
const MAX_FAULTS: usize = 10;

/// Reads TOML.
pub(super) fn parse(text: &str) -> Parsed {
    let lines = Lines::new(text);
    let (table, errors) = DeTable::parse_recoverable(text);
    if !errors.is_empty() {
        return Parsed { tree: None, faults: faults(text, &lines, &errors) };
    }
    let mut reader = Reader { lines, faults: Vec::new() };
    let value = reader.table(table.get_ref(), MAX_DEPTH);
    let tree = Node { value, at: reader.lines.position(0) };
    match reader.faults.is_empty() {
        true => Parsed { tree: Some(tree), faults: Vec::new() },
        false => Parsed { tree: None, faults: reader.faults },
    }
}

/// From the crate's tree to ours.
struct Reader<'a> {
    lines: Lines<'a>,
    faults: Vec<Fault>,
}

impl Reader<'_> {
    fn node(&mut self, value: &Spanned<DeValue<'_>>, depth: usize) -> Node {
        let at = self.lines.position(value.span().start);
        if depth == 0 {
            self.faults.push(Fault::too_deep(at));
            return Node { value: Value::Nothing, at };
        }
        let value = match value.get_ref() {
            DeValue::String(text) => Value::Text(text.clone().into_owned()),
            DeValue::Integer(digits) => Value::whole(digits.as_str(), digits.radix(), &digits.to_string()),
            DeValue::Float(float) => {
                Value::Fraction(float.as_str().parse().unwrap_or(f64::NAN), float.to_string())
            }
            DeValue::Boolean(value) => Value::Boolean(*value),
            DeValue::Datetime(date) => Value::Date(date.to_string()),
            DeValue::Array(values) => {
                Value::List(values.iter().map(|value| self.node(value, depth - 1)).collect())
            }
            DeValue::Table(table) => self.table(table, depth - 1),
        };
        Node { value, at }
    }

    fn table(&mut self, table: &DeTable<'_>, depth: usize) -> Value {
        let entry = |(key, value): (&Spanned<DeString<'_>>, &Spanned<DeValue<'_>>)| Entry {
            key: key.get_ref().clone().into_owned(),
            at: self.lines.position(key.span().start),
            node: self.node(value, depth),
        };
        let mut entries: Vec<Entry> = table.iter().map(entry).collect();
        // The crate sorts by key; the author did not.
        entries.sort_by_key(|entry| entry.at);
        Value::Table(entries)
    }
}

/// One fault a line, the first: the others on a line are mostly its consequences.
fn faults(text: &str, lines: &Lines<'_>, errors: &[Error]) -> Vec<Fault> {
    let start = |error: &Error| error.span().map_or(0, |span| span.start);
    let mut errors: Vec<&Error> = errors.iter().collect();
    errors.sort_by_key(|error| start(error));
    let (mut faults, mut said_until) = (Vec::new(), 0);
    for error in errors {
        if faults.is_empty() || start(error) >= said_until {
            faults.push(fault(text, lines, error));
            let rest = text.get(start(error)..).unwrap_or_default();
            said_until = start(error) + rest.find('\n').unwrap_or(rest.len()) + 1;
        }
        if faults.len() == MAX_FAULTS {
            break;
        }
    }
    faults
}

fn fault(text: &str, lines: &Lines<'_>, error: &Error) -> Fault {
    let span = error.span().unwrap_or(0..0);
    let written = text.get(span.clone()).unwrap_or_default();
    let at = lines.position(span.start);
    match error.message() {
        "duplicate key" => Fault::new(at, format!("the key {} stands twice in one table", quote(written)))
            .help("keep one of them; a [table] header, too, may stand only once"),
        message if message.starts_with("string values must be quoted") && written.is_empty() => {
            Fault::new(at, "this is not TOML: there is no value after the =")
        }
        message if message.starts_with("string values must be quoted") => {
            Fault::new(at, format!("this is not TOML: the text {} has no quotes", quote(written)))
                .help(format!("write {}", quote(written)))
        }
        "cannot recurse further; max recursion depth met" | "recursion limit" => Fault::too_deep(at),
        message => {
            let fault = Fault::new(at, format!("this is not TOML: {}", message.replace('`', "")));
            match looks_like(text, span.start) {
                Some(help) => fault.help(help),
                None => fault,
            }
        }
    }
}

/// Another format that the line of the byte `at` could be, which is a common slip with copied examples.
fn looks_like(text: &str, at: usize) -> Option<&'static str> {
    let begin = text.get(..at)?.rfind('\n').map_or(0, |it| it + 1);
    let line = text.get(begin..)?.lines().next()?.trim();
    if line.starts_with('{') {
        return Some("this looks like JSON; such a file ends in .json");
    }
    let yaml = line.starts_with("- ") || (line.contains(':') && !line.contains(['=', '[']));
    yaml.then_some("this looks like YAML; such a file ends in .yaml, and TOML is written key = \"text\"")
}
