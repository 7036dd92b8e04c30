//! A request's body that may have to be sent more than once.

use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, ready};

use bytes::Bytes;
use http::HeaderMap;
use http_body::{Body as HttpBody, Frame, SizeHint};

use super::{Body, BodyError, Meter, Upload};
use crate::identity::fold::FoldedNames;

/// A client's body, given to one exchange after the other: as it arrives, and from its beginning again as long as all that
/// has passed of it is kept.
#[derive(Debug)]
pub struct Source<S> {
    content: Content<S>,
    /// The largest body, in bytes.
    limit: u64,
    claimed: Arc<FoldedNames>,
}

/// A body for one exchange, and who counts it; nobody where there is none.
pub type Metered<S> = (Body<Upload<S>>, Option<Arc<Meter>>);

#[derive(Debug)]
enum Content<S> {
    Empty,
    Full(Bytes),
    /// For one exchange only; `None` once it has it.
    Once(Option<S>),
    Kept(Arc<Mutex<Kept<S>>>),
}

/// A body, and what has passed of it.
#[derive(Debug)]
struct Kept<S> {
    stream: S,
    pieces: Vec<Bytes>,
    trailers: Option<HeaderMap>,
    bytes: u64,
    /// How many bytes are kept at most.
    most: u64,
    /// More than that has passed: it cannot be sent again.
    spilled: bool,
    /// It has come to its end.
    ended: bool,
    /// Who reads it: whoever read it before must not take pieces from its successor.
    reader: u64,
}

/// What an exchange reads: a body itself, or a kept one from its beginning.
#[derive(Debug)]
pub enum Reading<S> {
    /// Itself.
    Direct(S),
    /// From its beginning, whatever has passed of it.
    Again(Again<S>),
}

/// A kept body, read from its beginning.
#[derive(Debug)]
pub struct Again<S> {
    kept: Arc<Mutex<Kept<S>>>,
    reader: u64,
    at: usize,
    trailed: bool,
}

// === impl Source ===

impl<S> Source<S>
where
    S: HttpBody<Data = Bytes, Error = BodyError> + Unpin,
{
    /// `body` of at most `limit` bytes, of which `keep` are kept for another exchange (0: there will be none); trailers that
    /// only the gateway may write are left out.
    pub fn new(body: Body<S>, limit: u64, keep: u64, claimed: &Arc<FoldedNames>) -> Self {
        let content = match body {
            Body::Empty => Content::Empty,
            Body::Full(bytes) => Content::Full(bytes),
            Body::Stream(stream) if stream.is_end_stream() => Content::Empty,
            Body::Stream(stream) if keep == 0 => Content::Once(Some(stream)),
            Body::Stream(stream) => Content::Kept(Arc::new(Mutex::new(Kept::new(stream, keep)))),
        };
        Self { content, limit, claimed: Arc::clone(claimed) }
    }

    /// The body for the next exchange, and who counts it; `None` where it cannot be sent again. The exchange before has
    /// ended, or what it still reads breaks off.
    pub fn give(&mut self) -> Option<Metered<S>> {
        let reading = match &mut self.content {
            Content::Empty => return Some((Body::Empty, None)),
            Content::Full(bytes) => {
                let meter = Meter::complete(bytes.len() as u64);
                return Some((Body::Full(bytes.clone()), Some(meter)));
            }
            Content::Once(stream) => Reading::Direct(stream.take()?),
            Content::Kept(kept) => {
                let mut it = lock(kept);
                if it.spilled {
                    return None;
                }
                it.reader += 1;
                Reading::Again(Again { kept: Arc::clone(kept), reader: it.reader, at: 0, trailed: false })
            }
        };
        let (upload, meter) = Upload::reading(reading, self.limit);
        Some((Body::Stream(upload.without(&self.claimed)), Some(meter)))
    }

    /// Whether it can be sent, once more where it was sent before.
    pub fn is_there(&self) -> bool {
        match &self.content {
            Content::Empty | Content::Full(_) => true,
            Content::Once(stream) => stream.is_some(),
            Content::Kept(kept) => !lock(kept).spilled,
        }
    }

    /// All of it, where all of it is in memory: it may be sent by several exchanges at once.
    pub fn whole(&self) -> Option<Bytes> {
        match &self.content {
            Content::Empty => Some(Bytes::new()),
            Content::Full(bytes) => Some(bytes.clone()),
            Content::Once(_) => None,
            Content::Kept(kept) => {
                let kept = lock(kept);
                if kept.spilled || !kept.ended || kept.trailers.is_some() {
                    return None;
                }
                Some(match &*kept.pieces {
                    [] => Bytes::new(),
                    [one] => one.clone(),
                    pieces => pieces.concat().into(),
                })
            }
        }
    }
}

