//! Codings as others write them, in every piece, and everything that is wrong with them.

#![allow(clippy::unwrap_used)]

use bytes::Bytes;
use http::HeaderValue;

use super::*;
use crate::coding::Coding::{Brotli, Deflate, Gzip, Zstd};

const TEXT: &str = "Hello, codings! Hello, codings! Hello, codings! Hello, codings!";

/// [`TEXT`] as gzip 1.12, zlib 1.3, Node's brotli 1.0 and zstd 1.5 write it.
const WRITTEN: [(Coding, &str); 8] = [
    (Gzip, "1f8b0800000000000003f348cdc9c9d75148ce4fc9cc4b2f5654f0208d0f00782446f53f000000"),
    // With a name and a time.
    (Gzip, "1f8b0808445d026b0003682e74787400f348cdc9c9d75148ce4fc9cc4b2f5654f0208d0f00782446f53f000000"),
    (Deflate, "789cf348cdc9c9d75148ce4fc9cc4b2f5654f0208d0f00b0e11581"),
    // Without zlib around it.
    (Deflate, "f348cdc9c9d75148ce4fc9cc4b2f5654f0208d0f00"),
    (Brotli, "1b3e00f8454f96ea7529281d33dbe74138150398d1a41ca9da9b3700"),
    (Zstd, "28b52ffd243fbd00008048656c6c6f2c20636f64696e67732120010098682e01932bcb97"),
    // Without a checksum; without the length, as from a pipe.
    (Zstd, "28b52ffd203fbd00008048656c6c6f2c20636f64696e67732120010098682e01"),
    (Zstd, "28b52ffd0458bd00008048656c6c6f2c20636f64696e67732120010098682e01932bcb97"),
];

fn bytes(hex: &str) -> Vec<u8> {
    (0..hex.len()).step_by(2).map(|at| u8::from_str_radix(&hex[at..at + 2], 16).unwrap()).collect()
}

/// `content` decoded, of which `size` bytes arrive at once.
fn decoded(codings: &[Coding], content: &[u8], size: usize, most: u64) -> Result<Vec<u8>, Fault> {
    let mut decoder = Decoder::new(codings, most);
    let mut out = Vec::new();
    for piece in content.chunks(size) {
        decoder.push(Bytes::copy_from_slice(piece));
        while let Some(piece) = decoder.pull()? {
            assert!(!piece.is_empty() && piece.len() <= decode::PIECE);
            out.extend_from_slice(&piece);
        }
    }
    decoder.finish().map(|()| out)
}

fn encoded(coding: Coding, content: &[u8]) -> Vec<u8> {
    let (mut encoder, mut out) = (Encoder::new(coding), Vec::new());
    encoder.write(content, &mut out).unwrap();
    encoder.finish(&mut out).unwrap();
    out
}

#[test]
fn what_others_write_is_read_in_every_piece() {
    for (coding, hex) in WRITTEN {
        let content = bytes(hex);
        for size in 1..=content.len() {
            assert_eq!(decoded(&[coding], &content, size, 63).unwrap(), TEXT.as_bytes(), "{coding} {hex}");
        }
        assert_eq!(decode(&[coding], content.clone().into(), 63).unwrap(), TEXT);
        assert_eq!(decode(&[coding], content.into(), 62), Err(Fault::TooLarge), "{coding} {hex}");
    }
}

#[test]
fn what_is_cut_off_is_told() {
    for (coding, hex) in WRITTEN {
        let content = bytes(hex);
        for end in 1..content.len() {
            let found = decode(&[coding], content[..end].to_vec().into(), 63);
            assert_eq!(found, Err(Fault::Truncated(coding)), "{hex} {end}");
        }
        assert_eq!(decode(&[coding], Bytes::new(), 63).unwrap(), "");
    }
}

#[test]
fn what_stands_behind_the_end_is_told() {
    for (coding, hex) in WRITTEN {
        for behind in [&b"\0\0\0\0"[..], b"x", b"<html>"] {
            let content = [bytes(hex), behind.to_vec()].concat();
            for size in [1, 7, content.len()] {
                let found = decoded(&[coding], &content, size, 99);
                // Four bytes tell that what follows is no frame.
                let expected = match coding {
                    Zstd if behind.len() < 4 => Fault::Truncated(coding),
                    _ => Fault::Trailing(coding),
                };
                assert_eq!(found, Err(expected), "{hex} {behind:?}");
            }
        }
    }
}

#[test]
fn members_and_frames_stand_one_behind_the_other() {
    for coding in [Gzip, Zstd] {
        let one = |text: &str| encoded(coding, text.as_bytes());
        let both = [one("ab"), one(""), one("cd")].concat();
        for size in [1, 5, both.len()] {
            assert_eq!(decoded(&[coding], &both, size, 4).unwrap(), b"abcd", "{coding}");
        }
    }
    // RFC 8878 section 3.1.2: a frame to be skipped, before and behind.
    let skipped = bytes("502a4d1803000000010203");
    let content = [skipped.clone(), encoded(Zstd, b"ab"), skipped].concat();
    for size in [1, 4, content.len()] {
        assert_eq!(decoded(&[Zstd], &content, size, 2).unwrap(), b"ab");
    }
}

#[test]
fn every_bit_counts() {
    for (coding, hex) in WRITTEN {
        let content = bytes(hex);
        for at in 0..content.len() * 8 {
            let mut changed = content.clone();
            changed[at / 8] ^= 1 << (at % 8);
            // Never more than allowed, and never a panic; with a checksum, never something else.
            let found = decode(&[coding], changed.into(), 63);
            let checked = coding == Gzip && !hex.contains("6b0003");
            // Time, system and level say nothing of the content.
            if checked && !(32..80).contains(&at) {
                assert!(found.as_deref().is_err() || found.as_deref() == Ok(TEXT.as_bytes()), "{at}");
            }
        }
    }
}

