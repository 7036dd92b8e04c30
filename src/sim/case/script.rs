//! From what a case writes to what can be played: requests, replies and their bodies.

use std::time::Duration;

use bytes::Bytes;
use http::header::{CONTENT_ENCODING, CONTENT_TYPE, HeaderName, HeaderValue};
use http::{HeaderMap, Method, StatusCode, Version};

use super::coded;
use super::message::{Chunk, Reply, Request, When};
use crate::sim::body::{End, Piece, Script};
use crate::sim::names::Names;
use crate::sim::upstream;

/// A client's request, ready to be sent.
#[derive(Debug, Clone, PartialEq)]
pub struct Outgoing {
    /// The method.
    pub method: String,
    /// The request target, byte for byte.
    pub target: String,
    /// The version of HTTP.
    pub version: Version,
    /// Every field in order, `Host` first; without those that frame the message, unless the case writes them.
    pub headers: Vec<(HeaderName, HeaderValue)>,
    /// The content, where there is any.
    pub body: Option<Script>,
}

/// The host that a request is for unless the case says another.
pub const DEFAULT_HOST: &str = "gateway.test";

/// How large the pieces of a body are of which only the size is said.
const PIECE: u64 = 64 << 10;

type Content<'a> = (Option<&'a str>, Option<&'a serde_json::Value>, Option<u64>, Option<&'a [Chunk]>);

// === impl Request ===

impl Request {
    /// Reads it.
    pub fn outgoing(&self, names: &Names) -> Result<Outgoing, String> {
        let Self(table) = self;
        let content = (
            table.body.as_deref(),
            table.json.as_ref(),
            table.size.map(|size| size.0),
            table.chunks.as_deref(),
        );
        let host = table.host.as_deref().unwrap_or(DEFAULT_HOST);
        let host = (!host.is_empty()).then(|| ("host".to_owned(), host.to_owned()));
        let mut headers = fields(host.iter().chain(&table.headers), names)?;
        if table.json.is_some() && !headers.iter().any(|(name, _)| name == CONTENT_TYPE) {
            headers.push((CONTENT_TYPE, HeaderValue::from_static("application/json")));
        }
        let mut body = script(content, &table.trailers, table.end, names)?;
        if let (Some(codings), Some(body)) = (&table.coded, &mut body) {
            headers.extend(coded::encode(
                codings,
                body,
                headers.iter().any(|(name, _)| name == CONTENT_ENCODING),
            )?);
        }
        Ok(Outgoing {
            method: table.method.clone().unwrap_or_else(|| "GET".to_owned()),
            target: names.fill(table.target.as_deref().unwrap_or("/")),
            version: version(table.http.as_deref())?,
            headers,
            body,
        })
    }

    /// The request in a line, for reports.
    pub fn summary(&self) -> String {
        let Self(table) = self;
        format!("{} {}", table.method.as_deref().unwrap_or("GET"), table.target.as_deref().unwrap_or("/"))
    }
}

fn version(text: Option<&str>) -> Result<Version, String> {
    match text {
        Some("1.0") => Ok(Version::HTTP_10),
        None | Some("1.1") => Ok(Version::HTTP_11),
        Some(other) => Err(format!("http is \"1.0\" or \"1.1\", not \"{other}\"")),
    }
}

// === impl Reply ===

impl Reply {
    /// Reads it.
    pub fn ready(&self, names: &Names) -> Result<upstream::Reply, String> {
        let content =
            (self.body.as_deref(), self.json.as_ref(), self.size.map(|size| size.0), self.chunks.as_deref());
        let mut body = script(content, &self.trailers, self.end, names)?;
        let mut headers: HeaderMap = HeaderMap::new();
        for (name, value) in fields(&self.headers, names)? {
            headers.append(name, value);
        }
        if let (Some(codings), Some(body)) = (&self.coded, &mut body) {
            headers.extend(coded::encode(codings, body, headers.contains_key(CONTENT_ENCODING))?);
        }
        if self.json.is_some() {
            headers.entry(CONTENT_TYPE).or_insert(HeaderValue::from_static("application/json"));
        }
        let status = self.status.unwrap_or(200);
        Ok(upstream::Reply {
            when: self.when.ready(names)?,
            fault: self.fault,
            delay: self.delay.0,
            early: self.early,
            status: StatusCode::from_u16(status).map_err(|_| format!("{status} is no status"))?,
            headers,
            body: body.unwrap_or_else(|| Script::fixed("")),
        })
    }
}

