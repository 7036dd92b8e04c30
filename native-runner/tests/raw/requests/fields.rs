//! Field lines.

use super::{Case, Expect::*, Raw::*, case};

pub fn cases() -> Vec<Case> {
    let mut cases = syntax();
    cases.extend(lengths());
    cases.extend(codings());
    cases.extend(large());
    cases
}

/// Names and values.
fn syntax() -> Vec<Case> {
    const NAME: &str = "RFC 9110, 5.1";
    const VALUE: &str = "RFC 9110, 5.5";
    const END: &str = "RFC 9112, 2.2";
    const FOLD: &str = "RFC 9112, 5.2";
    const COLON: &str = "RFC 9112, 5.1";
    vec![
        case("space before the colon", Fields(b"X-A : b\r\n\r\n"), Refused(400), COLON),
        case("tab before the colon", Fields(b"X-A\t: b\r\n\r\n"), Refused(400), COLON),
        case("length with a space", Fields(b"Content-Length : 3\r\n\r\nabc"), Refused(400), COLON),
        case(
            "coding with a space",
            Fields(b"Transfer-Encoding : chunked\r\n\r\n0\r\n\r\n"),
            Refused(400),
            COLON,
        ),
        case("no colon", Fields(b"X-A\r\n\r\n"), Refused(400), NAME),
        case("no name", Fields(b": b\r\n\r\n"), Refused(400), NAME),
        case("NUL in a name", Fields(b"X\0A: b\r\n\r\n"), Refused(400), NAME),
        case("DEL in a name", Fields(b"X\x7fA: b\r\n\r\n"), Refused(400), NAME),
        case("CR in a name", Fields(b"X\rA: b\r\n\r\n"), Refused(400), NAME),
        case("LF in a name", Fields(b"X\nA: b\r\n\r\n"), Refused(400), NAME),
        case("UTF-8 in a name", Fields(b"X\xc3\xa9: b\r\n\r\n"), Refused(400), NAME),
        case("bracket in a name", Fields(b"X[A]: b\r\n\r\n"), Refused(400), NAME),
        case("vertical tab before a name", Fields(b"\x0bX-A: b\r\n\r\n"), Refused(400), NAME),
        case("NUL in a value", Fields(b"X-A: b\0c\r\n\r\n"), Refused(400), VALUE),
        case("DEL in a value", Fields(b"X-A: b\x7fc\r\n\r\n"), Refused(400), VALUE),
        case("control byte in a value", Fields(b"X-A: b\x08c\r\n\r\n"), Refused(400), VALUE),
        case("CR in a value", Fields(b"X-A: b\rc\r\n\r\n"), Refused(400), END),
        case("CR CR LF", Fields(b"X-A: b\r\r\n\r\n"), Refused(400), END),
        case("LF in a value", Fields(b"X-A: b\nX-C: d\r\n\r\n"), Refused(400), END),
        case("LF at the end of the head", Fields(b"X-A: b\r\n\n"), Refused(400), END),
        case("only LF", Whole(b"GET /case HTTP/1.1\nHost: a.example\n\n"), Refused(400), END),
        case("obs-text in a value", Fields(b"X-A: b\xe9c\r\n\r\n"), Accepted(&["x-a: b"]), VALUE),
        case("white space around a value", Fields(b"X-A:\t b \t\r\n\r\n"), Accepted(&["x-a: b\r\n"]), VALUE),
        case("no white space", Fields(b"X-A:b\r\n\r\n"), Accepted(&["x-a: b\r\n"]), VALUE),
        case("empty value", Fields(b"X-A:\r\n\r\n"), Accepted(&["x-a:"]), VALUE),
        case("folded field", Fields(b"X-A: b\r\n c\r\n\r\n"), Refused(400), FOLD),
        case("folded with a tab", Fields(b"X-A: b\r\n\tc\r\n\r\n"), Refused(400), FOLD),
        case("folded coding", Fields(b"Transfer-Encoding:\r\n chunked\r\n\r\n0\r\n\r\n"), Refused(400), FOLD),
        case(
            "space before the first field",
            Whole(b"GET /case HTTP/1.1\r\n X-A: b\r\nHost: a.example\r\n\r\n"),
            Refused(400),
            END,
        ),
    ]
}

