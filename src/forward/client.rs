//! Who the client is, when trusted proxies stand between it and this gateway.
//!
//! Each proxy appends what it saw to a list; whatever stood there before is only as good as the proxy. So the list is
//! read from its right end, hop by hop, for as long as the hop that wrote an element is trusted. What a client writes
//! into the list itself is never reached.

use std::net::{IpAddr, SocketAddr};

use http::header::{FORWARDED, GetAll};
use http::uri::Authority;
use http::{HeaderMap, HeaderValue};

use crate::gateway::Peer;

pub use super::network::{Network, NetworkError};

/// The proxies whose word about a client is believed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum TrustedProxies {
    /// Those with an address in one of these networks.
    Networks(Vec<Network>),
    /// So many, whatever their addresses: for platforms whose proxies have no fixed ones. Whoever reaches the gateway
    /// without passing through them is believed too.
    Hops(usize),
}

/// The client of a request, as far as it is known.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Client {
    /// The address of the client, or of the last hop that is believed.
    pub address: IpAddr,
    /// Whether the request came from a trusted proxy; what that wrote may be passed on.
    pub via_trusted: bool,
    /// The scheme that the client used, if a trusted proxy said so.
    pub proto: Option<Scheme>,
    /// The host (and port) that the client asked for, if a trusted proxy said so.
    pub host: Option<Authority>,
}

/// The scheme of a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scheme {
    /// Without TLS.
    Http,
    /// With TLS.
    Https,
}

/// How many elements of a list are looked at. A chain of proxies this long is a loop or an attack.
pub const MOST_ELEMENTS: usize = 64;

/// The client of a request that came from `peer`: the last address in `X-Forwarded-For`, or without that field in
/// `Forwarded` (RFC 7239), that is not itself a trusted proxy's; `peer`, if that is none. Where so many proxies are
/// trusted, it is the address that the farthest of them wrote.
///
/// An element that names no address (`unknown`, `_hidden`, nonsense) ends the walk at the hop that wrote it.
pub fn client_of(peer: IpAddr, trusted: &TrustedProxies, headers: &HeaderMap) -> Client {
    let peer = peer.to_canonical();
    let mut client =
        Client { address: peer, via_trusted: trusted.believes(0, peer), proto: None, host: None };
    if !client.via_trusted {
        return client;
    }
    // Not both: a proxy that writes one of them passes the other on as the client sent it. The older is preferred,
    // because proxies that write `Forwarded` mostly write it too.
    if !headers.contains_key("x-forwarded-for") && headers.contains_key(FORWARDED) {
        walk_forwarded(&mut client, trusted, headers.get_all(FORWARDED));
        return client;
    }
    let walked = walk_x_forwarded_for(&mut client, trusted, headers.get_all("x-forwarded-for"));
    client.proto = said_by(walked, headers.get_all("x-forwarded-proto")).and_then(Scheme::parse);
    client.host = said_by(walked, headers.get_all("x-forwarded-host")).and_then(authority);
    client
}

/// Walks `X-Forwarded-For` and says how many hops it went.
fn walk_x_forwarded_for(
    client: &mut Client,
    trusted: &TrustedProxies,
    lines: GetAll<'_, HeaderValue>,
) -> usize {
    let mut walked = 0;
    for element in elements_from_the_right(lines) {
        walked += 1;
        let Some(address) = node_address(element) else { break };
        client.address = address;
        if !trusted.believes(walked, address) {
            break;
        }
    }
    walked
}

/// Walks `Forwarded`; scheme and host are those of the last element it gets to.
fn walk_forwarded(client: &mut Client, trusted: &TrustedProxies, lines: GetAll<'_, HeaderValue>) {
    let elements = lines.iter().rev().flat_map(|line| Reversed { rest: Some(line.as_bytes()), quotes: true });
    for (element, hop) in elements.take(MOST_ELEMENTS).filter(|element| !element.is_empty()).zip(1..) {
        let Some(pairs) = forwarded_pairs(element) else { return };
        client.proto = pairs.proto.as_deref().and_then(Scheme::parse);
        client.host = pairs.host.as_deref().and_then(authority);
        let Some(address) = pairs.node.as_deref().and_then(node_address) else { return };
        client.address = address;
        if !trusted.believes(hop, address) {
            return;
        }
    }
}

