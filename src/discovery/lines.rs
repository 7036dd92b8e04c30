//! Answers that go on: one JSON value a line, as etcd's gateway and Kubernetes send what they watch.

use std::future::poll_fn;
use std::pin::{Pin, pin};

use bytes::{Buf, Bytes, BytesMut};
use http_body::Body;

use super::Fault;
use crate::body::{Alarm, BodyError};
use crate::deadline::Deadline;
use crate::host::Clock;

/// Lines of a body that arrives.
#[derive(Debug)]
pub struct Lines<S> {
    stream: S,
    buffer: BytesMut,
    /// How much of the buffer has been looked at, and has no end of a line in it.
    seen: usize,
    most: usize,
}

/// What came of waiting for a line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Line {
    /// One, without its end; not empty.
    Whole(Bytes),
    /// The time passed.
    Late,
    /// There are no more.
    End,
}

// === impl Lines ===

impl<S: Body<Data = Bytes, Error = BodyError> + Unpin> Lines<S> {
    /// The lines of `stream`, each of which is at most `most` bytes long.
    pub fn new(stream: S, most: usize) -> Self {
        Self { stream, buffer: BytesMut::new(), seen: 0, most }
    }

    /// The next line, waited for until `deadline`; where that has passed, one that is there already. Nothing is lost where the
    /// future is dropped.
    pub async fn next<C: Clock>(&mut self, clock: &C, deadline: Deadline) -> Result<Line, Fault> {
        let mut alarm = pin!(Alarm::<C>::unset());
        loop {
            if let Some(line) = self.take() {
                return Ok(Line::Whole(line));
            }
            if self.buffer.len() > self.most {
                return Err(Fault::new(format!("a line of the answer is longer than {} bytes", self.most)));
            }
            let stream = &mut self.stream;
            let frame = poll_fn(|cx| match Pin::new(&mut *stream).poll_frame(cx) {
                std::task::Poll::Pending => {
                    alarm.as_mut().poll_due(clock, deadline.tick(), cx).map(|()| None)
                }
                ready => ready.map(Some),
            });
            match frame.await {
                None => return Ok(Line::Late),
                Some(None) if self.buffer.is_empty() => return Ok(Line::End),
                // What ends with the stream is whole, or JSON will say that it is not.
                Some(None) => {
                    self.seen = 0;
                    return Ok(Line::Whole(self.buffer.split().freeze()));
                }
                Some(Some(Err(error))) => return Err(Fault::new(error.to_string())),
                Some(Some(Ok(frame))) => {
                    if let Ok(data) = frame.into_data() {
                        self.buffer.extend_from_slice(&data);
                    }
                }
            }
        }
    }

    /// The first line of the buffer that is not empty.
    fn take(&mut self) -> Option<Bytes> {
        loop {
            let Some(at) = self.buffer[self.seen..].iter().position(|byte| *byte == b'\n') else {
                self.seen = self.buffer.len();
                return None;
            };
            let line = self.buffer.split_to(self.seen + at).freeze();
            self.buffer.advance(1);
            self.seen = 0;
            if !line.iter().all(u8::is_ascii_whitespace) {
                return Some(line);
            }
        }
    }
}
