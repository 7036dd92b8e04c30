//! By which limits a request is counted: whose permits it takes, and how many.

use serde::Serialize;

use crate::auth::{Asking, Caller};
use crate::limit::{self, KeyPart, Limit, Limits, Place, Sight, Wanted};

/// A limit that a request is counted by.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Counted {
    /// The limit's name.
    pub limit: String,
    /// What it allows, in words: `100 in each 1m`.
    pub allows: String,
    /// Whether that is counted before anybody is asked who they are.
    pub shield: bool,
    /// How many permits the request takes.
    pub weight: u64,
    /// Whose permits these are.
    pub key: Vec<Part>,
    /// The label of the store in which that is counted; `None` for the memory of each server.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub store: Option<String>,
    /// Whether the limit refuses nobody.
    pub shadow: bool,
}

/// A part of a key.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Part {
    /// What it is, in words: `header x-tenant`.
    pub part: String,
    /// What the request has of it; `None` for a secret.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub value: Option<String>,
    /// Whether the request has nothing of it, and its client's address stands in.
    pub stands_in: bool,
}

/// The limits among `judged`, which are indices, that count what is asked for, in the order in which they were asked.
pub(super) fn all(
    limits: &Limits,
    asking: &Asking<'_>,
    caller: Option<&Caller>,
    judged: &[usize],
) -> Vec<Counted> {
    let shield = asking.route.limits.shield.iter().copied();
    let own = limit::applying(limits, asking, caller);
    let counted = |applying: &mut dyn Iterator<Item = usize>, sight: &Sight<'_>, shield| {
        // Where the body's length is not announced the answer says so.
        let wanted = limit::wanted(limits, applying, sight, &[]).unwrap_or_default();
        let each = wanted.iter().map(|wanted| (wanted.limit, of(limits, wanted, sight, shield)));
        each.collect::<Vec<_>>()
    };
    let mut found = counted(&mut { shield }, &Sight::new(asking, None), true);
    found.extend(counted(&mut { own }, &Sight::new(asking, caller), false));
    let place = |index: usize| judged.iter().position(|judged| *judged == index);
    found.retain(|(index, _)| place(*index).is_some());
    found.sort_by_key(|(index, _)| place(*index));
    found.into_iter().map(|(_, counted)| counted).collect()
}

fn of(limits: &Limits, wanted: &Wanted, sight: &Sight<'_>, shield: bool) -> Counted {
    let limit = &limits.all[wanted.limit];
    let store = match limit.place {
        Place::Memory => None,
        Place::Store(index) => limits.stores.get(index).map(|store| store.label.to_string()),
    };
    Counted {
        limit: limit.name.to_string(),
        allows: limit.algorithm.to_string(),
        shield,
        weight: wanted.weight,
        key: limit.key.iter().map(|part| Part::of(part, limit, sight)).collect(),
        store,
        shadow: limit.shadow,
    }
}

// === impl Part ===

impl Part {
    fn of(part: &KeyPart, limit: &Limit, sight: &Sight<'_>) -> Self {
        let (value, stands_in) = sight.look(part, |said| match said {
            Some(said) => (said.to_string(), false),
            None => (sight.stand_in(&limit.key).to_string(), true),
        });
        let is_secret = part.is_secret() && !stands_in;
        Self { part: part.to_string(), value: Some(value).filter(|_| !is_secret), stands_in }
    }
}
