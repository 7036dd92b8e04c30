//! One connection, from its first byte to its last.

use std::future::Future;
use std::net::SocketAddr;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::time::Duration;

use hyper::body::Incoming;
use hyper::server::conn::{http1, http2};
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio::time::{Instant, sleep, timeout};
use tokio_rustls::TlsAcceptor;
use tollgate::auth::certificate::{ClientCertificate, Unusable};
use tollgate::gateway::Peer;

use super::Answer;
use super::bound::{Activity, Bound};
use super::guard::Guard;
use super::peek;
use super::rewound::Rewound;
use super::service::Service;
use super::state::{LINGER, State};

/// How often a connection is looked after: idle, stuck, or about to be closed.
const LOOK: Duration = Duration::from_secs(1);
/// What a connection is served with.
#[derive(Debug)]
pub struct Serving<A> {
    /// What answers.
    pub answer: Arc<A>,
    /// What all workers share.
    pub state: Arc<State>,
}

/// The client's certificate, where it showed one that was verified.
type Shown = Option<Arc<ClientCertificate>>;

/// A connection in hyper's hands that can be asked to end.
trait Graceful: Future {
    /// Answers what was asked, and takes nothing more.
    fn end(self: Pin<&mut Self>);

    /// The server is about to stop. HTTP/1.1 has nothing to say of it between two answers: the next one will.
    fn announce(self: Pin<&mut Self>) {}
}

// === impl Serving ===

impl<A: Answer> Serving<A> {
    /// Serves a connection; `tls` where the listener speaks TLS.
    pub async fn serve(self: Arc<Self>, stream: TcpStream, address: SocketAddr, tls: Option<TlsAcceptor>) {
        // An answer is written in one piece: nothing is won by waiting for more.
        let _ = stream.set_nodelay(true);
        match tls {
            Some(tls) => self.serve_tls(stream, address, tls).await,
            None => self.serve_plain(stream, address).await,
        }
    }

    async fn serve_plain(&self, mut stream: TcpStream, address: SocketAddr) {
        let peer = Peer { address, secure: false };
        let peeked = tokio::select! {
            peeked = timeout(self.state.idle, peek::protocol(&mut stream)) => peeked,
            () = self.state.lingered() => return,
        };
        let Ok(Ok((first, is_http2))) = peeked else { return };
        if is_http2 {
            let rewound = Rewound::new(stream, first);
            return self.serve_http2(rewound, peer, None).await;
        }
        if !first.is_empty() {
            self.serve_http1(stream, first, peer, None).await;
        }
    }

    async fn serve_tls(&self, stream: TcpStream, address: SocketAddr, tls: TlsAcceptor) {
        let Ok(Ok(stream)) = timeout(self.state.heads.time, tls.accept(stream)).await else { return };
        let peer = Peer { address, secure: true };
        let Ok(certificate) = client_certificate(stream.get_ref().1) else { return };
        if stream.get_ref().1.alpn_protocol() == Some(b"h2") {
            self.serve_http2(stream, peer, certificate).await;
        } else {
            self.serve_http1(stream, Vec::new(), peer, certificate).await;
        }
    }

    async fn serve_http1<I>(&self, io: I, first: Vec<u8>, peer: Peer, certificate: Shown)
    where
        I: AsyncRead + AsyncWrite + Unpin + Send + 'static,
    {
        let activity = Activity::new();
        let guard = Guard::with_first(Bound::new(io, Arc::clone(&activity)), self.state.heads, first);
        let service = self.service(&activity, peer, certificate);
        let mut builder = http1::Builder::new();
        builder
            .timer(TokioTimer::new())
            // The guard gives each head its time and answers 408; hyper's own timer, which would end a connection in
            // silence and counts idle time too, lies beyond.
            .header_read_timeout(None)
            // Beyond hyper's 100 it allocates for every request, so only who asks for more pays.
            .max_buf_size((self.state.heads.line + self.state.heads.fields + 8192).max(64 << 10));
        if self.state.heads.count > 100 {
            builder.max_headers(self.state.heads.count);
        }
        let connection = builder.serve_connection(
            TokioIo::new(guard),
            hyper::service::service_fn(move |request| Arc::clone(&service).call(request)),
        );
        self.look_after(connection, &activity).await;
    }

