//! The places in a case that differ from host to host: `{users.authority}`, `{users.host}`, `{users.port}`, `{client.address}`, `{ada.token}`.

use std::collections::BTreeMap;

use super::case::Case;
use crate::plan::Plan;

/// What stands for each place on one host.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Names(BTreeMap<String, String>);

impl Names {
    /// The names of a plan's upstreams, and the client's address.
    pub fn of(plan: &Plan, client: std::net::IpAddr) -> Self {
        let upstreams = plan.places().flat_map(|(name, target)| {
            [
                (format!("{{{name}.authority}}"), target.authority.to_string()),
                (format!("{{{name}.host}}"), target.host.to_string()),
                (format!("{{{name}.port}}"), target.port.to_string()),
            ]
        });
        Self(upstreams.chain([("{client.address}".to_owned(), client.to_string())]).collect())
    }

    /// The tokens of `case` too, whose claims have these names in them.
    pub fn with_tokens(mut self, case: &Case) -> Result<Self, String> {
        for (name, token) in &case.tokens {
            let signed = token.sign(&self).map_err(|problem| format!("the token {name}: {problem}"))?;
            self.0.insert(format!("{{{name}.token}}"), signed);
        }
        Ok(self)
    }

    /// Fills the places in `text`.
    pub fn fill(&self, text: &str) -> String {
        self.fill_with(text, ToOwned::to_owned)
    }

    /// Fills the places in `text` with what `escape` makes of their values.
    pub fn fill_with(&self, text: &str, escape: impl Fn(&str) -> String) -> String {
        if !text.contains('{') {
            return text.to_owned();
        }
        self.0.iter().fold(text.to_owned(), |text, (place, value)| text.replace(place, &escape(value)))
    }
}
