//! What every request has to satisfy before anything is done with it: the part of request framing and addressing that
//! can be seen in a parsed request. What cannot be seen there any more is [`super::guard`]'s.
//!
//! hyper lets through: no `Host`, several, any value in it; a target in any form with any method; `Transfer-Encoding`
//! lists that merely end in `chunked`; any `Expect`; over HTTP/2 also several equal `Content-Length` fields, user
//! information in `:authority`, and a `Host` that differs from it. Nothing here allocates.

use http::header::{CONNECTION, CONTENT_LENGTH, EXPECT, HOST, TRANSFER_ENCODING};
use http::{HeaderMap, HeaderValue, Method, Request, Uri, Version};

pub use super::ambiguity::Ambiguity;
use super::guard::Limits;

/// The method of the request that the guard puts in the place of one it refuses. The target is `/` and the
/// [`Ambiguity`]'s number. The guard refuses this method from clients (with this very request); and where there is
/// no guard a client that uses it merely refuses itself.
pub(super) const REFUSED: &str = "TOLLGATE-REFUSED";

/// Whether there is exactly one way to read `request`. To be called before anything else looks at the request;
/// after an error the answer has to close an HTTP/1 connection (an HTTP/2 stream ends by itself).
pub fn check<B>(request: &Request<B>) -> Result<(), Ambiguity> {
    if request.method().as_str() == REFUSED {
        return Err(refusal(request.uri()));
    }
    let version = request.version();
    let fields = request.headers();
    target(request.method(), request.uri(), version)?;
    host(request.uri(), fields, version)?;
    framing(fields, version)?;
    connection(fields, version)?;
    expectation(fields, version)
}

/// Whether `request` keeps to what the guard limits on HTTP/1 connections. For HTTP/2, whose fields' size together is
/// h2's to limit (`max_header_list_size`), but neither their number nor the path's length.
pub fn within<B>(request: &Request<B>, limits: &Limits) -> Result<(), Ambiguity> {
    if request.uri().path_and_query().is_some_and(|path| path.as_str().len() > limits.line) {
        return Err(Ambiguity::LongLine);
    }
    if request.headers().len() > limits.count { Err(Ambiguity::ManyFields) } else { Ok(()) }
}

/// What the guard refused.
fn refusal(uri: &Uri) -> Ambiguity {
    let number = uri.path().strip_prefix('/').and_then(|number| number.parse().ok());
    number.and_then(Ambiguity::from_number).unwrap_or(Ambiguity::RequestLine)
}

// === The target ===

/// The form of the target and its characters.
fn target(method: &Method, uri: &Uri, version: Version) -> Result<(), Ambiguity> {
    // RFC 9110, 9.3.6: an origin server need not implement CONNECT; a client may already have sent what it wants to
    // send through the tunnel, so refusing it must end the connection.
    if *method == Method::CONNECT {
        return Err(Ambiguity::Connect);
    }
    let (scheme, path) = (uri.scheme_str(), uri.path());
    match scheme {
        // RFC 9112, 3.2.2 (absolute-form) and RFC 9113, 8.3.1 (`:scheme`). Other schemes would need another port.
        Some("http" | "https") => {}
        Some(_) => return Err(Ambiguity::Scheme),
        // RFC 9112, 3.2.3: authority-form is only for CONNECT.
        None if uri.authority().is_some() => return Err(Ambiguity::Target),
        None => {}
    }
    // RFC 9112, 3.2.4 and RFC 9113, 8.3.1: asterisk-form is only for OPTIONS; anything else begins with a slash.
    let asterisk = path == "*" && *method == Method::OPTIONS;
    if !(asterisk || path.starts_with('/')) || (asterisk && scheme.is_some() && version < Version::HTTP_2) {
        return Err(Ambiguity::Target);
    }
    // RFC 9112, 3.2 and RFC 3986, 2: a target is made of ASCII; http::Uri lets raw UTF-8 through.
    match uri.path_and_query() {
        Some(path) if !path.as_str().is_ascii() => Err(Ambiguity::Target),
        _ => Ok(()),
    }
}

