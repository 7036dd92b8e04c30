//! `deflate`: zlib (RFC 1950), and what some servers send under this name, deflate (RFC 1951) without anything around it.

use bytes::{Buf, Bytes};
use miniz_oxide::inflate::stream::{InflateState, inflate};
use miniz_oxide::{DataFormat, MZFlush, MZStatus};

use crate::coding::{Coding, Fault};

/// Content of the coding `deflate` on its way.
#[derive(Default)]
pub(super) struct Deflate {
    /// The first byte, where the second is not there yet: together they tell which of the two it is.
    first: Option<u8>,
    state: Option<Inflate>,
}

/// A stream of RFC 1950 or 1951.
pub(super) struct Inflate {
    state: Box<InflateState>,
    ended: bool,
}

// === impl Deflate ===

impl Deflate {
    pub(super) fn step(&mut self, input: &mut Bytes, room: &mut [u8]) -> Result<usize, Fault> {
        let state = match &mut self.state {
            Some(state) => state,
            None => {
                let first = match (self.first, input.as_ref()) {
                    (_, []) => return Ok(0),
                    (Some(first), [second, ..]) => [first, *second],
                    (None, [first, second, ..]) => [*first, *second],
                    (None, [first]) => {
                        self.first = Some(*first);
                        input.advance(1);
                        return Ok(0);
                    }
                };
                let mut state = Inflate::new(if is_zlib(first) { DataFormat::Zlib } else { DataFormat::Raw });
                if self.first.is_some() {
                    // One byte alone makes nothing yet.
                    let mut alone = Bytes::copy_from_slice(&first[..1]);
                    state.step(&mut alone, room).map_err(|()| Fault::Corrupt(Coding::Deflate))?;
                }
                self.state.insert(state)
            }
        };
        if state.ended && !input.is_empty() {
            return Err(Fault::Trailing(Coding::Deflate));
        }
        let made = state.step(input, room).map_err(|()| Fault::Corrupt(Coding::Deflate))?;
        if made == 0 && state.ended && !input.is_empty() {
            return Err(Fault::Trailing(Coding::Deflate));
        }
        Ok(made)
    }

    pub(super) fn may_end(&self) -> bool {
        self.state.as_ref().is_some_and(|state| state.ended)
    }
}

/// RFC 1950 section 2.2: the method is 8, the window at most 32 KiB, both bytes together a multiple of 31, and no dictionary
/// that nobody has. A stream of RFC 1951 begins so only if it begins with a stored block whose padding is not zero, which no
/// encoder writes.
fn is_zlib(first: [u8; 2]) -> bool {
    let [method, flags] = first;
    method & 0x0f == 8
        && method >> 4 <= 7
        && u16::from_be_bytes(first).is_multiple_of(31)
        && flags & 0x20 == 0
}

// === impl Inflate ===

impl Inflate {
    pub(super) fn new(format: DataFormat) -> Self {
        Self { state: InflateState::new_boxed(format), ended: false }
    }

    pub(super) fn has_ended(&self) -> bool {
        self.ended
    }

    /// Reads until something is written, the input is empty, or the stream has ended.
    pub(super) fn step(&mut self, input: &mut Bytes, room: &mut [u8]) -> Result<usize, ()> {
        while !self.ended {
            let result = inflate(&mut self.state, input, room, MZFlush::None);
            input.advance(result.bytes_consumed);
            match result.status {
                Ok(MZStatus::StreamEnd) => self.ended = true,
                Ok(MZStatus::Ok) => {}
                Ok(MZStatus::NeedDict) => return Err(()),
                // No progress: it wants more input.
                Err(miniz_oxide::MZError::Buf) if input.is_empty() => return Ok(result.bytes_written),
                Err(_) => return Err(()),
            }
            if result.bytes_written > 0 {
                return Ok(result.bytes_written);
            }
            if result.bytes_consumed == 0 && !self.ended {
                return if input.is_empty() { Ok(0) } else { Err(()) };
            }
        }
        Ok(0)
    }
}
