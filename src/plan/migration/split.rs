//! Splits, ready to be followed.

use super::super::compile::{Context, Pointer};
use super::super::expression::not_captured;
use super::super::scalar::is_token;
use crate::auth::claims::ClaimPath;
use crate::config;
use crate::diagnostic::Diagnostic;
use crate::expression::Kind;
use crate::migration::{Part, Rule, Split, Test};
use crate::route::condition::HeaderCondition;
use crate::route::pattern::Pattern;

/// The greatest weight: the sum of all fits 32 bits by far.
const MOST_WEIGHT: u32 = 1_000_000;
/// The most upstreams that share requests, and the most rules: each request may look at all of them.
const MOST_PARTS: usize = 64;

impl Context<'_> {
    /// Which of several upstreams answers, and the index of the first.
    pub(in crate::plan) fn split(
        &mut self,
        at: &Pointer,
        route: &str,
        written: &config::Split,
        pattern: &Pattern,
    ) -> Option<(usize, Split)> {
        for (key, number) in [("rules", written.rules.len()), ("to", written.to.len())] {
            if number > MOST_PARTS {
                self.error(&at.key(key), format!("at most {MOST_PARTS} can be written"));
            }
        }
        let rules: Vec<_> = written.rules.iter().zip(at.key("rules").indices()).collect();
        let rules: Vec<Rule> =
            rules.into_iter().filter_map(|(rule, at)| self.split_rule(&at, rule, pattern)).collect();
        let to = at.key("to");
        let parts: Vec<_> = written.to.iter().zip(to.indices()).collect();
        let parts: Vec<Part> = parts.into_iter().filter_map(|(part, at)| self.part(&at, part)).collect();
        self.shares_are_shares(at, &parts, written);
        let by = at.key("by");
        let by = written.by.as_ref().map(|parts| self.told_apart_by(&by, parts)).unwrap_or_default();
        if written.salt.is_some() && by.is_empty() {
            self.error(&at.key("salt"), "there is no hash for it to go into")
                .help("say by what callers are told apart: by = \"consumer\"");
        }
        let salt = written.salt.as_deref().unwrap_or(route).into();
        let first = parts.first()?.upstream;
        let split = Split { rules, parts, by, salt };
        self.can_be_set(at, &split);
        Some((first, split))
    }

    fn split_rule(&mut self, at: &Pointer, written: &config::SplitRule, pattern: &Pattern) -> Option<Rule> {
        let upstream = self.upstream_index(&at.key("upstream"), &written.upstream);
        let mut tests = Vec::new();
        if let Some(source) = &written.when {
            let at = at.key("when");
            let expression = self.expression(&at, source, Kind::Bool);
            for name in expression.iter().flat_map(|expression| expression.params()) {
                if let Some(help) = not_captured(pattern, name) {
                    let message =
                        format!("the rule asks for request.params.{name}, which the path does not capture");
                    self.error(&at, message).help(help);
                }
            }
            tests.extend(expression.map(Test::Expression));
        }
        for (name, condition) in &written.headers {
            let at = at.key("headers").key(name);
            let (name, expect) = (self.header_name(&at, name), self.expect(&at, condition));
            let both = name.zip(expect);
            tests.extend(both.map(|(name, expect)| Test::Header(HeaderCondition { name, expect })));
        }
        for (name, condition) in &written.cookies {
            let at = at.key("cookies").key(name);
            // RFC 6265 section 4.1.1: the name of a cookie is a token.
            if !is_token(name) {
                self.error(&at, format!("\"{name}\" cannot be the name of a cookie"));
            }
            tests
                .extend(self.expect(&at, condition).map(|expect| Test::Cookie(name.as_str().into(), expect)));
        }
        for (name, condition) in &written.claims {
            let at = at.key("claims").key(name);
            let expect = self.expect(&at, condition);
            match ClaimPath::parse(name) {
                Ok(path) => tests.extend(expect.map(|expect| Test::Claim(path, expect))),
                Err(why) => self.error(&at, why).help("such as \"tenant\""),
            }
        }
        let nothing = written.when.is_none()
            && written.headers.is_empty()
            && written.cookies.is_empty()
            && written.claims.is_empty();
        if nothing {
            self.error(at, "the rule is for all requests, so that nothing after it counts")
                .help("give it when, headers, cookies or claims");
        }
        Some(Rule { upstream: upstream?, tests })
    }

    fn part(&mut self, at: &Pointer, written: &config::SplitPart) -> Option<Part> {
        let upstream = self.upstream_index(&at.key("upstream"), &written.upstream);
        let weight = written.weight.unwrap_or(1);
        let bounds = match (written.min, written.max) {
            (None, None) => (weight, weight),
            (min, max) => (min.unwrap_or(0), max.unwrap_or(MOST_WEIGHT)),
        };
        for (key, value) in [("weight", Some(weight)), ("min", written.min), ("max", written.max)] {
            if value.is_some_and(|value| value > MOST_WEIGHT) {
                self.error(&at.key(key), format!("a weight is at most {MOST_WEIGHT}"));
            }
        }
        if !(bounds.0..=bounds.1).contains(&weight) {
            self.error(&at.key("weight"), format!("{weight} is not within {} and {}", bounds.0, bounds.1))
                .help("min and max bound what is written, too");
        }
        Some(Part { upstream: upstream?, name: written.upstream.as_str().into(), weight, bounds })
    }

    fn shares_are_shares(&mut self, at: &Pointer, parts: &[Part], written: &config::Split) {
        if written.to.is_empty() {
            self.error(at, "nobody gets the requests that no rule is for").help(
                "write to = [{ upstream = \"old\", weight = 90 }, { upstream = \"new\", weight = 10 }]",
            );
        } else if parts.len() == written.to.len() && parts.iter().all(|part| part.weight == 0) {
            self.error(&at.key("to"), "all weights are 0, so that nobody gets any requests");
        }
        for (index, part) in parts.iter().enumerate() {
            if parts[..index].iter().any(|other| other.name == part.name) {
                self.error(&at.key("to").index(index), format!("\"{}\" stands there twice", part.name))
                    .help("add its weights up");
            }
        }
        if let ([one], []) = (parts, written.rules.as_slice()) {
            self.error(at, format!("all requests go to \"{}\"", one.name))
                .help(format!("write upstream = \"{}\", or share them with another", one.name));
        }
    }

    /// A component remembers nothing: what is set must stand in a store.
    fn can_be_set(&mut self, at: &Pointer, split: &Split) {
        if split.is_adjustable() && !self.abilities.remembers && !self.has_live {
            let host = self.abilities.name;
            let message = format!("{host} remembers no weights: those that are written hold");
            self.report(Diagnostic::warning((&at.key("to")).into(), message))
                .help("add [live], so that weights stand in a store; or remove min and max");
        }
    }
}