/// Who the request is for: exactly one valid host.
fn host(uri: &Uri, fields: &HeaderMap, version: Version) -> Result<(), Ambiguity> {
    let mut hosts = fields.get_all(HOST).iter();
    let (first, second) = (hosts.next(), hosts.next());
    // RFC 9112, 3.2: 400 for more than one Host field line, whatever the target's form.
    if second.is_some() {
        return Err(Ambiguity::SeveralHosts);
    }
    if let Some(authority) = uri.authority() {
        // RFC 9110, 4.2.4: user information from an untrusted source is an error; RFC 9113, 8.3.1: MUST NOT be sent.
        if authority.as_str().contains('@') {
            return Err(Ambiguity::UserInfo);
        }
        valid_host(authority.as_str().as_bytes())?;
    }
    let Some(first) = first else {
        // RFC 9112, 3.2: 400 for an HTTP/1.1 request without Host. HTTP/1.0 has none; in HTTP/2 `:authority` does.
        let needed = version == Version::HTTP_11 || (version > Version::HTTP_11 && uri.authority().is_none());
        return if needed { Err(Ambiguity::NoHost) } else { Ok(()) };
    };
    // RFC 9112, 3.2: 400 for an invalid value. An empty one is for targets without authority, which an `http` URI
    // always has (RFC 9110, 4.2.1).
    valid_host(first.as_bytes())?;
    match uri.authority() {
        // RFC 9113, 8.3.1: a Host that differs from `:authority` SHOULD make the request malformed. In HTTP/1.1 the
        // received Host MUST be ignored beside an absolute-form target (RFC 9112, 3.2.2).
        Some(authority) if version > Version::HTTP_11 => same_host(authority.as_str(), first),
        _ => Ok(()),
    }
}

/// Whether `Host` is the authority, in any case.
fn same_host(authority: &str, host: &HeaderValue) -> Result<(), Ambiguity> {
    let same = authority.as_bytes().eq_ignore_ascii_case(host.as_bytes());
    if same { Ok(()) } else { Err(Ambiguity::OtherHost) }
}

/// `uri-host [ ":" port ]` of RFC 9110, 7.2. Of RFC 3986's `reg-name` only what DNS names and addresses are made of:
/// `sub-delims` and percent-encoding are in no name that resolves, and a comma in it may be two hosts to the next
/// recipient.
fn valid_host(value: &[u8]) -> Result<(), Ambiguity> {
    let (host, port) = match value {
        [b'[', rest @ ..] => {
            let end = rest.iter().position(|byte| *byte == b']').ok_or(Ambiguity::Host)?;
            (&rest[..end], &rest[end + 1..])
        }
        _ => value.split_at(value.iter().position(|byte| *byte == b':').unwrap_or(value.len())),
    };
    let named = |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_' | b'~');
    let numbered = |byte: &u8| byte.is_ascii_hexdigit() || matches!(byte, b':' | b'.');
    let good = if value.starts_with(b"[") { host.iter().all(numbered) } else { host.iter().all(named) };
    let port = match port {
        [] => true,
        [b':', digits @ ..] => digits.len() <= 5 && digits.iter().all(u8::is_ascii_digit),
        _ => false,
    };
    if good && port && !host.is_empty() { Ok(()) } else { Err(Ambiguity::Host) }
}

// === The framing ===

/// How long the body is: one way of saying so at most.
fn framing(fields: &HeaderMap, version: Version) -> Result<(), Ambiguity> {
    let mut codings = fields.get_all(TRANSFER_ENCODING).iter();
    let mut lengths = fields.get_all(CONTENT_LENGTH).iter();
    let (coded, sized) = (codings.next(), lengths.next());
    // RFC 9112, 6.3 (5): several lengths MUST be refused, or replaced by the one they agree on. Over HTTP/2 several
    // equal ones get this far, and copied to an HTTP/1.1 upstream they would be two lines.
    if lengths.next().is_some() {
        return Err(Ambiguity::SeveralLengths);
    }
    if let Some(sized) = sized {
        length(sized.as_bytes())?;
    }
    let Some(coded) = coded else { return Ok(()) };
    // RFC 9113, 8.2.2: MUST be treated as malformed.
    if version > Version::HTTP_11 {
        return Err(Ambiguity::ConnectionField);
    }
    // RFC 9112, 6.1: in HTTP/1.0 the framing MUST be treated as faulty.
    if version < Version::HTTP_11 {
        return Err(Ambiguity::CodingInVersion);
    }
    // RFC 9112, 6.3: "ought to be handled as an error".
    if sized.is_some() {
        return Err(Ambiguity::TwoFramings);
    }
    if codings.next().is_some() {
        return Err(Ambiguity::Coding);
    }
    coding(coded.as_bytes())
}

