//! The body of an answer, compressed as it passes.

use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::Bytes;
use http::HeaderMap;
use http_body::{Body as HttpBody, Frame};

use crate::body::BodyError;
use crate::coding::{Coding, Encoder};

/// How much is passed on at once, in bytes, where more follows right away.
const ENOUGH: usize = 16 << 10;

/// How much is taken in one go, in bytes, before others have their turn.
const STRETCH: usize = 256 << 10;

/// How much the encoder is given at once, in bytes.
const STEP: usize = 32 << 10;

/// A body that is compressed as it passes. Whatever has been taken is passed on before anybody waits for more, so that events
/// and slow answers arrive when they would.
#[derive(Debug)]
pub struct Encoding {
    encoder: Encoder,
    /// What is ready to be passed on.
    out: Vec<u8>,
    /// What has arrived, and not been given to the encoder yet.
    rest: Bytes,
    /// The encoder has something that is not in `out`.
    holds: bool,
    trailers: Option<HeaderMap>,
    /// All of the content is in `out`, or has passed.
    ended: bool,
}

// === impl Encoding ===

impl Encoding {
    /// For one body.
    pub fn new(coding: Coding) -> Self {
        Self {
            encoder: Encoder::new(coding),
            out: Vec::new(),
            rest: Bytes::new(),
            holds: false,
            trailers: None,
            ended: false,
        }
    }

    /// Whether all of the body has been taken.
    pub fn has_ended(&self) -> bool {
        self.ended
    }

    /// Whether everything has passed.
    pub fn is_over(&self) -> bool {
        self.ended && self.out.is_empty() && self.trailers.is_none()
    }

    /// The next frame of `body`, compressed. `seen` is told each piece of it as it was.
    pub fn poll_frame<B>(
        &mut self,
        mut body: Pin<&mut B>,
        cx: &mut Context<'_>,
        mut seen: impl FnMut(&Bytes),
    ) -> Poll<Option<Result<Frame<Bytes>, BodyError>>>
    where
        B: HttpBody<Data = Bytes, Error = BodyError>,
    {
        let mut taken = 0;
        while !self.ended {
            if self.rest.is_empty() {
                let frame = match body.as_mut().poll_frame(cx) {
                    Poll::Ready(frame) => frame,
                    Poll::Pending if !self.holds && self.out.is_empty() => return Poll::Pending,
                    Poll::Pending => return Poll::Ready(Some(self.flush())),
                };
                match frame.transpose()?.map(Frame::into_data) {
                    None => {
                        self.finish()?;
                        break;
                    }
                    Some(Ok(data)) => {
                        seen(&data);
                        self.rest = data;
                    }
                    Some(Err(frame)) => self.trail(frame),
                }
            }
            taken += self.encode()?;
            if self.rest.is_empty() && self.trailers.is_none() && body.is_end_stream() {
                self.finish()?;
            } else if taken >= STRETCH {
                return Poll::Ready(Some(self.flush()));
            } else if self.out.len() >= ENOUGH {
                return Poll::Ready(Some(Ok(self.pass())));
            }
        }
        if !self.out.is_empty() {
            return Poll::Ready(Some(Ok(self.pass())));
        }
        Poll::Ready(self.trailers.take().map(|trailers| Ok(Frame::trailers(trailers))))
    }

    /// Gives the encoder some of what has arrived; how much.
    fn encode(&mut self) -> Result<usize, BodyError> {
        let piece = self.rest.split_to(self.rest.len().min(STEP));
        if !piece.is_empty() {
            self.encoder.write(&piece, &mut self.out).map_err(|_| failed())?;
            self.holds = true;
        }
        Ok(piece.len())
    }

    fn flush(&mut self) -> Result<Frame<Bytes>, BodyError> {
        if self.holds {
            self.encoder.flush(&mut self.out).map_err(|_| failed())?;
            self.holds = false;
        }
        Ok(self.pass())
    }

    fn finish(&mut self) -> Result<(), BodyError> {
        self.encoder.finish(&mut self.out).map_err(|_| failed())?;
        self.holds = false;
        self.ended = true;
        Ok(())
    }

    fn pass(&mut self) -> Frame<Bytes> {
        Frame::data(std::mem::take(&mut self.out).into())
    }

    fn trail(&mut self, frame: Frame<Bytes>) {
        if let Ok(mut trailers) = frame.into_trailers() {
            super::remove_digests(&mut trailers);
            self.trailers = Some(trailers);
        }
    }
}

/// What was passed on cannot be made complete.
fn failed() -> BodyError {
    BodyError::Aborted("the answer cannot be compressed".to_owned())
}

#[cfg(test)]
mod tests;