fn lock<S>(kept: &Mutex<Kept<S>>) -> MutexGuard<'_, Kept<S>> {
    // Nothing that holds the lock can panic half-way through a change.
    kept.lock().unwrap_or_else(PoisonError::into_inner)
}

// === impl Kept ===

impl<S> Kept<S>
where
    S: HttpBody<Data = Bytes, Error = BodyError> + Unpin,
{
    fn new(stream: S, most: u64) -> Self {
        Self {
            stream,
            pieces: Vec::new(),
            trailers: None,
            bytes: 0,
            most,
            spilled: false,
            ended: false,
            reader: 0,
        }
    }

    fn poll_next(&mut self, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, BodyError>>> {
        let Some(frame) = ready!(Pin::new(&mut self.stream).poll_frame(cx)) else {
            self.ended = true;
            return Poll::Ready(None);
        };
        // What broke off once has no beginning to go back to.
        let frame = frame.inspect_err(|_| self.spilled = true)?;
        if let Some(data) = frame.data_ref() {
            self.bytes += data.len() as u64;
            self.spilled |= self.bytes > self.most;
            if self.spilled {
                self.pieces = Vec::new();
            } else if !data.is_empty() {
                self.pieces.push(data.clone());
            }
        }
        if let Some(trailers) = frame.trailers_ref() {
            self.trailers = Some(trailers.clone());
        }
        self.ended = self.stream.is_end_stream();
        Poll::Ready(Some(Ok(frame)))
    }
}

// === impl Reading ===

impl<S> HttpBody for Reading<S>
where
    S: HttpBody<Data = Bytes, Error = BodyError> + Unpin,
{
    type Data = Bytes;
    type Error = BodyError;

    fn poll_frame(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BodyError>>> {
        match self.get_mut() {
            Self::Direct(stream) => Pin::new(stream).poll_frame(cx),
            Self::Again(again) => again.poll_next(cx),
        }
    }

    fn is_end_stream(&self) -> bool {
        match self {
            Self::Direct(stream) => stream.is_end_stream(),
            Self::Again(again) => {
                let kept = lock(&again.kept);
                let passed = again.at >= kept.pieces.len() && (again.trailed || kept.trailers.is_none());
                kept.ended && (kept.spilled || passed)
            }
        }
    }

    fn size_hint(&self) -> SizeHint {
        match self {
            Self::Direct(stream) => stream.size_hint(),
            Self::Again(again) => {
                let kept = lock(&again.kept);
                let hint = kept.stream.size_hint();
                // How much is left is what is still to come and what has come and is to be read again.
                let kept_ahead: u64 = kept.pieces.iter().skip(again.at).map(|piece| piece.len() as u64).sum();
                let mut left = SizeHint::new();
                left.set_lower(hint.lower() + kept_ahead);
                if let Some(upper) = hint.upper() {
                    left.set_upper(upper + kept_ahead);
                }
                left
            }
        }
    }
}

// === impl Again ===

impl<S> Again<S>
where
    S: HttpBody<Data = Bytes, Error = BodyError> + Unpin,
{
    fn poll_next(&mut self, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, BodyError>>> {
        let mut kept = lock(&self.kept);
        if kept.reader != self.reader {
            return Poll::Ready(Some(Err(BodyError::Aborted("the request was given up".to_owned()))));
        }
        if let Some(piece) = kept.pieces.get(self.at) {
            self.at += 1;
            return Poll::Ready(Some(Ok(Frame::data(piece.clone()))));
        }
        if kept.ended {
            let trailers = if self.trailed { None } else { kept.trailers.clone() };
            self.trailed = true;
            return Poll::Ready(trailers.map(|trailers| Ok(Frame::trailers(trailers))));
        }
        let polled = ready!(kept.poll_next(cx));
        self.trailed |= kept.trailers.is_some();
        self.at = kept.pieces.len();
        Poll::Ready(polled)
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use std::task::Waker;

    use super::*;

    /// Pieces that are there at once, and their end.
    #[derive(Debug)]
    struct Pieces(Vec<Result<Frame<Bytes>, BodyError>>);

    impl HttpBody for Pieces {
        type Data = Bytes;
        type Error = BodyError;

        fn poll_frame(
            self: Pin<&mut Self>,
            _: &mut Context<'_>,
        ) -> Poll<Option<Result<Frame<Bytes>, BodyError>>> {
            let pieces = &mut self.get_mut().0;
            Poll::Ready(if pieces.is_empty() { None } else { Some(pieces.remove(0)) })
        }

        fn is_end_stream(&self) -> bool {
            self.0.is_empty()
        }

        fn size_hint(&self) -> SizeHint {
            let lengths = self.0.iter().flatten().filter_map(|frame| frame.data_ref().map(Bytes::len));
            SizeHint::with_exact(lengths.sum::<usize>() as u64)
        }
    }

    fn pieces(texts: &[&'static str]) -> Pieces {
        Pieces(texts.iter().map(|text| Ok(Frame::data(Bytes::from_static(text.as_bytes())))).collect())
    }

    fn source_of(pieces: Pieces, keep: u64) -> Source<Pieces> {
        Source::new(Body::Stream(pieces), 1_000, keep, &Arc::default())
    }

    fn read(body: &mut Body<Upload<Pieces>>, most: usize) -> Result<String, BodyError> {
        let mut text = String::new();
        for _ in 0..most {
            let Poll::Ready(Some(frame)) =
                Pin::new(&mut *body).poll_frame(&mut Context::from_waker(Waker::noop()))
            else {
                break;
            };
            if let Ok(data) = frame?.into_data() {
                text.push_str(std::str::from_utf8(&data).unwrap());
            }
        }
        Ok(text)
    }

    #[test]
    fn what_has_passed_is_sent_again() {
        let mut source = source_of(pieces(&["ab", "cd", "ef"]), 6);
        let (mut first, _) = source.give().unwrap();
        assert_eq!(first.size_hint().exact(), Some(6));
        assert_eq!(read(&mut first, 2).unwrap(), "abcd");
        assert_eq!(source.whole(), None);
        let (mut second, meter) = source.give().unwrap();
        assert_eq!(second.size_hint().exact(), Some(6));
        // Whoever read it before takes nothing away any more.
        assert!(read(&mut first, 1).is_err());
        assert_eq!(read(&mut second, 9).unwrap(), "abcdef");
        assert!(second.is_end_stream());
        assert_eq!(meter.unwrap().bytes(), 6);
        assert_eq!(source.whole().unwrap(), "abcdef");
        assert_eq!(read(&mut source.give().unwrap().0, 9).unwrap(), "abcdef");
    }

    #[test]
    fn what_is_too_large_is_sent_once() {
        let mut source = source_of(
            Pieces(vec![
                Ok(Frame::data(Bytes::from_static(b"abc"))),
                Ok(Frame::trailers(HeaderMap::new())),
                Ok(Frame::data(Bytes::from_static(b"def"))),
            ]),
            6,
        );
        let (mut first, _) = source.give().unwrap();
        assert_eq!(read(&mut first, 9).unwrap(), "abcdef");
        assert!(source.is_there());
        let mut source = source_of(pieces(&["abcdefg"]), 6);
        assert!(source.give().is_some());
        let (mut second, _) = source.give().unwrap();
        assert_eq!(read(&mut second, 9).unwrap(), "abcdefg");
        assert!(source.give().is_none());
        assert!(!source.is_there());
    }

    #[test]
    fn what_broke_off_is_not_sent_again() {
        let mut source = source_of(
            Pieces(vec![
                Ok(Frame::data(Bytes::from_static(b"a"))),
                Err(BodyError::Aborted("gone".to_owned())),
            ]),
            6,
        );
        let (mut first, _) = source.give().unwrap();
        assert!(read(&mut first, 9).is_err());
        assert!(source.give().is_none());
    }

    #[test]
    fn trailers_are_sent_again() {
        let mut trailers = HeaderMap::new();
        trailers.insert("x-sum", http::HeaderValue::from_static("1"));
        let mut source = source_of(
            Pieces(vec![Ok(Frame::data(Bytes::from_static(b"a"))), Ok(Frame::trailers(trailers.clone()))]),
            6,
        );
        for _ in 0..2 {
            let (mut body, _) = source.give().unwrap();
            let mut seen = None;
            while let Poll::Ready(Some(frame)) =
                Pin::new(&mut body).poll_frame(&mut Context::from_waker(Waker::noop()))
            {
                seen = frame.unwrap().into_trailers().ok().or(seen);
            }
            assert_eq!(seen.as_ref(), Some(&trailers));
            assert!(body.is_end_stream());
        }
    }
}
