//! A body that leaves: to an upstream or to the client. One that is dropped unfinished is broken off, and whoever reads
//! it sees that.

use std::pin::Pin;

use bytes::{Buf, Bytes};
use http::HeaderMap;
use http_body::Body as HttpBody;
use wasip2::http::types::OutgoingBody;
use wasip2::io::streams::{InputStream, OutputStream, StreamError};

use super::executor::Ready;
use super::fields;
use super::incoming;
use crate::body::BodyError;

/// The most that is passed on at once, from stream to stream; none of it comes into this instance's memory.
const SPLICE: u64 = 256 << 10;

/// A body that leaves.
pub struct Outgoing {
    // Before the body: hosts want children dropped before their parents.
    stream: OutputStream,
    body: OutgoingBody,
}

/// Whoever reads the body wants no more of it.
pub struct Gone;

/// Why one body could not be made of another.
pub enum Broken {
    /// Nobody reads it any more.
    Gone,
    /// It broke off where it comes from.
    Source,
}

/// What passing on from stream to stream came to.
pub enum Spliced {
    /// Bytes passed.
    Some(usize),
    /// There is nothing to pass yet.
    Starved,
    /// The reader has enough for now.
    Full,
    /// The data has ended.
    End,
    /// It broke off where it comes from.
    Broken(BodyError),
    /// The reader wants no more.
    Gone,
}

// === impl Outgoing ===

impl Outgoing {
    /// Begins `body`; none where it was begun before.
    pub fn new(body: OutgoingBody) -> Option<Self> {
        Some(Self { stream: body.write().ok()?, body })
    }

    /// Ready when the reader takes more.
    pub fn ready(&self) -> Ready {
        Ready::new(self.stream.subscribe())
    }

    /// Writes as much of `bytes` as the reader takes now; how much that was.
    pub fn try_write(&self, bytes: &[u8]) -> Result<usize, Gone> {
        let room = self.stream.check_write().map_err(|_| Gone)?;
        let length = bytes.len().min(usize::try_from(room).unwrap_or(usize::MAX));
        if let Some(piece) = bytes.get(..length).filter(|piece| !piece.is_empty()) {
            self.stream.write(piece).map_err(|_| Gone)?;
        }
        Ok(length)
    }

    /// Passes on what there is, within the host.
    pub fn splice(&self, from: &InputStream) -> Spliced {
        match self.stream.splice(from, SPLICE) {
            Ok(0) => match self.stream.check_write() {
                Ok(0) => Spliced::Full,
                Ok(_) => Spliced::Starved,
                Err(_) => Spliced::Gone,
            },
            Ok(length) => Spliced::Some(usize::try_from(length).unwrap_or(usize::MAX)),
            // Both streams say the same things; the one that is written to is asked whether it was it.
            Err(_) if self.stream.check_write().is_err() => Spliced::Gone,
            Err(StreamError::Closed) => Spliced::End,
            Err(StreamError::LastOperationFailed(error)) => Spliced::Broken(incoming::broken(&error)),
        }
    }

    /// Ends the body as it should end. Trailers that the host refuses are left out: they are no part of the content.
    pub fn finish(self, trailers: Option<&HeaderMap>) -> Result<(), Gone> {
        let Self { stream, body } = self;
        drop(stream);
        let trailers = trailers.and_then(|trailers| fields::write(trailers).ok());
        OutgoingBody::finish(body, trailers).map_err(|_| Gone)
    }
}

/// Makes `outgoing` of `body`, frame by frame.
pub async fn send<B>(mut body: B, outgoing: Outgoing) -> Result<(), Broken>
where
    B: HttpBody<Data = Bytes, Error = BodyError> + Unpin,
{
    let mut trailers = None;
    while let Some(frame) = std::future::poll_fn(|cx| Pin::new(&mut body).poll_frame(cx)).await {
        match frame.map_err(|_| Broken::Source)?.into_data() {
            Ok(data) => write(&outgoing, data).await?,
            Err(frame) => trailers = frame.into_trailers().ok(),
        }
    }
    Ok(outgoing.finish(trailers.as_ref())?)
}

async fn write(outgoing: &Outgoing, mut bytes: Bytes) -> Result<(), Gone> {
    while !bytes.is_empty() {
        match outgoing.try_write(&bytes)? {
            0 => outgoing.ready().await,
            length => bytes.advance(length),
        }
    }
    Ok(())
}

// === impl Broken ===

impl From<Gone> for Broken {
    fn from(_: Gone) -> Self {
        Self::Gone
    }
}
