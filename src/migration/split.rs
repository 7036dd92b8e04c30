//! Which of several upstreams answers.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::auth::claims::{self, ClaimPath};
use crate::auth::presented;
use crate::expression::Expression;
use crate::limit::{KeyPart, Sight, key};
use crate::route::condition::{Expect, HeaderCondition};

/// Which of several upstreams answers.
#[derive(Debug, Clone)]
pub struct Split {
    /// Requests whose upstream is decided by what they are: the first that holds.
    pub rules: Vec<Rule>,
    /// Those that share all other requests, in the order in which their stretches follow one another.
    pub parts: Vec<Part>,
    /// What callers are told apart by; empty for chance.
    pub by: Vec<KeyPart>,
    /// What goes into the hash beside it.
    pub salt: Box<str>,
}

/// Requests that go to one upstream.
#[derive(Debug, Clone)]
pub struct Rule {
    /// The index of the upstream.
    pub upstream: usize,
    /// What must hold, all of it.
    pub tests: Vec<Test>,
}

/// A condition of a rule.
#[derive(Debug, Clone)]
pub enum Test {
    /// An expression is true.
    Expression(Arc<Expression>),
    /// A header field is as it must be.
    Header(HeaderCondition),
    /// A cookie is.
    Cookie(Box<str>, Expect),
    /// A claim of the caller's token is.
    Claim(ClaimPath, Expect),
}

/// An upstream that shares requests with others.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Part {
    /// The index of the upstream.
    pub upstream: usize,
    /// Its name.
    pub name: Box<str>,
    /// Its share, compared with the others'.
    pub weight: u32,
    /// The least and the greatest weight that may be set while the gateway runs; both are `weight` where none may.
    pub bounds: (u32, u32),
}

// === impl Split ===

impl Split {
    /// The index of the upstream of a request. `set`: weights that were set while the gateway ran; `chance`: random bits.
    pub fn choose(
        &self,
        sight: &Sight<'_>,
        set: Option<&BTreeMap<Box<str>, u32>>,
        chance: impl FnOnce() -> u64,
    ) -> Option<usize> {
        if let Some(rule) = self.rules.iter().find(|rule| rule.holds(sight)) {
            return Some(rule.upstream);
        }
        let point = match self.by.as_slice() {
            [] => chance(),
            by => key::point(&self.salt, by, sight),
        };
        self.at(point, set)
    }

    /// Whether weights can be set while the gateway runs.
    pub fn is_adjustable(&self) -> bool {
        self.parts.iter().any(|part| part.bounds.0 < part.bounds.1)
    }

    /// The indices of all its upstreams; some may be there twice.
    pub fn upstreams(&self) -> impl Iterator<Item = usize> {
        self.rules.iter().map(|rule| rule.upstream).chain(self.parts.iter().map(|part| part.upstream))
    }

    /// The weights in force: what was set, as far as it is within its bounds. What is beyond a bound counts as the bound; where
    /// nobody would have any requests, it is as if nothing had been set.
    pub fn weights<'a>(&'a self, set: Option<&'a BTreeMap<Box<str>, u32>>) -> impl Iterator<Item = u32> + 'a {
        let weight = |part: &Part, set: Option<&BTreeMap<Box<str>, u32>>| {
            let set = set.and_then(|set| set.get(&part.name));
            set.map_or(part.weight, |weight| (*weight).clamp(part.bounds.0, part.bounds.1))
        };
        let set = set.filter(|set| self.parts.iter().any(|part| weight(part, Some(set)) > 0));
        self.parts.iter().map(move |part| weight(part, set))
    }

    /// Who stands at `point` of a line of 2^64, on which each part has a stretch as long as its weight: the stretch that grows
    /// keeps all that it had, because those before it end earlier, and those after it begin later.
    fn at(&self, point: u64, set: Option<&BTreeMap<Box<str>, u32>>) -> Option<usize> {
        let all: u64 = self.weights(set).map(u64::from).sum();
        // Below `all`, so that it fits.
        let at = u64::try_from((u128::from(point) * u128::from(all)) >> 64).ok()?;
        let mut end = 0;
        let mut stretches = self.weights(set).zip(&self.parts);
        let found = stretches.find(|(weight, _)| {
            end += u64::from(*weight);
            at < end
        });
        found.map(|(_, part)| part.upstream)
    }
}

// === impl Rule ===

impl Rule {
    fn holds(&self, sight: &Sight<'_>) -> bool {
        self.tests.iter().all(|test| test.holds(sight))
    }
}

// === impl Test ===

impl Test {
    fn holds(&self, sight: &Sight<'_>) -> bool {
        let headers = &sight.asking.head.headers;
        match self {
            // One that cannot be evaluated says nothing about the request.
            Self::Expression(expression) => expression.holds(&sight.facts()).unwrap_or(false),
            Self::Header(condition) => condition.holds(headers),
            Self::Cookie(name, expect) => expect.holds(presented::cookie(headers, name).into_iter()),
            Self::Claim(path, expect) => {
                let claim = sight.caller.and_then(|caller| claims::at(&caller.claims, path));
                expect.holds(texts(claim).into_iter())
            }
        }
    }
}

/// The values of a claim as text: of a list, each.
fn texts(claim: Option<&serde_json::Value>) -> Vec<String> {
    use serde_json::Value;
    let one = |value: &Value| match value {
        Value::Null => None,
        Value::String(text) => Some(text.clone()),
        other => Some(other.to_string()),
    };
    match claim {
        None => Vec::new(),
        Some(Value::Array(list)) => list.iter().filter_map(one).collect(),
        Some(value) => one(value).into_iter().collect(),
    }
}

#[cfg(test)]
mod tests;
