//! Evaluation. Every step is paid for before it is made, so that it ends, and soon, whatever the request holds.
//!
//! A unit of cost is a step, or a few bytes looked at, or at most eight bytes made: the limit bounds time and memory
//! both. The laws are CEL's: `&&`, `||`, `all` and `exists` overlook a fault in one operand where another decides
//! alone. Being out of units is never overlooked.

use std::borrow::Cow;
use std::net::IpAddr;
use std::sync::Arc;

use super::facts::{Facts, Variable};
use super::fault::Fault;
use super::map::Map;
use super::node::{Aim, Fold, Node, Operator};
use super::number;
use super::value::{Kind, List, Value};
use super::{LIMIT, MOST_NESTED};
use crate::forward::client::Network;

mod arithmetic;
mod call;
mod compare;
mod list;
mod optional;
mod text;

pub(super) use list::MOST_RANGE;

/// Units for one value that is made: what [`Value`] takes, at eight bytes a unit.
pub(super) const MADE: usize = 8;

/// Bytes that are compared or searched for a unit.
pub(super) const LOOKED: usize = 32;

/// Bytes that are made, or looked at character by character, for a unit.
pub(super) const SPELLED: usize = 8;

/// Units for looking at a number as it is written.
const DIGITS: usize = 4;

/// Digits that cost a unit more: most numbers have fewer.
const MORE_DIGITS: usize = 64;

/// One evaluation.
pub(super) struct Run<'a> {
    facts: &'a Facts<'a>,
    locals: [Value<'a>; MOST_NESTED],
    left: u32,
}

type Found<'a> = Result<Value<'a>, Fault>;

// === impl Run ===

impl<'a> Run<'a> {
    pub(super) fn new(facts: &'a Facts<'a>) -> Self {
        Self::with(facts, LIMIT)
    }

    /// The same, with what an evaluation before it has left.
    pub(super) fn with(facts: &'a Facts<'a>, left: u32) -> Self {
        Self { facts, locals: [const { Value::Null }; MOST_NESTED], left }
    }

    /// The units left.
    pub(super) fn left(&self) -> u32 {
        self.left
    }

    /// The units used.
    pub(super) fn used(&self) -> u32 {
        LIMIT - self.left
    }

    /// Pays for what comes next.
    pub(super) fn pay(&mut self, units: usize) -> Result<(), Fault> {
        let left = u32::try_from(units).ok().and_then(|units| self.left.checked_sub(units));
        // Whoever has run out stays so: nothing that follows is cheap enough.
        self.left = left.unwrap_or(0);
        left.map(drop).ok_or(Fault::TooCostly)
    }

    /// Pays for comparing so many bytes, or searching in them.
    fn look(&mut self, bytes: usize) -> Result<(), Fault> {
        self.pay(bytes / LOOKED)
    }

    /// Pays for making text of so many bytes, or looking at its characters.
    pub(super) fn make(&mut self, bytes: usize) -> Result<(), Fault> {
        self.pay(bytes / SPELLED)
    }

    /// Pays for looking at numbers digit by digit, of what are some.
    fn read_digits(&mut self, value: &Value<'a>) -> Result<(), Fault> {
        match value {
            Value::Number(number) => self.pay(DIGITS + number.as_str().len() / MORE_DIGITS),
            _ => Ok(()),
        }
    }