impl When {
    fn ready(&self, names: &Names) -> Result<upstream::When, String> {
        let method = self.method.as_deref().map(|text| Method::from_bytes(text.as_bytes()));
        Ok(upstream::When {
            method: method.transpose().map_err(|_| "when.method is no method".to_owned())?,
            target: self.target.as_deref().map(|target| names.fill(target)),
        })
    }
}

/// The content that a message writes in one of four ways; `None` where it writes none.
fn script(
    content: Content<'_>,
    trailers: &[(String, String)],
    end: End,
    names: &Names,
) -> Result<Option<Script>, String> {
    let mut script = match content {
        (None, None, None, None) if end == End::Complete => None,
        (None, None, None, None) => Some(Script::fixed("")),
        (Some(text), None, None, None) => Some(Script::fixed(names.fill(text))),
        (None, Some(json), None, None) => Some(Script::fixed(names.fill(&json.to_string()))),
        (None, None, Some(size), None) => {
            Some(Script { pieces: generated(size), sized: true, ..Script::default() })
        }
        (None, None, None, Some(chunks)) => Some(chunked(chunks, names)?),
        _ => return Err("a message has at most one of body, json, size and chunks".to_owned()),
    };
    if let Some(script) = &mut script {
        script.end = end;
    }
    if trailers.is_empty() {
        return Ok(script);
    }
    match script.filter(|script| !script.sized) {
        Some(mut script) => {
            script.trailers = Some(fields(trailers, names)?.into_iter().collect());
            Ok(Some(script))
        }
        None => Err("trailers need chunks: a body whose length is announced has none".to_owned()),
    }
}

fn chunked(chunks: &[Chunk], names: &Names) -> Result<Script, String> {
    let mut script = Script::default();
    for chunk in chunks {
        let mut pieces = match (&chunk.data, chunk.size) {
            (Some(text), None) => [Piece { after: Duration::ZERO, data: names.fill(text).into() }].into(),
            (None, Some(size)) => generated(size.0),
            _ => return Err("a chunk has either data or size".to_owned()),
        };
        if let Some(first) = pieces.front_mut() {
            first.after = chunk.after.0;
        }
        script.pieces.append(&mut pieces);
    }
    Ok(script)
}

fn generated(size: u64) -> std::collections::VecDeque<Piece> {
    let whole = Bytes::from_static(&[b'x'; PIECE as usize]);
    let mut left = size;
    std::iter::from_fn(|| {
        let length = left.min(PIECE);
        left -= length;
        let data = whole.slice(..usize::try_from(length).ok()?);
        (length > 0).then_some(Piece { after: Duration::ZERO, data })
    })
    .collect()
}

/// Header lines; a value may hold any byte that a field may (RFC 9110 section 5.5).
fn fields<'a>(
    lines: impl IntoIterator<Item = &'a (String, String)>,
    names: &Names,
) -> Result<Vec<(HeaderName, HeaderValue)>, String> {
    lines
        .into_iter()
        .map(|(name, value)| {
            let value = names.fill(value);
            match (HeaderName::try_from(name.as_str()), HeaderValue::from_bytes(value.as_bytes())) {
                (Ok(name), Ok(value)) => Ok((name, value)),
                _ => Err(format!("\"{name}: {value}\" cannot be a header field")),
            }
        })
        .collect()
}
