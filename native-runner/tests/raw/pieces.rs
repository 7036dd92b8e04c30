//! What the guard hands on does not depend on how the bytes arrive; and what it costs.

#![allow(clippy::disallowed_methods, reason = "what is measured is real time")]

use std::future::poll_fn;
use std::hint::black_box;
use std::io;
use std::pin::{Pin, pin};
use std::task::{Context, Poll};
use std::time::{Duration, Instant};

use tokio::io::{AsyncRead, AsyncReadExt, ReadBuf};

use super::requests;
use native_runner::serve::guard::{Guard, Limits};

/// Yields its bytes in pieces of one size, and then nothing, without an end.
struct Pieces<'bytes> {
    rest: &'bytes [u8],
    size: usize,
}

impl AsyncRead for Pieces<'_> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let size = self.size.min(self.rest.len()).min(buf.remaining());
        if size == 0 {
            return Poll::Pending;
        }
        let (piece, rest) = self.rest.split_at(size);
        buf.put_slice(piece);
        self.rest = rest;
        Poll::Ready(Ok(()))
    }
}

/// What hyper gets, and how it ends, if `bytes` come in pieces of `size` and hyper has `room` for so many.
async fn handed_on(bytes: &[u8], size: usize, room: usize) -> (Vec<u8>, Option<String>) {
    read(Guard::new(Pieces { rest: bytes, size }, Limits::default()), room).await
}

/// The same if the first half has been read before.
async fn second_half(bytes: &[u8]) -> (Vec<u8>, Option<String>) {
    let (first, rest) = bytes.split_at(bytes.len() / 2);
    read(Guard::with_first(Pieces { rest, size: rest.len() }, Limits::default(), first.to_vec()), 8192).await
}

/// Everything that can be read.
async fn read(mut guard: Guard<Pieces<'_>>, room: usize) -> (Vec<u8>, Option<String>) {
    let (mut all, mut space) = (Vec::new(), vec![0; room]);
    loop {
        let mut reading = pin!(guard.read(&mut space));
        match poll_fn(|cx| Poll::Ready(reading.as_mut().poll(cx))).await {
            Poll::Ready(Ok(length)) => all.extend_from_slice(&space[..length]),
            Poll::Ready(Err(error)) => return (all, Some(error.to_string())),
            // What there is comes at once.
            Poll::Pending => return (all, None),
        }
    }
}

#[tokio::test]
async fn pieces_make_no_difference() {
    for case in requests::all() {
        let bytes = [&case.bytes()[..], b"GET /second HTTP/1.1\r\nHost: a.example\r\n\r\n"].concat();
        let (whole, error) = handed_on(&bytes, bytes.len(), 1 << 20).await;
        let others = [
            handed_on(&bytes, 1, 8192).await,
            handed_on(&bytes, 7, 5).await,
            handed_on(&bytes, 50, 64).await,
            second_half(&bytes).await,
        ];
        let (parts, errors): (Vec<_>, Vec<_>) = others.into_iter().unzip();
        assert!(errors.iter().all(|other| *other == error), "{}: {error:?}, {errors:?}", case.name);
        for part in parts {
            // A body that fails may have been handed on up to its fault.
            let same = if error.is_some() { part.starts_with(&whole) } else { part == whole };
            assert!(same, "{}: {:?}", case.name, String::from_utf8_lossy(&part));
        }
    }
}

/// How often a request is read to measure it.
const ROUNDS: u32 = 20_000;

/// How long one request takes to read.
async fn time(mut input: impl AsyncRead + Unpin, space: &mut [u8]) -> Duration {
    let begin = Instant::now();
    for _ in 0..ROUNDS {
        black_box(input.read(space).await.unwrap());
    }
    begin.elapsed() / ROUNDS
}

/// `cargo test --release --test raw -- --ignored --nocapture cost`.
#[tokio::test]
#[ignore = "a measurement"]
async fn cost() {
    let agent = "Mozilla/5.0 (X11; Linux x86_64; rv:130.0) Gecko/20100101 Firefox/130.0";
    let large = format!(
        "GET /api/v1/items?page=2&size=50 HTTP/1.1\r\nHost: api.example.com\r\nUser-Agent: {agent}\r\nAccept: */*\r\n\
         Accept-Language: en-GB,en;q=0.5\r\nAccept-Encoding: gzip, deflate, br\r\nReferer: https://example.com/\r\n\
         Authorization: Bearer {}\r\nCookie: a=b; c=d; e=f\r\nCache-Control: no-cache\r\n\r\n",
        "x".repeat(120)
    );
    let head = "POST / HTTP/1.1\r\nHost: a.example\r\n";
    let cases = [
        ("small GET", "GET / HTTP/1.1\r\nHost: a.example\r\n\r\n".to_owned()),
        ("browser's GET", large),
        ("4 KiB by length", format!("{head}Content-Length: 4096\r\n\r\n{}", "x".repeat(4096))),
        (
            "4 KiB in 4 chunks",
            format!(
                "{head}Transfer-Encoding: chunked\r\n\r\n{}0\r\n\r\n",
                format!("400\r\n{}\r\n", "x".repeat(1024)).repeat(4)
            ),
        ),
    ];
    for (name, request) in cases {
        let bytes = request.repeat(ROUNDS as usize);
        let mut space = vec![0; request.len()];
        let pieces = || Pieces { rest: bytes.as_bytes(), size: request.len() };
        let without = time(pieces(), &mut space).await;
        let with = time(Guard::new(pieces(), Limits::default()), &mut space).await;
        println!("{name} ({} bytes): {without:?} without, {with:?} with the guard", request.len());
    }
    let request = http::Request::builder()
        .uri("/api/v1/items?page=2&size=50")
        .header("host", "api.example.com")
        .header("user-agent", agent)
        .header("accept", "*/*")
        .body(())
        .unwrap();
    let begin = Instant::now();
    for _ in 0..1_000_000 {
        black_box(native_runner::serve::framing::check(black_box(&request))).unwrap();
    }
    println!("check: {:?}", begin.elapsed() / 1_000_000);
}