    /// What is calculated with.
    fn calculable(&mut self, value: Value<'a>) -> Found<'a> {
        self.read_digits(&value)?;
        number::calculable(value)
    }

    pub(super) fn value(&mut self, node: &'a Node) -> Found<'a> {
        self.pay(1)?;
        match node {
            Node::Constant(value) => Ok(value.lent()),
            Node::Variable(variable) => self.facts.get(*variable),
            Node::Present(variable) => Ok(Value::Bool(self.facts.get(*variable).is_ok())),
            Node::Local(depth) => Ok(self.locals.get(*depth).cloned().unwrap_or(Value::Null)),
            Node::Member(of, key) => {
                let of = self.value(of)?;
                self.member(&of, key)
            }
            Node::HasMember(of, key) => {
                let map = self.value(of)?;
                let map = as_map(&map, "has()")?;
                self.make(map.weight() + key.len())?;
                Ok(Value::Bool(map.has(key)))
            }
            Node::Element(both) => {
                let [of, at] = &**both;
                let (of, at) = (self.value(of)?, self.value(at)?);
                self.element(&of, &at)
            }
            Node::Not(node) => Ok(Value::Bool(!self.truth(node, "!")?)),
            Node::Negate(node) => {
                let value = self.value(node)?;
                arithmetic::negate(&self.calculable(value)?)
            }
            Node::And(both) => self.either(both, false, "&&").map(Value::Bool),
            Node::Or(both) => self.either(both, true, "||").map(Value::Bool),
            Node::Choose(three) => {
                let [condition, then, other] = &**three;
                if self.truth(condition, "?:")? { self.value(then) } else { self.value(other) }
            }
            Node::Binary(operator, both) => self.binary(*operator, both),
            Node::List(items) => {
                self.pay(items.len() * MADE)?;
                Ok(Value::List(List::Made(self.items(items)?.into())))
            }
            Node::Map(pairs) => self.map(pairs),
            Node::Call(function, arguments) => self.call(*function, arguments),
            Node::Part(part, ahead, of) => call::part(*part, *ahead, &self.value(of)?),
            Node::Matches(of, pattern) => {
                let of = self.value(of)?;
                let text = as_text(&of, "matches()")?;
                self.pay(text.len().saturating_mul(pattern.weight as usize))?;
                Ok(Value::Bool(pattern.regex.is_match(text)))
            }
            Node::InNetwork(of, networks) => self.in_network(of, networks).map(Value::Bool),
            Node::ClientIn(networks) => {
                self.pay(networks.len())?;
                let name = Variable::ClientAddress.name();
                let address = self.facts.client.ok_or_else(|| Fault::Absent(name.into()))?;
                Ok(Value::Bool(networks.iter().any(|network| network.contains(address))))
            }
            Node::Fold(fold) => self.fold(fold),
            optional => self.about_optional(optional),
        }
    }

    /// A value that must be true or false.
    pub(super) fn truth(&mut self, node: &'a Node, what: &'static str) -> Result<bool, Fault> {
        match self.value(node)? {
            Value::Bool(truth) => Ok(truth),
            other => Err(Fault::Mismatch(what, other.kind(), Kind::Null)),
        }
    }

    /// `&&` and `||`: an operand that decides alone does so from either side, whatever is wrong with the other.
    fn either(&mut self, both: &'a [Node; 2], decisive: bool, what: &'static str) -> Result<bool, Fault> {
        let left = match self.truth(&both[0], what) {
            Ok(truth) if truth == decisive => return Ok(decisive),
            Err(Fault::TooCostly) => return Err(Fault::TooCostly),
            left => left,
        };
        match (left, self.truth(&both[1], what)) {
            (_, Ok(truth)) if truth == decisive => Ok(decisive),
            (_, Err(Fault::TooCostly)) => Err(Fault::TooCostly),
            (Err(fault), _) | (_, Err(fault)) => Err(fault),
            (Ok(_), Ok(_)) => Ok(!decisive),
        }
    }

    fn in_network(&mut self, of: &'a Node, networks: &[Network]) -> Result<bool, Fault> {
        let of = self.value(of)?;
        let text = as_text(&of, "in_network()")?;
        self.make(text.len() + 8 * networks.len())?;
        let address: IpAddr = text.parse().map_err(|_| Fault::Unreadable("IP address"))?;
        Ok(networks.iter().any(|network| network.contains(address)))
    }

    fn member(&mut self, of: &Value<'a>, key: &str) -> Found<'a> {
        let map = as_map(of, ".")?;
        self.make(map.weight() + key.len())?;
        let found = map.get(key)?;
        if let Value::Text(Cow::Owned(text)) = &found {
            self.make(text.len())?;
        }
        Ok(found)
    }

    fn element(&mut self, of: &Value<'a>, at: &Value<'a>) -> Found<'a> {
        match (of, at) {
            (Value::Map(Map::Made(pairs)), at) => {
                for (key, value) in pairs.iter() {
                    if self.equal(key, at)? {
                        return Ok(value.clone());
                    }
                }
                Err(Fault::Absent("key".into()))
            }
            (Value::Map(_), Value::Text(key)) => self.member(of, key),
            (Value::List(list), Value::Int(_) | Value::Uint(_)) => {
                let at = match at {
                    Value::Int(at) => usize::try_from(*at).ok(),
                    Value::Uint(at) => usize::try_from(*at).ok(),
                    _ => None,
                };
                at.and_then(|at| list.get(at)).ok_or(Fault::OutOfRange)
            }
            _ => Err(Fault::Mismatch("[]", of.kind(), at.kind())),
        }
    }

    fn map(&mut self, pairs: &'a [[Node; 2]]) -> Found<'a> {
        self.pay(2 * pairs.len() * MADE)?;
        let mut made: Vec<(Value<'a>, Value<'a>)> = Vec::with_capacity(pairs.len());
        for [key, value] in pairs {
            let key = self.value(key)?;
            if !matches!(key, Value::Bool(_) | Value::Int(_) | Value::Uint(_) | Value::Text(_)) {
                return Err(Fault::Key);
            }
            for (other, _) in &made {
                if self.equal(other, &key)? {
                    return Err(Fault::Key);
                }
            }
            if let Some(value) = self.perhaps(value)? {
                made.push((key, value));
            }
        }
        Ok(Value::Map(Map::Made(made.into())))
    }

    fn binary(&mut self, operator: Operator, both: &'a [Node; 2]) -> Found<'a> {
        let (a, b) = (self.value(&both[0])?, self.value(&both[1])?);
        match operator {
            Operator::Equal => self.equal(&a, &b).map(Value::Bool),
            Operator::NotEqual => self.equal(&a, &b).map(|equal| Value::Bool(!equal)),
            Operator::In => self.contained(&a, &b).map(Value::Bool),
            Operator::Less | Operator::LessOrEqual | Operator::Greater | Operator::GreaterOrEqual => {
                self.ordered(operator, &a, &b).map(Value::Bool)
            }
            Operator::Add => self.add(a, &b),
            _ => arithmetic::calculate(operator, &self.calculable(a)?, &self.calculable(b)?),
        }
    }

    // === macros ===

    fn fold(&mut self, fold: &'a Fold) -> Found<'a> {
        let list = match self.value(&fold.range)? {
            Value::List(list) => list,
            Value::Map(map) => {
                self.pay(map.weight() + map.len() * MADE)?;
                List::Made(map.keys().into())
            }
            other => return Err(Fault::Mismatch("a macro", other.kind(), Kind::Null)),
        };
        match fold.aim {
            Aim::All => self.any(fold, &list, false).map(|found| Value::Bool(!found)),
            Aim::Exists => self.any(fold, &list, true).map(Value::Bool),
            Aim::ExistsOne => self.count(fold, &list).map(|count| Value::Bool(count == 1)),
            Aim::Map => self.mapped(fold, &list),
            Aim::SortBy => self.sort_by(fold, &list),
        }
    }

    fn set(&mut self, fold: &Fold, list: &List<'a>, at: usize) -> Result<(), Fault> {
        self.pay(2)?;
        if let (Some(local), Some(item)) = (self.locals.get_mut(fold.depth), list.get(at)) {
            *local = item;
        }
        Ok(())
    }

    /// Whether one of the items is `wanted`: it decides, whatever is wrong with others.
    fn any(&mut self, fold: &'a Fold, list: &List<'a>, wanted: bool) -> Result<bool, Fault> {
        let mut wrong = None;
        for at in 0..list.len() {
            self.set(fold, list, at)?;
            match self.truth(&fold.body, "a macro") {
                Ok(truth) if truth == wanted => return Ok(true),
                Ok(_) => {}
                Err(Fault::TooCostly) => return Err(Fault::TooCostly),
                Err(fault) => wrong = Some(fault),
            }
        }
        wrong.map_or(Ok(false), Err)
    }

    fn count(&mut self, fold: &'a Fold, list: &List<'a>) -> Result<usize, Fault> {
        let mut count = 0;
        for at in 0..list.len() {
            self.set(fold, list, at)?;
            count += usize::from(self.truth(&fold.body, "exists_one()")?);
        }
        Ok(count)
    }

    fn mapped(&mut self, fold: &'a Fold, list: &List<'a>) -> Found<'a> {
        let mut made = Vec::new();
        for at in 0..list.len() {
            self.set(fold, list, at)?;
            if let Some(guard) = &fold.guard
                && !self.truth(guard, "filter()")?
            {
                continue;
            }
            self.pay(MADE)?;
            made.push(self.value(&fold.body)?);
        }
        Ok(Value::List(List::Made(Arc::from(made))))
    }
}

fn as_map<'v, 'a>(value: &'v Value<'a>, what: &'static str) -> Result<&'v Map<'a>, Fault> {
    match value {
        Value::Map(map) => Ok(map),
        other => Err(Fault::Mismatch(what, other.kind(), Kind::Null)),
    }
}

fn as_text<'v>(value: &'v Value<'_>, what: &'static str) -> Result<&'v str, Fault> {
    match value {
        Value::Text(text) => Ok(text),
        other => Err(Fault::Mismatch(what, other.kind(), Kind::Null)),
    }
}
