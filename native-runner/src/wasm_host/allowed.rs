//! Spin's `allowed_outbound_hosts`: `scheme://host[:port]`.
//!
//! - scheme: a name, `{http,https}`, or `*`
//! - host: a name, an address (IPv6 in brackets), a network (`10.0.0.0/8`), `*.suffix` (names below it), or `*`
//! - port: a number, a range whose end is excluded (`8000..9000`), or `*`; without one, the scheme's own

use anyhow::{Context, bail, ensure};
use std::net::IpAddr;
use std::ops::Range;

/// Where guests may connect to. Nothing at all where empty.
#[derive(Clone, Debug)]
pub struct AllowedHosts(Vec<Pattern>);

#[derive(Clone, Debug)]
struct Pattern {
    /// Empty for any.
    schemes: Vec<String>,
    host: Host,
    /// Empty for any.
    ports: Range<u32>,
}

#[derive(Clone, Debug)]
enum Host {
    Any,
    /// With its leading dot.
    Below(String),
    Name(String),
    Network(IpAddr, u8),
}

// === impl AllowedHosts ===

impl AllowedHosts {
    /// No restriction.
    pub fn everything() -> Self {
        Self(vec![Pattern { schemes: Vec::new(), host: Host::Any, ports: 0..0 }])
    }

    /// The union of `patterns`.
    ///
    /// # Errors
    /// Names the first pattern that is not in the syntax, and why.
    pub fn parse(patterns: &[String]) -> anyhow::Result<Self> {
        let parse =
            |text: &String| Pattern::parse(text).with_context(|| format!("allowed_outbound_hosts: {text:?}"));
        Ok(Self(patterns.iter().map(parse).collect::<Result<_, _>>()?))
    }

    /// Whether a guest may connect to where `uri` points. A target without scheme, host or known port is refused.
    pub fn allows_uri(&self, uri: &http::Uri) -> bool {
        let (Some(scheme), Some(host)) = (uri.scheme_str(), uri.host()) else { return false };
        let port = uri.port_u16().or_else(|| default_port(scheme));
        port.is_some_and(|port| self.allows(scheme, host, port))
    }

    /// Whether a guest may connect to `port` of `host` (IPv6 with or without brackets) for `scheme`.
    pub fn allows(&self, scheme: &str, host: &str, port: u16) -> bool {
        let host = unbracketed(host).trim_end_matches('.').to_ascii_lowercase();
        self.0.iter().any(|pattern| pattern.matches(scheme, &host, port))
    }
}

// === impl Pattern ===

impl Pattern {
    fn parse(text: &str) -> anyhow::Result<Self> {
        let (scheme, rest) =
            text.split_once("://").context("expected scheme://host, as in https://example.com")?;
        let schemes = parse_schemes(scheme)?;
        let (authority, network) = split_path(rest)?;
        let (host, port) = split_port(authority);
        ensure!(!host.is_empty(), "the host is missing");
        Ok(Self { host: Host::parse(host, network)?, ports: parse_ports(port, &schemes)?, schemes })
    }

    fn matches(&self, scheme: &str, host: &str, port: u16) -> bool {
        let scheme_fits = self.schemes.is_empty() || self.schemes.iter().any(|allowed| allowed == scheme);
        let port_fits = self.ports.is_empty() || self.ports.contains(&u32::from(port));
        scheme_fits && port_fits && self.host.matches(host)
    }
}

fn parse_schemes(text: &str) -> anyhow::Result<Vec<String>> {
    if text == "*" {
        return Ok(Vec::new());
    }
    let list = text.strip_prefix('{').and_then(|rest| rest.strip_suffix('}')).unwrap_or(text);
    let schemes: Vec<_> = list.split(',').map(|scheme| scheme.trim().to_ascii_lowercase()).collect();
    let is_name = |scheme: &String| {
        !scheme.is_empty() && scheme.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-')
    };
    ensure!(schemes.iter().all(is_name), "{text:?} is not a scheme, a list {{a,b}} or *");
    Ok(schemes)
}

