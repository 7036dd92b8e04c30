//! Bodies that take their time, carry trailers, or break.

use futures_lite::{StreamExt, stream};
use http_body_util::StreamBody;
use http_body_util::combinators::UnsyncBoxBody;
use wstd::http::body::{Bytes, Frame};
use wstd::http::{Body, Error, HeaderMap, HeaderValue};
use wstd::time::{Duration, Timer};

/// `count` chunks (3 where that is no number), 50 ms apart.
pub fn slow(count: String) -> Body {
    let count = count.parse().unwrap_or(3);
    let chunks = stream::unfold(0, move |n| async move {
        if n == count {
            return None;
        }
        Timer::after(Duration::from_millis(50)).wait().await;
        Some((Ok::<_, Error>(Frame::data(Bytes::from(format!("chunk {n}\n")))), n + 1))
    });
    framed(chunks)
}

/// One chunk, then a trailer field.
pub fn with_trailers() -> Body {
    let mut trailers = HeaderMap::new();
    trailers.insert("checksum", HeaderValue::from_static("abc"));
    framed(stream::iter([Ok(Frame::data(Bytes::from_static(b"body\n"))), Ok(Frame::trailers(trailers))]))
}

/// One chunk, then a failure: wstd drops the outgoing body unfinished.
pub fn broken() -> Body {
    framed(half().chain(stream::once(Err(Error::msg("the probe breaks off here")))))
}

/// One chunk, then the process ends: nothing in the guest drops or finishes the outgoing body.
pub fn leaked() -> Body {
    framed(half().chain(stream::once(()).map(|()| std::process::abort())))
}

/// A chunk, and the time that the host needs to send it.
fn half() -> impl stream::Stream<Item = Result<Frame<Bytes>, Error>> {
    stream::iter([b"half\n".as_slice(), b""]).then(|chunk| async move {
        if chunk.is_empty() {
            Timer::after(Duration::from_millis(50)).wait().await;
        }
        Ok(Frame::data(Bytes::from_static(chunk)))
    })
}

fn framed(frames: impl stream::Stream<Item = Result<Frame<Bytes>, Error>> + Send + 'static) -> Body {
    let body: UnsyncBoxBody<Bytes, Error> = UnsyncBoxBody::new(StreamBody::new(frames));
    Body::from_http_body(body)
}
