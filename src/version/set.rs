//! Sets of an API's versions, by their indices.

/// A set of an API's versions.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
pub struct Set(u64);

// === impl Set ===

impl Set {
    /// The first `count` versions.
    pub fn first(count: usize) -> Self {
        (0..count).fold(Self::default(), Self::with)
    }

    /// This set and the version of this index; what is beyond [`super::MOST_VERSIONS`] is in no set.
    #[must_use]
    pub fn with(self, index: usize) -> Self {
        Self(self.0 | bit(index))
    }

    /// What is in either.
    #[must_use]
    pub const fn and(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    /// What is in both.
    #[must_use]
    pub const fn shared(self, other: Self) -> Self {
        Self(self.0 & other.0)
    }

    /// Whether the version of this index is in it.
    pub fn contains(self, index: usize) -> bool {
        self.0 & bit(index) != 0
    }

    /// Whether nothing is in it.
    pub const fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// The indices, from the oldest.
    pub fn indices(self) -> impl Iterator<Item = usize> {
        (0..super::MOST_VERSIONS).filter(move |index| self.contains(*index))
    }
}

fn bit(index: usize) -> u64 {
    u32::try_from(index).ok().and_then(|index| 1_u64.checked_shl(index)).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn holds_as_many_as_an_api_may_have() {
        let all = Set::first(crate::version::MOST_VERSIONS);
        assert_eq!(all.indices().count(), crate::version::MOST_VERSIONS);
        assert_eq!(all, all.with(64).with(usize::MAX));
        assert_eq!(Set::first(3).with(9).indices().collect::<Vec<_>>(), [0, 1, 2, 9]);
        assert!(Set::first(2).shared(Set::default().with(2)).is_empty());
    }
}
