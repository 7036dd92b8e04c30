//! A request's head: where it ends, and whether hyper and everyone else read it alike.
//!
//! hyper lets through: line feeds without carriage return, `Content-Length` beside `Transfer-Encoding` (it removes
//! it), equal lengths (it keeps one), and fragments in targets (it cuts them off). The head is parsed by httparse, as
//! it will be by hyper, so that the two cannot differ about what is in it.

use std::mem::MaybeUninit;

use httparse::{Error, Header, Request, Status};
use memchr::memchr;

use super::super::ambiguity::Ambiguity;
use super::super::framing;
use super::Limits;

/// Empty lines before a request line. RFC 9112, 2.2: SHOULD ignore at least one.
const EMPTY_LINES: usize = 4;
/// Fields up to this number are parsed on the stack. hyper's own default.
const FIELDS: usize = 100;

/// What comes after a head.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Body {
    /// So many bytes; none if there is no body.
    Length(u64),
    Chunked,
    /// No body, and perhaps another protocol: nothing may be read as a request before the answer.
    Upgrade,
}

/// How far into a head that has not arrived completely.
#[derive(Debug, Default)]
pub(super) struct Progress {
    /// Before here there is no line feed that has not been seen.
    at: usize,
    /// Where the current line begins.
    line: usize,
    /// Where the request line begins.
    start: usize,
    /// The length of the request line, once it has ended.
    first: Option<usize>,
    /// Empty lines before the request line.
    empty: usize,
    /// Field lines so far.
    fields: usize,
}

impl Progress {
    /// Looks at `bytes`, which begin where the head does: where it ends and what follows it, or `None` if it goes on.
    pub(super) fn read(&mut self, bytes: &[u8], limits: &Limits) -> Result<Option<(usize, Body)>, Ambiguity> {
        let seen = self.line;
        while let Some(found) = memchr(b'\n', &bytes[self.at..]) {
            let feed = self.at + found;
            self.at = feed + 1;
            if self.line(bytes, feed, limits)? {
                let head = &bytes[self.start..self.at];
                return inspect(head, limits).map(|body| Some((self.at, body)));
            }
            self.line = self.at;
        }
        self.at = bytes.len();
        self.unfinished(bytes, limits)?;
        // What is wrong already need not wait for the rest. Only after a new line, so that slow clients cost little.
        if self.line > seen && self.first.is_some() {
            parse(&bytes[self.start..self.line], limits, |_| Ok(()))?;
        }
        Ok(None)
    }

    /// The line that `feed` ends; whether it ends the head.
    fn line(&mut self, bytes: &[u8], feed: usize, limits: &Limits) -> Result<bool, Ambiguity> {
        // RFC 9112, 2.2: a recipient MAY take a single LF for a line terminator. Not everyone does, so it need not
        // end the line for whoever was here before or comes next.
        if feed == self.line || bytes[feed - 1] != b'\r' {
            return Err(Ambiguity::BareLineFeed);
        }
        let length = feed - 1 - self.line;
        let Some(first) = self.first else {
            self.request_line(length, limits)?;
            return Ok(false);
        };
        // RFC 9112, 5.2: folding MUST be refused or replaced by spaces; before the first field (2.2) MUST be refused
        // or the line ignored.
        if matches!(bytes[self.line], b' ' | b'\t') {
            return Err(Ambiguity::Folded);
        }
        self.fields += usize::from(length > 0);
        if self.fields > limits.count {
            return Err(Ambiguity::ManyFields);
        }
        if feed - self.start - first > limits.fields {
            return Err(Ambiguity::LargeFields);
        }
        Ok(length == 0)
    }

    /// An empty line before the request line, or the request line, of this length.
    fn request_line(&mut self, length: usize, limits: &Limits) -> Result<(), Ambiguity> {
        if length > limits.line {
            return Err(Ambiguity::LongLine);
        }
        if length > 0 {
            self.first = Some(length);
            return Ok(());
        }
        self.empty += 1;
        self.start = self.at;
        if self.empty > EMPTY_LINES { Err(Ambiguity::RequestLine) } else { Ok(()) }
    }

    /// The limits, for what has no end yet; and whether this can be a request at all.
    fn unfinished(&self, bytes: &[u8], limits: &Limits) -> Result<(), Ambiguity> {
        match self.first {
            None if bytes.len() - self.start > limits.line => Err(Ambiguity::LongLine),
            Some(first) if bytes.len() - self.start - first > limits.fields => Err(Ambiguity::LargeFields),
            // Such as the beginning of a TLS connection, which has no line feed to wait for.
            None => match bytes.get(self.start) {
                Some(byte) if !byte.is_ascii_graphic() && *byte != b'\r' => Err(Ambiguity::RequestLine),
                _ => Ok(()),
            },
            Some(_) => Ok(()),
        }
    }
}