/// Splits off what follows the first slash: the length of a network's prefix, or nothing.
fn split_path(rest: &str) -> anyhow::Result<(&str, Option<u8>)> {
    let Some((authority, path)) = rest.split_once('/') else { return Ok((rest, None)) };
    if path.is_empty() {
        return Ok((authority, None));
    }
    let Ok(bits) = path.parse() else { bail!("a path is not allowed here: only hosts can be told apart") };
    Ok((authority, Some(bits)))
}

fn split_port(authority: &str) -> (&str, Option<&str>) {
    match authority.rfind(':') {
        // The colons inside an IPv6 address come before its closing bracket.
        Some(colon) if authority.rfind(']').is_none_or(|bracket| bracket < colon) => {
            (&authority[..colon], Some(&authority[colon + 1..]))
        }
        _ => (authority, None),
    }
}

fn parse_ports(port: Option<&str>, schemes: &[String]) -> anyhow::Result<Range<u32>> {
    let number =
        |text: &str| text.parse::<u16>().map(u32::from).with_context(|| format!("{text:?} is not a port"));
    match port {
        Some("*") => Ok(0..0),
        Some(text) => match text.split_once("..") {
            Some((first, end)) => {
                let range = number(first)?..number(end)?;
                ensure!(!range.is_empty(), "the range of ports is empty: its end is excluded");
                Ok(range)
            }
            None => number(text).map(|port| port..port + 1),
        },
        None => match schemes {
            [] => Ok(0..0),
            [scheme] => {
                let port = default_port(scheme)
                    .with_context(|| format!("{scheme} has no port of its own: name one"))?;
                Ok(u32::from(port)..u32::from(port) + 1)
            }
            _ => bail!("several schemes have several ports of their own: name one, or *"),
        },
    }
}

// === impl Host ===

impl Host {
    fn parse(text: &str, network: Option<u8>) -> anyhow::Result<Self> {
        let text = text.to_ascii_lowercase();
        let address = unbracketed(&text).parse::<IpAddr>().ok();
        if let Some(address) = address {
            let longest = if address.is_ipv4() { 32 } else { 128 };
            let bits = network.unwrap_or(longest);
            ensure!(bits <= longest, "a network of this kind has at most {longest} bits");
            return Ok(Self::Network(address, bits));
        }
        ensure!(network.is_none(), "only an address can be followed by a number of bits");
        match text.strip_prefix('*') {
            Some("") => Ok(Self::Any),
            Some(suffix) if suffix.starts_with('.') && suffix.len() > 1 && !suffix.contains('*') => {
                Ok(Self::Below(suffix.to_owned()))
            }
            None if !text.contains(['*', ' ', '@', '[']) => Ok(Self::Name(text)),
            _ => bail!("{text:?} is not a host, an address, *.suffix or *"),
        }
    }

    /// `host` is lower case, without brackets and final dot.
    fn matches(&self, host: &str) -> bool {
        match self {
            Self::Any => true,
            Self::Below(suffix) => host.len() > suffix.len() && host.ends_with(suffix),
            Self::Name(name) => host == name,
            Self::Network(network, bits) => {
                host.parse().is_ok_and(|address| contains(*network, *bits, address))
            }
        }
    }
}

fn contains(network: IpAddr, bits: u8, address: IpAddr) -> bool {
    match (network, address) {
        (IpAddr::V4(network), IpAddr::V4(address)) => {
            let mask = u32::MAX.checked_shl(32 - u32::from(bits)).unwrap_or(0);
            (network.to_bits() ^ address.to_bits()) & mask == 0
        }
        (IpAddr::V6(network), IpAddr::V6(address)) => {
            let mask = u128::MAX.checked_shl(128 - u32::from(bits)).unwrap_or(0);
            (network.to_bits() ^ address.to_bits()) & mask == 0
        }
        _ => false,
    }
}

fn unbracketed(host: &str) -> &str {
    host.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')).unwrap_or(host)
}

/// The port of schemes that Spin knows.
fn default_port(scheme: &str) -> Option<u16> {
    Some(match scheme {
        "http" => 80,
        "https" => 443,
        "redis" => 6379,
        "postgres" => 5432,
        "mysql" => 3306,
        "mqtt" => 1883,
        _ => return None,
    })
}

#[cfg(test)]
mod tests;
