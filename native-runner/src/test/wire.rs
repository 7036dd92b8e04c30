//! HTTP/1.1 as it is on the wire, read by hand: what a server would repair or hide is seen.

use std::io;

use bytes::{Buf as _, Bytes, BytesMut};
use http::header::{CONTENT_LENGTH, HeaderName, HeaderValue, TRANSFER_ENCODING};
use http::{HeaderMap, Method};
use tokio::io::{AsyncRead, AsyncReadExt as _};

/// How many fields a head may have here.
const MOST_FIELDS: usize = 256;

/// Reads messages from a connection.
#[derive(Debug)]
pub struct Wire<R> {
    inner: R,
    buffer: BytesMut,
}

/// Where a body ends (RFC 9112 section 6.3).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Framing {
    /// After so many bytes more.
    Length(u64),
    /// After the last chunk; so many bytes are left of this one.
    Chunk(u64),
    /// With the connection.
    UntilClose,
    /// It has ended.
    Over,
}

/// A part of a body.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Part {
    /// Bytes.
    Data(Bytes),
    /// The trailer section.
    Trailers(HeaderMap),
}

/// The head of a request.
#[derive(Debug, Clone, PartialEq)]
pub struct RequestHead {
    /// The method.
    pub method: Method,
    /// The target.
    pub target: String,
    /// The fields.
    pub headers: HeaderMap,
}

/// The head of an answer.
#[derive(Debug, Clone, PartialEq)]
pub struct ResponseHead {
    /// The status.
    pub status: u16,
    /// The fields.
    pub headers: HeaderMap,
}

// === impl Wire ===

impl<R: AsyncRead + Unpin> Wire<R> {
    /// Reads from `inner`.
    pub fn new(inner: R) -> Self {
        Self { inner, buffer: BytesMut::new() }
    }

    /// More bytes; `false` at the end.
    async fn fill(&mut self) -> io::Result<bool> {
        Ok(self.inner.read_buf(&mut self.buffer).await? > 0)
    }

    /// Bytes up to and with `end`; `None` at the end of the connection, which may not come in the middle.
    async fn until(&mut self, end: &[u8]) -> io::Result<Option<Bytes>> {
        loop {
            if let Some(at) = self.buffer.windows(end.len()).position(|window| window == end) {
                return Ok(Some(self.buffer.split_to(at + end.len()).freeze()));
            }
            if !self.fill().await? {
                return if self.buffer.is_empty() { Ok(None) } else { Err(cut()) };
            }
        }
    }

    /// The head of a request; `None` where no more come.
    pub async fn request(&mut self) -> io::Result<Option<RequestHead>> {
        let Some(bytes) = self.until(b"\r\n\r\n").await? else { return Ok(None) };
        let mut fields = [httparse::EMPTY_HEADER; MOST_FIELDS];
        let mut request = httparse::Request::new(&mut fields);
        request.parse(&bytes).map_err(malformed)?;
        let method = Method::from_bytes(request.method.unwrap_or_default().as_bytes()).map_err(malformed)?;
        let target = request.path.unwrap_or_default().to_owned();
        Ok(Some(RequestHead { method, target, headers: headers(request.headers)? }))
    }

    /// The head of an answer; those of the class 1xx are passed over.
    pub async fn response(&mut self) -> io::Result<ResponseHead> {
        loop {
            let bytes = self.until(b"\r\n\r\n").await?.ok_or_else(cut)?;
            let mut fields = [httparse::EMPTY_HEADER; MOST_FIELDS];
            let mut response = httparse::Response::new(&mut fields);
            response.parse(&bytes).map_err(malformed)?;
            let status = response.code.unwrap_or_default();
            if status >= 200 {
                return Ok(ResponseHead { status, headers: headers(response.headers)? });
            }
        }
    }

    /// The next part of a body; `None` once it is over.
    pub async fn part(&mut self, framing: &mut Framing) -> io::Result<Option<Part>> {
        match *framing {
            Framing::Over => Ok(None),
            Framing::Length(0) => {
                *framing = Framing::Over;
                Ok(None)
            }
            Framing::Chunk(0) => self.next_chunk(framing).await,
            Framing::UntilClose => {
                if self.buffer.is_empty() && !self.fill().await? {
                    *framing = Framing::Over;
                    return Ok(None);
                }
                Ok(Some(Part::Data(self.buffer.split().freeze())))
            }
            Framing::Length(left) | Framing::Chunk(left) => {
                if self.buffer.is_empty() && !self.fill().await? {
                    return Err(cut());
                }
                let length = usize::try_from(left).unwrap_or(usize::MAX).min(self.buffer.len());
                let data = self.buffer.split_to(length).freeze();
                let left = left - length as u64;
                match framing {
                    Framing::Length(_) => *framing = Framing::Length(left),
                    _ => {
                        *framing = Framing::Chunk(left);
                        if left == 0 {
                            self.line_end().await?;
                        }
                    }
                }
                Ok(Some(Part::Data(data)))
            }
        }
    }