/// RFC 9110, 8.6: `Content-Length = 1*DIGIT`. As hyper, no larger than a `u64` (less two values it uses itself).
pub(super) fn length(value: &[u8]) -> Result<u64, Ambiguity> {
    if value.is_empty() {
        return Err(Ambiguity::Length);
    }
    let mut length: u64 = 0;
    for byte in value {
        let digit = byte.is_ascii_digit().then(|| u64::from(byte - b'0')).ok_or(Ambiguity::Length)?;
        length =
            length.checked_mul(10).and_then(|length| length.checked_add(digit)).ok_or(Ambiguity::Length)?;
    }
    if length <= u64::MAX >> 1 { Ok(length) } else { Err(Ambiguity::Length) }
}

/// One `Transfer-Encoding` value: `chunked` and nothing else.
pub(super) fn coding(value: &[u8]) -> Result<(), Ambiguity> {
    let mut codings = value.split(|byte| *byte == b',').map(<[u8]>::trim_ascii);
    let chunked = |coding: &[u8]| coding.eq_ignore_ascii_case(b"chunked");
    // RFC 9112, 6.3 (4): without a final `chunked` the length cannot be known: MUST be 400. RFC 9112, 7: `chunked`
    // has no parameters.
    match codings.next_back() {
        Some(last) if chunked(last) => {}
        _ => return Err(Ambiguity::Coding),
    }
    let mut others = codings.peekable();
    if others.peek().is_none() {
        return Ok(());
    }
    // RFC 9112, 6.1: `chunked` MUST NOT be applied twice; codings that are not understood SHOULD be 501.
    if others.any(|coding| coding.is_empty() || chunked(coding)) {
        return Err(Ambiguity::Coding);
    }
    Err(Ambiguity::UnknownCoding)
}

// === The connection ===

/// `Connection` and what it names.
fn connection(fields: &HeaderMap, version: Version) -> Result<(), Ambiguity> {
    for value in fields.get_all(CONNECTION) {
        // RFC 9113, 8.2.2. h2 refuses it too.
        if version > Version::HTTP_11 {
            return Err(Ambiguity::ConnectionField);
        }
        // RFC 9110, 7.6.1: MUST NOT name a field that is for all recipients: a proxy removes what is named here, and
        // with it the host or the length that the next recipient goes by.
        for option in value.as_bytes().split(|byte| *byte == b',').map(<[u8]>::trim_ascii) {
            if option.eq_ignore_ascii_case(b"host") || option.eq_ignore_ascii_case(b"content-length") {
                return Err(Ambiguity::ConnectionOption);
            }
        }
    }
    Ok(())
}

/// RFC 9110, 10.1.1: 417 for anything but `100-continue`; what is asked for in HTTP/1.0 MUST be ignored. `Expect` with
/// other words in it makes some recipients wait for a body and others not.
fn expectation(fields: &HeaderMap, version: Version) -> Result<(), Ambiguity> {
    let mut expected = fields.get_all(EXPECT).iter();
    let (first, second) = (expected.next(), expected.next());
    let fine = first.is_none_or(|value| value.as_bytes().eq_ignore_ascii_case(b"100-continue"));
    if (fine && second.is_none()) || version < Version::HTTP_11 {
        Ok(())
    } else {
        Err(Ambiguity::Expectation)
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn limits() {
        let limits = Limits { line: 8, count: 1, ..Limits::default() };
        let request = |path: &str| Request::builder().uri(path).header("a", "b");
        assert_eq!(within(&request("/1234567").body(()).unwrap(), &limits), Ok(()));
        assert_eq!(within(&request("/12345678").body(()).unwrap(), &limits), Err(Ambiguity::LongLine));
        let many = request("/").header("a", "c").body(()).unwrap();
        assert_eq!(within(&many, &limits), Err(Ambiguity::ManyFields));
    }

    #[test]
    fn a_refusal_comes_back() {
        for (path, ambiguity) in
            [("/0", Ambiguity::BareLineFeed), ("/11", Ambiguity::TwoFramings), ("/x", Ambiguity::RequestLine)]
        {
            let request = Request::builder().method(REFUSED).uri(path).body(()).unwrap();
            assert_eq!(check(&request), Err(ambiguity));
        }
    }
}
