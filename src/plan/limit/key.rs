//! Whose permits a limit counts.

use super::super::compile::{Context, Pointer};
use crate::auth::claims::ClaimPath;
use crate::config::{self, KeyName, KeyParts, KeyTable, RateLimit};
use crate::expression::Kind;
use crate::limit::KeyPart;

/// How many parts a key may have: whatever needs more means something else.
const MOST_PARTS: usize = 8;
/// How many bits of an address are one client's where the author does not say. A site gets at least a /64 (RFC 6177
/// section 2), within which each host chooses its addresses.
const USUAL_IPV4: u8 = 32;
const USUAL_IPV6: u8 = 64;

impl Context<'_> {
    pub(super) fn key(&mut self, at: &Pointer, written: &RateLimit) -> Vec<KeyPart> {
        let ipv4 = self.prefix(&at.key("ipv4_prefix"), written.ipv4_prefix, 32, USUAL_IPV4);
        let ipv6 = self.prefix(&at.key("ipv6_prefix"), written.ipv6_prefix, 128, USUAL_IPV6);
        let address = KeyPart::Address { ipv4, ipv6 };
        let Some(parts) = &written.key else { return vec![address] };
        let ready = self.key_parts_of(&at.key("key"), parts, &address);
        self.key_makes_sense(at, written, &ready);
        ready
    }

    /// What requests are told apart by that are not counted: an address is one client's as far as usual.
    pub(in crate::plan) fn told_apart_by(&mut self, at: &Pointer, written: &KeyParts) -> Vec<KeyPart> {
        self.key_parts_of(at, written, &KeyPart::Address { ipv4: USUAL_IPV4, ipv6: USUAL_IPV6 })
    }

    fn key_parts_of(&mut self, at_key: &Pointer, written: &KeyParts, address: &KeyPart) -> Vec<KeyPart> {
        let parts = match written {
            KeyParts::Name(name) => &[config::KeyPart::Name(*name)],
            KeyParts::Table(table) => &[config::KeyPart::Table(table.clone())],
            KeyParts::Many(parts) => parts.as_slice(),
        };
        let listed = matches!(written, KeyParts::Many(_));
        if parts.is_empty() || parts.len() > MOST_PARTS {
            self.error(at_key, format!("a key has 1 to {MOST_PARTS} parts, not {}", parts.len()))
                .help("\"everybody\" counts all requests together");
        }
        let mut ready = Vec::new();
        for (index, part) in parts.iter().enumerate() {
            let at = if listed { at_key.index(index) } else { at_key.clone() };
            if parts[..index].contains(part) {
                self.error(&at, "this part of the key stands there twice").help("remove one");
                continue;
            }
            ready.extend(self.key_part(&at, part, address));
        }
        ready
    }

    /// A part of a key; `address` is what the client's address is.
    pub(in super::super) fn key_part(
        &mut self,
        at: &Pointer,
        written: &config::KeyPart,
        address: &KeyPart,
    ) -> Option<KeyPart> {
        let table = match written {
            config::KeyPart::Name(name) => {
                return Some(match name {
                    KeyName::Consumer => KeyPart::Consumer,
                    KeyName::Subject => KeyPart::Subject,
                    KeyName::Credential => KeyPart::Credential,
                    KeyName::Address => address.clone(),
                    KeyName::Route => KeyPart::Route,
                    KeyName::Host => KeyPart::Host,
                    KeyName::Everybody => KeyPart::Everybody,
                });
            }
            config::KeyPart::Table(table) => table,
        };
        match table {
            KeyTable { claim: Some(claim), header: None, cookie: None, expression: None } => {
                match ClaimPath::parse(claim) {
                    Ok(path) => Some(KeyPart::Claim(path)),
                    Err(why) => {
                        self.error(&at.key("claim"), why).help("such as \"tenant\"");
                        None
                    }
                }
            }
            KeyTable { claim: None, header: Some(name), cookie: None, expression: None } => {
                self.header_name(&at.key("header"), name).map(KeyPart::Header)
            }
            KeyTable { claim: None, header: None, cookie: Some(name), expression: None } => {
                // RFC 6265 section 4.1.1: the name of a cookie is a token.
                if !super::is_token(name) {
                    self.error(&at.key("cookie"), format!("\"{name}\" cannot be the name of a cookie"));
                }
                Some(KeyPart::Cookie(name.as_str().into()))
            }
            KeyTable { claim: None, header: None, cookie: None, expression: Some(source) } => {
                self.key_expression(&at.key("expression"), source)
            }
            _ => {
                self.error(at, "a part of a key has exactly one of claim, header, cookie and expression")
                    .help("several parts stand in a list: key = [\"route\", { header = \"x-tenant\" }]");
                None
            }
        }
    }

    fn key_expression(&mut self, at: &Pointer, source: &str) -> Option<KeyPart> {
        let expression = self.expression(at, source, Kind::Any)?;
        let kind = expression.kind();
        if matches!(kind, Kind::List | Kind::Map) {
            self.error(at, format!("a key is text, a number, or true or false: this is a {kind}"))
                .help("choose one value of it, or join them to text");
        }
        Some(KeyPart::Expression(expression))
    }

    /// A prefix of an address.
    fn prefix(&mut self, at: &Pointer, written: Option<u8>, most: u8, usual: u8) -> u8 {
        let bits = written.unwrap_or(usual);
        if !(1..=most).contains(&bits) {
            self.error(at, format!("an address has {most} bits, and {bits} cannot be one client's"))
                .help(format!("1 to {most}; usually {usual}"));
        }
        bits
    }

    fn key_makes_sense(&mut self, at: &Pointer, written: &RateLimit, parts: &[KeyPart]) {
        if parts.len() > 1 && parts.iter().any(|part| matches!(part, KeyPart::Everybody)) {
            self.error(&at.key("key"), "\"everybody\" stands alone: the other parts tell everybody apart")
                .help("remove it, or the others");
        }
        let has_address = parts.iter().any(|part| matches!(part, KeyPart::Address { .. }));
        for (key, prefix) in [("ipv4_prefix", written.ipv4_prefix), ("ipv6_prefix", written.ipv6_prefix)] {
            if prefix.is_some() && !has_address {
                self.error(&at.key(key), "no part of the key is an address")
                    .help(format!("add \"address\" to key, or remove {key}"));
            }
        }
    }
}
