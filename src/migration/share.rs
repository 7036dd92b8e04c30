//! A share of requests.

/// A share of requests, in millionths.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Share(u32);

/// All of them.
const WHOLE: u32 = 1_000_000;

// === impl Share ===

impl Share {
    /// All requests.
    pub const ALL: Self = Self(WHOLE);

    /// Reads `"10%"` or `"0.25%"`: at most four digits after the point. `None` where it is no share, or of nothing.
    pub fn parse(text: &str) -> Option<Self> {
        let number = text.strip_suffix('%')?;
        let (whole, part) = number.split_once('.').unwrap_or((number, "0"));
        let digits = |text: &str, most: usize| {
            (1..=most).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_digit())
        };
        if !digits(whole, 3) || !digits(part, 4) {
            return None;
        }
        let part: u32 = format!("{part:0<4}").parse().ok()?;
        let millionths = whole.parse::<u32>().ok()? * 10_000 + part;
        (1..=WHOLE).contains(&millionths).then_some(Self(millionths))
    }

    /// Whether it has what stands at `point` of a line of 2^64: whatever it has, a larger share has too.
    pub fn has(self, point: u64) -> bool {
        (u128::from(point) * u128::from(WHOLE)) >> 64 < u128::from(self.0)
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn shares_are_read() {
        for (text, millionths) in
            [("100%", WHOLE), ("10%", 100_000), ("0.5%", 5_000), ("0.0001%", 1), ("12.25%", 122_500)]
        {
            assert_eq!(Share::parse(text), Some(Share(millionths)), "{text}");
        }
        for bad in ["", "%", "10", "0%", "101%", "1.%", ".5%", "-1%", "1.00001%", "1e1%", "1000%", "+1%"] {
            assert_eq!(Share::parse(bad), None, "{bad}");
        }
    }

    #[test]
    fn a_share_has_as_much_of_the_line_as_it_says() {
        let tenth = Share::parse("10%").unwrap();
        let steps = 1_000_u64;
        let middle = |step: u64| step * (u64::MAX / steps) + u64::MAX / steps / 2;
        let had = (0..steps).filter(|step| tenth.has(middle(*step))).count();
        assert_eq!(had, 100);
        assert!(Share::ALL.has(u64::MAX) && Share::ALL.has(0));
    }
}
