//! How values and what is expected of them are called in messages.

use super::format::Format;
use super::model::{Form, Model, Shape};
use super::node::Value;

/// Longer values are cut in messages.
const MAX_QUOTED: usize = 60;

/// `text` in quotes, on one line, and not longer than a line.
pub(super) fn quote(text: &str) -> String {
    match text.char_indices().nth(MAX_QUOTED) {
        None => format!("{text:?}"),
        Some((end, _)) => format!("{:?}", format!("{}…", &text[..end])),
    }
}

/// `a`, `a or b`, `a, b or c`.
pub(super) fn one_of(words: impl IntoIterator<Item = String>) -> String {
    let mut words: Vec<String> = words.into_iter().collect();
    match words.pop() {
        None => String::new(),
        Some(last) if words.is_empty() => last,
        Some(last) => format!("{} or {last}", words.join(", ")),
    }
}

/// What a value of this shape is called: "a whole number".
pub(super) fn expected(model: &Model, format: Format, shape: &Shape) -> String {
    match model.resolve(shape) {
        Shape::Text => "text".to_owned(),
        Shape::Formed(form) => format!("a {}", form.name),
        Shape::Boolean => "true or false".to_owned(),
        Shape::Whole(..) => "a whole number".to_owned(),
        Shape::Number => "a number".to_owned(),
        Shape::Choice(choices) => one_of(choices.iter().map(|choice| quote(&choice.word))),
        Shape::List(inner) if matches!(model.resolve(inner), Shape::Text) => "a list of texts".to_owned(),
        Shape::List(_) => "a list".to_owned(),
        Shape::Map(_) | Shape::Table(_) => format.table().to_owned(),
        Shape::Either(shapes) => one_of(shapes.iter().map(|shape| alternative(model, format, shape))),
        Shape::Any => "any value".to_owned(),
        Shape::Named(name) => name.clone(),
    }
}

/// The same for one of several; a table says what it holds, because the alternatives are often not known.
fn alternative(model: &Model, format: Format, shape: &Shape) -> String {
    match model.resolve(shape) {
        Shape::Table(table) => {
            let keys = one_of(table.keys.keys().map(|key| quote(key)));
            format!("{} with {keys}", format.table())
        }
        shape => expected(model, format, shape),
    }
}

/// How text of this form is written: "a span of time is a whole number and a unit …".
pub(super) fn rule(form: &Form) -> String {
    let sentence = first_sentence(&form.meaning);
    match sentence.strip_prefix(&format!("A {}: ", form.name)) {
        Some(rest) => format!("a {} is {rest}", form.name),
        None => sentence,
    }
}

/// What a value is: "the whole number 30".
pub(super) fn found(format: Format, value: &Value) -> String {
    match value {
        Value::Nothing => "nothing".to_owned(),
        Value::Boolean(value) => value.to_string(),
        Value::Whole(_, written) => format!("the whole number {}", bare(written)),
        Value::Fraction(_, written) => format!("the number {}", bare(written)),
        Value::Text(text) => format!("the text {}", quote(text)),
        Value::Date(written) => format!("the date or time {}", bare(written)),
        Value::List(_) => "a list".to_owned(),
        Value::Table(_) => format.table().to_owned(),
    }
}

/// `text`, cut if it is long.
fn bare(text: &str) -> String {
    let quoted = quote(text);
    quoted.trim_matches('"').to_owned()
}

/// A comment's first sentence, without the full stop and the marks of Markdown.
pub(super) fn first_sentence(comment: &str) -> String {
    let end = comment.find(". ").or_else(|| comment.find("\n\n")).unwrap_or(comment.len());
    comment[..end].trim_end_matches('.').replace('`', "").trim().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_kept_short_and_on_a_line() {
        assert_eq!(quote("a\n\u{1b}[31mb"), r#""a\n\u{1b}[31mb""#);
        assert_eq!(quote(&"é".repeat(100)).chars().count(), MAX_QUOTED + 3);
    }

    #[test]
    fn words_are_put_together() {
        let put = |words: &[&str]| one_of(words.iter().map(ToString::to_string));
        assert_eq!(
            (put(&[]), put(&["a"]), put(&["a", "b"])),
            (String::new(), "a".to_owned(), "a or b".to_owned())
        );
        assert_eq!(put(&["a", "b", "c"]), "a, b or c");
    }

    #[test]
    fn a_sentence_ends_at_its_full_stop() {
        assert_eq!(first_sentence("The `id`. Unique."), "The id");
        assert_eq!(first_sentence("A path, `/a.b`."), "A path, /a.b");
        assert_eq!(first_sentence(""), "");
    }
}
