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

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use std::net::SocketAddr;
    use std::sync::Arc;

    use http::{HeaderMap, HeaderValue, Method};
    use serde_json::{Value, json};

    use crate::explain::{Question, explain};
    use crate::host::UnixMillis;
    use crate::plan::{Abilities, Plan};

    /// What is said of the limits of a request with a field `x-tenant`.
    fn limits(headers: &[(&'static str, &'static str)], body: u64) -> Value {
        let document = serde_json::from_value(json!({
            "auth": { "keys": { "api_key": { "header": "x-api-key" } } },
            "store": {},
            "rate_limits": {
                "door": { "rate": "9/s", "ipv6_prefix": 48 },
                "tenant": { "quota": { "limit": 5, "per": "day" }, "key": [{ "header": "x-tenant" }, "consumer"],
                            "store": "default", "shadow": true },
                "sid": { "window": { "limit": 90, "per": "1m" }, "key": { "cookie": "sid" }, "weight": { "body": "1kB" } },
                "not-now": { "rate": "9/s", "when": "request.method == 'DELETE'" },
            },
            "routes": [{ "id": "a", "auth": { "any": "keys", "optional": true }, "shield": "door",
                         "rate_limits": ["tenant", "sid", "not-now"], "respond": {} }],
        }))
        .unwrap();
        let plan = Plan::compile(&[("a.json".to_owned(), document)], &Abilities::NATIVE).unwrap().0;
        let headers =
            headers.iter().map(|(name, value)| (name.parse().unwrap(), HeaderValue::from_static(value)));
        let question = Question {
            method: Method::POST,
            secure: false,
            authority: "a".to_owned(),
            target: "/".to_owned(),
            headers: headers.collect::<HeaderMap>(),
            body,
            content: None,
            peer: SocketAddr::from(([0x2001, 0xdb8, 1, 2, 3, 4, 5, 6], 0)),
            now: UnixMillis(0),
            caller: None,
        };
        let explanation = explain(&Arc::new(plan), &question).unwrap();
        serde_json::to_value(explanation).unwrap()["limits"].clone()
    }

    #[test]
    fn whose_permits_and_how_many() {
        let all = limits(&[("x-tenant", "t"), ("cookie", "sid=secret")], 2_500);
        let door = json!({
            "limit": "door", "allows": "9 per 1s", "shield": true, "weight": 1, "shadow": false,
            "key": [{ "part": "address (/32, IPv6 /48)", "value": "2001:db8:1::", "stands_in": false }],
        });
        let sid = json!({
            "limit": "sid", "allows": "90 in each 1m", "shield": false, "weight": 3, "shadow": false,
            "key": [{ "part": "cookie sid", "stands_in": false }],
        });
        let tenant = json!({
            "limit": "tenant", "allows": "5 each day (UTC)", "shield": false, "weight": 1, "shadow": true,
            "store": "default",
            "key": [{ "part": "header x-tenant", "value": "t", "stands_in": false },
                    { "part": "consumer", "value": "2001:db8:1:2::", "stands_in": true }],
        });
        // Memory is asked before any store.
        assert_eq!(all, json!([door, sid, tenant]));
    }

    #[test]
    fn limits_that_were_not_asked_are_not_there() {
        // The key is no key: nobody gets past the shield.
        let all = limits(&[("x-api-key", "k")], 0);
        assert_eq!(all.as_array().unwrap().iter().map(|limit| &limit["limit"]).collect::<Vec<_>>(), ["door"]);
    }
}