/// What the farthest trusted hop said in a list that each hop appended to. If the list is shorter than the chain, some
/// hops overwrote it or kept it as it was: then its first element is the farthest that a trusted hop vouches for.
fn said_by(walked: usize, lines: GetAll<'_, HeaderValue>) -> Option<&[u8]> {
    elements_from_the_right(lines).take(walked.max(1)).last()
}

/// The elements of a list of tokens on however many lines, from the right; empty ones do not count (RFC 9110, 5.6.1.2)
/// but are bounded too.
fn elements_from_the_right(lines: GetAll<'_, HeaderValue>) -> impl Iterator<Item = &[u8]> {
    lines
        .into_iter()
        .rev()
        .flat_map(|line| Reversed { rest: Some(line.as_bytes()), quotes: false })
        .take(MOST_ELEMENTS)
        .filter(|element| !element.is_empty())
}

/// The elements of one line, from the right. Where quoted strings may stand, a comma in one does not separate. Read
/// backwards, so that nothing on the left, which a client may have written, has a say in what the right means.
struct Reversed<'a> {
    rest: Option<&'a [u8]>,
    quotes: bool,
}

impl<'a> Iterator for Reversed<'a> {
    type Item = &'a [u8];

    fn next(&mut self) -> Option<&'a [u8]> {
        let line = self.rest?;
        let mut quoted = false;
        for at in (0..line.len()).rev() {
            match line[at] {
                b'"' if self.quotes && !(quoted && is_escaped(&line[..at])) => quoted = !quoted,
                b',' if !quoted => {
                    self.rest = Some(&line[..at]);
                    return Some(line[at + 1..].trim_ascii());
                }
                _ => {}
            }
        }
        self.rest = None;
        Some(line.trim_ascii())
    }
}

/// RFC 9110, 5.6.4: whether what follows is the second half of a quoted pair.
fn is_escaped(before: &[u8]) -> bool {
    before.iter().rev().take_while(|byte| **byte == b'\\').count() % 2 == 1
}

/// What one element of `Forwarded` says; the parameters that matter here.
#[derive(Default)]
struct Pairs {
    node: Option<Vec<u8>>,
    proto: Option<Vec<u8>>,
    host: Option<Vec<u8>>,
}

/// RFC 7239, 4: `forwarded-element = [ forwarded-pair ] *( ";" [ forwarded-pair ] )`, names in any case, each at most
/// once. Nothing, if the element breaks that.
fn forwarded_pairs(element: &[u8]) -> Option<Pairs> {
    let mut pairs = Pairs::default();
    let mut rest = element;
    while !rest.is_empty() {
        if let Some(after) = rest.strip_prefix(b";") {
            rest = after.trim_ascii_start();
            continue;
        }
        let equals = rest.iter().position(|byte| *byte == b'=')?;
        let (name, (value, after)) = (rest[..equals].trim_ascii(), value(&rest[equals + 1..])?);
        let slot = match name.to_ascii_lowercase().as_slice() {
            b"for" => Some(&mut pairs.node),
            b"proto" => Some(&mut pairs.proto),
            b"host" => Some(&mut pairs.host),
            _ => None,
        };
        if let Some(slot) = slot
            && slot.replace(value).is_some()
        {
            return None;
        }
        rest = after.trim_ascii();
        if !rest.is_empty() && !rest.starts_with(b";") {
            return None;
        }
    }
    Some(pairs)
}

/// RFC 7239, 4: `value = token / quoted-string`; and what follows it. Addresses with a port are taken without their
/// quotes too, as many write them.
fn value(text: &[u8]) -> Option<(Vec<u8>, &[u8])> {
    let Some(quoted) = text.strip_prefix(b"\"") else {
        let end = text.iter().position(|byte| *byte == b';').unwrap_or(text.len());
        return Some((text[..end].trim_ascii().to_vec(), &text[end..]));
    };
    let mut value = Vec::new();
    let mut bytes = quoted.iter().enumerate();
    while let Some((at, byte)) = bytes.next() {
        match byte {
            b'"' => return Some((value, &quoted[at + 1..])),
            b'\\' => value.push(*bytes.next()?.1),
            byte => value.push(*byte),
        }
    }
    None
}

