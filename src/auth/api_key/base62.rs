//! Numbers in base 62: letters and digits only, so that a double click selects all of it and no URL, header or shell
//! has to escape it.

/// The digits in the order of their values, which is also their order in ASCII.
pub const DIGITS: &[u8; 62] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

/// How many digits 256 bits need: 62^43 is a little more than 2^256.
pub const LENGTH_OF_256: usize = 43;

/// How many digits 32 bits need.
pub const LENGTH_OF_32: usize = 6;

/// `number`, most significant byte first, in [`LENGTH_OF_256`] digits, zeros in front.
pub fn push_256(out: &mut String, number: &[u8; 32]) {
    let mut rest = *number;
    let mut digits = [0_u8; LENGTH_OF_256];
    for digit in digits.iter_mut().rev() {
        let mut remainder = 0_usize;
        for byte in &mut rest {
            let value = remainder << 8 | usize::from(*byte);
            // Never more than 255: the remainder before was below 62.
            *byte = u8::try_from(value / 62).unwrap_or(u8::MAX);
            remainder = value % 62;
        }
        *digit = DIGITS[remainder];
    }
    out.extend(digits.into_iter().map(char::from));
}

/// `number` in [`LENGTH_OF_32`] digits, zeros in front.
pub fn push_32(out: &mut String, mut number: u32) {
    let mut digits = [0_u8; LENGTH_OF_32];
    for digit in digits.iter_mut().rev() {
        *digit = DIGITS[(number % 62) as usize];
        number /= 62;
    }
    out.extend(digits.into_iter().map(char::from));
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of_256(number: [u8; 32]) -> String {
        let mut out = String::new();
        push_256(&mut out, &number);
        out
    }

    fn of_32(number: u32) -> String {
        let mut out = String::new();
        push_32(&mut out, number);
        out
    }

    #[test]
    fn small_numbers_are_filled_with_zeros() {
        let mut number = [0; 32];
        assert_eq!(of_256(number), "0".repeat(43));
        number[31] = 61;
        assert_eq!(of_256(number), format!("{}z", "0".repeat(42)));
        number[31] = 62;
        assert_eq!(of_256(number), format!("{}10", "0".repeat(41)));
        number[30] = 1;
        number[31] = 0;
        assert_eq!(of_256(number), format!("{}48", "0".repeat(41)));
    }

    /// Computed with Python: `int.from_bytes(b"\xff" * 32)` by repeated `divmod(…, 62)`.
    #[test]
    fn the_largest_numbers_fit() {
        assert_eq!(of_256([0xff; 32]), MOST_256);
        assert_eq!(of_32(u32::MAX), MOST_32);
        assert_eq!(of_32(0), "000000");
    }

    const MOST_256: &str = "yhjskwdA6OZ1AL1YmHWZWm8LLG7HjnuCA2j5rOw8Xp1";
    const MOST_32: &str = "4gfFC3";
}
