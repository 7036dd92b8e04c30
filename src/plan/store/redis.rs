//! Redis servers, ready to be spoken to.

use url::Url;

use super::super::RedisPlan;
use super::super::compile::{Context, Pointer};
use crate::config::{Redis, RedisSetting};

/// <https://www.iana.org/assignments/service-names-port-numbers>: the port of Redis.
const PORT: u16 = 6379;
/// The largest number of a database: Redis' `databases` is an `int`.
const MOST_DATABASE: u32 = 0x7fff_ffff;
/// What goes before each key where the author does not say.
const PREFIX: &str = "tollgate:";
/// The longest prefix: it is sent with each request, and kept with each key.
const MOST_PREFIX: usize = 64;

/// What an address says.
struct Address {
    secure: bool,
    host: Box<str>,
    port: u16,
    database: u32,
    /// For the manifest of a component.
    called: Box<str>,
}

impl Context<'_> {
    pub(super) fn redis(&mut self, at: &Pointer, name: &str, written: &RedisSetting) -> Option<RedisPlan> {
        let table;
        let (at_address, redis) = match written {
            RedisSetting::Address(address) => {
                table = Redis { address: address.clone(), ..Redis::default() };
                (at.clone(), &table)
            }
            RedisSetting::Table(redis) => (at.key("address"), redis),
        };
        if !self.abilities.redis {
            let host = self.abilities.name;
            self.error(at, format!("{host} does not reach Redis"))
                .help("use the component for Spin, or the native runner");
        }
        let cluster = redis.cluster.unwrap_or(false);
        let password = redis.password.as_ref().and_then(|text| self.secret(&at.key("password"), text));
        if redis.username.is_some() && redis.password.is_none() {
            self.error(&at.key("username"), "a user has a password")
                .help("add password = \"${redis_password}\", or another variable");
        }
        let prefix = self.redis_prefix(&at.key("prefix"), redis.prefix.as_deref());
        let address = self.redis_address(&at_address, &redis.address)?;
        self.redis_abilities(at, redis, &address);
        if cluster && address.database != 0 {
            self.error(&at_address, "a cluster has no databases but 0").help("remove it from the address");
        }
        self.called.insert(address.called, format!("the store \"{name}\"").into());
        Some(RedisPlan {
            secure: address.secure,
            host: address.host,
            port: address.port,
            database: address.database,
            username: redis.username.as_deref().map(Into::into),
            password,
            cluster,
            ca: redis.ca.as_deref().map(Into::into),
            prefix: prefix.into(),
        })
    }

    fn redis_abilities(&mut self, at: &Pointer, redis: &Redis, address: &Address) {
        if redis.ca.is_some() && !address.secure {
            self.error(&at.key("ca"), "without TLS no certificate is looked at")
                .help("write rediss:// in address");
        }
        // Where TLS cannot be chosen, Redis is reached through a client of the host's, which knows one server and the
        // certificates of its platform.
        if self.abilities.chooses_tls {
            return;
        }
        let host = self.abilities.name;
        if redis.ca.is_some() {
            self.error(&at.key("ca"), format!("{host} cannot choose which certificates are trusted"))
                .help("remove ca; its host's roots are used");
        }
        if redis.cluster == Some(true) {
            self.error(&at.key("cluster"), format!("{host} cannot speak to a cluster"))
                .help("name a single server, or a proxy in front of the cluster");
        }
    }

    fn redis_prefix<'t>(&mut self, at: &Pointer, written: Option<&'t str>) -> &'t str {
        let prefix = written.unwrap_or(PREFIX);
        // Braces say in which part of a cluster a key is kept: the gateway writes them itself.
        let fine = |byte: u8| byte.is_ascii_graphic() && !b"{}".contains(&byte);
        if prefix.len() > MOST_PREFIX || !prefix.bytes().all(fine) {
            self.error(at, format!("{prefix:?} cannot go before keys"))
                .help(format!("at most {MOST_PREFIX} visible characters of ASCII, and no braces"));
        }
        prefix
    }

    /// The text is not shown where it may hold a password.
    fn redis_address(&mut self, at: &Pointer, text: &str) -> Option<Address> {
        const SUCH_AS: &str =
            "such as \"redis://127.0.0.1:6379\", or \"rediss://redis.internal/2\" for TLS and a database";
        let url = match Url::parse(text) {
            Ok(url) if !url.username().is_empty() || url.password().is_some() => {
                self.error(at, "an address holds no credentials: they would stand in files and logs")
                    .help("write username, and password = \"${redis_password}\", beside address");
                return None;
            }
            Ok(url) => Some(url),
            Err(_) => None,
        };
        let read = url.as_ref().and_then(Address::of);
        if read.is_none() {
            let shown = if text.contains('@') { "this".to_owned() } else { format!("\"{text}\"") };
            self.error(at, format!("{shown} is not the address of a Redis server")).help(SUCH_AS);
        }
        read
    }
}

// === impl Address ===

impl Address {
    fn of(url: &Url) -> Option<Self> {
        let secure = match url.scheme() {
            "redis" => false,
            "rediss" => true,
            _ => return None,
        };
        let host = url.host_str().filter(|host| !host.is_empty())?.to_ascii_lowercase();
        if url.query().is_some() || url.fragment().is_some() {
            return None;
        }
        let database = match url.path().strip_prefix('/').unwrap_or_default() {
            "" => 0,
            // A sign would be read too.
            text if !text.bytes().all(|byte| byte.is_ascii_digit()) => return None,
            text => text.parse().ok().filter(|number| *number <= MOST_DATABASE)?,
        };
        let port = url.port().unwrap_or(PORT);
        let called = format!("{}://{host}:{port}", url.scheme()).into();
        let host = host.trim_start_matches('[').trim_end_matches(']').into();
        Some(Self { secure, host, port, database, called })
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn read(text: &str) -> Option<(bool, String, u16, u32)> {
        let address = Address::of(&Url::parse(text).ok()?)?;
        Some((address.secure, address.host.into(), address.port, address.database))
    }

    #[test]
    fn reads_addresses() {
        for (text, expected) in [
            ("redis://127.0.0.1", (false, "127.0.0.1", 6379, 0)),
            ("redis://127.0.0.1:7000/", (false, "127.0.0.1", 7000, 0)),
            ("rediss://Redis.Internal/2", (true, "redis.internal", 6379, 2)),
            ("redis://[::1]:6380/15", (false, "::1", 6380, 15)),
        ] {
            let (secure, host, port, database) = expected;
            assert_eq!(read(text), Some((secure, host.to_owned(), port, database)), "{text}");
        }
        for bad in [
            "",
            "127.0.0.1:6379",
            "redis:127.0.0.1",
            "redis://",
            "redis:///0",
            "http://127.0.0.1",
            "unix:/tmp/redis",
            "redis://a/x",
            "redis://a/-1",
            "redis://a/+1",
            "redis://a/0/1",
            "redis://a/4294967296",
            "redis://a:0x1",
            "redis://a?db=1",
            "redis://a#b",
            "redis://a:70000",
        ] {
            assert_eq!(read(bad), None, "{bad}");
        }
    }
}
