//! Other notations than JSON, ready to be read and written.

use super::compile::{Context, Pointer};
use crate::config::{self, CsvColumn, CsvNested, XmlMixed, XmlNames, XmlNamespaces, XmlNulls};
use crate::format::csv::{CsvRules, MOST_COLUMNS, Nested};
use crate::format::form::FormRules;
use crate::format::soap::{self, Version};
use crate::format::xml::{MOST_PLACES, Mixed, Names, Namespaces, Nulls, What, XmlRules, is_name};
use crate::json::Path;

impl Context<'_> {
    /// What stands for what in XML.
    pub(super) fn xml(&mut self, at: &Pointer, written: &config::Xml) -> Option<XmlRules> {
        let known = self.diagnostics.len();
        let namespaces = match written.namespaces {
            None | Some(XmlNamespaces::Keep) => Namespaces::Keep,
            Some(XmlNamespaces::Strip) => Namespaces::Strip,
        };
        let nulls = match written.nulls {
            None | Some(XmlNulls::Nil) => Nulls::Nil,
            Some(XmlNulls::Empty) => Nulls::Empty,
            Some(XmlNulls::Omit) => Nulls::Omit,
        };
        let mixed = match written.mixed {
            None | Some(XmlMixed::Refuse) => Mixed::Refuse,
            Some(XmlMixed::Join) => Mixed::Join,
        };
        let names = match written.names {
            None | Some(XmlNames::Refuse) => Names::Refuse,
            Some(XmlNames::Escape) => Names::Escape,
        };
        let usual = XmlRules::default();
        let mut rules = XmlRules {
            root: written.root.as_deref().map(Box::from),
            namespaces,
            namespace: written.namespace.as_deref().map(Box::from),
            prefixes: written
                .prefixes
                .iter()
                .map(|(prefix, it)| (prefix.as_str().into(), it.as_str().into()))
                .collect(),
            attribute: written.attributes.as_deref().map_or(usual.attribute.clone(), Box::from),
            text: written.text.as_deref().map_or(usual.text.clone(), Box::from),
            item: written.item.as_deref().map_or(usual.item.clone(), Box::from),
            nulls,
            mixed,
            names,
            trim: written.trim.unwrap_or(false),
            ..usual
        };
        self.xml_names(at, written, &rules);
        self.xml_namespaces(at, written);
        self.xml_places(at, written, &mut rules);
        (self.diagnostics.len() == known).then_some(rules)
    }

    fn xml_names(&mut self, at: &Pointer, written: &config::Xml, rules: &XmlRules) {
        let lists = written.lists.iter().map(|(path, item)| (at.key("lists").key(path), item.as_str()));
        let root = written.root.as_deref().map(|root| (at.key("root"), root));
        let item = written.item.as_deref().map(|item| (at.key("item"), item));
        for (at, name) in root.into_iter().chain(item).chain(lists) {
            if !is_name(name) {
                self.error(&at, format!("\"{name}\" cannot be the name of an element"))
                    .help("letters, digits, and any of . _ -, a letter or _ first");
            } else if let Some((prefix, _)) = name.split_once(':')
                && prefix != "xml"
                && !rules.prefixes.iter().any(|(known, _)| **known == *prefix)
            {
                self.error(&at, format!("the prefix \"{prefix}\" stands for no namespace"))
                    .help("say in prefixes which one");
            }
        }
        let text = &at.key("text");
        if rules.text.is_empty() {
            self.error(text, "a member needs a name").help("such as \"#text\"");
        } else if !rules.attribute.is_empty() && rules.text.starts_with(&*rules.attribute) {
            self.error(text, format!("\"{}\" would be an attribute", rules.text))
                .help("begin it with something else than attributes");
        }
    }

    fn xml_namespaces(&mut self, at: &Pointer, written: &config::Xml) {
        let all = &at.key("prefixes");
        if written.prefixes.len() > 32 {
            self.error(all, "there are more than 32 prefixes").help("remove those that are not used");
        }
        for (prefix, namespace) in &written.prefixes {
            let at = &all.key(prefix);
            let reserved = prefix.starts_with("xml") || (prefix == "xsi" && namespace != XSI);
            if reserved || prefix.contains(':') || !is_name(prefix) {
                self.error(at, format!("\"{prefix}\" cannot be a prefix of one's own")).help(
                    "letters, digits, and any of . _ -, a letter or _ first; not xsi, nor xml in front",
                );
            }
            self.xml_namespace(at, namespace);
        }
        if let Some(namespace) = &written.namespace {
            self.xml_namespace(&at.key("namespace"), namespace);
        }
    }

    fn xml_namespace(&mut self, at: &Pointer, namespace: &str) {
        let fits = |character: char| !character.is_whitespace() && !character.is_control();
        let reserved = namespace.starts_with("http://www.w3.org/XML/1998/namespace")
            || namespace.starts_with("http://www.w3.org/2000/xmlns");
        if namespace.is_empty() || reserved || !namespace.chars().all(fits) {
            self.error(at, format!("\"{namespace}\" cannot be a namespace of one's own"))
                .help("a URI, such as \"urn:example:orders\"");
        }
    }

    fn xml_places(&mut self, at: &Pointer, written: &config::Xml, rules: &mut XmlRules) {
        let paths = |key: &str, paths: &[String], what: What| -> Vec<(Pointer, String, What)> {
            let at = at.key(key);
            paths.iter().zip(at.indices()).map(|(path, at)| (at, path.clone(), what.clone())).collect()
        };
        let mut said = paths("arrays", &written.arrays, What::Array);
        let lists = &at.key("lists");
        said.extend(
            written
                .lists
                .iter()
                .map(|(path, item)| (lists.key(path), path.clone(), What::List(item.as_str().into()))),
        );
        said.extend(paths("numbers", &written.numbers, What::Number));
        said.extend(paths("booleans", &written.booleans, What::Boolean));
        if said.len() > MOST_PLACES {
            self.error(at, format!("something is said of more than {MOST_PLACES} paths"))
                .help("`*` is any one name");
            return;
        }
        for (at, text, what) in said {
            let Some(path) = self.format_path(&at, &text) else { continue };
            if let Err(error) = rules.say(&path, what) {
                self.error(&at, format!("\"{text}\": {error}"))
                    .help("names from the root element on, such as \"order.item\"");
            }
        }
    }

    fn format_path(&mut self, at: &Pointer, text: &str) -> Option<Path> {
        match Path::read(text) {
            Ok(path) => Some(path),
            Err(error) => {
                self.error(at, format!("\"{text}\" is not a place: {}", error.message))
                    .help("such as \"order.item\" or \"customer.name\"");
                None
            }
        }
    }

    /// The envelope around XML, and what messages are for.
    pub(super) fn soap(&mut self, at: &Pointer, written: &config::Xml) -> Option<(Version, Box<str>)> {
        let action = written.action.as_deref().unwrap_or_default();
        if written.soap.is_none() && written.action.is_some() {
            self.error(&at.key("action"), "only SOAP messages say what they are for").help("write soap, too");
        }
        if !soap::is_action(action) {
            self.error(&at.key("action"), format!("\"{action}\" cannot be an action"))
                .help("a URI, such as \"urn:example:GetOrder\"");
        }
        let version = match written.soap? {
            config::SoapVersion::V11 => Version::V11,
            config::SoapVersion::V12 => Version::V12,
        };
        Some((version, action.into()))
    }

    /// How CSV is written.
    pub(super) fn csv(&mut self, at: &Pointer, written: &config::Csv) -> Option<CsvRules> {
        let known = self.diagnostics.len();
        let columns_at = at.key("columns");
        if written.columns.len() > MOST_COLUMNS {
            self.error(&columns_at, format!("there are more than {MOST_COLUMNS} columns"))
                .help("each is looked for in each object");
        }
        let mut columns: Vec<(Box<str>, Path)> = Vec::new();
        for (column, at) in written.columns.iter().zip(columns_at.indices()) {
            let (place, name) = match column {
                CsvColumn::Place(place) => (place, place),
                CsvColumn::Named(named) => (&named.at, &named.name),
            };
            let Some(path) = self.format_path(&at, place) else { continue };
            if path.scope() > 0 {
                self.error(&at, format!("\"{place}\" is several values"))
                    .help("a column has one for each object");
            }
            if columns.iter().any(|(known, _)| **known == **name) {
                self.error(&at, format!("there is a column \"{name}\" already"))
                    .help("give it another name: { at = \"…\", name = \"…\" }");
            }
            columns.push((name.as_str().into(), path));
        }
        let rules = CsvRules {
            columns: columns.into(),
            header: written.header.unwrap_or(true),
            nested: match written.nested {
                None | Some(CsvNested::Json) => Nested::Json,
                Some(CsvNested::Refuse) => Nested::Refuse,
            },
            escape_formulas: written.escape_formulas.unwrap_or(false),
        };
        (self.diagnostics.len() == known).then_some(rules)
    }

    /// How forms are read and written.
    pub(super) fn form(&mut self, at: &Pointer, written: &config::Form) -> Option<FormRules> {
        let known = self.diagnostics.len();
        let names = &written.arrays;
        for (index, (name, at)) in names.iter().zip(at.key("arrays").indices()).enumerate() {
            if names[..index].contains(name) {
                self.error(&at, format!("\"{name}\" stands there already")).help("remove one of them");
            }
        }
        let arrays = names.iter().map(|name| name.as_str().into()).collect();
        let rules = FormRules { brackets: written.brackets.unwrap_or(false), arrays };
        (self.diagnostics.len() == known).then_some(rules)
    }
}

/// XML Schema part 1, section 2.6: `xsi` is always this.
const XSI: &str = "http://www.w3.org/2001/XMLSchema-instance";

#[cfg(test)]
mod tests;
