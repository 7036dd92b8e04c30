//! What went wrong outbound, in the words of `wasi:http` (which are those of RFC 9209).

use hyper_util::client::legacy;
use rustls::Error as Tls;
use std::error::Error as StdError;
use std::fmt;
use std::io;
use wasmtime_wasi_http::Error;

/// What our own connector knows and no library's error says.
#[derive(Debug)]
pub enum Fault {
    /// The name has no address, in the resolver's words.
    Dns(String),
    /// The request's limit on connecting passed.
    ConnectTimeout,
}

// === impl Fault ===

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Dns(why) => write!(f, "no address: {why}"),
            Self::ConnectTimeout => f.write_str("connecting took too long"),
        }
    }
}

impl StdError for Fault {}

/// An exchange that ended without a response head.
pub fn from_client(error: &legacy::Error) -> Error {
    if error.is_connect() {
        from_connecting(error)
    } else {
        from_exchange(error, Error::ConnectionTerminated)
    }
}

/// A response body that broke off.
pub fn from_body(error: &hyper::Error) -> Error {
    from_exchange(error, Error::HttpResponseIncomplete)
}

fn from_connecting(error: &(dyn StdError + 'static)) -> Error {
    match find::<Fault>(error) {
        Some(Fault::Dns(why)) => return Error::DnsError { rcode: Some(why.clone()), info_code: None },
        Some(Fault::ConnectTimeout) => return Error::ConnectionTimeout,
        None => {}
    }
    if let Some(tls) = find::<Tls>(error) {
        return from_tls(tls);
    }
    match find::<io::Error>(error).map(io::Error::kind) {
        Some(io::ErrorKind::ConnectionRefused) => Error::ConnectionRefused,
        Some(io::ErrorKind::TimedOut) => Error::ConnectionTimeout,
        Some(io::ErrorKind::HostUnreachable | io::ErrorKind::NetworkUnreachable) => {
            Error::DestinationIpUnroutable
        }
        Some(_) if is_broken(error) => Error::ConnectionTerminated,
        _ => Error::DestinationUnavailable,
    }
}

fn from_tls(error: &Tls) -> Error {
    match error {
        Tls::InvalidCertificate(_) | Tls::NoCertificatesPresented => Error::TlsCertificateError,
        Tls::AlertReceived(alert) => Error::TlsAlertReceived {
            alert_id: Some(u8::from(*alert)),
            alert_message: Some(format!("{alert:?}")),
        },
        _ => Error::TlsProtocolError,
    }
}

/// `cut` is what it is called when the connection ended too early.
fn from_exchange(error: &(dyn StdError + 'static), cut: Error) -> Error {
    let Some(hyper) = find::<hyper::Error>(error) else {
        return if is_broken(error) { cut } else { Error::HttpProtocolError };
    };
    if hyper.is_timeout() {
        Error::HttpResponseTimeout
    } else if hyper.is_parse_too_large() {
        Error::HttpResponseHeaderSectionSize(None)
    } else if hyper.is_incomplete_message() || hyper.is_canceled() || hyper.is_closed() || is_broken(error) {
        cut
    } else {
        Error::HttpProtocolError
    }
}

/// Whether the connection was cut, not misused.
fn is_broken(error: &(dyn StdError + 'static)) -> bool {
    use io::ErrorKind::{BrokenPipe, ConnectionAborted, ConnectionReset, NotConnected, UnexpectedEof};
    let kind = find::<io::Error>(error).map(io::Error::kind);
    matches!(kind, Some(BrokenPipe | ConnectionAborted | ConnectionReset | NotConnected | UnexpectedEof))
}

/// The first cause of type `T`. An `io::Error` hides what it wraps from `source`, so it is asked by itself.
fn find<'a, T: StdError + 'static>(error: &'a (dyn StdError + 'static)) -> Option<&'a T> {
    let mut next = Some(error);
    while let Some(cause) = next {
        if let Some(found) = cause.downcast_ref::<T>() {
            return Some(found);
        }
        next = match cause.downcast_ref::<io::Error>().and_then(io::Error::get_ref) {
            Some(wrapped) => Some(wrapped),
            None => cause.source(),
        };
    }
    None
}

#[cfg(test)]
mod tests {
    use super::{Fault, Tls, from_connecting};
    use rustls::CertificateError;
    use std::io;

    fn name(error: io::Error) -> String {
        format!("{:?}", from_connecting(&error))
    }

    #[test]
    fn connecting_errors_keep_their_reason() {
        let tls = |error| io::Error::other(io::Error::new(io::ErrorKind::InvalidData, error));
        let certificate = Tls::InvalidCertificate(CertificateError::Expired);
        assert_eq!(name(io::ErrorKind::ConnectionRefused.into()), "ConnectionRefused");
        assert_eq!(name(io::ErrorKind::NetworkUnreachable.into()), "DestinationIpUnroutable");
        assert_eq!(name(io::Error::other(Fault::ConnectTimeout)), "ConnectionTimeout");
        assert_eq!(name(tls(certificate)), "TlsCertificateError");
        assert_eq!(name(tls(Tls::DecryptError)), "TlsProtocolError");
        assert!(name(io::Error::other(Fault::Dns(String::from("x")))).starts_with("DnsError"));
    }
}
