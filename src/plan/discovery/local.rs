//! Sources that only the native runner can ask: DNS, and files.

use std::net::{IpAddr, SocketAddr};
use std::path::{Component, Path};
use std::sync::Arc;
use std::time::Duration;

use super::Written;
use crate::config::discovery::Dns as WrittenDns;
use crate::config::{DnsFamily, DnsRecord, DnsSetting, FileSetting};
use crate::discovery::{Dns, Kind};
use crate::plan::compile::{Context, Pointer};

/// How long an answer of DNS is good at least, and how often a file is looked at.
const SHORTEST: Duration = Duration::from_secs(1);

/// How long an answer of DNS is good at most.
const LONGEST: Duration = Duration::from_secs(5 * 60);

/// The port of DNS (RFC 1035 section 4.2).
const DNS_PORT: u16 = 53;

impl Context<'_> {
    pub(super) fn dns(&mut self, at: &Pointer, written: &DnsSetting) -> Option<Written> {
        let (at_name, written) = match written {
            DnsSetting::Name(name) => {
                (at.clone(), WrittenDns { name: name.clone(), ..WrittenDns::default() })
            }
            DnsSetting::Table(table) => (at.key("name"), table.clone()),
        };
        let bare = written.name.trim_end_matches('.').to_ascii_lowercase();
        let label = |label: &str| {
            let fits = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_';
            (1..=63).contains(&label.len()) && label.bytes().all(fits)
        };
        // RFC 1035 section 2.3.4.
        if bare.len() > 253 || !bare.split('.').all(label) || bare.parse::<IpAddr>().is_ok() {
            self.error(&at_name, format!("\"{}\" is not a name that DNS can have", written.name))
                .help("such as \"orders.internal\" or \"_http._tcp.orders.internal\"");
        }
        let mut nameservers = Vec::new();
        for (text, at) in written.nameservers.iter().zip(at.key("nameservers").indices()) {
            let address = text.parse::<SocketAddr>().ok();
            let bare = || text.parse::<IpAddr>().ok().map(|address| SocketAddr::new(address, DNS_PORT));
            match address.or_else(bare) {
                Some(address) => nameservers.push(address),
                None => self
                    .error(&at, format!("\"{text}\" is not the address of a server"))
                    .help("such as \"10.0.0.2\" or \"[fd00::2]:5353\""),
            }
        }
        let services = match written.record {
            Some(record) => record == DnsRecord::Srv,
            None => bare.starts_with('_'),
        };
        let longest = self.duration_or(&at.key("longest"), written.longest.as_ref(), LONGEST);
        let family = written.family.unwrap_or(DnsFamily::Both);
        let dns = Dns {
            name: format!("{bare}.").into(),
            services,
            ipv4: family != DnsFamily::Ipv6,
            ipv6: family != DnsFamily::Ipv4,
            nameservers: nameservers.into(),
            longest: longest.max(SHORTEST),
        };
        Some((Kind::Dns(Arc::new(dns)), SHORTEST))
    }

    pub(super) fn target_file(&mut self, at: &Pointer, written: &FileSetting) -> Option<Written> {
        let (at, path) = match written {
            FileSetting::Path(path) => (at.clone(), path),
            FileSetting::Table(table) => (at.key("path"), &table.path),
        };
        let known = ["json", "yaml", "yml", "toml"];
        let extension = Path::new(path).extension().and_then(|it| it.to_str());
        if !extension.is_some_and(|extension| known.contains(&extension)) {
            self.error(&at, format!("\"{path}\" does not say how it is written"))
                .help("its name must end with .json, .yaml, .yml or .toml");
        }
        if Path::new(path).components().any(|part| part == Component::ParentDir) {
            self.error(&at, "a file of targets does not stand above the configuration's directory")
                .help("write an absolute path, or one beneath the directory");
        }
        let bare = Path::new(path).components().count() == 1 && Path::new(path).is_relative();
        if bare && !path.starts_with('.') {
            self.error(&at, format!("\"{path}\" would be read as a part of the configuration"))
                .help(format!("put it into a directory of its own: \"targets/{path}\""));
        }
        Some((Kind::File(path.as_str().into()), SHORTEST))
    }
}
