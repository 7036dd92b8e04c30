//! Names: of variables, of their members, and of what macros go through.

use super::{Compiler, Typed};
use crate::expression::facts::Variable;
use crate::expression::node::Node;
use crate::expression::value::Kind;
use crate::plan::scalar::nearest;

impl Compiler<'_> {
    /// `a.b.c`, by its segments.
    pub(super) fn name(&mut self, segments: &[&str]) -> Typed {
        let Some((known, rest)) = self.known(segments) else { return self.unknown(segments) };
        rest.iter().fold(known, |of, key| self.member(of, key))
    }

    /// `has(a.b.c)`.
    pub(super) fn presence(&mut self, segments: &[&str]) -> Typed {
        let Some((known, rest)) = self.known(segments) else { return self.unknown(segments) };
        match (rest, known.0) {
            ([], Node::Variable(variable)) => (Node::Present(variable), Kind::Bool),
            ([path @ .., last], node) => {
                let of = path.iter().fold((node, known.1), |of, key| self.member(of, key));
                self.has_member(of, last)
            }
            ([], _) => self.wrong("has() asks for a member, such as has(claims.email)"),
        }
    }

    /// What the name begins with, and the members that follow.
    fn known<'s>(&mut self, segments: &'s [&'s str]) -> Option<(Typed, &'s [&'s str])> {
        let (root, rest) = segments.split_first()?;
        // The innermost macro's name hides the others.
        if let Some(depth) = self.locals.iter().rposition(|local| local == root) {
            return Some(((Node::Local(depth), Kind::Any), rest));
        }
        // No variable has more than two segments.
        for length in (1..=segments.len().min(2)).rev() {
            let (name, rest) = segments.split_at(length);
            if let Some(variable) = Variable::named(&name.join(".")) {
                return Some((self.variable(variable), rest));
            }
        }
        None
    }

    pub(super) fn variable(&mut self, variable: Variable) -> Typed {
        if !variable.is_known(&self.known) {
            self.mistake(format!("`{}` is not known here", variable.name())).help =
                Some(format!("it is known {}", variable.place()));
        }
        self.reads.push(variable);
        self.bare_steps += usize::from(variable == Variable::Steps);
        self.bare_headers += usize::from(variable == Variable::Headers);
        (Node::Variable(variable), variable.kind())
    }

    fn unknown(&mut self, segments: &[&str]) -> Typed {
        let given = self.known;
        let known = Variable::ALL.iter().filter(|variable| variable.is_known(&given));
        let names = || known.clone().map(|variable| variable.name());
        let Some((root, rest)) = segments.split_first() else { return self.wrong("there is no name") };
        let members: Vec<_> = names().filter_map(|name| name.strip_prefix(root)?.strip_prefix('.')).collect();
        if members.is_empty() {
            let mut roots: Vec<&str> = Vec::new();
            for root in names().filter_map(|name| name.split('.').next()) {
                if !roots.contains(&root) {
                    roots.push(root);
                }
            }
            let near = nearest(root, roots.iter().copied().chain(self.locals.iter().map(String::as_str)));
            let help = match (near, roots.split_last()) {
                (Some(meant), _) => format!("did you mean `{meant}`?"),
                (None, Some((last, others))) => {
                    format!("the variables are {} and {last}", others.join(", "))
                }
                (None, None) => String::new(),
            };
            self.mistake(format!("there is no variable `{root}`")).help = Some(help);
            return super::NOTHING;
        }
        let all = members.join(", ");
        let (message, help) = match rest.first() {
            None => (format!("`{root}` is no value of its own"), format!("its members are {all}")),
            Some(written) => (
                format!("`{root}` has no member `{written}`"),
                match nearest(written, members) {
                    Some(meant) => format!("did you mean `{root}.{meant}`?"),
                    None => format!("its members are {all}"),
                },
            ),
        };
        self.mistake(message).help = Some(help);
        super::NOTHING
    }
}
