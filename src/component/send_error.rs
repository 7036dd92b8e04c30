//! What a host's errors mean. They are those of RFC 9209 section 2.3.

use wasip2::http::types::ErrorCode;

use crate::host::{Reached, SendError, SendErrorKind};

/// What `code` means for an exchange that gave no answer. `Reached::No` only where the RFC leaves no doubt.
pub fn of(code: &ErrorCode) -> SendError {
    let (kind, reached) = meaning(code);
    SendError { kind, reached, cause: format!("{code:?}") }
}

fn meaning(code: &ErrorCode) -> (SendErrorKind, Reached) {
    use ErrorCode as E;
    use SendErrorKind as Kind;
    match code {
        E::DnsTimeout | E::DnsError(_) | E::DestinationNotFound => (Kind::Dns, Reached::No),
        E::ConnectionRefused | E::DestinationUnavailable | E::DestinationIpUnroutable => {
            (Kind::Refused, Reached::No)
        }
        E::ConnectionTimeout => (Kind::ConnectTimeout, Reached::No),
        E::TlsCertificateError => (Kind::Tls, Reached::No),
        // These may end a connection that had been agreed on.
        E::TlsProtocolError | E::TlsAlertReceived(_) => (Kind::Tls, Reached::Maybe),
        E::DestinationIpProhibited | E::HttpRequestDenied => (Kind::Prohibited, Reached::No),
        E::ConnectionReadTimeout | E::ConnectionWriteTimeout | E::HttpResponseTimeout => {
            (Kind::AnswerTimeout, Reached::Maybe)
        }
        E::ConnectionTerminated | E::HttpResponseIncomplete => (Kind::Terminated, Reached::Maybe),
        // The body was not as long as announced, or its trailers were refused.
        E::HttpRequestBodySize(_) | E::HttpRequestTrailerSectionSize(_) | E::HttpRequestTrailerSize(_) => {
            (Kind::RequestBody, Reached::Maybe)
        }
        E::HttpResponseHeaderSectionSize(_)
        | E::HttpResponseHeaderSize(_)
        | E::HttpResponseBodySize(_)
        | E::HttpResponseTrailerSectionSize(_)
        | E::HttpResponseTrailerSize(_)
        | E::HttpResponseTransferCoding(_)
        | E::HttpResponseContentCoding(_)
        | E::HttpUpgradeFailed
        | E::HttpProtocolError => (Kind::Protocol, Reached::Maybe),
        // The host would not even try.
        E::ConnectionLimitReached
        | E::HttpRequestLengthRequired
        | E::HttpRequestMethodInvalid
        | E::HttpRequestUriInvalid
        | E::HttpRequestUriTooLong
        | E::HttpRequestHeaderSectionSize(_)
        | E::HttpRequestHeaderSize(_)
        | E::LoopDetected
        | E::ConfigurationError => (Kind::Host, Reached::No),
        E::InternalError(_) => (Kind::Host, Reached::Maybe),
    }
}
