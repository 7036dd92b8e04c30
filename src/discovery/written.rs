//! Targets as people and programs write them, in files and in values of etcd.

use serde::Deserialize;

use super::Found;

/// A target: its address alone, or a table.
#[derive(Debug, Clone, Deserialize)]
#[serde(untagged)]
pub enum Written {
    /// `host:port`, or `host`.
    Address(String),
    /// More.
    Table(Table),
}

/// A target with more said about it.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub struct Table {
    /// What it is called.
    name: Option<String>,
    /// `host:port`, or `host`. `Addr` is what etcd's own library of endpoints writes.
    #[serde(alias = "Addr")]
    address: String,
    /// Its port, where `address` says none.
    port: Option<u16>,
    weight: Option<u32>,
    priority: Option<u32>,
    zone: Option<String>,
}

// === impl Written ===

impl Written {
    /// The target; one without a host, which is refused later, where no address can be read.
    pub fn found(self) -> Found {
        let table = match self {
            Self::Address(address) => Table { address, ..Table::default() },
            Self::Table(table) => table,
        };
        let name = table.name.unwrap_or_default();
        let Some(found) = Found::parse(&table.address) else { return Found { name, ..Found::default() } };
        Found {
            name,
            port: found.port.or(table.port),
            weight: table.weight.unwrap_or(1),
            priority: table.priority.unwrap_or(0),
            zone: table.zone,
            host: found.host,
        }
    }
}

/// The target that a value is: JSON, or an address as plain text. One without a host where it is neither.
pub fn value(bytes: &[u8]) -> Found {
    let trimmed = bytes.trim_ascii();
    if trimmed.starts_with(b"{") || trimmed.starts_with(b"\"") {
        return serde_json::from_slice::<Written>(trimmed).map(Written::found).unwrap_or_default();
    }
    std::str::from_utf8(trimmed).ok().and_then(Found::parse).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn values_are_addresses_or_tables() {
        let at = |host: &str, port: Option<u16>| Found::at(host, port);
        assert_eq!(value(b" 10.0.0.1:8080\n"), at("10.0.0.1", Some(8080)));
        assert_eq!(value(b"a.test"), at("a.test", None));
        assert_eq!(value(b"[fd00::1]:80"), at("fd00::1", Some(80)));
        assert_eq!(value(b"fd00::1"), at("fd00::1", None));
        assert_eq!(value(b"\"a.test:1\""), at("a.test", Some(1)));
        assert_eq!(value(br#"{"Op":0,"Addr":"10.0.0.1:8080","Metadata":null}"#), at("10.0.0.1", Some(8080)));
        let all = br#"{"name":"a","address":"a.test","port":9,"weight":3,"priority":1,"zone":"z","else":[]}"#;
        let found = value(all);
        assert_eq!((found.name.as_str(), found.port, found.weight), ("a", Some(9), 3));
        assert_eq!((found.priority, found.zone.as_deref()), (1, Some("z")));
    }

    #[test]
    fn rubbish_has_no_host() {
        let rubbish: [&[u8]; 10] = [
            b"",
            b"{",
            b"{}",
            b"http://a.test",
            b"a.test:0",
            b"a.test:65536",
            b"a b",
            b"a.test:",
            b"\xff\xfe",
            br#"{"address":"a.test:1","weight":-1}"#,
        ];
        for bytes in rubbish {
            assert_eq!(value(bytes).host, "", "{bytes:?}");
        }
    }
}
