//! Reading an answer from bytes that anybody may have written.

use std::time::Duration;

use bytes::Bytes;
use http::header::HeaderName;
use http::{HeaderMap, HeaderValue, StatusCode};

use super::Entry;
use crate::cache::life::Life;
use crate::cache::purge::Tag;
use crate::host::UnixMillis;

/// The most fields of an answer that is kept in a store: more than servers send, and few enough to be read at once.
pub(super) const MOST_FIELDS: usize = 1024;

/// The most tags of an answer that is kept in a store: as many as count, and the one that stands for all.
pub(super) const MOST_TAGS: usize = 1025;

/// Bytes that are read from their beginning. Whatever is not as it was written is `None`.
#[derive(Debug)]
pub(in crate::cache) struct Reader(pub(in crate::cache) Bytes);

// === impl Reader ===

impl Reader {
    pub(in crate::cache) fn bytes(&mut self, length: usize) -> Option<Bytes> {
        (length <= self.0.len()).then(|| self.0.split_to(length))
    }

    pub(in crate::cache) fn array<const N: usize>(&mut self) -> Option<[u8; N]> {
        let array = *self.0.first_chunk()?;
        self.bytes(N).map(|_| array)
    }

    pub(in crate::cache) fn byte(&mut self) -> Option<u8> {
        self.array().map(|[byte]| byte)
    }

    pub(in crate::cache) fn u16(&mut self) -> Option<u16> {
        self.array().map(u16::from_le_bytes)
    }

    pub(in crate::cache) fn u32(&mut self) -> Option<u32> {
        self.array().map(u32::from_le_bytes)
    }

    pub(in crate::cache) fn u64(&mut self) -> Option<u64> {
        self.array().map(u64::from_le_bytes)
    }

    /// Bytes with their length in front.
    pub(in crate::cache) fn short(&mut self) -> Option<Bytes> {
        let length = self.u16()?;
        self.bytes(usize::from(length))
    }

    /// A name, in the only way in which it is written.
    pub(in crate::cache) fn name(&mut self) -> Option<HeaderName> {
        let written = self.short()?;
        let name = HeaderName::from_bytes(&written).ok()?;
        (name.as_str().as_bytes() == written).then_some(name)
    }

    /// Whether everything has been read.
    pub(in crate::cache) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    fn span(&mut self) -> Option<Duration> {
        let (seconds, nanos) = (self.u32()?, self.u32()?);
        (nanos < 1_000_000_000).then(|| Duration::new(u64::from(seconds), nanos))
    }

    /// An answer, which shares its content with what is read.
    pub(in crate::cache) fn entry(&mut self) -> Option<Entry> {
        let status = StatusCode::from_u16(self.u16()?).ok()?;
        let serial = self.u64()?;
        let mut life = Life { received: UnixMillis(self.u64()?), ..Life::default() };
        for span in [&mut life.age, &mut life.fresh, &mut life.while_revalidate, &mut life.if_error] {
            *span = self.span()?;
        }
        let switches = self.byte().filter(|switches| *switches < 4)?;
        (life.always_validate, life.never_stale) = (switches & 1 != 0, switches & 2 != 0);
        let number = usize::from(self.u16()?);
        if number > MOST_TAGS {
            return None;
        }
        let tags = (0..number).map(|_| self.array().map(Tag)).collect::<Option<_>>()?;
        let headers = self.fields()?;
        let length = usize::try_from(self.u32()?).ok()?;
        let body = self.bytes(length)?;
        Some(Entry { status, headers, body, life, tags, serial })
    }

    fn fields(&mut self) -> Option<HeaderMap> {
        let number = usize::from(self.u16()?);
        if number > MOST_FIELDS {
            return None;
        }
        let mut headers = HeaderMap::with_capacity(number);
        for _ in 0..number {
            let name = self.name()?;
            let value = HeaderValue::from_maybe_shared(self.short()?).ok()?;
            headers.try_append(name, value).ok()?;
        }
        Some(headers)
    }
}
