//! Networks of addresses in CIDR notation: `10.0.0.0/8`, `2001:db8::/32`, `192.0.2.7`.

use std::fmt;
use std::net::{IpAddr, Ipv6Addr};
use std::str::FromStr;

/// A network, or a single address. IPv4 addresses written as IPv6 (`::ffff:10.0.0.1`) are IPv4 on either side.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Network {
    address: IpAddr,
    prefix: u8,
}

/// What is wrong with the text of a network.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum NetworkError {
    /// Not an address before the slash.
    Address,
    /// Not a prefix length that the address can have.
    Prefix,
    /// Bits beyond the prefix are set; with the network that was perhaps meant.
    HostBits(Network),
}

// === impl Network ===

impl Network {
    /// Whether the address is in the network.
    pub fn contains(&self, address: IpAddr) -> bool {
        match (self.address, address.to_canonical()) {
            (IpAddr::V4(network), IpAddr::V4(address)) => {
                (network.to_bits() ^ address.to_bits()) & mask_v4(self.prefix) == 0
            }
            (IpAddr::V6(network), IpAddr::V6(address)) => {
                (network.to_bits() ^ address.to_bits()) & mask_v6(self.prefix) == 0
            }
            _ => false,
        }
    }

    fn new(address: IpAddr, prefix: u8) -> Self {
        // RFC 4291, 2.5.5.2: the last 32 bits of an IPv4-mapped address are the IPv4 address.
        match address {
            IpAddr::V6(v6) if prefix >= 96 => match v6.to_ipv4_mapped() {
                Some(v4) => Self { address: IpAddr::V4(v4), prefix: prefix - 96 },
                None => Self { address, prefix },
            },
            _ => Self { address, prefix },
        }
    }

    /// The first address of the network, as RFC 4632, 3.1 writes networks.
    fn masked(self) -> Self {
        let address = match self.address {
            IpAddr::V4(v4) => IpAddr::V4((v4.to_bits() & mask_v4(self.prefix)).into()),
            IpAddr::V6(v6) => IpAddr::V6(Ipv6Addr::from_bits(v6.to_bits() & mask_v6(self.prefix))),
        };
        Self { address, ..self }
    }
}

fn mask_v4(prefix: u8) -> u32 {
    u32::MAX.checked_shl(32_u32.saturating_sub(prefix.into())).unwrap_or(0)
}

fn mask_v6(prefix: u8) -> u128 {
    u128::MAX.checked_shl(128_u32.saturating_sub(prefix.into())).unwrap_or(0)
}

impl FromStr for Network {
    type Err = NetworkError;

    fn from_str(text: &str) -> Result<Self, NetworkError> {
        let (address, prefix) = match text.split_once('/') {
            Some((address, prefix)) => (address, Some(prefix)),
            None => (text, None),
        };
        let address: IpAddr = address.parse().map_err(|_| NetworkError::Address)?;
        let most = if address.is_ipv4() { 32 } else { 128 };
        let prefix = match prefix {
            None => most,
            // `u8::from_str` would take `+8`.
            Some(digits) if digits.bytes().all(|byte| byte.is_ascii_digit()) => {
                digits.parse().ok().filter(|prefix| *prefix <= most).ok_or(NetworkError::Prefix)?
            }
            Some(_) => return Err(NetworkError::Prefix),
        };
        let network = Self::new(address, prefix);
        let masked = network.masked();
        if masked == network { Ok(network) } else { Err(NetworkError::HostBits(masked)) }
    }
}

impl fmt::Display for Network {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.address, self.prefix)
    }
}

// === impl NetworkError ===

impl fmt::Display for NetworkError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Address => f.write_str("not an IP address"),
            Self::Prefix => {
                f.write_str("the prefix length must be a number up to 32 for IPv4, up to 128 for IPv6")
            }
            Self::HostBits(meant) => write!(f, "bits beyond the prefix are set; did you mean `{meant}`?"),
        }
    }
}

impl std::error::Error for NetworkError {}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn contains() {
        for (network, inside, outside) in [
            ("10.0.0.0/8", "10.255.0.1", "11.0.0.0"),
            ("10.0.0.0/8", "::ffff:10.0.0.1", "::10.0.0.1"),
            ("::ffff:10.0.0.0/104", "10.0.0.1", "11.0.0.1"),
            ("192.0.2.7", "192.0.2.7", "192.0.2.6"),
            ("0.0.0.0/0", "255.255.255.255", "2001:db8::1"),
            ("::/0", "2001:db8::1", "192.0.2.1"),
            ("2001:db8::/33", "2001:db8:7fff::1", "2001:db8:8000::"),
            ("::1", "::1", "::2"),
        ] {
            let network: Network = network.parse().unwrap();
            assert!(network.contains(inside.parse().unwrap()), "{network} {inside}");
            assert!(!network.contains(outside.parse().unwrap()), "{network} {outside}");
        }
    }

    #[test]
    fn mistakes() {
        for (text, message) in [
            ("", "not an IP address"),
            ("10.0.0", "not an IP address"),
            ("10.0.0.0/33", "the prefix length must be a number up to 32 for IPv4, up to 128 for IPv6"),
            ("10.0.0.0/", "the prefix length must be a number up to 32 for IPv4, up to 128 for IPv6"),
            ("10.0.0.0/+8", "the prefix length must be a number up to 32 for IPv4, up to 128 for IPv6"),
            ("10.1.0.0/8", "bits beyond the prefix are set; did you mean `10.0.0.0/8`?"),
            ("2001:db8::1/32", "bits beyond the prefix are set; did you mean `2001:db8::/32`?"),
        ] {
            assert_eq!(text.parse::<Network>().unwrap_err().to_string(), message, "{text:?}");
        }
    }
}
