//! CORS, ready to run: both layers put together, every mistake said.

use http::Method;
use http::header::{ACCEPT, HOST, HeaderName, HeaderValue, ORIGIN, REFERER, USER_AGENT};

use super::Plan;
use super::compile::{Context, Pointer};
use super::conflict::witness;
use super::policy::Layers;
use crate::config::{Cors, CorsSetting, OneOrMany};
use crate::cors::{Names, OriginPattern, Policy, Readers};
use crate::diagnostic::{Diagnostic, Place};
use crate::route::condition::Methods;
use crate::route::{Found, Query};

/// What one list of names says: where it stands, whether it has `*`, and its texts.
struct Written<'a> {
    at: Pointer,
    any: bool,
    texts: Vec<(Pointer, &'a str)>,
}

/// Fetch, "forbidden method": no browser asks for these.
const FORBIDDEN: [&str; 3] = ["CONNECT", "TRACE", "TRACK"];

impl Context<'_> {
    /// The policy of a route that takes `methods`; `None` where there is none.
    pub(super) fn cors(&mut self, layers: &Layers<'_, CorsSetting>, methods: &Methods) -> Option<Policy> {
        let tables = tables(layers)?;
        let readers = self.cors_readers(&tables);
        let methods = match written(&tables, "methods", |cors| cors.methods.as_ref()) {
            Some(written) => self.cors_methods(&written),
            None => default_methods(methods),
        };
        let headers = match written(&tables, "headers", |cors| cors.headers.as_ref()) {
            Some(written) => self.cors_fields(&written),
            None => Names::new(false, Vec::new()),
        };
        let expose = match written(&tables, "expose", |cors| cors.expose.as_ref()) {
            Some(written) => {
                self.alone(&written, "every field may be read");
                self.cors_fields(&written).value
            }
            None => None,
        };
        self.cors_wildcards(&tables);
        let max_age = find(&tables, |cors| cors.max_age.as_ref());
        let max_age = max_age.map(|(at, text)| self.whole_seconds(&at.key("max_age"), text));
        Some(Policy {
            readers: readers?,
            methods,
            headers,
            expose,
            max_age: max_age.map(HeaderValue::from),
            private_network: find(&tables, |cors| cors.private_network.as_ref()).is_some_and(|(_, on)| *on),
        })
    }

    fn cors_readers(&mut self, tables: &Tables<'_>) -> Option<Readers> {
        let Some(written) = written(tables, "origins", |cors| cors.origins.as_ref()) else {
            let (at, _) = tables.first()?;
            self.error(at, "cors needs origins").help("such as origins = [\"https://app.example.com\"]");
            return None;
        };
        let credentials = find(tables, |cors| cors.credentials.as_ref());
        let credentials = credentials.is_some_and(|(_, on)| *on);
        self.alone(&written, "every origin is allowed");
        let mut origins = Vec::new();
        for (at, text) in &written.texts {
            match OriginPattern::parse(text) {
                Ok(origin) => {
                    if credentials && *text == "null" {
                        self.null_with_credentials(at);
                    }
                    if !origins.contains(&origin) {
                        origins.push(origin);
                    }
                }
                Err(error) => {
                    self.error(at, format!("\"{text}\" is not an origin: {}", error.message)).help(error.help)
                }
            }
        }
        if origins.is_empty() && !written.any && written.texts.is_empty() {
            self.error(&written.at, "nobody is allowed").help("list origins, or write cors = \"off\"");
        }
        // With a mistake that was reported, there is no plan; a policy that allows nobody stands in for it.
        Some(match written.any {
            true => Readers::Anyone,
            false => Readers::Listed { origins, credentials },
        })
    }

    /// Files, `data:` addresses and sandboxed frames of anybody have this one origin (HTML, "opaque origin").
    fn null_with_credentials(&mut self, at: &Pointer) {
        let message = "any page can make itself the origin \"null\", and would get answers with credentials";
        self.report(Diagnostic::warning(at.into(), message)).help("leave \"null\" or credentials out");
    }

    /// Fetch, "CORS protocol and credentials": with credentials, `*` is no wildcard.
    fn cors_wildcards(&mut self, tables: &Tables<'_>) {
        if !find(tables, |cors| cors.credentials.as_ref()).is_some_and(|(_, on)| *on) {
            return;
        }
        type Get = for<'c> fn(&'c Cors) -> Option<&'c OneOrMany>;
        let lists: [(&str, Get, &str); 4] = [
            ("origins", |cors| cors.origins.as_ref(), "list the origins that may have credentials"),
            ("methods", |cors| cors.methods.as_ref(), "list the methods"),
            ("headers", |cors| cors.headers.as_ref(), "list the fields"),
            ("expose", |cors| cors.expose.as_ref(), "list the fields"),
        ];
        for (key, get, help) in lists {
            if let Some(list) = written(tables, key, get).filter(|list| list.any) {
                self.error(&list.at, "with credentials, \"*\" is not a wildcard for browsers").help(help);
            }
        }
    }

    fn cors_methods(&mut self, written: &Written<'_>) -> Names {
        self.alone(written, "every method is allowed");
        let mut listed: Vec<Box<str>> = Vec::new();
        for (at, text) in &written.texts {
            let upper = text.to_ascii_uppercase();
            if FORBIDDEN.contains(&&*upper) {
                self.error(at, format!("no browser lets a script send {upper}")).help("remove it");
            } else if Method::from_bytes(text.as_bytes()).is_err() {
                self.error(at, format!("\"{text}\" is not a method")).help("such as \"GET\"");
            } else if *text != upper {
                self.error(at, format!("methods are case-sensitive: no client sends \"{text}\""))
                    .help(format!("write \"{upper}\""));
            } else if !listed.contains(&upper.as_str().into()) {
                listed.push(upper.into());
            }
        }
        Names::new(written.any, listed)
    }

    fn cors_fields(&mut self, written: &Written<'_>) -> Names {
        let mut listed: Vec<Box<str>> = Vec::new();
        for (at, text) in &written.texts {
            if let Some(name) = self.header_name(at, text).map(|name: HeaderName| Box::from(name.as_str()))
                && !listed.contains(&name)
            {
                listed.push(name);
            }
        }
        Names::new(written.any, listed)
    }

    fn alone(&mut self, written: &Written<'_>, why: &str) {
        if written.any && !written.texts.is_empty() {
            self.error(&written.at, format!("beside \"*\", nothing else has a meaning: {why}"))
                .help("keep \"*\", or the others");
        }
    }
}

