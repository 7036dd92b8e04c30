//! A bearer token that its issuer is asked about (RFC 7662).

use std::time::Duration;

use super::super::compile::{Context, Pointer};
use crate::auth::introspection::Introspection;
use crate::auth::introspection::client::{Client, Shown};
use crate::auth::introspection::verdict::Requirements;
use crate::auth::introspection::verdict_cache::Keep;
use crate::config::DurationText;
use crate::config::auth::introspection as config;

/// How long a token that was revoked may still work, unless the author says otherwise.
const KEEP: Keep = Keep { active: Duration::from_secs(30), refused: Duration::from_secs(5) };
/// How long an answer may take, unless the author says otherwise.
const TIMEOUT: Duration = Duration::from_secs(2);

impl Context<'_> {
    pub(super) fn introspection(
        &mut self,
        at: &Pointer,
        written: &config::Introspection,
    ) -> Option<Introspection> {
        let endpoint = self.endpoint(&at.key("endpoint"), &written.endpoint, "token introspection");
        let client = self.introspection_client(at, written);
        let keep = Keep {
            active: self.span_or_off(&at.key("cache"), written.cache.as_ref(), KEEP.active),
            refused: self.span_or_off(&at.key("cache_refused"), written.cache_refused.as_ref(), KEEP.refused),
        };
        let required = Requirements {
            issuer: written.issuer.as_deref().map(Into::into),
            audiences: written.audiences.iter().map(|audience| audience.as_str().into()).collect(),
        };
        Some(Introspection {
            client: client?,
            required,
            roles: self.claim(&at.key("roles"), written.roles.as_deref()),
            groups: self.claim(&at.key("groups"), written.groups.as_deref()),
            keep,
            timeout: self.timeout(&at.key("timeout"), written.timeout.as_ref(), TIMEOUT),
            endpoint: endpoint?,
        })
    }

    /// `None` where there is a mistake.
    fn introspection_client(
        &mut self,
        at: &Pointer,
        written: &config::Introspection,
    ) -> Option<Option<Client>> {
        let (id, secret) = match (&written.client_id, &written.client_secret) {
            (Some(id), Some(secret)) => (id, secret),
            (None, None) => {
                if written.client_authentication.is_some() {
                    self.error(&at.key("client_authentication"), "there is no secret that could stand there")
                        .help("give client_id and client_secret too");
                }
                return Some(None);
            }
            (Some(_), None) => {
                self.error(&at.key("client_id"), "client_id needs client_secret beside it")
                    .help("such as client_secret = \"${introspection_secret}\"");
                return None;
            }
            (None, Some(_)) => {
                self.error(&at.key("client_secret"), "client_secret needs client_id beside it");
                return None;
            }
        };
        let secret = self.secret(&at.key("client_secret"), secret)?;
        let shown = match written.client_authentication {
            None | Some(config::SecretPlace::Basic) => Shown::Basic,
            Some(config::SecretPlace::Post) => Shown::Post,
        };
        Some(Some(Client { id: id.as_str().into(), secret, shown }))
    }

    /// A span of time; none for `"off"`.
    fn span_or_off(&mut self, at: &Pointer, text: Option<&DurationText>, usual: Duration) -> Duration {
        match text {
            Some(text) => self.duration(at, text).unwrap_or(Duration::ZERO),
            None => usual,
        }
    }
}
