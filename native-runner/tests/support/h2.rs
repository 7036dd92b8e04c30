//! HTTP/2 by the `h2` crate itself, so that resets, windows and GOAWAY are seen.

use std::net::SocketAddr;
use std::time::Duration;

use bytes::Bytes;
use h2::client::SendRequest;
use h2::{RecvStream, SendStream};
use http::{Request, Response};
use tokio::net::TcpStream;
use tokio::task::JoinHandle;

use super::within;

/// A client's connection; the handle is ready when it has ended.
pub struct Client {
    pub sender: SendRequest<Bytes>,
    pub connection: JoinHandle<Result<(), h2::Error>>,
}

impl Client {
    /// By prior knowledge.
    pub async fn connect(address: SocketAddr) -> Self {
        let stream = TcpStream::connect(address).await.unwrap();
        stream.set_nodelay(true).unwrap();
        Self::over(stream).await
    }

    /// Over a connection that is there.
    pub async fn over<S>(stream: S) -> Self
    where
        S: tokio::io::AsyncRead + tokio::io::AsyncWrite + Unpin + Send + 'static,
    {
        let (sender, connection) = within("the handshake", h2::client::handshake(stream)).await.unwrap();
        Self { sender, connection: tokio::spawn(connection) }
    }

    /// Opens a stream.
    pub async fn open(
        &self,
        request: Request<()>,
        end: bool,
    ) -> (h2::client::ResponseFuture, SendStream<Bytes>) {
        let mut ready = within("a stream", self.sender.clone().ready()).await.unwrap();
        ready.send_request(request, end).unwrap()
    }

    /// A GET's answer and its body, or why there is none.
    pub async fn get(&self, path: &str) -> Result<(Response<()>, String), h2::Error> {
        let (answer, _) = self.open(get(path), true).await;
        let (head, mut body) = within("an answer", answer).await?.into_parts();
        let text = String::from_utf8(collect(&mut body).await?).unwrap();
        Ok((Response::from_parts(head, ()), text))
    }
}

/// A GET.
pub fn get(path: &str) -> Request<()> {
    Request::builder().uri(format!("http://a.example{path}")).body(()).unwrap()
}

/// A POST.
pub fn post(path: &str) -> Request<()> {
    Request::builder().method("POST").uri(format!("http://a.example{path}")).body(()).unwrap()
}

/// All of a body.
pub async fn collect(body: &mut RecvStream) -> Result<Vec<u8>, h2::Error> {
    let mut all = Vec::new();
    while let Some(data) = within("a body", body.data()).await {
        let data = data?;
        body.flow_control().release_capacity(data.len())?;
        all.extend_from_slice(&data);
    }
    Ok(all)
}

/// Sends `data` as the peer takes it.
pub async fn send(stream: &mut SendStream<Bytes>, data: Bytes, end: bool) -> Result<(), h2::Error> {
    let mut rest = data;
    while !rest.is_empty() {
        stream.reserve_capacity(rest.len());
        let granted = std::future::poll_fn(|cx| stream.poll_capacity(cx));
        let Some(granted) = within("capacity", granted).await.transpose()? else {
            tokio::time::sleep(Duration::from_millis(1)).await;
            continue;
        };
        let piece = rest.split_to(granted.min(rest.len()));
        let last = end && rest.is_empty();
        stream.send_data(piece, last)?;
    }
    Ok(())
}