impl Context<'_> {
    /// A preflight has none of the fields of the request that it asks about, so it may find another route or none.
    /// Where nobody's CORS answers it, scripts can send only what needs no preflight: not what was meant.
    pub(super) fn preflights(&mut self, plan: &Plan) {
        for route in plan.reachable().iter().filter(|route| route.cors.is_some() && !route.headers.is_empty())
        {
            let Some(mut asked) = witness(route) else { continue };
            let unsent: Vec<_> = asked.headers.keys().filter(|name| !is_sent(name)).cloned().collect();
            for name in &unsent {
                asked.headers.remove(name);
            }
            let Some(first) = unsent.first() else { continue };
            let method = route.methods.listed.first().unwrap_or(&Method::GET);
            let (host, path, query) = (&*asked.host, &*asked.path, asked.query.as_deref());
            let (headers, now) = (&asked.headers, asked.now);
            let query = Query { host, path, query, method, headers, now, preflight: true };
            let answered = match plan.find(&query) {
                Found::Route(index) => plan.routes[index].cors.is_some(),
                Found::Method(_) | Found::Nothing => false,
            };
            if !answered {
                let place = Place::new(&*route.origin.0, &*route.origin.1);
                let message = format!("no CORS answers preflights for the route \"{}\"", route.id);
                self.report(Diagnostic::warning(place, message)).help(format!(
                    "a preflight has no {first}, which the route asks for: add a route without that condition, with cors"
                ));
            }
        }
    }
}

/// What a browser sends with a preflight itself.
fn is_sent(name: &HeaderName) -> bool {
    [ORIGIN, HOST, USER_AGENT, REFERER, ACCEPT].contains(name)
        || name.as_str().starts_with("sec-")
        || name.as_str().starts_with("access-control-request-")
}

/// The tables that hold for a route, the nearer first; never empty.
type Tables<'a> = Vec<(&'a Pointer, &'a Cors)>;

/// `None` where there is no CORS.
fn tables<'a>(layers: &'a Layers<'_, CorsSetting>) -> Option<Tables<'a>> {
    let mut tables = Vec::new();
    for (at, layer) in layers {
        match layer {
            Some(CorsSetting::Table(cors)) => tables.push((at, cors)),
            // Nothing that is further away counts.
            Some(CorsSetting::Off(_)) => break,
            None => {}
        }
    }
    (!tables.is_empty()).then_some(tables)
}

fn find<'a, T>(tables: &Tables<'a>, get: impl Fn(&'a Cors) -> Option<&'a T>) -> Option<(&'a Pointer, &'a T)> {
    tables.iter().find_map(|(at, cors)| Some((*at, get(cors)?)))
}

fn written<'a>(
    tables: &Tables<'a>,
    key: &str,
    get: impl Fn(&'a Cors) -> Option<&'a OneOrMany>,
) -> Option<Written<'a>> {
    let (at, list) = find(tables, get)?;
    let at = at.key(key);
    let texts: Vec<_> = match list {
        OneOrMany::One(one) => vec![(at.clone(), one.as_str())],
        OneOrMany::Many(many) => at.indices().zip(many.iter().map(String::as_str)).collect(),
    };
    let any = texts.iter().any(|(_, text)| *text == "*");
    Some(Written { at, any, texts: texts.into_iter().filter(|(_, text)| *text != "*").collect() })
}

/// What the route takes; of a route that takes any, what browsers send without asking (Fetch, "CORS-safelisted
/// method"), because "any" was written by leaving it out.
fn default_methods(methods: &Methods) -> Names {
    let mut names: Vec<Box<str>> = methods.listed.iter().map(|method| method.as_str().into()).collect();
    names.retain(|name| !FORBIDDEN.contains(&&**name));
    if methods.head_through_get {
        names.push("HEAD".into());
    }
    if methods.is_any() {
        names = ["GET", "HEAD", "POST"].map(Box::from).into();
    }
    Names::new(false, names)
}
