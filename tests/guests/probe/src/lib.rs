//! The smallest guest that touches everything Tollgate's wasm host offers: one path per thing.
//!
//! `native-runner/tests/wasm_host.rs` drives it; `scripts/guests.sh` builds it.

mod frozen;
mod spin;
mod streams;

use wstd::http::{Body, Client, Error, Request, Response, StatusCode};

#[wstd::http_server]
async fn main(request: Request<Body>) -> Result<Response<Body>, Error> {
    let path = request.uri().path().to_owned();
    match path.as_str() {
        "/echo" => echo(request),
        "/stream" => Ok(Response::new(streams::slow(query(&request, "count")))),
        "/trailers" => Ok(Response::builder().header("trailer", "checksum").body(streams::with_trailers())?),
        "/abort" => Ok(Response::new(streams::broken())),
        "/leak" => Ok(Response::new(streams::leaked())),
        "/proxy" => proxy(request).await,
        "/kv" => spin::key_value(&request),
        "/redis" => spin::redis(&request),
        "/variable" => spin::variable(&request),
        "/env" => text(std::env::var(query(&request, "name")).unwrap_or_default()),
        "/file" => text(std::fs::read_to_string(query(&request, "path")).unwrap_or_else(|e| e.to_string())),
        "/frozen" => text(frozen::configuration().to_owned()),
        "/trap" => trap(),
        "/spin" => spin_forever(),
        _ => text(String::from("probe\n")),
    }
}

/// The value of one query parameter, with `%XX` undone, or nothing.
fn query(request: &Request<Body>, name: &str) -> String {
    let all = request.uri().query().unwrap_or_default();
    let found = all.split('&').filter_map(|pair| pair.split_once('=')).find(|(key, _)| *key == name);
    found.map(|(_, value)| decode(value)).unwrap_or_default()
}

fn decode(value: &str) -> String {
    let mut pieces = value.split('%');
    let mut out = pieces.next().unwrap_or_default().as_bytes().to_vec();
    for piece in pieces {
        let (code, rest) = piece.split_at(2);
        out.push(u8::from_str_radix(code, 16).expect("two hex digits"));
        out.extend_from_slice(rest.as_bytes());
    }
    String::from_utf8(out).expect("a query in UTF-8")
}

fn text(text: String) -> Result<Response<Body>, Error> {
    Ok(Response::new(text.into()))
}

fn status(status: StatusCode, text: String) -> Result<Response<Body>, Error> {
    Ok(Response::builder().status(status).body(text.into())?)
}

/// The request's head as `echo-*` fields and its body as the body.
fn echo(request: Request<Body>) -> Result<Response<Body>, Error> {
    let (head, body) = request.into_parts();
    let mut response = Response::new(body);
    let fields = response.headers_mut();
    fields.insert("echo-method", head.method.as_str().parse()?);
    fields.insert("echo-uri", head.uri.to_string().parse()?);
    for (name, value) in &head.headers {
        let name: wstd::http::HeaderName = format!("echo-{name}").parse()?;
        fields.append(name, value.clone());
    }
    Ok(response)
}

/// The upstream's answer, streamed; timeouts in milliseconds from `connect`, `first` and `between`.
async fn proxy(request: Request<Body>) -> Result<Response<Body>, Error> {
    let mut client = Client::new();
    let millis = |name| query(&request, name).parse().ok().map(std::time::Duration::from_millis);
    if let Some(limit) = millis("connect") {
        client.set_connect_timeout(wstd::time::Duration::from(limit));
    }
    if let Some(limit) = millis("first") {
        client.set_first_byte_timeout(wstd::time::Duration::from(limit));
    }
    if let Some(limit) = millis("between") {
        client.set_between_bytes_timeout(wstd::time::Duration::from(limit));
    }
    let to = query(&request, "to");
    let (head, body) = request.into_parts();
    let mut outgoing = Request::builder().method(head.method).uri(to).body(body)?;
    if let Some(length) = head.headers.get("content-length") {
        outgoing.headers_mut().insert("content-length", length.clone());
    }
    match client.send(outgoing).await {
        Ok(response) => Ok(response),
        Err(error) => {
            status(StatusCode::BAD_GATEWAY, format!("{:?}", error.downcast_ref::<wstd::http::ErrorCode>()))
        }
    }
}

fn trap() -> ! {
    eprintln!("about to trap, as asked");
    std::process::abort()
}

fn spin_forever() -> ! {
    loop {
        std::hint::spin_loop();
    }
}
