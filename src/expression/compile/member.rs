//! Members: of what, and of which kind they are.

use super::{Compiler, Typed};
use crate::expression::beyond::AnswerFacts;
use crate::expression::facts::Variable;
use crate::expression::node::Node;
use crate::expression::value::Kind;
use crate::plan::scalar::nearest;

impl Compiler<'_> {
    /// `of.key`, or `of["key"]`.
    pub(super) fn member(&mut self, (of, kind): Typed, key: &str) -> Typed {
        if !kind.may_be(Kind::Map) {
            return self.wrong(format!("{kind} has no member `{key}`"));
        }
        let kind = self.member_kind(&of, key);
        let optional = of.is_optional();
        let node = Node::Member(Box::new(of), key.into());
        (if optional { Node::Optional(Box::new(node)) } else { node }, kind)
    }

    /// `has(of.key)`.
    pub(super) fn has_member(&mut self, (of, kind): Typed, key: &str) -> Typed {
        if !kind.may_be(Kind::Map) {
            return self.wrong(format!("{kind} has no member `{key}`"));
        }
        if of.is_optional() {
            return self
                .wrong("has() asks for a member of a value; of what may be there or not, hasValue() asks");
        }
        // Whether a path captures something is no question that needs a value.
        if !matches!(of, Node::Variable(Variable::Params)) {
            self.member_kind(&of, key);
        }
        (Node::HasMember(Box::new(of), key.into()), Kind::Bool)
    }

    /// What is known of a member, and whether there can be one of this name.
    fn member_kind(&mut self, of: &Node, key: &str) -> Kind {
        match of.found() {
            Node::Variable(Variable::Params) => {
                self.params.push(key.into());
                Kind::Text
            }
            Node::Variable(Variable::Query) => Kind::Text,
            Node::Variable(Variable::Steps) => self.step(key),
            of if is_step(of) => self.part_of_step(key),
            of if is_headers(of) => self.header(of, key),
            _ => Kind::Any,
        }
    }

    fn header(&mut self, of: &Node, key: &str) -> Kind {
        if matches!(of, Node::Variable(Variable::Headers)) {
            self.fields.push(key.into());
            self.bare_headers = self.bare_headers.saturating_sub(1);
        }
        if key.bytes().any(|byte| byte.is_ascii_uppercase()) {
            let lower = key.to_ascii_lowercase();
            let of = match of {
                Node::Variable(variable) => variable.name().to_owned(),
                _ => "headers".to_owned(),
            };
            self.mistake(format!("there is no header `{key}`: names of headers are in lower case here"))
                .help = Some(format!("write {of}[\"{lower}\"]"));
        }
        Kind::Text
    }

    /// A step is named: whoever evaluates the expression has to wait for it.
    fn step(&mut self, name: &str) -> Kind {
        self.bare_steps = self.bare_steps.saturating_sub(1);
        let known = self.known.steps;
        if known.contains(&name) {
            self.steps.push(name.into());
        } else if !known.is_empty() {
            let help = match nearest(name, known.iter().copied()) {
                Some(meant) => format!("did you mean `steps.{meant}`?"),
                None => format!("the steps known here are {}", known.join(", ")),
            };
            self.mistake(format!("there is no step `{name}` here")).help = Some(help);
        }
        Kind::Map
    }

    fn part_of_step(&mut self, key: &str) -> Kind {
        match key {
            "status" => Kind::Int,
            "headers" => Kind::Map,
            "body" => Kind::Any,
            _ => {
                let help = match nearest(key, AnswerFacts::MEMBERS) {
                    Some(meant) => format!("did you mean `{meant}`?"),
                    None => format!("what it answered is in its body: `.body.{key}`"),
                };
                self.mistake(format!("a step has status, headers and body, and no `{key}`")).help =
                    Some(help);
                Kind::Any
            }
        }
    }
}

/// `steps.NAME`.
fn is_step(node: &Node) -> bool {
    matches!(node.found(), Node::Member(of, _) if matches!(of.found(), Node::Variable(Variable::Steps)))
}

/// What has header fields by name.
pub(super) fn is_headers(node: &Node) -> bool {
    match node.found() {
        Node::Variable(Variable::Headers | Variable::AnswerHeaders) => true,
        Node::Member(of, key) => &**key == "headers" && is_step(of),
        _ => false,
    }
}
