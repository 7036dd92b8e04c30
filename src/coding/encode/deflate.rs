//! `gzip` (RFC 1952) and `deflate` (RFC 1950).

use crc32fast::Hasher;
use miniz_oxide::deflate::core::{CompressorOxide, create_comp_flags_from_zip_params};
use miniz_oxide::deflate::stream::deflate;
use miniz_oxide::{MZFlush, MZStatus};

use super::Failed;

/// What is above makes content a thirtieth smaller, and takes half as long again (`docs/compression.md`).
const LEVEL: i32 = 4;

/// RFC 1950 section 2.2: the largest window, 32 KiB. Negative: without zlib's head.
const WINDOW_BITS: i32 = 15;

/// How much room there is for what comes out at once, in bytes.
const ROOM: usize = 8 << 10;

/// RFC 1952 section 2.3: deflate, no name, no time, made by no system in particular.
const HEAD: [u8; 10] = [0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 0xff];

/// Content that becomes `gzip` or `deflate`.
pub(super) struct Deflate {
    state: Box<CompressorOxide>,
    gzip: Option<Gzip>,
}

/// What `gzip` has around deflate.
struct Gzip {
    begun: bool,
    check: Hasher,
    length: u32,
}

// === impl Deflate ===

impl Deflate {
    pub(super) fn gzip() -> Self {
        let gzip = Gzip { begun: false, check: Hasher::new(), length: 0 };
        Self { state: compressor(-WINDOW_BITS), gzip: Some(gzip) }
    }

    pub(super) fn zlib() -> Self {
        Self { state: compressor(WINDOW_BITS), gzip: None }
    }

    pub(super) fn write(&mut self, piece: &[u8], out: &mut Vec<u8>) -> Result<(), Failed> {
        if let Some(gzip) = &mut self.gzip {
            gzip.begin(out);
            gzip.check.update(piece);
            // RFC 1952 section 2.3.1: modulo 2^32.
            gzip.length = gzip.length.wrapping_add(u32::try_from(piece.len()).unwrap_or(0));
        }
        self.run(piece, MZFlush::None, out)
    }

    pub(super) fn flush(&mut self, out: &mut Vec<u8>) -> Result<(), Failed> {
        if let Some(gzip) = &mut self.gzip {
            gzip.begin(out);
        }
        self.run(&[], MZFlush::Sync, out)
    }

    pub(super) fn finish(&mut self, out: &mut Vec<u8>) -> Result<(), Failed> {
        if let Some(gzip) = &mut self.gzip {
            gzip.begin(out);
        }
        self.run(&[], MZFlush::Finish, out)?;
        if let Some(gzip) = &mut self.gzip {
            out.extend_from_slice(&std::mem::take(&mut gzip.check).finalize().to_le_bytes());
            out.extend_from_slice(&gzip.length.to_le_bytes());
        }
        Ok(())
    }

    fn run(&mut self, mut piece: &[u8], flush: MZFlush, out: &mut Vec<u8>) -> Result<(), Failed> {
        loop {
            let before = out.len();
            out.resize(before + ROOM, 0);
            let room = out.get_mut(before..).unwrap_or_default();
            let result = deflate(&mut self.state, piece, room, flush);
            out.truncate(before + result.bytes_written);
            piece = piece.get(result.bytes_consumed..).unwrap_or_default();
            let full = result.bytes_written == ROOM;
            match result.status {
                Ok(MZStatus::StreamEnd) => return Ok(()),
                // Nothing to do.
                Err(miniz_oxide::MZError::Buf) if flush != MZFlush::Finish && piece.is_empty() => {
                    return Ok(());
                }
                Ok(MZStatus::Ok) if full || !piece.is_empty() || flush == MZFlush::Finish => {}
                Ok(MZStatus::Ok) => return Ok(()),
                _ => return Err(Failed),
            }
        }
    }
}

fn compressor(window_bits: i32) -> Box<CompressorOxide> {
    Box::new(CompressorOxide::new(create_comp_flags_from_zip_params(LEVEL, window_bits, 0)))
}

// === impl Gzip ===

impl Gzip {
    fn begin(&mut self, out: &mut Vec<u8>) {
        if !std::mem::replace(&mut self.begun, true) {
            out.extend_from_slice(&HEAD);
        }
    }
}
