//! The native runner's listeners and their limits, ready to run.

use std::net::SocketAddr;
use std::time::Duration;

use super::compile::{Context, Pointer};
use crate::config::{ClientCertificateMode, OneOrMany, Server, ServerLimits};

/// The native runner's listeners and their limits. See [`crate::config::Server`] for each.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ServerPlan {
    /// Where requests come in.
    pub listeners: Vec<Listener>,
    /// Certificates for TLS listeners.
    pub certificates: Vec<CertificateFiles>,
    /// Who may have signed clients' certificates; listeners refer to them by index.
    pub client_authorities: Vec<ClientAuthority>,
    /// The operator's address.
    pub admin: Option<SocketAddr>,
    /// The variable with the token for managing consumers, keys and revocations there.
    pub admin_token: Option<Box<str>>,
    /// How long requests in flight may go on after SIGTERM.
    pub drain: Duration,
    /// The longest request line, in bytes.
    pub request_line: usize,
    /// The size of all header fields, in bytes.
    pub headers: usize,
    /// The number of header fields.
    pub header_count: usize,
    /// How long the head may take.
    pub header_time: Duration,
    /// How long a connection may be idle.
    pub idle: Duration,
    /// Connections at once.
    pub connections: usize,
    /// Requests at once.
    pub in_flight: usize,
}

/// Where requests come in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Listener {
    /// The address.
    pub address: SocketAddr,
    /// Whether TLS is spoken there.
    pub secure: bool,
    /// The index of the authorities that clients' certificates must be from; `None` where clients are asked for none.
    pub clients: Option<usize>,
}

/// Who may have signed a client's certificate.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClientAuthority {
    /// A file of PEM certificates, relative to the configuration's directory.
    pub ca: Box<str>,
    /// Whether the handshake fails without a certificate.
    pub required: bool,
}

/// A certificate chain and its key, as files relative to the configuration's directory.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CertificateFiles {
    /// The chain.
    pub chain: Box<str>,
    /// The private key.
    pub key: Box<str>,
}

const DEFAULT_LISTEN: &str = "127.0.0.1:8080";
const DEFAULT_ADMIN: &str = "127.0.0.1:9901";

