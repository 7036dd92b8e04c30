//! What an expression costs at most, found before there is a request.
//!
//! The same prices as in `evaluate`, for texts and lists that are as large as ordinary ones get. A larger one is
//! evaluated as far as the limit goes, and then denied: the limit holds for any request, this for those that come.

use super::evaluate::MADE;
use super::facts::Variable;
use super::map::Map;
use super::node::{Fold, Function, Node, Operator};
use super::value::{Kind, List, Value};

/// The longest text, in bytes, that is reckoned with: most fields and claims are shorter.
const TEXT: u64 = 256;

/// The longest list: providers put at most 200 groups into a token (Microsoft Entra's limit for JWTs).
const ITEMS: u64 = 256;

/// What one step costs with all that is before it, and how large its value gets.
#[derive(Clone, Copy)]
struct Price {
    units: u64,
    /// Bytes of a text; items of a list or map.
    size: u64,
    /// Whether it may have items.
    holds: bool,
}

/// The units that `node` uses at most.
pub(super) fn bound(node: &Node) -> u64 {
    price(node).units
}

fn price(node: &Node) -> Price {
    let own = match node {
        Node::Constant(value) => constant(value),
        Node::Variable(variable) => of_variable(*variable),
        Node::Present(_) => truth(0),
        Node::Local(_) => ANYTHING,
        Node::Member(of, key) => {
            let of = price(of);
            // The value of a header or parameter may have to be put together.
            Price { units: of.units.saturating_add(lookup(of, key) + TEXT / 4), ..ANYTHING }
        }
        Node::HasMember(of, key) => {
            let of = price(of);
            truth(of.units.saturating_add(lookup(of, key)))
        }
        Node::Element(both) => {
            let [of, at] = both.each_ref().map(price);
            let search = of.size.saturating_mul(equality(ANYTHING, at)).saturating_add(lookup(of, "") + TEXT);
            Price { units: sum(&[of.units, at.units, search]), ..ANYTHING }
        }
        Node::Not(of) | Node::Negate(of) | Node::Part(_, _, of) => truth(price(of).units),
        Node::And(both) | Node::Or(both) => truth(both.each_ref().map(|it| price(it).units).iter().sum()),
        Node::Choose(three) => {
            let [condition, then, other] = three.each_ref().map(price);
            Price { units: sum(&[condition.units, then.units.max(other.units)]), ..larger(then, other) }
        }
        Node::Binary(operator, both) => binary(*operator, both.each_ref().map(price)),
        Node::List(items) => made(items.iter(), 1),
        Node::Map(pairs) => {
            let all = made(pairs.iter().flatten(), 1);
            // Each key is compared with all before it.
            let size = all.size / 2;
            let keys = size.saturating_mul(size).saturating_mul(1 + TEXT / 4);
            Price { units: all.units.saturating_add(keys), size, holds: true }
        }
        Node::Call(function, arguments) => call(*function, arguments),
        Node::Matches(of, pattern) => {
            let of = price(of);
            truth(of.units.saturating_add(of.size.saturating_mul(pattern.weight.into())))
        }
        Node::InNetwork(of, networks) => {
            let of = price(of);
            truth(sum(&[of.units, of.size / 4, 2 * networks.len() as u64]))
        }
        Node::ClientIn(networks) => truth(2 * networks.len() as u64),
        Node::Fold(fold) => folded(fold),
    };
    Price { units: own.units.saturating_add(1), ..own }
}

/// What a claim may be.
const ANYTHING: Price = Price { units: 0, size: TEXT, holds: true };

fn truth(units: u64) -> Price {
    Price { units, size: 1, holds: false }
}

fn sum(units: &[u64]) -> u64 {
    units.iter().fold(0, |all, one| all.saturating_add(*one))
}

fn larger(a: Price, b: Price) -> Price {
    Price { units: 0, size: a.size.max(b.size), holds: a.holds || b.holds }
}

fn constant(value: &Value<'_>) -> Price {
    let size = match value {
        Value::Text(text) => text.len(),
        Value::List(List::Made(items)) => items.len(),
        Value::Map(Map::Made(pairs)) => pairs.len(),
        _ => 1,
    };
    Price { units: 0, size: size as u64, holds: matches!(value, Value::List(_) | Value::Map(_)) }
}

fn of_variable(variable: Variable) -> Price {
    match variable.kind() {
        Kind::Text => Price { units: 0, size: TEXT, holds: false },
        Kind::List | Kind::Map => Price { units: 0, size: ITEMS, holds: true },
        _ => truth(0),
    }
}

/// Looking for a key: at most through a whole query.
fn lookup(of: Price, key: &str) -> u64 {
    (of.size.max(TEXT) + key.len() as u64) / 4 + 2
}

/// Comparing two values: of two lists, item by item.
fn equality(a: Price, b: Price) -> u64 {
    let size = a.size.min(b.size);
    if a.holds && b.holds {
        // The items, or for maps the keys, the members and the lists of both.
        size.saturating_mul(2 * (MADE as u64 + TEXT / 4 + 1)) + TEXT
    } else {
        1 + a.size.min(b.size) / 4
    }
}

fn binary(operator: Operator, [a, b]: [Price; 2]) -> Price {
    let units = sum(&[a.units, b.units]);
    match operator {
        Operator::In => {
            let item = Price { units: 0, size: TEXT, holds: a.holds };
            // An item of a list is as like as not a text; what is looked for says what it is compared with.
            let one = equality(item, a);
            truth(sum(&[units, b.size.saturating_mul(one), lookup(b, "") + a.size / 4]))
        }
        Operator::Add => {
            let size = a.size.saturating_add(b.size);
            let making = if a.holds && b.holds { size.saturating_mul(MADE as u64) } else { size / 4 };
            Price { units: units.saturating_add(making), size, holds: a.holds && b.holds }
        }
        _ => truth(units.saturating_add(equality(a, b))),
    }
}

fn made<'n>(items: impl Iterator<Item = &'n Node>, each: u64) -> Price {
    let (mut units, mut size) = (0_u64, 0);
    for item in items {
        units = sum(&[units, price(item).units, MADE as u64]);
        size += each;
    }
    Price { units, size, holds: true }
}

fn call(function: Function, arguments: &[Node]) -> Price {
    let prices = arguments.iter().map(price);
    let (units, size) = prices.fold((0, 0), |(units, size), it| (sum(&[units, it.units]), sum(&[size, it.size])));
    let units = sum(&[units, size / 4, MADE as u64, lookup(ANYTHING, "")]);
    match function {
        Function::LowerAscii | Function::UpperAscii | Function::Text => Price { units, size: size.max(32), holds: false },
        _ => truth(units),
    }
}

fn folded(fold: &Fold) -> Price {
    let (range, body) = (price(&fold.range), price(&fold.body));
    let guard = fold.guard.as_ref().map_or(0, |guard| price(guard).units);
    let one = sum(&[body.units, guard, 2 + MADE as u64]);
    let keys = range.size.saturating_mul(MADE as u64).saturating_add(TEXT);
    let units = sum(&[range.units, keys, range.size.saturating_mul(one)]);
    Price { units, size: range.size, holds: true }
}
