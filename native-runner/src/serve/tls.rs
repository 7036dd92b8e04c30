//! Certificates for TLS listeners: chosen by name, read again when their files change.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::Context as _;
use arc_swap::ArcSwap;
use rustls::server::{ClientHello, ResolvesServerCert};
use rustls::sign::CertifiedKey;
use rustls_pki_types::pem::PemObject as _;
use rustls_pki_types::{CertificateDer, PrivateKeyDer};
use tokio_rustls::TlsAcceptor;
use tollgate::plan::CertificateFiles;

/// Certificates in force.
#[derive(Debug)]
pub struct Certificates {
    files: Vec<(PathBuf, PathBuf)>,
    chosen: Arc<Chooser>,
    config: Arc<rustls::ServerConfig>,
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
    /// Reads `files`, which are relative to `directory`.
    pub fn read(directory: &Path, files: &[CertificateFiles]) -> anyhow::Result<Self> {
        let files: Vec<_> =
            files.iter().map(|files| (directory.join(&*files.chain), directory.join(&*files.key))).collect();
        let chosen = Arc::new(Chooser(ArcSwap::from_pointee(read_all(&files)?)));
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let mut config = rustls::ServerConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()?
            .with_no_client_auth()
            .with_cert_resolver(Arc::clone(&chosen) as Arc<dyn ResolvesServerCert>);
        config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
        Ok(Self { files, chosen, config: Arc::new(config) })
    }

    /// Reads the files again. Where one cannot be used, all stay as they are.
    pub fn reload(&self) -> anyhow::Result<()> {
        self.chosen.0.store(Arc::new(read_all(&self.files)?));
        Ok(())
    }

    /// The files, to be watched.
    pub fn files(&self) -> impl Iterator<Item = &Path> {
        self.files.iter().flat_map(|(chain, key)| [chain.as_path(), key.as_path()])
    }

    /// What accepts connections.
    pub fn acceptor(&self) -> TlsAcceptor {
        TlsAcceptor::from(Arc::clone(&self.config))
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
