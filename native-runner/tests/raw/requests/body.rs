//! Chunked bodies.

use super::{Case, Expect::*, Raw::*, case};

const SIZE: &str = "RFC 9112, 7.1";
const EXTENSION: &str = "RFC 9112, 7.1.1";
const TRAILER: &str = "RFC 9112, 7.1.2";

pub fn cases() -> Vec<Case> {
    let mut cases = sizes();
    cases.extend(extensions());
    cases.extend(trailers());
    cases
}

/// Sizes and data.
fn sizes() -> Vec<Case> {
    const A10: &[&str] = &["\r\n\r\nA\r\n0123456789\r\n0\r\n\r\n"];
    vec![
        case("upper case", Chunks(b"A\r\n0123456789\r\n0\r\n\r\n"), Accepted(A10), SIZE),
        case("lower case", Chunks(b"a\r\n0123456789\r\n0\r\n\r\n"), Accepted(A10), SIZE),
        case("leading zeros", Chunks(b"000a\r\n0123456789\r\n00\r\n\r\n"), Accepted(A10), SIZE),
        case("no chunk", Chunks(b"0\r\n\r\n"), Accepted(&["POST /case"]), SIZE),
        case("many zeros", Chunks(b"00000000000000003\r\nabc\r\n0\r\n\r\n"), Refused(400), SIZE),
        case("empty size", Chunks(b"\r\nabc\r\n0\r\n\r\n"), Refused(400), SIZE),
        case("0x3", Chunks(b"0x3\r\nabc\r\n0\r\n\r\n"), Refused(400), SIZE),
        case("-3", Chunks(b"-3\r\nabc\r\n0\r\n\r\n"), Refused(400), SIZE),
        case("+3", Chunks(b"+3\r\nabc\r\n0\r\n\r\n"), Refused(400), SIZE),
        case("3_", Chunks(b"3_\r\nabc\r\n0\r\n\r\n"), Refused(400), SIZE),
        case("space before the size", Chunks(b" 3\r\nabc\r\n0\r\n\r\n"), Refused(400), SIZE),
        case("space after the size", Chunks(b"3 \r\nabc\r\n0\r\n\r\n"), Refused(400), SIZE),
        case("tab after the size", Chunks(b"3\t\r\nabc\r\n0\r\n\r\n"), Refused(400), SIZE),
        case("space in the last size", Chunks(b"3\r\nabc\r\n0 \r\n\r\n"), Refused(400), SIZE),
        case("17 digits", Chunks(b"10000000000000003\r\nabc\r\n0\r\n\r\n"), Refused(400), SIZE),
        case("LF after the size", Chunks(b"3\nabc\r\n0\r\n\r\n"), Refused(400), SIZE),
        case("LF after the last size", Chunks(b"3\r\nabc\r\n0\n\r\n"), Refused(400), SIZE),
        case("CR after the size", Chunks(b"3\rabc\r\n0\r\n\r\n"), Refused(400), SIZE),
        case("no CRLF after the data", Chunks(b"3\r\nabc0\r\n\r\n"), Refused(400), SIZE),
        case("LF after the data", Chunks(b"3\r\nabc\n0\r\n\r\n"), Refused(400), SIZE),
        case("CR after the data", Chunks(b"3\r\nabc\rX0\r\n\r\n"), Refused(400), SIZE),
        case("more data than the size", Chunks(b"3\r\nabcd\r\n0\r\n\r\n"), Refused(400), SIZE),
        case("NUL in the size", Chunks(b"3\0\r\nabc\r\n0\r\n\r\n"), Refused(400), SIZE),
    ]
}

