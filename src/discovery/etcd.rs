//! etcd, version 3, through its JSON gateway: the keys under a prefix are read once, and then watched.

use std::marker::PhantomData;
use std::sync::Arc;
use std::time::Duration;

use super::{Fault, News};
use crate::host::Host;
use crate::plan::Endpoint;

/// Where targets stand in etcd.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Etcd {
    /// Its members, each with the path that goes before those of the gateway.
    pub members: Box<[Endpoint]>,
    /// What the keys begin with.
    pub prefix: Box<str>,
    /// How the gateway shows who it is.
    pub login: Login,
}

/// How etcd is shown who asks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Login {
    /// Not at all.
    None,
    /// A token is asked for with these.
    Password {
        /// The user.
        user: Box<str>,
        /// The variable with the password.
        password: Box<str>,
    },
    /// The variable with a token.
    Token(Box<str>),
}

/// A watch of etcd.
#[derive(Debug)]
pub struct Watcher<H> {
    etcd: Arc<Etcd>,
    timeout: Duration,
    host: PhantomData<fn() -> H>,
}

// === impl Watcher ===

impl<H: Host> Watcher<H> {
    /// Nothing has been asked yet.
    pub fn new(etcd: &Arc<Etcd>, timeout: Duration) -> Self {
        Self { etcd: Arc::clone(etcd), timeout, host: PhantomData }
    }

    /// See [`super::Watch::next`].
    pub async fn next(&mut self, host: &H) -> Result<News, Fault> {
        let _ = (host, &self.etcd, self.timeout);
        Err(Fault::new("etcd is not asked yet"))
    }
}
