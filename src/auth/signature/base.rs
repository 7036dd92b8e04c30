//! The signature base (RFC 9421 section 2.5): the text that is signed.

use super::component::{Component, Derived, Kind};
use super::{Message, Rejection, Signature, field_value, query_param};

/// How many bytes a signature may cover: as much as a request's head may have (64 KiB), and no more however often its
/// parts are named.
const MOST_BYTES: usize = 64 * 1024;

/// The signature base of `signature` over `message`: US-ASCII, lines ended by line feeds but for the last.
pub fn signature_base(message: &Message<'_>, signature: &Signature) -> Result<String, Rejection> {
    let mut base = String::new();
    for component in &signature.covered {
        let value = value(message, component).map_err(|why| component.refuse(why))?;
        // RFC 9421 section 2.5: the base is US-ASCII, and nothing but our own line feeds ends a line of it.
        let Ok(value) = std::str::from_utf8(&value) else {
            return Err(component.refuse("its value is not US-ASCII"));
        };
        if !value.bytes().all(|byte| matches!(byte, b'\t' | b' '..=b'~')) {
            return Err(component.refuse("its value is not US-ASCII"));
        }
        base.push_str(component.identifier());
        base.push_str(": ");
        base.push_str(value);
        base.push('\n');
        if base.len() > MOST_BYTES {
            return Err(Rejection::BaseTooLarge);
        }
    }
    base.push_str("\"@signature-params\": ");
    base.push_str(&signature.params);
    Ok(base)
}

