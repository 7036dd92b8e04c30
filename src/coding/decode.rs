//! Decoding, piece by piece: bounded in what is held and in what comes out.

use bytes::Bytes;

use super::{Coding, Fault};

mod brotli;
mod deflate;
mod gzip;
mod zstd;

use brotli::Brotli;
use deflate::Deflate;
use gzip::Gzip;
use zstd::Zstd;

pub(super) use zstd::head_length as zstd_head_length;

/// The most that comes out at once, in bytes. Little content can become very much, so that this, and not the length of what
/// came in, is what somebody who reads piece by piece has to hold.
pub const PIECE: usize = 32 << 10;

/// Content that is decoded as it arrives.
///
/// [`push`](Self::push) a piece, [`pull`](Self::pull) until there is nothing more, and [`finish`](Self::finish) after the last.
/// What is held beside a piece in and a piece out is the window of each coding: 32 KiB, at most 16 MiB of `br` (RFC 7932 section
/// 9.1), at most 8 MiB of `zstd` (RFC 9659 section 3).
pub struct Decoder {
    /// The coding that was applied last is undone first.
    stages: Vec<Stage>,
    room: Box<[u8]>,
    /// The most that may come out of each stage, in bytes: also of those between, which could be made to work for nothing.
    most: u64,
}

struct Stage {
    state: State,
    input: Bytes,
    /// Something has come in.
    begun: bool,
    made: u64,
}

enum State {
    Gzip(Box<Gzip>),
    Deflate(Box<Deflate>),
    Brotli(Box<Brotli>),
    Zstd(Box<Zstd>),
}

/// `content` without its `codings`, which are in the order in which they were applied: at most `most` bytes. Nothing at all is
/// nothing in any coding.
pub fn decode(codings: &[Coding], content: Bytes, most: u64) -> Result<Bytes, Fault> {
    if content.is_empty() || codings.is_empty() {
        return if content.len() as u64 > most { Err(Fault::TooLarge) } else { Ok(content) };
    }
    let mut decoder = Decoder::new(codings, most);
    decoder.push(content);
    let mut first = Bytes::new();
    let mut whole = Vec::new();
    while let Some(piece) = decoder.pull()? {
        if first.is_empty() && whole.is_empty() {
            first = piece;
        } else {
            whole.extend_from_slice(&std::mem::take(&mut first));
            whole.extend_from_slice(&piece);
        }
    }
    decoder.finish()?;
    Ok(if whole.is_empty() { first } else { whole.into() })
}

// === impl Decoder ===

impl Decoder {
    /// For content with `codings`, in the order in which they were applied, of at most `most` bytes in the end.
    pub fn new(codings: &[Coding], most: u64) -> Self {
        let stages = codings.iter().rev().map(|coding| Stage::new(*coding)).collect();
        Self { stages, room: vec![0; PIECE].into(), most }
    }

    /// Takes a piece that has arrived. [`Self::pull`] gives the rest of the one before first.
    pub fn push(&mut self, piece: Bytes) {
        let Some(first) = self.stages.first_mut() else { return };
        first.begun |= !piece.is_empty();
        first.input = match first.input.is_empty() {
            true => piece,
            false => [&*first.input, &*piece].concat().into(),
        };
    }

    /// The next piece of the content, of at most 32 KiB; `None` where more has to arrive first.
    pub fn pull(&mut self) -> Result<Option<Bytes>, Fault> {
        pull(&mut self.stages, &mut self.room, self.most)
    }

    /// Nothing more arrives: whether that was all of it.
    pub fn finish(&self) -> Result<(), Fault> {
        let cut = self.stages.iter().find(|stage| stage.begun && !stage.state.may_end());
        cut.map_or(Ok(()), |stage| Err(Fault::Truncated(stage.state.coding())))
    }
}

impl std::fmt::Debug for Decoder {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let codings = self.stages.iter().map(|stage| stage.state.coding());
        f.debug_list().entries(codings).finish()
    }
}

/// What comes out of the last of `stages`. There are few of them.
fn pull(stages: &mut [Stage], room: &mut [u8], most: u64) -> Result<Option<Bytes>, Fault> {
    let Some((last, before)) = stages.split_last_mut() else { return Ok(None) };
    loop {
        let made = last.state.step(&mut last.input, room)?;
        last.made += made as u64;
        if last.made > most {
            return Err(Fault::TooLarge);
        }
        if let Some(piece) = room.get(..made).filter(|piece| !piece.is_empty()) {
            return Ok(Some(Bytes::copy_from_slice(piece)));
        }
        let Some(piece) = pull(before, room, most)? else { return Ok(None) };
        last.begun = true;
        last.input = piece;
    }
}

// === impl Stage ===

impl Stage {
    fn new(coding: Coding) -> Self {
        let state = match coding {
            Coding::Gzip => State::Gzip(Box::new(Gzip::new())),
            Coding::Deflate => State::Deflate(Box::default()),
            Coding::Brotli => State::Brotli(Box::new(Brotli::new())),
            Coding::Zstd => State::Zstd(Box::default()),
        };
        Self { state, input: Bytes::new(), begun: false, made: 0 }
    }
}

// === impl State ===

impl State {
    /// Reads of `input` until that is empty or something has been written into `room`; how much was. Nothing only where all of
    /// `input` has been read.
    fn step(&mut self, input: &mut Bytes, room: &mut [u8]) -> Result<usize, Fault> {
        match self {
            Self::Gzip(it) => it.step(input, room),
            Self::Deflate(it) => it.step(input, room),
            Self::Brotli(it) => it.step(input, room),
            Self::Zstd(it) => it.step(input, room),
        }
    }

    /// Whether what was read is complete.
    fn may_end(&self) -> bool {
        match self {
            Self::Gzip(it) => it.may_end(),
            Self::Deflate(it) => it.may_end(),
            Self::Brotli(it) => it.may_end(),
            Self::Zstd(it) => it.may_end(),
        }
    }

    fn coding(&self) -> Coding {
        match self {
            Self::Gzip(_) => Coding::Gzip,
            Self::Deflate(_) => Coding::Deflate,
            Self::Brotli(_) => Coding::Brotli,
            Self::Zstd(_) => Coding::Zstd,
        }
    }
}
