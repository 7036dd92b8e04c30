//! What clients may send, byte by byte, and what has to come of it.

mod body;
mod connection;
mod fields;
mod host;
mod line;

/// The bytes of a case. All but `Whole` and `Made` leave out what is the same in many.
pub enum Raw {
    /// A request line without its CRLF; one Host and no body follow.
    Line(&'static [u8]),
    /// Everything after `POST /case HTTP/1.1` and a Host.
    Fields(&'static [u8]),
    /// Everything after a head with `Transfer-Encoding: chunked`.
    Chunks(&'static [u8]),
    /// Everything.
    Whole(&'static [u8]),
    /// Everything, if it is too long to be written down.
    Made(Vec<u8>),
}

/// What has to come of a case.
#[derive(Clone, Copy, Debug)]
pub enum Expect {
    /// This status, the connection closed, and no complete request upstream.
    Refused(u16),
    /// One request upstream, whose text has each of these in it, or not if it begins with `!`; and the next request
    /// on the connection is served.
    Accepted(&'static [&'static str]),
    /// Answered by the gateway itself, with this status; and the next request on the connection is served.
    Own(u16),
    /// The same as `Accepted`, but the connection is closed after the answer.
    Last(&'static [&'static str]),
}

/// One row of the table.
pub struct Case {
    pub name: &'static str,
    pub raw: Raw,
    pub expect: Expect,
    pub rule: &'static str,
}

impl Case {
    /// All bytes.
    pub fn bytes(&self) -> Vec<u8> {
        const HEAD: &[u8] = b"POST /case HTTP/1.1\r\nHost: a.example\r\n";
        match &self.raw {
            Raw::Line(line) => [line, &b"\r\nHost: a.example\r\n\r\n"[..]].concat(),
            Raw::Fields(rest) => [HEAD, rest].concat(),
            Raw::Chunks(rest) => [HEAD, b"Transfer-Encoding: chunked\r\n\r\n", rest].concat(),
            Raw::Whole(bytes) => bytes.to_vec(),
            Raw::Made(bytes) => bytes.clone(),
        }
    }
}

/// A row.
fn case(name: &'static str, raw: Raw, expect: Expect, rule: &'static str) -> Case {
    Case { name, raw, expect, rule }
}

/// The whole table.
pub fn all() -> Vec<Case> {
    [line::cases(), fields::cases(), host::cases(), body::cases(), connection::cases()]
        .into_iter()
        .flatten()
        .collect()
}
