//! TLS on both sides: certificates by name, changed while connections live, and upstreams that must prove themselves.

use std::net::SocketAddr;
use std::sync::Arc;

use native_runner::serve::reload;
use rcgen::{BasicConstraints, CertificateParams, IsCa, Issuer, KeyPair};
use rustls::{ClientConfig, RootCertStore, ServerConfig};
use rustls_pki_types::pem::PemObject as _;
use rustls_pki_types::{CertificateDer, PrivateKeyDer, ServerName};
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::client::TlsStream;
use tokio_rustls::{TlsAcceptor, TlsConnector};

use crate::support::gateway::Directory;
use crate::support::h2::Client;
use crate::support::wire::{field, status};
use crate::support::{Gateway, Wire, within};

const FIXED: &str =
    "[[routes]]\nauth = \"public\"\nid = \"fixed\"\nrespond = { status = 200, body = \"ok\" }";

/// Signs certificates.
struct Authority {
    issuer: Issuer<'static, KeyPair>,
    pem: String,
}

impl Authority {
    fn new() -> Self {
        let mut params = CertificateParams::new(Vec::new()).unwrap();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let key = KeyPair::generate().unwrap();
        let pem = params.self_signed(&key).unwrap().pem();
        Self { issuer: Issuer::new(params, key), pem }
    }

    /// A chain and its key, as PEM.
    fn sign(&self, names: &[&str]) -> (String, String) {
        let names: Vec<_> = names.iter().map(|name| (*name).to_owned()).collect();
        let key = KeyPair::generate().unwrap();
        let certificate = CertificateParams::new(names).unwrap().signed_by(&key, &self.issuer).unwrap();
        (certificate.pem(), key.serialize_pem())
    }

    /// Writes both as files of this name.
    fn write(&self, directory: &Directory, name: &str, names: &[&str]) {
        let (chain, key) = self.sign(names);
        directory.write(&format!("{name}.key"), &key);
        directory.write(&format!("{name}.pem"), &chain);
    }

    fn client(&self, protocols: &[&str]) -> TlsConnector {
        let mut roots = RootCertStore::empty();
        roots.add(CertificateDer::from_pem_slice(self.pem.as_bytes()).unwrap()).unwrap();
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let config =
            ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions().unwrap();
        let mut config = config.with_root_certificates(roots).with_no_client_auth();
        config.alpn_protocols = protocols.iter().map(|name| name.as_bytes().to_vec()).collect();
        TlsConnector::from(Arc::new(config))
    }

    async fn connect(
        &self,
        address: SocketAddr,
        name: &str,
        protocols: &[&str],
    ) -> std::io::Result<TlsStream<TcpStream>> {
        let stream = TcpStream::connect(address).await.unwrap();
        let name = ServerName::try_from(name.to_owned()).unwrap();
        within("the handshake", self.client(protocols).connect(name, stream)).await
    }
}

/// The first name of the certificate that was shown.
fn shown(stream: &TlsStream<TcpStream>) -> Vec<u8> {
    stream.get_ref().1.peer_certificates().unwrap()[0].to_vec()
}

fn gateway(directory: Directory, names: &[&str]) -> Gateway {
    let files =
        |name: &&str| format!("[[server.certificates]]\nchain = \"{name}.pem\"\nkey = \"{name}.key\"\n");
    let certificates: String = names.iter().map(files).collect();
    Gateway::with(directory, 1, &format!("listen_tls = \"127.0.0.1:0\"\n{certificates}"), FIXED)
}

#[tokio::test]
async fn certificates_are_chosen_by_name() {
    let authority = Authority::new();
    let directory = Directory::new();
    authority.write(&directory, "first", &["first.example"]);
    authority.write(&directory, "second", &["second.example", "third.example"]);
    authority.write(&directory, "wild", &["*.wild.example"]);
    let gateway = gateway(directory, &["first", "second", "wild"]);
    for name in ["first.example", "second.example", "THIRD.example", "a.wild.example"] {
        let stream = authority.connect(gateway.address, name, &[]).await.unwrap();
        let mut client = Wire::new(stream);
        client.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n").await;
        assert_eq!(client.message().await.1, "ok", "{name}");
    }
    // One label only (RFC 9525 section 6.3); and for unknown names the first, which then does not convince.
    for name in ["a.b.wild.example", "unknown.example"] {
        let error = authority.connect(gateway.address, name, &[]).await.unwrap_err();
        assert!(error.to_string().contains("certificate"), "{error}");
    }
    // Names behind TLS are seen as such.
    assert_eq!(gateway.records(4).await.len(), 4);
}

#[tokio::test]
async fn the_version_is_agreed_on() {
    let authority = Authority::new();
    let directory = Directory::new();
    authority.write(&directory, "first", &["first.example"]);
    let gateway = gateway(directory, &["first"]);
    let stream = authority.connect(gateway.address, "first.example", &["h2", "http/1.1"]).await.unwrap();
    assert_eq!(stream.get_ref().1.alpn_protocol(), Some(&b"h2"[..]));
    let client = Client::over(stream).await;
    assert_eq!(client.get("/").await.unwrap().1, "ok");
    let stream = authority.connect(gateway.address, "first.example", &["http/1.1"]).await.unwrap();
    let mut client = Wire::new(stream);
    client.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n").await;
    assert_eq!(status(&client.message().await.0), 200);
    let records = gateway.records(2).await;
    assert_eq!((&records[0]["version"], &records[1]["version"]), (&"2".into(), &"1.1".into()));
}

