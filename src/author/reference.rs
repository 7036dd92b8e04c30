//! The reference page, from the schema: one section per table, one paragraph per key.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use super::format::Format;
use super::model::{self, Choice, Form, Key, Model, Shape, Table};

const BEGINNING: &str = "\
<!-- Generated from the comments in src/config: see `author::reference`. To write it anew:
     TOLLGATE_BLESS=1 cargo test -p tollgate --test config -->

# Configuration

Everything that a configuration file may say. A file is TOML (`.toml`), YAML (`.yaml`, `.yml`) or JSON (`.json`); what
is said here about TOML tables holds for YAML mappings and JSON objects. All files directly in the configuration's
directory together are one configuration. For completion and checks in an editor there is a
[JSON Schema](schema.json).

```toml
";

/// What the reference begins with; a test loads it.
const EXAMPLE: &str = r#"# The services behind the gateway.
[upstreams.users]
url = "https://users.internal:8443"

# What every route does unless it says otherwise.
[defaults.timeouts]
first_byte = "10s"

[[routes]]
auth = "public"
id = "users"
match = { prefix = "/users", methods = ["GET", "POST"] }
upstream = "users"
timeouts = { request = "1m" }

[[routes]]
auth = "public"
id = "old-users"
match = { path = "/people/{id}" }
redirect = { path = "/users/{id}", status = 308 }
"#;

/// The reference page, in Markdown.
pub fn reference() -> String {
    match model::of_documents() {
        Ok(model) => Page { model, text: String::new() }.write(),
        Err(bug) => bug,
    }
}

struct Page<'m> {
    model: &'m Model,
    text: String,
}

/// A table and every place where it may stand, the first of which decides its place in the page.
type Section<'m> = (&'m Table, Vec<String>);

impl<'m> Page<'m> {
    fn write(mut self) -> String {
        let sections = self.sections();
        self.text.push_str(BEGINNING);
        self.text.push_str(EXAMPLE);
        self.text.push_str("```\n\nThe tables:\n\n");
        for (table, places) in &sections {
            let title = title(&table.name);
            let colon = if places.is_empty() { "" } else { ": " };
            let _ = writeln!(self.text, "- [{title}](#{}){colon}{}", anchor(&title), code_list(places));
        }
        self.text.push_str("\nValues of their own form:\n\n");
        for form in self.forms() {
            let _ = writeln!(self.text, "- <a id=\"{}\"></a>{}", anchor(&form.name), form.meaning);
        }
        for (table, places) in &sections {
            self.section(table, places);
        }
        self.text
    }

    /// Each table once, in the order in which a reader comes upon them from the whole file inwards.
    fn sections(&self) -> Vec<Section<'m>> {
        let mut sections: Vec<Section<'m>> = vec![(&self.model.root, Vec::new())];
        for (way, table) in self.model.tables_in(&self.model.root) {
            match sections.iter_mut().find(|(known, _)| known.name == table.name) {
                Some((_, places)) => places.push(way),
                None => sections.push((table, vec![way])),
            }
        }
        sections
    }

    fn forms(&self) -> Vec<&'m Form> {
        let mut forms = BTreeMap::new();
        for (table, _) in self.sections() {
            for key in table.keys.values() {
                if let Shape::Formed(form) = self.model.resolve(&key.shape) {
                    forms.insert(form.name.as_str(), form);
                }
            }
        }
        forms.into_values().collect()
    }

    fn section(&mut self, table: &Table, places: &[String]) {
        let _ = writeln!(self.text, "\n## {}\n\n{}", title(&table.name), table.meaning);
        if table.name != self.model.root.name {
            let _ = writeln!(self.text, "\nStands at {}.", code_list(places));
        }
        let (required, optional): (Vec<_>, Vec<_>) = table.keys.iter().partition(|(_, key)| key.required);
        for (name, key) in required.into_iter().chain(optional) {
            self.key(name, key);
        }
    }

    fn key(&mut self, name: &str, key: &Key) {
        let required = if key.required { ", required" } else { "" };
        let _ = writeln!(self.text, "\n**`{name}`** ({}{required}): {}", self.kind(&key.shape), key.meaning);
        let model = self.model;
        let alternatives = match model.resolve(&key.shape) {
            Shape::Either(shapes) => shapes.as_slice(),
            _ => std::slice::from_ref(&key.shape),
        };
        for alternative in alternatives {
            if let Shape::Choice(choices) = model.resolve(alternative) {
                self.choices(choices);
            }
        }
    }

    fn choices(&mut self, choices: &[Choice]) {
        self.text.push('\n');
        for choice in choices {
            let colon = if choice.meaning.is_empty() { "" } else { ": " };
            let _ = writeln!(self.text, "- `\"{}\"`{colon}{}", choice.word, choice.meaning);
        }
    }

    /// What a value of this shape is, with a link to where more is said about it.
    fn kind(&self, shape: &Shape) -> String {
        match self.model.resolve(shape) {
            Shape::Table(table) => link("table", &title(&table.name)),
            Shape::Formed(form) => link(&form.name, &form.name),
            Shape::Map(inner) => format!("table of the author's names, each {}", self.article(inner)),
            Shape::List(inner) if matches!(self.model.resolve(inner), Shape::Text) => {
                "list of texts".to_owned()
            }
            Shape::List(inner) => format!("list, each {}", self.article(inner)),
            Shape::Either(shapes) => super::words::one_of(shapes.iter().map(|shape| self.kind(shape))),
            Shape::Choice(_) => "one of the words below".to_owned(),
            Shape::Boolean => "`true` or `false`".to_owned(),
            shape => {
                super::words::expected(self.model, Format::Toml, shape).trim_start_matches("a ").to_owned()
            }
        }
    }

    fn article(&self, shape: &Shape) -> String {
        match self.model.resolve(shape) {
            Shape::Text | Shape::Boolean | Shape::Choice(_) | Shape::Either(_) => self.kind(shape),
            _ => format!("a {}", self.kind(shape)),
        }
    }
}

fn link(text: &str, title: &str) -> String {
    format!("[{text}](#{})", anchor(title))
}

/// As GitHub, GitLab and mdBook make them.
fn anchor(title: &str) -> String {
    title.to_lowercase().replace(' ', "-")
}

/// `BodyLimits` as a title: "Body limits".
fn title(name: &str) -> String {
    match name {
        "Document" => return "The whole file".to_owned(),
        "UpstreamTls" => return "Upstream TLS".to_owned(),
        _ => {}
    }
    let mut title = String::new();
    for letter in name.chars() {
        if letter.is_uppercase() && !title.is_empty() {
            title.push(' ');
            title.extend(letter.to_lowercase());
        } else {
            title.push(letter);
        }
    }
    title
}

fn code_list(places: &[String]) -> String {
    places.iter().map(|place| format!("`{place}`")).collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_example_can_be_used() {
        let loaded = crate::author::load(&[("example.toml".to_owned(), EXAMPLE.to_owned())]);
        assert!(loaded.is_ok_and(|loaded| loaded.documents[0].1.routes.len() == 2));
    }

    #[test]
    fn every_key_is_there_and_has_a_meaning() {
        let page = reference();
        let Ok(model) = model::of_documents() else { return };
        for (way, table) in model.tables_in(&model.root) {
            for (name, key) in &table.keys {
                assert!(page.contains(&format!("**`{name}`**")), "{way}.{name}");
                assert!(!key.meaning.is_empty(), "{way}.{name} has no doc comment");
            }
        }
    }
}
