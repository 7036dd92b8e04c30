//! From source to what runs, with everything that can be known before a request is known.

use cel::common::ast::{
    CallExpr, ComprehensionExpr, EntryExpr, Expr, IdedEntryExpr, IdedExpr, LiteralValue, SelectExpr,
};
use cel::parser::PrattParser;
use http::HeaderMap;

use super::beyond::Known;
use super::evaluate::Run;
use super::facts::{Facts, Variable};
use super::fault::Fault;
use super::node::{Aim, Fold, Node};
use super::value::{Kind, Value};
use super::{Expression, LIMIT, MOST_BYTES, MOST_DEEP, MOST_NESTED, MOST_SIGNS, Mistake, cost};

mod call;
mod constant;
mod member;
mod name;
mod operator;
mod optional;

/// The nesting that the parser takes. Parentheses count, operators do not.
const MOST_PARENTHESES: u16 = 16;

/// A step, and what is known of its value.
type Typed = (Node, Kind);

/// What has been found out so far.
#[derive(Default)]
struct Compiler<'k> {
    known: Known<'k>,
    mistakes: Vec<Mistake>,
    reads: Vec<Variable>,
    params: Vec<Box<str>>,
    steps: Vec<Box<str>>,
    /// How many times `steps` stands without the name of a step behind it.
    bare_steps: usize,
    /// The names of header fields of the request that stand behind `request.headers`.
    fields: Vec<Box<str>>,
    /// How many times that stands without one.
    bare_headers: usize,
    /// The names that macros around the current place have given to their items.
    locals: Vec<String>,
    depth: usize,
}

/// Reads `source`. See [`Expression::compile_with`].
pub(super) fn compile(source: &str, wanted: Kind, known: &Known<'_>) -> Result<Expression, Vec<Mistake>> {
    let tree = parse(source).map_err(|mistake| vec![mistake])?;
    let mut compiler = Compiler { known: *known, ..Compiler::default() };
    let (root, kind) = compiler.node(&tree);
    if compiler.bare_steps > 0 && compiler.mistakes.is_empty() {
        // What is asked first depends on which steps are named.
        compiler.mistake("`steps` is asked for by the name of a step").help =
            Some("such as steps.user.body.id, or has(steps.user)".to_owned());
    }
    if compiler.mistakes.is_empty() && !kind.may_be(wanted) {
        compiler.mistake(format!("the expression must be {wanted}, and it is {kind}"));
    }
    let bound = cost::bound(&root);
    if compiler.mistakes.is_empty() && bound > u64::from(LIMIT) {
        compiler
            .mistake(format!("the expression may cost {bound} units, and at most {LIMIT} are allowed"))
            .help = Some(
            "a macro goes through a whole list: put `in` in the place of an inner one, or make a regular expression simpler"
                .to_owned(),
        );
    }
    if !compiler.mistakes.is_empty() {
        return Err(compiler.mistakes);
    }
    compiler.reads.sort_unstable();
    compiler.reads.dedup();
    for names in [&mut compiler.params, &mut compiler.steps, &mut compiler.fields] {
        names.sort_unstable();
        names.dedup();
    }
    Ok(Expression {
        source: source.into(),
        root,
        kind,
        reads: compiler.reads,
        params: compiler.params,
        steps: compiler.steps,
        fields: compiler.fields,
        any_field: compiler.bare_headers > 0,
        bound: u32::try_from(bound).unwrap_or(LIMIT),
    })
}

/// The parser recurses, and so does whatever walks or drops its tree: the source is bounded first.
fn parse(source: &str) -> Result<IdedExpr, Mistake> {
    if source.len() > MOST_BYTES {
        let (length, most) = (source.len(), MOST_BYTES);
        return Err(Mistake::new(format!(
            "the expression has {length} bytes, and at most {most} are allowed"
        )));
    }
    // Counted wherever they stand, in texts too: how texts end is the parser's business alone.
    let signs = source.bytes().filter(|byte| b".!-+*/%?[({&|=<>".contains(byte)).count();
    if signs + source.matches("in").count() > MOST_SIGNS {
        return Err(Mistake::new(format!("the expression has more than {MOST_SIGNS} operators")));
    }
    let parser = PrattParser::new()
        .enable_optional_syntax(true)
        .max_recursion_depth(MOST_PARENTHESES)
        .error_recovery_limit(1);
    parser.parse(source).map_err(|errors| {
        let Some(first) = errors.errors.first() else { return Mistake::new("the expression cannot be read") };
        let message = first.msg.trim_start_matches("Syntax error: ");
        let (line, column) = first.pos;
        let place = if source.contains('\n') {
            format!("line {line}, column {column}")
        } else {
            format!("column {column}")
        };
        Mistake::new(format!("the expression cannot be read: {message} ({place})"))
    })
}

