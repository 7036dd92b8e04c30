//! The real server in front of the recorder; and a server of the test's own for what no configuration can do: an answer
//! before the body is read, another protocol, and hyper without the guard and the check.

use std::convert::Infallible;
use std::net::SocketAddr;
use std::time::Duration;

use bytes::Bytes;
use http::header;
use http::{Request, Response, StatusCode};
use http_body_util::{BodyExt, Full};
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use native_runner::serve::framing;
use native_runner::serve::guard::{Guard, Limits, Tunnel};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

use crate::support::Gateway;

type Reply = Response<Full<Bytes>>;

/// The real server in front of `upstream`.
pub fn real(upstream: SocketAddr, header_time: Duration) -> Gateway {
    let limits = format!("[server.limits]\nheader_time = \"{}ms\"", header_time.as_millis());
    let methods =
        "[[routes]]\nauth = \"public\"\nid = \"own\"\nupstream = \"up\"\nmatch = { methods = [\"FROB\"] }";
    let routes = crate::support::gateway::proxy(upstream, "");
    Gateway::start(&limits, &format!("{routes}\n{methods}"))
}

/// A server of the test's own, with the guard or without.
pub async fn start(upstream: SocketAddr, guarded: bool) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            tokio::spawn(connection(stream, upstream, guarded));
        }
    });
    address
}

/// Serves one connection.
async fn connection(stream: TcpStream, upstream: SocketAddr, guarded: bool) {
    let mut http = http1::Builder::new();
    http.timer(TokioTimer::new()).header_read_timeout(Duration::from_secs(5));
    if !guarded {
        let service =
            service_fn(move |request| async move { Ok::<_, Infallible>(forward(request, upstream).await) });
        let _ = http.serve_connection(TokioIo::new(stream), service).await;
        return;
    }
    let guard = Guard::new(stream, Limits::default());
    let tunnel = guard.tunnel();
    let service = service_fn(move |request| {
        let tunnel = tunnel.clone();
        async move { Ok::<_, Infallible>(answer(request, upstream, &tunnel).await) }
    });
    let _ = http.serve_connection(TokioIo::new(guard), service).with_upgrades().await;
}

/// What the gateway does with a request.
async fn answer(request: Request<Incoming>, upstream: SocketAddr, tunnel: &Tunnel) -> Reply {
    match framing::check(&request) {
        // Answered without a look at the body.
        Ok(()) if request.uri().path() == "/early" => Response::new(Full::from("early")),
        Ok(()) if request.uri().path() == "/upgrade" => upgrade(request, tunnel),
        Ok(()) => forward(request, upstream).await,
        Err(_) => empty(StatusCode::BAD_REQUEST),
    }
}

/// Another protocol: an echo.
fn upgrade(request: Request<Incoming>, tunnel: &Tunnel) -> Reply {
    tunnel.open();
    tokio::spawn(async move {
        let mut io = TokioIo::new(hyper::upgrade::on(request).await.unwrap());
        let mut bytes = [0; 64];
        while let Ok(length @ 1..) = io.read(&mut bytes).await {
            io.write_all(&bytes[..length]).await.unwrap();
        }
    });
    let mut reply = empty(StatusCode::SWITCHING_PROTOCOLS);
    reply.headers_mut().insert(header::UPGRADE, header::HeaderValue::from_static("websocket"));
    reply.headers_mut().insert(header::CONNECTION, header::HeaderValue::from_static("upgrade"));
    reply
}

fn empty(status: StatusCode) -> Reply {
    let mut reply = Response::new(Full::default());
    *reply.status_mut() = status;
    reply
}

/// Sends a request to the upstream as it came.
async fn forward(mut request: Request<Incoming>, upstream: SocketAddr) -> Reply {
    let stream = TcpStream::connect(upstream).await.unwrap();
    let (mut sender, connection) = hyper::client::conn::http1::handshake(TokioIo::new(stream)).await.unwrap();
    tokio::spawn(connection);
    let target = request.uri().path_and_query().map_or("/", |target| target.as_str());
    *request.uri_mut() = target.parse().unwrap();
    *request.version_mut() = http::Version::HTTP_11;
    match sender.send_request(request).await {
        Ok(response) => Response::new(Full::new(response.into_body().collect().await.unwrap().to_bytes())),
        Err(_) => empty(StatusCode::BAD_GATEWAY),
    }
}
