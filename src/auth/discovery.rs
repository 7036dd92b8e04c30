//! What an OpenID Provider or an OAuth 2.0 server says of itself: OpenID Connect Discovery 1.0 section 4, RFC 8414.

use std::fmt;

use serde::Deserialize;
use serde_json::Value;
use url::Url;

use super::claims::{self, Bounds};
use super::origin::{Address, Foreign, Origins};

/// The largest document, in bytes. The largest of the well-known providers have a tenth of it.
pub const MAX_DOCUMENT: usize = 64 << 10;

/// The lists of large providers have some hundreds of values.
const DOCUMENT: Bounds = Bounds { bytes: MAX_DOCUMENT, depth: 8, values: 4096 };

/// Which document an issuer publishes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Kind {
    /// OpenID Connect Discovery 1.0 section 4.
    OpenId,
    /// RFC 8414.
    OAuth,
}

/// An address that a document names.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Endpoint {
    /// Where the keys are.
    Jwks,
    /// Where the browser is sent for a login.
    Authorization,
    /// Where a code becomes tokens.
    Token,
    /// RFC 7662.
    Introspection,
    /// Claims about the user of an access token.
    Userinfo,
    /// Where the browser is sent for a logout (OpenID Connect RP-Initiated Logout 1.0 section 2.1).
    EndSession,
}

/// What a document says, as far as a gateway has a use for it.
#[derive(Debug, Clone)]
pub struct Metadata {
    issuer: Box<str>,
    endpoints: [Option<Result<Address, Foreign>>; 6],
    lists: Lists,
    authorization_response_iss: bool,
}

/// The lists of what an issuer can do; none where it does not say.
#[derive(Debug, Clone, Default)]
struct Lists {
    code_challenge_methods: Option<Vec<String>>,
    token_auth_methods: Option<Vec<String>>,
    scopes: Option<Vec<String>>,
}

/// What is wrong with a document.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Fault {
    /// It is no JSON object with members of the right types, each once, or too large.
    Malformed(String),
    /// It is another issuer's.
    Issuer(String),
    /// It does not have this address.
    Missing(Endpoint),
    /// This address is not one that may be called.
    Foreign(Endpoint, Foreign),
}

/// The members that are read; any other is left aside.
#[derive(Deserialize)]
struct Document {
    issuer: String,
    jwks_uri: Option<String>,
    authorization_endpoint: Option<String>,
    token_endpoint: Option<String>,
    introspection_endpoint: Option<String>,
    userinfo_endpoint: Option<String>,
    end_session_endpoint: Option<String>,
    code_challenge_methods_supported: Option<Vec<String>>,
    token_endpoint_auth_methods_supported: Option<Vec<String>>,
    scopes_supported: Option<Vec<String>>,
    #[serde(default)]
    authorization_response_iss_parameter_supported: bool,
}

/// Where the document of `issuer` is, from the root of its origin.
pub fn location(issuer: &Url, kind: Kind) -> String {
    // OpenID Connect Discovery 1.0 section 4.1 and RFC 8414 section 3.1: a slash at the end goes first.
    let path = issuer.path().trim_end_matches('/');
    match kind {
        Kind::OpenId => format!("{path}/.well-known/openid-configuration"),
        Kind::OAuth => format!("/.well-known/oauth-authorization-server{path}"),
    }
}

// === impl Metadata ===

impl Metadata {
    /// Reads the document that was fetched for `issuer`.
    pub fn parse(body: &[u8], issuer: &str, origins: &Origins) -> Result<Self, Fault> {
        let members =
            claims::parse(body, DOCUMENT).map_err(|refused| Fault::Malformed(refused.0.to_owned()))?;
        let document: Document = serde_json::from_value(Value::Object(members))
            .map_err(|error| Fault::Malformed(error.to_string()))?;
        // OpenID Connect Discovery 1.0 section 4.3, RFC 8414 section 3.3: MUST be identical, so that no issuer speaks
        // for another.
        if document.issuer != issuer {
            return Err(Fault::Issuer(document.issuer.chars().take(SHOWN).collect()));
        }
        let written = [
            document.jwks_uri,
            document.authorization_endpoint,
            document.token_endpoint,
            document.introspection_endpoint,
            document.userinfo_endpoint,
            document.end_session_endpoint,
        ];
        Ok(Self {
            issuer: issuer.into(),
            // Of one that nobody asks for, it does not matter what is wrong with it.
            endpoints: written.map(|address| address.map(|text| origins.address(&text))),
            lists: Lists {
                code_challenge_methods: document.code_challenge_methods_supported,
                token_auth_methods: document.token_endpoint_auth_methods_supported,
                scopes: document.scopes_supported,
            },
            authorization_response_iss: document.authorization_response_iss_parameter_supported,
        })
    }

