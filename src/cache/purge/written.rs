//! What is to be purged, as it is written: in JSON, or as the address of a `PURGE`.

use http::Uri;
use http::uri::{Authority, PathAndQuery};
use serde::Deserialize;

use super::{Order, Query, What, tag};
use crate::cache::key::counted;
use crate::plan::Plan;
use crate::route::host::name;

/// The most tags of one order: as many as a document tells apart.
const MOST_TAGS: usize = super::MOST;

/// The most forms of one query. With more, any query is purged.
const MOST_FORMS: usize = 16;

/// An order as it is posted.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Written {
    #[serde(default)]
    all: Option<bool>,
    #[serde(default)]
    tags: Option<Vec<String>>,
    #[serde(default)]
    prefix: Option<String>,
    #[serde(default)]
    host: Option<String>,
    #[serde(default)]
    address: Option<String>,
    #[serde(default)]
    any_query: bool,
    #[serde(default)]
    soft: bool,
}

/// Reads an order that is posted: `{"all": true}`, `{"tags": ["a"]}`, `{"prefix": "/a/", "host": "a.test"}` or
/// `{"address": "https://a.test/a?b"}`, each with `"soft": true`, the last with `"any_query": true`.
///
/// # Errors
/// What is wrong with it, in a sentence for whoever posted it.
pub fn read(json: &[u8], plan: &Plan) -> Result<Order, String> {
    let written: Written = serde_json::from_slice(json).map_err(|error| {
        // What the parser says may quote all that was sent.
        let (line, column) = (error.line(), error.column());
        format!(
            "line {line} column {column} is not what is expected: an object with all, tags, prefix or address, \
             and soft, host, any_query where they apply"
        )
    })?;
    let soft = written.soft;
    let has_host = written.host.is_some();
    let what = match (written.all, written.tags, written.prefix, written.address) {
        (Some(true), None, None, None) => What::All,
        (None, Some(tags), None, None) => tagged(&tags)?,
        (None, None, Some(path), None) => prefix(&path, written.host.as_deref())?,
        (None, None, None, Some(text)) => written_address(&text, written.any_query, plan)?,
        _ => return Err("it has exactly one of all (which is true), tags, prefix and address".to_owned()),
    };
    if has_host && !matches!(what, What::Prefix { .. }) {
        return Err("host goes with prefix; \"/\" is the prefix of everything".to_owned());
    }
    if written.any_query && !matches!(what, What::Address { .. }) {
        return Err("any_query goes with address".to_owned());
    }
    Ok(Order { what, soft })
}

/// What a `PURGE` of `target` at `authority` is about: that address, with its query.
pub fn address(authority: &str, target: &PathAndQuery, plan: &Plan) -> What {
    What::Address {
        host: name(authority).into(),
        path: target.path().into(),
        query: queries(target.query(), plan),
    }
}

fn tagged(names: &[String]) -> Result<What, String> {
    if names.is_empty() || names.len() > MOST_TAGS {
        return Err(format!("there are 1 to {MOST_TAGS} tags"));
    }
    let trimmed = names.iter().map(|name| name.trim_ascii());
    if trimmed.clone().any(str::is_empty) {
        return Err("a tag is not empty".to_owned());
    }
    Ok(What::Tags(trimmed.map(|name| tag(name.as_bytes())).collect()))
}

fn prefix(path: &str, host: Option<&str>) -> Result<What, String> {
    if !path.starts_with('/') || path.contains(['?', '#']) {
        return Err("a prefix is the beginning of a path: it begins with a slash and has no query".to_owned());
    }
    let host = host.map(|host| match host.parse::<Authority>() {
        Ok(authority) if !authority.as_str().contains('@') => Ok(name(authority.as_str()).into()),
        _ => Err("a host is a name, such as api.example.com".to_owned()),
    });
    Ok(What::Prefix { host: host.transpose()?, path: path.into() })
}

fn written_address(text: &str, any_query: bool, plan: &Plan) -> Result<What, String> {
    let wrong = || "an address is whole, such as https://api.example.com/orders?page=2".to_owned();
    let uri: Uri = text.parse().map_err(|_| wrong())?;
    let (Some("http" | "https"), Some(authority)) = (uri.scheme_str(), uri.authority()) else {
        return Err(wrong());
    };
    if authority.as_str().contains('@') {
        return Err(wrong());
    }
    let query = if any_query { Query::Any } else { queries(uri.query(), plan) };
    Ok(What::Address { host: name(authority.as_str()).into(), path: uri.path().into(), query })
}