impl Context<'_> {
    /// The listeners of `written`, or the default ones.
    pub(super) fn server(&mut self, at: &Pointer, written: Option<&Server>) -> ServerPlan {
        let default = Server::default();
        let server = written.unwrap_or(&default);
        let limits_default = ServerLimits::default();
        let limits = server.limits.as_ref().unwrap_or(&limits_default);
        let at_limits = at.key("limits");
        let mut listeners = self.listeners(at, server);
        let plan = ServerPlan {
            client_authorities: self.client_authorities(at, server, &mut listeners),
            listeners,
            certificates: server
                .certificates
                .iter()
                .map(|files| CertificateFiles {
                    chain: files.chain.as_str().into(),
                    key: files.key.as_str().into(),
                })
                .collect(),
            admin: self.admin(at, server.admin.as_deref()),
            admin_token: server
                .admin_token
                .as_deref()
                .and_then(|text| self.secret(&at.key("admin_token"), text)),
            drain: self.duration_or(&at.key("drain"), server.drain.as_ref(), Duration::from_secs(30)),
            request_line: self.bytes_or(
                &at_limits.key("request_line"),
                limits.request_line.as_ref(),
                8 << 10,
            ),
            headers: self.bytes_or(&at_limits.key("headers"), limits.headers.as_ref(), 32 << 10),
            header_count: limits.header_count.unwrap_or(100) as usize,
            header_time: self.duration_or(
                &at_limits.key("header_time"),
                limits.header_time.as_ref(),
                Duration::from_secs(10),
            ),
            idle: self.duration_or(&at_limits.key("idle"), limits.idle.as_ref(), Duration::from_secs(75)),
            connections: limits.connections.unwrap_or(10_000) as usize,
            in_flight: limits.in_flight.unwrap_or(10_000) as usize,
        };
        self.check_limits(&at_limits, &plan);
        plan
    }

    fn listeners(&mut self, at: &Pointer, server: &Server) -> Vec<Listener> {
        let default = (server.listen.is_none() && server.listen_tls.is_none())
            .then(|| OneOrMany::One(DEFAULT_LISTEN.to_owned()));
        let plain = server.listen.as_ref().or(default.as_ref());
        let mut listeners = Vec::new();
        for (key, written, secure) in
            [("listen", plain, false), ("listen_tls", server.listen_tls.as_ref(), true)]
        {
            for text in written.map(OneOrMany::as_slice).unwrap_or_default() {
                match text.parse() {
                    Ok(address) => listeners.push(Listener { address, secure, clients: None }),
                    Err(_) => self.not_an_address(&at.key(key), text),
                }
            }
        }
        if server.listen_tls.is_some() && server.certificates.is_empty() {
            let place = at.key("listen_tls");
            self.error(&place, "listen_tls needs certificates, and there are none")
                .help("add [[server.certificates]] with chain and key");
        }
        listeners
    }

    /// Tells the listeners whom they ask for certificates.
    fn client_authorities(
        &mut self,
        at: &Pointer,
        server: &Server,
        listeners: &mut [Listener],
    ) -> Vec<ClientAuthority> {
        let mut authorities = Vec::new();
        for (written, at) in server.client_certificates.iter().zip(at.key("client_certificates").indices()) {
            let index = authorities.len();
            authorities.push(ClientAuthority {
                ca: written.ca.as_str().into(),
                required: written.mode != Some(ClientCertificateMode::Optional),
            });
            let named = written.listen.as_ref().map(OneOrMany::as_slice);
            let at = if named.is_some() { at.key("listen") } else { at };
            for name in named.unwrap_or_default() {
                let is = |listener: &&Listener| name.parse() == Ok(listener.address) && listener.secure;
                if !listeners.iter().any(|listener| is(&listener)) {
                    self.error(&at, format!("\"{name}\" is not an address of listen_tls"))
                        .help("write it as it stands there");
                }
            }
            let named =
                named.map(|names| names.iter().filter_map(|name| name.parse().ok()).collect::<Vec<_>>());
            let meant = |listener: &&mut Listener| {
                listener.secure && named.as_ref().is_none_or(|named| named.contains(&listener.address))
            };
            let mut meant = listeners.iter_mut().filter(meant).peekable();
            if meant.peek().is_none() && named.is_none() {
                self.error(&at, "no listener speaks TLS, and only there are certificates asked for")
                    .help("add listen_tls");
                continue;
            }
            for listener in meant {
                if listener.clients.replace(index).is_some_and(|before| before != index) {
                    let message = format!("{} asks for certificates by two tables", listener.address);
                    self.error(&at, message).help("say in each with listen which listener it is for");
                }
            }
        }
        authorities
    }

    fn admin(&mut self, at: &Pointer, written: Option<&str>) -> Option<SocketAddr> {
        match written.unwrap_or(DEFAULT_ADMIN) {
            "off" => None,
            text => match text.parse() {
                Ok(address) => Some(address),
                Err(_) => {
                    self.not_an_address(&at.key("admin"), text);
                    None
                }
            },
        }
    }

    fn not_an_address(&mut self, at: &Pointer, text: &str) {
        self.error(at, format!("\"{text}\" is not an address and a port"))
            .help("such as \"127.0.0.1:8080\", or \"0.0.0.0:8080\" or \"[::]:8080\" for every address of the machine");
    }

    fn check_limits(&mut self, at: &Pointer, plan: &ServerPlan) {
        for (key, value) in [
            ("header_count", plan.header_count),
            ("connections", plan.connections),
            ("in_flight", plan.in_flight),
            ("request_line", plan.request_line),
            ("headers", plan.headers),
        ] {
            if value == 0 {
                self.error(&at.key(key), "a limit of 0 would refuse everything");
            }
        }
        if plan.request_line > (1 << 20) || plan.headers > (16 << 20) || plan.header_count > 4096 {
            self.error(at, "request_line is at most 1MiB, headers 16MiB and header_count 4096");
        }
    }
}
