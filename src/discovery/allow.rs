//! Which targets may be found: what a source says is no reason to ask everybody.

use std::net::IpAddr;

use super::found::is_host;
use crate::forward::client::Network;

/// What may be found; where nothing is written, all but addresses that no service of others has.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Allow(pub Box<[Allowed]>);

/// One thing that may be found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Allowed {
    /// `Some(true)` for https only, `Some(false)` for http only.
    pub secure: Option<bool>,
    /// The hosts.
    pub hosts: Hosts,
    /// The port; any where `None`.
    pub port: Option<u16>,
}

/// Hosts that may be found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Hosts {
    /// Whatever may be found where nothing is written.
    Any,
    /// One name.
    Name(Box<str>),
    /// Names that end so; with the dot at the beginning.
    Below(Box<str>),
    /// Addresses.
    Network(Network),
}

// === impl Allow ===

impl Allow {
    /// Says why `port` of `host`, which is in lower case, must not be asked, where it must not.
    pub fn check(&self, secure: bool, host: &str, port: u16) -> Result<(), String> {
        let address = host.parse::<IpAddr>().ok();
        let fits = |allowed: &Allowed| {
            allowed.secure.is_none_or(|wanted| wanted == secure)
                && allowed.port.is_none_or(|wanted| wanted == port)
                && match (&allowed.hosts, address) {
                    (Hosts::Any, address) => reserved(host, address).is_none(),
                    (Hosts::Network(network), Some(address)) => network.contains(address),
                    (Hosts::Name(name), None) => **name == *host,
                    (Hosts::Below(suffix), None) => host.ends_with(&**suffix),
                    _ => false,
                }
        };
        if self.0.is_empty() {
            return reserved(host, address)
                .map_or(Ok(()), |why| Err(format!("{host} is {why}: not unless allowed")));
        }
        if self.0.iter().any(fits) { Ok(()) } else { Err(format!("{host}:{port} is not allowed")) }
    }
}

// === impl Allowed ===

impl Allowed {
    /// Reads `[scheme://]host[:port]`; `None` where it is something else.
    pub fn parse(text: &str) -> Option<Self> {
        let (secure, rest) = match text.split_once("://") {
            Some(("http", rest)) => (Some(false), rest),
            Some(("https", rest)) => (Some(true), rest),
            Some(("*", rest)) => (None, rest),
            Some(_) => return None,
            None => (None, text),
        };
        let (host, port) = split_port(rest)?;
        let hosts = Hosts::parse(&host.to_ascii_lowercase())?;
        Some(Self { secure, hosts, port })
    }

    /// As Spin's `allowed_outbound_hosts` has it, for targets that are `secure` or not.
    pub fn address(&self, secure: bool) -> String {
        let scheme = if secure { "https" } else { "http" };
        let port = self.port.map_or_else(|| "*".to_owned(), |port| port.to_string());
        match &self.hosts {
            Hosts::Any => format!("{scheme}://*:{port}"),
            Hosts::Name(name) => format!("{scheme}://{name}:{port}"),
            Hosts::Below(suffix) => format!("{scheme}://*{suffix}:{port}"),
            Hosts::Network(network) => {
                let text = network.to_string();
                let (address, prefix) = text.split_once('/').map_or((&*text, None), |(a, p)| (a, Some(p)));
                let address = if address.contains(':') { format!("[{address}]") } else { address.to_owned() };
                // One address is written without a prefix.
                let prefix =
                    prefix.filter(|prefix| *prefix != if address.contains(':') { "128" } else { "32" });
                let prefix = prefix.map(|prefix| format!("/{prefix}")).unwrap_or_default();
                // Spin reads the port before the prefix: `http://10.0.0.0:8080/8`.
                format!("{scheme}://{address}:{port}{prefix}")
            }
        }
    }
}

// === impl Hosts ===

impl Hosts {
    fn parse(host: &str) -> Option<Self> {
        if host == "*" {
            return Some(Self::Any);
        }
        if let Some((address, prefix)) = host.strip_prefix('[').and_then(|rest| rest.split_once(']')) {
            return format!("{address}{prefix}").parse().ok().map(Self::Network);
        }
        if let Ok(network) = host.parse::<Network>() {
            return Some(Self::Network(network));
        }
        match host.strip_prefix('*') {
            Some(suffix) if suffix.starts_with('.') && is_host(&suffix[1..]) => {
                Some(Self::Below(suffix.into()))
            }
            None if is_host(host) => Some(Self::Name(host.into())),
            _ => None,
        }
    }
}

/// `host`, `host:port`, `[::1]:port`, `10.0.0.0/8:port`, `[fd00::]/8:port`, `fd00::/8`.
fn split_port(text: &str) -> Option<(&str, Option<u16>)> {
    // An address of IPv6 that stands without brackets has no port.
    let many = text.matches(':').count() > 1 && !text.contains(']');
    match text.rsplit_once(':').filter(|(host, _)| !many && (!host.contains('[') || host.contains(']'))) {
        Some((host, "*")) => Some((host, None)),
        Some((host, port)) => Some((host, Some(port.parse().ok().filter(|port| *port != 0)?))),
        None => Some((text, None)),
    }
}

