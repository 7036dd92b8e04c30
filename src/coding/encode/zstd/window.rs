//! What a zstd stream may refer to, and where in it something stands again.
//!
//! The library's own looks no further back than the piece that it is given. This one keeps what passed before, so that small
//! pieces become small too.

use ruzstd::encoding::{CompressionLevel, Matcher, Sequence};

/// The window, as a power of two: 256 KiB, which is more than most answers have, and little memory.
pub(super) const WINDOW_BITS: u8 = 18;
const WINDOW: usize = 1 << WINDOW_BITS;

/// RFC 8878 section 3.1.1.2.4: the largest block, in bytes.
pub(super) const BLOCK: usize = 128 << 10;

/// How many places are remembered, as a power of two.
const PLACES_BITS: u32 = 15;

/// How many bytes have to be the same; fewer cost more to say than they are long.
const LEAST: usize = 5;

/// The longest that can be said at once (RFC 8878 section 3.1.1.3.2.1.1).
const LONGEST: usize = 131_074;

/// After so many bytes without a match, as a power of two, every second one is looked at, then every third: it is no text.
const PATIENCE_BITS: u32 = 7;

/// What passed, and what is to be written.
pub(super) struct Window {
    data: Vec<u8>,
    /// Where in `data` begins what is to be written.
    begin: usize,
    /// By the hash of what stands there: a place in `data`, and one; 0 for none.
    places: Box<[u32]>,
    /// For the next piece.
    spare: Vec<u8>,
}

// === impl Window ===

impl Window {
    pub(super) fn new() -> Self {
        Self { data: Vec::new(), begin: 0, places: vec![0; 1 << PLACES_BITS].into(), spare: Vec::new() }
    }

    /// Forgets what nothing may refer to any more.
    fn forget(&mut self) {
        let gone = self.data.len().saturating_sub(WINDOW);
        self.data.drain(..gone);
        for place in &mut self.places {
            *place = place.saturating_sub(u32::try_from(gone).unwrap_or(u32::MAX));
        }
    }

    /// Where what stands at `at` stood before, if it did, as far as is remembered; and remembers this place.
    fn before(&mut self, at: usize) -> Option<usize> {
        let bytes: [u8; LEAST] = self.data.get(at..at + LEAST)?.try_into().ok()?;
        let [a, b, c, d, e] = bytes;
        let number = u64::from_le_bytes([0, 0, 0, a, b, c, d, e]);
        let hash = number.wrapping_mul(0x9e37_79b1_85eb_ca87) >> (64 - PLACES_BITS);
        let place = self.places.get_mut(usize::try_from(hash).ok()?)?;
        let known = std::mem::replace(place, u32::try_from(at + 1).ok()?);
        let known = usize::try_from(known).ok()?.checked_sub(1)?;
        let near = at > known && at - known <= WINDOW;
        (near && self.data.get(known..known + LEAST)? == bytes).then_some(known)
    }

    /// How much is the same at both places.
    fn common(&self, known: usize, at: usize) -> usize {
        let (Some(one), Some(other)) = (self.data.get(known..), self.data.get(at..)) else { return 0 };
        let (ones, others) = (one.chunks_exact(8), other.chunks_exact(8));
        let whole = ones.zip(others).take_while(|(one, other)| one == other).count() * 8;
        let rest = one.iter().zip(other).skip(whole).take_while(|(one, other)| one == other).count();
        (whole + rest).min(LONGEST)
    }
}

impl Matcher for Window {
    fn get_next_space(&mut self) -> Vec<u8> {
        let mut space = std::mem::take(&mut self.spare);
        space.resize(BLOCK, 0);
        space
    }

    fn get_last_space(&mut self) -> &[u8] {
        self.data.get(self.begin..).unwrap_or_default()
    }

    fn commit_space(&mut self, space: Vec<u8>) {
        if self.data.len() + space.len() > 2 * WINDOW {
            self.forget();
        }
        self.begin = self.data.len();
        self.data.extend_from_slice(&space);
        self.spare = space;
    }

    fn skip_matching(&mut self) {}

    fn start_matching(&mut self, mut handle_sequence: impl for<'a> FnMut(Sequence<'a>)) {
        // The library makes no table of literals' lengths that are all zero: one literal goes before the first match.
        let (mut at, mut floor, mut said) = (self.begin + 1, self.begin + 1, self.begin);
        while at + LEAST <= self.data.len() {
            let Some(mut known) = self.before(at) else {
                at += 1 + ((at - said) >> PATIENCE_BITS);
                continue;
            };
            let mut length = self.common(known, at);
            // What stands before both may be the same too.
            while at > floor
                && known > 0
                && length < LONGEST
                && self.data.get(known - 1) == self.data.get(at - 1)
            {
                (known, at, length) = (known - 1, at - 1, length + 1);
            }
            let literals = self.data.get(said..at).unwrap_or_default();
            handle_sequence(Sequence::Triple { literals, offset: at - known, match_len: length });
            let end = at + length;
            // A few of the places within, so that what follows is found.
            for inner in [at + 2, end.saturating_sub(3), end.saturating_sub(1)] {
                let _ = self.before(inner);
            }
            (at, floor, said) = (end, end, end);
        }
        let literals = self.data.get(said..).unwrap_or_default();
        if !literals.is_empty() {
            handle_sequence(Sequence::Literals { literals });
        }
    }

    /// Frames are pieces of one stream here.
    fn reset(&mut self, _: CompressionLevel) {}

    fn window_size(&self) -> u64 {
        WINDOW as u64
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use crate::coding::{Coding, Encoder, decode};

    #[test]
    fn what_passed_before_is_referred_to() {
        // Nothing stands in it twice, and all of it again in another piece, as far back as the window goes, and further.
        let mut state = 7_u32;
        let mut noise = |length: usize| -> Vec<u8> {
            let bytes = std::iter::repeat_with(|| {
                state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
                (state >> 24) as u8
            });
            bytes.take(length).collect()
        };
        let (first, between) = (noise(10_000), noise(900_000));
        for (behind, again) in [(1_000, 200), (100_000, 200), (200_000, 200), (900_000, 10_100)] {
            let (mut encoder, mut out) = (Encoder::new(Coding::Zstd), Vec::new());
            let content = [&first, &between[..behind], &first].concat();
            encoder.write(&content[..content.len() - first.len()], &mut out).unwrap();
            encoder.flush(&mut out).unwrap();
            let before = out.len();
            encoder.write(&first, &mut out).unwrap();
            encoder.finish(&mut out).unwrap();
            assert!(out.len() - before < again, "{behind}: {}", out.len() - before);
            assert_eq!(decode(&[Coding::Zstd], out.into(), 2 << 20).unwrap(), content);
        }
    }
}
