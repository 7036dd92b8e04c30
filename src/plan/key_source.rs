//! Key sets that are fetched, and issuers that say where theirs are: ready to be fetched.

use std::time::Duration;

use sha2::{Digest as _, Sha256};
use url::Url;

use super::compile::{Context, Pointer};
use super::{Endpoint, Target};
use crate::auth::discovery::{self, Kind};
use crate::auth::key_source::life::Life;
use crate::auth::key_source::{Place, Provider, Source, freshness};
use crate::auth::origin::Origins;
use crate::config::auth::fetch::Fetch;

/// How documents are fetched where the author does not say otherwise; see [`Fetch`].
const USUAL: Life = Life {
    refresh: Duration::from_secs(15 * 60),
    grace: Duration::from_secs(24 * 60 * 60),
    cool_down: Duration::from_secs(30),
    timeout: Duration::from_secs(2),
};
/// The largest key set: hundreds of keys with their certificates.
const LIMIT: usize = 256 << 10;
/// The longest time that a fetch may take: a request may wait for it.
const LONGEST_FETCH: Duration = Duration::from_secs(10);

/// What an author writes about an issuer, and where.
#[derive(Debug)]
pub(super) struct Issuer<'a> {
    /// Its name, which is where it is: `iss` of its tokens.
    pub(super) issuer: (&'a Pointer, &'a str),
    /// Origins beside its own.
    pub(super) origins: (&'a Pointer, &'a [String]),
    /// Which document it publishes.
    pub(super) kind: Kind,
}

