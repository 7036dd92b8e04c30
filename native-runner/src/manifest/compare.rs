//! What a manifest allows, against what the configuration needs.

use std::ops::Range;

use tollgate::diagnostic::{Diagnostic, Place};
use toml_edit::{Document, Item, TableLike, Value};

use super::allowed::{Allowed, Pattern};
use super::{Needs, component_name, references};

const HOSTS: &str = "allowed_outbound_hosts";
const BUILD: &str = "`tollgate build` writes it";
const REMOVE: &str = "take it away; `tollgate build` does";

/// Every difference: an error where the manifest allows less than `needs`, a warning where it allows more. `file` is
/// the manifest's name in diagnostics.
pub fn compare(file: &str, text: &str, needs: &Needs) -> Vec<Diagnostic> {
    let document = match Document::parse(text) {
        Ok(document) => document,
        Err(error) => {
            let place = place(file, text, "", error.span());
            return vec![Diagnostic::error(
                place,
                format!("the manifest cannot be read: {}", error.message()),
            )];
        }
    };
    let root = document.as_table();
    let Some(name) = component_name(root) else {
        let found =
            Diagnostic::error(Place::new(file, "/component"), "the manifest has no component \"tollgate\"");
        return vec![found.help("name the gateway's component tollgate, or have only one")];
    };
    let component = root.get("component").and_then(Item::as_table_like).and_then(|table| table.get(&name));
    let mut comparison = Comparison {
        file,
        text,
        pointer: format!("/component/{}", name.replace('~', "~0").replace('/', "~1")),
        span: component.and_then(Item::span),
        component: component.and_then(Item::as_table_like),
        found: Vec::new(),
    };
    comparison.hosts(needs);
    comparison.stores(needs);
    comparison.variables(needs, root);
    comparison.found
}

/// The manifest's section on the component, and what was found so far.
struct Comparison<'a> {
    file: &'a str,
    text: &'a str,
    pointer: String,
    /// The section's heading, for what is not there.
    span: Option<Range<usize>>,
    component: Option<&'a dyn TableLike>,
    found: Vec<Diagnostic>,
}

// === impl Comparison ===

impl<'a> Comparison<'a> {
    fn hosts(&mut self, needs: &Needs) {
        let entries = self.texts(HOSTS);
        let allowed: Vec<_> = entries.iter().map(|(text, _)| Allowed::parse(text)).collect();
        // What a template comes to is known only when the application starts.
        let has_template = allowed.contains(&Allowed::Template);
        let needed: Vec<_> = needs
            .hosts
            .iter()
            .filter_map(|(address, who)| Some((Pattern::parse(address)?, address, who)))
            .collect();
        for (need, address, who) in &needed {
            let covered =
                allowed.iter().any(|one| matches!(one, Allowed::Pattern(pattern) if pattern.covers(need)));
            if !covered && !has_template {
                let message = format!("the manifest does not allow {address}, which {who} needs");
                self.report(Diagnostic::error(self.key(HOSTS), message), BUILD);
            }
        }
        for (index, ((text, span), entry)) in entries.iter().zip(&allowed).enumerate() {
            let Allowed::Pattern(pattern) = entry else { continue };
            if needed.iter().any(|(need, ..)| need.covers(pattern)) {
                continue;
            }
            let serves =
                needed.iter().find(|(need, ..)| pattern.covers(need)).map(|(_, address, _)| *address);
            let place = self.place(&format!("{HOSTS}/{index}"), span.clone());
            self.too_wide(place, text, serves);
        }
    }

    /// An entry that allows more than is needed, though perhaps an address too that is.
    fn too_wide(&mut self, place: Place, entry: &str, serves: Option<&String>) {
        let (message, help) = match serves {
            Some(address) => (
                format!("the manifest allows {entry}, more than the configuration needs"),
                format!("write the address itself, {address}; {BUILD}"),
            ),
            None => (
                format!("the manifest allows {entry}, which the configuration does not need"),
                REMOVE.to_owned(),
            ),
        };
        self.report(Diagnostic::warning(place, message), help);
    }

    fn stores(&mut self, needs: &Needs) {
        const KEY: &str = "key_value_stores";
        let entries = self.texts(KEY);
        for store in needs.stores.iter().filter(|store| !entries.iter().any(|(text, _)| text == store)) {
            let message =
                format!("the manifest does not allow the key-value store \"{store}\", which is needed");
            self.report(Diagnostic::error(self.key(KEY), message), BUILD);
        }
        for (index, (text, span)) in entries.iter().enumerate() {
            if !needs.stores.iter().any(|store| store == text) {
                let message =
                    format!("the manifest allows the key-value store \"{text}\", which nothing needs");
                let place = self.place(&format!("{KEY}/{index}"), span.clone());
                self.report(Diagnostic::warning(place, message), REMOVE);
            }
        }
    }

