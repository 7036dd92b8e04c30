//! Bodies that are compressed as they pass.

#![allow(clippy::unwrap_used)]

use std::collections::VecDeque;
use std::task::Waker;

use http::{HeaderName, HeaderValue};

use super::*;
use crate::coding::{Decoder, decode};

/// What arrives; `None`: nothing for now.
#[derive(Default)]
struct Arriving(VecDeque<Option<Result<Frame<Bytes>, BodyError>>>);

impl HttpBody for Arriving {
    type Data = Bytes;
    type Error = BodyError;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BodyError>>> {
        match self.0.pop_front() {
            None => Poll::Ready(None),
            Some(None) => Poll::Pending,
            Some(Some(frame)) => Poll::Ready(Some(frame)),
        }
    }
}

fn arriving(pieces: &[Option<&'static str>]) -> Arriving {
    let frame = |text: &'static str| Ok(Frame::data(Bytes::from_static(text.as_bytes())));
    Arriving(pieces.iter().map(|piece| piece.map(frame)).collect())
}

/// What a client has after each poll, until the end, decoded; `None` where it waits.
fn polled(coding: Coding, mut body: Arriving) -> Vec<Option<String>> {
    let mut encoding = Encoding::new(coding);
    let mut decoder = Decoder::new(&[coding], 1 << 20);
    let mut seen = Vec::new();
    let mut polls = Vec::new();
    loop {
        let cx = &mut Context::from_waker(Waker::noop());
        let polled = encoding.poll_frame(Pin::new(&mut body), cx, |piece| seen.extend_from_slice(piece));
        let mut text = String::new();
        match polled {
            Poll::Pending => {
                polls.push(None);
                continue;
            }
            Poll::Ready(None) => break,
            Poll::Ready(Some(frame)) => decoder.push(frame.unwrap().into_data().unwrap()),
        }
        while let Some(piece) = decoder.pull().unwrap() {
            text.push_str(std::str::from_utf8(&piece).unwrap());
        }
        polls.push(Some(text));
    }
    assert!(encoding.is_over() && decoder.finish().is_ok());
    let all: String = polls.iter().flatten().map(String::as_str).collect();
    assert_eq!(all.as_bytes(), seen);
    polls
}

#[test]
fn an_event_passes_at_once() {
    let events = [Some("data: 1\n\n"), None, None, Some("data: 2\n\n"), Some("data: 3\n\n"), None];
    for coding in [Coding::Gzip, Coding::Deflate, Coding::Brotli] {
        let some = |text: &str| Some(text.to_owned());
        let expected = [
            // All that is there before anybody has to wait, together; and what is behind the last is its end.
            some("data: 1\n\n"),
            None,
            some("data: 2\n\ndata: 3\n\n"),
            some(""),
        ];
        assert_eq!(polled(coding, arriving(&events)), expected, "{coding}");
    }
    // What is decoded of zstd here comes with its end; so the frame itself: each event is a block of its own, as it is.
    let (mut encoding, mut body) = (Encoding::new(Coding::Zstd), arriving(&events));
    let polled = encoding.poll_frame(Pin::new(&mut body), &mut Context::from_waker(Waker::noop()), |_| ());
    let passed = match polled {
        Poll::Ready(Some(Ok(frame))) => frame.into_data().unwrap(),
        _ => Bytes::new(),
    };
    assert!(passed.ends_with(b"data: 1\n\n"));
}

#[test]
fn trailers_pass_but_digests() {
    let mut trailers = HeaderMap::new();
    for name in ["x-sum", "content-digest", "repr-digest"] {
        trailers.insert(HeaderName::from_static(name), HeaderValue::from_static("1"));
    }
    let mut body = arriving(&[Some("abc")]);
    body.0.push_back(Some(Ok(Frame::trailers(trailers))));
    let mut encoding = Encoding::new(Coding::Gzip);
    let mut next = || {
        let cx = &mut Context::from_waker(Waker::noop());
        match encoding.poll_frame(Pin::new(&mut body), cx, |_| ()) {
            Poll::Ready(Some(frame)) => Some(frame.unwrap()),
            _ => None,
        }
    };
    let content = next().unwrap().into_data().unwrap();
    assert_eq!(decode(&[Coding::Gzip], content, 9).unwrap(), "abc");
    let trailers = next().unwrap().into_trailers().unwrap();
    assert_eq!(trailers.keys().collect::<Vec<_>>(), ["x-sum"]);
    assert!(next().is_none());
}

#[test]
fn what_breaks_off_is_never_complete() {
    let mut body = arriving(&[Some("abc")]);
    body.0.push_back(Some(Err(BodyError::Idle)));
    let mut encoding = Encoding::new(Coding::Gzip);
    let polled = encoding.poll_frame(Pin::new(&mut body), &mut Context::from_waker(Waker::noop()), |_| ());
    assert!(matches!(polled, Poll::Ready(Some(Err(BodyError::Idle)))));
    assert!(!encoding.is_over());
}

#[test]
fn much_passes_in_pieces() {
    // It hardly becomes smaller, and much of it is there at once.
    let mut state = 1_u32;
    let noise: Vec<u8> = std::iter::repeat_with(|| {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        u8::try_from(state >> 24).unwrap()
    })
    .take(3 << 20)
    .collect();
    for content in [noise, vec![0; 3 << 20]] {
        for coding in Coding::ALL {
            let mut body = Arriving([Some(Ok(Frame::data(Bytes::from(content.clone()))))].into());
            let mut encoding = Encoding::new(coding);
            let mut all = Vec::new();
            loop {
                let cx = &mut Context::from_waker(Waker::noop());
                let Poll::Ready(Some(frame)) = encoding.poll_frame(Pin::new(&mut body), cx, |_| ()) else {
                    break;
                };
                let piece = frame.unwrap().into_data().unwrap();
                assert!(!piece.is_empty() && piece.len() < 512 << 10, "{coding}: {}", piece.len());
                all.extend_from_slice(&piece);
            }
            assert_eq!(decode(&[coding], all.into(), 4 << 20).unwrap(), content, "{coding}");
        }
    }
}
