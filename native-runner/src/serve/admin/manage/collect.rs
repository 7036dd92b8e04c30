//! A small body, whole.

use std::future::poll_fn;
use std::pin::Pin;

use bytes::Bytes;
use http_body::Body;

/// Why a body is not whole.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Incomplete {
    /// It is larger than it may be.
    TooLarge,
    /// It broke off.
    Broken,
}

/// All of `body`, `most` bytes at most.
pub async fn collect<B>(mut body: B, most: usize) -> Result<Vec<u8>, Incomplete>
where
    B: Body<Data = Bytes> + Unpin,
{
    let mut whole = Vec::new();
    while let Some(frame) = poll_fn(|cx| Pin::new(&mut body).poll_frame(cx)).await {
        let frame = frame.map_err(|_| Incomplete::Broken)?;
        let Ok(data) = frame.into_data() else { continue };
        if whole.len() + data.len() > most {
            return Err(Incomplete::TooLarge);
        }
        whole.extend_from_slice(&data);
    }
    Ok(whole)
}
