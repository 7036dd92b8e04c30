//! Equality, order and membership.

use std::cmp::Ordering;

use super::Run;
use crate::expression::fault::Fault;
use crate::expression::map::Map;
use crate::expression::node::Operator;
use crate::expression::value::{Kind, List, Value};

impl<'a> Run<'a> {
    /// Values of different types are different, but numbers are compared as numbers (CEL specification, "Equality").
    /// Claims nest no deeper than what reads them lets them, and an expression than its source: so does this.
    pub(super) fn equal(&mut self, a: &Value<'a>, b: &Value<'a>) -> Result<bool, Fault> {
        self.pay(1)?;
        match (a, b) {
            (Value::Null, Value::Null) => Ok(true),
            (Value::Text(a), Value::Text(b)) => {
                self.look(a.len().min(b.len()))?;
                Ok(a == b)
            }
            (Value::List(a), Value::List(b)) => self.equal_lists(a, b),
            (Value::Map(a), Value::Map(b)) => self.equal_maps(a, b),
            _ => {
                self.read_digits(a)?;
                self.read_digits(b)?;
                Ok(a.order(b) == Some(Ordering::Equal))
            }
        }
    }

    fn equal_lists(&mut self, a: &List<'a>, b: &List<'a>) -> Result<bool, Fault> {
        if a.len() != b.len() {
            return Ok(false);
        }
        for at in 0..a.len() {
            if let (Some(a), Some(b)) = (a.get(at), b.get(at))
                && !self.equal(&a, &b)?
            {
                return Ok(false);
            }
        }
        Ok(true)
    }

    fn equal_maps(&mut self, a: &Map<'a>, b: &Map<'a>) -> Result<bool, Fault> {
        self.pay(a.weight() + b.weight())?;
        let size = a.len();
        if size != b.len() {
            return Ok(false);
        }
        self.pay(size * super::MADE)?;
        for key in a.keys() {
            if !self.has_key(&key, b)? {
                return Ok(false);
            }
            let of_a = self.element(&Value::Map(a.clone()), &key)?;
            let of_b = self.element(&Value::Map(b.clone()), &key)?;
            if !self.equal(&of_a, &of_b)? {
                return Ok(false);
            }
        }
        Ok(true)
    }

    pub(super) fn ordered(
        &mut self,
        operator: Operator,
        a: &Value<'a>,
        b: &Value<'a>,
    ) -> Result<bool, Fault> {
        if let (Value::Text(a), Value::Text(b)) = (a, b) {
            self.look(a.len().min(b.len()))?;
        }
        self.read_digits(a)?;
        self.read_digits(b)?;
        let order = match a.order(b) {
            Some(order) => order,
            // Of numbers, only NaN has no order, and no comparison with it holds.
            None if a.kind().may_be_number() && b.kind().may_be_number() => return Ok(false),
            None => return Err(Fault::Mismatch(operator.sign(), a.kind(), b.kind())),
        };
        Ok(match operator {
            Operator::Less => order.is_lt(),
            Operator::LessOrEqual => order.is_le(),
            Operator::Greater => order.is_gt(),
            _ => order.is_ge(),
        })
    }

    /// `a in b`: an item of a list, or a key of a map.
    pub(super) fn contained(&mut self, a: &Value<'a>, b: &Value<'a>) -> Result<bool, Fault> {
        match b {
            Value::List(list) => {
                for at in 0..list.len() {
                    if let Some(item) = list.get(at)
                        && self.equal(&item, a)?
                    {
                        return Ok(true);
                    }
                }
                Ok(false)
            }
            Value::Map(map) => self.has_key(a, map),
            _ => Err(Fault::Mismatch("in", a.kind(), b.kind())),
        }
    }

    fn has_key(&mut self, key: &Value<'a>, map: &Map<'a>) -> Result<bool, Fault> {
        let kinds = [Kind::Bool, Kind::Int, Kind::Uint, Kind::Double, Kind::Text];
        match (map, key) {
            (_, key) if !kinds.contains(&key.kind()) => Err(Fault::Key),
            (Map::Made(pairs), _) => {
                for (other, _) in pairs.iter() {
                    if self.equal(other, key)? {
                        return Ok(true);
                    }
                }
                Ok(false)
            }
            (map, Value::Text(key)) => {
                self.make(map.weight() + key.len())?;
                Ok(map.has(key))
            }
            // The keys of all other maps are text.
            _ => Ok(false),
        }
    }
}
