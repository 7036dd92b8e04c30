//! What upstreams are shown, ready to be shown.

use http::header::{AUTHORIZATION, HeaderValue};
use sha2::{Digest as _, Sha256};

use super::compile::{Context, Pointer};
use super::template::ValueTemplate;
use super::{Action, HeaderEdit, Route, Upstream};
use crate::config::credentials::{
    AwsCredentials, BasicCredentials, ClientAuthentication as Written, ClientCredentials, SignedContent,
};
use crate::config::{self, OneOrMany};
use crate::credentials::grant::{ClientAuthentication, GrantPlan, RESERVED};
use crate::credentials::sigv4::Scope;
use crate::credentials::{Aws, Credentials, TokenClient};
use crate::identity::fold::FoldedNames;

/// The largest content that is collected to be signed, where nothing is said.
const MOST_CONTENT: u64 = 1 << 20;

impl Context<'_> {
    pub(super) fn credentials(
        &mut self,
        at: &Pointer,
        upstream: &str,
        written: &config::Credentials,
    ) -> Option<Credentials> {
        let config::Credentials { headers, basic, client_credentials, aws } = written;
        let mut found = Vec::new();
        let mut given = 0;
        if let Some(headers) = headers {
            given += 1;
            found.extend(self.secret_fields(&at.key("headers"), headers));
        }
        if let Some(basic) = basic {
            given += 1;
            found.extend(self.basic_credentials(&at.key("basic"), basic));
        }
        if let Some(client) = client_credentials {
            given += 1;
            found.extend(self.token_client(&at.key("client_credentials"), upstream, client));
        }
        if let Some(aws) = aws {
            given += 1;
            found.extend(self.aws(&at.key("aws"), aws));
        }
        if given != 1 {
            self.error(at, format!("the credentials are of {given} kinds, and need exactly one"))
                .help("headers, basic, client_credentials or aws");
        }
        found.pop().filter(|_| given == 1)
    }

    fn secret_fields(
        &mut self,
        at: &Pointer,
        written: &std::collections::BTreeMap<String, String>,
    ) -> Option<Credentials> {
        let mut edits = Vec::new();
        for (name, text) in written {
            let at = at.key(name);
            let (name, value) = (self.editable(&at, name), self.value_template(&at, text));
            if let (Some(name), Some(value)) = (name, value) {
                if value.variables().next().is_none() {
                    self.error(&at, "a secret stands in no file: this must have a variable in it").help(
                        "such as \"Bearer ${billing_token}\"; what is no secret goes into headers of a route",
                    );
                }
                edits.push(HeaderEdit::Set(name, vec![value]));
            }
        }
        if written.is_empty() {
            self.error(at, "there is no field to set").help("such as Authorization = \"Bearer ${token}\"");
        }
        let names = FoldedNames::new(written.keys().map(String::as_str));
        Some(Credentials::Fields { edits, names })
    }

    fn basic_credentials(&mut self, at: &Pointer, written: &BasicCredentials) -> Option<Credentials> {
        let user = self.value_template(&at.key("user"), &written.user);
        let password = self.secret(&at.key("password"), &written.password);
        let user = user?;
        // RFC 7617 section 2.
        if matches!(&user, ValueTemplate::Fixed(name) if name.as_bytes().contains(&b':')) {
            self.error(&at.key("user"), "the name has no colon: nobody could tell where the password begins");
        }
        Some(Credentials::Basic { user, password: password? })
    }

    fn token_client(
        &mut self,
        at: &Pointer,
        upstream: &str,
        written: &ClientCredentials,
    ) -> Option<Credentials> {
        let purpose = format!("tokens for the upstream {upstream}");
        let endpoint = self.endpoint(&at.key("token_url"), &written.token_url, &purpose);
        let client = self.value_template(&at.key("client_id"), &written.client_id);
        let secret = self.secret(&at.key("client_secret"), &written.client_secret);
        let scopes = written.scopes.as_ref().map(OneOrMany::as_slice).unwrap_or_default();
        for (scope, at_scope) in scopes.iter().zip(at.key("scopes").indices()) {
            let listed = matches!(written.scopes, Some(OneOrMany::Many(_)));
            // RFC 6749 section 3.3.
            if scope.is_empty()
                || !scope.bytes().all(|byte| byte.is_ascii_graphic() && !b"\"\\".contains(&byte))
            {
                let at = if listed { at_scope } else { at.key("scopes") };
                self.error(&at, format!("{scope:?} is not a scope"))
                    .help("several scopes are a list: [\"read\", \"write\"]");
            }
        }
        for name in written.parameters.keys().filter(|name| RESERVED.contains(&name.as_str())) {
            let at = at.key("parameters").key(name);
            self.error(&at, format!("the parameter {name} is the gateway's own"))
                .help("it has a setting beside parameters, or is always the same");
        }
        let parameters =
            written.parameters.iter().map(|(name, value)| (name.as_str().into(), value.as_str().into()));
        let grant = GrantPlan {
            authentication: match written.authentication {
                None | Some(Written::Basic) => ClientAuthentication::Basic,
                Some(Written::Post) => ClientAuthentication::Post,
            },
            scope: (!scopes.is_empty()).then(|| scopes.join(" ").into()),
            audience: written.audience.as_deref().map(Into::into),
            parameters: parameters.collect(),
        };
        // Written from types that were read from text: it cannot fail.
        let fingerprint = Sha256::digest(serde_json::to_vec(written).unwrap_or_default()).into();
        let (endpoint, client, secret) = (endpoint?, client?, secret?);
        Some(Credentials::Token(Box::new(TokenClient { endpoint, client, secret, grant, fingerprint })))
    }

    fn aws(&mut self, at: &Pointer, written: &AwsCredentials) -> Option<Credentials> {
        for (key, text) in [("region", &written.region), ("service", &written.service)] {
            let valid = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
            if text.is_empty() || !text.bytes().all(valid) {
                self.error(&at.key(key), format!("\"{text}\" cannot be the name of a {key}")).help(
                    match key {
                        "region" => "such as \"eu-central-1\"",
                        _ => "such as \"execute-api\", \"lambda\" or \"s3\"",
                    },
                );
            }
        }
        let id = self.value_template(&at.key("access_key_id"), &written.access_key_id);
        let secret = self.secret(&at.key("secret_access_key"), &written.secret_access_key);
        let session = match &written.session_token {
            Some(text) => Some(self.secret(&at.key("session_token"), text)?),
            None => None,
        };
        let most = written.most_content.as_ref();
        let most_content = most.map_or(MOST_CONTENT, |text| self.size(&at.key("most_content"), text));
        let signs_content = written.content != Some(SignedContent::Unsigned);
        let scope =
            Scope { region: written.region.as_str().into(), service: written.service.as_str().into() };
        let (id, secret) = (id?, secret?);
        Some(Credentials::Aws(Box::new(Aws { id, secret, session, scope, signs_content, most_content })))
    }

    /// Text that may have variables in it.
    fn value_template(&mut self, at: &Pointer, text: &str) -> Option<ValueTemplate> {
        match ValueTemplate::parse(text) {
            Ok(ValueTemplate::Fixed(value)) if value == HeaderValue::from_static("") => {
                self.error(at, "this cannot be empty");
                None
            }
            Ok(template) => {
                self.variables.extend(template.variables().map(Into::into));
                Some(template)
            }
            Err(message) => {
                self.error(at, message);
                None
            }
        }
    }

    /// Two that would write the same field: the gateway's token about the caller, and its own credentials.
    pub(super) fn credentials_and_tokens(&mut self, routes: &[Route], upstreams: &[Upstream]) {
        for route in routes {
            let (Some(token), Action::Proxy(proxy)) = (&route.identity.token, &route.action) else {
                continue;
            };
            let clashes = |upstream: &&Upstream| match &upstream.credentials {
                None => false,
                Some(Credentials::Fields { names, .. }) => names.contains(token.header.as_str()),
                Some(_) => token.header == AUTHORIZATION,
            };
            let all = proxy.all_upstreams().into_iter().filter_map(|index| upstreams.get(index));
            for upstream in all.filter(clashes) {
                let place = crate::diagnostic::Place::new(&*route.origin.0, &*route.origin.1);
                let (header, name) = (&token.header, &upstream.name);
                let message =
                    format!("the token and the credentials of the upstream \"{name}\" both write {header}");
                self.report(crate::diagnostic::Diagnostic::error(place, message))
                    .help("give the token another header, which is the default");
            }
        }
    }
}
