//! Upstreams, ready to be called.

use std::hash::{Hash, Hasher};
use std::sync::Arc;

use http::header::HeaderValue;
use http::uri::{Authority, PathAndQuery};
use url::Url;

use super::compile::{Context, Pointer};
use crate::admission::Admission;
use crate::balance::{Balance, Member, Set};
use crate::circuit::Circuit;
use crate::config;
use crate::config::Protocol;
use crate::credentials::Credentials;
use crate::discovery::Source;
use crate::health::Health;
use crate::retry::{Hedge, Retry, TellDeadline};

/// A service behind the gateway.
#[derive(Debug)]
pub struct Upstream {
    /// Its name.
    pub name: Box<str>,
    /// Where it is; of several targets, the first that is written, which says what they have in common.
    pub target: Target,
    /// Its targets, as they are written.
    pub targets: Arc<Set>,
    /// Where its targets are found while the gateway runs.
    pub discovery: Option<Source>,
    /// Which target a request goes to.
    pub balance: Balance,
    /// Which targets are fit to be asked.
    pub health: Health,
    /// When a request is sent again.
    pub retry: Option<Retry>,
    /// When a second request is sent beside the first.
    pub hedge: Option<Hedge>,
    /// When it, or a target of it, is left alone.
    pub circuit: Option<Circuit>,
    /// How much it is asked at once.
    pub admission: Option<Admission>,
    /// How it is told how long the gateway will wait.
    pub tell_deadline: TellDeadline,
    /// What goes before every request's path; empty, or with a slash at the beginning and none at the end.
    pub base: Box<str>,
    /// Whether it gets the client's `Host`.
    pub preserve_host: bool,
    /// What it is shown of the gateway.
    pub credentials: Option<Credentials>,
}

/// An address that the gateway itself calls.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Endpoint {
    /// Where it is.
    pub target: Target,
    /// Path and query.
    pub path: PathAndQuery,
}

/// Where an upstream is and how it is spoken to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Target {
    /// TLS or not.
    pub secure: bool,
    /// Name or address, without brackets.
    pub host: Box<str>,
    /// Port.
    pub port: u16,
    /// Host, and port where it is not the scheme's own: what `Host` and `:authority` say.
    pub authority: Authority,
    /// The same as a header value.
    pub host_header: HeaderValue,
    /// The protocol.
    pub protocol: Protocol,
    /// A file of PEM certificates trusted instead of the platform's, relative to the configuration's directory.
    pub ca: Option<Arc<str>>,
    /// The name the certificate must be for, where it is not `host`.
    pub server_name: Option<Arc<str>>,
    /// How many connections to it there may be at the same time; `None` for any number.
    pub most_connections: Option<u32>,
    /// Tells connections apart: equal for equal targets, in every plan.
    pub key: u64,
}