impl Context<'_> {
    /// A key set at an address.
    pub(super) fn key_set_at(
        &mut self,
        at: &Pointer,
        address: &str,
        (at_fetch, fetch): (&Pointer, Option<&Fetch>),
    ) -> Option<Source> {
        let (life, limit) = self.life(at_fetch, fetch);
        let endpoint = self.endpoint(at, address, "fetching keys")?;
        self.warn_of_forgetting(at);
        let id = digest(["jwks", &endpoint.target.address(), endpoint.path.as_str()]);
        Some(Source { place: Place::Address(endpoint), life, limit, id })
    }

    /// The key set of an issuer that says where it is.
    pub(super) fn key_set_of(
        &mut self,
        issuer: &Issuer<'_>,
        (at_fetch, fetch): (&Pointer, Option<&Fetch>),
    ) -> Option<Source> {
        let (life, limit) = self.life(at_fetch, fetch);
        let provider = self.provider(issuer, life)?;
        self.warn_of_forgetting(issuer.issuer.0);
        let id = digest(["keys of", &hex(&provider.id)]);
        Some(Source { place: Place::Provider(provider), life, limit, id })
    }

    fn provider(&mut self, written: &Issuer<'_>, life: Life) -> Option<Provider> {
        let (at, issuer) = written.issuer;
        let url = self.issuer(at, issuer)?;
        let own = Target::of(&url)?;
        let path = discovery::location(&url, written.kind).parse().ok()?;
        let document = Endpoint { target: own.clone(), path };
        self.called.insert(own.address().into(), "discovery".into());
        let (at_origins, origins) = written.origins;
        let mut others = Vec::new();
        for (text, at) in origins.iter().zip(at_origins.indices()) {
            others.extend(self.origin(&at, text, own.secure));
        }
        let mut parts = vec!["provider", issuer, document.path.as_str()];
        parts.extend(origins.iter().map(String::as_str));
        let id = digest(parts);
        Some(Provider { issuer: issuer.into(), document, origins: Origins::new(own, others), life, id })
    }

    /// OpenID Connect Discovery 1.0 section 3 and RFC 8414 section 2: an address without query and fragment. Both want
    /// https; http is for tests, and for networks of one's own.
    fn issuer(&mut self, at: &Pointer, text: &str) -> Option<Url> {
        let problem = match Url::parse(text) {
            Ok(url) if !matches!(url.scheme(), "http" | "https") || url.host_str().is_none() => {
                "an issuer whose documents are to be found is an http or https address"
            }
            Ok(url) if !url.username().is_empty() || url.password().is_some() => {
                "an issuer holds no credentials"
            }
            Ok(url) if url.query().is_some() || url.fragment().is_some() => {
                "an issuer has no query and no fragment"
            }
            Ok(url) => return Some(url),
            Err(_) => "an issuer whose documents are to be found is an address",
        };
        self.error(at, format!("\"{text}\": {problem}")).help(
            "such as \"https://id.example.com\"; where the issuer is only a name, say where its keys are",
        );
        None
    }

    fn origin(&mut self, at: &Pointer, text: &str, secure: bool) -> Option<Target> {
        let url = Url::parse(text).ok().filter(|url| url.path() == "/" && url.query().is_none());
        let bare = url
            .filter(|url| url.username().is_empty() && url.password().is_none() && url.fragment().is_none());
        let Some(target) = bare.as_ref().and_then(Target::of) else {
            self.error(at, format!("\"{text}\" is not an origin"))
                .help("a scheme, a host, and perhaps a port: \"https://keys.example.com\"");
            return None;
        };
        if secure && !target.secure {
            self.error(at, format!("\"{text}\" is http, and the issuer is https"))
                .help("whoever listens in between could put keys of their own there; write https");
        }
        self.called.insert(target.address().into(), "discovery".into());
        Some(target)
    }

    fn life(&mut self, at: &Pointer, written: Option<&Fetch>) -> (Life, usize) {
        let Some(written) = written else { return (USUAL, LIMIT) };
        let refresh = self.duration_or(&at.key("refresh"), written.refresh.as_ref(), USUAL.refresh);
        if !(freshness::SHORTEST..=freshness::LONGEST).contains(&refresh) {
            self.error(
                &at.key("refresh"),
                "keys are fetched again at most once a minute, and at least once a day",
            )
            .help("choose a span from \"1m\" to \"24h\"");
        }
        let grace = match &written.grace {
            Some(text) => self.duration(&at.key("grace"), text).unwrap_or(Duration::ZERO),
            None => USUAL.grace,
        };
        let cool_down = self.duration_or(&at.key("cool_down"), written.cool_down.as_ref(), USUAL.cool_down);
        let timeout = self.timeout(&at.key("timeout"), written.timeout.as_ref(), USUAL.timeout);
        let limit = self.bytes_or(&at.key("size"), written.size.as_ref(), LIMIT);
        (Life { refresh, grace, cool_down, timeout }, limit)
    }

    /// How long somebody whom the gateway asks may take.
    pub(super) fn timeout(
        &mut self,
        at: &Pointer,
        text: Option<&crate::config::DurationText>,
        usual: Duration,
    ) -> Duration {
        let timeout = self.duration_or(at, text, usual);
        if timeout > LONGEST_FETCH {
            self.error(at, "requests would wait that long for an answer")
                .help("choose a span of at most \"10s\"");
        }
        timeout
    }

    /// A component forgets everything after each request.
    fn warn_of_forgetting(&mut self, at: &Pointer) {
        if self.abilities.remembers || self.has_store {
            return;
        }
        let host = self.abilities.name;
        let message =
            format!("{host} keeps nothing between requests: the issuer is asked for its keys each time");
        let help = match self.abilities.stores {
            true => "add [store], where the keys are kept",
            false => "write the keys into the configuration, or use the component for Spin and [store]",
        };
        self.report(crate::diagnostic::Diagnostic::warning(at.into(), message)).help(help);
    }
}

/// A digest of all of them, which no other list of texts has.
fn digest<'a>(parts: impl IntoIterator<Item = &'a str>) -> [u8; 32] {
    let mut hasher = Sha256::new();
    for part in parts {
        hasher.update((part.len() as u64).to_le_bytes());
        hasher.update(part.as_bytes());
    }
    hasher.finalize().into()
}

fn hex(bytes: &[u8]) -> String {
    use std::fmt::Write as _;
    bytes.iter().fold(String::new(), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}