    async fn line_end(&mut self) -> io::Result<()> {
        while self.buffer.len() < 2 {
            if !self.fill().await? {
                return Err(cut());
            }
        }
        if !self.buffer.starts_with(b"\r\n") {
            return Err(malformed("a chunk is longer than its size"));
        }
        self.buffer.advance(2);
        Ok(())
    }

    /// A chunk's size line, and after the last chunk the trailer section.
    async fn next_chunk(&mut self, framing: &mut Framing) -> io::Result<Option<Part>> {
        let line = self.until(b"\r\n").await?.ok_or_else(cut)?;
        let text = String::from_utf8_lossy(&line);
        let digits = text.trim_end().split(';').next().unwrap_or_default();
        let size = u64::from_str_radix(digits, 16).map_err(malformed)?;
        if size > 0 {
            *framing = Framing::Chunk(size);
            return Box::pin(self.part(framing)).await;
        }
        *framing = Framing::Over;
        let mut section = BytesMut::new();
        loop {
            let line = self.until(b"\r\n").await?.ok_or_else(cut)?;
            section.extend_from_slice(&line);
            if &line[..] == b"\r\n" {
                break;
            }
        }
        let mut fields = [httparse::EMPTY_HEADER; MOST_FIELDS];
        let parsed = httparse::parse_headers(&section, &mut fields).map_err(malformed)?;
        let trailers = match parsed {
            httparse::Status::Complete((_, fields)) => headers(fields)?,
            httparse::Status::Partial => HeaderMap::new(),
        };
        Ok((!trailers.is_empty()).then_some(Part::Trailers(trailers)))
    }

    /// Waits until the other side closes the connection, and reads what it may still say.
    pub async fn closed(&mut self) {
        while matches!(self.fill().await, Ok(true)) {
            self.buffer.clear();
        }
    }
}

/// Where a message's body ends, by its fields; `otherwise` without any.
pub fn framing(headers: &HeaderMap, otherwise: Framing) -> io::Result<Framing> {
    if let Some(coding) = headers.get(TRANSFER_ENCODING) {
        return match coding.as_bytes().eq_ignore_ascii_case(b"chunked") {
            true => Ok(Framing::Chunk(0)),
            false => Err(malformed("an unknown transfer coding")),
        };
    }
    match headers.get(CONTENT_LENGTH) {
        None => Ok(otherwise),
        Some(length) => {
            let length = length.to_str().ok().and_then(|text| text.parse().ok());
            length.map(Framing::Length).ok_or_else(|| malformed("an invalid Content-Length"))
        }
    }
}

fn headers(fields: &[httparse::Header<'_>]) -> io::Result<HeaderMap> {
    let mut map = HeaderMap::new();
    for field in fields {
        let name = HeaderName::from_bytes(field.name.as_bytes()).map_err(malformed)?;
        map.append(name, HeaderValue::from_bytes(field.value).map_err(malformed)?);
    }
    Ok(map)
}

fn cut() -> io::Error {
    io::Error::new(io::ErrorKind::UnexpectedEof, "the connection ended in the middle")
}

fn malformed(cause: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, cause)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    async fn parts(text: &[u8], mut framing: Framing) -> (String, Option<HeaderMap>, io::Result<()>) {
        let (mut data, mut trailers) = (String::new(), None);
        let mut wire = Wire::new(text);
        loop {
            match wire.part(&mut framing).await {
                Ok(None) => return (data, trailers, Ok(())),
                Ok(Some(Part::Data(bytes))) => data.push_str(std::str::from_utf8(&bytes).unwrap()),
                Ok(Some(Part::Trailers(fields))) => trailers = Some(fields),
                Err(error) => return (data, trailers, Err(error)),
            }
        }
    }

    #[tokio::test]
    async fn bodies_end_where_their_framing_says() {
        let (data, _, end) = parts(b"abcd", Framing::Length(3)).await;
        assert!(data == "abc" && end.is_ok());
        let (data, trailers, end) =
            parts(b"1;x\r\na\r\n2\r\nbc\r\n0\r\nx: 1\r\n\r\nrest", Framing::Chunk(0)).await;
        assert!(data == "abc" && end.is_ok());
        assert_eq!(trailers.unwrap()["x"], "1");
        for (cut, framing) in [
            (&b"ab"[..], Framing::Length(3)),
            (b"2\r\nab\r\n", Framing::Chunk(0)),
            (b"2\r\nab", Framing::Chunk(0)),
            (b"2\r\nabc\r\n0\r\n\r\n", Framing::Chunk(0)),
            (b"2\r\nab\r\n0\r\n", Framing::Chunk(0)),
        ] {
            assert!(parts(cut, framing).await.2.is_err(), "{cut:?}");
        }
    }
}