fn value(message: &Message<'_>, component: &Component) -> Result<Vec<u8>, &'static str> {
    match &component.kind {
        Kind::Derived(derived) => Ok(message.derived(*derived).into_bytes()),
        Kind::QueryParam(name) => query_param::value(message.target.query(), name).map(String::into_bytes),
        Kind::Field(name, form) => field_value::value(message.headers, name, form),
    }
}

// === impl Message ===

impl Message<'_> {
    /// RFC 9421 sections 2.2.1 to 2.2.7.
    fn derived(&self, derived: Derived) -> String {
        match derived {
            Derived::Method => self.method.as_str().to_owned(),
            Derived::TargetUri => format!("{}://{}{}", self.scheme, self.normal_authority(), self.origin()),
            Derived::Authority => self.normal_authority(),
            Derived::Scheme => self.scheme.to_owned(),
            // In origin form, and the asterisk. The absolute form (RFC 9112 section 3.2.2) is not the same on every
            // host, nor in every version of HTTP: a signature over it is not accepted.
            Derived::RequestTarget => self.target.as_str().to_owned(),
            Derived::Path => match self.target.path() {
                // RFC 9110 section 7.1: the target of `*` has no path; section 4.2.3: none is the same as `/`.
                "" | "*" => "/".to_owned(),
                path => path.to_owned(),
            },
            // RFC 9421 section 2.2.7: "If the query string is absent from the request message, the component value is
            // the leading ? character alone".
            Derived::Query => format!("?{}", self.target.query().unwrap_or_default()),
        }
    }

    /// RFC 9110 section 7.1: what follows the authority.
    fn origin(&self) -> &str {
        match self.target.as_str() {
            "*" => "",
            target => target,
        }
    }

    /// RFC 9421 section 2.2.3: "normalized according to the rules provided in \[HTTP\], Section 4.2.3. Namely, the
    /// hostname is normalized to lowercase, and the default port is omitted."
    fn normal_authority(&self) -> String {
        let authority = self.authority.to_ascii_lowercase();
        let default = if self.scheme == "https" { ":443" } else { ":80" };
        let without = authority.strip_suffix(default).or_else(|| authority.strip_suffix(':'));
        without.map_or(authority.clone(), str::to_owned)
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use http::uri::PathAndQuery;
    use http::{HeaderMap, HeaderValue, Method};

    use super::*;
    use crate::auth::signature::signatures;

    /// The lines of the base of `covered` over a request, without the last.
    fn base(target: &str, authority: &str, covered: &str) -> Result<String, Rejection> {
        let mut headers = HeaderMap::new();
        headers.append("signature-input", HeaderValue::from_str(&format!("a=({covered})")).unwrap());
        headers.append("signature", HeaderValue::from_static("a=:AQ==:"));
        headers.append("x-text", HeaderValue::from_bytes("Zoë".as_bytes()).unwrap());
        headers.append("x-tab", HeaderValue::from_static("a\tb"));
        headers.append("x-long", HeaderValue::from_str(&"x".repeat(40_000)).unwrap());
        let signature = signatures(&headers)?.remove(0).1?;
        let target: PathAndQuery = target.parse().unwrap();
        let message = Message {
            method: &Method::POST,
            scheme: "https",
            authority,
            target: &target,
            headers: &headers,
            has_content: false,
        };
        let base = signature_base(&message, &signature)?;
        let (lines, last) = base.rsplit_once('\n').unwrap_or(("", &base));
        assert_eq!(last, format!("\"@signature-params\": ({covered})"));
        Ok(lines.to_owned())
    }

    /// RFC 9421 sections 2.2.1 to 2.2.7, the examples.
    #[test]
    fn derived_components() {
        let host = "www.example.com";
        for (target, name, expected) in [
            ("/path?param=value", "@method", "POST"),
            ("/path?param=value", "@target-uri", "https://www.example.com/path?param=value"),
            ("/path?param=value", "@authority", "www.example.com"),
            ("/path?param=value", "@scheme", "https"),
            ("/path?param=value", "@request-target", "/path?param=value"),
            ("*", "@request-target", "*"),
            ("*", "@target-uri", "https://www.example.com"),
            ("*", "@path", "/"),
            ("/path?param=value", "@path", "/path"),
            ("/", "@path", "/"),
            ("/a%2Fb/../c", "@path", "/a%2Fb/../c"),
            ("/path?param=value&foo=bar&baz=bat%2Dman", "@query", "?param=value&foo=bar&baz=bat%2Dman"),
            ("/path?queryString", "@query", "?queryString"),
            ("/path", "@query", "?"),
            ("/path?", "@query", "?"),
            ("/path?", "@target-uri", "https://www.example.com/path?"),
        ] {
            let line = format!("\"{name}\": {expected}");
            assert_eq!(base(target, host, &format!("\"{name}\"")), Ok(line), "{target}");
        }
    }

    #[test]
    fn authorities() {
        for (authority, expected) in [
            ("WWW.Example.COM", "www.example.com"),
            ("example.com:443", "example.com"),
            ("example.com:80", "example.com:80"),
            ("example.com:8443", "example.com:8443"),
            ("example.com:", "example.com"),
            ("[2001:DB8::1]:443", "[2001:db8::1]"),
            ("[2001:db8::443]", "[2001:db8::443]"),
        ] {
            assert_eq!(base("/", authority, "\"@authority\""), Ok(format!("\"@authority\": {expected}")));
            let uri = format!("\"@target-uri\": https://{expected}/");
            assert_eq!(base("/", authority, "\"@target-uri\""), Ok(uri));
        }
    }

    /// RFC 9421 section 2.2.8's example as a whole.
    #[test]
    fn query_parameters() {
        let covered =
            "\"@query-param\";name=\"baz\" \"@query-param\";name=\"qux\" \"@query-param\";name=\"param\"";
        assert_eq!(
            base("/path?param=value&foo=bar&baz=batman&qux=", "a", covered).unwrap(),
            "\"@query-param\";name=\"baz\": batman\n\"@query-param\";name=\"qux\": \n\
             \"@query-param\";name=\"param\": value"
        );
    }

    #[test]
    fn what_cannot_be_in_a_base() {
        assert!(matches!(base("/", "a", "\"x-text\""), Err(Rejection::Component { .. })));
        assert_eq!(base("/", "a", "\"x-text\";bs").unwrap(), "\"x-text\";bs: :Wm/Dqw==:");
        assert_eq!(base("/", "a", "\"x-tab\"").unwrap(), "\"x-tab\": a\tb");
        assert!(matches!(base("/", "a", "\"x-missing\""), Err(Rejection::Component { .. })));
        assert_eq!(base("/", "a", "\"x-long\" \"x-long\";bs"), Err(Rejection::BaseTooLarge));
        assert_eq!(base("/", "a", "").unwrap(), "");
    }
}