    /// The issuer, which is the configured one.
    pub fn issuer(&self) -> &str {
        &self.issuer
    }

    /// One of the issuer's addresses.
    pub fn endpoint(&self, endpoint: Endpoint) -> Result<&Address, Fault> {
        match &self.endpoints[endpoint as usize] {
            Some(Ok(address)) => Ok(address),
            Some(Err(foreign)) => Err(Fault::Foreign(endpoint, *foreign)),
            None => Err(Fault::Missing(endpoint)),
        }
    }

    /// Whether the issuer says that it knows this way to prove who sent the first request of a login (RFC 7636
    /// section 4.3); RFC 8414 section 2: one that says nothing knows none.
    pub fn has_code_challenge_method(&self, method: &str) -> bool {
        self.lists
            .code_challenge_methods
            .as_ref()
            .is_some_and(|methods| methods.iter().any(|it| it == method))
    }

    /// Whether clients may prove who they are in this way. OpenID Connect Discovery 1.0 section 3: by
    /// `client_secret_basic` where nothing is said.
    pub fn has_token_auth_method(&self, method: &str) -> bool {
        match &self.lists.token_auth_methods {
            Some(methods) => methods.iter().any(|it| it == method),
            None => method == "client_secret_basic",
        }
    }

    /// Whether the issuer says that it knows the scope.
    pub fn has_scope(&self, scope: &str) -> bool {
        self.lists.scopes.as_ref().is_some_and(|scopes| scopes.iter().any(|it| it == scope))
    }

    /// RFC 9207 section 3: whether the answer to a login says who the issuer is, and one that does not is refused.
    pub fn names_issuer_in_authorization_response(&self) -> bool {
        self.authorization_response_iss
    }
}

/// How much of what somebody else wrote is shown to the operator.
const SHOWN: usize = 200;

// === impl Endpoint ===

impl Endpoint {
    /// The member's name.
    pub fn name(self) -> &'static str {
        match self {
            Self::Jwks => "jwks_uri",
            Self::Authorization => "authorization_endpoint",
            Self::Token => "token_endpoint",
            Self::Introspection => "introspection_endpoint",
            Self::Userinfo => "userinfo_endpoint",
            Self::EndSession => "end_session_endpoint",
        }
    }
}

// === impl Fault ===

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Malformed(cause) => write!(f, "the issuer's document cannot be read: {cause}"),
            Self::Issuer(other) => write!(f, "the issuer's document is of another issuer, \"{other}\""),
            Self::Missing(endpoint) => write!(f, "the issuer's document has no {}", endpoint.name()),
            Self::Foreign(endpoint, why) => {
                write!(f, "the {} of the issuer's document is not called: {why}", endpoint.name())
            }
        }
    }
}

