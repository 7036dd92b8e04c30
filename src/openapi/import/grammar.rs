//! What stands where in an OpenAPI document, and what becomes of it.
//!
//! OpenAPI 3.0.4 section 4.8 and 3.1.1 section 4.8: one table for each kind of object. What a table does not have is
//! reported as unknown, so that nothing is passed over because nobody thought of it.

/// A kind of object.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Root,
    Server,
    Variable,
    PathItem,
    Operation,
    Components,
    ApiKey,
    HttpScheme,
    OAuth2,
    OpenIdConnect,
    OtherScheme,
}

/// What becomes of a member.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum What {
    /// It is in the configuration.
    Taken,
    /// It is in the configuration where the import has used it.
    TakenIfUsed(&'static str),
    /// It is there for people, and changes nothing that happens.
    Documentation,
    /// It is not in the configuration.
    Left(&'static str),
    /// It is an object of this kind.
    One(Kind),
    /// It is a list of these.
    List(Kind),
    /// It is a map of these, by names that are the document's.
    Map(Kind),
    /// It is a security scheme, by its name.
    Schemes,
}

use What::{Documentation, Left, List, Map, One, Schemes, Taken, TakenIfUsed};

/// What is checked about requests and answers is another matter than where they go.
const VALIDATION: &str = "requests and answers are not validated";
const LINKS: &str = "what a client may ask next is the client's business";
const CALLBACKS: &str = "the service asks its clients by it, not they the service";
const FLOWS: &str = "the gateway checks tokens, and fetches none for clients";
const DEPRECATED: &str =
    "it has no date, which the gateway would tell clients: see [apis] for versions that have one";

const ROOT: &[(&str, What)] = &[
    ("openapi", Taken),
    ("info", Documentation),
    ("jsonSchemaDialect", Left(VALIDATION)),
    ("servers", List(Kind::Server)),
    ("paths", Map(Kind::PathItem)),
    ("webhooks", Left(CALLBACKS)),
    ("components", One(Kind::Components)),
    ("security", TakenIfUsed("each operation says its own")),
    ("tags", Documentation),
    ("externalDocs", Documentation),
];

const SERVER: &[(&str, What)] =
    &[("url", Taken), ("description", Documentation), ("variables", Map(Kind::Variable))];

const VARIABLE: &[(&str, What)] = &[
    ("default", Taken),
    ("enum", Left("an upstream has one address: that of the default")),
    ("description", Documentation),
];

const PATH_ITEM: &[(&str, What)] = &[
    ("summary", Documentation),
    ("description", Documentation),
    ("get", One(Kind::Operation)),
    ("put", One(Kind::Operation)),
    ("post", One(Kind::Operation)),
    ("delete", One(Kind::Operation)),
    ("options", One(Kind::Operation)),
    ("head", One(Kind::Operation)),
    ("patch", One(Kind::Operation)),
    ("trace", One(Kind::Operation)),
    ("servers", List(Kind::Server)),
    ("parameters", Left(VALIDATION)),
];

const OPERATION: &[(&str, What)] = &[
    ("tags", Documentation),
    ("summary", Documentation),
    ("description", Documentation),
    ("externalDocs", Documentation),
    ("operationId", Taken),
    ("parameters", Left(VALIDATION)),
    ("requestBody", Left(VALIDATION)),
    ("responses", Left(VALIDATION)),
    ("callbacks", Left(CALLBACKS)),
    ("deprecated", Left(DEPRECATED)),
    ("security", Taken),
    ("servers", List(Kind::Server)),
];

const COMPONENTS: &[(&str, What)] = &[
    ("schemas", Left(VALIDATION)),
    ("responses", Left(VALIDATION)),
    ("parameters", Left(VALIDATION)),
    ("examples", Documentation),
    ("requestBodies", Left(VALIDATION)),
    ("headers", Left(VALIDATION)),
    ("securitySchemes", Schemes),
    ("links", Left(LINKS)),
    ("callbacks", Left(CALLBACKS)),
    ("pathItems", Map(Kind::PathItem)),
];

const API_KEY: &[(&str, What)] =
    &[("type", Taken), ("description", Documentation), ("name", Taken), ("in", Taken)];

const HTTP_SCHEME: &[(&str, What)] =
    &[("type", Taken), ("description", Documentation), ("scheme", Taken), ("bearerFormat", Taken)];

const OAUTH2: &[(&str, What)] = &[("type", Taken), ("description", Documentation), ("flows", Left(FLOWS))];

const OPEN_ID_CONNECT: &[(&str, What)] =
    &[("type", Taken), ("description", Documentation), ("openIdConnectUrl", Taken)];

// === impl Kind ===

impl Kind {
    /// Its members, by name.
    fn members(self) -> &'static [(&'static str, What)] {
        match self {
            Self::Root => ROOT,
            Self::Server => SERVER,
            Self::Variable => VARIABLE,
            Self::PathItem => PATH_ITEM,
            Self::Operation => OPERATION,
            Self::Components => COMPONENTS,
            Self::ApiKey => API_KEY,
            Self::HttpScheme => HTTP_SCHEME,
            Self::OAuth2 => OAUTH2,
            Self::OpenIdConnect => OPEN_ID_CONNECT,
            Self::OtherScheme => &[],
        }
    }

    /// What becomes of the member `name`.
    pub(super) fn member(self, name: &str) -> What {
        let known = self.members().iter().find(|(known, _)| *known == name);
        match known {
            Some((_, what)) => *what,
            // Specification Extensions.
            None if name.starts_with("x-") => Left("an extension of the document's maker"),
            None => Left("OpenAPI has no such key here"),
        }
    }

    /// The security scheme of this type.
    pub(super) fn of_scheme(name: Option<&str>) -> Self {
        match name {
            Some("apiKey") => Self::ApiKey,
            Some("http") => Self::HttpScheme,
            Some("oauth2") => Self::OAuth2,
            Some("openIdConnect") => Self::OpenIdConnect,
            _ => Self::OtherScheme,
        }
    }

    /// Why one of these that nobody has used is left out; `None` for what is used by being there.
    pub(super) fn unused(self) -> Option<&'static str> {
        match self {
            Self::Server => Some("no operation that is taken over is served by it"),
            Self::PathItem
            | Self::ApiKey
            | Self::HttpScheme
            | Self::OAuth2
            | Self::OpenIdConnect
            | Self::OtherScheme => Some("nothing that is taken over refers to it"),
            _ => None,
        }
    }
}
