//! New connections to Redis: look-up, TCP, TLS, who we are, and which database.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use anyhow::Context as _;
use redis::aio::{ConnectionLike as _, MultiplexedConnection};
use redis::cluster::ClusterClientBuilder;
use redis::cluster_async::ClusterConnection;
use redis::cluster_routing::RoutingInfo;
use redis::{
    AsyncConnectionConfig, Cmd, ConnectionAddr, IntoConnectionInfo as _, RedisConnectionInfo, RedisError,
    TlsCertificates, Value,
};
use rustls_pki_types::ServerName;
use socket2::{SockRef, TcpKeepalive};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio::task::AbortHandle;
use tokio_rustls::TlsConnector;
use tollgate::plan::RedisPlan;

use super::heard::{Heard, Hearing};
use crate::host::Variables;
use crate::host::trust;

/// Makes connections to one Redis.
#[derive(Debug)]
pub struct Connector {
    /// Where it is and how it is spoken to.
    pub plan: RedisPlan,
    ca: Option<PathBuf>,
    variables: Arc<Variables>,
    /// Whether the last attempt failed: it is said once, and not by each thread and attempt.
    down: AtomicBool,
}

/// What is asked.
#[derive(Clone)]
pub enum Question {
    /// A command, of the one server, or of the node that has its key.
    Plain(Cmd),
    /// A command of these nodes of a cluster.
    Routed(Cmd, RoutingInfo),
}

/// A connection that many questions share. Cloning gives the same one.
#[derive(Clone)]
pub enum Connection {
    /// To one server.
    One(MultiplexedConnection),
    /// To the nodes of a cluster, each when it is needed.
    Cluster(ClusterConnection),
}

/// A new connection, and what belongs to it.
pub struct Made {
    /// The connection.
    pub connection: Connection,
    /// When it was heard from; a cluster's connections see to themselves.
    pub heard: Option<Arc<Heard>>,
    /// What moves its bytes; ends when the connection does.
    pub driver: Option<AbortHandle>,
}

/// How long a server that has gone without a word is believed to be there, in all that TCP sees of it.
const GONE: Duration = Duration::from_secs(5);

/// How many questions wait to be written at most: more wait where they come from.
const WAITING: usize = 1_024;

/// How long a node of a cluster may take to answer; whoever asks gives up sooner.
const NODE: Duration = Duration::from_secs(1);

/// How often a question to a cluster is sent again, where a node has moved or is being replaced.
const CLUSTER_RETRIES: u32 = 3;

// === impl Connector ===

impl Connector {
    /// For what `plan` says; its file is read to see that it can be.
    pub fn new(plan: RedisPlan, directory: &Path, variables: Arc<Variables>) -> anyhow::Result<Self> {
        let ca = plan.ca.as_deref().map(|file| directory.join(file));
        if let Some(file) = &ca {
            trust::file(file)?;
        }
        Ok(Self { plan, ca, variables, down: AtomicBool::new(false) })
    }

    /// Where it is, for people.
    pub fn place(&self) -> String {
        let RedisPlan { secure, host, port, .. } = &self.plan;
        let scheme = if *secure { "rediss" } else { "redis" };
        if host.contains(':') {
            format!("{scheme}://[{host}]:{port}")
        } else {
            format!("{scheme}://{host}:{port}")
        }
    }

    /// Says that there is a connection, where there was none before.
    pub fn tell_up(&self) {
        if self.down.swap(false, Ordering::Relaxed) {
            tracing::info!("{} answers again", self.place());
        }
    }

    /// Says that there is no connection, where there was one before.
    pub fn tell_down(&self, cause: &str) {
        if !self.down.swap(true, Ordering::Relaxed) {
            tracing::warn!("{} cannot be reached, and is tried again: {cause}", self.place());
        }
    }

    /// A new connection, which says who we are. It is driven by the runtime in which this is called; `gone` is called
    /// when it ends.
    pub async fn connect(&self, gone: impl FnOnce() + Send + 'static) -> anyhow::Result<Made> {
        if self.plan.cluster {
            let connection = Connection::Cluster(self.cluster()?.get_async_connection().await?);
            return Ok(Made { connection, heard: None, driver: None });
        }
        let tcp = self.tcp().await?;
        if !self.plan.secure {
            return self.greet(tcp, gone).await;
        }
        let roots = match &self.ca {
            Some(file) => trust::file(file)?,
            None => trust::platform()?,
        };
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let config = rustls::ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()?
            .with_root_certificates(roots)
            .with_no_client_auth();
        let name = ServerName::try_from(self.plan.host.to_string())?;
        self.greet(TlsConnector::from(Arc::new(config)).connect(name, tcp).await?, gone).await
    }

