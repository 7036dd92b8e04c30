//! Servers of a document as upstreams.

use std::collections::{BTreeMap, BTreeSet};

use url::Url;

use super::names::{legal, unique};
use super::report::Line;
use super::sections::Section;
use super::{Importer, Options};
use crate::json::Node;
use crate::openapi::pointer::below;

/// Upstreams so far.
#[derive(Debug, Default)]
pub(super) struct Servers {
    /// The name of the upstream for each server, by where the server stands.
    known: BTreeMap<String, String>,
    names: BTreeSet<String>,
    written: Vec<Upstream>,
}

#[derive(Debug)]
struct Upstream {
    name: String,
    url: String,
    /// Where the server stands, where its address is not known.
    unknown: Option<(String, String)>,
}

/// RFC 6761 section 6.4: nobody is ever there.
const NOBODY: &str = "invalid";

impl Importer<'_, '_> {
    /// The upstream of an operation: of the first server of the nearest of these lists that there is.
    pub(super) fn upstream(&mut self, lists: &[(Option<&Node<'_>>, String)]) -> String {
        let servers =
            |node: &Option<&Node<'_>>| matches!(node, Some(Node::Array(servers)) if !servers.is_empty());
        let nearest = lists.iter().find(|(node, _)| servers(node));
        // OpenAPI Object, servers: without any, there is one whose url is `/`.
        let here = nearest.map_or(String::new(), |(_, pointer)| below(pointer, "0"));
        if let Some(name) = self.servers.known.get(&here) {
            return name.clone();
        }
        let list = match nearest {
            Some((Some(Node::Array(servers)), pointer)) => {
                for at in 1..servers.len() {
                    let other = below(pointer, &at.to_string());
                    self.leave_out(&other, "another server of the same; the first is taken");
                }
                servers.first()
            }
            _ => None,
        };
        self.used.insert(here.clone());
        let name = self.one_server(list, &here);
        self.servers.known.insert(here, name.clone());
        name
    }

    fn one_server(&mut self, server: Option<&Node<'_>>, here: &str) -> String {
        let Options { upstream, upstream_is_known, .. } = self.options;
        let first = self.servers.known.is_empty();
        if let (Some(name), true) = (upstream, *upstream_is_known || !first) {
            if !here.is_empty() {
                self.leave_out(here, format!("all routes go to the upstream \"{name}\", as asked for"));
            }
            return name.clone();
        }
        let address = self.address(server, here);
        let (url, unknown) = match address {
            Ok(url) => (url, None),
            Err((path, reason)) => {
                (format!("http://upstream.{NOBODY}{path}"), Some((here.to_owned(), reason)))
            }
        };
        if let Some(known) = self.servers.written.iter().find(|it| it.url == url) {
            return known.name.clone();
        }
        let host =
            Url::parse(&url).ok().and_then(|url| url.host_str().map(str::to_owned)).unwrap_or_default();
        let name = match upstream {
            Some(name) => name.clone(),
            None if unknown.is_some() => "upstream".to_owned(),
            None => legal(&host, "._-", "upstream"),
        };
        let name = unique(&name, &mut self.servers.names);
        self.servers.written.push(Upstream { name: name.clone(), url, unknown });
        name
    }

    /// The address of a server; else its path, and why there is no more.
    fn address(&mut self, server: Option<&Node<'_>>, here: &str) -> Result<String, (String, String)> {
        let fields = server.and_then(Node::object);
        let Some(written) = fields.and_then(|it| it.get("url")).and_then(Node::text) else {
            let reason = "the document does not say where the service is";
            return Err(self.no_address(here, reason.to_owned()));
        };
        let text = self.filled_in(written, fields.and_then(|it| it.get("variables")), here);
        if text.contains(['{', '}']) {
            return Err(self.no_address(here, format!("{text:?} has a variable without a default")));
        }
        let unlike = match Url::parse(&text) {
            Ok(url) if matches!(url.scheme(), "http" | "https") && url.host_str().is_some() => {
                let user = !url.username().is_empty() || url.password().is_some();
                if !user && url.query().is_none() && url.fragment().is_none() {
                    return Ok(text.trim_end_matches('/').to_owned());
                }
                format!("{text:?} has a user, a query or a fragment, which the url of an upstream has not")
            }
            Ok(url) => format!("an upstream speaks http or https, not {:?}", url.scheme()),
            Err(_) if text.starts_with('/') => {
                let url = Url::parse(&format!("http://upstream.{NOBODY}")).and_then(|base| base.join(&text));
                let path = url.map(|url| url.path().trim_end_matches('/').to_owned()).unwrap_or_default();
                return Err((
                    path,
                    format!("{text:?} is relative to where the document is, which nobody says"),
                ));
            }
            Err(error) => format!("{text:?} is not an address: {error}"),
        };
        Err(self.no_address(here, unlike))
    }

    /// Nothing of a server is taken over.
    fn no_address(&mut self, here: &str, reason: String) -> (String, String) {
        if !here.is_empty() {
            self.leave_out(here, reason.clone());
        }
        (String::new(), reason)
    }

    /// The url with the defaults of its variables.
    fn filled_in(&mut self, url: &str, variables: Option<&Node<'_>>, here: &str) -> String {
        let mut text = url.to_owned();
        let variables_at = below(here, "variables");
        let named = variables.and_then(Node::object).into_iter().flat_map(|it| it.iter());
        for (name, variable) in named {
            let hole = format!("{{{name}}}");
            let default = variable.object().and_then(|it| it.get("default"));
            match default.and_then(Node::text) {
                Some(value) if text.contains(&hole) => text = text.replace(&hole, value),
                Some(_) => self.leave_out(&below(&variables_at, name), "the url has no such variable"),
                None => self.leave_out(&below(&variables_at, name), "it has no default that is text"),
            }
        }
        text
    }
}

// === impl Servers ===

impl Servers {
    pub(super) fn new(taken: &BTreeSet<String>) -> Self {
        Self { names: taken.clone(), ..Self::default() }
    }

    /// What is written, and what there is to do about it.
    pub(super) fn sections(self, to_do: &mut Vec<Line>) -> Vec<Section> {
        let section = |upstream: Upstream| {
            let section = Section::at(["upstreams", &upstream.name]).with("url", upstream.url);
            let Some((pointer, reason)) = upstream.unknown else { return section };
            let text = format!("write the address of the upstream \"{}\": {reason}", upstream.name);
            to_do.push(Line { pointer, text });
            section.comment(format!("To do: where is it? {reason}."))
        };
        self.written.into_iter().map(section).collect()
    }
}
