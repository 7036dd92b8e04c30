//! Functions: known, called the right way, with what they can have.

use cel::common::ast::{CallExpr, Expr, IdedExpr};

use super::{Compiler, Typed};
use crate::expression::facts::Variable;
use crate::expression::node::{Aim, Node, SPACES, Signature};
use crate::expression::time::Part;
use crate::expression::value::Kind;
use crate::plan::scalar::nearest;

/// The parts of a time, by the names of CEL's functions.
const PARTS: &[(&str, Part)] = &[
    ("getFullYear", Part::FullYear),
    ("getMonth", Part::Month),
    ("getDate", Part::Date),
    ("getDayOfMonth", Part::DayOfMonth),
    ("getDayOfWeek", Part::DayOfWeek),
    ("getDayOfYear", Part::DayOfYear),
    ("getHours", Part::Hours),
    ("getMinutes", Part::Minutes),
    ("getSeconds", Part::Seconds),
    ("getMilliseconds", Part::Milliseconds),
];

/// What the parser or this file knows beside functions and parts.
const OTHERS: &[&str] = &[
    "matches",
    "in_network",
    "has",
    "all",
    "exists",
    "exists_one",
    "map",
    "filter",
    "sortBy",
    "orValue",
    "or",
    "hasValue",
    "value",
    "optional.of",
    "optional.none",
];

impl Compiler<'_> {
    /// An operator, or a function.
    pub(super) fn called(&mut self, call: &CallExpr) -> Typed {
        let name = call.func_name.as_str();
        if call.target.is_none()
            && let Some(typed) = self.operation(name, &call.args)
        {
            return typed;
        }
        let target = call.target.as_deref();
        if let Some(Expr::Ident(space)) = target.map(|target| &target.expr)
            && SPACES.contains(&space.as_str())
            && !self.locals.contains(space)
        {
            return self.named(&format!("{space}.{name}"), None, &call.args);
        }
        if let Some(typed) = target.and_then(|target| self.about_optional(name, target, &call.args)) {
            return typed;
        }
        if let Some((_, part)) = PARTS.iter().find(|(other, _)| *other == name) {
            return self.part(name, *part, target, &call.args);
        }
        match (name, target, call.args.as_slice()) {
            ("matches", Some(of), [pattern]) | ("matches", None, [of, pattern]) => self.matches(of, pattern),
            ("in_network", Some(of), [networks]) | ("in_network", None, [of, networks]) => {
                self.in_network(of, networks)
            }
            ("matches", ..) => self.wrong("matches() is called as text.matches(\"pattern\")"),
            ("in_network", ..) => {
                self.wrong("in_network() is called as in_network(client.address, \"10.0.0.0/8\")")
            }
            ("sortBy", Some(list), [IdedExpr { expr: Expr::Ident(item), .. }, by]) => {
                let list = self.node(list);
                self.fold(Aim::SortBy, list, item, None, by)
            }
            _ => self.named(name, target, &call.args),
        }
    }

    fn named(&mut self, name: &str, target: Option<&IdedExpr>, arguments: &[IdedExpr]) -> Typed {
        match Signature::named(name) {
            Some(signature) => self.function(signature, target, arguments),
            None => match self.made_optional(name, arguments) {
                Some(typed) => typed,
                None => self.unknown_function(name),
            },
        }
    }

    fn unknown_function(&mut self, name: &str) -> Typed {
        let functions = Signature::ALL.iter().map(|signature| signature.name);
        let all: Vec<_> =
            functions.chain(PARTS.iter().map(|(name, _)| *name)).chain(OTHERS.iter().copied()).collect();
        if OTHERS.contains(&name) {
            let how = match name {
                "has" => "has(claims.email)".to_owned(),
                "map" => "list.map(item, value)".to_owned(),
                "sortBy" => "list.sortBy(item, key)".to_owned(),
                "optional.of" => "optional.of(value)".to_owned(),
                "optional.none" => "optional.none()".to_owned(),
                "orValue" | "or" | "hasValue" | "value" => "claims.?tenant.orValue(\"none\")".to_owned(),
                _ => format!("list.{name}(item, condition)"),
            };
            return self.wrong(format!("{name}() is called as {how}"));
        }
        let help = match nearest(name, all.iter().copied()) {
            Some(meant) => format!("did you mean `{meant}`?"),
            None => format!("the functions are {}", all.join(", ")),
        };
        self.mistake(format!("there is no function `{name}`")).help = Some(help);
        super::NOTHING
    }

    fn function(
        &mut self,
        signature: &Signature,
        target: Option<&IdedExpr>,
        arguments: &[IdedExpr],
    ) -> Typed {
        let name = signature.name;
        if !signature.fits(target.is_some(), arguments.len()) {
            return self.wrong(format!("{name}() is called as {}", signature.usage));
        }
        let mut nodes = Vec::with_capacity(2);
        for (place, argument) in target.into_iter().chain(arguments).enumerate() {
            let (node, kind) = self.node(argument);
            if !signature.takes(place, kind) {
                return self.wrong(format!("{name}() cannot have {kind}"));
            }
            nodes.push(node);
        }
        self.folded(Node::Call(signature.function, nodes.into()), signature.gives)
    }

    /// `time.getHours()`, or in a zone `time.getHours("+02:00")`.
    fn part(&mut self, name: &str, part: Part, target: Option<&IdedExpr>, arguments: &[IdedExpr]) -> Typed {
        let Some(target) = target else { return self.wrong(format!("{name}() is called as now.{name}()")) };
        let ahead = match arguments {
            [] => Some(0),
            [zone] => self.zone(zone),
            _ => None,
        };
        let Some(ahead) = ahead else {
            return self.wrong(format!("{name}() takes no zone, \"UTC\" or an offset such as \"+02:00\""));
        };
        let (of, kind) = self.node(target);
        if !kind.may_be(Kind::Timestamp) && kind != Kind::Duration {
            return self.wrong(format!("{name}() cannot have {kind}"));
        }
        (Node::Part(part, ahead, Box::new(of)), Kind::Int)
    }

    fn in_network(&mut self, of: &IdedExpr, networks: &IdedExpr) -> Typed {
        let networks = self.networks(networks);
        match self.node(of) {
            (Node::Variable(Variable::ClientAddress), _) => (Node::ClientIn(networks), Kind::Bool),
            (of, kind) if kind.may_be(Kind::Text) => (Node::InNetwork(Box::new(of), networks), Kind::Bool),
            (_, kind) => self.wrong(format!("in_network() cannot have {kind}")),
        }
    }

    fn matches(&mut self, of: &IdedExpr, pattern: &IdedExpr) -> Typed {
        let (of, kind) = self.node(of);
        if !kind.may_be(Kind::Text) {
            return self.wrong(format!("matches() cannot have {kind}"));
        }
        match self.pattern(pattern) {
            Some(pattern) => (Node::Matches(Box::new(of), pattern), Kind::Bool),
            None => super::NOTHING,
        }
    }
}
