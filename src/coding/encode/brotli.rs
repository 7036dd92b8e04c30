//! `br` (RFC 7932).

use brotli::enc::StandardAlloc;
use brotli::enc::encode::{
    BrotliEncoderDestroyInstance, BrotliEncoderOperation, BrotliEncoderParameter, BrotliEncoderStateStruct,
};

use super::Failed;

/// The lowest that makes content clearly smaller than `gzip` does (`docs/compression.md`).
const QUALITY: u32 = 5;

/// The window, as a power of two: 256 KiB, which is more than most answers have, and little memory.
const WINDOW_BITS: u32 = 18;

/// How much room there is for what comes out at once, in bytes.
const ROOM: usize = 8 << 10;

/// Content that becomes `br`.
pub(super) struct Brotli {
    state: Box<BrotliEncoderStateStruct<StandardAlloc>>,
}

// === impl Brotli ===

impl Brotli {
    pub(super) fn new() -> Self {
        let mut state = Box::new(BrotliEncoderStateStruct::new(StandardAlloc::default()));
        state.set_parameter(BrotliEncoderParameter::BROTLI_PARAM_QUALITY, QUALITY);
        state.set_parameter(BrotliEncoderParameter::BROTLI_PARAM_LGWIN, WINDOW_BITS);
        Self { state }
    }

    pub(super) fn write(&mut self, piece: &[u8], out: &mut Vec<u8>) -> Result<(), Failed> {
        self.run(piece, BrotliEncoderOperation::BROTLI_OPERATION_PROCESS, out)
    }

    pub(super) fn flush(&mut self, out: &mut Vec<u8>) -> Result<(), Failed> {
        self.run(&[], BrotliEncoderOperation::BROTLI_OPERATION_FLUSH, out)
    }

    pub(super) fn finish(&mut self, out: &mut Vec<u8>) -> Result<(), Failed> {
        self.run(&[], BrotliEncoderOperation::BROTLI_OPERATION_FINISH, out)
    }

    fn run(&mut self, piece: &[u8], what: BrotliEncoderOperation, out: &mut Vec<u8>) -> Result<(), Failed> {
        let finishes = what == BrotliEncoderOperation::BROTLI_OPERATION_FINISH;
        let (mut left, mut read) = (piece.len(), 0);
        loop {
            let before = out.len();
            out.resize(before + ROOM, 0);
            let (mut free, mut made) = (ROOM, 0);
            let room = out.get_mut(before..).unwrap_or_default();
            let done = self.state.compress_stream(
                what,
                &mut left,
                piece,
                &mut read,
                &mut free,
                room,
                &mut made,
                &mut None,
                &mut |_, _, _, _| (),
            );
            out.truncate(before + made);
            if !done {
                return Err(Failed);
            }
            let more = left > 0 || self.state.has_more_output() || (finishes && !self.state.is_finished());
            if !more {
                return Ok(());
            }
        }
    }
}

impl Drop for Brotli {
    fn drop(&mut self) {
        BrotliEncoderDestroyInstance(&mut self.state);
    }
}
