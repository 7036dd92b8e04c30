//! New connections: look-up, TCP, TLS.

use std::io;
use std::net::IpAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use rustls_pki_types::ServerName;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;
use tollgate::config::Protocol;
use tollgate::host::{SendError, SendErrorKind};
use tollgate::plan::Target;

use super::trust::Trust;
use crate::coalesce::Coalesce;

/// The bytes of a connection.
#[derive(Debug)]
pub enum Stream {
    /// As they are.
    Plain(TcpStream, Coalesce),
    /// Encrypted.
    Secure(Box<TlsStream<TcpStream>>),
}

/// Makes a connection; whether HTTP/2 is spoken over it.
pub async fn connect(target: &Target, trust: &Trust) -> Result<(Stream, bool), SendError> {
    let tcp = connect_tcp(target).await?;
    if !target.secure {
        return Ok((Stream::Plain(tcp, Coalesce::default()), target.protocol == Protocol::Http2));
    }
    let tls = |cause: String| SendError::unsent(SendErrorKind::Tls, cause);
    let config = trust.config(target).map_err(|error| tls(format!("{error:#}")))?;
    let name = target.server_name.as_deref().unwrap_or(&target.host);
    let name = ServerName::try_from(name.to_owned()).map_err(|error| tls(error.to_string()))?;
    let stream =
        TlsConnector::from(config).connect(name, tcp).await.map_err(|error| tls(error.to_string()))?;
    let http2 = stream.get_ref().1.alpn_protocol() == Some(b"h2");
    if target.protocol == Protocol::Http2 && !http2 {
        return Err(tls("the upstream did not agree on HTTP/2".to_owned()));
    }
    Ok((Stream::Secure(Box::new(stream)), http2))
}

/// Makes a connection over which nothing is said yet.
pub async fn connect_tcp(target: &Target) -> Result<TcpStream, SendError> {
    let refused = |error: io::Error| SendError::unsent(SendErrorKind::Refused, error);
    let stream = match target.host.parse::<IpAddr>() {
        Ok(address) => TcpStream::connect((address, target.port)).await.map_err(refused)?,
        Err(_) => connect_name(target).await?,
    };
    // A request is written in one piece: nothing is won by waiting for more.
    stream.set_nodelay(true).map_err(refused)?;
    Ok(stream)
}

async fn connect_name(target: &Target) -> Result<TcpStream, SendError> {
    let dns = |cause: String| SendError::unsent(SendErrorKind::Dns, cause);
    let addresses = tokio::net::lookup_host((&*target.host, target.port))
        .await
        .map_err(|error| dns(format!("{}: {error}", target.host)))?;
    let mut last = None;
    for address in addresses {
        match TcpStream::connect(address).await {
            Ok(stream) => return Ok(stream),
            Err(error) => last = Some(error),
        }
    }
    Err(match last {
        Some(error) => SendError::unsent(SendErrorKind::Refused, error),
        None => dns(format!("{} has no address", target.host)),
    })
}

/// What a TLS connection to `target` offers in ALPN.
pub fn protocols(protocol: Protocol) -> Vec<Vec<u8>> {
    match protocol {
        Protocol::Auto => vec![b"h2".to_vec(), b"http/1.1".to_vec()],
        Protocol::Http1 => vec![b"http/1.1".to_vec()],
        Protocol::Http2 => vec![b"h2".to_vec()],
    }
}

/// What rustls needs for connections.
pub type ClientConfig = Arc<rustls::ClientConfig>;

// === impl Stream ===

impl AsyncRead for Stream {
    fn poll_read(self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Self::Plain(stream, _) => Pin::new(stream).poll_read(cx, buf),
            Self::Secure(stream) => Pin::new(stream).poll_read(cx, buf),
        }
    }
}

impl AsyncWrite for Stream {
    fn poll_write(self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        match self.get_mut() {
            Self::Plain(stream, _) => Pin::new(stream).poll_write(cx, buf),
            Self::Secure(stream) => Pin::new(stream).poll_write(cx, buf),
        }
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        match self.get_mut() {
            Self::Plain(stream, coalesce) => match coalesce.join(bufs) {
                Some(piece) => Pin::new(stream).poll_write(cx, piece),
                None => Pin::new(stream).poll_write_vectored(cx, bufs),
            },
            Self::Secure(stream) => Pin::new(stream).poll_write_vectored(cx, bufs),
        }
    }

    fn is_write_vectored(&self) -> bool {
        match self {
            Self::Plain(stream, _) => stream.is_write_vectored(),
            Self::Secure(stream) => stream.is_write_vectored(),
        }
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Self::Plain(stream, _) => Pin::new(stream).poll_flush(cx),
            Self::Secure(stream) => Pin::new(stream).poll_flush(cx),
        }
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Self::Plain(stream, _) => Pin::new(stream).poll_shutdown(cx),
            Self::Secure(stream) => Pin::new(stream).poll_shutdown(cx),
        }
    }
}
