//! Why a request is refused before anything is done with it, and with which status.

use std::fmt;

use http::StatusCode;

/// What makes a request's framing, or the place it is meant for, ambiguous. The connection it came on is closed after
/// the answer, whichever it is: where the next request would begin is no longer certain.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ambiguity {
    /// A line ends with a line feed that no carriage return precedes.
    BareLineFeed,
    /// The first line is not `method SP request-target SP HTTP-version`.
    RequestLine,
    /// The request target has a byte, a fragment or a form that no target may have.
    Target,
    /// Not HTTP/1.0 or HTTP/1.1.
    Version,
    /// A field name is empty, has a byte outside `token`, or white space stands around it.
    FieldName,
    /// A field value has a control byte.
    FieldValue,
    /// A field goes on over a second line.
    Folded,
    /// The request line is longer than the configured limit.
    LongLine,
    /// The fields together are larger than the configured limit.
    LargeFields,
    /// There are more fields than the configured limit.
    ManyFields,
    /// The head did not arrive in time.
    SlowHead,
    /// Both `Content-Length` and `Transfer-Encoding`.
    TwoFramings,
    /// `Content-Length` is not a decimal number, or too large to count to.
    Length,
    /// More than one `Content-Length`, the same or not.
    SeveralLengths,
    /// `Transfer-Encoding` names `chunked` twice, not last, with parameters or not at all.
    Coding,
    /// `Transfer-Encoding` has a coding besides `chunked`.
    UnknownCoding,
    /// `Transfer-Encoding` in a version that has none.
    CodingInVersion,
    /// A chunk's size is missing, malformed or too large.
    ChunkSize,
    /// A chunk's extension is malformed or too long.
    ChunkExtension,
    /// A chunk's data does not end where its size says.
    ChunkEnd,
    /// The trailer section is malformed or too large.
    Trailer,
    /// A chunked body that hyper refused.
    Body,
    /// No `Host` (and no `:authority`).
    NoHost,
    /// More than one `Host`.
    SeveralHosts,
    /// `Host` or the target's authority is not a host name or address with an optional port.
    Host,
    /// `Host` names another host than `:authority`.
    OtherHost,
    /// The target's authority has user information.
    UserInfo,
    /// The target's scheme is neither `http` nor `https`.
    Scheme,
    /// `CONNECT`: a gateway has no tunnels, and what follows might be meant for one.
    Connect,
    /// `Connection` names a field that is not the connection's.
    ConnectionOption,
    /// A field of HTTP/1.1 connections in an HTTP/2 request.
    ConnectionField,
    /// `Expect` asks for anything but `100-continue`.
    Expectation,
}

use Ambiguity::*;

/// Every variant in its order: how a number becomes an [`Ambiguity`] again.
const ALL: [Ambiguity; 32] = [
    BareLineFeed,
    RequestLine,
    Target,
    Version,
    FieldName,
    FieldValue,
    Folded,
    LongLine,
    LargeFields,
    ManyFields,
    SlowHead,
    TwoFramings,
    Length,
    SeveralLengths,
    Coding,
    UnknownCoding,
    CodingInVersion,
    ChunkSize,
    ChunkExtension,
    ChunkEnd,
    Trailer,
    Body,
    NoHost,
    SeveralHosts,
    Host,
    OtherHost,
    UserInfo,
    Scheme,
    Connect,
    ConnectionOption,
    ConnectionField,
    Expectation,
];

impl Ambiguity {
    /// The number that [`Ambiguity::from_number`] takes back.
    pub(super) fn number(self) -> u8 {
        self as u8
    }

    /// The variant with this number.
    pub(super) fn from_number(number: u8) -> Option<Self> {
        ALL.get(usize::from(number)).copied()
    }

    /// The status to answer with: 400 unless a clause names a better one.
    pub fn status(self) -> StatusCode {
        match self {
            // RFC 9110, 15.5.15.
            LongLine => StatusCode::URI_TOO_LONG,
            // RFC 6585, 5.
            LargeFields | ManyFields => StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE,
            // RFC 9110, 15.5.9.
            SlowHead => StatusCode::REQUEST_TIMEOUT,
            // RFC 9110, 10.1.1.
            Expectation => StatusCode::EXPECTATION_FAILED,
            // RFC 9112, 6.1: a coding that is not understood; RFC 9110, 15.6.2: a method nowhere supported.
            UnknownCoding | Connect => StatusCode::NOT_IMPLEMENTED,
            // RFC 9110, 15.6.6.
            Version => StatusCode::HTTP_VERSION_NOT_SUPPORTED,
            _ => StatusCode::BAD_REQUEST,
        }
    }

    /// What was wrong, for the operator's log.
    pub fn reason(self) -> &'static str {
        match self {
            BareLineFeed => "a line ends without a carriage return",
            RequestLine => "the request line is malformed",
            Target => "the request target is malformed",
            Version => "the HTTP version is not supported",
            FieldName => "a field name is malformed",
            FieldValue => "a field value has a control byte",
            Folded => "a field is folded over several lines",
            LongLine => "the request line is too long",
            LargeFields => "the header fields are too large",
            ManyFields => "there are too many header fields",
            SlowHead => "the request head did not arrive in time",
            TwoFramings => "both Content-Length and Transfer-Encoding",
            Length => "Content-Length is not a number",
            SeveralLengths => "more than one Content-Length",
            Coding => "Transfer-Encoding is not `chunked`",
            UnknownCoding => "Transfer-Encoding has an unknown coding",
            CodingInVersion => "Transfer-Encoding in a version that has none",
            ChunkSize => "a chunk size is malformed",
            ChunkExtension => "a chunk extension is malformed or too long",
            ChunkEnd => "a chunk does not end where its size says",
            Trailer => "the trailer section is malformed or too large",
            Body => "the chunked body is malformed",
            NoHost => "no Host",
            SeveralHosts => "more than one Host",
            Host => "the host is malformed",
            OtherHost => "Host and :authority differ",
            UserInfo => "the request target has user information",
            Scheme => "the request target's scheme is not supported",
            Connect => "CONNECT is not supported",
            ConnectionOption => "Connection names a field that is not the connection's",
            ConnectionField => "a connection-specific field in HTTP/2",
            Expectation => "Expect is not `100-continue`",
        }
    }
}

impl fmt::Display for Ambiguity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.reason())
    }
}

impl std::error::Error for Ambiguity {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_come_back() {
        for (number, ambiguity) in ALL.iter().enumerate() {
            assert_eq!(usize::from(ambiguity.number()), number);
            assert_eq!(Ambiguity::from_number(ambiguity.number()), Some(*ambiguity));
        }
    }
}