impl Context<'_> {
    pub(super) fn upstream(
        &mut self,
        at: &Pointer,
        name: &str,
        written: &config::Upstream,
    ) -> Option<Upstream> {
        self.check_abilities(at, written);
        let balance = self.balance(&at.key("balance"), name, written.balance.as_ref());
        let (common, targets) = self.targets(at, written, &balance)?;
        let target =
            targets.members.first().map_or_else(|| common.target.clone(), |first| first.target.clone());
        if written.tls.is_some() && !target.secure {
            self.error(&at.key("tls"), "tls is for https upstreams").help("write https:// in url");
        }
        let discovery = written.discovery.as_ref();
        let discovery =
            discovery.and_then(|it| self.discovery(&at.key("discovery"), it, (&target, &balance)));
        let health = self.health(&at.key("health"), written.health.as_ref(), written.circuit.as_ref());
        let share = health.share.as_ref();
        let circuit = written.circuit.as_ref().and_then(|it| self.circuit(&at.key("circuit"), it, share));
        let admission = written.admission.as_ref().and_then(|it| self.admission(&at.key("admission"), it));
        let retry = match &written.retries {
            Some(retries) => Some(self.retries(&at.key("retries"), retries)),
            None => (targets.members.len() > 1 || written.discovery.is_some()).then(Retry::unsent),
        };
        let hedge = written.hedge.as_ref().and_then(|it| self.hedge(&at.key("hedge"), it));
        let tell_deadline = self.tell_deadline(&at.key("tell_deadline"), written.tell_deadline.as_ref());
        let credentials = match &written.credentials {
            Some(credentials) => Some(self.credentials(&at.key("credentials"), name, credentials)?),
            None => None,
        };
        Some(Upstream {
            name: name.into(),
            target,
            targets: targets.into(),
            discovery,
            balance,
            health,
            retry,
            hedge,
            circuit,
            admission,
            tell_deadline,
            base: common.base,
            preserve_host: written.preserve_host.unwrap_or(false),
            credentials,
        })
    }

    pub(super) fn upstream_url(&mut self, at: &Pointer, text: &str) -> Option<Url> {
        let problem = match Url::parse(text) {
            Ok(url) if !matches!(url.scheme(), "http" | "https") => {
                format!("an upstream speaks http or https, not {}", url.scheme())
            }
            Ok(url) if !url.username().is_empty() || url.password().is_some() => {
                "an upstream's url holds no credentials: they would stand in files and logs".to_owned()
            }
            Ok(url) if url.query().is_some() || url.fragment().is_some() => {
                "an upstream's url has no query and no fragment".to_owned()
            }
            Ok(url) if Target::of(&url).is_none() => format!("\"{text}\" has no host that can be called"),
            Ok(url) => return Some(url),
            Err(error) => format!("\"{text}\" is not an address: {error}"),
        };
        self.error(at, problem).help("such as \"http://127.0.0.1:9001\" or \"https://users.internal/api\"");
        None
    }

    /// An address that the gateway itself calls, for `purpose`. https, or http where the author wrote so.
    pub(super) fn endpoint(&mut self, at: &Pointer, text: &str, purpose: &str) -> Option<Endpoint> {
        let endpoint = Url::parse(text).ok().as_ref().and_then(Endpoint::of);
        match &endpoint {
            Some(endpoint) => drop(self.called.insert(endpoint.target.address().into(), purpose.into())),
            None => self
                .error(at, format!("\"{text}\" is not an address that can be called"))
                .help("http or https, without user, password and fragment: \"https://id.example.com/token\""),
        }
        endpoint
    }

    fn check_abilities(&mut self, at: &Pointer, written: &config::Upstream) {
        let host = self.abilities.name;
        if written.preserve_host == Some(true) && !self.abilities.chooses_host {
            self.error(&at.key("preserve_host"), format!("{host} cannot choose the Host it sends"))
                .help("its host always sends the address it calls; let the upstream read X-Forwarded-Host");
        }
        if written.protocol == Some(Protocol::Http2)
            && written.urls().any(|url| url.starts_with("http:"))
            && !self.abilities.cleartext_http2
        {
            self.error(&at.key("protocol"), format!("{host} cannot speak HTTP/2 without TLS"))
                .help("use https, where HTTP/2 is agreed on by ALPN, or leave protocol out");
        }
        if written.protocol == Some(Protocol::Http1)
            && written.urls().any(|url| url.starts_with("https:"))
            && !self.abilities.chooses_tls
        {
            self.error(&at.key("protocol"), format!("{host} cannot keep to HTTP/1.1 over TLS"))
                .help("its host agrees on the version by ALPN; leave protocol out");
        }
        if written.tls.is_some() && !self.abilities.chooses_tls {
            self.error(&at.key("tls"), format!("{host} cannot choose whom it trusts"))
                .help("its host does: give the host the certificates");
        }
    }
}

// === impl Upstream ===

impl Upstream {
    /// Has the only target at another port.
    pub fn move_to_port(&mut self, port: u16) {
        self.target = self.target.at_port(port);
        self.targets = Set::new(vec![Member::alone(self.target.clone())], &self.balance).into();
    }
}

// === impl Target ===

impl Target {
    /// `scheme://host:port`, as Spin's `allowed_outbound_hosts` has it.
    pub fn address(&self) -> String {
        let scheme = if self.secure { "https" } else { "http" };
        let host = self.authority.host();
        format!("{scheme}://{host}:{}", self.port)
    }

