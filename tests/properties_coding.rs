//! Codings on random content, in arbitrary pieces: what is written can be read again, what is read is bounded, and nothing that
//! anybody sends makes them panic.

#![allow(clippy::unwrap_used)]

use bytes::Bytes;
use proptest::prelude::*;
use tollgate::coding::{Coding, Decoder, Encoder, Fault, decode};

fn coding() -> impl Strategy<Value = Coding> {
    proptest::sample::select(Coding::ALL.to_vec())
}

/// Pieces that have something in common, each with whether it is flushed.
fn pieces() -> impl Strategy<Value = Vec<(Vec<u8>, bool)>> {
    let random = proptest::collection::vec(any::<u8>(), 0..2_000);
    let few = proptest::collection::vec(0_u8..4, 0..5_000);
    let text = "[a-e ]{0,200}".prop_map(|text| text.repeat(20).into_bytes());
    let same = (any::<u8>(), 0_usize..150_000).prop_map(|(byte, times)| vec![byte; times]);
    let piece = prop_oneof![random, few, text, same];
    proptest::collection::vec((piece, any::<bool>()), 0..6)
}

fn encoded(coding: Coding, pieces: &[(Vec<u8>, bool)]) -> Vec<u8> {
    let (mut encoder, mut out) = (Encoder::new(coding), Vec::new());
    for (piece, flushed) in pieces {
        encoder.write(piece, &mut out).unwrap();
        if *flushed {
            encoder.flush(&mut out).unwrap();
        }
    }
    encoder.finish(&mut out).unwrap();
    out
}

/// `content` decoded in pieces of these sizes, and no more than `most` bytes of it, whatever becomes of it.
fn decoded(codings: &[Coding], content: &[u8], sizes: &[usize], most: u64) -> Result<Vec<u8>, Fault> {
    let (mut decoder, mut rest, mut out) = (Decoder::new(codings, most), content, Vec::new());
    let mut sizes = sizes.iter().cycle();
    while !rest.is_empty() {
        let size = sizes.next().map_or(1, |size| *size).clamp(1, rest.len());
        decoder.push(Bytes::copy_from_slice(&rest[..size]));
        rest = &rest[size..];
        while let Some(piece) = decoder.pull()? {
            out.extend_from_slice(&piece);
            assert!(out.len() as u64 <= most);
        }
    }
    decoder.finish().map(|()| out)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 128, ..ProptestConfig::default() })]

    #[test]
    fn what_is_written_can_be_read(
        coding in coding(),
        pieces in pieces(),
        sizes in proptest::collection::vec(1_usize..9_000, 1..5),
        outer in proptest::option::of(coding()),
    ) {
        let content: Vec<u8> = pieces.iter().flat_map(|(piece, _)| piece).copied().collect();
        let mut coded = encoded(coding, &pieces);
        let mut codings = vec![coding];
        if let Some(outer) = outer {
            coded = encoded(outer, &[(coded, false)]);
            codings.push(outer);
        }
        let most = content.len().max(coded.len() * 2 + 10_000) as u64;
        prop_assert_eq!(&decoded(&codings, &coded, &sizes, most).unwrap(), &content);
        prop_assert_eq!(&decode(&codings, coded.into(), most).unwrap()[..], &content[..]);
    }

    #[test]
    fn never_more_than_allowed(coding in coding(), pieces in pieces(), most in 0_u64..20_000) {
        let length: usize = pieces.iter().map(|(piece, _)| piece.len()).sum();
        let coded = encoded(coding, &pieces);
        match decode(&[coding], coded.into(), most) {
            Ok(content) => prop_assert!(content.len() == length && length as u64 <= most),
            Err(fault) => prop_assert!(fault == Fault::TooLarge && length as u64 > most),
        }
    }

    #[test]
    fn arbitrary_bytes_are_harmless(
        coding in coding(),
        content in proptest::collection::vec(any::<u8>(), 0..3_000),
        sizes in proptest::collection::vec(1_usize..500, 1..4),
        begun in any::<bool>(),
    ) {
        let begin: &[u8] = match (begun, coding) {
            (false, _) => &[],
            (true, Coding::Gzip) => &[0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 3],
            (true, Coding::Deflate) => &[0x78, 0x9c],
            (true, Coding::Brotli) => &[0x1b],
            (true, Coding::Zstd) => &[0x28, 0xb5, 0x2f, 0xfd, 0, 0x58],
        };
        let _ = decoded(&[coding], &[begin, &content].concat(), &sizes, 100_000);
    }

    #[test]
    fn what_is_damaged_is_harmless(
        coding in coding(),
        pieces in pieces(),
        damage in proptest::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..6),
        cut in proptest::option::of(any::<prop::sample::Index>()),
    ) {
        let content: Vec<u8> = pieces.iter().flat_map(|(piece, _)| piece).copied().collect();
        let mut coded = encoded(coding, &pieces);
        for (at, byte) in &damage {
            let at = at.index(coded.len());
            coded[at] = *byte;
        }
        if let Some(cut) = cut {
            coded.truncate(cut.index(coded.len()));
        }
        let found = decoded(&[coding], &coded, &[1_000], 1 << 20);
        // Its checksum says so.
        if let (Coding::Gzip, Ok(found)) = (coding, found) && !coded.is_empty() {
            prop_assert_eq!(found, content);
        }
    }
}
