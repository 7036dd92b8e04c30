//! From what a source says to targets.

use std::net::IpAddr;

use super::{Fault, Source};
use crate::balance::{Member, Set};
use crate::plan::{MOST_TARGETS, Target};

/// The longest name of an instance, in bytes: it stands in metrics, logs and hashes. Longer ones are named by their address.
pub const LONGEST_NAME: usize = 128;

/// The greatest weight of a target: sums of all weights fit 32 bits by far. Greater ones count as this.
pub const MOST_WEIGHT: u32 = 65_535;

/// The longest name of a host, in bytes (RFC 1035 section 2.3.4, without the dot at the end).
const LONGEST_HOST: usize = 253;

/// One instance that a source knows.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Found {
    /// What the source calls it, always the same for the same instance; empty where it has no name of its own. Hashes depend
    /// on it.
    pub name: String,
    /// Its address (without brackets) or the name of its host.
    pub host: String,
    /// Its port, where that is not the one of the upstream's url.
    pub port: Option<u16>,
    /// Its share of requests, compared with the others'; 0 for none.
    pub weight: u32,
    /// Its tier; 0 is asked first.
    pub priority: u32,
    /// Where it runs.
    pub zone: Option<String>,
}

/// What became of what was found.
#[derive(Debug)]
pub struct Taken {
    /// The targets.
    pub set: Set,
    /// How many were left out, because they cannot be asked, are not allowed, or are there twice.
    pub refused: usize,
    /// Why the first of them was.
    pub because: Option<String>,
}

// === impl Found ===

impl Found {
    /// An instance at `host`, with the weight that every one has.
    pub fn at(host: impl Into<String>, port: Option<u16>) -> Self {
        Self { host: host.into(), port, weight: 1, ..Self::default() }
    }

    /// An instance at `host`, `host:port`, `[::1]:port` or `::1`; `None` where that is none.
    pub fn parse(text: &str) -> Option<Self> {
        let text = text.trim();
        if let Ok(address) = text.trim_start_matches('[').trim_end_matches(']').parse::<IpAddr>() {
            return Some(Self::at(address.to_string(), None));
        }
        let (host, port) = match text.rsplit_once(':') {
            Some((host, port)) => (host, Some(port.parse().ok().filter(|port| *port != 0)?)),
            None => (text, None),
        };
        let bare = match host.strip_prefix('[') {
            Some(rest) => rest.strip_suffix(']').filter(|inner| inner.parse::<IpAddr>().is_ok())?,
            None => host,
        };
        is_host(bare).then(|| Self::at(bare, port))
    }
}

// === impl Source ===

impl Source {
    /// The targets that become of `found`, each with what it has in common with `template`. Instances that cannot be asked, or must not be, are left out, and so
    /// is every one but the first of a name, in the order of addresses, so that the same instances always make the same set.
    /// Too many of them, or none that is left, are a fault, and so are none at all where that is not allowed.
    pub fn targets(&self, template: &Target, mut found: Vec<Found>) -> Result<Taken, Fault> {
        if found.len() > MOST_TARGETS {
            let count = found.len();
            return Err(Fault::new(format!(
                "{count} targets were found, and at most {MOST_TARGETS} are used"
            )));
        }
        if found.is_empty() && !self.allow_empty {
            return Err(Fault::new("no target was found, and allow_empty is not set"));
        }
        found.sort_by(|a, b| (&a.name, &a.host, a.port).cmp(&(&b.name, &b.host, b.port)));
        let count = found.len();
        let mut because = None;
        let mut members = Vec::with_capacity(count);
        for one in found {
            match self.member(template, one) {
                Ok(member) => members.push(member),
                Err(cause) => drop(because.get_or_insert(cause)),
            }
        }
        let set = Set::new(members, &self.balance);
        if set.members.is_empty() && count > 0 {
            let because = because.unwrap_or_default();
            return Err(Fault::new(format!(
                "none of {count} targets that were found can be used: {because}"
            )));
        }
        let refused = count - set.members.len();
        if refused > 0 {
            because.get_or_insert_with(|| "two have the same name".to_owned());
        }
        Ok(Taken { set, refused, because })
    }

    fn member(&self, template: &Target, found: Found) -> Result<Member, String> {
        let host = found.host.trim_end_matches('.').to_ascii_lowercase();
        if !is_host(&host) {
            return Err("one is at an address that is none".to_owned());
        }
        let port = found.port.unwrap_or(template.port);
        if port == 0 {
            return Err(format!("{host} has no port"));
        }
        self.allow.check(template.secure, &host, port)?;
        let target = self.target(template, &host, port).ok_or("one is at an address that is none")?;
        let name = match found.name {
            name if is_name(&name) => name,
            _ if host.contains(':') => format!("[{host}]:{port}"),
            _ => format!("{host}:{port}"),
        };
        Ok(Member {
            name: name.into(),
            target,
            weight: found.weight.min(MOST_WEIGHT),
            priority: found.priority,
            zone: found.zone.filter(|zone| is_name(zone)).map(Into::into),
        })
    }

    fn target(&self, template: &Target, host: &str, port: u16) -> Option<Target> {
        let keeps = self.named_by_url && host.parse::<IpAddr>().is_ok();
        if keeps { Some(template.at_address(host, port)) } else { template.elsewhere(host, port) }
    }
}

/// Whether a name can stand in metrics and logs as it is.
fn is_name(name: &str) -> bool {
    let fits = |byte: u8| byte.is_ascii_alphanumeric() || b"._-:/[]@+~%#".contains(&byte);
    !name.is_empty() && name.len() <= LONGEST_NAME && name.bytes().all(fits)
}

/// Whether it is an address, or a name as hosts have them: RFC 1123 section 2.1, and `_`, which names of services have.
pub(super) fn is_host(host: &str) -> bool {
    if host.parse::<IpAddr>().is_ok() {
        return true;
    }
    let label = |label: &str| {
        let fits = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_';
        (1..=63).contains(&label.len()) && label.bytes().all(fits)
    };
    // What ends with a number is an address, or nothing (WHATWG URL, "ends in a number checker"): never a name, which a
    // resolver may take for an address all the same.
    let last = host.rsplit('.').next().unwrap_or_default();
    let numeric = last.bytes().all(|byte| byte.is_ascii_digit()) || last.starts_with("0x");
    host.len() <= LONGEST_HOST && host.split('.').all(label) && !numeric
}
