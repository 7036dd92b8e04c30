//! Clients that prove who they are by a certificate: good ones, and every kind of bad one.

use std::net::SocketAddr;
use std::sync::Arc;

use native_runner::serve::reload;
use rcgen::{
    BasicConstraints, CertificateParams, DnType, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair, SanType,
    date_time_ymd,
};
use rustls::client::Resumption;
use rustls::{ClientConfig, HandshakeKind, RootCertStore};
use rustls_pki_types::pem::PemObject as _;
use rustls_pki_types::{CertificateDer, PrivateKeyDer, ServerName};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;

use crate::support::gateway::Directory;
use crate::support::h2::Client;
use crate::support::{Gateway, within};

const ROUTES: &str = r#"
[auth.mtls.certificate]
subject = "san_uri"
allow = "spiffe://example.org/*"

[[routes]]
id = "open"
match = { path = "/open" }
auth = "public"
respond = { body = "open" }

[[routes]]
id = "closed"
match = { path = "/closed" }
auth = "mtls"
respond = { body = "closed" }
"#;

/// Signs certificates of servers and of clients.
struct Authority {
    issuer: Issuer<'static, KeyPair>,
    pem: String,
}

/// A certificate and its key, as PEM.
struct Identity(String, String);

impl Authority {
    fn new() -> Self {
        let mut params = CertificateParams::new(Vec::new()).unwrap();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let key = KeyPair::generate().unwrap();
        let pem = params.self_signed(&key).unwrap().pem();
        Self { issuer: Issuer::new(params, key), pem }
    }

    fn sign(&self, change: impl FnOnce(&mut CertificateParams)) -> Identity {
        let key = KeyPair::generate().unwrap();
        let mut params = CertificateParams::new(Vec::new()).unwrap();
        params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ClientAuth];
        change(&mut params);
        Identity(params.signed_by(&key, &self.issuer).unwrap().pem(), key.serialize_pem())
    }

    /// A good client of this name.
    fn client(&self, name: &str) -> Identity {
        self.sign(|params| named(params, name))
    }
}

fn named(params: &mut CertificateParams, name: &str) {
    params.distinguished_name.push(DnType::CommonName, name);
    let uri = format!("spiffe://example.org/{name}");
    params.subject_alt_names.push(SanType::URI(uri.try_into().unwrap()));
}

/// A gateway whose TLS listener asks in this mode for certificates of `clients`.
fn gateway(server: &Authority, clients: &Authority, mode: &str) -> Gateway {
    let directory = Directory::new();
    let own = server.sign(|params| {
        params.subject_alt_names.push(SanType::DnsName("gateway.example".try_into().unwrap()));
        params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
    });
    directory.write("server.pem", &own.0);
    directory.write("server.key", &own.1);
    directory.write("clients.pem", &clients.pem);
    let keys = format!(
        "listen_tls = \"127.0.0.1:0\"\ncertificates = [{{ chain = \"server.pem\", key = \"server.key\" }}]\n\
         client_certificates = [{{ ca = \"clients.pem\", mode = \"{mode}\" }}]"
    );
    Gateway::with(directory, 1, &keys, ROUTES)
}

fn connector(server: &Authority, identity: Option<&Identity>, protocol: &str) -> TlsConnector {
    let mut roots = RootCertStore::empty();
    roots.add(CertificateDer::from_pem_slice(server.pem.as_bytes()).unwrap()).unwrap();
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions().unwrap();
    let config = config.with_root_certificates(roots);
    let mut config = match identity {
        None => config.with_no_client_auth(),
        Some(Identity(chain, key)) => {
            let chain = vec![CertificateDer::from_pem_slice(chain.as_bytes()).unwrap()];
            config
                .with_client_auth_cert(chain, PrivateKeyDer::from_pem_slice(key.as_bytes()).unwrap())
                .unwrap()
        }
    };
    config.resumption = Resumption::in_memory_sessions(4);
    config.alpn_protocols = vec![protocol.as_bytes().to_vec()];
    TlsConnector::from(Arc::new(config))
}

async fn connect(connector: &TlsConnector, address: SocketAddr) -> std::io::Result<TlsStream<TcpStream>> {
    let stream = TcpStream::connect(address).await.unwrap();
    let name = ServerName::try_from("gateway.example").unwrap();
    within("the handshake", connector.connect(name, stream)).await
}

