//! Functions of lists.

use std::cmp::Ordering;
use std::collections::BTreeSet;
use std::sync::Arc;

use super::call::mismatch;
use super::text::whole;
use super::{Found, MADE, Run};
use crate::expression::fault::Fault;
use crate::expression::node::{Fold, Function};
use crate::expression::value::{Kind, List, Value};
use crate::json::MOST_DEPTH;

/// The longest list of numbers that is made from nothing.
pub(in crate::expression) const MOST_RANGE: i64 = 1_000;

/// What is compared by a search tree rather than with all others.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
enum Plain {
    Text(String),
    Whole(i128),
}

impl<'a> Run<'a> {
    /// A function whose first argument is a list.
    pub(super) fn of_list(&mut self, function: Function, list: &List<'a>, rest: &[Value<'a>]) -> Found<'a> {
        match (function, rest) {
            (Function::Slice, [from, to]) => {
                let place = |value| usize::try_from(whole(function, value)?).map_err(|_| Fault::OutOfRange);
                let (from, to) = (place(from)?, place(to)?);
                if from > to || to > list.len() {
                    return Err(Fault::OutOfRange);
                }
                self.pay((to - from) * MADE)?;
                list.slice(from..to).map(Value::List).ok_or(Fault::OutOfRange)
            }
            (Function::Flatten, depth) => {
                let depth = depth.first().map_or(Ok(1), |depth| whole(function, depth))?;
                let depth = usize::try_from(depth).map_err(|_| Fault::Bounds(function.name()))?;
                let mut flat = Vec::new();
                // Nothing is deeper than documents are, and what an expression makes of them.
                self.flatten(list, depth.min(MOST_DEPTH), &mut flat)?;
                Ok(made(flat))
            }
            (Function::Distinct, []) => self.distinct(list),
            (Function::Reverse, []) => {
                self.pay(list.len() * MADE)?;
                Ok(made((0..list.len()).rev().filter_map(|at| list.get(at)).collect()))
            }
            (Function::Sort, []) => {
                self.pay(list.len() * MADE)?;
                let items: Vec<_> = (0..list.len()).filter_map(|at| list.get(at)).collect();
                let order = self.order_of(&items, function.name())?;
                Ok(made(order.into_iter().filter_map(|at| items.get(at).cloned()).collect()))
            }
            (function, _) => Err(mismatch(function, &Value::List(list.clone()))),
        }
    }

    fn flatten(&mut self, list: &List<'a>, depth: usize, flat: &mut Vec<Value<'a>>) -> Result<(), Fault> {
        for at in 0..list.len() {
            self.pay(MADE)?;
            match list.get(at) {
                Some(Value::List(inner)) if depth > 0 => self.flatten(&inner, depth - 1, flat)?,
                item => flat.extend(item),
            }
        }
        Ok(())
    }

    /// The first of those that are equal, as `==` has it.
    fn distinct(&mut self, list: &List<'a>) -> Found<'a> {
        let mut kept: Vec<Value<'a>> = Vec::new();
        let mut seen = BTreeSet::new();
        // How many of those kept no search tree has.
        let mut others = 0;
        let levels = list.len().checked_ilog2().unwrap_or(0) as usize;
        for at in 0..list.len() {
            self.pay(MADE)?;
            let Some(item) = list.get(at) else { continue };
            let known = match self.plain(&item, levels)? {
                // What is not in the tree may be equal to a whole number, such as 1.0.
                Some(plain) => !seen.insert(plain) || others > 0 && self.is_among(&item, &kept)?,
                None => self.is_among(&item, &kept)?,
            };
            if !known {
                others += usize::from(!matches!(item, Value::Text(_) | Value::Int(_) | Value::Uint(_)));
                kept.push(item);
            }
        }
        Ok(made(kept))
    }

    fn plain(&mut self, item: &Value<'a>, levels: usize) -> Result<Option<Plain>, Fault> {
        Ok(match item {
            Value::Text(text) => {
                self.make(text.len())?;
                self.pay(levels + levels * text.len() / super::LOOKED)?;
                Some(Plain::Text(text.to_string()))
            }
            Value::Int(number) => {
                self.pay(levels)?;
                Some(Plain::Whole((*number).into()))
            }
            Value::Uint(number) => {
                self.pay(levels)?;
                Some(Plain::Whole((*number).into()))
            }
            _ => None,
        })
    }

    fn is_among(&mut self, item: &Value<'a>, kept: &[Value<'a>]) -> Result<bool, Fault> {
        for other in kept {
            if self.equal(item, other)? {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// `list.sortBy(item, key)`
    pub(super) fn sort_by(&mut self, fold: &'a Fold, list: &List<'a>) -> Found<'a> {
        let mut keys = Vec::new();
        for at in 0..list.len() {
            self.set(fold, list, at)?;
            self.pay(2 * MADE)?;
            keys.push(self.value(&fold.body)?);
        }
        let order = self.order_of(&keys, "sortBy")?;
        Ok(made(order.into_iter().filter_map(|at| list.get(at)).collect()))
    }

    /// The places of `keys` in their ascending order; those of equal ones as they stand. All must have an order with each
    /// other: all numbers, all texts, and so on.
    ///
    /// Sorted by merging, since each comparison is paid for and may fail, and the order of doubles and numbers of documents
    /// at the far end of what there is is not what sorting in the standard library may be given.
    fn order_of(&mut self, keys: &[Value<'a>], name: &'static str) -> Result<Vec<usize>, Fault> {
        if let Some(first) = keys.first() {
            for key in keys {
                self.compared(first, key, name)?;
            }
        }
        let mut order: Vec<usize> = (0..keys.len()).collect();
        let mut width = 1;
        while width < order.len() {
            let mut merged = Vec::with_capacity(order.len());
            for pair in order.chunks(2 * width) {
                let (left, right) = pair.split_at(width.min(pair.len()));
                let (mut left, mut right) = (left.iter().peekable(), right.iter().peekable());
                while let (Some(a), Some(b)) = (left.peek(), right.peek()) {
                    let (Some(one), Some(other)) = (keys.get(**a), keys.get(**b)) else { break };
                    let later = self.compared(one, other, name)? == Ordering::Greater;
                    merged.extend(if later { right.next() } else { left.next() });
                }
                merged.extend(left.chain(right));
            }
            order = merged;
            width *= 2;
        }
        Ok(order)
    }

    fn compared(&mut self, a: &Value<'a>, b: &Value<'a>, name: &'static str) -> Result<Ordering, Fault> {
        self.pay(2)?;
        if let (Value::Text(a), Value::Text(b)) = (a, b) {
            self.look(a.len().min(b.len()))?;
        }
        self.read_digits(a)?;
        self.read_digits(b)?;
        a.order(b).ok_or(Fault::Mismatch(name, a.kind(), b.kind()))
    }

    /// `lists.range(n)`
    pub(super) fn range(&mut self, size: i64) -> Found<'a> {
        if !(0..=MOST_RANGE).contains(&size) {
            return Err(Fault::Bounds(Function::Range.name()));
        }
        self.pay(usize::try_from(size).unwrap_or_default() * MADE)?;
        Ok(Value::List(List::Made((0..size).map(Value::Int).collect())))
    }

    /// `math.greatest(…)` and `math.least(…)`: the first of those that no other is more than, or less, as it was.
    pub(super) fn extreme(&mut self, function: Function, first: Value<'a>, rest: &[Value<'a>]) -> Found<'a> {
        let wanted = if function == Function::Greatest { Ordering::Less } else { Ordering::Greater };
        if let (Value::List(list), []) = (&first, rest) {
            let mut best = list.get(0).ok_or(Fault::OutOfRange)?;
            for at in 0..list.len() {
                let Some(item) = list.get(at) else { continue };
                best = self.better(function, wanted, best, item)?;
            }
            return Ok(best);
        }
        let mut best = self.better(function, wanted, first.clone(), first)?;
        for other in rest {
            best = self.better(function, wanted, best, other.clone())?;
        }
        Ok(best)
    }

    fn better(
        &mut self,
        function: Function,
        wanted: Ordering,
        best: Value<'a>,
        other: Value<'a>,
    ) -> Found<'a> {
        let number = |value: &Value<'_>| matches!(value.kind(), Kind::Int | Kind::Uint | Kind::Double);
        if !number(&other) || !number(&best) {
            return Err(mismatch(function, if number(&best) { &other } else { &best }));
        }
        let order = self.compared(&best, &other, function.name())?;
        Ok(if order == wanted { other } else { best })
    }
}

fn made(items: Vec<Value<'_>>) -> Value<'_> {
    Value::List(List::Made(Arc::from(items)))
}
