//! `zstd` (RFC 8878): one frame.
//!
//! The library makes a whole frame of what it is given, and knows no flush. So each piece becomes a frame of its own, of which
//! the blocks are taken: blocks say nothing of where they stand but whether they are the last.

use std::io::Cursor;

use ruzstd::encoding::{CompressionLevel, FrameCompressor};

use super::Failed;
use crate::coding::decode::zstd_head_length;

mod window;

use window::{BLOCK, WINDOW_BITS, Window};

/// RFC 8878 section 3.1.1: the magic number, nothing beside a window, and how large that is (section 3.1.1.1.2).
const HEAD: [u8; 6] = [0x28, 0xb5, 0x2f, 0xfd, 0, (WINDOW_BITS - 10) << 3];

/// RFC 8878 section 3.1.1.2: the last block, raw and empty.
const END: [u8; 3] = [1, 0, 0];

/// How long the checksum at the end of a frame is.
const CHECKSUM: usize = 4;

/// Content that becomes `zstd`.
pub(super) struct Zstd {
    begun: bool,
    /// What has not become a block yet.
    held: Vec<u8>,
    compressor: Box<FrameCompressor<Cursor<Vec<u8>>, Vec<u8>, Window>>,
}

// === impl Zstd ===

impl Zstd {
    pub(super) fn new() -> Self {
        let compressor = FrameCompressor::new_with_matcher(Window::new(), CompressionLevel::Fastest);
        Self { begun: false, held: Vec::new(), compressor: Box::new(compressor) }
    }

    pub(super) fn write(&mut self, mut piece: &[u8], out: &mut Vec<u8>) -> Result<(), Failed> {
        while let Some((now, rest)) = piece.split_at_checked(BLOCK - self.held.len()) {
            self.held.extend_from_slice(now);
            self.flush(out)?;
            piece = rest;
        }
        self.held.extend_from_slice(piece);
        Ok(())
    }

    pub(super) fn flush(&mut self, out: &mut Vec<u8>) -> Result<(), Failed> {
        if !std::mem::replace(&mut self.begun, true) {
            out.extend_from_slice(&HEAD);
        }
        if self.held.is_empty() {
            return Ok(());
        }
        self.compressor.set_source(Cursor::new(std::mem::take(&mut self.held)));
        self.compressor.set_drain(Vec::new());
        self.compressor.compress();
        let frame = self.compressor.take_drain().ok_or(Failed)?;
        let held = self.compressor.take_source().ok_or(Failed)?;
        self.held = held.into_inner();
        self.held.clear();
        blocks(&frame, out)
    }

    pub(super) fn finish(&mut self, out: &mut Vec<u8>) -> Result<(), Failed> {
        self.flush(out)?;
        out.extend_from_slice(&END);
        Ok(())
    }
}

/// The blocks of `frame`, none of them as the last.
fn blocks(frame: &[u8], out: &mut Vec<u8>) -> Result<(), Failed> {
    let descriptor = frame.get(4).ok_or(Failed)?;
    let tail = if descriptor & 0b100 == 0 { 0 } else { CHECKSUM };
    let end = frame.len().checked_sub(tail).ok_or(Failed)?;
    let mut rest = frame.get(zstd_head_length(*descriptor)..end).ok_or(Failed)?;
    loop {
        let (head, content) = rest.split_first_chunk::<3>().ok_or(Failed)?;
        let [first, second, third] = *head;
        let said = u32::from_le_bytes([first, second, third, 0]);
        let size = if said >> 1 & 3 == 1 { 1 } else { (said >> 3) as usize };
        let (content, after) = content.split_at_checked(size).ok_or(Failed)?;
        // The library ends content that fills its blocks with an empty one.
        if said >> 3 > 0 {
            out.extend_from_slice(&[first & !1, second, third]);
            out.extend_from_slice(content);
        }
        if said & 1 == 1 {
            return if after.is_empty() { Ok(()) } else { Err(Failed) };
        }
        rest = after;
    }
}
