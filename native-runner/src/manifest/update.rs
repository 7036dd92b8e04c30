//! A manifest changed to allow exactly what the configuration needs: nothing else in it moves.

use tollgate::diagnostic::{Diagnostic, Place};
use toml_edit::{Array, DocumentMut, InlineTable, Item, Table, TableLike, value};

use super::allowed::Pattern;
use super::{Needs, component_name, list, references};

/// `text` with `allowed_outbound_hosts`, `key_value_stores` and the variables of the gateway's component as `needs`
/// says. What is right already stays as it is written.
///
/// # Errors
///
/// The manifest is not TOML, or has no component that could be the gateway.
pub fn update(text: &str, needs: &Needs) -> Result<String, Vec<Diagnostic>> {
    let unusable = |message: String| Diagnostic::error(Place::new("spin.toml", ""), message);
    let mut manifest: DocumentMut =
        text.parse().map_err(|error| vec![unusable(format!("the manifest cannot be read: {error}"))])?;
    let Some(name) = component_name(manifest.as_table()) else {
        let found = unusable("the manifest has no component \"tollgate\"".to_owned());
        return Err(vec![found.help("name the gateway's component tollgate, or have only one")]);
    };
    let root: &mut dyn TableLike = manifest.as_table_mut();
    let removed = match component(root, &name) {
        Some(component) => update_component(component, needs),
        None => Vec::new(),
    };
    declare(root, needs);
    let text = manifest.to_string();
    Ok(if removed.is_empty() { text } else { withdraw(&text, &removed) })
}

fn component<'t>(root: &'t mut dyn TableLike, name: &str) -> Option<&'t mut dyn TableLike> {
    root.get_mut("component")?.as_table_like_mut()?.get_mut(name)?.as_table_like_mut()
}

/// Gives the names of the variables back that the component no longer gets.
fn update_component(component: &mut dyn TableLike, needs: &Needs) -> Vec<String> {
    let hosts: Vec<_> = needs.hosts.iter().map(|(host, _)| host.as_str()).collect();
    let same_host = |a: &str, b: &str| a == b || same_pattern(a, b);
    update_list(component, "allowed_outbound_hosts", &hosts, same_host);
    let stores: Vec<_> = needs.stores.iter().map(String::as_str).collect();
    update_list(component, "key_value_stores", &stores, |a, b| a == b);
    update_variables(component, needs)
}

fn same_pattern(a: &str, b: &str) -> bool {
    match (Pattern::parse(a), Pattern::parse(b)) {
        (Some(a), Some(b)) => a.covers(&b) && b.covers(&a),
        _ => false,
    }
}

fn update_list(table: &mut dyn TableLike, key: &str, wanted: &[&str], same: impl Fn(&str, &str) -> bool) {
    if table.get(key).and_then(Item::as_array).is_none() {
        if wanted.is_empty() {
            return;
        }
        table.insert(key, value(Array::new()));
    }
    if let Some(list) = table.get_mut(key).and_then(Item::as_array_mut) {
        list::update(list, wanted, same);
    }
}

fn update_variables(component: &mut dyn TableLike, needs: &Needs) -> Vec<String> {
    let mut removed = Vec::new();
    if let Some(given) = component.get_mut("variables").and_then(Item::as_table_like_mut) {
        removed = given
            .iter()
            .map(|(name, _)| name.to_owned())
            .filter(|name| !needs.variables.contains(name))
            .collect();
        for name in &removed {
            given.remove(name);
        }
        if given.is_empty() && needs.variables.is_empty() {
            component.remove("variables");
        }
    }
    if !needs.variables.is_empty()
        && let Some(given) = table_in(component, "variables")
    {
        for name in needs.variables.iter() {
            if !given.contains_key(name) {
                given.insert(name, value(format!("{{{{ {name} }}}}")));
            }
        }
    }
    removed
}

/// Declares at the top what the component gets.
fn declare(root: &mut dyn TableLike, needs: &Needs) {
    if needs.variables.is_empty() {
        return;
    }
    let Some(declared) = table_in(root, "variables") else { return };
    for name in needs.variables.iter() {
        if !declared.contains_key(name) {
            let mut how = InlineTable::new();
            how.insert("required", true.into());
            how.insert("secret", true.into());
            declared.insert(name, value(how));
        }
    }
}

/// Takes declarations away that nothing refers to any more.
fn withdraw(text: &str, names: &[String]) -> String {
    let Ok(mut manifest) = text.parse::<DocumentMut>() else { return text.to_owned() };
    let used = references(text);
    let unused: Vec<_> = names.iter().filter(|name| !used.contains(&name.as_str())).collect();
    if let Some(declared) = manifest.get_mut("variables").and_then(Item::as_table_like_mut) {
        for name in unused {
            declared.remove(name);
        }
        if declared.is_empty() {
            manifest.remove("variables");
        }
    }
    manifest.to_string()
}

fn table_in<'t>(parent: &'t mut dyn TableLike, key: &str) -> Option<&'t mut dyn TableLike> {
    if !parent.contains_key(key) {
        parent.insert(key, Item::Table(Table::new()));
    }
    parent.get_mut(key)?.as_table_like_mut()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::manifest::compare;

    const MANIFEST: &str = r#"# An application.
spin_manifest_version = 2

[variables]
old = { default = "1" }

[component.tollgate] # the gateway
source = "a.wasm"
allowed_outbound_hosts = [
    "https://shop.example", # the shop
    "redis://x:6379",
]

[component.tollgate.variables]
old = "{{ old }}"

[component.other]
source = "b.wasm"
"#;

    fn needs(variables: &[&str]) -> Needs {
        let host = |address: &str| (address.to_owned(), "x".to_owned());
        Needs {
            hosts: vec![host("http://127.0.0.1:9101"), host("https://shop.example:443")],
            stores: Vec::new(),
            variables: variables.iter().map(ToString::to_string).collect(),
        }
    }

    #[test]
    fn changes_what_must_change() {
        let expected = r#"# An application.
spin_manifest_version = 2

[variables]
token = { required = true, secret = true }

[component.tollgate] # the gateway
source = "a.wasm"
allowed_outbound_hosts = [
    "https://shop.example", # the shop
    "http://127.0.0.1:9101",
]

[component.tollgate.variables]
token = "{{ token }}"

[component.other]
source = "b.wasm"
"#;
        let updated = update(MANIFEST, &needs(&["token"])).unwrap();
        assert_eq!(updated, expected);
        assert_eq!(update(&updated, &needs(&["token"])).unwrap(), expected);
    }

    #[test]
    fn what_is_updated_compares_equal() {
        let bare = "[component.a]\nsource = \"a\"\n";
        for (manifest, variables) in
            [(MANIFEST, &[][..]), (MANIFEST, &["old", "b"]), (bare, &["b"]), (bare, &[])]
        {
            let updated = update(manifest, &needs(variables)).unwrap();
            assert_eq!(compare("spin.toml", &updated, &needs(variables)), [], "{updated}");
        }
        assert!(update("[component]", &needs(&[])).is_err());
    }
}
