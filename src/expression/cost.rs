//! What an expression costs at most, found before there is a request.
//!
//! The same prices as in `evaluate`, for texts and lists that are as large as ordinary ones get. A larger one is
//! evaluated as far as the limit goes, and then denied: the limit holds for any request, this for those that come.

use super::evaluate::{LOOKED, MADE, SPELLED};
use super::facts::Variable;
use super::map::Map;
use super::node::{Aim, Fold, Node, Operator};
use super::value::{Kind, List, Value};

mod function;

/// The longest text, in bytes, that is reckoned with: most fields and claims are shorter.
const TEXT: u64 = 256;

/// The longest list that is reckoned with: Microsoft Entra, for one, puts at most 200 groups into a token.
const ITEMS: u64 = 200;

/// What one step costs with all that is before it, and how large its value gets.
#[derive(Clone, Copy)]
struct Price {
    units: u64,
    /// If it is a text.
    bytes: u64,
    /// If it is a list or a map.
    items: u64,
    /// Whether it is compared as a list. Items of lists are taken to be texts: all that a token holds is one document,
    /// so where items hold items, there are fewer of them.
    holds: bool,
}

/// What a claim may be.
const ANYTHING: Price = Price { units: 0, bytes: TEXT, items: ITEMS, holds: true };

/// A text of ordinary length.
const WORD: Price = Price { units: 0, bytes: TEXT, items: 0, holds: false };

/// The units that `node` uses at most.
pub(super) fn bound(node: &Node) -> u64 {
    price(node).units
}

fn price(node: &Node) -> Price {
    let own = match node {
        Node::Constant(value) => constant(value),
        Node::Variable(variable) => of_variable(*variable),
        Node::Present(_) => truth(0),
        Node::Local(_) => Price { holds: false, ..ANYTHING },
        Node::Member(of, key) => {
            // The value of a header or parameter may have to be put together.
            let units = sum(&[price(of).units, lookup(key.len() as u64), spelled(TEXT)]);
            Price { units, ..ANYTHING }
        }
        Node::HasMember(of, key) => truth(sum(&[price(of).units, lookup(key.len() as u64)])),
        Node::Element(both) => {
            let [of, at] = both.each_ref().map(price);
            let search = of.items.saturating_mul(equality(WORD, at));
            Price { units: sum(&[of.units, at.units, search, lookup(at.bytes), spelled(TEXT)]), ..ANYTHING }
        }
        Node::Not(of) | Node::Part(_, _, of) => truth(price(of).units),
        // A number of a document is read first.
        Node::Negate(of) => truth(sum(&[price(of).units, 8])),
        Node::And(both) | Node::Or(both) => truth(sum(&both.each_ref().map(|it| price(it).units))),
        Node::Choose(three) => {
            let [condition, a, b] = three.each_ref().map(price);
            let units = sum(&[condition.units, a.units.max(b.units)]);
            let (bytes, items) = (a.bytes.max(b.bytes), a.items.max(b.items));
            Price { units, bytes, items, holds: a.holds || b.holds }
        }
        Node::Binary(operator, both) => binary(*operator, both.each_ref().map(price)),
        Node::List(items) => made(items.iter()),
        Node::Map(pairs) => {
            let all = made(pairs.iter().flatten());
            let items = pairs.len() as u64;
            // Each key is compared with all before it.
            let keys = items.saturating_mul(items).saturating_mul(equality(WORD, WORD));
            Price { units: sum(&[all.units, keys]), items, ..all }
        }
        Node::Call(function, arguments) => function::call(*function, arguments),
        Node::Matches(of, pattern) => {
            let of = price(of);
            truth(sum(&[of.units, of.bytes.saturating_mul(pattern.weight.into())]))
        }
        Node::InNetwork(of, networks) => {
            let of = price(of);
            truth(sum(&[of.units, spelled(of.bytes), 1, networks.len() as u64]))
        }
        Node::ClientIn(networks) => truth(networks.len() as u64),
        Node::Fold(fold) => folded(fold),
        Node::Optional(of) | Node::OptionalOf(of) | Node::ValueOf(of) => price(of),
        Node::OptionalNone => truth(0),
        Node::HasValue(of) => truth(price(of).units),
        Node::FirstOf(both) | Node::OrValue(both) => {
            let [a, b] = both.each_ref().map(price);
            let (bytes, items) = (a.bytes.max(b.bytes), a.items.max(b.items));
            Price { units: sum(&[a.units, b.units]), bytes, items, holds: a.holds || b.holds }
        }
    };
    Price { units: sum(&[own.units, 1]), ..own }
}

