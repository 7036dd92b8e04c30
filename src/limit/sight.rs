//! A request as limits see it: what they may ask of it, and what it says.

use std::borrow::Cow;
use std::fmt;
use std::net::{IpAddr, Ipv6Addr};

use http::HeaderValue;
use http::header::GetAll;
use serde_json::Value as Json;

use super::KeyPart;
use crate::auth::authorise::facts;
use crate::auth::{Asking, Caller, CredentialId, claims, presented};
use crate::expression::{Expression, Facts, Value};
use crate::route;

/// A request as limits see it.
#[derive(Debug)]
pub struct Sight<'a> {
    /// What authentication looks at too.
    pub asking: &'a Asking<'a>,
    /// Who calls, where that is known already.
    pub caller: Option<&'a Caller>,
    /// The host that was asked for, in lower case and without port.
    host: Cow<'a, str>,
}

/// What a request has of a part of a key.
#[derive(Debug)]
pub enum Said<'a> {
    /// Text.
    Text(Cow<'a, str>),
    /// A caller: the way in, and what that calls it.
    Caller(&'a str, &'a str),
    /// A credential.
    Credential(CredentialId),
    /// The lines of a header field, which are one list (RFC 9110 section 5.3).
    Lines(GetAll<'a, HeaderValue>),
    /// A network of addresses, by its first.
    Network(IpAddr),
    /// An address that the host does not tell.
    Nowhere,
    /// All requests together.
    Everybody,
    /// JSON that is no text.
    Json(&'a Json),
    /// A whole number.
    Number(i128),
    /// Any other.
    Real(f64),
    /// True or false.
    Truth(bool),
}

/// How many bits of an address are one client's where it stands in for something else, for IPv4 and IPv6: a customer of a
/// network has one address, or no less than so many bits (RFC 6177 section 2).
const STAND_IN: (u8, u8) = (32, 64);

// === impl Sight ===

impl<'a> Sight<'a> {
    /// What there is to see.
    pub fn new(asking: &'a Asking<'a>, caller: Option<&'a Caller>) -> Self {
        Self { asking, caller, host: route::lowercase(route::host::name(asking.authority)) }
    }

    /// Whether a condition holds. One that cannot be evaluated does: leaving something out wins nobody anything.
    pub fn holds(&self, condition: &Expression) -> bool {
        condition.holds(&self.facts()).unwrap_or(true)
    }

    /// What expressions see.
    pub fn facts(&self) -> Facts<'_> {
        facts(self.caller, self.asking, &self.host)
    }

    /// The whole number that an expression comes to.
    pub fn number(&self, expression: &Expression) -> Option<u64> {
        match expression.evaluate(&self.facts()) {
            Ok(Value::Int(number)) => u64::try_from(number).ok(),
            Ok(Value::Uint(number)) => Some(number),
            _ => None,
        }
    }

    /// Gives `see` what the request has of a part, or `None`.
    pub fn look<T>(&self, part: &KeyPart, see: impl FnOnce(Option<Said<'_>>) -> T) -> T {
        match part {
            KeyPart::Expression(expression) => {
                let facts = self.facts();
                let value = expression.evaluate(&facts).ok();
                see(value.and_then(of_value))
            }
            _ => see(self.plain(part)),
        }
    }

    /// What stands in for a part of `key` that the request does not have: the client's address, as far as it is another
    /// part of it, so that it tells nobody apart who is one client there.
    pub fn stand_in(&self, key: &[KeyPart]) -> Said<'a> {
        let own = key.iter().find_map(|part| match part {
            KeyPart::Address { ipv4, ipv6 } => Some((*ipv4, *ipv6)),
            _ => None,
        });
        let (ipv4, ipv6) = own.unwrap_or(STAND_IN);
        self.address(ipv4, ipv6)
    }

    fn plain(&self, part: &KeyPart) -> Option<Said<'_>> {
        let headers = &self.asking.head.headers;
        match part {
            KeyPart::Consumer => {
                let consumer = self.caller?.consumer.as_deref()?;
                Some(Said::Text(Cow::Borrowed(&consumer.id)))
            }
            KeyPart::Subject => {
                let caller = self.caller?;
                Some(Said::Caller(&caller.by, caller.subject.as_deref()?))
            }
            KeyPart::Credential => Some(Said::Credential(self.caller?.credential?)),
            KeyPart::Address { ipv4, ipv6 } => Some(self.address(*ipv4, *ipv6)),
            KeyPart::Route => Some(Said::Text(Cow::Borrowed(&self.asking.route.id))),
            KeyPart::Host => {
                Some(&*self.host).filter(|host| !host.is_empty()).map(|host| Said::Text(host.into()))
            }
            KeyPart::Everybody => Some(Said::Everybody),
            KeyPart::Claim(path) => claims::at(&self.caller?.claims, path).and_then(of_claim),
            KeyPart::Header(name) => headers.contains_key(name).then(|| Said::Lines(headers.get_all(name))),
            KeyPart::Cookie(name) => presented::cookie(headers, name).map(|value| Said::Text(value.into())),
            KeyPart::Expression(_) => None,
        }
    }

    fn address(&self, ipv4: u8, ipv6: u8) -> Said<'a> {
        let Some(address) = self.asking.client.known_address() else { return Said::Nowhere };
        // RFC 4291 section 2.5.5.2: an IPv4 address written as IPv6 is an IPv4 address.
        Said::Network(match address.to_canonical() {
            IpAddr::V4(address) => {
                let mask = u32::MAX.checked_shl(32_u32.saturating_sub(ipv4.into())).unwrap_or(0);
                IpAddr::V4((address.to_bits() & mask).into())
            }
            IpAddr::V6(address) => {
                let mask = u128::MAX.checked_shl(128_u32.saturating_sub(ipv6.into())).unwrap_or(0);
                IpAddr::V6(Ipv6Addr::from_bits(address.to_bits() & mask))
            }
        })
    }
}

/// A claim that is `null` is none.
fn of_claim(claim: &Json) -> Option<Said<'_>> {
    match claim {
        Json::Null => None,
        Json::String(text) => Some(Said::Text(Cow::Borrowed(text))),
        other => Some(Said::Json(other)),
    }
}

/// What is no text, no number and no truth tells nobody apart.
fn of_value(value: Value<'_>) -> Option<Said<'_>> {
    match value {
        Value::Text(text) => Some(Said::Text(text)),
        Value::Bool(truth) => Some(Said::Truth(truth)),
        Value::Int(number) => Some(Said::Number(number.into())),
        Value::Uint(number) => Some(Said::Number(number.into())),
        Value::Double(number) => Some(Said::Real(number)),
        _ => None,
    }
}

// === impl Said ===

impl fmt::Display for Said<'_> {
    /// In words, for people. Of a credential there are none.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Text(text) => f.write_str(text),
            Self::Caller(by, subject) => write!(f, "{subject} by {by}"),
            Self::Credential(_) => f.write_str("…"),
            Self::Lines(lines) => {
                let lines: Vec<_> =
                    lines.iter().map(|line| String::from_utf8_lossy(line.as_bytes())).collect();
                f.write_str(&lines.join(", "))
            }
            Self::Network(address) => address.fmt(f),
            Self::Nowhere => f.write_str("not known"),
            Self::Everybody => f.write_str("everybody"),
            Self::Json(json) => json.fmt(f),
            Self::Number(number) => number.fmt(f),
            Self::Real(number) => number.fmt(f),
            Self::Truth(truth) => truth.fmt(f),
        }
    }
}
