//! From which addresses a route may be used.

use crate::forward::client::{Client, Network};
use crate::problem::{Failure, Problem};

/// From which addresses a route may be used; the default is all. IPv4 written as IPv6 is IPv4 on either side.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct AddressRules {
    /// From these only; empty for all.
    pub allow: Vec<Network>,
    /// From none of these, whatever is allowed.
    pub deny: Vec<Network>,
}

/// Whether `client` may use the route. A denied address is denied, however small the network that allows it: a list of
/// what is bad need not be read together with the list of what is good. Where there are rules, an address that is not
/// known is a bad one.
pub fn judge(rules: &AddressRules, client: &Client) -> Result<(), Failure> {
    if rules.is_empty() {
        return Ok(());
    }
    let refused = |cause: String| Err(Failure::from(Problem::Forbidden).cause(cause));
    let Some(address) = client.known_address() else {
        return refused(
            "the client's address is not known, and the route has rules for addresses".to_owned(),
        );
    };
    let within = |networks: &[Network]| networks.iter().find(|network| network.contains(address)).copied();
    match within(&rules.deny) {
        Some(network) => refused(format!("the address {address} is denied with {network}")),
        None if rules.allow.is_empty() || within(&rules.allow).is_some() => Ok(()),
        None => refused(format!("the address {address} is not among those allowed")),
    }
}

// === impl AddressRules ===

impl AddressRules {
    /// Whether every address is welcome, known or not.
    pub fn is_empty(&self) -> bool {
        self.allow.is_empty() && self.deny.is_empty()
    }

    /// These rules beside who may use a route, in words for listings.
    pub fn after(&self, access: Option<&impl ToString>) -> String {
        let access = access.map(ToString::to_string).unwrap_or_default();
        if self.is_empty() { access } else { format!("{access}, {self}") }
    }
}

impl std::fmt::Display for AddressRules {
    /// `from 10.0.0.0/8, not from 10.1.0.0/16`; nothing where there are no rules.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let list =
            |networks: &[Network]| networks.iter().map(ToString::to_string).collect::<Vec<_>>().join(" or ");
        let parts = [("from", &self.allow), ("not from", &self.deny)];
        let said = parts.iter().filter(|(_, networks)| !networks.is_empty());
        f.write_str(
            &said.map(|(what, networks)| format!("{what} {}", list(networks))).collect::<Vec<_>>().join(", "),
        )
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn rules(allow: &[&str], deny: &[&str]) -> AddressRules {
        let networks = |texts: &[&str]| texts.iter().map(|text| text.parse().unwrap()).collect();
        AddressRules { allow: networks(allow), deny: networks(deny) }
    }

    #[test]
    fn denied_goes_before_allowed() {
        let (ten, one) = (&["10.0.0.0/8"][..], &["10.1.0.0/16"][..]);
        for (allow, deny, address, welcome) in [
            (&[][..], &[][..], "192.0.2.1", true),
            (ten, &[], "10.1.2.3", true),
            (ten, &[], "192.0.2.1", false),
            (ten, &[], "::ffff:10.1.2.3", true),
            (ten, &[], "2001:db8::1", false),
            (ten, one, "10.1.2.3", false),
            (ten, one, "10.2.2.3", true),
            // The smaller network does not win: denied is denied.
            (one, ten, "10.1.2.3", false),
            (&[], one, "10.1.2.3", false),
            (&[], one, "192.0.2.1", true),
            (&["2001:db8::/32"], &["2001:db8:1::/48"], "2001:db8::1", true),
            (&["2001:db8::/32"], &["2001:db8:1::/48"], "2001:db8:1::1", false),
            (&["0.0.0.0/0"], &[], "2001:db8::1", false),
        ] {
            let client = Client::direct(std::net::SocketAddr::new(address.parse().unwrap(), 80));
            assert_eq!(judge(&rules(allow, deny), &client).is_ok(), welcome, "{allow:?} {deny:?} {address}");
        }
    }

    #[test]
    fn an_unknown_address_is_refused_where_addresses_matter() {
        let unknown = Client::direct("0.0.0.0:0".parse().unwrap());
        assert!(judge(&AddressRules::default(), &unknown).is_ok());
        for rules in [rules(&["0.0.0.0/0", "::/0"], &[]), rules(&[], &["192.0.2.0/24"])] {
            let failure = judge(&rules, &unknown).unwrap_err();
            assert_eq!(failure.problem, Problem::Forbidden);
            assert!(failure.cause.unwrap().contains("not known"));
            assert_eq!(failure.detail, None);
        }
    }

    #[test]
    fn rules_are_told_in_words() {
        assert_eq!(
            rules(&["10.0.0.0/8", "::1"], &["10.1.0.0/16"]).to_string(),
            "from 10.0.0.0/8 or ::1/128, not from 10.1.0.0/16"
        );
        assert_eq!(AddressRules::default().to_string(), "");
    }
}