/// A query as it counts for each route that keeps answers: what does not count for one is not in its answers' addresses.
fn queries(query: Option<&str>, plan: &Plan) -> Query {
    let mut forms: Vec<Option<Box<str>>> = Vec::new();
    for policy in plan.routes.iter().filter_map(|route| route.cache.as_deref()) {
        let counts = counted(&policy.key.query, query);
        if forms.iter().any(|form| form.as_deref() == counts.as_deref()) {
            continue;
        }
        if forms.len() == MOST_FORMS {
            return Query::Any;
        }
        forms.push(counts.map(Into::into));
    }
    if forms.is_empty() {
        forms.push(query.map(Into::into));
    }
    Query::OneOf(forms)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::config::{Access, Document, Respond, Route};
    use crate::plan::Abilities;

    fn plan() -> Plan {
        let route = Route {
            id: "a".to_owned(),
            auth: Some(Access::Name("public".to_owned())),
            respond: Some(Respond::default()),
            ..Route::default()
        };
        let document = Document { routes: vec![route], ..Document::default() };
        Plan::compile(&[("a.toml".to_owned(), document)], &Abilities::NATIVE).unwrap().0
    }

    fn of(json: &str) -> Result<Order, String> {
        read(json.as_bytes(), &plan())
    }

    #[test]
    fn orders_are_read() {
        let hard = |what| Ok(Order { what, soft: false });
        assert_eq!(of(r#"{"all": true, "soft": true}"#), Ok(Order { what: What::All, soft: true }));
        assert_eq!(of(r#"{"tags": [" a", "b c"]}"#), hard(What::Tags(vec![tag(b"a"), tag(b"b c")])));
        let prefix = |host: Option<&str>| What::Prefix { host: host.map(Into::into), path: "/a/".into() };
        assert_eq!(of(r#"{"prefix": "/a/"}"#), hard(prefix(None)));
        assert_eq!(of(r#"{"prefix": "/a/", "host": "a.test:8080"}"#), hard(prefix(Some("a.test"))));
        let address =
            |host: &str, path: &str, query| What::Address { host: host.into(), path: path.into(), query };
        let one = |query: Option<&str>| Query::OneOf(vec![query.map(Into::into)]);
        for (text, host, path, query) in [
            ("https://a.test/a?b=%20#c", "a.test", "/a", Some("b=%20")),
            ("http://a.test.:80", "a.test", "/", None),
            ("https://[::1]:8443/a%2Fb/../c?", "[::1]", "/a%2Fb/../c", Some("")),
        ] {
            let order = of(&format!(r#"{{"address": "{text}"}}"#));
            assert_eq!(order, hard(address(host, path, one(query))), "{text}");
        }
        let any = of(r#"{"address": "https://a.test/a?b", "any_query": true}"#);
        assert_eq!(any, hard(address("a.test", "/a", Query::Any)));
    }

    #[test]
    fn what_is_not_an_order_is_refused_with_a_reason() {
        let many = format!(r#"{{"tags": [{}"a"]}}"#, "\"a\",".repeat(MOST_TAGS));
        for wrong in [
            "",
            "[]",
            "{}",
            "null",
            "{\"soft\": true}",
            "{\"all\": false}",
            "{\"all\": 1}",
            "{\"al\": true}",
            r#"{"all": true, "tags": ["a"]}"#,
            r#"{"all": true, "host": "a.test"}"#,
            r#"{"tags": ["a"], "any_query": true}"#,
            r#"{"tags": []}"#,
            r#"{"tags": [" "]}"#,
            &many,
            r#"{"prefix": "a"}"#,
            r#"{"prefix": ""}"#,
            r#"{"prefix": "/a?b"}"#,
            r#"{"prefix": "/a", "host": ""}"#,
            r#"{"prefix": "/a", "host": "me@a.test"}"#,
            r#"{"prefix": "/a", "host": "https://a.test"}"#,
            r#"{"address": "/a"}"#,
            r#"{"address": "a.test/a"}"#,
            r#"{"address": "ftp://a.test/a"}"#,
            r#"{"address": "https://me@a.test/a"}"#,
            r#"{"address": "https://a.test/a b"}"#,
        ] {
            let reason = of(wrong).unwrap_err();
            assert!(!reason.is_empty() && reason.len() < 200, "{wrong}: {reason}");
        }
    }
}
