//! The fields Spin adds to a request: appended after what the client sent, so that the last value is the true one.

use http::request::Parts;
use http::uri::Scheme;
use http::{HeaderName, HeaderValue, header};
use std::net::SocketAddr;

/// The authority a request asks for: that of its target, else its `Host` field; `None` where it has neither.
pub fn authority(head: &Parts) -> Option<&str> {
    match head.uri.authority() {
        Some(authority) => Some(authority.as_str()),
        None => head.headers.get(header::HOST)?.to_str().ok(),
    }
}

/// Adds what Spin's HTTP trigger adds for a component on the route `/...`.
pub fn append(head: &mut Parts, scheme: &Scheme, client: SocketAddr) {
    let target = head.uri.path_and_query().map_or("/", |target| target.as_str());
    let full = format!("{scheme}://{}{target}", authority(head).unwrap_or_default());
    let path = head.uri.path().to_owned();
    let added: [(&'static str, &str); 7] = [
        ("spin-full-url", &full),
        ("spin-path-info", &path),
        ("spin-raw-component-route", "/..."),
        ("spin-component-route", ""),
        ("spin-matched-route", "/..."),
        ("spin-base-path", "/"),
        ("spin-client-addr", &client.to_string()),
    ];
    for (name, value) in added {
        // A target that hyper accepted has no byte that a field may not have; one that had would be left out.
        if let Ok(value) = HeaderValue::from_str(value) {
            head.headers.append(HeaderName::from_static(name), value);
        }
    }
}

#[cfg(test)]
mod tests {
    use http::uri::Scheme;

    #[test]
    fn a_forged_field_comes_first() {
        let request =
            http::Request::get("/a?b").header("host", "x.test").header("spin-client-addr", "6.6.6.6:6");
        let (mut head, ()) = request.body(()).expect("a request").into_parts();
        super::append(&mut head, &Scheme::HTTP, ([192, 0, 2, 1], 9).into());
        let addresses: Vec<_> = head.headers.get_all("spin-client-addr").iter().collect();
        assert_eq!(addresses, ["6.6.6.6:6", "192.0.2.1:9"]);
        assert_eq!(head.headers["spin-full-url"], "http://x.test/a?b");
        assert_eq!(head.headers["spin-path-info"], "/a");
    }
}
