//! Security schemes of a document as ways in.

use std::collections::{BTreeMap, BTreeSet};

use http::HeaderName;
use http::header::{AUTHORIZATION, COOKIE};

use super::Importer;
use super::names::{legal, unique};
use super::report::Line;
use super::sections::{Section, Setting};
use crate::json::{Node, Object};
use crate::openapi::pointer::below;

/// Ways in so far.
#[derive(Debug, Default)]
pub(super) struct Ways {
    /// What became of each scheme, by its name in the document.
    known: BTreeMap<String, Result<Way, String>>,
    names: BTreeSet<String>,
    written: Vec<(Written, Vec<Line>)>,
    /// The name of the way in for routes that nobody may use, and of their policy.
    closed: String,
}

/// A way in, as routes name it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Way {
    pub(super) name: String,
    /// Whether its tokens are granted scopes.
    pub(super) scopes: bool,
}

/// A way in, as it is written.
#[derive(Debug, PartialEq, Eq)]
struct Written {
    name: String,
    kind: &'static str,
    settings: Vec<(String, Setting)>,
}

/// What a scheme becomes: a kind, its settings, and what there is to do.
struct Translated {
    kind: &'static str,
    settings: Vec<(&'static str, Setting)>,
    to_do: Vec<String>,
    /// A key of the scheme that comes to nothing, and why.
    unused: Option<(&'static str, &'static str)>,
}

/// OpenID Connect Discovery 1.0 section 4: where an issuer's own document stands.
const DISCOVERY: &str = "/.well-known/openid-configuration";

impl Importer<'_, '_> {
    /// The way in that a scheme becomes.
    ///
    /// # Errors
    ///
    /// Why it becomes none.
    pub(super) fn way(&mut self, scheme: &str) -> Result<Way, String> {
        if let Some(known) = self.ways.known.get(scheme) {
            return known.clone();
        }
        let way = self.new_way(scheme);
        if let (Err(reason), Some(at)) = (&way, self.document.component("securitySchemes", scheme)) {
            self.leave_out(&at.pointer, reason.clone());
        }
        self.ways.known.insert(scheme.to_owned(), way.clone());
        way
    }

