//! A configuration whose upstreams are somewhere else: on ports that nobody knew before.

use anyhow::Context as _;
use serde_json::Value;
use tollgate::config::Document;
use tollgate::plan::Target;
use url::Url;

/// An upstream that is somewhere else.
#[derive(Debug)]
pub struct Move<'a> {
    /// Its name.
    pub name: &'a str,
    /// Where it was written to be.
    pub from: &'a Target,
    /// The authority that it has now, which speaks plain HTTP.
    pub to: String,
}

/// `documents` after these moves: the upstreams themselves, and every other address at the same place, an issuer's for
/// instance. Routes hold no addresses that are called.
pub fn moved(
    documents: &[(String, Document)],
    moves: &[Move<'_>],
) -> anyhow::Result<Vec<(String, Document)>> {
    let mut all = Vec::new();
    for (file, document) in documents {
        let mut document = document.clone();
        for (name, upstream) in &mut document.upstreams {
            if let Some(own) = moves.iter().find(|it| it.name == name) {
                upstream.url = upstream.url.as_deref().map(|url| with_authority(url, &own.to));
            }
        }
        let mut written = serde_json::to_value(&document)?;
        for (_, table) in written.as_object_mut().into_iter().flatten().filter(|(key, _)| *key != "routes") {
            rewrite(table, moves);
        }
        let document = serde_json::from_value(written).context("what was written cannot be read")?;
        all.push((file.clone(), document));
    }
    Ok(all)
}

fn rewrite(value: &mut Value, moves: &[Move<'_>]) {
    match value {
        Value::String(text) => {
            if let Some(it) = moves.iter().find(|it| is_at(text, it.from)) {
                *text = with_authority(text, &it.to);
            }
        }
        Value::Array(list) => list.iter_mut().for_each(|value| rewrite(value, moves)),
        Value::Object(table) => table.values_mut().for_each(|value| rewrite(value, moves)),
        _ => {}
    }
}

fn is_at(text: &str, target: &Target) -> bool {
    let url = text.contains("://").then(|| Url::parse(text).ok()).flatten();
    url.as_ref().and_then(Target::of).is_some_and(|other| other.address() == target.address())
}

/// `url` with another authority.
fn with_authority(url: &str, authority: &str) -> String {
    let path = url.split_once("://").and_then(|(_, rest)| rest.find('/').map(|slash| &rest[slash..]));
    format!("http://{authority}{}", path.unwrap_or_default())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use serde_json::json;

    use super::*;

    #[test]
    fn moves_addresses() {
        assert_eq!(with_authority("http://users.test", "127.0.0.1:1"), "http://127.0.0.1:1");
        assert_eq!(with_authority("http://users.test:80/base/", "127.0.0.1:1"), "http://127.0.0.1:1/base/");
    }

    #[test]
    fn moves_whatever_is_at_the_place_of_an_upstream() {
        let from = Target::of(&Url::parse("http://id.test").unwrap()).unwrap();
        let document: Document = serde_json::from_value(json!({
            "upstreams": {"id": {"url": "http://id.test/base"}, "b": {"url": "http://id.test:81"}},
            "auth": {"a": {"introspection": {"endpoint": "http://ID.test:80/introspect", "issuer": "http://id.testing"}}},
            "routes": [{"id": "a", "respond": {"body": "http://id.test/"}}],
        }))
        .unwrap();
        let moves = [Move { name: "id", from: &from, to: "127.0.0.1:1".to_owned() }];
        let moved = moved(&[("a".to_owned(), document)], &moves).unwrap();
        let written = serde_json::to_value(&moved[0].1).unwrap();
        assert_eq!(
            written["upstreams"],
            json!({"id": {"url": "http://127.0.0.1:1/base"}, "b": {"url": "http://id.test:81"}})
        );
        let introspection = &written["auth"]["a"]["introspection"];
        assert_eq!(introspection["endpoint"], "http://127.0.0.1:1/introspect");
        assert_eq!(introspection["issuer"], "http://id.testing");
        assert_eq!(written["routes"][0]["respond"]["body"], "http://id.test/");
    }
}
