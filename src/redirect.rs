//! Where a redirect leads: RFC 9110 section 10.2.2 and the rules for ports of the Gateway API.

use crate::plan::{QueryRewrite, Redirect, Route};
use crate::{route, transform};

/// What was asked for.
#[derive(Debug)]
pub struct Asked<'a> {
    /// Whether by https.
    pub secure: bool,
    /// Host and port.
    pub authority: &'a str,
    /// Path in normal form.
    pub path: &'a str,
    /// Raw query.
    pub query: Option<&'a str>,
}

/// The value of `Location`.
pub fn location(route: &Route, redirect: &Redirect, asked: &Asked<'_>) -> String {
    let asked_scheme = if asked.secure { "https" } else { "http" };
    let scheme = redirect.scheme.unwrap_or(asked_scheme);
    let host = redirect.host.as_deref().unwrap_or(route::host::name(asked.authority));
    let port = port(redirect, asked).filter(|port| *port != default_port(scheme));
    let captures = transform::captures(route, &redirect.path, &QueryRewrite::default(), asked.path);
    let path = transform::rewritten(route, &redirect.path, asked.path, &captures);
    let mut location = format!("{scheme}://{host}");
    if let Some(port) = port {
        location.push(':');
        location.push_str(&port.to_string());
    }
    location.push_str(&path);
    if let Some(query) = asked.query {
        location.push('?');
        location.push_str(query);
    }
    location
}

/// Gateway API, `HTTPRequestRedirectFilter.port`: the one written, else that of the scheme written, else the one
/// asked for.
fn port(redirect: &Redirect, asked: &Asked<'_>) -> Option<u16> {
    if redirect.port.is_some() || redirect.scheme.is_some() {
        return redirect.port;
    }
    let (_, port) = asked.authority.rsplit_once(':')?;
    port.parse().ok()
}

fn default_port(scheme: &str) -> u16 {
    if scheme == "https" { 443 } else { 80 }
}
