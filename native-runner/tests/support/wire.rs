//! One connection as its bytes, on either side.

use std::net::SocketAddr;
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};
use tokio::net::TcpStream;

use super::within;

/// A connection and what was read of it beyond what was asked for.
pub struct Wire<S = TcpStream> {
    pub stream: S,
    buffer: Vec<u8>,
}

/// How a connection ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum End {
    /// In order.
    Closed,
    /// With a reset.
    Reset,
}

impl Wire {
    pub async fn connect(address: SocketAddr) -> Self {
        let stream = within("connecting", TcpStream::connect(address)).await.unwrap();
        stream.set_nodelay(true).unwrap();
        Self::new(stream)
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin> Wire<S> {
    pub fn new(stream: S) -> Self {
        Self { stream, buffer: Vec::new() }
    }

    /// Sends `bytes`; whether they were taken.
    pub async fn send(&mut self, bytes: impl AsRef<[u8]>) -> bool {
        within("sending", self.stream.write_all(bytes.as_ref())).await.is_ok()
    }

    /// A request without a body.
    pub async fn get(&mut self, path: &str) {
        assert!(self.send(format!("GET {path} HTTP/1.1\r\nHost: a.example\r\n\r\n")).await);
    }

    /// A whole message with `Content-Length` or without a body: its head and its body.
    pub async fn message(&mut self) -> (String, String) {
        let head = self.head().await;
        let length = field(&head, "content-length").map_or(0, |length| length.parse().unwrap());
        let body = if field(&head, "transfer-encoding").is_some() {
            self.chunks().await
        } else {
            self.exactly(length).await
        };
        (head, String::from_utf8(body).unwrap())
    }

    /// The status of a whole answer, which is thrown away.
    pub async fn status(&mut self) -> u16 {
        status(&self.message().await.0)
    }

    /// A head with its empty line.
    pub async fn head(&mut self) -> String {
        let head = self.until(b"\r\n\r\n").await;
        String::from_utf8(head).unwrap()
    }

    /// A line with its end.
    pub async fn line(&mut self) -> String {
        String::from_utf8(self.until(b"\r\n").await).unwrap()
    }

    /// One chunk's data; empty at the end, before the trailers.
    pub async fn chunk(&mut self) -> Vec<u8> {
        let size = self.line().await;
        let size =
            usize::from_str_radix(size.trim(), 16).unwrap_or_else(|_| panic!("{size:?} is no chunk size"));
        if size == 0 {
            return Vec::new();
        }
        let mut data = self.exactly(size + 2).await;
        assert!(data.ends_with(b"\r\n"));
        data.truncate(size);
        data
    }

    /// All chunks, and the trailer section, which is thrown away.
    pub async fn chunks(&mut self) -> Vec<u8> {
        let mut all = Vec::new();
        loop {
            let chunk = self.chunk().await;
            if chunk.is_empty() {
                while self.line().await != "\r\n" {}
                return all;
            }
            all.extend(chunk);
        }
    }

    /// So many bytes.
    pub async fn exactly(&mut self, count: usize) -> Vec<u8> {
        while self.buffer.len() < count {
            assert!(self.more().await.is_ok_and(|more| more > 0), "ended after {:?}", self.text());
        }
        self.buffer.drain(..count).collect()
    }

    /// Everything until the end, and which it was.
    pub async fn rest(&mut self) -> (Vec<u8>, End) {
        loop {
            match self.more().await {
                Ok(0) => return (std::mem::take(&mut self.buffer), End::Closed),
                Ok(_) => {}
                Err(_) => return (std::mem::take(&mut self.buffer), End::Reset),
            }
        }
    }

    /// Whether nothing comes for a while, and no end either.
    pub async fn is_silent_for(&mut self, span: Duration) -> bool {
        self.buffer.is_empty()
            && tokio::time::timeout(span, self.stream.read_buf(&mut self.buffer)).await.is_err()
    }

    async fn until(&mut self, end: &[u8]) -> Vec<u8> {
        loop {
            if let Some(at) = self.buffer.windows(end.len()).position(|window| window == end) {
                return self.buffer.drain(..at + end.len()).collect();
            }
            assert!(self.more().await.is_ok_and(|more| more > 0), "ended after {:?}", self.text());
        }
    }

    async fn more(&mut self) -> std::io::Result<usize> {
        within("reading", self.stream.read_buf(&mut self.buffer)).await
    }

    fn text(&self) -> String {
        String::from_utf8_lossy(&self.buffer).into_owned()
    }
}

/// The value of the first field of this name, in lower case.
pub fn field<'a>(head: &'a str, name: &str) -> Option<&'a str> {
    fields(head, name).into_iter().next()
}

/// The values of all fields of this name.
pub fn fields<'a>(head: &'a str, name: &str) -> Vec<&'a str> {
    let lines = head.lines().skip(1).filter_map(|line| line.split_once(':'));
    lines.filter(|(known, _)| known.eq_ignore_ascii_case(name)).map(|(_, value)| value.trim()).collect()
}

/// The status of a head.
pub fn status(head: &str) -> u16 {
    head.get(9..12).and_then(|status| status.parse().ok()).unwrap_or_else(|| panic!("{head:?} is no answer"))
}

impl Wire {
    /// Whether nothing has been read beyond what was asked for.
    pub fn is_unread(&self) -> bool {
        self.buffer.is_empty()
    }

    /// Throws away what has been read beyond what was asked for; how much it was.
    pub fn take_unread(&mut self) -> u64 {
        std::mem::take(&mut self.buffer).len() as u64
    }
}
