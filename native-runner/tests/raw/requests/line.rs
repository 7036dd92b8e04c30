//! Request lines, and what stands before them.

use super::{Case, Expect::*, Raw::*, case};

pub fn cases() -> Vec<Case> {
    let mut cases = lines();
    cases.extend(targets());
    cases.extend(long());
    cases
}

/// Their structure.
fn lines() -> Vec<Case> {
    const LINE: &str = "RFC 9112, 3";
    const END: &str = "RFC 9112, 2.2";
    const VERSION: &str = "RFC 9110, 15.6.6";
    vec![
        case(
            "plain",
            Line(b"GET /case HTTP/1.1"),
            Accepted(&["GET /case HTTP/1.1\r\n", "host: a.example"]),
            LINE,
        ),
        case("HTTP/1.0", Line(b"GET /case HTTP/1.0"), Last(&["GET /case HTTP/1.1\r\n"]), "RFC 9112, 9.3"),
        case("HTTP/1.2", Line(b"GET /case HTTP/1.2"), Refused(505), VERSION),
        case("HTTP/2.0", Line(b"GET /case HTTP/2.0"), Refused(505), VERSION),
        case("HTTP/0.9", Line(b"GET /case HTTP/0.9"), Refused(505), VERSION),
        case("no version", Whole(b"GET /case\r\n\r\n"), Refused(400), LINE),
        case("http/1.1", Line(b"GET /case http/1.1"), Refused(400), "RFC 9112, 2.3"),
        case("HTTP/1.10", Line(b"GET /case HTTP/1.10"), Refused(400), "RFC 9112, 2.3"),
        case("space after the version", Line(b"GET /case HTTP/1.1 "), Refused(400), LINE),
        case("two spaces", Line(b"GET  /case HTTP/1.1"), Refused(400), LINE),
        case("two spaces before the version", Line(b"GET /case  HTTP/1.1"), Refused(400), LINE),
        case("tabs", Line(b"GET\t/case\tHTTP/1.1"), Refused(400), LINE),
        case("vertical tab", Line(b"GET\x0b/case HTTP/1.1"), Refused(400), LINE),
        case("space before the method", Line(b" GET /case HTTP/1.1"), Refused(400), LINE),
        case("space in the target", Line(b"GET /case /x HTTP/1.1"), Refused(400), "RFC 9112, 3.2"),
        case("no method", Line(b"/case HTTP/1.1"), Refused(400), LINE),
        case(
            "unknown method",
            Line(b"FROB /case HTTP/1.1"),
            Accepted(&["FROB /case HTTP/1.1"]),
            "RFC 9110, 9.1",
        ),
        case("method with a bracket", Line(b"G[T /case HTTP/1.1"), Refused(400), "RFC 9110, 9.1"),
        case("method with NUL", Line(b"G\0T /case HTTP/1.1"), Refused(400), "RFC 9110, 9.1"),
        case("method in UTF-8", Line(b"G\xc3\xa9T /case HTTP/1.1"), Refused(400), "RFC 9110, 9.1"),
        case("the guard's own", Line(b"TOLLGATE-REFUSED /6 HTTP/1.1"), Refused(400), "Tollgate"),
        // The real preface is HTTP/2: see the tests of traffic.
        case("almost the HTTP/2 preface", Whole(b"PRX * HTTP/2.0\r\n\r\nSM\r\n\r\n"), Refused(505), VERSION),
        case("TLS", Whole(b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03"), Refused(400), LINE),
        case("empty line first", Line(b"\r\nGET /case HTTP/1.1"), Accepted(&["GET /case HTTP/1.1"]), END),
        case(
            "many empty lines first",
            Line(b"\r\n\r\n\r\n\r\n\r\n\r\nGET /case HTTP/1.1"),
            Refused(400),
            END,
        ),
        case("bare LF first", Line(b"\nGET /case HTTP/1.1"), Refused(400), END),
        case("bare CR first", Line(b"\rGET /case HTTP/1.1"), Refused(400), END),
        case("bare CR in the line", Line(b"GET /case\r HTTP/1.1"), Refused(400), END),
        case(
            "bare LF after the line",
            Whole(b"GET /case HTTP/1.1\nHost: a.example\r\n\r\n"),
            Refused(400),
            END,
        ),
        case("CR CR LF after the line", Line(b"GET /case HTTP/1.1\r"), Refused(400), END),
    ]
}

/// Their targets.
fn targets() -> Vec<Case> {
    const TARGET: &str = "RFC 9112, 3.2";
    vec![
        case("NUL", Line(b"GET /ca\0se HTTP/1.1"), Refused(400), TARGET),
        case("DEL", Line(b"GET /ca\x7fse HTTP/1.1"), Refused(400), TARGET),
        case("control byte", Line(b"GET /ca\x01se HTTP/1.1"), Refused(400), TARGET),
        case("UTF-8", Line(b"GET /ca\xc3\xa9se HTTP/1.1"), Refused(400), TARGET),
        case("UTF-8 in the query", Line(b"GET /case?\xc3\xa9 HTTP/1.1"), Refused(400), TARGET),
        case("not UTF-8", Line(b"GET /ca\xffse HTTP/1.1"), Refused(400), TARGET),
        case("fragment", Line(b"GET /case#/other HTTP/1.1"), Refused(400), TARGET),
        case("fragment in the query", Line(b"GET /case?a#b HTTP/1.1"), Refused(400), TARGET),
        case("angle bracket", Line(b"GET /case<a> HTTP/1.1"), Refused(400), TARGET),
        case("grave accent in the path", Line(b"GET /ca`se HTTP/1.1"), Refused(400), TARGET),
        case("quotation mark in the query", Line(b"GET /case?\" HTTP/1.1"), Refused(400), TARGET),
        case("braces", Line(b"GET /case?{a|b} HTTP/1.1"), Accepted(&["GET /case?{a|b} HTTP/1.1"]), TARGET),
        case("no slash", Line(b"GET case HTTP/1.1"), Refused(400), "RFC 9112, 3.2.3"),
        case("query only", Line(b"GET ?case HTTP/1.1"), Refused(400), "RFC 9112, 3.2.1"),
        case("authority-form", Line(b"GET a.example:80 HTTP/1.1"), Refused(400), "RFC 9112, 3.2.3"),
        case("asterisk-form", Line(b"GET * HTTP/1.1"), Refused(400), "RFC 9112, 3.2.4"),
        case("OPTIONS *", Line(b"OPTIONS * HTTP/1.1"), Own(204), "RFC 9112, 3.2.4"),
        case("CONNECT", Line(b"CONNECT a.example:443 HTTP/1.1"), Refused(501), "RFC 9110, 9.3.6"),
        case("CONNECT /", Line(b"CONNECT /case HTTP/1.1"), Refused(501), "RFC 9110, 9.3.6"),
    ]
}

/// Limits.
fn long() -> Vec<Case> {
    let line = |line: String| Made(format!("{line}\r\nHost: a.example\r\n\r\n").into_bytes());
    let a = |count| "a".repeat(count);
    vec![
        case("long target", line(format!("GET /{} HTTP/1.1", a(9000))), Refused(414), "RFC 9110, 15.5.15"),
        case(
            "endless target",
            Made(format!("GET /{}", a(9000)).into_bytes()),
            Refused(414),
            "RFC 9110, 15.5.15",
        ),
        case(
            "target within limits",
            line(format!("GET /{} HTTP/1.1", a(8000))),
            Accepted(&["GET /aaaa"]),
            "RFC 9112, 3",
        ),
        case("long method", line(format!("{} / HTTP/1.1", a(9000))), Refused(414), "RFC 9112, 3"),
    ]
}