fn truth(units: u64) -> Price {
    // As text, where it is made one; and a number of a document beside it is compared digit by digit.
    Price { units, bytes: 128, items: 0, holds: false }
}

fn sum(units: &[u64]) -> u64 {
    units.iter().fold(0, |all, one| all.saturating_add(*one))
}

fn looked(bytes: u64) -> u64 {
    bytes / LOOKED as u64
}

fn spelled(bytes: u64) -> u64 {
    bytes / SPELLED as u64
}

fn constant(value: &Value<'_>) -> Price {
    match value {
        Value::Text(text) => Price { bytes: text.len() as u64, ..WORD },
        Value::List(List::Made(items)) => Price { bytes: 0, items: items.len() as u64, ..ANYTHING },
        Value::Map(Map::Made(pairs)) => Price { bytes: 0, items: pairs.len() as u64, ..ANYTHING },
        _ => truth(0),
    }
}

fn of_variable(variable: Variable) -> Price {
    match variable.kind() {
        Kind::Text => WORD,
        Kind::List | Kind::Map => Price { bytes: 0, ..ANYTHING },
        Kind::Any => ANYTHING,
        _ => truth(0),
    }
}

/// Looking for a key: at most through a whole query.
fn lookup(key: u64) -> u64 {
    spelled(TEXT + key) + 1
}

/// Comparing two values: of two lists item by item, of two maps by looking in both for each key.
fn equality(a: Price, b: Price) -> u64 {
    let text = 1 + looked(a.bytes.min(b.bytes));
    if !(a.holds && b.holds) {
        return text;
    }
    let item = sum(&[MADE as u64, 4, 2 * lookup(0), looked(TEXT)]);
    sum(&[text, 16, a.items.min(b.items).saturating_mul(item)])
}

fn binary(operator: Operator, [a, b]: [Price; 2]) -> Price {
    let units = sum(&[a.units, b.units]);
    match operator {
        Operator::In => {
            let one = equality(WORD, Price { holds: false, ..a });
            truth(sum(&[units, b.items.saturating_mul(one), lookup(a.bytes)]))
        }
        Operator::Add => {
            let (bytes, items) = (sum(&[a.bytes, b.bytes]), sum(&[a.items, b.items]));
            let holds = a.holds && b.holds;
            let making = if holds { items.saturating_mul(MADE as u64) } else { 0 };
            Price { units: sum(&[units, spelled(bytes), making]), bytes, items, holds }
        }
        _ => truth(sum(&[units, equality(a, b)])),
    }
}

fn made<'n>(items: impl Iterator<Item = &'n Node>) -> Price {
    let (mut units, mut count) = (0, 0);
    for item in items {
        units = sum(&[units, price(item).units, MADE as u64]);
        count += 1;
    }
    Price { units, bytes: 0, items: count, holds: true }
}

fn folded(fold: &Fold) -> Price {
    let (range, body) = (price(&fold.range), price(&fold.body));
    let guard = fold.guard.as_ref().map_or(0, |guard| price(guard).units);
    let making = match fold.aim {
        Aim::Map => MADE as u64,
        Aim::SortBy => sum(&[2 * MADE as u64, sorting(range.items)]),
        Aim::All | Aim::Exists | Aim::ExistsOne => 0,
    };
    let one = sum(&[body.units, guard, 2, making]);
    // The keys of a map become a list first.
    let keys = sum(&[range.items.saturating_mul(MADE as u64), TEXT]);
    let units = sum(&[range.units, keys, range.items.saturating_mul(one)]);
    Price { units, bytes: 0, items: range.items, holds: true }
}

/// Sorting, for one of so many items.
fn sorting(items: u64) -> u64 {
    let rounds = 2 + u64::from(items.checked_ilog2().unwrap_or(0));
    rounds.saturating_mul(2 + 8 + looked(TEXT))
}
