//! What a signature covers: one component identifier (RFC 9421 sections 2.1 and 2.2).

use http::HeaderName;
use sfv::{BareItem, FieldType, Item, Parameters};

use super::Rejection;

/// A component identifier that can be used in a request.
#[derive(Debug, Clone, PartialEq)]
pub struct Component {
    /// What it is.
    pub(super) kind: Kind,
    /// As it stands in the signature base.
    pub(super) identifier: String,
}

#[derive(Debug, Clone, PartialEq)]
pub(super) enum Kind {
    Derived(Derived),
    /// RFC 9421 section 2.2.8: the query parameter of this name, percent-encoded.
    QueryParam(String),
    /// RFC 9421 section 2.1.
    Field(HeaderName, Form),
}

/// A component that is derived from the request as a whole (RFC 9421 section 2.2).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Derived {
    /// `@method`.
    Method,
    /// `@target-uri`.
    TargetUri,
    /// `@authority`.
    Authority,
    /// `@scheme`.
    Scheme,
    /// `@request-target`.
    RequestTarget,
    /// `@path`.
    Path,
    /// `@query`.
    Query,
}

/// How the value of a field is written (RFC 9421 sections 2.1.1 to 2.1.3).
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Form {
    /// As it stands.
    Plain,
    /// `sf`: as the structured field that it is.
    Structured,
    /// `key`: this member of the dictionary that it is.
    Member(String),
    /// `bs`: line by line, as byte sequences.
    Binary,
}

/// The parameters of a component identifier (RFC 9421 section 6.5.2).
#[derive(Default)]
struct Flags {
    structured: bool,
    binary: bool,
    key: Option<String>,
    name: Option<String>,
}

// === impl Component ===

impl Component {
    /// Reads a component identifier out of `Signature-Input`.
    pub(super) fn new(item: &Item) -> Result<Self, Rejection> {
        let identifier = item.serialize();
        match kind(item) {
            Ok(kind) => Ok(Self { kind, identifier }),
            Err(why) => Err(Rejection::Component { identifier, why }),
        }
    }

    /// As it stands in `Signature-Input` and in the signature base: its name in quotes, then its parameters.
    pub fn identifier(&self) -> &str {
        &self.identifier
    }

    /// Why this component is not accepted.
    pub(super) fn refuse(&self, why: &'static str) -> Rejection {
        Rejection::Component { identifier: self.identifier.clone(), why }
    }
}

fn kind(item: &Item) -> Result<Kind, &'static str> {
    let BareItem::String(name) = &item.bare_item else { return Err("it is not a string") };
    let flags = Flags::read(&item.params)?;
    let Some(derived) = name.as_str().strip_prefix('@') else {
        let form = flags.form()?;
        // RFC 9421 section 2.1: "The component name for an HTTP field is the lowercased form of its field name".
        let name = HeaderName::from_lowercase(name.as_str().as_bytes());
        return Ok(Kind::Field(name.map_err(|_| "it is not the name of a field in lower case")?, form));
    };
    if flags.structured || flags.binary || flags.key.is_some() {
        return Err("the parameter is for fields");
    }
    if derived == "query-param" {
        return flags.name.map(Kind::QueryParam).ok_or("it has no name");
    }
    if flags.name.is_some() {
        return Err("name is for @query-param");
    }
    match Derived::parse(name.as_str()) {
        Some(derived) => Ok(Kind::Derived(derived)),
        // RFC 9421 section 2.2.9: "The @status component identifier MUST NOT be used in a request message." And
        // section 2.3: @signature-params "MUST NOT be listed".
        None => Err("requests have no such component"),
    }
}

// === impl Flags ===

