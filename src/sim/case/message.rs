//! Messages as a case writes them: a client's requests and an upstream's replies.

use std::fmt;

use serde::de::value::MapAccessDeserializer;
use serde::de::{Error, MapAccess, Visitor};
use serde::{Deserialize, Deserializer};

use super::scalar::{Size, Span};
use crate::config::OneOrMany;
use crate::sim::body::End;
use crate::sim::upstream::Fault;

/// A request: a table, or `"GET /users/1"` for one without anything else.
#[derive(Debug, Clone, PartialEq)]
pub struct Request(pub RequestTable);

/// A request.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct RequestTable {
    /// Default: `GET`.
    pub method: Option<String>,
    /// The request target, byte for byte. Default: `/`.
    pub target: Option<String>,
    /// The `Host` field; `""` for none. Default: `gateway.test`.
    pub host: Option<String>,
    /// The version of HTTP, `"1.0"` or `"1.1"`. Default: `"1.1"`.
    pub http: Option<String>,
    /// Further fields, in order.
    pub headers: Vec<(String, String)>,
    /// The content, as text.
    pub body: Option<String>,
    /// The content, as JSON; `Content-Type` says so unless `headers` do.
    pub json: Option<serde_json::Value>,
    /// The content, so many bytes.
    pub size: Option<Size>,
    /// The content, piece by piece; its length is not announced.
    pub chunks: Option<Vec<Chunk>>,
    /// The codings that the content is sent in, in the order in which they are applied; `Content-Encoding` says so unless
    /// `headers` do. Each of `chunks` can be read when it is there.
    pub coded: Option<OneOrMany>,
    /// The trailer fields, after `chunks`.
    pub trailers: Vec<(String, String)>,
    /// How the body ends.
    pub end: End,
    /// The client's address. Only simulated.
    pub peer: Option<std::net::IpAddr>,
    /// Whether the client's connection is encrypted. Only simulated.
    pub secure: bool,
    /// The client goes away so long after it began. Only simulated.
    pub leaves: Option<Span>,
}

/// A piece of a body.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Chunk {
    /// How long after the piece before. Default: at once.
    pub after: Span,
    /// Its bytes, as text.
    pub data: Option<String>,
    /// Its bytes, so many.
    pub size: Option<Size>,
}

/// What an upstream answers.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Reply {
    /// The requests it is for. Default: all.
    pub when: When,
    /// What goes wrong before the head of the answer is there.
    pub fault: Option<Fault>,
    /// How long the upstream thinks, once the request is there. Default: not at all.
    pub delay: Span,
    /// Whether it answers before the end of the request's body.
    pub early: bool,
    /// Default: 200.
    pub status: Option<u16>,
    /// The fields, in order.
    pub headers: Vec<(String, String)>,
    /// The content, as text.
    pub body: Option<String>,
    /// The content, as JSON; `Content-Type` says so unless `headers` do.
    pub json: Option<serde_json::Value>,
    /// The content, so many bytes.
    pub size: Option<Size>,
    /// The content, piece by piece; its length is not announced.
    pub chunks: Option<Vec<Chunk>>,
    /// The codings that the content is sent in, as in a request.
    pub coded: Option<OneOrMany>,
    /// The trailer fields, after `chunks`.
    pub trailers: Vec<(String, String)>,
    /// How the body ends.
    pub end: End,
}

/// The requests that a reply is for.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct When {
    /// The method.
    pub method: Option<String>,
    /// Path and query, as received.
    pub target: Option<String>,
}

// === impl Request ===

impl Request {
    /// Why no real host can be sent it; `None` where one can.
    pub fn only_simulated(&self) -> Option<&'static str> {
        let Self(table) = self;
        if table.peer.is_some() {
            return Some("needs a client's address of its choice");
        }
        if table.secure {
            return Some("needs a client's TLS connection");
        }
        table.leaves.is_some().then_some("needs virtual time")
    }
}

impl<'de> Deserialize<'de> for Request {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Either;
        impl<'de> Visitor<'de> for Either {
            type Value = RequestTable;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a table, or text such as \"GET /users/1\"")
            }

            fn visit_str<E: Error>(self, text: &str) -> Result<RequestTable, E> {
                let Some((method, target)) = text.split_once(' ') else {
                    return Err(E::custom(format!("\"{text}\" is not a method and a target")));
                };
                let (method, target) = (Some(method.to_owned()), Some(target.to_owned()));
                Ok(RequestTable { method, target, ..RequestTable::default() })
            }

            fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<RequestTable, A::Error> {
                RequestTable::deserialize(MapAccessDeserializer::new(map))
            }
        }
        deserializer.deserialize_any(Either).map(Self)
    }
}

// === impl Reply ===

impl Reply {
    /// Why no real upstream can answer it; `None` where one can.
    pub fn only_simulated(&self) -> Option<&'static str> {
        match self.fault {
            Some(Fault::Dns) => Some("needs a name without an address"),
            Some(Fault::ConnectTimeout) => Some("needs an address that never answers"),
            Some(Fault::Tls) => Some("needs an upstream with TLS"),
            Some(Fault::Prohibited) => Some("needs a host that forbids the upstream"),
            _ => None,
        }
    }
}