// === impl Compiler ===

impl Compiler<'_> {
    fn mistake(&mut self, message: impl Into<String>) -> &mut Mistake {
        self.mistakes.push(Mistake::new(message));
        // The list was not empty a line ago.
        let last = self.mistakes.len() - 1;
        &mut self.mistakes[last]
    }

    /// A mistake, and a step in the place of what cannot be made.
    fn wrong(&mut self, message: impl Into<String>) -> Typed {
        self.mistake(message);
        NOTHING
    }

    /// A step that has a value.
    fn node(&mut self, expr: &IdedExpr) -> Typed {
        let typed = self.any(expr);
        if !typed.0.is_optional() {
            return typed;
        }
        self.mistake("this may be there or not, and a value is needed").help =
            Some("say what counts without it, such as claims.?tenant.orValue(\"none\")".to_owned());
        NOTHING
    }

    /// A step that has a value, or may have one.
    fn any(&mut self, expr: &IdedExpr) -> Typed {
        if self.depth == MOST_DEEP {
            return self.wrong(format!("the expression is more than {MOST_DEEP} deep"));
        }
        self.depth += 1;
        let typed = match &expr.expr {
            Expr::Literal(literal) => self.literal(literal),
            Expr::Ident(name) => self.name(&[name]),
            Expr::Select(select) => self.select(select),
            Expr::Call(call) => self.called(call),
            Expr::List(list) => {
                let items = list.elements.iter().enumerate();
                let items =
                    items.map(|(at, item)| self.item(item, list.optional_indices.contains(&at))).collect();
                self.folded(Node::List(items), Kind::List)
            }
            Expr::Map(map) => {
                let pairs = map.entries.iter().filter_map(|entry| self.entry(entry)).collect();
                self.folded(Node::Map(pairs), Kind::Map)
            }
            Expr::Comprehension(comprehension) => self.comprehension(comprehension),
            Expr::Struct(_) => self.wrong("there are no messages in expressions"),
            Expr::Unspecified => self.wrong("the expression cannot be read"),
        };
        self.depth -= 1;
        typed
    }

    fn literal(&mut self, literal: &LiteralValue) -> Typed {
        let value = match literal {
            LiteralValue::Null => Value::Null,
            LiteralValue::Boolean(value) => Value::Bool(*value.inner()),
            LiteralValue::Int(value) => Value::Int(*value.inner()),
            LiteralValue::UInt(value) => Value::Uint(*value.inner()),
            LiteralValue::Double(value) => Value::Double(*value.inner()),
            LiteralValue::String(text) => Value::Text(text.inner().to_owned().into()),
            LiteralValue::Bytes(_) => return self.wrong("there are no bytes in expressions; use text"),
        };
        let kind = value.kind();
        (Node::Constant(value), kind)
    }

    fn entry(&mut self, entry: &IdedEntryExpr) -> Option<[Node; 2]> {
        match &entry.expr {
            EntryExpr::MapEntry(pair) => {
                Some([self.node(&pair.key).0, self.item(&pair.value, pair.optional)])
            }
            EntryExpr::StructField(_) => None,
        }
    }

    /// `a.b.c` is a name where `a` is none that a macro gave; anything else has members.
    fn select(&mut self, select: &SelectExpr) -> Typed {
        let mut segments = vec![select.field.as_str()];
        let mut operand = &select.operand.expr;
        while let Expr::Select(inner) = operand
            && !inner.test
        {
            segments.push(&inner.field);
            operand = &inner.operand.expr;
        }
        if let Expr::Ident(root) = operand {
            segments.push(root);
            segments.reverse();
            return if select.test { self.presence(&segments) } else { self.name(&segments) };
        }
        let of = self.any(&select.operand);
        if select.test { self.has_member(of, &select.field) } else { self.member(of, &select.field) }
    }

    /// The parser has expanded macros; each has its own shape, by which it is known again.
    fn comprehension(&mut self, of: &ComprehensionExpr) -> Typed {
        let Some((aim, guard, body)) = macro_of(&of.loop_step) else {
            return self.wrong("the expression cannot be read");
        };
        let range = self.node(&of.iter_range);
        self.fold(aim, range, &of.iter_var, guard, body)
    }

    fn fold(
        &mut self,
        aim: Aim,
        (range, kind): Typed,
        name: &str,
        guard: Option<&IdedExpr>,
        body: &IdedExpr,
    ) -> Typed {
        if !kind.may_be(Kind::List) && (kind != Kind::Map || aim == Aim::SortBy) {
            self.mistake(format!("a macro goes through a list or the keys of a map, and this is {kind}"));
        }
        let depth = self.locals.len();
        if depth == MOST_NESTED {
            return self.wrong(format!("more than {MOST_NESTED} macros are inside one another"));
        }
        self.locals.push(name.to_owned());
        let guard = guard.map(|guard| self.condition(guard));
        let makes = matches!(aim, Aim::Map | Aim::SortBy);
        let body = if makes { self.node(body).0 } else { self.condition(body) };
        self.locals.pop();
        let kind = if makes { Kind::List } else { Kind::Bool };
        (Node::Fold(Box::new(Fold { aim, range, depth, guard, body })), kind)
    }

    /// A step whose value must be true or false.
    fn condition(&mut self, expr: &IdedExpr) -> Node {
        let (node, kind) = self.node(expr);
        if !kind.may_be(Kind::Bool) {
            self.mistake(format!("a condition must be bool, and this is {kind}"));
        }
        node
    }

    /// A step that is the same for every request is made now; one that can only fail is a mistake now.
    fn folded(&mut self, node: Node, kind: Kind) -> Typed {
        let constant = match &node {
            Node::Negate(of) => is_constant(of),
            Node::Binary(_, both) => both.iter().all(is_constant),
            Node::List(items) | Node::Call(_, items) => items.iter().all(is_constant),
            Node::Map(pairs) => pairs.iter().flatten().all(is_constant),
            Node::Element(both) => both.iter().all(is_constant),
            _ => false,
        };
        if !constant || !self.mistakes.is_empty() {
            return (node, kind);
        }
        match evaluated(&node) {
            Ok(Some(value)) => {
                let kind = value.kind();
                (Node::Constant(value), kind)
            }
            Ok(None) => (node, kind),
            Err(fault) => self.wrong(format!("this fails whatever the request is: {fault}")),
        }
    }
}

