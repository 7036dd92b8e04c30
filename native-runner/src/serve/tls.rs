//! Certificates for TLS listeners: the server's, chosen by name, and those of whom clients' must be from. All are read
//! again when their files change.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::Context as _;
use arc_swap::ArcSwap;
use rustls::RootCertStore;
use rustls::server::danger::ClientCertVerifier;
use rustls::server::{ClientHello, ResolvesServerCert, ServerConfig, WebPkiClientVerifier};
use rustls::sign::CertifiedKey;
use rustls_pki_types::pem::PemObject as _;
use rustls_pki_types::{CertificateDer, PrivateKeyDer};
use tokio_rustls::TlsAcceptor;
use tollgate::plan::{CertificateFiles, ClientAuthority};

/// Certificates in force.
#[derive(Debug)]
pub struct Certificates {
    files: Vec<(PathBuf, PathBuf)>,
    authorities: Vec<Authority>,
    chosen: Arc<Chooser>,
    /// For listeners that ask clients for nothing.
    config: Arc<ServerConfig>,
    /// For each of the authorities.
    asking: ArcSwap<Vec<Arc<ServerConfig>>>,
}

/// What one listener serves TLS with.
#[derive(Debug, Clone)]
pub struct Listening {
    /// The server's certificates.
    pub certificates: Arc<Certificates>,
    /// The index of the authorities that clients' certificates must be from.
    pub clients: Option<usize>,
}

/// Whose signatures on clients' certificates count.
#[derive(Debug)]
struct Authority {
    file: PathBuf,
    required: bool,
}

/// Chooses by SNI. The first certificate serves clients that name nobody we know.
#[derive(Debug)]
struct Chooser(ArcSwap<Vec<Named>>);

/// A certificate and the names it is for, in lower case; `*.` before one stands for one label.
#[derive(Debug)]
struct Named {
    names: Vec<String>,
    key: Arc<CertifiedKey>,
}

// === impl Certificates ===

impl Certificates {
    /// Reads `files` and those of `authorities`, which are relative to `directory`.
    pub fn read(
        directory: &Path,
        files: &[CertificateFiles],
        authorities: &[ClientAuthority],
    ) -> anyhow::Result<Self> {
        let files: Vec<_> =
            files.iter().map(|files| (directory.join(&*files.chain), directory.join(&*files.key))).collect();
        let chosen = Arc::new(Chooser(ArcSwap::from_pointee(read_all(&files)?)));
        let authorities = authorities.iter().map(|authority| Authority {
            file: directory.join(&*authority.ca),
            required: authority.required,
        });
        let authorities: Vec<_> = authorities.collect();
        let asking = ArcSwap::from_pointee(configs(&chosen, &authorities)?);
        let config = config(&chosen, WebPkiClientVerifier::no_client_auth())?;
        Ok(Self { files, authorities, chosen, config, asking })
    }

    /// Reads the files again. Where one cannot be used, all stay as they are. What clients of before could resume ends
    /// with whom it was verified against.
    pub fn reload(&self) -> anyhow::Result<()> {
        let read = read_all(&self.files)?;
        self.asking.store(Arc::new(configs(&self.chosen, &self.authorities)?));
        self.chosen.0.store(Arc::new(read));
        Ok(())
    }

    /// The files, to be watched.
    pub fn files(&self) -> impl Iterator<Item = &Path> {
        let own = self.files.iter().flat_map(|(chain, key)| [chain.as_path(), key.as_path()]);
        own.chain(self.authorities.iter().map(|authority| authority.file.as_path()))
    }
}

/// What is served to whom these verify.
fn config(chosen: &Arc<Chooser>, verifier: Arc<dyn ClientCertVerifier>) -> anyhow::Result<Arc<ServerConfig>> {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let mut config = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()?
        .with_client_cert_verifier(verifier)
        .with_cert_resolver(Arc::clone(chosen) as Arc<dyn ResolvesServerCert>);
    config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    Ok(Arc::new(config))
}

fn configs(chosen: &Arc<Chooser>, authorities: &[Authority]) -> anyhow::Result<Vec<Arc<ServerConfig>>> {
    authorities.iter().map(|authority| config(chosen, authority.verifier()?)).collect()
}

// === impl Listening ===

impl Listening {
    /// What accepts connections.
    pub fn acceptor(&self) -> TlsAcceptor {
        let asking = self.certificates.asking.load();
        let config = self.clients.and_then(|index| asking.get(index)).unwrap_or(&self.certificates.config);
        TlsAcceptor::from(Arc::clone(config))
    }
}

// === impl Authority ===

impl Authority {
    /// What a client's certificate is verified with: signatures, times, and that it is for clients (RFC 5280 section 6).
    fn verifier(&self) -> anyhow::Result<Arc<dyn ClientCertVerifier>> {
        let file = self.file.display();
        let certificates = CertificateDer::pem_file_iter(&self.file)
            .and_then(Iterator::collect::<Result<Vec<_>, _>>)
            .with_context(|| format!("the certificates in {file} cannot be read"))?;
        let mut roots = RootCertStore::empty();
        for certificate in certificates {
            roots.add(certificate).with_context(|| format!("a certificate in {file} cannot be used"))?;
        }
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let verifier = WebPkiClientVerifier::builder_with_provider(Arc::new(roots), provider);
        let verifier = if self.required { verifier } else { verifier.allow_unauthenticated() };
        verifier.build().with_context(|| format!("there is no certificate in {file}"))
    }
}

impl ResolvesServerCert for Chooser {
    fn resolve(&self, hello: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        let known = self.0.load();
        let asked = hello.server_name().map(str::to_ascii_lowercase);
        let found = asked.and_then(|asked| known.iter().find(|named| named.is_for(&asked)));
        Some(Arc::clone(&found.or_else(|| known.first())?.key))
    }
}

// === impl Named ===

impl Named {
    fn read(chain: &Path, key: &Path) -> anyhow::Result<Self> {
        let certificates = CertificateDer::pem_file_iter(chain)
            .and_then(Iterator::collect::<Result<Vec<_>, _>>)
            .with_context(|| format!("the certificates in {} cannot be read", chain.display()))?;
        let first = certificates
            .first()
            .with_context(|| format!("there is no certificate in {}", chain.display()))?;
        let names = webpki::EndEntityCert::try_from(first)
            .with_context(|| format!("the first certificate in {} is not a server's", chain.display()))?
            .valid_dns_names()
            .map(str::to_ascii_lowercase)
            .collect();
        // The message of a key that cannot be read must not show it.
        let private = PrivateKeyDer::from_pem_file(key)
            .map_err(|_| anyhow::anyhow!("the private key in {} cannot be read", key.display()))?;
        let provider = rustls::crypto::ring::default_provider();
        let key = CertifiedKey::from_der(certificates, private, &provider)
            .with_context(|| format!("{} and {} do not belong together", chain.display(), key.display()))?;
        Ok(Self { names, key: Arc::new(key) })
    }

    /// RFC 9525 section 6.3: a wildcard stands for one label, the first.
    fn is_for(&self, asked: &str) -> bool {
        self.names.iter().any(|name| match name.strip_prefix("*.") {
            Some(parent) => asked.split_once('.').is_some_and(|(_, rest)| rest == parent),
            None => name == asked,
        })
    }
}

fn read_all(files: &[(PathBuf, PathBuf)]) -> anyhow::Result<Vec<Named>> {
    files.iter().map(|(chain, key)| Named::read(chain, key)).collect()
}
