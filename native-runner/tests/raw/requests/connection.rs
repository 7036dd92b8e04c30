//! What concerns the connection: its options, expectations, upgrades, bodies where none is usual.

use super::{Case, Expect::*, Raw::*, case};

pub fn cases() -> Vec<Case> {
    const OPTION: &str = "RFC 9110, 7.6.1";
    const EXPECT: &str = "RFC 9110, 10.1.1";
    const UPGRADE: &str = "RFC 9110, 7.8";
    const GET: &str = "RFC 9110, 9.3.1";
    const ABC: &[&str] = &["content-length: 3\r\n", "\r\n\r\nabc"];
    const CHUNKED: &[&str] =
        &["GET /case", "transfer-encoding: chunked\r\n", "\r\n\r\n3\r\nabc\r\n0\r\n\r\n"];
    vec![
        case("close", Fields(b"Connection: close\r\n\r\n"), Last(&["!connection: close"]), "RFC 9112, 9.6"),
        case("names a field", Fields(b"Connection: x-a\r\nX-A: b\r\n\r\n"), Accepted(&["!x-a"]), OPTION),
        case("names Host", Fields(b"Connection: Host\r\n\r\n"), Refused(400), OPTION),
        case(
            "names Content-Length",
            Fields(b"Connection: close, content-length\r\nContent-Length: 3\r\n\r\nabc"),
            Refused(400),
            OPTION,
        ),
        case("100-continue", Fields(b"Expect: 100-continue\r\nContent-Length: 3\r\n\r\nabc"), Accepted(ABC), EXPECT),
        case("100-continue without body", Fields(b"Expect: 100-Continue\r\n\r\n"), Accepted(&["POST /case"]), EXPECT),
        case("garbage", Fields(b"Expect: garbage\r\nContent-Length: 3\r\n\r\nabc"), Refused(417), EXPECT),
        case("y 100-continue", Fields(b"Expect: y 100-continue\r\nContent-Length: 3\r\n\r\nabc"), Refused(417), EXPECT),
        case("twice", Fields(b"Expect: 100-continue\r\nExpect: 100-continue\r\n\r\n"), Refused(417), EXPECT),
        case(
            "h2c",
            Fields(b"Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAA\r\n\r\n"),
            Accepted(&["!upgrade", "!http2-settings"]),
            UPGRADE,
        ),
        // Not granted: what follows it might be meant for the other protocol.
        case("websocket", Fields(b"Connection: Upgrade\r\nUpgrade: websocket\r\n\r\n"), Last(&["!upgrade"]), UPGRADE),
        case("TE", Fields(b"Connection: TE\r\nTE: gzip\r\n\r\n"), Accepted(&["!te: gzip"]), "RFC 9110, 10.1.4"),
        case(
            "GET with length",
            Whole(b"GET /case HTTP/1.1\r\nHost: a.example\r\nContent-Length: 3\r\n\r\nabc"),
            Accepted(ABC),
            GET,
        ),
        case(
            "GET in chunks",
            Whole(b"GET /case HTTP/1.1\r\nHost: a.example\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n"),
            Accepted(CHUNKED),
            GET,
        ),
        case(
            "request in a body",
            Fields(b"Content-Length: 41\r\n\r\nGET /inside HTTP/1.1\r\nHost: a.example\r\n\r\n"),
            Accepted(&["\r\n\r\nGET /inside"]),
            "RFC 9112, 6.3 (6)",
        ),
    ]
}
