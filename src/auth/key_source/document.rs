//! What fetched bytes are read as.

use sha2::{Digest as _, Sha256};

use super::Provider;
use super::slots::Slots;
use crate::auth::discovery::{self, Metadata};
use crate::auth::jwt::{KeySet, Origin};
use crate::memory::Memory;

/// A document of a kind.
pub trait Document: Sized + 'static {
    /// What it takes to read one.
    type Context;

    /// What the gateway asks for.
    const ACCEPT: &'static str;
    /// Its place in the key-value store: `tollgate/PLACE/…`.
    const PLACE: &'static str;

    /// Reads one; what is wrong with it, for the operator. One that is of no use is an error too.
    fn read(body: &[u8], context: &Self::Context) -> Result<Self, String>;

    /// Which one it is: the same for the same bytes, on every instance.
    fn generation(&self) -> u64;

    /// Where a host's memory keeps them.
    fn slots(memory: &Memory) -> &Slots<Self>;
}

/// A key set that was fetched.
#[derive(Debug)]
pub struct Keys {
    /// The keys; there is at least one.
    pub set: KeySet,
    /// Which set it is: the beginning of a digest of the document.
    pub generation: u64,
}

impl Document for Keys {
    type Context = ();

    // RFC 7517 section 8.5.2; most say the second.
    const ACCEPT: &'static str = "application/jwk-set+json, application/json";
    const PLACE: &'static str = "keyset";

    fn read(body: &[u8], (): &()) -> Result<Self, String> {
        let set =
            KeySet::from_jwks(body, Origin::Public).map_err(|error| format!("the key set: {}", error.0))?;
        if set.is_empty() {
            return Err("the key set has no key that could verify anything".to_owned());
        }
        let mut beginning = [0; 8];
        beginning.copy_from_slice(&Sha256::digest(body)[..8]);
        Ok(Self { set, generation: u64::from_le_bytes(beginning) })
    }

    fn generation(&self) -> u64 {
        self.generation
    }

    fn slots(memory: &Memory) -> &Slots<Self> {
        &memory.auth.key_sets
    }
}

impl Metadata {
    /// The largest document, in bytes.
    pub(super) const LIMIT: usize = discovery::MAX_DOCUMENT;
}

impl Document for Metadata {
    type Context = Provider;

    const ACCEPT: &'static str = "application/json";
    const PLACE: &'static str = "provider";

    fn read(body: &[u8], provider: &Provider) -> Result<Self, String> {
        Self::parse(body, &provider.issuer, &provider.origins).map_err(|fault| fault.to_string())
    }

    /// Nobody asks for another.
    fn generation(&self) -> u64 {
        0
    }

    fn slots(memory: &Memory) -> &Slots<Self> {
        &memory.auth.providers
    }
}