/// Sends a request; the status, or why there is none. In TLS 1.3 a client learns only then that it was not wanted.
async fn ask(stream: &mut TlsStream<TcpStream>, path: &str) -> std::io::Result<u16> {
    stream.write_all(format!("GET {path} HTTP/1.1\r\nHost: a\r\n\r\n").as_bytes()).await?;
    let mut answer = Vec::new();
    while !answer.windows(4).any(|end| end == b"\r\n\r\n") || !ends(&answer) {
        let mut bytes = [0; 4096];
        match within("the answer", stream.read(&mut bytes)).await? {
            0 => return Err(std::io::ErrorKind::UnexpectedEof.into()),
            count => answer.extend_from_slice(&bytes[..count]),
        }
    }
    Ok(String::from_utf8_lossy(&answer[9..12]).parse().unwrap())
}

/// Whether the announced length is there.
fn ends(answer: &[u8]) -> bool {
    let text = String::from_utf8_lossy(answer).to_lowercase();
    let (head, body) = text.split_once("\r\n\r\n").unwrap();
    let length = head.lines().find_map(|line| line.strip_prefix("content-length: ")).unwrap();
    body.len() >= length.trim().parse().unwrap()
}

/// A request over a connection of its own.
async fn once(
    gateway: &Gateway,
    server: &Authority,
    identity: Option<&Identity>,
    path: &str,
) -> std::io::Result<u16> {
    let mut stream = connect(&connector(server, identity, "http/1.1"), gateway.address).await?;
    ask(&mut stream, path).await
}

