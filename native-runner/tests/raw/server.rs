//! The smallest gateway that uses the check and the guard; and hyper without either, to see what they are for.

use std::convert::Infallible;
use std::net::SocketAddr;
use std::time::Duration;

use bytes::Bytes;
use http::header::{self, HeaderName, HeaderValue};
use http::{Request, Response, StatusCode, Uri};
use http_body::Body as _;
use http_body_util::{BodyExt, Full};
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

use crate::serve::ambiguity::Ambiguity;
use crate::serve::guard::{Guard, Limits, Tunnel};
use crate::serve::{body, framing};

type Reply = Response<Full<Bytes>>;

/// Starts a server in front of `upstream`.
pub async fn start(upstream: SocketAddr, guarded: bool, limits: Limits) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            tokio::spawn(connection(stream, upstream, guarded, limits));
        }
    });
    address
}

/// Serves one connection.
async fn connection(stream: TcpStream, upstream: SocketAddr, guarded: bool, limits: Limits) {
    let mut http = http1::Builder::new();
    http.timer(TokioTimer::new()).header_read_timeout(Duration::from_secs(5));
    if !guarded {
        let service =
            service_fn(move |request| async move { Ok::<_, Infallible>(forward(request, upstream).await) });
        let _ = http.serve_connection(TokioIo::new(stream), service).await;
        return;
    }
    let guard = Guard::new(stream, limits);
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
        Err(ambiguity) => refuse(ambiguity),
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
    let reply = Response::builder().status(StatusCode::SWITCHING_PROTOCOLS);
    reply
        .header(header::UPGRADE, "websocket")
        .header(header::CONNECTION, "upgrade")
        .body(Full::default())
        .unwrap()
}

/// The answer to what is ambiguous.
fn refuse(ambiguity: Ambiguity) -> Reply {
    let (status, reason) = (ambiguity.status(), ambiguity.reason());
    let problem = format!(r#"{{"status":{},"detail":"{reason}"}}"#, status.as_u16());
    Response::builder()
        .status(status)
        .header(header::CONTENT_TYPE, "application/problem+json")
        .header(header::CONNECTION, "close")
        .body(Full::from(problem))
        .unwrap()
}

/// Sends a request to the upstream.
async fn forward(request: Request<Incoming>, upstream: SocketAddr) -> Reply {
    let stream = TcpStream::connect(upstream).await.unwrap();
    let (mut sender, connection) = hyper::client::conn::http1::handshake(TokioIo::new(stream)).await.unwrap();
    tokio::spawn(connection);
    let request = rewrite(request).map(|body| {
        body.map_frame(|frame| match frame.into_trailers() {
            Ok(mut trailers) => {
                body::keep_trailers(&mut trailers);
                http_body::Frame::trailers(trailers)
            }
            Err(frame) => frame,
        })
    });
    match sender.send_request(request).await {
        Ok(response) => {
            let bytes = response.into_body().collect().await.unwrap().to_bytes();
            Response::new(Full::new(bytes))
        }
        Err(error) => body::fault(&error).map_or_else(
            || {
                let mut reply = Response::new(Full::default());
                *reply.status_mut() = StatusCode::BAD_GATEWAY;
                reply
            },
            refuse,
        ),
    }
}

/// Makes the request that goes upstream of the one that came.
fn rewrite(mut request: Request<Incoming>) -> Request<Incoming> {
    // RFC 9112, 3.2.2: the target's authority replaces the Host that was received.
    let host = request.uri().authority().and_then(|host| HeaderValue::from_str(host.as_str()).ok());
    let target = request.uri().path_and_query().map_or("/", |target| target.as_str());
    *request.uri_mut() = target.parse::<Uri>().unwrap();
    *request.version_mut() = http::Version::HTTP_11;
    let chunked = request.headers().contains_key(header::TRANSFER_ENCODING);
    let named: Vec<HeaderName> = request
        .headers()
        .get_all(header::CONNECTION)
        .iter()
        .flat_map(|value| value.to_str().unwrap_or_default().split(','))
        .filter_map(|name| name.trim().parse().ok())
        .collect();
    let fields = request.headers_mut();
    for name in named {
        fields.remove(name);
    }
    for name in [header::CONNECTION, header::TRANSFER_ENCODING, header::TE, header::UPGRADE, header::EXPECT] {
        fields.remove(name);
    }
    if let Some(host) = host {
        fields.insert(header::HOST, host);
    }
    // hyper's client drops a GET's or HEAD's body of unknown length unless it is told.
    if chunked && !request.body().is_end_stream() {
        request.headers_mut().insert(header::TRANSFER_ENCODING, HeaderValue::from_static("chunked"));
    }
    request
}
