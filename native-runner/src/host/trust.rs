//! Whom connections to upstreams trust: the platform's certificates, or a file's.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use anyhow::Context as _;
use rustls::RootCertStore;
use rustls_pki_types::CertificateDer;
use rustls_pki_types::pem::PemObject as _;
use tollgate::plan::Target;

use super::connect::{ClientConfig, protocols};

/// Trust for every upstream, each read once.
#[derive(Debug)]
pub struct Trust {
    directory: PathBuf,
    configs: Mutex<HashMap<u64, ClientConfig>>,
}

impl Trust {
    /// Files are relative to `directory`.
    pub fn new(directory: &Path) -> Self {
        Self { directory: directory.to_owned(), configs: Mutex::default() }
    }

    /// The configuration for connections to `target`.
    pub fn config(&self, target: &Target) -> anyhow::Result<ClientConfig> {
        if let Some(config) = self.lock().get(&target.key) {
            return Ok(Arc::clone(config));
        }
        let roots = match &target.ca {
            Some(file) => self::file(&self.directory.join(&**file))?,
            None => platform()?,
        };
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let mut config = rustls::ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()?
            .with_root_certificates(roots)
            .with_no_client_auth();
        config.alpn_protocols = protocols(target.protocol);
        let config = Arc::new(config);
        self.lock().insert(target.key, Arc::clone(&config));
        Ok(config)
    }

    /// Forgets what was read, so that changed files are read again.
    pub fn forget(&self) {
        self.lock().clear();
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, HashMap<u64, ClientConfig>> {
        self.configs.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The certificates in a file of PEM.
pub fn file(path: &Path) -> anyhow::Result<RootCertStore> {
    let mut roots = RootCertStore::empty();
    let certificates = CertificateDer::pem_file_iter(path)
        .with_context(|| format!("the certificates in {} cannot be read", path.display()))?;
    for certificate in certificates {
        roots.add(certificate.with_context(|| format!("{} is not PEM", path.display()))?)?;
    }
    anyhow::ensure!(!roots.is_empty(), "there is no certificate in {}", path.display());
    Ok(roots)
}

/// The certificates that this machine trusts.
pub fn platform() -> anyhow::Result<RootCertStore> {
    let found = rustls_native_certs::load_native_certs();
    let mut roots = RootCertStore::empty();
    roots.add_parsable_certificates(found.certs);
    anyhow::ensure!(
        !roots.is_empty(),
        "this machine has no trusted certificates (on Debian, install ca-certificates): {:?}",
        found.errors
    );
    Ok(roots)
}
