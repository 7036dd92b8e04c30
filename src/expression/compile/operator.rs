//! Operators, and which types can stand beside them.

use cel::common::ast::IdedExpr;

use super::member::is_headers;
use super::{Compiler, Typed};
use crate::expression::facts::Variable;
use crate::expression::node::{Node, Operator};
use crate::expression::value::{Kind, Value};

impl Compiler<'_> {
    /// A call that is an operator of the grammar; `None` for one that is not.
    pub(super) fn operation(&mut self, name: &str, arguments: &[IdedExpr]) -> Option<Typed> {
        Some(match (name, arguments) {
            ("_&&_", [a, b]) => (Node::And(Box::new([self.condition(a), self.condition(b)])), Kind::Bool),
            ("_||_", [a, b]) => (Node::Or(Box::new([self.condition(a), self.condition(b)])), Kind::Bool),
            ("!_", [a]) => (Node::Not(Box::new(self.condition(a))), Kind::Bool),
            ("_?_:_", [condition, then, other]) => {
                let condition = self.condition(condition);
                let ((then, a), (other, b)) = (self.any(then), self.any(other));
                if then.is_optional() != other.is_optional() {
                    return Some(self.wrong("of `?:`, both are values, or both may be there or not"));
                }
                (Node::Choose(Box::new([condition, then, other])), if a == b { a } else { Kind::Any })
            }
            ("-_", [a]) => self.negation(a),
            ("_[_]", [of, at]) => self.element(of, at),
            ("_?._", [of, key]) => self.optional_member(of, key),
            ("_[?_]", [of, at]) => self.optional_element(of, at),
            ("_==_", [a, b]) => self.binary(Operator::Equal, a, b),
            ("_!=_", [a, b]) => self.binary(Operator::NotEqual, a, b),
            ("_<_", [a, b]) => self.binary(Operator::Less, a, b),
            ("_<=_", [a, b]) => self.binary(Operator::LessOrEqual, a, b),
            ("_>_", [a, b]) => self.binary(Operator::Greater, a, b),
            ("_>=_", [a, b]) => self.binary(Operator::GreaterOrEqual, a, b),
            ("@in", [a, b]) => self.within(a, b),
            ("_+_", [a, b]) => self.binary(Operator::Add, a, b),
            ("_-_", [a, b]) => self.binary(Operator::Subtract, a, b),
            ("_*_", [a, b]) => self.binary(Operator::Multiply, a, b),
            ("_/_", [a, b]) => self.binary(Operator::Divide, a, b),
            ("_%_", [a, b]) => self.binary(Operator::Remainder, a, b),
            _ => return None,
        })
    }

    /// `a in b`. A field of the request that is named so is asked for as others are.
    fn within(&mut self, a: &IdedExpr, b: &IdedExpr) -> Typed {
        let typed = self.binary(Operator::In, a, b);
        if let Node::Binary(Operator::In, operands) = &typed.0
            && let [Node::Constant(Value::Text(name)), Node::Variable(Variable::Headers)] = &**operands
        {
            self.fields.push((&**name).into());
            self.bare_headers = self.bare_headers.saturating_sub(1);
        }
        typed
    }

    fn negation(&mut self, of: &IdedExpr) -> Typed {
        let (node, kind) = self.node(of);
        if !matches!(kind, Kind::Any | Kind::Int | Kind::Double | Kind::Duration) {
            return self.wrong(format!("`-` cannot have {kind}"));
        }
        self.folded(Node::Negate(Box::new(node)), kind)
    }

    fn element(&mut self, of: &IdedExpr, at: &IdedExpr) -> Typed {
        let (of, at) = (self.any(of), self.node(at));
        match (&of.1, &at) {
            (kind, (Node::Constant(Value::Text(key)), _))
                if kind.may_be(Kind::Map) && !is_constant_map(&of.0) =>
            {
                self.member(of, &key.clone())
            }
            (Kind::List, (_, at)) if !at.may_be(Kind::Int) && !at.may_be(Kind::Uint) => {
                self.wrong(format!("a place in a list is a number from 0, and this is {at}"))
            }
            (Kind::List | Kind::Map | Kind::Any, _) => {
                let kind = if of.1 == Kind::List { Kind::Any } else { member_kind(&of.0) };
                if of.0.is_optional() {
                    return (Node::Optional(Box::new(Node::Element(Box::new([of.0, at.0])))), kind);
                }
                self.folded(Node::Element(Box::new([of.0, at.0])), kind)
            }
            (kind, _) => self.wrong(format!("{kind} has no members")),
        }
    }

    fn binary(&mut self, operator: Operator, a: &IdedExpr, b: &IdedExpr) -> Typed {
        let ((a, of_a), (b, of_b)) = (self.node(a), self.node(b));
        let Some(kind) = kind_of(operator, of_a, of_b) else {
            let sign = operator.sign();
            let equality = matches!(operator, Operator::Equal | Operator::NotEqual);
            let found = if equality {
                self.mistake(format!("{of_a} and {of_b} are never equal"))
            } else {
                self.mistake(format!("`{sign}` cannot have {of_a} and {of_b}"))
            };
            if equality && (of_a == Kind::List || of_b == Kind::List) {
                found.help = Some(
                    "whether an item is in a list is said with `in`: \"admin\" in caller.groups".to_owned(),
                );
            }
            return super::NOTHING;
        };
        self.folded(Node::Binary(operator, Box::new([a, b])), kind)
    }
}