impl Flags {
    /// RFC 9421 section 2.5: a parameter that is not understood is an error; so are `req` in a request, and `tr` where
    /// trailers are not collected.
    fn read(params: &Parameters) -> Result<Self, &'static str> {
        let mut flags = Self::default();
        for (name, value) in params {
            match (name.as_str(), value) {
                ("sf", BareItem::Boolean(true)) => flags.structured = true,
                ("bs", BareItem::Boolean(true)) => flags.binary = true,
                ("key", BareItem::String(key)) => flags.key = Some(key.as_str().to_owned()),
                ("name", BareItem::String(name)) => flags.name = Some(name.as_str().to_owned()),
                ("req", _) => return Err("req is for responses"),
                ("tr", _) => return Err("trailers cannot be covered"),
                _ => return Err("its parameters are not understood"),
            }
        }
        Ok(flags)
    }

    /// RFC 9421 section 2.1: `bs` "is not compatible with the use of the sf or key parameters"; `sf` beside `key` is
    /// redundant.
    fn form(self) -> Result<Form, &'static str> {
        match (self.name, self.binary, self.structured, self.key) {
            (Some(_), ..) => Err("name is for @query-param"),
            (None, false, _, Some(key)) => Ok(Form::Member(key)),
            (None, false, true, None) => Ok(Form::Structured),
            (None, true, false, None) => Ok(Form::Binary),
            (None, false, false, None) => Ok(Form::Plain),
            (None, true, ..) => Err("bs goes with no other parameter"),
        }
    }
}

// === impl Derived ===

impl Derived {
    /// Every one that can be asked for.
    pub const ALL: [Self; 7] = [
        Self::Method,
        Self::TargetUri,
        Self::Authority,
        Self::Scheme,
        Self::RequestTarget,
        Self::Path,
        Self::Query,
    ];

    /// The component of this name, with its `@`.
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|derived| derived.as_str() == name)
    }

    /// Its name, with its `@`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Method => "@method",
            Self::TargetUri => "@target-uri",
            Self::Authority => "@authority",
            Self::Scheme => "@scheme",
            Self::RequestTarget => "@request-target",
            Self::Path => "@path",
            Self::Query => "@query",
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use sfv::Parser;

    use super::*;

    fn component(text: &str) -> Result<Component, Rejection> {
        Component::new(&Parser::new(text).parse::<Item>().unwrap())
    }

    #[test]
    fn identifiers() {
        let field = |name: &'static str, form| Kind::Field(HeaderName::from_static(name), form);
        for (text, kind) in [
            ("\"@method\"", Kind::Derived(Derived::Method)),
            ("\"@target-uri\"", Kind::Derived(Derived::TargetUri)),
            ("\"@query\"", Kind::Derived(Derived::Query)),
            ("\"@query-param\";name=\"a%20b\"", Kind::QueryParam("a%20b".to_owned())),
            ("\"cache-control\"", field("cache-control", Form::Plain)),
            ("\"priority\";sf", field("priority", Form::Structured)),
            ("\"priority\";key=\"u\"", field("priority", Form::Member("u".to_owned()))),
            ("\"priority\";sf;key=\"u\"", field("priority", Form::Member("u".to_owned()))),
            ("\"cookie\";bs", field("cookie", Form::Binary)),
        ] {
            let component = component(text).unwrap();
            assert_eq!(component.kind, kind, "{text}");
            assert_eq!(component.identifier(), text);
        }
    }

    #[test]
    fn refused() {
        for text in [
            "token",
            "1",
            "\"\"",
            "\"Date\"",
            "\"da te\"",
            "\"date:\"",
            "\"@\"",
            "\"@Method\"",
            "\"@status\"",
            "\"@signature-params\"",
            "\"@query-params\"",
            "\"@query-param\"",
            "\"@query-param\";name=a",
            "\"@query-param\";name",
            "\"@method\";sf",
            "\"@method\";name=\"a\"",
            "\"@method\";req",
            "\"date\";req",
            "\"date\";req=?0",
            "\"date\";tr",
            "\"date\";name=\"a\"",
            "\"date\";unknown",
            "\"date\";bs=?0",
            "\"date\";sf=1",
            "\"date\";key",
            "\"date\";key=u",
            "\"date\";bs;sf",
            "\"date\";bs;key=\"u\"",
        ] {
            assert!(matches!(component(text), Err(Rejection::Component { .. })), "{text}");
        }
    }
}
