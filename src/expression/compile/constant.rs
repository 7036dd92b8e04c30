//! What must be constant, so that no request chooses it and it is parsed once: patterns, networks, zones.

use cel::common::ast::IdedExpr;
use regex_lite::RegexBuilder;

use super::Compiler;
use crate::expression::node::{Node, Pattern};
use crate::expression::time;
use crate::expression::value::{List, Value};
use crate::forward::client::{Network, NetworkError};

/// The longest regular expression, in bytes.
const MOST_PATTERN: usize = 256;

/// Sizes of a compiled regular expression, in bytes; the last is the largest allowed.
const PATTERN_SIZES: [usize; 6] = [1 << 10, 2 << 10, 4 << 10, 8 << 10, 16 << 10, 32 << 10];

/// What one state of a compiled regular expression takes, in bytes. regex-lite visits each state at most once for each
/// character, so its time is at most their product.
const STATE: usize = 32;

impl Compiler<'_> {
    /// Text that is the same for every request.
    fn text(&mut self, expr: &IdedExpr) -> Option<String> {
        match self.node(expr).0 {
            Node::Constant(Value::Text(text)) => Some(text.into_owned()),
            _ => None,
        }
    }

    /// A regular expression in the syntax of regex-lite, which is RE2's without classes of Unicode.
    pub(super) fn pattern(&mut self, expr: &IdedExpr) -> Option<Pattern> {
        let Some(text) = self.text(expr) else {
            self.mistake("the pattern of matches() must be a text written in the expression").help =
                Some("a pattern that a request could choose could not be bounded in cost".to_owned());
            return None;
        };
        if text.len() > MOST_PATTERN {
            self.mistake(format!("a pattern has at most {MOST_PATTERN} bytes"));
            return None;
        }
        let mut last = None;
        for size in PATTERN_SIZES {
            match RegexBuilder::new(&text).size_limit(size).build() {
                Ok(regex) => {
                    let weight = u32::try_from(size / STATE).unwrap_or(u32::MAX);
                    return Some(Pattern { regex, weight });
                }
                Err(error) => last = Some(error),
            }
        }
        let why = last.map(|error| error.to_string()).unwrap_or_default();
        self.mistake(format!("the pattern {text:?} is not a usable regular expression: {why}"));
        None
    }

    /// One network, or a list of them.
    pub(super) fn networks(&mut self, expr: &IdedExpr) -> Box<[Network]> {
        let texts: Option<Vec<String>> = match self.node(expr).0 {
            Node::Constant(Value::Text(text)) => Some(vec![text.into_owned()]),
            Node::Constant(Value::List(List::Made(items))) => items
                .iter()
                .map(|item| match item {
                    Value::Text(text) => Some(text.clone().into_owned()),
                    _ => None,
                })
                .collect(),
            _ => None,
        };
        let Some(texts) = texts else {
            self.mistake("the networks of in_network() must be texts written in the expression").help =
                Some("such as in_network(client.address, [\"10.0.0.0/8\", \"2001:db8::/32\"])".to_owned());
            return Box::default();
        };
        texts.iter().filter_map(|text| self.network(text)).collect()
    }

    fn network(&mut self, text: &str) -> Option<Network> {
        match text.parse() {
            Ok(network) => Some(network),
            Err(NetworkError::HostBits(meant)) => {
                self.mistake(format!("{text:?} has bits beyond its prefix")).help =
                    Some(format!("did you mean \"{meant}\"?"));
                None
            }
            Err(error) => {
                self.mistake(format!("{text:?} is no network: {error}"));
                None
            }
        }
    }

    /// How many seconds a zone is ahead of UTC.
    pub(super) fn zone(&mut self, expr: &IdedExpr) -> Option<i64> {
        self.text(expr).and_then(|text| time::offset(&text))
    }
}
