//! What counts in memory while a store does not answer: a share of the limit.

use super::{Algorithm, Key, Limit, OnFailure, Place, Weight};

/// What is told apart from the limit's own keys by this byte of a key, all of whose bits are a digest's.
const LOCAL: u8 = 0xff;

// === impl Limit ===

impl Limit {
    /// What counts in memory while the store does not answer, where that was asked for: the limit's share in percent, at
    /// least one permit. Made once, with the plan.
    pub fn local_share(&self) -> Option<Box<Self>> {
        let OnFailure::Local(percent) = self.on_failure else { return None };
        Some(Box::new(Self {
            name: self.name.clone(),
            algorithm: self.algorithm.share(u64::from(percent)),
            key: Vec::new(),
            weight: Weight::Constant(1),
            when: None,
            place: Place::Memory,
            lease: 1,
            shadow: self.shadow,
            on_failure: OnFailure::Allow,
            local: None,
            timeout: self.timeout,
        }))
    }
}

// === impl Algorithm ===

impl Algorithm {
    /// So many percent of it: of its permits, rounded down but at least 1, and of its rate.
    fn share(&self, percent: u64) -> Self {
        let part = |permits: u64| (permits.saturating_mul(percent) / 100).max(1);
        match self {
            Self::Bucket { permits, per, burst } => {
                let burst = part(*burst);
                let rounded = Self::Bucket { permits: part(*permits), per: *per, burst };
                let exact = permits.checked_mul(percent).zip(per.checked_mul(100)).map(|(permits, per)| {
                    let divisor = greatest_common_divisor(permits, per).max(1);
                    Self::Bucket { permits: permits / divisor, per: per / divisor, burst }
                });
                exact.filter(Self::is_countable).unwrap_or(rounded)
            }
            Self::Fixed { most, per } => Self::Fixed { most: part(*most), per: *per },
            Self::Sliding { most, per } => Self::Sliding { most: part(*most), per: *per },
            Self::Calendar { most, period, zone } => {
                Self::Calendar { most: part(*most), period: *period, zone: zone.clone() }
            }
            Self::Concurrent { most } => Self::Concurrent { most: part(*most) },
        }
    }
}

fn greatest_common_divisor(a: u64, b: u64) -> u64 {
    if b == 0 { a } else { greatest_common_divisor(b, a % b) }
}

// === impl Key ===

impl Key {
    /// The key under which the share is counted.
    pub fn locally(mut self) -> Self {
        self.0[0] ^= LOCAL;
        self
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn shares() {
        let bucket = |permits, per, burst| Algorithm::Bucket { permits, per, burst };
        assert_eq!(bucket(100, 1_000, 200).share(50), bucket(1, 20, 100));
        // Five a minute, a tenth of which is one in two minutes.
        assert_eq!(bucket(5, 60_000, 5).share(10), bucket(1, 120_000, 1));
        assert_eq!(bucket(7, 1_000, 7).share(100), bucket(7, 1_000, 7));
        let fixed = |most| Algorithm::Fixed { most, per: 1_000 };
        assert_eq!(fixed(100).share(33), fixed(33));
        assert_eq!(fixed(2).share(10), fixed(1));
        // Where a product would be too great, what comes back is rounded.
        let day = 86_400_000;
        assert_eq!(bucket(10_000_019, day, 10_000_019).share(33), bucket(3_300_006, day, 3_300_006));
    }
}