/// Parses `head` and hands it over once it is complete.
fn parse<T>(
    head: &[u8],
    limits: &Limits,
    complete: impl FnOnce(&Request<'_, '_>) -> Result<T, Ambiguity>,
) -> Result<Option<T>, Ambiguity> {
    let mut stack = [const { MaybeUninit::<Header<'_>>::uninit() }; FIELDS];
    let mut heap = Vec::new();
    let fields = if limits.count <= FIELDS {
        &mut stack[..limits.count]
    } else {
        heap.resize(limits.count, MaybeUninit::uninit());
        &mut heap[..]
    };
    let mut request = Request::new(&mut []);
    match request.parse_with_uninit_headers(head, fields) {
        Ok(Status::Complete(length)) if length == head.len() => complete(&request).map(Some),
        Ok(Status::Complete(_)) => Err(Ambiguity::RequestLine),
        Ok(Status::Partial) => Ok(None),
        Err(error) => Err(syntax(error, &request, head)),
    }
}

/// What httparse, and hyper with it, refuses.
fn syntax(error: Error, request: &Request<'_, '_>, head: &[u8]) -> Ambiguity {
    match error {
        // RFC 9110, 5.1; RFC 9112, 5.1: white space before the colon MUST be refused.
        Error::HeaderName => Ambiguity::FieldName,
        // RFC 9110, 5.5; RFC 9112, 2.2: a bare CR MUST be refused or replaced.
        Error::HeaderValue => Ambiguity::FieldValue,
        Error::TooManyHeaders => Ambiguity::ManyFields,
        Error::Token if request.method.is_some() => Ambiguity::Target,
        Error::Version if is_version(head) => Ambiguity::Version,
        // RFC 9112, 3: "SHOULD respond with either a 400 (Bad Request) error or a 301".
        _ => Ambiguity::RequestLine,
    }
}

/// Whether the request line has three words, of which the last is an HTTP version, if not one of ours.
fn is_version(head: &[u8]) -> bool {
    let line = head.split(|byte| *byte == b'\r').next().unwrap_or_default();
    let version = line.splitn(3, |byte| *byte == b' ').nth(2).unwrap_or_default();
    matches!(version, [b'H', b'T', b'T', b'P', b'/', b'0'..=b'9', b'.', b'0'..=b'9'])
}

/// A complete head: what follows it.
fn inspect(head: &[u8], limits: &Limits) -> Result<Body, Ambiguity> {
    let body = parse(head, limits, |request| {
        target(request)?;
        body(request)
    })?;
    body.ok_or(Ambiguity::RequestLine)
}

/// What cannot be told any more from what hyper makes of the method and the target.
fn target(request: &Request<'_, '_>) -> Result<(), Ambiguity> {
    match request.method {
        Some(framing::REFUSED) => return Err(Ambiguity::RequestLine),
        // What follows may already be meant for the tunnel; see `framing`.
        Some("CONNECT") => return Err(Ambiguity::Connect),
        _ => {}
    }
    let target = request.path.unwrap_or_default().as_bytes();
    // RFC 9112, 3.2: no form has a fragment or anything but ASCII. http::Uri cuts fragments off, so that a filter
    // before the gateway may have seen another path; `<`, `>` and, in places, `` ` `` and `"` it refuses itself.
    if target.iter().any(|byte| matches!(byte, b'#' | b'<' | b'>' | 0x80..)) {
        return Err(Ambiguity::Target);
    }
    match target {
        [b'/', ..] if !target.iter().any(|byte| matches!(byte, b'"' | b'`')) => Ok(()),
        // The rare: whether hyper will take it, so that no refusal is left to it.
        _ => http::Uri::try_from(target).map(|_| ()).map_err(|_| Ambiguity::Target),
    }
}

/// RFC 9112, 6.3: how long the body is.
fn body(request: &Request<'_, '_>) -> Result<Body, Ambiguity> {
    let (mut length, mut coding, mut upgrade) = (None, None, false);
    for field in request.headers.iter() {
        match field.name.len() {
            // 6.3 (5): several MUST be refused, or replaced by the value they agree on.
            14 if field.name.eq_ignore_ascii_case("content-length") => {
                once(&mut length, framing::length(field.value)?, Ambiguity::SeveralLengths)?;
            }
            17 if field.name.eq_ignore_ascii_case("transfer-encoding") => {
                once(&mut coding, field.value, Ambiguity::Coding)?;
            }
            7 if field.name.eq_ignore_ascii_case("upgrade") => {
                upgrade |= field.value.eq_ignore_ascii_case(b"websocket");
            }
            _ => {}
        }
    }
    let old = request.version == Some(0);
    match (length, coding) {
        // 6.1: in HTTP/1.0 the framing MUST be treated as faulty.
        (_, Some(_)) if old => Err(Ambiguity::CodingInVersion),
        // 6.3 (3): "ought to be handled as an error". hyper would remove the length and close after the answer.
        (Some(_), Some(_)) => Err(Ambiguity::TwoFramings),
        (None, Some(coding)) => framing::coding(coding).map(|()| Body::Chunked),
        (None | Some(0), None) if upgrade && !old => Ok(Body::Upgrade),
        (length, None) => Ok(Body::Length(length.unwrap_or(0))),
    }
}

/// Puts `value` into `slot`, which must be empty.
fn once<T>(slot: &mut Option<T>, value: T, several: Ambiguity) -> Result<(), Ambiguity> {
    if slot.replace(value).is_some() { Err(several) } else { Ok(()) }
}
