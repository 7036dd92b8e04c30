//! What functions cost at most.

use super::{ITEMS, Price, TEXT, WORD, equality, looked, price, sorting, spelled, sum, truth};
use crate::expression::evaluate::{MADE, MOST_RANGE};
use crate::expression::node::{Function, Node};
use crate::expression::value::Value;

pub(super) fn call(function: Function, arguments: &[Node]) -> Price {
    let prices: Vec<Price> = arguments.iter().map(price).collect();
    let bytes = prices.iter().fold(0, |bytes, it| sum(&[bytes, it.bytes]));
    let units = prices.iter().fold(0, |units, it| sum(&[units, it.units]));
    let units = sum(&[units, spelled(bytes.max(TEXT)), MADE as u64]);
    let first = prices.first().copied().unwrap_or(WORD);
    let second = prices.get(1).copied().unwrap_or(WORD);
    match function {
        Function::LowerAscii | Function::UpperAscii | Function::Text => {
            Price { units, bytes: bytes.max(128), ..WORD }
        }
        Function::Trim | Function::CharAt | Function::Substring | Function::Encode | Function::Decode => {
            let bytes = first.bytes.saturating_mul(2).max(TEXT);
            Price { units: sum(&[units, 2 * spelled(bytes)]), bytes, ..WORD }
        }
        Function::IndexOf | Function::LastIndexOf => truth(sum(&[units, 2 * spelled(bytes)])),
        Function::Replace => {
            // Each letter may be replaced, and something put before and behind each.
            let new = prices.get(2).map_or(TEXT, |new| new.bytes);
            let bytes = sum(&[first.bytes, sum(&[first.bytes, 1]).saturating_mul(new)]);
            Price {
                units: sum(&[units, 2 * spelled(sum(&[bytes, second.bytes, first.bytes]))]),
                bytes,
                ..WORD
            }
        }
        Function::Split => {
            let items = sum(&[first.bytes, 1]);
            let units = sum(&[units, items.saturating_mul(1 + MADE as u64), 2 * spelled(bytes), MADE as u64]);
            Price { units, bytes: 0, items, holds: true }
        }
        Function::Join => {
            let one = sum(&[TEXT, if prices.len() > 1 { second.bytes } else { 0 }]);
            let bytes = first.items.saturating_mul(one);
            let units = sum(&[units, first.items.saturating_mul(2), spelled(bytes), first.items]);
            Price { units, bytes, ..WORD }
        }
        _ => of_list(function, arguments, first, units),
    }
}

fn of_list(function: Function, arguments: &[Node], first: Price, units: u64) -> Price {
    let making = |items: u64| items.saturating_mul(MADE as u64);
    let list = |units, items| Price { units, bytes: 0, items, holds: true };
    match function {
        Function::Slice => list(sum(&[units, making(first.items)]), first.items),
        Function::Reverse => {
            let units = sum(&[units, making(first.items), spelled(first.bytes)]);
            Price { units, ..first }
        }
        Function::Flatten => {
            // Where items hold items, there are fewer of them; but what an expression puts together is known.
            let items = match arguments.first() {
                Some(Node::List(items)) => {
                    items.iter().map(|it| price(it).items.max(1)).fold(0, |all, one| sum(&[all, one]))
                }
                _ => first.items.max(ITEMS),
            };
            list(sum(&[units, making(sum(&[items, first.items]))]), items)
        }
        Function::Distinct => {
            let items = first.items;
            let pairs = items.saturating_mul(items) / 2;
            let one = equality(WORD, WORD);
            let tree = items.saturating_mul(sum(&[spelled(TEXT), 16 * (1 + looked(TEXT))]));
            list(sum(&[units, making(items), tree.max(pairs.saturating_mul(one))]), items)
        }
        Function::Sort => {
            let items = first.items;
            list(sum(&[units, making(items), items.saturating_mul(sorting(items))]), items)
        }
        Function::Range => {
            let most = MOST_RANGE.unsigned_abs();
            let items = match arguments.first() {
                Some(Node::Constant(Value::Int(size))) => size.unsigned_abs().min(most),
                Some(Node::Call(Function::Size, of)) => of.first().map_or(most, |of| price(of).items.max(1)),
                _ => most,
            };
            list(sum(&[units, making(items)]), items)
        }
        Function::Greatest | Function::Least => {
            let items = sum(&[first.items, arguments.len() as u64 + 1]);
            truth(sum(&[units, items.saturating_mul(2 + 8 + looked(TEXT))]))
        }
        _ => truth(sum(&[units, 8])),
    }
}
