//! `br` (RFC 7932). Its window is at most 16 MiB (section 9.1): what asks for more is of another format, and refused.

use brotli::enc::StandardAlloc;
use brotli::{BrotliDecompressStream, BrotliResult, BrotliState};
use bytes::{Buf, Bytes};

use crate::coding::{Coding, Fault};

/// Content of the coding `br` on its way.
pub(super) struct Brotli {
    state: BrotliState<StandardAlloc, StandardAlloc, StandardAlloc>,
    ended: bool,
}

// === impl Brotli ===

impl Brotli {
    pub(super) fn new() -> Self {
        let memory = StandardAlloc::default;
        Self { state: BrotliState::new_strict(memory(), memory(), memory()), ended: false }
    }

    pub(super) fn may_end(&self) -> bool {
        self.ended
    }

    pub(super) fn step(&mut self, input: &mut Bytes, room: &mut [u8]) -> Result<usize, Fault> {
        if self.ended {
            return if input.is_empty() { Ok(0) } else { Err(Fault::Trailing(Coding::Brotli)) };
        }
        let (mut left, mut read) = (input.len(), 0);
        let (mut free, mut made, mut total) = (room.len(), 0, 0);
        let result = BrotliDecompressStream(
            &mut left,
            &mut read,
            input,
            &mut free,
            &mut made,
            room,
            &mut total,
            &mut self.state,
        );
        input.advance(read.min(input.len()));
        match result {
            BrotliResult::ResultSuccess => self.ended = true,
            BrotliResult::NeedsMoreInput | BrotliResult::NeedsMoreOutput => {}
            BrotliResult::ResultFailure => return Err(Fault::Corrupt(Coding::Brotli)),
        }
        if made == 0 && !input.is_empty() {
            return Err(match self.ended {
                true => Fault::Trailing(Coding::Brotli),
                false => Fault::Corrupt(Coding::Brotli),
            });
        }
        Ok(made)
    }
}
