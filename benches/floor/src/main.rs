//! A bare hyper pass-through: server, pooled client, and nothing between them.
//!
//! `floor LISTEN BACKEND [THREADS]`, for example `floor 127.0.0.1:8080 127.0.0.1:9000`. One thread a core, each
//! with its own current-thread runtime, listening socket (`SO_REUSEPORT`) and connection pool: nothing is
//! shared, so nothing is locked. What a gateway on hyper costs above this is what the gateway costs.

use std::convert::Infallible;
use std::net::{SocketAddr, TcpListener};
use std::thread;

use http_body_util::{Either, Empty};
use hyper::body::{Bytes, Incoming};
use hyper::header::{self, HeaderMap, HeaderName};
use hyper::http::uri::{Authority, Scheme};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Request, Response, StatusCode, Uri, Version};
use hyper_util::client::legacy::{Client, connect::HttpConnector};
use hyper_util::rt::{TokioExecutor, TokioIo};
use socket2::{Domain, Protocol, Socket, Type};

type Pool = Client<HttpConnector, Incoming>;
type Answer = Response<Either<Incoming, Empty<Bytes>>>;

/// What belongs to one connection and is not forwarded (RFC 9110, section 7.6.1). Fields that `Connection`
/// names are left to real proxies: this is a floor.
const HOP_BY_HOP: [HeaderName; 7] = [
    header::CONNECTION,
    HeaderName::from_static("keep-alive"),
    HeaderName::from_static("proxy-connection"),
    header::TE,
    header::TRAILER,
    header::TRANSFER_ENCODING,
    header::UPGRADE,
];

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [listen, backend, threads @ ..] = arguments.as_slice() else {
        eprintln!("usage: floor LISTEN BACKEND [THREADS]");
        std::process::exit(2);
    };
    let listen: SocketAddr = listen.parse().expect("LISTEN is an address, such as 127.0.0.1:8080");
    let backend: Authority = backend.parse().expect("BACKEND is an address, such as 127.0.0.1:9000");
    let threads = match threads.first() {
        Some(number) => number.parse().expect("THREADS is a number"),
        None => thread::available_parallelism().map_or(1, usize::from),
    };

    let workers: Vec<_> = (0..threads)
        .map(|_| {
            let listener = bind(listen).expect("LISTEN can be bound");
            let backend = backend.clone();
            thread::spawn(move || run(listener, backend))
        })
        .collect();
    for worker in workers {
        worker.join().expect("a worker never ends");
    }
}

/// One of several sockets on the same address: the kernel spreads connections over them.
fn bind(address: SocketAddr) -> std::io::Result<TcpListener> {
    let socket = Socket::new(Domain::for_address(address), Type::STREAM, Some(Protocol::TCP))?;
    socket.set_reuse_address(true)?;
    socket.set_reuse_port(true)?;
    socket.set_nonblocking(true)?;
    socket.bind(&address.into())?;
    socket.listen(1024)?;
    Ok(socket.into())
}

/// One thread's server, for ever.
fn run(listener: TcpListener, backend: Authority) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    runtime.block_on(async {
        let listener = tokio::net::TcpListener::from_std(listener).expect("a non-blocking socket");
        let mut connector = HttpConnector::new();
        connector.set_nodelay(true);
        let pool: Pool = Client::builder(TokioExecutor::new()).build(connector);
        loop {
            let Ok((stream, _)) = listener.accept().await else { continue };
            let _ = stream.set_nodelay(true);
            let (pool, backend) = (pool.clone(), backend.clone());
            tokio::spawn(async move {
                let service = service_fn(|request| forward(&pool, &backend, request));
                let _ = http1::Builder::new().serve_connection(TokioIo::new(stream), service).await;
            });
        }
    });
}

/// One exchange. Bodies stream both ways; a backend that cannot be reached is a 502.
async fn forward(
    pool: &Pool,
    backend: &Authority,
    mut request: Request<Incoming>,
) -> Result<Answer, Infallible> {
    let mut target = std::mem::take(request.uri_mut()).into_parts();
    target.scheme = Some(Scheme::HTTP);
    target.authority = Some(backend.clone());
    let Ok(target) = Uri::from_parts(target) else { return Ok(empty(StatusCode::BAD_REQUEST)) };
    *request.uri_mut() = target;
    *request.version_mut() = Version::HTTP_11;
    request.headers_mut().remove(header::HOST); // the client writes it anew, from the target
    strip(request.headers_mut());
    match pool.request(request).await {
        Ok(mut response) => {
            strip(response.headers_mut());
            Ok(response.map(Either::Left))
        }
        Err(_) => Ok(empty(StatusCode::BAD_GATEWAY)),
    }
}

fn strip(headers: &mut HeaderMap) {
    for name in &HOP_BY_HOP {
        headers.remove(name);
    }
}

fn empty(status: StatusCode) -> Answer {
    let mut answer = Response::new(Either::Right(Empty::new()));
    *answer.status_mut() = status;
    answer
}
