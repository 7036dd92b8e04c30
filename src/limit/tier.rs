//! Which plan a caller has.

use super::{Limits, Tier};
use crate::auth::Caller;

// === impl Limits ===

impl Limits {
    /// The plan that a caller has, as an index in [`Limits::tiers`]: that which its consumer names; else the first, in
    /// the order of the plans' names, that is for one of its groups; else the default; else none.
    ///
    /// A consumer that is managed while the gateway runs may name a plan that there is not. It is then as if it named
    /// none: it still has what its groups give it, and the default.
    pub fn tier_of(&self, caller: Option<&Caller>) -> Option<usize> {
        let position = |wanted: &dyn Fn(&Tier) -> bool| self.tiers.iter().position(wanted);
        let named = caller.and_then(|caller| caller.consumer.as_deref()?.plan.as_deref());
        let own = named.and_then(|plan| self.tiers.binary_search_by(|tier| (*tier.name).cmp(plan)).ok());
        let by_group = || {
            let groups = caller.map(|caller| &*caller.groups).filter(|groups| !groups.is_empty())?;
            position(&|tier| tier.groups.iter().any(|group| groups.contains(group)))
        };
        own.or_else(by_group).or_else(|| position(&|tier| tier.default))
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use std::sync::Arc;

    use super::*;
    use crate::auth::caller::Consumer;

    fn texts(texts: &[&str]) -> Vec<Box<str>> {
        texts.iter().map(|text| (*text).into()).collect()
    }

    fn limits(with_default: bool) -> Limits {
        let tier = |name: &str, groups: &[&str], default| Tier {
            name: name.into(),
            limits: Vec::new(),
            groups: texts(groups),
            default,
        };
        let tiers = vec![
            tier("bronze", &["staff"], false),
            tier("free", &[], with_default),
            tier("gold", &["partners", "staff"], false),
            tier("silver", &["partners"], false),
        ];
        Limits { tiers, ..Limits::default() }
    }

    fn caller(plan: Option<&str>, groups: &[&str]) -> Caller {
        let consumer = Consumer { plan: plan.map(Into::into), ..Consumer::default() };
        Caller { consumer: Some(Arc::new(consumer)), groups: texts(groups), ..Caller::default() }
    }

    #[test]
    fn the_consumers_own_plan_then_its_groups_then_the_default() {
        for (plan, groups, with_default, without) in [
            (Some("gold"), &["staff"][..], Some("gold"), Some("gold")),
            (Some("silver"), &[], Some("silver"), Some("silver")),
            // The first by name, whatever the order of the caller's groups.
            (None, &["partners", "staff"], Some("bronze"), Some("bronze")),
            (None, &["partners"], Some("gold"), Some("gold")),
            (None, &["others"], Some("free"), None),
            (None, &[], Some("free"), None),
            // A plan that there is not.
            (Some("platinum"), &["partners"], Some("gold"), Some("gold")),
            (Some("platinum"), &[], Some("free"), None),
            (Some("Gold"), &[], Some("free"), None),
        ] {
            for (default, expected) in [(true, with_default), (false, without)] {
                let limits = limits(default);
                let found = limits.tier_of(Some(&caller(plan, groups)));
                let found = found.map(|index| &*limits.tiers[index].name);
                assert_eq!(found, expected, "{plan:?} {groups:?} {default}");
            }
        }
    }

    #[test]
    fn nobody_in_particular_has_the_default() {
        assert_eq!(limits(true).tier_of(None), Some(1));
        assert_eq!(limits(false).tier_of(None), None);
        // A caller without a consumer has groups all the same: a token says them.
        let caller = Caller { groups: texts(&["partners"]), ..Caller::default() };
        assert_eq!(limits(true).tier_of(Some(&caller)), Some(2));
        assert_eq!(Limits::default().tier_of(Some(&caller)), None);
    }
}