#[test]
fn codings_around_codings() {
    let twice = encoded(Brotli, &encoded(Gzip, TEXT.as_bytes()));
    let thrice = encoded(Zstd, &twice);
    assert_eq!(decoded(&[Gzip, Brotli], &twice, 3, 100).unwrap(), TEXT.as_bytes());
    assert_eq!(decoded(&[Gzip, Brotli, Zstd], &thrice, 1, 100).unwrap(), TEXT.as_bytes());
    assert_eq!(decoded(&[Brotli, Gzip], &twice, 3, 100), Err(Fault::Corrupt(Gzip)));
    // What stands between counts too.
    let bomb = encoded(Gzip, &encoded(Gzip, &vec![0; 4 << 20]));
    assert_eq!(decoded(&[Gzip, Gzip], &bomb, 64, 1_000), Err(Fault::TooLarge));
}

#[test]
fn much_of_little_is_bounded() {
    for coding in Coding::ALL {
        let bomb = encoded(coding, &vec![0; 16 << 20]);
        assert!(bomb.len() < 1 << 16, "{coding}: {}", bomb.len());
        assert_eq!(decode(&[coding], bomb.clone().into(), 1 << 20), Err(Fault::TooLarge), "{coding}");
        assert_eq!(decode(&[coding], bomb.into(), 16 << 20).unwrap().len(), 16 << 20, "{coding}");
    }
}

#[test]
fn windows_that_are_too_large_are_refused() {
    // RFC 8878 section 3.1.1.1.2: 8 MiB, and an eighth more.
    for (window, fault) in
        [(13 << 3, None), (13 << 3 | 1, Some(Fault::Window)), (31 << 3, Some(Fault::Window))]
    {
        let content = [vec![0x28, 0xb5, 0x2f, 0xfd, 0, window], bytes("010000")].concat();
        assert_eq!(decode(&[Zstd], content.into(), 9).err(), fault, "{window}");
    }
    // RFC 7932 section 9.1: what other formats use for larger windows is no window.
    assert_eq!(decode(&[Brotli], bytes("111e06").into(), 9), Err(Fault::Corrupt(Brotli)));
}

#[test]
fn a_dictionary_that_nobody_has_is_refused() {
    // RFC 1950 section 2.2 and RFC 8878 section 3.1.1.1.3.
    assert!(decode(&[Deflate], bytes("78bb1a0b045df348").into(), 99).is_err());
    assert_eq!(decode(&[Zstd], bytes("28b52ffd2107003800010000").into(), 99), Err(Fault::Corrupt(Zstd)));
}

#[test]
fn fields_name_codings() {
    let named = |values: &[&'static str]| {
        let values = values.iter().map(|value| (CONTENT_ENCODING, HeaderValue::from_static(value)));
        of(&values.collect())
    };
    assert_eq!(named(&[]), Ok(vec![]));
    assert_eq!(named(&["identity", " , "]), Ok(vec![]));
    assert_eq!(named(&["X-GZip"]), Ok(vec![Gzip]));
    assert_eq!(named(&["gzip, identity", "br"]), Ok(vec![Gzip, Brotli]));
    assert_eq!(named(&["deflate,zstd,br"]), Ok(vec![Deflate, Zstd, Brotli]));
    assert_eq!(named(&["gzip, gzip, gzip, gzip"]), Err(Fault::TooMany));
    for unknown in ["compress", "gzip;q=1", "gz", "aes128gcm"] {
        assert_eq!(named(&[unknown]), Err(Fault::Unknown), "{unknown}");
    }
}

#[test]
fn what_is_flushed_can_be_read() {
    for coding in Coding::ALL {
        let (mut encoder, mut decoder) = (Encoder::new(coding), Decoder::new(&[coding], 1 << 20));
        let mut all = Vec::new();
        for event in ["data: 1\n\n", "data: 2\n\n", "data: 3\n\n"] {
            let mut out = Vec::new();
            encoder.write(event.as_bytes(), &mut out).unwrap();
            encoder.flush(&mut out).unwrap();
            all.extend_from_slice(&out);
            decoder.push(out.into());
            let mut read = Vec::new();
            while let Some(piece) = decoder.pull().unwrap() {
                read.extend_from_slice(&piece);
            }
            // The library keeps what is in the window until the frame ends.
            if coding != Zstd {
                assert_eq!(read, event.as_bytes(), "{coding}");
            }
        }
        encoder.finish(&mut all).unwrap();
        assert_eq!(decode(&[coding], all.into(), 99).unwrap().len(), 27, "{coding}");
    }
}

#[test]
fn large_content_of_every_kind_comes_back() {
    let mut state = 1_u32;
    let mut noise = |_| {
        state ^= state << 13;
        state ^= state >> 17;
        state ^= state << 5;
        u8::try_from(state >> 24).unwrap()
    };
    let random: Vec<u8> = (0..400_000).map(&mut noise).collect();
    let words: Vec<u8> = (0..400_000)
        .flat_map(|at| TEXT.as_bytes().get(at % 17..at % 23).unwrap_or_default())
        .copied()
        .collect();
    let mixed = [&words[..100_000], &random[..100_000], &words[..100_000]].concat();
    for content in [random, words, mixed, vec![7; 300_000], vec![]] {
        for coding in Coding::ALL {
            let coded = encoded(coding, &content);
            assert!(coded.len() <= content.len() + content.len() / 1_000 + 64, "{coding}: {}", coded.len());
            assert_eq!(decode(&[coding], coded.into(), 1 << 22).unwrap(), content, "{coding}");
        }
    }
}
