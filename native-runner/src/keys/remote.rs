//! The operator's address of a running server, asked from the command line.

use std::time::Duration;

use anyhow::Context as _;
use bytes::Bytes;
use http::header::{AUTHORIZATION, CONTENT_TYPE, HOST, HeaderValue};
use http::{Method, Request, StatusCode};
use hyper_util::rt::TokioIo;
use serde_json::Value;
use tokio::net::TcpStream;
use tollgate::body::Body;
use tollgate::host::Secret;
use url::Url;

use crate::serve::admin::NoStream;
use crate::serve::admin::manage::collect::collect;

/// The environment variable with the operator's token: on a command line everybody could see it.
pub const TOKEN: &str = "TOLLGATE_ADMIN_TOKEN";

/// How long one answer may take.
const PATIENCE: Duration = Duration::from_secs(30);

/// The largest answer, in bytes: a page of consumers, each as large as may be.
const LARGEST: usize = 128 << 20;

/// A running server.
#[derive(Debug)]
pub struct Remote {
    /// Host and port.
    authority: String,
    token: Secret,
}

// === impl Remote ===

impl Remote {
    /// The server at `url`, `http://127.0.0.1:9901`.
    pub fn new(url: &str, token: Secret) -> anyhow::Result<Self> {
        let read = Url::parse(url).ok().filter(|url| url.scheme() == "http" && url.path() == "/");
        let read =
            read.with_context(|| format!("{url} is not an operator's address: http://127.0.0.1:9901"))?;
        let host = read.host_str().unwrap_or_default();
        let port = read.port_or_known_default().unwrap_or(80);
        Ok(Self { authority: format!("{host}:{port}"), token })
    }

    /// Sends a request, and gives back the answer's status and what it says: nothing where it has no body.
    pub async fn ask(
        &self,
        method: Method,
        path: &str,
        body: Option<&Value>,
    ) -> anyhow::Result<(StatusCode, Value)> {
        let asked = tokio::time::timeout(PATIENCE, self.exchange(method, path, body)).await;
        asked.with_context(|| format!("no answer from {} in {PATIENCE:?}", self.authority))?
    }

    /// As [`Self::ask`], where anything but success is an error: what the server says of it.
    pub async fn must(&self, method: Method, path: &str, body: Option<&Value>) -> anyhow::Result<Value> {
        let (status, said) = self.ask(method, path, body).await?;
        anyhow::ensure!(status.is_success(), "{}", wrong(status, &said));
        Ok(said)
    }

    async fn exchange(
        &self,
        method: Method,
        path: &str,
        body: Option<&Value>,
    ) -> anyhow::Result<(StatusCode, Value)> {
        let stream = TcpStream::connect(&self.authority)
            .await
            .with_context(|| format!("{} cannot be reached", self.authority))?;
        let (mut sender, connection) =
            hyper::client::conn::http1::handshake::<_, Body<NoStream>>(TokioIo::new(stream)).await?;
        let driven = tokio::spawn(connection);
        let mut token = HeaderValue::from_str(&format!("Bearer {}", self.token.expose()))
            .map_err(|_| anyhow::anyhow!("the value of {TOKEN} cannot be sent"))?;
        token.set_sensitive(true);
        let sent = match body {
            Some(body) => Body::Full(Bytes::from(body.to_string())),
            None => Body::Empty,
        };
        let mut request = Request::builder().method(method).uri(path).header(HOST, &self.authority);
        if body.is_some() {
            request = request.header(CONTENT_TYPE, "application/json");
        }
        let request = request.header(AUTHORIZATION, token).body(sent)?;
        let response = sender.send_request(request).await?;
        let status = response.status();
        let whole = collect(response.into_body(), LARGEST).await;
        driven.abort();
        let whole = whole.map_err(|_| anyhow::anyhow!("the answer of {} is not whole", self.authority))?;
        Ok((status, serde_json::from_slice(&whole).unwrap_or(Value::Null)))
    }
}

/// What the server says is wrong.
pub fn wrong(status: StatusCode, said: &Value) -> String {
    let detail = said["detail"].as_str().unwrap_or("it does not say why");
    format!("the server answers {status}: {detail}")
}