fn is_constant_map(node: &Node) -> bool {
    matches!(node, Node::Constant(_) | Node::Map(_))
}

fn member_kind(of: &Node) -> Kind {
    use crate::expression::facts::Variable;
    match of {
        Node::Variable(Variable::Query | Variable::Params) => Kind::Text,
        of if is_headers(of) => Kind::Text,
        _ => Kind::Any,
    }
}

/// The kind of what an operator makes of two kinds; `None` where it can make nothing of them.
fn kind_of(operator: Operator, a: Kind, b: Kind) -> Option<Kind> {
    let numbers = a.may_be_number() && b.may_be_number();
    let unknown = a == Kind::Any || b == Kind::Any;
    match operator {
        Operator::Equal | Operator::NotEqual => (numbers || a.may_be(b)).then_some(Kind::Bool),
        Operator::Less | Operator::LessOrEqual | Operator::Greater | Operator::GreaterOrEqual => {
            let ordered = |kind| !matches!(kind, Kind::Null | Kind::List | Kind::Map);
            ((numbers || a.may_be(b)) && ordered(a) && ordered(b)).then_some(Kind::Bool)
        }
        Operator::In => (b.may_be(Kind::List) || b == Kind::Map).then_some(Kind::Bool),
        Operator::Add | Operator::Subtract if !unknown => match (a, b) {
            (Kind::Int | Kind::Uint | Kind::Double | Kind::Duration, _) if a == b => Some(a),
            (Kind::Text | Kind::List, _) if a == b && operator == Operator::Add => Some(a),
            (Kind::Timestamp, Kind::Duration) => Some(Kind::Timestamp),
            (Kind::Duration, Kind::Timestamp) if operator == Operator::Add => Some(Kind::Timestamp),
            (Kind::Timestamp, Kind::Timestamp) if operator == Operator::Subtract => Some(Kind::Duration),
            _ => None,
        },
        Operator::Add | Operator::Subtract => {
            let known = if a == Kind::Any { b } else { a };
            match known {
                Kind::Null | Kind::Bool | Kind::Map => None,
                // A time may be moved by a span, or be what a span is between.
                Kind::Timestamp | Kind::Duration => Some(Kind::Any),
                known => Some(known),
            }
        }
        Operator::Remainder if a == Kind::Double || b == Kind::Double => None,
        Operator::Multiply | Operator::Divide | Operator::Remainder => {
            (numbers && (unknown || a == b)).then_some(if a == Kind::Any { b } else { a })
        }
    }
}
