//! A minimal pass-through component: wasi:http 0.2 in, wasi:http 0.2 out, bodies streamed both ways.
//!
//! The environment variable `BACKEND` names where to (`127.0.0.1:9000`). What a gateway component costs above
//! this, in the same host, is what the gateway costs.
#![cfg(target_family = "wasm")]

use wstd::http::{Body, Client, Error, HeaderMap, Request, Response, Uri};

/// What wasi:http refuses in the fields that a component makes, requests and responses alike, and the
/// connection's own fields that it does not look at.
const NOT_FORWARDED: [&str; 11] = [
    "connection",
    "keep-alive",
    "proxy-authenticate",
    "proxy-authorization",
    "proxy-connection",
    "transfer-encoding",
    "upgrade",
    "host",
    "http2-settings",
    "te",
    "trailer",
];

#[wstd::http_server]
async fn main(mut request: Request<Body>) -> Result<Response<Body>, Error> {
    let backend = std::env::var("BACKEND")?;
    let path = request.uri().path_and_query().map_or("/", |path| path.as_str());
    let target = Uri::builder().scheme("http").authority(backend).path_and_query(path).build()?;
    *request.uri_mut() = target;
    strip(request.headers_mut());
    let mut response = Client::new().send(request).await?;
    strip(response.headers_mut());
    Ok(response)
}

fn strip(headers: &mut HeaderMap) {
    for name in NOT_FORWARDED {
        headers.remove(name);
    }
}
