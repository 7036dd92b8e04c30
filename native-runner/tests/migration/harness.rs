//! A server with its operator's address, and upstreams that answer with their names.

use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;

use native_runner::host::Variables;
use native_runner::observe::AccessLog;
use native_runner::serve::{Server, Settings, admin};
use serde_json::Value;
use tollgate::host::Secret;
use tollgate::plan::Abilities;

use crate::support::wire::status;
use crate::support::{Upstream, Wire};

/// A running server; it drains when it is dropped.
pub struct Running {
    pub server: Arc<Server>,
    pub address: SocketAddr,
    admin: SocketAddr,
}

/// The operator's token.
const TOKEN: &str = "operator-s3cret";

/// An upstream that answers everything with `body`, as JSON.
pub async fn answering(body: &'static str) -> Upstream {
    Upstream::start(move |mut wire, _| async move {
        while wire.next_request().await.is_some() {
            let length = body.len();
            let head = "HTTP/1.1 200 OK\r\nContent-Type: application/json";
            wire.send(format!("{head}\r\nContent-Length: {length}\r\n\r\n{body}")).await;
        }
    })
    .await
}

/// An upstream that takes requests and says nothing.
pub async fn silent() -> Upstream {
    Upstream::start(move |mut wire, _| async move { while wire.next_request().await.is_some() {} }).await
}

// === impl Running ===

impl Running {
    /// One with this configuration in this directory.
    pub async fn start(directory: &Path, rest: &str) -> Self {
        let text = format!(
            "[server]\nlisten = \"127.0.0.1:0\"\nadmin = \"off\"\nadmin_token = \"${{admin_token}}\"\n{rest}"
        );
        std::fs::write(directory.join("gateway.toml"), text).unwrap();
        let plan = native_runner::load::load(directory, &Abilities::NATIVE)
            .map_err(|found| native_runner::load::report(&found))
            .unwrap()
            .plan;
        let given = [("admin_token".to_owned(), Secret::new(TOKEN))].into();
        let settings = Settings {
            directory: directory.to_owned(),
            variables: Arc::new(Variables::new(given)),
            access_log: AccessLog::to(false, std::io::sink()).unwrap(),
            workers: 2,
            upkeep: true,
        };
        let server = Arc::new(Server::start(Arc::new(plan), &settings).unwrap());
        let admin = admin::start("127.0.0.1:0".parse().unwrap(), Arc::clone(&server)).await.unwrap();
        Self { address: server.addresses()[0].0, server, admin }
    }

    /// What the gateway answers.
    pub async fn get(&self, path: &str) -> (u16, String) {
        let mut wire = Wire::connect(self.address).await;
        wire.get(path).await;
        let (head, body) = wire.message().await;
        (status(&head), body)
    }

    /// What the operator is told.
    pub async fn operate(&self, method: &str, path: &str, body: &str) -> (u16, Value) {
        self.operate_with(method, path, body, TOKEN).await
    }

    pub async fn operate_with(&self, method: &str, path: &str, body: &str, token: &str) -> (u16, Value) {
        let mut wire = Wire::connect(self.admin).await;
        let head = format!(
            "{method} {path} HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {token}\r\n\
             Content-Type: application/json\r\nContent-Length: {}\r\n\r\n",
            body.len()
        );
        wire.send(head + body).await;
        let (head, body) = wire.message().await;
        (status(&head), serde_json::from_str(&body).unwrap_or_default())
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.server.start_drain();
    }
}
