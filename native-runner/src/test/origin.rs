//! An origin server that answers by a case's script, on a raw socket so that it can do wrong.

use std::io;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use http::header::{CONTENT_LENGTH, TRANSFER_ENCODING};
use http::{HeaderMap, Version};
use tokio::io::AsyncWriteExt as _;
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;
use tollgate::sim::body::End;
use tollgate::sim::upstream::{Fault, Received, Replies, Reply};

use super::client::{play, put_field, put_framing};
use super::wire::{Framing, Part, RequestHead, Wire, framing};

/// What all origins of a case have received, in the order in which it began to come.
#[derive(Debug, Clone, Default)]
pub struct Log(Arc<Mutex<Vec<(Received, bool)>>>);

/// A running origin. Dropped, it ends.
#[derive(Debug)]
pub struct Origin {
    _tasks: JoinSet<()>,
}

struct Service {
    name: String,
    replies: Mutex<Replies>,
    log: Log,
}

/// What becomes of a connection after an answer.
enum After {
    Next,
    Close,
    Reset,
}

// === impl Log ===

impl Log {
    /// Takes everything, once it is known how each request ended.
    pub async fn take(&self) -> Vec<Received> {
        for _ in 0..400 {
            if self.0.lock().unwrap_or_else(PoisonError::into_inner).iter().all(|(_, settled)| *settled) {
                break;
            }
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        let all = std::mem::take(&mut *self.0.lock().unwrap_or_else(PoisonError::into_inner));
        all.into_iter().map(|(received, _)| received).collect()
    }

    /// How many requests have come since they were last taken.
    pub fn count(&self) -> usize {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).len()
    }

    fn begin(&self, to: &str, head: &RequestHead) -> usize {
        let mut log = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let mut headers = head.headers.clone();
        // It belongs to the connection; how the body ended shows what it was.
        headers.remove(TRANSFER_ENCODING);
        let received = Received {
            to: to.to_owned(),
            method: head.method.clone(),
            target: head.target.clone(),
            version: Version::HTTP_11,
            headers,
            body: Bytes::new(),
            trailers: HeaderMap::new(),
            complete: false,
        };
        log.push((received, false));
        log.len() - 1
    }

    fn settle(&self, index: usize, body: Bytes, trailers: HeaderMap, complete: bool) {
        let mut log = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((received, settled)) = log.get_mut(index) {
            (received.body, received.trailers, received.complete) = (body, trailers, complete);
            *settled = true;
        }
    }
}

// === impl Origin ===

impl Origin {
    /// Starts one. Where every connection is to be refused, the listener is closed, and nobody is there.
    pub fn start(name: &str, replies: Replies, listener: TcpListener, log: &Log) -> Self {
        let mut tasks = JoinSet::new();
        if !replies.refuse() {
            let service = Service { name: name.to_owned(), replies: Mutex::new(replies), log: log.clone() };
            tasks.spawn(accept(listener, Arc::new(service)));
        }
        Self { _tasks: tasks }
    }
}

async fn accept(listener: TcpListener, service: Arc<Service>) {
    let mut connections = JoinSet::new();
    while let Ok((stream, _)) = listener.accept().await {
        let service = Arc::clone(&service);
        connections.spawn(async move {
            let _ = stream.set_nodelay(true);
            // What goes wrong here is what the gateway is to see.
            let _ = connection(stream, &service).await;
        });
    }
}

async fn connection(mut stream: TcpStream, service: &Service) -> io::Result<()> {
    loop {
        let after = {
            let (reader, mut writer) = stream.split();
            let mut wire = Wire::new(reader);
            let Some(head) = wire.request().await? else { return Ok(()) };
            exchange(&mut wire, &mut writer, &head, service).await?
        };
        match after {
            After::Next => {}
            After::Close => return stream.shutdown().await,
            After::Reset => {
                socket2::SockRef::from(&stream).set_linger(Some(Duration::ZERO))?;
                return Ok(());
            }
        }
    }
}

async fn exchange<R, W>(
    wire: &mut Wire<R>,
    writer: &mut W,
    head: &RequestHead,
    service: &Service,
) -> io::Result<After>
where
    R: tokio::io::AsyncRead + Unpin,
    W: tokio::io::AsyncWrite + Unpin,
{
    let reply =
        service.replies.lock().unwrap_or_else(PoisonError::into_inner).next(&head.method, &head.target);
    let index = service.log.begin(&service.name, head);
    let Some(reply) = reply else { return Ok(After::Close) };
    if reply.early {
        let (taken, answered) =
            tokio::join!(take_in(wire, head, service, index), answer(writer, head, &reply));
        return taken.and(answered);
    }
    take_in(wire, head, service, index).await?;
    tokio::time::sleep(reply.delay).await;
    if reply.fault == Some(Fault::Stall) || (reply.body.end == End::Stall && reply.fault.is_none()) {
        if reply.fault.is_none() {
            answer(writer, head, &reply).await?;
        }
        wire.closed().await;
        return Ok(After::Close);
    }
    answer(writer, head, &reply).await
}

/// Takes the request's body in, and writes down how it ended.
async fn take_in<R>(wire: &mut Wire<R>, head: &RequestHead, service: &Service, index: usize) -> io::Result<()>
where
    R: tokio::io::AsyncRead + Unpin,
{
    let mut framing = framing(&head.headers, Framing::Over)?;
    let (mut body, mut trailers) = (BytesMut::new(), HeaderMap::new());
    let ended = loop {
        match wire.part(&mut framing).await {
            Ok(None) => break Ok(()),
            Ok(Some(Part::Data(data))) => body.extend_from_slice(&data),
            Ok(Some(Part::Trailers(fields))) => trailers = fields,
            Err(error) => break Err(error),
        }
    };
    service.log.settle(index, body.freeze(), trailers, ended.is_ok());
    ended
}

async fn answer<W>(writer: &mut W, head: &RequestHead, reply: &Reply) -> io::Result<After>
where
    W: tokio::io::AsyncWrite + Unpin,
{
    match reply.fault {
        Some(Fault::Reset) => return Ok(After::Reset),
        Some(Fault::HeadCut) => {
            writer.write_all(b"HTTP/1.1 200 OK\r\ncontent-le").await?;
            return Ok(After::Close);
        }
        Some(Fault::Garbage) => {
            writer.write_all(b"SSH-2.0-OpenSSH_9.2p1 Debian-2\r\n\r\n").await?;
            return Ok(After::Close);
        }
        Some(_) => return Ok(After::Close),
        None => {}
    }
    let mut message = BytesMut::from(format!("HTTP/1.1 {} Scripted\r\n", reply.status.as_u16()).as_bytes());
    for (name, value) in &reply.headers {
        put_field(&mut message, name.as_str(), value.as_bytes());
    }
    let framed = reply.headers.contains_key(CONTENT_LENGTH) || matches!(reply.status.as_u16(), 204 | 304);
    if !framed {
        put_framing(&mut message, &reply.body);
    }
    message.extend_from_slice(b"\r\n");
    writer.write_all(&message).await?;
    writer.flush().await?;
    if reply.has_content(&head.method) {
        play(writer, &reply.body).await?;
    }
    Ok(match reply.body.end {
        End::Complete | End::Stall => After::Next,
        End::Close => After::Close,
        End::Reset => After::Reset,
    })
}
