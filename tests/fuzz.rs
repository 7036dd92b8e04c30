//! Parsers of what strangers send, fed with what was changed at random: each target is a plain function of bytes that
//! must not panic, and says in itself what else must hold.
//!
//! `TOLLGATE_FUZZ_ROUNDS` says how often each target is fed (20,000 by default: a second or two), and
//! `TOLLGATE_FUZZ_SEED` with which sequence it begins. A round that fails prints the bytes.

#![allow(clippy::unwrap_used)]

use std::env;
use std::panic;

#[path = "fuzz/certificate.rs"]
mod certificate;

#[path = "fuzz/cors.rs"]
mod cors;

#[path = "fuzz/format.rs"]
mod format;

#[path = "fuzz/json.rs"]
mod json;

#[path = "fuzz/patch.rs"]
mod patch;

#[path = "fuzz/template.rs"]
mod template;

#[path = "fuzz/token.rs"]
mod token;

#[path = "tokens/signer.rs"]
mod signer;

/// How often each target is fed unless the environment says otherwise.
const ROUNDS: u64 = 20_000;

#[test]
fn origins() {
    run(cors::origin, &cors::origins());
}

#[test]
fn preflights() {
    run(cors::preflight, &cors::preflights());
}

#[test]
fn client_certificates() {
    run(certificate::field, &certificate::seeds());
}

#[test]
fn text_with_holes() {
    run(template::holes, &template::seeds());
}

#[test]
fn pages() {
    run(template::pages, &template::seeds());
}

#[test]
fn json_documents() {
    run(json::document, &json::documents());
}

#[test]
fn json_paths() {
    run(json::path, &json::paths());
}

#[test]
fn patches() {
    run(patch::operations, &patch::seeds());
}

#[test]
fn merge_patches() {
    run(patch::changes, &patch::seeds());
}

#[test]
fn json_in_pieces() {
    run(format::pieces, &json::documents());
}

#[test]
fn xml_documents() {
    run(format::xml, &format::documents());
}

#[test]
fn soap_envelopes() {
    run(format::envelope, &format::envelopes());
}

#[test]
fn forms() {
    run(format::form, &format::forms());
}

#[test]
fn lines_of_json() {
    run(format::lines, &format::several());
}

#[test]
fn accepted_formats() {
    run(format::accepted, &format::wishes());
}

#[test]
fn tokens() {
    run(token::token, &token::seeds());
}

/// Feeds `target` with what comes of `seeds`, changed in one to eight places.
fn run(target: fn(&[u8]), seeds: &[Vec<u8>]) {
    let number = |name: &str, usual: u64| env::var(name).map_or(usual, |text| text.parse().unwrap());
    let mut random = Random(number("TOLLGATE_FUZZ_SEED", 1).max(1));
    for seed in seeds {
        target(seed);
    }
    for _ in 0..number("TOLLGATE_FUZZ_ROUNDS", ROUNDS) {
        let bytes = changed(seeds, &mut random);
        if let Err(failure) = panic::catch_unwind(|| target(&bytes)) {
            eprintln!("fed with {:?}", bytes.escape_ascii().to_string());
            panic::resume_unwind(failure);
        }
    }
}

fn changed(seeds: &[Vec<u8>], random: &mut Random) -> Vec<u8> {
    let mut bytes = seeds[random.below(seeds.len())].clone();
    for _ in 0..=random.below(8) {
        let at = random.below(bytes.len() + 1);
        match random.below(7) {
            0 if at < bytes.len() => bytes[at] ^= 1 << random.below(8),
            1 if at < bytes.len() => bytes[at] = random.below(256) as u8,
            2 => bytes.insert(at, INTERESTING[random.below(INTERESTING.len())]),
            3 if at < bytes.len() => drop(bytes.remove(at)),
            4 => bytes.truncate(at),
            // A piece of another seed, in the middle.
            5 => {
                let other = &seeds[random.below(seeds.len())];
                let (from, length) = (random.below(other.len() + 1), random.below(64));
                bytes.splice(at..at, other[from..].iter().copied().take(length));
            }
            // A piece of its own, again.
            _ => {
                let piece: Vec<_> = bytes[at..].iter().copied().take(random.below(64)).collect();
                bytes.splice(at..at, piece);
            }
        }
    }
    bytes
}

/// What parsers look for.
const INTERESTING: &[u8] = b".,;:=\"'\\/{}[]()-_ \t\r\n\0*?&%#@~\x7f\xff0149aAzZ";

/// xorshift64*: the same sequence everywhere. Its state is never zero.
struct Random(u64);

impl Random {
    fn below(&mut self, end: usize) -> usize {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        (self.0.wrapping_mul(0x2545_f491_4f6c_dd1d) >> 33) as usize % end.max(1)
    }
}