    fn variables(&mut self, needs: &Needs, root: &'a dyn TableLike) {
        const KEY: &str = "variables";
        let given = self.component.and_then(|component| component.get(KEY)).and_then(Item::as_table_like);
        for name in &needs.variables {
            if given.is_none_or(|given| !given.contains_key(name)) {
                let message = format!("the manifest does not give the component the variable \"{name}\"");
                self.report(Diagnostic::error(self.key(KEY), message), BUILD);
            }
        }
        let declared = root.get(KEY).and_then(Item::as_table_like);
        for (name, value) in given.into_iter().flat_map(|given| given.iter()) {
            let place = self.place(&format!("{KEY}/{name}"), value.span());
            if !needs.variables.iter().any(|needed| needed == name) {
                let message =
                    format!("the manifest gives the component the variable \"{name}\", which nothing needs");
                self.report(Diagnostic::warning(place, message), REMOVE);
                continue;
            }
            let undeclared = references(value.as_str().unwrap_or_default())
                .into_iter()
                .find(|reference| declared.is_none_or(|declared| !declared.contains_key(reference)));
            if let Some(reference) = undeclared {
                let message = format!("the application has no variable \"{reference}\"");
                self.report(Diagnostic::error(place, message), format!("add it to [variables]; {BUILD}"));
            }
        }
    }

    /// The texts of a list, each with its place.
    fn texts(&self, key: &str) -> Vec<(&'a str, Option<Range<usize>>)> {
        let list = self.component.and_then(|component| component.get(key)).and_then(Item::as_array);
        let values = list.into_iter().flatten();
        values.filter_map(|value: &Value| Some((value.as_str()?, value.span()))).collect()
    }

    /// The place of a key of the component, or of the component where there is no such key.
    fn key(&self, key: &str) -> Place {
        let item = self.component.and_then(|component| component.get(key));
        self.place(key, item.and_then(Item::span).or(self.span.clone()))
    }

    fn place(&self, below: &str, span: Option<Range<usize>>) -> Place {
        place(self.file, self.text, &format!("{}/{below}", self.pointer), span)
    }

    fn report(&mut self, diagnostic: Diagnostic, help: impl Into<String>) {
        self.found.push(diagnostic.help(help));
    }
}

fn place(file: &str, text: &str, pointer: &str, span: Option<Range<usize>>) -> Place {
    let position = span.and_then(|span| text.get(..span.start)).map(|before| {
        let line = before.matches('\n').count() + 1;
        let column = before.rsplit('\n').next().unwrap_or_default().chars().count() + 1;
        (u32::try_from(line).unwrap_or(u32::MAX), u32::try_from(column).unwrap_or(u32::MAX))
    });
    Place { position, ..Place::new(file, pointer) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn needs() -> Needs {
        let host = |address: &str, name: &str| (address.to_owned(), format!("the upstream \"{name}\""));
        Needs {
            hosts: vec![host("http://127.0.0.1:9101", "users"), host("https://shop.example:443", "shop")],
            stores: Vec::new(),
            variables: vec!["token".to_owned()],
        }
    }

    fn said(manifest: &str) -> Vec<String> {
        compare("spin.toml", manifest, &needs())
            .iter()
            .map(|one| format!("{} {}", one.place, one.message))
            .collect()
    }

    #[test]
    fn exactly_what_is_needed() {
        let manifest = r#"
[variables]
token = { required = true, secret = true }
[component.gateway]
allowed_outbound_hosts = ["https://shop.example", "http://127.0.0.1:9101"]
[component.gateway.variables]
token = "{{ token }}"
"#;
        assert_eq!(said(manifest), Vec::<String>::new());
    }

    #[test]
    fn less_and_more() {
        let manifest = r#"
[component.tollgate]
source = "a.wasm"
allowed_outbound_hosts = ["https://*.example", "redis://x:6379"]
key_value_stores = ["default"]
[component.tollgate.variables]
token = "{{ other }}"
spare = "1"
[component.another]
source = "b.wasm"
"#;
        assert_eq!(
            said(manifest),
            [
                "spin.toml:4:26 /component/tollgate/allowed_outbound_hosts \
                 the manifest does not allow http://127.0.0.1:9101, which the upstream \"users\" needs",
                "spin.toml:4:27 /component/tollgate/allowed_outbound_hosts/0 \
                 the manifest allows https://*.example, more than the configuration needs",
                "spin.toml:4:48 /component/tollgate/allowed_outbound_hosts/1 \
                 the manifest allows redis://x:6379, which the configuration does not need",
                "spin.toml:5:21 /component/tollgate/key_value_stores/0 \
                 the manifest allows the key-value store \"default\", which nothing needs",
                "spin.toml:7:9 /component/tollgate/variables/token the application has no variable \"other\"",
                "spin.toml:8:9 /component/tollgate/variables/spare \
                 the manifest gives the component the variable \"spare\", which nothing needs",
            ]
        );
    }

    #[test]
    fn manifests_that_cannot_be_compared() {
        assert_eq!(said("a = ")[0].split(" the").next(), Some("spin.toml:1:5"));
        assert_eq!(said(""), ["spin.toml /component the manifest has no component \"tollgate\""]);
    }
}