#[tokio::test]
async fn changed_certificates_are_taken() {
    let authority = Authority::new();
    let directory = Directory::new();
    authority.write(&directory, "first", &["first.example"]);
    let gateway = gateway(directory, &["first"]);
    let mut watch = reload::Watch::new(gateway.directory.path(), &gateway.server).unwrap();
    let stream = authority.connect(gateway.address, "first.example", &[]).await.unwrap();
    let before = shown(&stream);
    let mut client = Wire::new(stream);
    client.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n").await;
    client.message().await;
    authority.write(&gateway.directory, "first", &["first.example"]);
    within("the change", watch.changed()).await;
    reload::reload(&gateway.server, gateway.directory.path(), |_| {});
    let stream = authority.connect(gateway.address, "first.example", &[]).await.unwrap();
    let after = shown(&stream);
    assert_ne!(before, after);
    // The old connection goes on.
    client.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n").await;
    assert_eq!(client.message().await.1, "ok");
    // A broken one is not taken.
    gateway.directory.write("first.key", "nonsense");
    reload::reload(&gateway.server, gateway.directory.path(), |_| {});
    let stream = authority.connect(gateway.address, "first.example", &[]).await.unwrap();
    assert_eq!(shown(&stream), after);
}

/// An upstream with this certificate, which speaks what the client offers first.
async fn upstream(authority: &Authority, name: &str, http2: bool) -> SocketAddr {
    let (chain, key) = authority.sign(&[name]);
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = ServerConfig::builder_with_provider(provider).with_safe_default_protocol_versions().unwrap();
    let chain = vec![CertificateDer::from_pem_slice(chain.as_bytes()).unwrap()];
    let key = PrivateKeyDer::from_pem_slice(key.as_bytes()).unwrap();
    let mut config = config.with_no_client_auth().with_single_cert(chain, key).unwrap();
    config.alpn_protocols = vec![if http2 { b"h2".to_vec() } else { b"http/1.1".to_vec() }];
    let acceptor = TlsAcceptor::from(Arc::new(config));
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            let Ok(stream) = acceptor.accept(stream).await else { continue };
            tokio::spawn(async move {
                if http2 { answer_http2(stream).await } else { answer_http1(stream).await }
            });
        }
    });
    address
}

async fn answer_http1(stream: tokio_rustls::server::TlsStream<TcpStream>) {
    let mut wire = Wire::new(stream);
    wire.head().await;
    wire.send("HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\n1.1").await;
}

async fn answer_http2(stream: tokio_rustls::server::TlsStream<TcpStream>) {
    let mut connection = h2::server::handshake(stream).await.unwrap();
    while let Some(Ok((request, mut respond))) = connection.accept().await {
        assert_eq!(request.uri().scheme_str(), Some("https"));
        let mut stream = respond.send_response(http::Response::new(()), false).unwrap();
        stream.send_data(bytes::Bytes::from_static(b"2"), true).unwrap();
    }
}

#[tokio::test]
async fn upstreams_prove_who_they_are() {
    let (authority, other) = (Authority::new(), Authority::new());
    for (keys, http2, expected) in [
        ("tls = { ca = \"ca.pem\", server_name = \"up.example\" }", false, "1.1"),
        ("tls = { ca = \"ca.pem\", server_name = \"up.example\" }", true, "2"),
        ("tls = { ca = \"other.pem\", server_name = \"up.example\" }", false, "#upstream-tls"),
        ("tls = { ca = \"ca.pem\", server_name = \"another.example\" }", false, "#upstream-tls"),
        ("tls = { ca = \"ca.pem\" }", false, "#upstream-tls"),
        ("", false, "#upstream-tls"),
        ("protocol = \"http1\"\ntls = { ca = \"ca.pem\", server_name = \"up.example\" }", false, "1.1"),
        ("protocol = \"http2\"\ntls = { ca = \"ca.pem\", server_name = \"up.example\" }", true, "2"),
        (
            "protocol = \"http2\"\ntls = { ca = \"ca.pem\", server_name = \"up.example\" }",
            false,
            "#upstream-tls",
        ),
    ] {
        let address = upstream(&authority, "up.example", http2).await;
        let directory = Directory::new();
        directory.write("ca.pem", &authority.pem);
        directory.write("other.pem", &other.pem);
        let rest = format!(
            "[upstreams.up]\nurl = \"https://{address}\"\n{keys}\n[[routes]]\nauth = \"public\"\nid = \"all\"\nupstream = \"up\""
        );
        let gateway = Gateway::with(directory, 1, "", &rest);
        let mut client = gateway.connect().await;
        client.get("/").await;
        let (head, body) = client.message().await;
        assert!(body.contains(expected), "{keys}: {head}{body}");
        if expected.starts_with('#') {
            assert_eq!(
                (status(&head), field(&head, "proxy-status")),
                (502, Some("tollgate; error=tls_protocol_error"))
            );
            assert!(!body.contains("example"), "{body}");
            assert!(gateway.record().await["cause"].is_string());
        }
    }
}