/// Extensions: known to nobody here, and not passed on.
fn extensions() -> Vec<Case> {
    const ABC: &[&str] = &["\r\n\r\n3\r\nabc\r\n0\r\n\r\n", "!3;", "!3 ;"];
    const HEAD: &str = "POST /case HTTP/1.1\r\nHost: a.example\r\nTransfer-Encoding: chunked\r\n\r\n";
    let long = format!("{HEAD}3;a={}\r\nabc\r\n0\r\n\r\n", "b".repeat(2000));
    vec![
        case("name", Chunks(b"3;a\r\nabc\r\n0;b\r\n\r\n"), Accepted(ABC), EXTENSION),
        case("white space", Chunks(b"3 ; a = b\r\nabc\r\n0\r\n\r\n"), Accepted(ABC), EXTENSION),
        case("quoted", Chunks(b"3;a=\"b\\\";c\"\r\nabc\r\n0\r\n\r\n"), Accepted(ABC), EXTENSION),
        case("empty extension", Chunks(b"3;\r\nabc\r\n0\r\n\r\n"), Refused(400), EXTENSION),
        case("no value", Chunks(b"3;a=\r\nabc\r\n0\r\n\r\n"), Refused(400), EXTENSION),
        case("LF", Chunks(b"3;a\nabc\r\n0\r\n\r\n"), Refused(400), EXTENSION),
        case("LF in it", Chunks(b"3;a\nb\r\nabc\r\n0\r\n\r\n"), Refused(400), EXTENSION),
        case("CR in it", Chunks(b"3;a\rb\r\nabc\r\n0\r\n\r\n"), Refused(400), EXTENSION),
        case("NUL in it", Chunks(b"3;a\0\r\nabc\r\n0\r\n\r\n"), Refused(400), EXTENSION),
        case("unclosed quotation", Chunks(b"3;a=\"\r\nabc\r\n0\r\n\r\n"), Refused(400), EXTENSION),
        case("CRLF in a quotation", Chunks(b"3;a=\"\r\n\"\r\nabc\r\n0\r\n\r\n"), Refused(400), EXTENSION),
        case("long", Made(long.into_bytes()), Refused(400), EXTENSION),
    ]
}

/// Trailer sections.
fn trailers() -> Vec<Case> {
    const HEAD: &str = "POST /case HTTP/1.1\r\nHost: a.example\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n";
    const FORBIDDEN: &[u8] =
        b"3\r\nabc\r\n0\r\nContent-Length: 9\r\nTransfer-Encoding: x\r\nHost: b\r\nAuthorization: c\r\n\r\n";
    const KEPT: &[&str] = &[
        "\r\n3\r\nabc\r\n0\r\n",
        "!content-length",
        "!: x",
        "!host: b",
        "!uthorization",
        "transfer-encoding: chunked",
    ];
    let large = format!("{HEAD}X-A: {}\r\n\r\n", "b".repeat(9000));
    let many = format!("{HEAD}{}\r\n", "X-A: b\r\n".repeat(2000));
    vec![
        case(
            "trailer",
            Chunks(b"3\r\nabc\r\n0\r\nX-A: b\r\n\r\n"),
            Accepted(&["\r\n3\r\nabc\r\n0\r\n"]),
            TRAILER,
        ),
        case("forbidden trailers", Chunks(FORBIDDEN), Accepted(KEPT), "RFC 9110, 6.5.1"),
        case("folded trailer", Chunks(b"0\r\nX-A: b\r\n c\r\n\r\n"), Refused(400), "RFC 9112, 5.2"),
        case("LF in a trailer", Chunks(b"0\r\nX-A: b\nX-C: d\r\n\r\n"), Refused(400), "RFC 9110, 5.5"),
        case("LF after a trailer", Chunks(b"0\r\nX-A: b\n\r\n"), Refused(400), "RFC 9110, 5.5"),
        case("LF after the trailers", Chunks(b"0\r\nX-A: b\r\n\n"), Refused(400), TRAILER),
        case("no trailer, LF", Chunks(b"0\r\n\n"), Refused(400), TRAILER),
        case("NUL in a trailer", Chunks(b"0\r\nX-A: b\0\r\n\r\n"), Refused(400), "RFC 9110, 5.5"),
        case("space before the colon", Chunks(b"0\r\nX-A : b\r\n\r\n"), Refused(400), "RFC 9112, 5.1"),
        case("no colon", Chunks(b"0\r\nX-A\r\n\r\n"), Refused(400), TRAILER),
        case("a request instead", Chunks(b"0\r\nGET /x HTTP/1.1\r\nHost: a\r\n\r\n"), Refused(400), TRAILER),
        case("large trailer", Made(large.into_bytes()), Refused(400), TRAILER),
        case("many trailers", Made(many.into_bytes()), Refused(400), TRAILER),
    ]
}
