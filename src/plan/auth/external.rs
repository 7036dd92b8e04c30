//! A service that is asked about each request.

use std::time::Duration;

use http::header::{AUTHORIZATION, COOKIE, HeaderName};

use super::super::compile::{Context, Pointer};
use crate::auth::external::External;
use crate::auth::external::fields::Fields;
use crate::config::auth::external as config;

/// How long an answer may take, unless the author says otherwise.
const TIMEOUT: Duration = Duration::from_secs(2);

impl Context<'_> {
    pub(super) fn external(&mut self, at: &Pointer, written: &config::External) -> Option<External> {
        let endpoint = self.endpoint(&at.key("url"), &written.url, "external authorisation");
        let sent = match &written.send {
            Some(names) => self.fields(&at.key("send"), names),
            None => vec![AUTHORIZATION, COOKIE],
        };
        let fields = Fields {
            sent,
            to_upstream: self.fields(&at.key("to_upstream"), &written.to_upstream),
            to_client: self.fields(&at.key("to_client"), &written.to_client),
            of_refusal: self.fields(&at.key("of_refusal"), &written.of_refusal),
        };
        let timeout = self.timeout(&at.key("timeout"), written.timeout.as_ref(), TIMEOUT);
        let open = written.on_failure == Some(config::OnFailure::Allow);
        Some(External { endpoint: endpoint?, fields, open, timeout })
    }

    /// Names of fields, each once.
    fn fields(&mut self, at: &Pointer, names: &[String]) -> Vec<HeaderName> {
        let mut fields = Vec::new();
        for (name, at) in names.iter().zip(at.indices()) {
            let Some(field) = self.editable(&at, name) else { continue };
            if fields.contains(&field) {
                self.error(&at, format!("\"{name}\" is named twice"));
            } else {
                fields.push(field);
            }
        }
        fields
    }
}
