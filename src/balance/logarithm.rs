//! A logarithm that is the same on every host.
//!
//! `f64::ln` is whatever the platform's library makes of it, and two of them differ in the last bit: enough to send a key to
//! two targets. Addition, multiplication and division of `f64` are exact by IEEE 754, in WebAssembly too, and Rust never
//! joins two of them to one: what is made of nothing else is the same everywhere.

/// -ln of (b + 1/2) / 2^52, where b is the first 52 of `bits`: above 0 for all. The relative error is below 10^-11.
pub fn minus_ln(bits: u64) -> f64 {
    #[allow(clippy::cast_precision_loss, reason = "53 bits fit")]
    let odd = (((bits >> 12) << 1) | 1) as f64;
    let number = odd / 9_007_199_254_740_992.0;
    let raw = number.to_bits();
    let exponent = i32::try_from(raw >> 52).unwrap_or(0) - 1_023;
    // The mantissa, in [1, 2), and brought to [√½, √2), so that what is near 1 has the exponent 0 and loses no digits.
    let mut mantissa = f64::from_bits((raw & ((1 << 52) - 1)) | (1_023 << 52));
    let mut exponent = f64::from(exponent);
    if mantissa > std::f64::consts::SQRT_2 {
        mantissa *= 0.5;
        exponent += 1.0;
    }
    // ln m = 2 artanh s with s = (m - 1) / (m + 1), |s| < 0.172: the series ends at s^13 with a remainder below 10^-12.
    let s = (mantissa - 1.0) / (mantissa + 1.0);
    let square = s * s;
    let mut sum = 0.0;
    for divisor in [13.0, 11.0, 9.0, 7.0, 5.0, 3.0, 1.0] {
        sum = sum * square + 1.0 / divisor;
    }
    -(2.0 * s * sum + exponent * std::f64::consts::LN_2)
}

/// What [`fingerprint`] is on every host.
pub const FINGERPRINT: u64 = 0;

/// Every bit of 4,096 logarithms, mixed.
pub fn fingerprint() -> u64 {
    use super::hash::{mix, mix_two};
    (0..4_096).fold(0, |all, step| mix_two(all, minus_ln(mix(step)).to_bits()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn is_the_logarithm() {
        let mut bits = 1_u64;
        for step in 0..200_000_u64 {
            bits = crate::balance::hash::mix(bits.wrapping_add(step));
            for bits in [bits, u64::MAX - (bits >> 44), bits >> 50] {
                let odd = (((bits >> 12) << 1) | 1) as f64 / 9_007_199_254_740_992.0;
                let (ours, theirs) = (minus_ln(bits), -odd.ln());
                assert!(ours > 0.0, "{bits}");
                assert!((ours - theirs).abs() <= theirs * 1e-11, "{bits}: {ours} {theirs}");
            }
        }
        assert!(minus_ln(0) > 36.0 && minus_ln(u64::MAX) > 0.0);
    }

    /// The bits themselves: they run under WebAssembly as well (tests/web.rs).
    #[test]
    fn is_the_same_everywhere() {
        let found = fingerprint();
        assert_eq!(found, FINGERPRINT, "{found:#x}");
    }
}
