//! The demonstration: three small services, the gateway in front of them, and a tour of `curl` lines.
//!
//! The services keep their data in memory and take their time as real ones do: some milliseconds, never the same. The
//! configuration is the shipped one, whose services listen on fixed ports so that it serves elsewhere too; where other
//! ports are asked for, the plan is changed, not the files.

use std::net::{Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::Context as _;
use tokio::net::TcpListener;
use tollgate::config::AccessLog as Form;
use tollgate::plan::{Listener, Plan};

pub mod catalog;
pub mod events;
pub mod latency;
pub mod orders;
pub mod service;
pub mod shipped;
pub mod tour;
pub mod users;

use crate::host::Variables;
use crate::observe::AccessLog;
use crate::serve::{Server, Settings};

/// The services' names, which are their upstreams' names too, and the ports that the shipped configuration gives them.
pub const SERVICES: [(&str, u16); 3] = [("users", 9101), ("catalog", 9102), ("orders", 9103)];

/// Where things are to listen.
#[derive(Debug, Clone, Copy)]
pub struct Ports {
    /// The gateway; `None` for where the configuration says, 0 for any that is free.
    pub gateway: Option<u16>,
    /// The services; 0 for any that is free.
    pub services: [u16; 3],
    /// Whether there is an operator's address.
    pub admin: bool,
}

/// The services, running until they are dropped with their runtime.
#[derive(Debug)]
pub struct Services {
    /// Where each is, in the order of [`SERVICES`].
    pub addresses: [SocketAddr; 3],
}

// === impl Services ===

impl Services {
    /// Starts all three on the current runtime.
    pub async fn start(ports: [u16; 3]) -> anyhow::Result<Self> {
        let [users, catalog, orders] =
            [bind(0, ports[0]).await?, bind(1, ports[1]).await?, bind(2, ports[2]).await?];
        let addresses = [users.local_addr()?, catalog.local_addr()?, orders.local_addr()?];
        service::start(users, users::Users::new(), users::answer);
        service::start(catalog, catalog::Catalog, catalog::answer);
        service::start(orders, orders::Orders::new(), orders::answer);
        Ok(Self { addresses })
    }
}

async fn bind(service: usize, port: u16) -> anyhow::Result<TcpListener> {
    let (name, _) = SERVICES[service];
    TcpListener::bind((Ipv4Addr::LOCALHOST, port)).await.with_context(|| {
        format!(
            "the {name} service cannot listen on 127.0.0.1:{port}; is another demo running? See --services"
        )
    })
}

/// Points `plan` at the services and the gateway's port; what the files say stays as it is.
pub fn adjust(plan: &mut Plan, services: &Services, ports: Ports) {
    for ((name, _), address) in SERVICES.iter().zip(services.addresses) {
        for upstream in plan.upstreams.iter_mut().filter(|upstream| *upstream.name == **name) {
            upstream.move_to_port(address.port());
        }
    }
    if let Some(port) = ports.gateway {
        let address = SocketAddr::from((Ipv4Addr::LOCALHOST, port));
        plan.server.listeners = vec![Listener { address, secure: false, clients: None }];
    }
    if !ports.admin {
        plan.server.admin = None;
    }
}

/// Starts the gateway; `directory` is where the files are that the plan names.
pub fn gateway(plan: Plan, directory: Option<&Path>, log: Form) -> anyhow::Result<Server> {
    let settings = Settings {
        directory: directory.map_or_else(|| PathBuf::from("."), Path::to_owned),
        variables: Arc::new(Variables::default()),
        access_log: AccessLog::start(log)?,
        workers: 2,
        upkeep: true,
    };
    Server::start(Arc::new(plan), &settings).context("the gateway cannot start; see --port")
}
