//! An answer as bytes.

use std::time::Duration;

use super::Entry;
use super::read::{MOST_FIELDS, MOST_TAGS};

/// Bytes to be, number by number; numbers are little endian.
#[derive(Debug, Default)]
pub(in crate::cache) struct Writer(pub(in crate::cache) Vec<u8>);

// === impl Writer ===

impl Writer {
    pub(in crate::cache) fn byte(&mut self, number: u8) {
        self.0.push(number);
    }

    pub(in crate::cache) fn u16(&mut self, number: u16) {
        self.0.extend_from_slice(&number.to_le_bytes());
    }

    pub(in crate::cache) fn u32(&mut self, number: u32) {
        self.0.extend_from_slice(&number.to_le_bytes());
    }

    pub(in crate::cache) fn u64(&mut self, number: u64) {
        self.0.extend_from_slice(&number.to_le_bytes());
    }

    pub(in crate::cache) fn bytes(&mut self, bytes: &[u8]) {
        self.0.extend_from_slice(bytes);
    }

    /// Bytes with their length in front; `None` where that is too long to be written.
    pub(in crate::cache) fn short(&mut self, bytes: &[u8]) -> Option<()> {
        self.u16(u16::try_from(bytes.len()).ok()?);
        self.bytes(bytes);
        Some(())
    }

    /// Whole seconds and the rest. What is longer than numbers go (136 years) is as long as they go.
    fn span(&mut self, span: Duration) {
        self.u32(u32::try_from(span.as_secs()).unwrap_or(u32::MAX));
        self.u32(span.subsec_nanos());
    }

    /// An answer; `None` where it is larger than what would be read again.
    pub(in crate::cache) fn entry(&mut self, entry: &Entry) -> Option<()> {
        if entry.headers.len() > MOST_FIELDS || entry.tags.len() > MOST_TAGS {
            return None;
        }
        let life = &entry.life;
        self.u16(entry.status.as_u16());
        self.u64(entry.serial);
        self.u64(life.received.0);
        for span in [life.age, life.fresh, life.while_revalidate, life.if_error] {
            self.span(span);
        }
        self.byte(u8::from(life.always_validate) | u8::from(life.never_stale) << 1);
        self.u16(u16::try_from(entry.tags.len()).ok()?);
        for tag in &entry.tags {
            self.bytes(&tag.0);
        }
        self.u16(u16::try_from(entry.headers.len()).ok()?);
        for (name, value) in &entry.headers {
            self.short(name.as_str().as_bytes())?;
            self.short(value.as_bytes())?;
        }
        self.u32(u32::try_from(entry.body.len()).ok()?);
        self.bytes(&entry.body);
        Some(())
    }
}
