//! Who a request is for.

use super::{Case, Expect::*, Raw::*, case};

const HOST: &str = "RFC 9112, 3.2";
const ABSOLUTE: &str = "RFC 9112, 3.2.2";

pub fn cases() -> Vec<Case> {
    let mut cases = fields();
    cases.extend(targets());
    cases
}

/// `Host`.
fn fields() -> Vec<Case> {
    macro_rules! hosts {
        ($value:literal) => {
            Whole(concat!("GET /case HTTP/1.1\r\n", $value, "\r\n\r\n").as_bytes())
        };
    }
    vec![
        case("no host", Whole(b"GET /case HTTP/1.1\r\n\r\n"), Refused(400), HOST),
        case("no host in HTTP/1.0", Whole(b"GET /case HTTP/1.0\r\n\r\n"), Last(&["GET /case"]), HOST),
        case("same host twice", hosts!("Host: a.example\r\nHost: a.example"), Refused(400), HOST),
        case("two hosts", hosts!("Host: a.example\r\nHost: b.example"), Refused(400), HOST),
        case("empty host", hosts!("Host:"), Refused(400), "RFC 9110, 4.2.1"),
        case("list", hosts!("Host: a.example, b.example"), Refused(400), HOST),
        case("list without space", hosts!("Host: a.example,b.example"), Refused(400), HOST),
        case("user", hosts!("Host: user@a.example"), Refused(400), HOST),
        case("path", hosts!("Host: a.example/path"), Refused(400), HOST),
        case("URI", hosts!("Host: http://a.example"), Refused(400), HOST),
        case("space", hosts!("Host: a.example b"), Refused(400), HOST),
        case("percent-encoded", hosts!("Host: a%2eexample"), Refused(400), HOST),
        case("UTF-8", hosts!("Host: \u{e9}.example"), Refused(400), HOST),
        case("question mark", hosts!("Host: a.example?b"), Refused(400), HOST),
        case("port", hosts!("Host: a.example:8080"), Accepted(&["host: a.example:8080\r\n"]), HOST),
        case("empty port", hosts!("Host: a.example:"), Accepted(&["host: a.example"]), HOST),
        case("bad port", hosts!("Host: a.example:80a"), Refused(400), HOST),
        case("two ports", hosts!("Host: a.example:80:80"), Refused(400), HOST),
        case("only a port", hosts!("Host: :80"), Refused(400), "RFC 9110, 4.2.1"),
        case("IPv6", hosts!("Host: [::1]:80"), Accepted(&["host: [::1]:80\r\n"]), HOST),
        case("unclosed IPv6", hosts!("Host: [::1"), Refused(400), HOST),
        case("text after IPv6", hosts!("Host: [::1]a"), Refused(400), HOST),
    ]
}

/// absolute-form.
fn targets() -> Vec<Case> {
    const B: &[&str] = &["GET /case HTTP/1.1\r\n", "host: b.example\r\n", "!a.example"];
    vec![
        case("another host", Line(b"GET http://b.example/case HTTP/1.1"), Accepted(B), ABSOLUTE),
        case("https", Line(b"GET https://b.example/case HTTP/1.1"), Accepted(B), ABSOLUTE),
        case("upper case", Line(b"GET HTTP://b.example/case HTTP/1.1"), Accepted(B), "RFC 3986, 3.1"),
        case("scheme", Line(b"GET ftp://b.example/case HTTP/1.1"), Refused(400), ABSOLUTE),
        case("file", Line(b"GET file:///case HTTP/1.1"), Refused(400), ABSOLUTE),
        case("no authority", Line(b"GET http:///case HTTP/1.1"), Refused(400), "RFC 9110, 4.2.1"),
        case("no slashes", Line(b"GET http:/case HTTP/1.1"), Refused(400), ABSOLUTE),
        case("user", Line(b"GET http://a.example@b.example/case HTTP/1.1"), Refused(400), "RFC 9110, 4.2.4"),
        case("fragment", Line(b"GET http://b.example/case#a HTTP/1.1"), Refused(400), HOST),
        case("asterisk", Line(b"OPTIONS http://b.example* HTTP/1.1"), Refused(400), "RFC 9112, 3.2.4"),
        case("no path", Line(b"GET http://b.example HTTP/1.1"), Accepted(&["GET / HTTP/1.1"]), ABSOLUTE),
        case("no host", Whole(b"GET http://b.example/case HTTP/1.1\r\n\r\n"), Refused(400), HOST),
        case(
            "two hosts",
            Whole(b"GET http://b.example/case HTTP/1.1\r\nHost: b.example\r\nHost: a.example\r\n\r\n"),
            Refused(400),
            HOST,
        ),
        case(
            "bad host",
            Whole(b"GET http://b.example/case HTTP/1.1\r\nHost: a b\r\n\r\n"),
            Refused(400),
            HOST,
        ),
    ]
}