/// The address in `192.0.2.1`, `192.0.2.1:80`, `2001:db8::1`, `[2001:db8::1]`, `[2001:db8::1]:80`; ports may be
/// obfuscated (RFC 7239, 6). IPv4 written as IPv6 is IPv4.
fn node_address(node: &[u8]) -> Option<IpAddr> {
    let text = std::str::from_utf8(node).ok()?;
    let address = if let Some(bracketed) = text.strip_prefix('[') {
        let (address, port) = bracketed.split_once(']')?;
        if !port.is_empty() && !port.strip_prefix(':').is_some_and(is_port) {
            return None;
        }
        IpAddr::V6(address.parse().ok()?)
    } else if let Ok(address) = text.parse() {
        address
    } else {
        let (address, port) = text.split_once(':')?;
        if !is_port(port) {
            return None;
        }
        IpAddr::V4(address.parse().ok()?)
    };
    Some(address.to_canonical())
}

/// RFC 7239, 6: `node-port = port / obfport`.
fn is_port(text: &str) -> bool {
    match text.strip_prefix('_') {
        // RFC 7239, 6.3: `obfport = "_" 1*(ALPHA / DIGIT / "." / "_" / "-")`.
        Some(hidden) => {
            !hidden.is_empty() && hidden.bytes().all(|b| b.is_ascii_alphanumeric() || b"._-".contains(&b))
        }
        None => matches!(text.len(), 1..=5) && text.bytes().all(|byte| byte.is_ascii_digit()),
    }
}

/// A host and perhaps a port, without user information (RFC 9110, 7.2: `Host = uri-host [ ":" port ]`).
fn authority(text: &[u8]) -> Option<Authority> {
    if text.contains(&b'@') {
        return None;
    }
    let authority = Authority::try_from(text).ok()?;
    let port_is_number = authority.port_u16().is_some() || authority.host().len() == text.len();
    (port_is_number && !authority.host().is_empty()).then_some(authority)
}

// === impl TrustedProxies ===

impl TrustedProxies {
    /// Whether there is somebody who is believed because of the address.
    pub fn has_networks(&self) -> bool {
        matches!(self, Self::Networks(networks) if !networks.is_empty())
    }

    /// Whether the hop with this address is believed: the peer is hop 0, what it wrote down is hop 1, and so on.
    fn believes(&self, hop: usize, address: IpAddr) -> bool {
        match self {
            Self::Networks(networks) => networks.iter().any(|network| network.contains(address)),
            Self::Hops(hops) => hop < *hops,
        }
    }
}

impl Default for TrustedProxies {
    fn default() -> Self {
        Self::Networks(Vec::new())
    }
}

// === impl Scheme ===

impl Scheme {
    /// `http` or `https`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Http => "http",
            Self::Https => "https",
        }
    }

    /// RFC 3986, 3.1: schemes are the same in any case.
    fn parse(text: &[u8]) -> Option<Self> {
        [Self::Http, Self::Https]
            .into_iter()
            .find(|scheme| text.eq_ignore_ascii_case(scheme.as_str().as_bytes()))
    }
}

// === impl Client ===

impl Client {
    /// A client that is known by its connection alone.
    pub fn direct(peer: SocketAddr) -> Self {
        Self { address: peer.ip().to_canonical(), via_trusted: false, proto: None, host: None }
    }

    /// Its address, where the host knows one: a component on a host that does not say has the unspecified address.
    pub fn known_address(&self) -> Option<IpAddr> {
        Some(self.address).filter(|address| !address.is_unspecified())
    }