    /// Where `url` leads, spoken to as both sides agree; `None` where it has no host, or is neither http nor https.
    pub fn of(url: &Url) -> Option<Self> {
        let secure = match url.scheme() {
            "https" => true,
            "http" => false,
            _ => return None,
        };
        let host = url.host_str()?;
        let authority: Authority = match url.port() {
            Some(port) => format!("{host}:{port}").parse().ok()?,
            None => host.parse().ok()?,
        };
        let mut target = Self {
            secure,
            host: host.trim_start_matches('[').trim_end_matches(']').into(),
            port: url.port_or_known_default()?,
            host_header: HeaderValue::from_str(authority.as_str()).ok()?,
            authority,
            protocol: Protocol::Auto,
            ca: None,
            server_name: None,
            most_connections: None,
            key: 0,
        };
        target.key = key_of(&target);
        Some(target)
    }

    /// The same service at another host, which is called by its own name; `None` where `host` cannot be one.
    pub fn elsewhere(&self, host: &str, port: u16) -> Option<Self> {
        let bracketed = if host.contains(':') { format!("[{host}]") } else { host.to_owned() };
        let usual = port == (if self.secure { 443 } else { 80 });
        let authority = if usual { bracketed } else { format!("{bracketed}:{port}") };
        let authority: Authority = authority.parse().ok()?;
        let mut target = Self {
            host: host.into(),
            port,
            host_header: HeaderValue::from_str(authority.as_str()).ok()?,
            authority,
            ..self.clone()
        };
        target.key = key_of(&target);
        Some(target)
    }

    /// The same service at an address of its host: it is called, and its certificate is looked at, by the name that it has.
    pub fn at_address(&self, address: &str, port: u16) -> Self {
        let server_name = self.server_name.clone().or_else(|| self.secure.then(|| Arc::from(&*self.host)));
        let mut target = Self { host: address.into(), port, server_name, ..self.clone() };
        target.key = key_of(&target);
        target
    }

    /// The same at another port, for a service that could not have its own.
    pub fn at_port(&self, port: u16) -> Self {
        let name = self.authority.host();
        let authority = if port == (if self.secure { 443 } else { 80 }) {
            name.parse()
        } else {
            format!("{name}:{port}").parse()
        };
        let mut target = Self { port, ..self.clone() };
        if let Ok(authority) = authority {
            target.authority = authority;
        }
        if let Ok(value) = HeaderValue::from_str(target.authority.as_str()) {
            target.host_header = value;
        }
        target.key = key_of(&target);
        target
    }

    /// The same over HTTP/2 and nothing else.
    pub fn over_http2(&self) -> Self {
        let mut target = Self { protocol: Protocol::Http2, ..self.clone() };
        target.key = key_of(&target);
        target
    }
}

// === impl Endpoint ===

impl Endpoint {
    /// The endpoint that `url` names: http or https, without credentials and without a fragment.
    pub fn of(url: &Url) -> Option<Self> {
        if !url.username().is_empty() || url.password().is_some() || url.fragment().is_some() {
            return None;
        }
        let path = match url.query() {
            Some(query) => format!("{}?{query}", url.path()).parse().ok()?,
            None => url.path().parse().ok()?,
        };
        Some(Self { target: Target::of(url)?, path })
    }
}

/// FNV-1a over everything that makes two connections not interchangeable. Keys of a plan are the author's, not a
/// stranger's, so a fixed hash will do.
pub(super) fn key_of(target: &Target) -> u64 {
    struct Fnv(u64);
    impl Hasher for Fnv {
        fn finish(&self) -> u64 {
            self.0
        }
        fn write(&mut self, bytes: &[u8]) {
            for byte in bytes {
                self.0 = (self.0 ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3);
            }
        }
    }
    let mut hasher = Fnv(0xcbf2_9ce4_8422_2325);
    target.secure.hash(&mut hasher);
    target.host.hash(&mut hasher);
    target.port.hash(&mut hasher);
    std::mem::discriminant(&target.protocol).hash(&mut hasher);
    target.ca.hash(&mut hasher);
    target.server_name.hash(&mut hasher);
    hasher.finish()
}