impl std::error::Error for Fault {}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use serde_json::json;

    use super::super::origin::tests::target;
    use super::*;

    const ISSUER: &str = "https://server.example.com";

    fn parse(document: &Value) -> Result<Metadata, Fault> {
        parse_text(&document.to_string())
    }

    fn parse_text(text: &str) -> Result<Metadata, Fault> {
        let origins = Origins::new(target(ISSUER), [target("https://keys.example.com")]);
        Metadata::parse(text.as_bytes(), ISSUER, &origins)
    }

    /// OpenID Connect Discovery 1.0 section 4.2, shortened.
    fn example() -> Value {
        json!({
            "issuer": "https://server.example.com",
            "authorization_endpoint": "https://server.example.com/connect/authorize",
            "token_endpoint": "https://server.example.com/connect/token",
            "token_endpoint_auth_methods_supported": ["client_secret_basic", "private_key_jwt"],
            "userinfo_endpoint": "https://server.example.com/connect/userinfo",
            "check_session_iframe": "https://server.example.com/connect/check_session",
            "end_session_endpoint": "https://server.example.com/connect/end_session",
            "jwks_uri": "https://server.example.com/jwks.json",
            "scopes_supported": ["openid", "profile", "email", "address", "phone", "offline_access"],
            "response_types_supported": ["code", "code id_token", "id_token", "id_token token"],
            "subject_types_supported": ["public", "pairwise"],
            "claims_parameter_supported": true,
            "ui_locales_supported": ["en-US", "en-GB", "en-CA", "fr-FR", "fr-CA"]
        })
    }

    #[test]
    fn the_documents_example() {
        let metadata = parse(&example()).unwrap();
        assert_eq!(metadata.issuer(), ISSUER);
        assert_eq!(metadata.endpoint(Endpoint::Jwks).unwrap().endpoint.path, "/jwks.json");
        for (endpoint, path) in [
            (Endpoint::Authorization, "/connect/authorize"),
            (Endpoint::Token, "/connect/token"),
            (Endpoint::Userinfo, "/connect/userinfo"),
            (Endpoint::EndSession, "/connect/end_session"),
        ] {
            assert_eq!(metadata.endpoint(endpoint).unwrap().endpoint.path, path);
        }
        assert_eq!(
            metadata.endpoint(Endpoint::Introspection).err(),
            Some(Fault::Missing(Endpoint::Introspection))
        );
        assert!(metadata.has_token_auth_method("private_key_jwt"));
        assert!(!metadata.has_token_auth_method("client_secret_post"));
        assert!(metadata.has_scope("offline_access") && !metadata.has_scope("admin"));
        assert!(!metadata.has_code_challenge_method("S256"));
        assert!(!metadata.names_issuer_in_authorization_response());
    }

    #[test]
    fn what_is_not_said_has_a_meaning() {
        let metadata = parse(&json!({"issuer": ISSUER})).unwrap();
        assert!(metadata.has_token_auth_method("client_secret_basic"));
        assert!(!metadata.has_token_auth_method("client_secret_post"));
    }

    #[test]
    fn another_issuers_document_is_refused() {
        for other in [
            "https://server.example.com/",
            "https://SERVER.example.com",
            "https://evil.example",
            "",
            "server.example.com",
        ] {
            let mut document = example();
            document["issuer"] = json!(other);
            assert_eq!(parse(&document).err(), Some(Fault::Issuer(other.to_owned())), "{other}");
        }
        for wrong in [json!(null), json!(7), json!(["https://server.example.com"])] {
            let mut document = example();
            document["issuer"] = wrong;
            assert!(matches!(parse(&document), Err(Fault::Malformed(_))));
        }
    }

    #[test]
    fn no_address_leads_elsewhere() {
        for (address, why) in [
            ("http://server.example.com/jwks.json", Foreign::Insecure),
            ("https://evil.example/jwks.json", Foreign::Origin),
            ("https://127.0.0.1/jwks.json", Foreign::Origin),
            ("/jwks.json", Foreign::Malformed),
        ] {
            let mut document = example();
            document["jwks_uri"] = json!(address);
            let metadata = parse(&document).unwrap();
            assert_eq!(metadata.endpoint(Endpoint::Jwks).err(), Some(Fault::Foreign(Endpoint::Jwks, why)));
            // The others are not worse for it.
            assert!(metadata.endpoint(Endpoint::Token).is_ok());
        }
        let mut document = example();
        document["jwks_uri"] = json!("https://keys.example.com/v3/certs");
        assert_eq!(
            &*parse(&document).unwrap().endpoint(Endpoint::Jwks).unwrap().endpoint.target.host,
            "keys.example.com"
        );
    }

    #[test]
    fn documents_that_are_none() {
        let twice = r#"{"issuer":"https://server.example.com","issuer":"https://server.example.com"}"#;
        for text in ["", "null", "[]", "{}", "<html>", twice, &"[".repeat(10_000)] {
            assert!(matches!(parse_text(text), Err(Fault::Malformed(_))), "{text:.20}");
        }
        let mut document = example();
        document["padding"] = json!("x".repeat(MAX_DOCUMENT));
        assert!(matches!(parse(&document), Err(Fault::Malformed(_))));
    }

    #[test]
    fn where_documents_are() {
        for (issuer, openid, oauth) in [
            (
                "https://a.test",
                "/.well-known/openid-configuration",
                "/.well-known/oauth-authorization-server",
            ),
            (
                "https://a.test/",
                "/.well-known/openid-configuration",
                "/.well-known/oauth-authorization-server",
            ),
            (
                "https://a.test/t/1",
                "/t/1/.well-known/openid-configuration",
                "/.well-known/oauth-authorization-server/t/1",
            ),
            (
                "https://a.test/t/",
                "/t/.well-known/openid-configuration",
                "/.well-known/oauth-authorization-server/t",
            ),
        ] {
            let issuer = Url::parse(issuer).unwrap();
            assert_eq!(location(&issuer, Kind::OpenId), openid);
            assert_eq!(location(&issuer, Kind::OAuth), oauth);
        }
    }
}
