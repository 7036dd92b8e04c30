//! Where targets are found while the gateway runs.
//!
//! A [`Source`] says where instances of a service are found, and which of those that are found become targets. A host that
//! lives on [follows](follow) it: it is watched, or asked again and again, and what was found replaces the targets of the
//! upstream's [`crate::pool::Pool`]. A source that is down, or says what cannot be, changes nothing: the last good targets
//! stay in force, and the source is [stale](status::Status). What a source says is a stranger's: it is bounded, checked, and
//! held against what the author [allows](allow).

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use crate::balance::Balance;
use crate::host::Host;

pub mod allow;
pub mod answer;
pub mod cached;
pub mod consul;
pub mod etcd;
pub mod eureka;
pub mod follow;
pub mod found;
pub mod kubernetes;
pub mod lines;
pub mod publish;
pub mod registry;
pub mod status;
pub mod watcher;
pub mod written;

pub use allow::Allow;
pub use found::Found;

/// Where an upstream's targets are found, and what becomes of what is found.
#[derive(Debug, Clone, PartialEq)]
pub struct Source {
    /// Where.
    pub kind: Kind,
    /// How targets are chosen, which their sets are made ready for.
    pub balance: Balance,
    /// Which of them may become targets.
    pub allow: Allow,
    /// Whether a source that says that there are none is believed.
    pub allow_empty: bool,
    /// How often it is asked, where it cannot say when something changes.
    pub interval: Duration,
    /// How long one question may take.
    pub timeout: Duration,
    /// Where what it says is kept, on a host that keeps nothing between requests and asks it all the same.
    pub cached: Option<cached::Cached>,
    /// Whether a target that is found as an address has the name of the upstream's url in `Host` and in TLS; otherwise, it
    /// has its own.
    pub named_by_url: bool,
}

/// Where targets are found.
#[derive(Debug, Clone, PartialEq)]
pub enum Kind {
    /// In DNS, which the host asks.
    Dns(Arc<Dns>),
    /// In a file, which the host reads, relative to the configuration's directory.
    File(Box<str>),
    /// Under a prefix of etcd.
    Etcd(Arc<etcd::Etcd>),
    /// A service of Consul.
    Consul(Arc<consul::Consul>),
    /// The endpoints of a service of Kubernetes.
    Kubernetes(Arc<kubernetes::Kubernetes>),
    /// An application of Eureka.
    Eureka(Arc<eureka::Eureka>),
    /// A service of the gateway's own registry.
    Registry(Arc<registry::Registered>),
}

/// A name that is resolved again and again.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Dns {
    /// The name, with a dot at its end.
    pub name: Box<str>,
    /// SRV records and the addresses of their targets (RFC 2782), instead of the addresses of the name.
    pub services: bool,
    /// IPv4 addresses are used.
    pub ipv4: bool,
    /// IPv6 addresses are used.
    pub ipv6: bool,
    /// Who is asked; the system's where empty.
    pub nameservers: Box<[std::net::SocketAddr]>,
    /// The longest time that an answer is good for.
    pub longest: Duration,
}

/// Somebody who knows which instances there are, and is asked in a loop; see [`follow`].
#[allow(async_fn_in_trait, reason = "Send is proved where the host is concrete, as for the host itself")]
pub trait Watch<H: Host> {
    /// Waits until there is something to say, and says everything that is there. The first call, and the first after a fault,
    /// answers as soon as it can with [`News::Found`]; later ones when something changes, or when it is time to ask again.
    /// Never waits for ever: a watch that is silent for long says [`News::Same`] from time to time. Dropping the future
    /// gives the question up, and the next call begins anew.
    async fn next(&mut self, host: &H) -> Result<News, Fault>;

    /// The longest time that it is left alone where it fails.
    fn longest_pause(&self) -> Duration {
        follow::LONGEST_PAUSE
    }
}

/// What a source says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum News {
    /// All instances that there are now.
    Found(Vec<Found>),
    /// What it said before still holds.
    Same,
}

/// Why a source says nothing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fault {
    /// For the operator; holds no secret.
    pub cause: String,
}

#[cfg(test)]
mod tests;

// === impl Kind ===

impl Kind {
    /// What it is called in metrics and reports: the key of the configuration.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Dns(_) => "dns",
            Self::File(_) => "file",
            Self::Etcd(_) => "etcd",
            Self::Consul(_) => "consul",
            Self::Kubernetes(_) => "kubernetes",
            Self::Eureka(_) => "eureka",
            Self::Registry(_) => "registry",
        }
    }
}

// === impl Fault ===

impl Fault {
    /// A fault with this cause.
    pub fn new(cause: impl Into<String>) -> Self {
        Self { cause: cause.into() }
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.cause)
    }
}

impl From<crate::ask::AskError> for Fault {
    fn from(error: crate::ask::AskError) -> Self {
        Self { cause: error.cause }
    }
}
