//! Encoding, piece by piece, at levels for a proxy: fast enough that the network, and not the encoder, is what is waited for.

use super::Coding;

mod brotli;
mod deflate;
mod zstd;

use brotli::Brotli;
use deflate::Deflate;
use zstd::Zstd;

/// The most that is given to an encoder at once, in bytes, so that what comes out at once is bounded too.
pub const MOST_AT_ONCE: usize = 64 << 10;

/// Content that is encoded as it arrives. What is written stays inside until there is enough to make something good of it, or
/// [`flush`](Self::flush) is called.
pub struct Encoder {
    coding: Coding,
    state: State,
}

enum State {
    Deflate(Deflate),
    Brotli(Brotli),
    Zstd(Zstd),
}

/// The encoder failed. None is known to, whatever it is given; but what it would have made would be believed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Failed;

// === impl Encoder ===

impl Encoder {
    /// For one content.
    pub fn new(coding: Coding) -> Self {
        let state = match coding {
            Coding::Gzip => State::Deflate(Deflate::gzip()),
            Coding::Deflate => State::Deflate(Deflate::zlib()),
            Coding::Brotli => State::Brotli(Brotli::new()),
            Coding::Zstd => State::Zstd(Zstd::new()),
        };
        Self { coding, state }
    }

    /// Its coding.
    pub fn coding(&self) -> Coding {
        self.coding
    }

    /// Takes a piece of the content, and appends to `out` what is ready.
    pub fn write(&mut self, piece: &[u8], out: &mut Vec<u8>) -> Result<(), Failed> {
        for piece in piece.chunks(MOST_AT_ONCE) {
            match &mut self.state {
                State::Deflate(it) => it.write(piece, out)?,
                State::Brotli(it) => it.write(piece, out)?,
                State::Zstd(it) => it.write(piece, out)?,
            }
        }
        Ok(())
    }

    /// Appends to `out` all of what was written, so that whoever has it can read everything up to here.
    pub fn flush(&mut self, out: &mut Vec<u8>) -> Result<(), Failed> {
        match &mut self.state {
            State::Deflate(it) => it.flush(out),
            State::Brotli(it) => it.flush(out),
            State::Zstd(it) => it.flush(out),
        }
    }

    /// The content is complete.
    pub fn finish(&mut self, out: &mut Vec<u8>) -> Result<(), Failed> {
        match &mut self.state {
            State::Deflate(it) => it.finish(out),
            State::Brotli(it) => it.finish(out),
            State::Zstd(it) => it.finish(out),
        }
    }
}

impl std::fmt::Debug for Encoder {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("Encoder").field(&self.coding).finish()
    }
}