    async fn tcp(&self) -> anyhow::Result<TcpStream> {
        // Of several addresses, the first that takes the connection.
        let tcp = TcpStream::connect((&*self.plan.host, self.plan.port)).await?;
        tcp.set_nodelay(true)?;
        let socket = SockRef::from(&tcp);
        socket.set_tcp_keepalive(&TcpKeepalive::new().with_time(GONE).with_interval(GONE))?;
        #[cfg(target_os = "linux")]
        socket.set_tcp_user_timeout(Some(GONE))?;
        Ok(tcp)
    }

    async fn greet(
        &self,
        stream: impl AsyncRead + AsyncWrite + Unpin + Send + 'static,
        gone: impl FnOnce() + Send + 'static,
    ) -> anyhow::Result<Made> {
        let mut who = RedisConnectionInfo::default().set_db(self.plan.database.into());
        if let Some(username) = &self.plan.username {
            who = who.set_username(username);
        }
        if let Some(password) = self.password()? {
            who = who.set_password(password.expose());
        }
        // Whoever asks says how long it waits.
        let config =
            AsyncConnectionConfig::new().set_response_timeout(None).set_pipeline_buffer_size(WAITING);
        let heard = Arc::new(Heard::default());
        let stream = Hearing::new(stream, Arc::clone(&heard));
        let (connection, driver) = MultiplexedConnection::new_with_config(&who, stream, config).await?;
        let driver = tokio::spawn(async move {
            driver.await;
            gone();
        });
        Ok(Made {
            connection: Connection::One(connection),
            heard: Some(heard),
            driver: Some(driver.abort_handle()),
        })
    }

    fn cluster(&self) -> anyhow::Result<redis::cluster::ClusterClient> {
        let RedisPlan { secure, host, port, .. } = &self.plan;
        let host = host.to_string();
        let address = match secure {
            false => ConnectionAddr::Tcp(host, *port),
            true => ConnectionAddr::TcpTls { host, port: *port, insecure: false, tls_params: None },
        };
        let mut builder = ClusterClientBuilder::new([address.into_connection_info()?])
            .connection_timeout(NODE)
            .response_timeout(NODE)
            .retries(CLUSTER_RETRIES);
        if let Some(username) = &self.plan.username {
            builder = builder.username(username);
        }
        if let Some(password) = self.password()? {
            builder = builder.password(password.expose());
        }
        if *secure {
            let read = |file: &PathBuf| {
                std::fs::read(file).with_context(|| format!("{} cannot be read", file.display()))
            };
            let root_cert = self.ca.as_ref().map(read).transpose()?;
            builder =
                builder.tls(redis::TlsMode::Secure).certs(TlsCertificates { client_tls: None, root_cert });
        }
        Ok(builder.build()?)
    }

    /// Read anew for each connection, so that it can be changed while the server runs.
    fn password(&self) -> anyhow::Result<Option<tollgate::host::Secret>> {
        let Some(name) = &self.plan.password else { return Ok(None) };
        let value = self.variables.get(name);
        value.map(Some).with_context(|| format!("the variable {name} with its password is not set"))
    }
}

// === impl Connection ===

impl Connection {
    /// Asks one thing. Whoever gives up waiting leaves the connection as it is: its answer is thrown away when it comes.
    pub async fn ask(&mut self, question: Question) -> Result<Value, RedisError> {
        let answered = match (self, question) {
            (Self::One(connection), Question::Plain(command) | Question::Routed(command, _)) => {
                connection.send_packed_command(&command).await
            }
            (Self::Cluster(connection), Question::Plain(command)) => {
                connection.req_packed_command(&command).await
            }
            (Self::Cluster(connection), Question::Routed(command, nodes)) => {
                connection.route_command(command, nodes).await
            }
        };
        answered.and_then(Value::extract_error)
    }
}