/// What stands in the place of a step that cannot be made.
const NOTHING: Typed = (Node::Constant(Value::Null), Kind::Any);

fn is_constant(node: &Node) -> bool {
    matches!(node, Node::Constant(_))
}

fn evaluated(node: &Node) -> Result<Option<Value<'static>>, Fault> {
    let headers = HeaderMap::new();
    let facts = Facts::none(&headers);
    Run::new(&facts).value(node).map(Value::kept)
}

/// What a macro is for, by the step of its loop: what it counts or keeps, and what it makes of each item.
fn macro_of(step: &IdedExpr) -> Option<(Aim, Option<&IdedExpr>, &IdedExpr)> {
    let (name, arguments) = call_of(step)?;
    match (name, arguments) {
        ("_&&_", [_, body]) => Some((Aim::All, None, body)),
        ("_||_", [_, body]) => Some((Aim::Exists, None, body)),
        ("_+_", [_, made]) => Some((Aim::Map, None, only_item(made)?)),
        ("_?_:_", [guard, kept, _]) => match call_of(kept)? {
            ("_+_", [_, made]) => match only_item(made) {
                Some(body) => Some((Aim::Map, Some(guard), body)),
                None => Some((Aim::ExistsOne, None, guard)),
            },
            _ => None,
        },
        _ => None,
    }
}

fn call_of(expr: &IdedExpr) -> Option<(&str, &[IdedExpr])> {
    match &expr.expr {
        Expr::Call(CallExpr { func_name, target: None, args }) => Some((func_name, args)),
        _ => None,
    }
}

fn only_item(expr: &IdedExpr) -> Option<&IdedExpr> {
    match &expr.expr {
        Expr::List(list) => list.elements.first(),
        _ => None,
    }
}