/// What an address is that no other service has: the machine itself, its link (where clouds have their metadata, with
/// credentials: 169.254.169.254, fd00:ec2::254), everybody at once, or nobody (RFC 6890).
fn reserved(host: &str, address: Option<IpAddr>) -> Option<&'static str> {
    let Some(address) = address.map(|address| address.to_canonical()) else {
        // RFC 6761 section 6.3.
        return (host == "localhost" || host.ends_with(".localhost")).then_some("the machine itself");
    };
    let (local, link, group) = match address {
        IpAddr::V4(v4) => {
            // RFC 1122 section 3.2.1.3: all of 0.0.0.0/8 is "this host on this network".
            let own = v4.is_loopback() || v4.octets()[0] == 0;
            (own, v4.is_link_local(), v4.is_multicast() || v4.octets()[0] >= 240)
        }
        IpAddr::V6(v6) => {
            let metadata = v6.segments() == [0xfd00, 0xec2, 0, 0, 0, 0, 0, 0x254];
            (
                v6.is_loopback() || v6.is_unspecified(),
                v6.is_unicast_link_local() || metadata,
                v6.is_multicast(),
            )
        }
    };
    match (local, link, group) {
        (true, _, _) => Some("the machine itself"),
        (_, true, _) => Some("link-local"),
        (_, _, true) => Some("no address of one service"),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn allow(written: &[&str]) -> Allow {
        Allow(written.iter().map(|text| Allowed::parse(text).unwrap()).collect())
    }

    #[test]
    fn without_a_word_only_other_services() {
        let any = allow(&[]);
        for host in ["10.0.0.1", "192.168.1.1", "8.8.8.8", "fd00::1", "2001:db8::1", "orders.internal"] {
            assert_eq!(any.check(false, host, 80), Ok(()), "{host}");
        }
        for host in [
            "169.254.169.254",
            "::ffff:169.254.169.254",
            "fe80::1",
            "fd00:ec2::254",
            "127.0.0.1",
            "127.9.9.9",
            "::1",
            "::ffff:127.0.0.1",
            "0.0.0.0",
            "0.1.2.3",
            "::",
            "224.0.0.1",
            "255.255.255.255",
            "ff02::1",
            "localhost",
            "a.localhost",
        ] {
            assert!(any.check(false, host, 80).is_err(), "{host}");
            assert!(allow(&["*"]).check(false, host, 80).is_err(), "{host} by *");
        }
        assert_eq!(allow(&["169.254.169.254"]).check(false, "169.254.169.254", 80), Ok(()));
        assert_eq!(allow(&["127.0.0.0/8"]).check(false, "127.0.0.1", 9001), Ok(()));
    }

    #[test]
    fn what_is_written_is_all() {
        let some = allow(&["http://*.orders.test:8080", "10.0.0.0/8", "https://[fd00::]/8:443", "one.test"]);
        for (secure, host, port, fits) in [
            (false, "a.orders.test", 8080, true),
            (false, "a.b.orders.test", 8080, true),
            (true, "a.orders.test", 8080, false),
            (false, "a.orders.test", 8081, false),
            (false, "orders.test", 8080, false),
            (false, "xorders.test", 8080, false),
            (false, "10.1.2.3", 1, true),
            (false, "11.1.2.3", 1, false),
            (true, "fd12::1", 443, true),
            (false, "fd12::1", 443, false),
            (true, "one.test", 9, true),
            (true, "two.test", 9, false),
        ] {
            assert_eq!(some.check(secure, host, port).is_ok(), fits, "{secure} {host} {port}");
        }
    }

    #[test]
    fn manifests_have_the_same() {
        for (written, address) in [
            ("*.orders.test:8080", "http://*.orders.test:8080"),
            ("10.0.0.0/8", "http://10.0.0.0:*/8"),
            ("[fd00::]/8:443", "http://[fd00::]:443/8"),
            ("10.0.0.7:80", "http://10.0.0.7:80"),
            ("one.test", "http://one.test:*"),
            ("*", "http://*:*"),
        ] {
            assert_eq!(Allowed::parse(written).unwrap().address(false), address, "{written}");
        }
    }

    #[test]
    fn what_is_no_host_is_none() {
        for bad in [
            "",
            "ftp://a",
            "a b",
            "a.*",
            "*a",
            "*.",
            "a:0",
            "a:65536",
            "10.0.0.1/8",
            "a/b",
            "http://",
            "1.2.3",
            "[::1",
        ] {
            assert_eq!(Allowed::parse(bad), None, "{bad}");
        }
    }
}