    async fn serve_http2<I>(&self, io: I, peer: Peer, certificate: Shown)
    where
        I: AsyncRead + AsyncWrite + Unpin + Send + 'static,
    {
        let activity = Activity::new();
        let service = self.service(&activity, peer, certificate);
        let list = self.state.heads.line + self.state.heads.fields;
        let connection = http2::Builder::new(TokioExecutor::new())
            .timer(TokioTimer::new())
            // A client opens as many at once as RFC 9113 section 6.5.2 recommends at least.
            .max_concurrent_streams(100)
            // Streams that a client opens and resets at once (CVE-2023-44487), and errors it provokes
            // (RUSTSEC-2024-0003).
            .max_pending_accept_reset_streams(20)
            .max_local_error_reset_streams(128)
            // Bounds what a head may take in CONTINUATION frames before it is read.
            .max_frame_size(16 << 10)
            .max_send_buf_size(64 << 10)
            .max_header_list_size(u32::try_from(list).unwrap_or(u32::MAX))
            .keep_alive_interval(Duration::from_secs(20))
            .keep_alive_timeout(Duration::from_secs(20))
            .serve_connection(
                TokioIo::new(Bound::new(io, Arc::clone(&activity))),
                hyper::service::service_fn(move |request| Arc::clone(&service).call(request)),
            );
        self.look_after(connection, &activity).await;
    }

    fn service(&self, activity: &Arc<Activity>, peer: Peer, certificate: Shown) -> Arc<Service<A>> {
        let (answer, state) = (Arc::clone(&self.answer), Arc::clone(&self.state));
        Arc::new(Service::new(answer, state, Arc::clone(activity), peer, certificate))
    }

    /// Runs a connection until it ends, is idle or stuck for too long, or the server stops.
    async fn look_after(&self, connection: impl Graceful, activity: &Activity) {
        let mut connection = pin!(connection);
        let mut look = pin!(sleep(LOOK));
        loop {
            tokio::select! {
                biased;
                // An error here is the client's; what became of its requests is in their records.
                _ = connection.as_mut() => return,
                () = look.as_mut() => {}
            }
            let draining = self.state.is_draining();
            if draining {
                connection.as_mut().announce();
            }
            let (idle, limit) = (activity.idle_for(), if draining { LINGER } else { self.state.idle });
            if idle >= limit {
                connection.as_mut().end();
            }
            // Who was told, and does not answer or has not even begun to speak the protocol, is not waited for.
            if idle >= limit + LINGER {
                return;
            }
            if activity.stuck_for() >= self.state.idle {
                return;
            }
            look.as_mut().reset(Instant::now() + LOOK);
        }
    }
}

/// Who the client is, by its certificate. One that was verified and cannot be read is nobody's: were the client taken for
/// one without a certificate, it could do what those may.
fn client_certificate(connection: &rustls::ServerConnection) -> Result<Shown, Unusable> {
    let Some(certificate) = connection.peer_certificates().and_then(<[_]>::first) else { return Ok(None) };
    let parsed = ClientCertificate::parse(certificate);
    if let Err(Unusable(cause)) = &parsed {
        tracing::warn!("a connection was closed after its handshake: {cause}");
    }
    parsed.map(|certificate| Some(Arc::new(certificate)))
}

impl<I, S, B> Graceful for http1::Connection<I, S>
where
    S: hyper::service::HttpService<Incoming, ResBody = B>,
    S::Error: Into<super::BoxError>,
    I: hyper::rt::Read + hyper::rt::Write + Unpin,
    B: http_body::Body + 'static,
    B::Error: Into<super::BoxError>,
{
    fn end(self: Pin<&mut Self>) {
        self.graceful_shutdown();
    }
}

impl<I, S, B> Graceful for http2::Connection<I, S, TokioExecutor>
where
    S: hyper::service::HttpService<Incoming, ResBody = B>,
    S::Future: Send + 'static,
    S::Error: Into<super::BoxError>,
    I: hyper::rt::Read + hyper::rt::Write + Unpin,
    B: http_body::Body + Send + 'static,
    B::Data: Send,
    B::Error: Into<super::BoxError>,
{
    fn end(self: Pin<&mut Self>) {
        self.graceful_shutdown();
    }

    /// RFC 9113 section 6.8: GOAWAY first for all streams that may be on their way, and then for those that came.
    fn announce(self: Pin<&mut Self>) {
        self.graceful_shutdown();
    }
}
