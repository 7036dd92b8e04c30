//! HTTP/2: what h2 refuses by itself, what it lets through, and what the check makes of that.

use std::convert::Infallible;
use std::sync::{Arc, Mutex, PoisonError};

use bytes::Bytes;
use http::{Method, Request, Response, StatusCode};
use http_body_util::{BodyExt, Empty};
use hyper::body::Incoming;
use hyper::server::conn::http2;
use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo};

use native_runner::serve::ambiguity::Ambiguity::{self, *};
use native_runner::serve::framing;

/// What the service saw: nothing, or what the check says.
type Seen = Option<Result<(), Ambiguity>>;

/// A target, fields, a body, and what has to be seen of them.
type Case = (&'static str, &'static [(&'static str, &'static str)], &'static [u8], Seen);

/// Sends one request with `body` over a new connection.
async fn send(request: Request<()>, body: &'static [u8]) -> (Seen, Option<StatusCode>) {
    let (client, server) = tokio::io::duplex(1 << 16);
    let seen: Arc<Mutex<Seen>> = Arc::default();
    let shared = Arc::clone(&seen);
    let service = service_fn(move |request: Request<Incoming>| {
        *shared.lock().unwrap_or_else(PoisonError::into_inner) = Some(framing::check(&request));
        async move {
            let mut reply = Response::new(Empty::<Bytes>::new());
            if request.into_body().collect().await.is_err() {
                *reply.status_mut() = StatusCode::BAD_REQUEST;
            }
            Ok::<_, Infallible>(reply)
        }
    });
    tokio::spawn(http2::Builder::new(TokioExecutor::new()).serve_connection(TokioIo::new(server), service));
    let (sender, connection) = h2::client::handshake(client).await.unwrap();
    tokio::spawn(connection);
    let mut sender = sender.ready().await.unwrap();
    let Ok((response, mut stream)) = sender.send_request(request, body.is_empty()) else {
        return (None, None);
    };
    if !body.is_empty() {
        let _ = stream.send_data(Bytes::from_static(body), true);
    }
    let status = response.await.ok().map(|response| response.status());
    let seen = *seen.lock().unwrap_or_else(PoisonError::into_inner);
    (seen, status)
}

fn request(uri: &str, fields: &[(&str, &str)]) -> Request<()> {
    let mut request = Request::builder().method(Method::POST).uri(uri);
    for (name, value) in fields {
        request = request.header(*name, *value);
    }
    request.body(()).unwrap()
}

#[tokio::test]
async fn what_h2_lets_through_is_refused() {
    const URI: &str = "https://a.example/case";
    let cases: [Case; 19] = [
        (URI, &[], b"", Some(Ok(()))),
        (URI, &[("content-length", "3")], b"abc", Some(Ok(()))),
        (URI, &[("host", "A.example")], b"", Some(Ok(()))),
        (URI, &[("te", "trailers")], b"", Some(Ok(()))),
        // h2 refuses these itself, RFC 9113, 8.1.1, 8.2.2.
        (URI, &[("te", "gzip")], b"", None),
        (URI, &[("content-length", "3"), ("content-length", "4")], b"abc", None),
        (URI, &[("content-length", "+3")], b"abc", None),
        (URI, &[("content-length", "3")], b"", None),
        // And these here.
        (URI, &[("content-length", "3"), ("content-length", "3")], b"abc", Some(Err(SeveralLengths))),
        (URI, &[("host", "b.example")], b"", Some(Err(OtherHost))),
        (URI, &[("host", "a.example"), ("host", "a.example")], b"", Some(Err(SeveralHosts))),
        ("https://user@a.example/", &[], b"", Some(Err(UserInfo))),
        ("https://a.example,b/", &[], b"", Some(Err(Host))),
        ("ftp://a.example/", &[], b"", Some(Err(Scheme))),
        ("https://a.example/\u{e9}", &[], b"", Some(Err(Target))),
        (URI, &[("expect", "x")], b"", Some(Err(Expectation))),
        ("/case", &[], b"", Some(Err(NoHost))),
        ("/case", &[("host", "a.example")], b"", Some(Ok(()))),
        ("*", &[("host", "a.example")], b"", Some(Err(Target))),
    ];
    for (uri, fields, body, expected) in cases {
        let (seen, status) = send(request(uri, fields), body).await;
        assert_eq!(seen, expected, "{uri} {fields:?}: {status:?}");
    }
    // A length that the body does not have: RFC 9113, 8.1.1. The service has begun by then, the body fails.
    let (seen, status) = send(request(URI, &[("content-length", "4")]), b"abc").await;
    assert!(seen == Some(Ok(())) && status != Some(StatusCode::OK), "{seen:?} {status:?}");
    let connect = Request::builder().method(Method::CONNECT).uri("a.example:443").body(()).unwrap();
    assert_eq!(send(connect, b"").await.0, Some(Err(Connect)));
}