    /// Whether the client used TLS: as the proxy that it came to says, or without one, as this gateway saw.
    pub fn is_secure(&self, peer: Peer) -> bool {
        self.proto.map_or(peer.secure, |proto| proto == Scheme::Https)
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn client(peer: &str, lines: &[(&'static str, &str)]) -> Client {
        let trusted = ["10.0.0.0/8", "2001:db8::/64"].map(|text| text.parse().unwrap());
        seen(&TrustedProxies::Networks(trusted.into()), peer, lines)
    }

    fn seen(trusted: &TrustedProxies, peer: &str, lines: &[(&'static str, &str)]) -> Client {
        let mut headers = HeaderMap::new();
        for (name, value) in lines {
            headers.append(*name, HeaderValue::from_str(value).unwrap());
        }
        client_of(peer.parse().unwrap(), trusted, &headers)
    }

    #[test]
    fn an_untrusted_peer_is_the_client() {
        let lines =
            [("x-forwarded-for", "192.0.2.9"), ("x-forwarded-proto", "https"), ("forwarded", "for=1.1.1.1")];
        let client = client("198.51.100.1", &lines);
        assert_eq!(client, Client::direct("198.51.100.1:80".parse().unwrap()));
    }

    #[test]
    fn x_forwarded_for() {
        for (lines, expected) in [
            (&[][..], "10.0.0.1"),
            (&["192.0.2.1"], "192.0.2.1"),
            (&["1.1.1.1, 192.0.2.1"], "192.0.2.1"),
            (&["1.1.1.1, 192.0.2.1, 10.0.0.2"], "192.0.2.1"),
            (&["1.1.1.1", "192.0.2.1 ,10.0.0.2", "10.0.0.3"], "192.0.2.1"),
            (&["10.0.0.3, 10.0.0.2"], "10.0.0.3"),
            (&["192.0.2.1, , ,10.0.0.2,"], "192.0.2.1"),
            (&["192.0.2.1, unknown, 10.0.0.2"], "10.0.0.2"),
            (&["192.0.2.1, nonsense"], "10.0.0.1"),
            (&["192.0.2.1:4711"], "192.0.2.1"),
            (&["[2001:db8:1::1]:4711, [2001:db8::1]"], "2001:db8:1::1"),
            (&["2001:db8:1::1"], "2001:db8:1::1"),
            (&["::ffff:192.0.2.1"], "192.0.2.1"),
            (&["192.0.2.1, ::ffff:10.0.0.2"], "192.0.2.1"),
            (&["fe80::1%eth0"], "10.0.0.1"),
            (&["192.0.2.1:http"], "10.0.0.1"),
            (&["\"192.0.2.1\""], "10.0.0.1"),
        ] {
            let lines: Vec<_> = lines.iter().map(|line| ("x-forwarded-for", *line)).collect();
            assert_eq!(client("10.0.0.1", &lines).address.to_string(), expected, "{lines:?}");
            assert_eq!(client("::ffff:10.0.0.1", &lines).address.to_string(), expected, "{lines:?}");
        }
    }

    #[test]
    fn a_number_of_proxies_is_trusted_whatever_their_addresses() {
        for (hops, field, line, expected) in [
            (1, "x-forwarded-for", "192.0.2.1", "192.0.2.1"),
            (1, "x-forwarded-for", "6.6.6.6, 192.0.2.1", "192.0.2.1"),
            (2, "x-forwarded-for", "6.6.6.6, 192.0.2.1, 203.0.113.1", "192.0.2.1"),
            (2, "forwarded", "for=6.6.6.6, for=192.0.2.1, for=203.0.113.1", "192.0.2.1"),
            // One proxy fewer than stated, or one that does not say: the farthest of which something is known.
            (2, "x-forwarded-for", "203.0.113.1", "203.0.113.1"),
            (2, "x-forwarded-for", "192.0.2.1, unknown", "198.51.100.1"),
            (1, "x-other", "1.1.1.1", "198.51.100.1"),
        ] {
            let client = seen(&TrustedProxies::Hops(hops), "198.51.100.1", &[(field, line)]);
            assert_eq!(client.address.to_string(), expected, "{hops} {line}");
            assert!(client.via_trusted);
        }
        let lines = [("x-forwarded-for", "6.6.6.6, 192.0.2.1"), ("x-forwarded-proto", "http, https")];
        let client = seen(&TrustedProxies::Hops(1), "0.0.0.0", &lines);
        assert_eq!((client.known_address(), client.proto), ("192.0.2.1".parse().ok(), Some(Scheme::Https)));
        assert_eq!(seen(&TrustedProxies::Hops(1), "0.0.0.0", &[]).known_address(), None);
    }

    #[test]
    fn the_walk_is_bounded() {
        let long = format!("192.0.2.1{}", ", 10.0.0.2".repeat(100));
        assert_eq!(client("10.0.0.1", &[("x-forwarded-for", &long)]).address.to_string(), "10.0.0.2");
        let empty = format!("192.0.2.1{}", ",".repeat(100));
        assert_eq!(client("10.0.0.1", &[("x-forwarded-for", &empty)]).address.to_string(), "10.0.0.1");
    }

    #[test]
    fn forwarded() {
        // The first six are the examples of RFC 7239, 4 and 6.
        for (line, expected) in [
            ("for=\"_gazonk\"", "10.0.0.1"),
            ("For=\"[2001:db8:cafe::17]:4711\"", "2001:db8:cafe::17"),
            ("for=192.0.2.60;proto=http;by=203.0.113.43", "192.0.2.60"),
            ("for=192.0.2.43, for=198.51.100.17", "198.51.100.17"),
            ("for=\"192.0.2.43:47011\"", "192.0.2.43"),
            ("for=192.0.2.43, for=\"[2001:db8:cafe::17]\", for=unknown", "10.0.0.1"),
            ("for=192.0.2.1, for=10.0.0.2;host=\"a,b\"", "192.0.2.1"),
            ("for=192.0.2.1 ; , for=10.0.0.2;x=\"\\\",\\\\\"", "192.0.2.1"),
            ("for=192.0.2.1, proto=https", "10.0.0.1"),
            ("for=\"192.0.2.1:_x\"", "192.0.2.1"),
            ("for=192.0.2.1;for=192.0.2.2", "10.0.0.1"),
            ("for=192.0.2.1 x", "10.0.0.1"),
            ("for=\"192.0.2.1", "10.0.0.1"),
            ("evil=\", for=192.0.2.1", "192.0.2.1"),
            ("for=1.1.1.1, evil=\", for=10.0.0.2", "10.0.0.2"),
            ("", "10.0.0.1"),
        ] {
            assert_eq!(client("10.0.0.1", &[("forwarded", line)]).address.to_string(), expected, "{line}");
        }
        let lines = [("forwarded", "for=192.0.2.1"), ("forwarded", "for=10.0.0.2")];
        assert_eq!(client("10.0.0.1", &lines).address.to_string(), "192.0.2.1");
    }

    #[test]
    fn scheme_and_host() {
        let said = |lines: &[(&'static str, &str)]| {
            let client = client("10.0.0.1", lines);
            (client.proto.map(Scheme::as_str), client.host.map(|host| host.to_string()))
        };
        let host = |host: &str| Some(host.to_owned());
        let chain = ("x-forwarded-for", "1.1.1.1, 192.0.2.1, 10.0.0.2");
        assert_eq!(said(&[chain]), (None, None));
        assert_eq!(said(&[("x-forwarded-proto", "HTTPS")]), (Some("https"), None));
        assert_eq!(said(&[chain, ("x-forwarded-proto", "https")]), (Some("https"), None));
        assert_eq!(said(&[chain, ("x-forwarded-proto", "ftp, https, http")]), (Some("https"), None));
        assert_eq!(said(&[chain, ("x-forwarded-proto", "http, wss")]), (Some("http"), None));
        assert_eq!(
            said(&[chain, ("x-forwarded-host", "x, a.example:8080, b")]),
            (None, host("a.example:8080"))
        );
        for bad in ["a@b", "a b", "a:b", ":80", "a:99999", "a/b"] {
            assert_eq!(said(&[("x-forwarded-host", bad)]), (None, None), "{bad}");
        }
        let element =
            "proto=http;host=x, for=192.0.2.1;proto=https;host=\"[2001:db8::1]:80\", for=10.0.0.2;proto=http";
        assert_eq!(said(&[("forwarded", element)]), (Some("https"), host("[2001:db8::1]:80")));
    }
}
