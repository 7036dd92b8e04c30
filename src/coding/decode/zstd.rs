//! `zstd` (RFC 8878): frames, one behind the other, block by block.
//!
//! The library reads whole blocks, so that each is held until it is complete: at most 128 KiB. It keeps what it has made until
//! that is not in the window any more, or the frame has ended.

use std::io::Read as _;

use bytes::{Buf, Bytes};
use ruzstd::decoding::errors::FrameDecoderError;
use ruzstd::decoding::{BlockDecodingStrategy, FrameDecoder};

use crate::coding::{Coding, Fault};

/// RFC 9659 section 3: the largest window of the coding, in bytes.
const MOST_WINDOW: u64 = 8 << 20;

/// RFC 8878 section 3.1.1.2.4: the largest block, in bytes, packed and unpacked.
const MOST_BLOCK: usize = 128 << 10;

/// RFC 8878 section 3.1.1: how frames begin, and those of section 3.1.2 that are to be skipped.
const MAGIC: u32 = 0xfd2f_b528;
const SKIPPED: std::ops::RangeInclusive<u32> = 0x184d_2a50..=0x184d_2a5f;

/// Content of the coding `zstd` on its way.
#[derive(Default)]
pub(super) struct Zstd {
    /// The frame in the middle of which it is.
    frame: Option<Frame>,
    /// Of a part that is not complete.
    held: Vec<u8>,
    /// How much of a frame is to be skipped.
    skip: u32,
    /// A frame has ended.
    ended: bool,
}

struct Frame {
    decoder: Box<FrameDecoder>,
    checked: bool,
}

// === impl Zstd ===

impl Zstd {
    pub(super) fn may_end(&self) -> bool {
        self.frame.is_none() && self.held.is_empty() && self.skip == 0 && self.ended
    }

    pub(super) fn step(&mut self, input: &mut Bytes, room: &mut [u8]) -> Result<usize, Fault> {
        loop {
            if let Some(frame) = &mut self.frame {
                let made = frame.decoder.read(room).map_err(|_| CORRUPT)?;
                if made > 0 {
                    return Ok(made);
                }
                if frame.decoder.is_finished() {
                    frame.check()?;
                    self.frame = None;
                    self.ended = true;
                }
            }
            if input.is_empty() {
                return Ok(0);
            }
            if self.skip > 0 {
                let passed = (self.skip as usize).min(input.len());
                input.advance(passed);
                self.skip -= u32::try_from(passed).unwrap_or(self.skip);
                self.ended |= self.skip == 0;
            } else if self.frame.is_some() {
                self.block(input)?;
            } else {
                self.head(input)?;
            }
        }
    }

    /// RFC 8878 section 3.1.1.1: the head of a frame.
    fn head(&mut self, input: &mut Bytes) -> Result<(), Fault> {
        if !self.hold(input, 4) {
            return Ok(());
        }
        let magic = number(&self.held, 4);
        if SKIPPED.contains(&magic) {
            if self.hold(input, 8) {
                self.skip = number(self.held.get(4..).unwrap_or_default(), 4);
                self.ended |= self.skip == 0;
                self.held.clear();
            }
            return Ok(());
        }
        if magic != MAGIC {
            return Err(if self.ended { Fault::Trailing(Coding::Zstd) } else { CORRUPT });
        }
        if !self.hold(input, 5) {
            return Ok(());
        }
        let descriptor = self.held.get(4).copied().unwrap_or_default();
        // Section 3.1.1.1.1.4: a reserved bit must be zero.
        if descriptor & 0b1000 != 0 {
            return Err(CORRUPT);
        }
        if !self.hold(input, head_length(descriptor)) {
            return Ok(());
        }
        let mut decoder = Box::new(FrameDecoder::new());
        decoder.set_max_window_size(MOST_WINDOW);
        decoder.reset(&*self.held).map_err(|error| match error {
            FrameDecoderError::WindowSizeTooBig { .. } => Fault::Window,
            _ => CORRUPT,
        })?;
        self.held.clear();
        self.frame = Some(Frame { decoder, checked: descriptor & 0b100 != 0 });
        Ok(())
    }

    /// RFC 8878 section 3.1.1.2: a block, and the checksum behind the last.
    fn block(&mut self, input: &mut Bytes) -> Result<(), Fault> {
        if !self.hold(input, 3) {
            return Ok(());
        }
        let head = number(&self.held, 3);
        let (is_last, kind, size) = (head & 1 == 1, head >> 1 & 3, (head >> 3) as usize);
        if kind == 3 || size > MOST_BLOCK {
            return Err(CORRUPT);
        }
        let Some(frame) = &self.frame else { return Err(CORRUPT) };
        let check = if is_last && frame.checked { 4 } else { 0 };
        // One byte, that many times.
        let content = if kind == 1 { 1 } else { size };
        if !self.hold(input, 3 + content + check) {
            return Ok(());
        }
        let Some(frame) = &mut self.frame else { return Err(CORRUPT) };
        let one = BlockDecodingStrategy::UptoBlocks(1);
        frame.decoder.decode_blocks(&*self.held, one).map_err(|_| CORRUPT)?;
        self.held.clear();
        Ok(())
    }

    /// Whether `length` bytes are held, of which some may have been before.
    fn hold(&mut self, input: &mut Bytes, length: usize) -> bool {
        let piece = input.split_to(length.saturating_sub(self.held.len()).min(input.len()));
        self.held.extend_from_slice(&piece);
        self.held.len() >= length
    }
}

const CORRUPT: Fault = Fault::Corrupt(Coding::Zstd);

/// The first `length` of `bytes`, the least first.
fn number(bytes: &[u8], length: usize) -> u32 {
    bytes.iter().take(length).rev().fold(0, |number, byte| number << 8 | u32::from(*byte))
}

/// RFC 8878 section 3.1.1.1: how long a frame's head is, with its magic number, by the descriptor in it.
pub(in crate::coding) fn head_length(descriptor: u8) -> usize {
    let single = descriptor & 0b10_0000 != 0;
    let dictionary = [0, 1, 2, 4][usize::from(descriptor & 3)];
    let content = match descriptor >> 6 {
        0 => usize::from(single),
        1 => 2,
        2 => 4,
        _ => 8,
    };
    5 + usize::from(!single) + dictionary + content
}

// === impl Frame ===

impl Frame {
    fn check(&self) -> Result<(), Fault> {
        let same = self.decoder.get_checksum_from_data() == self.decoder.get_calculated_checksum();
        if self.checked && !same { Err(CORRUPT) } else { Ok(()) }
    }
}