/// `Content-Length`.
fn lengths() -> Vec<Case> {
    const LENGTH: &str = "RFC 9110, 8.6";
    const SEVERAL: &str = "RFC 9112, 6.3 (5)";
    const BODY: &[&str] = &["content-length: 3\r\n", "\r\n\r\nabc", "!transfer-encoding"];
    vec![
        case("length", Fields(b"Content-Length: 3\r\n\r\nabc"), Accepted(BODY), LENGTH),
        case("length in spaces", Fields(b"Content-Length:   3  \r\n\r\nabc"), Accepted(BODY), LENGTH),
        case(
            "length with zeros",
            Fields(b"Content-Length: 0003\r\n\r\nabc"),
            Accepted(&["\r\n\r\nabc"]),
            LENGTH,
        ),
        case("no body", Fields(b"Content-Length: 0\r\n\r\n"), Accepted(&["POST /case"]), LENGTH),
        case(
            "same length twice",
            Fields(b"Content-Length: 3\r\nContent-Length: 3\r\n\r\nabc"),
            Refused(400),
            SEVERAL,
        ),
        case(
            "two lengths",
            Fields(b"Content-Length: 3\r\nContent-Length: 0\r\n\r\nabc"),
            Refused(400),
            SEVERAL,
        ),
        case("list of the same", Fields(b"Content-Length: 3, 3\r\n\r\nabc"), Refused(400), SEVERAL),
        case("list", Fields(b"Content-Length: 3, 4\r\n\r\nabc"), Refused(400), SEVERAL),
        case("+3", Fields(b"Content-Length: +3\r\n\r\nabc"), Refused(400), LENGTH),
        case("-3", Fields(b"Content-Length: -3\r\n\r\nabc"), Refused(400), LENGTH),
        case("0x3", Fields(b"Content-Length: 0x3\r\n\r\nabc"), Refused(400), LENGTH),
        case("3.0", Fields(b"Content-Length: 3.0\r\n\r\nabc"), Refused(400), LENGTH),
        case("1 2", Fields(b"Content-Length: 1 2\r\n\r\nabc"), Refused(400), LENGTH),
        case("empty length", Fields(b"Content-Length:\r\n\r\n"), Refused(400), LENGTH),
        case("2^64", Fields(b"Content-Length: 18446744073709551616\r\n\r\n"), Refused(400), LENGTH),
        case("2^64 - 1", Fields(b"Content-Length: 18446744073709551615\r\n\r\n"), Refused(400), LENGTH),
        case("2^64 + 3", Fields(b"Content-Length: 18446744073709551619\r\n\r\nabc"), Refused(400), LENGTH),
    ]
}

/// `Transfer-Encoding`.
fn codings() -> Vec<Case> {
    const BOTH: &str = "RFC 9112, 6.3 (3)";
    const FINAL: &str = "RFC 9112, 6.3 (4)";
    const CODING: &str = "RFC 9112, 6.1";
    const CHUNKED: &[&str] =
        &["transfer-encoding: chunked\r\n", "\r\n\r\n3\r\nabc\r\n0\r\n\r\n", "!content-length"];
    macro_rules! coded {
        ($value:literal) => {
            Fields(concat!("Transfer-Encoding:", $value, "\r\n\r\n3\r\nabc\r\n0\r\n\r\n").as_bytes())
        };
    }
    vec![
        case("chunked", coded!(" chunked"), Accepted(CHUNKED), CODING),
        case("cHuNkEd", coded!(" cHuNkEd"), Accepted(CHUNKED), "RFC 9112, 7"),
        case("chunked in white space", coded!("\t chunked \t"), Accepted(CHUNKED), "RFC 9110, 5.5"),
        case("vertical tab", coded!(" \x0bchunked"), Refused(400), "RFC 9110, 5.5"),
        case("no-break space", coded!(" \u{a0}chunked"), Refused(400), FINAL),
        case("CL, TE", coded!(" chunked\r\nContent-Length: 3"), Refused(400), BOTH),
        case(
            "TE, CL",
            Fields(b"Content-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"),
            Refused(400),
            BOTH,
        ),
        case("bad CL after TE", coded!(" chunked\r\nContent-Length: x"), Refused(400), BOTH),
        case("CL and another coding", coded!(" gzip\r\nContent-Length: 3"), Refused(400), BOTH),
        case("identity", coded!(" identity"), Refused(400), FINAL),
        case("identity, chunked", coded!(" identity, chunked"), Refused(501), CODING),
        case("gzip, chunked", coded!(" gzip, chunked"), Refused(501), CODING),
        case("chunked, gzip", coded!(" chunked, gzip"), Refused(400), FINAL),
        case("chunked, chunked", coded!(" chunked, chunked"), Refused(400), CODING),
        case("two lines", coded!(" chunked\r\nTransfer-Encoding: chunked"), Refused(400), CODING),
        case("two lines, the last another", coded!(" chunked\r\nTransfer-Encoding: x"), Refused(400), FINAL),
        case(
            "two lines, the first another",
            coded!(" x\r\nTransfer-Encoding: chunked"),
            Refused(400),
            CODING,
        ),
        case("xchunked", coded!(" xchunked"), Refused(400), FINAL),
        case("chunkedx", coded!(" chunkedx"), Refused(400), FINAL),
        case("quoted", coded!(" \"chunked\""), Refused(400), FINAL),
        case("with a parameter", coded!(" chunked;a=b"), Refused(400), "RFC 9112, 7"),
        case("empty element", coded!(" ,chunked"), Refused(400), CODING),
        case("empty element last", coded!(" chunked,"), Refused(400), FINAL),
        case("empty coding", coded!(""), Refused(400), FINAL),
        case(
            "HTTP/1.0",
            Whole(b"POST /case HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"),
            Refused(400),
            CODING,
        ),
    ]
}

/// Limits.
fn large() -> Vec<Case> {
    let fields = |text: String| Made(format!("GET /case HTTP/1.1\r\nHost: a.example\r\n{text}").into_bytes());
    const LARGE: &str = "RFC 6585, 5";
    let large = "a".repeat(40_000);
    let many = |count| "X-A: b\r\n".repeat(count) + "\r\n";
    vec![
        case("large field", fields(format!("X-A: {large}\r\n\r\n")), Refused(431), LARGE),
        case("endless field", fields(format!("X-A: {large}")), Refused(431), LARGE),
        case(
            "large together",
            fields(format!("X-A: {}\r\n", "b".repeat(1000)).repeat(33) + "\r\n"),
            Refused(431),
            LARGE,
        ),
        case("many fields", fields(many(101)), Refused(431), LARGE),
        case("endless fields", fields("X-A: b\r\n".repeat(200)), Refused(431), LARGE),
        case("as many as allowed", fields(many(99)), Accepted(&["x-a: b\r\n"]), LARGE),
    ]
}
