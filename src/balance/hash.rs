//! Hashes that are the same on every host, in every version, and for ever: what keeps a key at its target.

use sha2::{Digest as _, Sha256};

/// The hash of a target's name: the first 8 bytes of its SHA-256. Made once for each target of a set.
pub fn of_name(name: &str) -> u64 {
    let digest: [u8; 32] = Sha256::digest(name.as_bytes()).into();
    let mut first = [0; 8];
    first.copy_from_slice(&digest[..8]);
    u64::from_be_bytes(first)
}

/// Mixes 64 bits so that each depends on all: the finaliser of SplitMix64 (Steele, Lea, Flood, Fast Splittable Pseudorandom
/// Number Generators, 2014), which is a bijection.
pub const fn mix(mut bits: u64) -> u64 {
    bits = (bits ^ (bits >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    bits = (bits ^ (bits >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    bits ^ (bits >> 31)
}

/// The same for two numbers, in this order.
pub const fn mix_two(first: u64, second: u64) -> u64 {
    mix(mix(first).wrapping_add(0x9e37_79b9_7f4a_7c15) ^ second)
}

/// Random bits brought to 0 up to, but not including, `end`. Of 2^64 equally likely ones, none of `end` is more likely than
/// another by more than `end` / 2^64.
pub fn below(end: u64, bits: u64) -> u64 {
    let product = u128::from(bits) * u128::from(end);
    u64::try_from(product >> 64).unwrap_or(0)
}

/// Random bits brought to 0 up to, but not including, 1.
pub fn share(bits: u64) -> f64 {
    #[allow(clippy::cast_precision_loss, reason = "53 bits fit")]
    let whole = (bits >> 11) as f64;
    whole / 9_007_199_254_740_992.0
}
