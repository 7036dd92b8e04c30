//! What may be there or not: CEL's optional values, which are asked for and said something about, but never values of their
//! own.

use cel::common::ast::{Expr, IdedExpr, LiteralValue};

use super::{Compiler, Typed};
use crate::expression::facts::Variable;
use crate::expression::node::Node;
use crate::expression::value::{Kind, Value};

impl Compiler<'_> {
    /// `of.?key`.
    pub(super) fn optional_member(&mut self, of: &IdedExpr, key: &IdedExpr) -> Typed {
        let Expr::Literal(LiteralValue::String(key)) = &key.expr else {
            return self.wrong("the expression cannot be read");
        };
        // `caller.?subject`: the variable itself may not be there.
        if let Expr::Ident(root) = &of.expr
            && !self.locals.contains(root)
            && let Some(variable) = Variable::named(&format!("{root}.{}", key.inner()))
        {
            let (node, kind) = self.variable(variable);
            return (Node::Optional(Box::new(node)), kind);
        }
        let of = self.any(of);
        let (node, kind) = self.member(of, key.inner());
        (optional(node), kind)
    }

    /// `of[?at]`.
    pub(super) fn optional_element(&mut self, of: &IdedExpr, at: &IdedExpr) -> Typed {
        let (of, kind) = self.any(of);
        let at = self.node(at);
        if let (true, Node::Constant(Value::Text(key))) = (kind.may_be(Kind::Map), &at.0) {
            let key = key.clone();
            let (node, kind) = self.member((of, kind), &key);
            return (optional(node), kind);
        }
        if !matches!(kind, Kind::List | Kind::Map | Kind::Any) {
            return self.wrong(format!("{kind} has no members"));
        }
        (Node::Optional(Box::new(Node::Element(Box::new([of, at.0])))), Kind::Any)
    }

    /// What is said about an optional value; `None` for what is something else.
    pub(super) fn about_optional(
        &mut self,
        name: &str,
        target: &IdedExpr,
        arguments: &[IdedExpr],
    ) -> Option<Typed> {
        let fits = match name {
            "orValue" | "or" => arguments.len() == 1,
            "hasValue" | "value" => arguments.is_empty(),
            _ => return None,
        };
        let (of, kind) = self.any(target);
        if !fits || !of.is_optional() {
            if self.mistakes.is_empty() {
                self.mistake(format!("{name}() is called on what may be there or not")).help =
                    Some("such as claims.?tenant.orValue(\"none\")".to_owned());
            }
            return Some(super::NOTHING);
        }
        let of_both = |other| if other == kind { kind } else { Kind::Any };
        Some(match (name, arguments) {
            ("orValue", [other]) => {
                let (other, other_kind) = self.node(other);
                (Node::OrValue(Box::new([of, other])), of_both(other_kind))
            }
            ("or", [other]) => {
                let (other, other_kind) = self.any(other);
                if !other.is_optional() {
                    return Some(
                        self.wrong("or() takes what may be there or not; for a value, there is orValue()"),
                    );
                }
                (Node::FirstOf(Box::new([of, other])), of_both(other_kind))
            }
            ("hasValue", _) => (Node::HasValue(Box::new(of)), Kind::Bool),
            _ => (Node::ValueOf(Box::new(of)), kind),
        })
    }

    /// `optional.of(x)` and `optional.none()`; `None` for what is neither.
    pub(super) fn made_optional(&mut self, name: &str, arguments: &[IdedExpr]) -> Option<Typed> {
        match (name, arguments) {
            ("optional.of", [of]) => {
                let (of, kind) = self.node(of);
                Some((Node::OptionalOf(Box::new(of)), kind))
            }
            ("optional.none", []) => Some((Node::OptionalNone, Kind::Any)),
            _ => None,
        }
    }

    /// An item of a list, or a value of a map, that with a `?` before it is left out where it is not there.
    pub(super) fn item(&mut self, expr: &IdedExpr, optional: bool) -> Node {
        if !optional {
            return self.node(expr).0;
        }
        let (node, _) = self.any(expr);
        if !node.is_optional() && self.mistakes.is_empty() {
            self.mistake("with `?` before it, this must be what may be there or not").help =
                Some("such as {?\"tenant\": claims.?tenant}".to_owned());
        }
        node
    }
}

/// A member of what may be there or not may be there or not, too.
pub(super) fn optional(node: Node) -> Node {
    if node.is_optional() { node } else { Node::Optional(Box::new(node)) }
}