/// Certificates that are not good enough for anything, each with what is wrong with it.
fn bad(clients: &Authority) -> [(&'static str, Identity); 4] {
    [
        ("another authority's", Authority::new().client("billing")),
        (
            "expired",
            clients.sign(|params| {
                named(params, "billing");
                params.not_before = date_time_ymd(2000, 1, 1);
                params.not_after = date_time_ymd(2001, 1, 1);
            }),
        ),
        (
            "not valid yet",
            clients.sign(|params| {
                named(params, "billing");
                params.not_before = date_time_ymd(2090, 1, 1);
            }),
        ),
        (
            "a server's",
            clients.sign(|params| {
                named(params, "billing");
                params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
            }),
        ),
    ]
}

#[tokio::test]
async fn where_a_certificate_is_required_nobody_comes_in_without() {
    let (server, clients) = (Authority::new(), Authority::new());
    let gateway = gateway(&server, &clients, "required");
    let billing = clients.client("billing");
    assert_eq!(once(&gateway, &server, Some(&billing), "/closed").await.unwrap(), 200);
    let record = gateway.record().await;
    assert_eq!(
        (&record["auth"], &record["subject"]),
        (&"mtls".into(), &"spiffe://example.org/billing".into())
    );
    assert!(once(&gateway, &server, None, "/open").await.is_err());
    for (what, identity) in bad(&clients) {
        assert!(once(&gateway, &server, Some(&identity), "/open").await.is_err(), "{what}");
    }
    // Signed by the right authority, and not let in: that is the way in's affair.
    let other = clients.sign(|params| {
        params.subject_alt_names.push(SanType::URI("spiffe://other.example/a".try_into().unwrap()));
    });
    assert_eq!(once(&gateway, &server, Some(&other), "/open").await.unwrap(), 200);
    assert_eq!(once(&gateway, &server, Some(&other), "/closed").await.unwrap(), 401);
    assert_eq!(gateway.records(3).await.len(), 3);
}

#[tokio::test]
async fn where_it_is_optional_routes_say_who_needs_one() {
    let (server, clients) = (Authority::new(), Authority::new());
    let gateway = gateway(&server, &clients, "optional");
    let billing = clients.client("billing");
    assert_eq!(once(&gateway, &server, None, "/open").await.unwrap(), 200);
    assert_eq!(once(&gateway, &server, None, "/closed").await.unwrap(), 401);
    assert_eq!(once(&gateway, &server, Some(&billing), "/closed").await.unwrap(), 200);
    // One that is shown must be good, for whatever route.
    for (what, identity) in bad(&clients) {
        assert!(once(&gateway, &server, Some(&identity), "/open").await.is_err(), "{what}");
    }
}

#[tokio::test]
async fn a_field_is_no_certificate() {
    let (server, clients) = (Authority::new(), Authority::new());
    let gateway = gateway(&server, &clients, "optional");
    let mut stream = connect(&connector(&server, None, "http/1.1"), gateway.address).await.unwrap();
    let billing = clients.client("billing").0;
    let body: String = billing.lines().filter(|line| !line.starts_with("-----")).collect();
    assert_eq!(
        ask(&mut stream, &format!("/closed HTTP/1.1\r\nClient-Cert: :{body}:\r\nX-Rest: ")).await.unwrap(),
        401
    );
}

#[tokio::test]
async fn every_request_of_a_connection_is_the_clients() {
    let (server, clients) = (Authority::new(), Authority::new());
    let gateway = gateway(&server, &clients, "optional");
    let billing = clients.client("billing");
    let stream = connect(&connector(&server, Some(&billing), "h2"), gateway.address).await.unwrap();
    let client = Client::over(stream).await;
    for _ in 0..2 {
        assert_eq!(client.get("/closed").await.unwrap().1, "closed");
    }
    let mut stream = connect(&connector(&server, Some(&billing), "http/1.1"), gateway.address).await.unwrap();
    for _ in 0..2 {
        assert_eq!(ask(&mut stream, "/closed").await.unwrap(), 200);
    }
}

/// A session that is resumed has no certificates on the wire; the client is still the one that began it.
#[tokio::test]
async fn a_resumed_session_is_still_the_clients_and_ends_with_the_authority() {
    let (server, clients) = (Authority::new(), Authority::new());
    let gateway = gateway(&server, &clients, "required");
    let mut watch = reload::Watch::new(gateway.directory.path(), &gateway.server).unwrap();
    let billing = clients.client("billing");
    let connector = connector(&server, Some(&billing), "http/1.1");
    let mut first = connect(&connector, gateway.address).await.unwrap();
    assert_eq!(ask(&mut first, "/closed").await.unwrap(), 200);
    let mut second = connect(&connector, gateway.address).await.unwrap();
    assert_eq!(second.get_ref().1.handshake_kind(), Some(HandshakeKind::Resumed));
    assert_eq!(ask(&mut second, "/closed").await.unwrap(), 200);

    let other = Authority::new();
    gateway.directory.write("clients.pem", &other.pem);
    within("the change", watch.changed()).await;
    reload::reload(&gateway.server, gateway.directory.path(), |_| {});
    // Neither anew nor by what it could resume.
    let third = async { ask(&mut connect(&connector, gateway.address).await?, "/open").await };
    assert!(third.await.is_err());
    assert_eq!(once(&gateway, &server, Some(&other.client("shop")), "/closed").await.unwrap(), 200);
    // A connection that is there goes on.
    assert_eq!(ask(&mut second, "/closed").await.unwrap(), 200);

    // A broken file is not taken.
    gateway.directory.write("clients.pem", "nonsense");
    reload::reload(&gateway.server, gateway.directory.path(), |_| {});
    assert_eq!(once(&gateway, &server, Some(&other.client("shop")), "/closed").await.unwrap(), 200);
}

#[tokio::test]
async fn listeners_ask_for_certificates_of_their_own_authorities() {
    let (server, first, second) = (Authority::new(), Authority::new(), Authority::new());
    let directory = Directory::new();
    let own = server.sign(|params| {
        params.subject_alt_names.push(SanType::DnsName("gateway.example".try_into().unwrap()));
        params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
    });
    directory.write("server.pem", &own.0);
    directory.write("server.key", &own.1);
    directory.write("first.pem", &first.pem);
    directory.write("second.pem", &second.pem);
    let keys = "listen_tls = [\"127.0.0.1:0\", \"127.0.0.2:0\", \"127.0.0.3:0\"]\n\
                certificates = [{ chain = \"server.pem\", key = \"server.key\" }]\n\
                client_certificates = [{ ca = \"first.pem\", listen = \"127.0.0.1:0\" }, \
                { ca = \"second.pem\", listen = \"127.0.0.2:0\" }]";
    let gateway = Gateway::with(directory, 1, keys, ROUTES);
    let (a, b) = (first.client("a"), second.client("b"));
    let statuses = async |identity: Option<&Identity>| {
        let mut statuses = Vec::new();
        for (address, _) in gateway.server.addresses() {
            let connector = connector(&server, identity, "http/1.1");
            let asked = async { ask(&mut connect(&connector, *address).await?, "/closed").await };
            statuses.push(asked.await.ok());
        }
        statuses
    };
    assert_eq!(statuses(Some(&a)).await, [Some(200), None, Some(401)]);
    assert_eq!(statuses(Some(&b)).await, [None, Some(200), Some(401)]);
    assert_eq!(statuses(None).await, [None, None, Some(401)]);
}