    fn new_way(&mut self, scheme: &str) -> Result<Way, String> {
        let at = self.document.component("securitySchemes", scheme);
        let at = at.ok_or_else(|| format!("the document describes no security scheme {scheme:?}"))?;
        self.used.insert(at.pointer.clone());
        let resolved = self.document.resolve(at.node, &at.pointer)?;
        self.used.insert(resolved.pointer.clone());
        let (first, at) = (at.pointer, resolved.pointer);
        let members = resolved.node.object().ok_or("a security scheme is an object")?;
        let Translated { kind, settings, to_do, unused } = translate(scheme, members)?;
        if let Some((key, reason)) = unused {
            self.leave_out(&below(&at, key), reason);
        }
        let settings: Vec<_> = settings.into_iter().map(|(key, setting)| (key.to_owned(), setting)).collect();
        let scopes = kind == "jwt";
        // Two schemes that look for the same thing at the same place are one way in.
        let alike = |it: &&(Written, _)| it.0.kind == kind && it.0.settings == settings && !scopes;
        if let Some((written, _)) = self.ways.written.iter().find(alike) {
            return Ok(Way { name: written.name.clone(), scopes });
        }
        let name = unique(&legal(scheme, "._-", "way"), &mut self.ways.names);
        let lines = to_do
            .into_iter()
            .map(|text| Line { pointer: first.clone(), text: format!("[auth.{name}]: {text}") });
        self.ways.written.push((Written { name: name.clone(), kind, settings }, lines.collect()));
        Ok(Way { name, scopes })
    }
}

/// What a scheme becomes.
fn translate(name: &str, scheme: &Object<'_>) -> Result<Translated, String> {
    let text = |key: &str| scheme.get(key).and_then(Node::text);
    match text("type") {
        Some("apiKey") => api_key(text("in"), text("name")),
        Some("http") => match text("scheme").map(str::to_ascii_lowercase).as_deref() {
            Some("basic") => Ok(Translated {
                kind: "basic",
                settings: vec![("forward", true.into())],
                to_do: vec!["give consumers their passwords, in [consumers]".to_owned()],
                unused: None,
            }),
            Some("bearer")
                if text("bearerFormat").is_some_and(|it| it.to_ascii_lowercase().contains("jwt")) =>
            {
                Ok(token(name, None))
            }
            Some("bearer") => Ok(keys(
                ("authorization", "Bearer"),
                "the document does not say what the bearer token is: it is taken for a key of a consumer; give them \
                 their keys in [consumers], or write a way in of the kind jwt or introspection instead",
            )),
            Some(other) => Err(format!("there is no way in for the HTTP scheme {other:?}")),
            None => Err("it does not say which HTTP scheme it is".to_owned()),
        },
        Some("oauth2") => Ok(token(name, None)),
        Some("openIdConnect") => {
            let issuer = text("openIdConnectUrl").and_then(|url| url.strip_suffix(DISCOVERY));
            let issuer = issuer.filter(|issuer| issuer.starts_with("https://"));
            let unused = issuer.is_none().then_some(("openIdConnectUrl", "no issuer can be read from it"));
            Ok(Translated { unused, ..token(name, issuer) })
        }
        Some("mutualTLS") => {
            Err("client certificates are asked for by a listener: see server.client_certificates, \
                                  and write a way in of the kind certificate"
                .to_owned())
        }
        Some(other) => Err(format!("there is no way in for security of the type {other:?}")),
        None => Err("it does not say of which type it is".to_owned()),
    }
}

fn api_key(place: Option<&str>, name: Option<&str>) -> Result<Translated, String> {
    const TO_DO: &str = "give consumers their keys, in [consumers] or a [store]";
    let name = name.filter(|name| !name.is_empty()).ok_or("it does not say where the key stands")?;
    match place {
        Some("header") => match name.parse::<HeaderName>() {
            Ok(AUTHORIZATION) => Ok(keys(
                ("authorization", "Bearer"),
                "the document does not say after which scheme the key stands in Authorization: Bearer is guessed; \
                 give consumers their keys",
            )),
            Ok(COOKIE) => {
                Err("a key in Cookie is the value of one cookie, and it does not say of which".to_owned())
            }
            Ok(_) => Ok(keys(("header", name), TO_DO)),
            Err(_) => Err(format!("{name:?} cannot name a header field")),
        },
        Some("query") => Ok(keys(("query", name), TO_DO)),
        // RFC 6265 section 4.1.1: a cookie's name is a token, as a method is one.
        Some("cookie") if http::Method::from_bytes(name.as_bytes()).is_ok() => {
            Ok(keys(("cookie", name), TO_DO))
        }
        Some("cookie") => Err(format!("{name:?} cannot be the name of a cookie")),
        _ => Err("it does not say where the key stands".to_owned()),
    }
}

/// Keys of consumers. The upstream is the service that the document describes, and asks for the key itself.
fn keys(place: (&'static str, &str), to_do: &str) -> Translated {
    let settings = vec![(place.0, place.1.into()), ("format", "any".into()), ("forward", true.into())];
    Translated { kind: "api_key", settings, to_do: vec![to_do.to_owned()], unused: None }
}

/// Tokens of an issuer; where nobody knows of whom, of one that there can never be (RFC 6761 section 6.4).
fn token(name: &str, issuer: Option<&str>) -> Translated {
    let name = legal(name, "._-", "way").to_ascii_lowercase();
    let nobody = format!("https://issuer.invalid/{name}");
    let mut to_do = Vec::new();
    if issuer.is_none() {
        to_do.push("write who issues the tokens: the document does not say".to_owned());
    }
    to_do.push("write whom the tokens are for (audiences): no document says".to_owned());
    let settings =
        vec![("issuer", issuer.unwrap_or(&nobody).into()), ("audiences", "https://audience.invalid".into())];
    Translated { kind: "jwt", settings, to_do, unused: None }
}

// === impl Ways ===

impl Ways {
    pub(super) fn new(taken: &BTreeSet<String>) -> Self {
        let mut names = taken.clone();
        // It would let everybody in.
        names.insert("public".to_owned());
        let closed = unique("closed", &mut names);
        Self { names, closed, ..Self::default() }
    }

    /// The name of the way in, and of the policy, for routes that nobody may use.
    pub(super) fn closed(&self) -> &str {
        &self.closed
    }

    /// What is written, and what there is to do about it.
    pub(super) fn sections(self, to_do: &mut Vec<Line>, with_closed: bool) -> Vec<Section> {
        let mut sections = Vec::new();
        if with_closed {
            let why = "For routes whose security the import could not express: nobody may use them.";
            sections.push(Section::at(["policies"]).with(&self.closed, "false").comment(why));
            let way = Section::at(["auth", &self.closed, "api_key"]).with("header", "x-closed");
            sections.push(way.comment("No consumer has such a key."));
        }
        for (Written { name, kind, settings }, lines) in self.written {
            let mut section = Section::at(["auth", &name, kind]);
            section.settings = settings;
            for line in lines {
                section = section.comment(format!("To do: {}.", line.text));
                to_do.push(line);
            }
            sections.push(section);
        }
        sections
    }
}
