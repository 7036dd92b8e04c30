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
    Parameter,
    Body,
    Media,
    Response,
    Schema,
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
    /// It is an object of this kind, about what is validated.
    Judged(Kind),
    /// It is a list of these, about what is validated.
    JudgedList(Kind),
    /// It is a map of these, about what is validated.
    JudgedMap(Kind),
}

use What::{Documentation, Judged, JudgedList, JudgedMap, Left, List, Map, One, Schemes, Taken, TakenIfUsed};

/// What is checked about requests and answers is another matter than where they go.
pub(super) const VALIDATION: &str = "requests and answers are not validated";
const DIALECT: &str = "schemas are read as JSON Schema 2020-12";
const FIELDS: &str = "header fields of answers are not judged";
const ENCODING: &str = "only JSON is judged";
const RESERVED: &str = "what is encoded is decoded before it is judged";
const EMPTY: &str = "an empty value is judged as any other";
const LINKS: &str = "what a client may ask next is the client's business";
const CALLBACKS: &str = "the service asks its clients by it, not they the service";
const FLOWS: &str = "the gateway checks tokens, and fetches none for clients";
const DEPRECATED: &str =
    "it has no date, which the gateway would tell clients: see [apis] for versions that have one";

const ROOT: &[(&str, What)] = &[
    ("openapi", Taken),
    ("info", Documentation),
    ("jsonSchemaDialect", Left(DIALECT)),
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
    ("parameters", JudgedList(Kind::Parameter)),
];

const OPERATION: &[(&str, What)] = &[
    ("tags", Documentation),
    ("summary", Documentation),
    ("description", Documentation),
    ("externalDocs", Documentation),
    ("operationId", Taken),
    ("parameters", JudgedList(Kind::Parameter)),
    ("requestBody", Judged(Kind::Body)),
    ("responses", JudgedMap(Kind::Response)),
    ("callbacks", Left(CALLBACKS)),
    ("deprecated", Left(DEPRECATED)),
    ("security", Taken),
    ("servers", List(Kind::Server)),
];

const COMPONENTS: &[(&str, What)] = &[
    ("schemas", JudgedMap(Kind::Schema)),
    ("responses", JudgedMap(Kind::Response)),
    ("parameters", JudgedMap(Kind::Parameter)),
    ("examples", Documentation),
    ("requestBodies", JudgedMap(Kind::Body)),
    ("headers", Left(FIELDS)),
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

const PARAMETER: &[(&str, What)] = &[
    ("name", Taken),
    ("in", Taken),
    ("description", Documentation),
    ("required", Taken),
    ("deprecated", Left(DEPRECATED)),
    ("allowEmptyValue", Left(EMPTY)),
    ("style", Taken),
    ("explode", Taken),
    ("allowReserved", Left(RESERVED)),
    ("schema", One(Kind::Schema)),
    ("example", Documentation),
    ("examples", Documentation),
    ("content", Map(Kind::Media)),
];

const BODY: &[(&str, What)] =
    &[("description", Documentation), ("content", Map(Kind::Media)), ("required", Taken)];

const MEDIA: &[(&str, What)] = &[
    ("schema", One(Kind::Schema)),
    ("example", Documentation),
    ("examples", Documentation),
    ("encoding", Left(ENCODING)),
];

const RESPONSE: &[(&str, What)] = &[
    ("description", Documentation),
    ("headers", Left(FIELDS)),
    ("content", Map(Kind::Media)),
    ("links", Left(LINKS)),
];

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
            Self::Parameter => PARAMETER,
            Self::Body => BODY,
            Self::Media => MEDIA,
            Self::Response => RESPONSE,
            Self::OtherScheme | Self::Schema => &[],
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

    /// Why one of these is left out that stands there, and that nobody has used; `None` for what is used by being there.
    pub(super) fn unused(self, at: &str) -> Option<&'static str> {
        let steps = at.matches('/').count();
        let around = at.rsplit('/').nth(1);
        match self {
            Self::Server => Some("no operation that is taken over is served by it"),
            _ if at.starts_with("/components/") && steps == 3 => {
                Some("nothing that is taken over refers to it")
            }
            Self::Schema if matches!(around, Some("$defs" | "definitions")) => Some("nothing refers to it"),
            _ => None,
        }
    }
}
