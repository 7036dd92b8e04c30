//! `gzip` (RFC 1952): members, one behind the other, each with its checksum.

use bytes::{Buf, Bytes};
use crc32fast::Hasher;
use miniz_oxide::DataFormat;

use super::deflate::Inflate;
use crate::coding::{Coding, Fault};

/// RFC 1952 section 2.3.1: what is in a member's head beside its ten bytes.
const HEADER_CHECK: u8 = 1 << 1;
const EXTRA: u8 = 1 << 2;
const NAME: u8 = 1 << 3;
const COMMENT: u8 = 1 << 4;
const RESERVED: u8 = 0b1110_0000;

/// The longest head of a member, in bytes: names of files and comments are short, and whatever is read is worked for.
const MOST_HEAD: usize = 64 << 10;

/// Content of the coding `gzip` on its way.
pub(super) struct Gzip {
    at: At,
    /// Of a part that is not complete.
    held: Vec<u8>,
    flags: u8,
    /// How long the head has become.
    head: usize,
    inflate: Inflate,
    check: Hasher,
    length: u32,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum At {
    /// Before a member; `true`: behind another.
    Head(bool),
    ExtraLength,
    Extra(usize),
    Name,
    Comment,
    HeaderCheck,
    Data,
    Tail,
}

// === impl Gzip ===

impl Gzip {
    pub(super) fn new() -> Self {
        Self {
            at: At::Head(false),
            held: Vec::new(),
            flags: 0,
            head: 0,
            inflate: Inflate::new(DataFormat::Raw),
            check: Hasher::new(),
            length: 0,
        }
    }

    pub(super) fn may_end(&self) -> bool {
        self.at == At::Head(true) && self.held.is_empty()
    }

    pub(super) fn step(&mut self, input: &mut Bytes, room: &mut [u8]) -> Result<usize, Fault> {
        while !input.is_empty() || self.at == At::Data {
            if self.at == At::Data {
                let made = self.inflate.step(input, room).map_err(|()| CORRUPT)?;
                if self.inflate.has_ended() {
                    self.at = At::Tail;
                }
                if let Some(piece) = room.get(..made).filter(|piece| !piece.is_empty()) {
                    self.check.update(piece);
                    // RFC 1952 section 2.3.1: modulo 2^32.
                    self.length = self.length.wrapping_add(u32::try_from(made).unwrap_or(0));
                    return Ok(made);
                }
                if self.at == At::Data {
                    return Ok(0);
                }
                continue;
            }
            if self.at != At::Tail && self.head > MOST_HEAD {
                return Err(CORRUPT);
            }
            self.around(input)?;
        }
        Ok(0)
    }

    /// What is around the data.
    fn around(&mut self, input: &mut Bytes) -> Result<(), Fault> {
        let at = self.at;
        match at {
            At::Head(behind) => {
                if !self.hold(input, 10) {
                    // Behind a member, what is not the beginning of another does not belong to the content.
                    return if is_magic(&self.held) { Ok(()) } else { Err(stray(behind)) };
                }
                if !is_magic(&self.held) {
                    return Err(stray(behind));
                }
                self.flags = self.held.get(3).copied().unwrap_or(RESERVED);
                if self.flags & RESERVED != 0 {
                    return Err(CORRUPT);
                }
                self.next(At::ExtraLength);
            }
            At::ExtraLength => {
                if self.flags & EXTRA == 0 {
                    self.next(At::Name);
                } else if self.hold(input, 2) {
                    let length =
                        self.held.iter().rev().fold(0, |length, byte| length << 8 | usize::from(*byte));
                    self.next(At::Extra(length));
                }
            }
            At::Extra(length) => {
                let passed = length.min(input.len());
                input.advance(passed);
                self.head += passed;
                self.next(if passed == length { At::Name } else { At::Extra(length - passed) });
            }
            At::Name if self.text(input, NAME) => self.next(At::Comment),
            At::Comment if self.text(input, COMMENT) => self.next(At::HeaderCheck),
            // A checksum of the head protects nothing that is read here.
            At::HeaderCheck if self.flags & HEADER_CHECK == 0 || self.hold(input, 2) => {
                self.inflate = Inflate::new(DataFormat::Raw);
                self.check = Hasher::new();
                self.length = 0;
                self.next(At::Data);
            }
            At::Tail if self.hold(input, 8) => {
                let check = std::mem::take(&mut self.check).finalize().to_le_bytes();
                if self.held != [check, self.length.to_le_bytes()].concat() {
                    return Err(CORRUPT);
                }
                self.head = 0;
                self.next(At::Head(true));
            }
            _ => {}
        }
        Ok(())
    }

    fn next(&mut self, at: At) {
        self.held.clear();
        self.at = at;
    }

    /// Whether `length` bytes are held, of which some may have been before.
    fn hold(&mut self, input: &mut Bytes, length: usize) -> bool {
        let piece = input.split_to(length.saturating_sub(self.held.len()).min(input.len()));
        self.head += piece.len();
        self.held.extend_from_slice(&piece);
        self.held.len() == length
    }

    /// Whether a text that ends with a zero has passed, or there is none.
    fn text(&mut self, input: &mut Bytes, flag: u8) -> bool {
        if self.flags & flag == 0 {
            return true;
        }
        let end = input.iter().position(|byte| *byte == 0);
        let passed = end.map_or(input.len(), |end| end + 1);
        input.advance(passed);
        self.head += passed;
        end.is_some()
    }
}

const CORRUPT: Fault = Fault::Corrupt(Coding::Gzip);

fn stray(behind: bool) -> Fault {
    if behind { Fault::Trailing(Coding::Gzip) } else { CORRUPT }
}

/// Whether this is the beginning of a member, as far as there is one: RFC 1952 section 2.3.1.
fn is_magic(held: &[u8]) -> bool {
    held.iter().zip([0x1f, 0x8b, 8]).all(|(byte, magic)| *byte == magic)
}
