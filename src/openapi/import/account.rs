//! An account of a whole document: what became of every value in it.
//!
//! Each entry is about one value and everything in it, and no two are about the same; together they are about all of
//! the document. So nothing can be lost without a word: `tests/openapi.rs` shows it of real documents.

use std::collections::{BTreeMap, BTreeSet};

use super::grammar::{Kind, VALIDATION, What};
use crate::json::{Node, Object};
use crate::openapi::document::{Document, reference};
use crate::openapi::keywords::Keyword;
use crate::openapi::pointer::below;

/// What became of a value, and of all that is in it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Fate {
    /// It is in the configuration.
    Taken,
    /// It is there for people, and changes nothing that happens.
    Documentation,
    /// It is not in the configuration, for this reason.
    LeftOut(String),
}

/// What became of one value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// Where it stands.
    pub pointer: String,
    /// What became of it.
    pub fate: Fate,
}

/// What became of a document, in its order.
#[derive(Debug, Clone, Default)]
pub struct Account {
    /// One for each value, or for a larger one that it is in.
    pub entries: Vec<Entry>,
}

struct Accountant<'a, 'w> {
    document: &'a Document<'a>,
    decisions: &'w BTreeMap<String, String>,
    used: &'w BTreeSet<String>,
    /// Whether requests and answers are validated.
    validated: bool,
    entries: Vec<Entry>,
}

/// What became of something: of all of it, or of its parts, which have been written down.
enum Outcome {
    All(Fate),
    Parts,
}

const MALFORMED: &str = "it is not what OpenAPI has here";
const BESIDE: &str = "it stands beside a reference, which counts";

/// Takes account.
pub(super) fn account(
    document: &Document<'_>,
    decisions: &BTreeMap<String, String>,
    used: &BTreeSet<String>,
    validated: bool,
) -> Account {
    let mut accountant = Accountant { document, decisions, used, validated, entries: Vec::new() };
    if let Outcome::All(fate) = accountant.look(What::One(Kind::Root), document.root(), "") {
        accountant.entries.push(Entry { pointer: String::new(), fate });
    }
    Account { entries: accountant.entries }
}

impl Accountant<'_, '_> {
    fn look(&mut self, what: What, node: &Node<'_>, at: &str) -> Outcome {
        if let Some(reason) = self.decisions.get(at) {
            return left(reason);
        }
        let what = match what {
            What::Judged(_) | What::JudgedList(_) | What::JudgedMap(_) if !self.validated => {
                return left(VALIDATION);
            }
            What::Judged(kind) => What::One(kind),
            What::JudgedList(kind) => What::List(kind),
            What::JudgedMap(kind) => What::Map(kind),
            what => what,
        };
        match what {
            What::Documentation => Outcome::All(Fate::Documentation),
            What::Left(reason) => left(reason),
            What::TakenIfUsed(reason) if !self.used.contains(at) => left(reason),
            What::Taken | What::TakenIfUsed(_) => self.taken(node, at),
            What::One(kind) => self.one(kind, node, at),
            What::Judged(_) | What::JudgedList(_) | What::JudgedMap(_) => left(VALIDATION),
            What::List(kind) => match node {
                Node::Array(elements) => {
                    let parts: Vec<_> = elements
                        .iter()
                        .enumerate()
                        .map(|(index, element)| (What::One(kind), element, below(at, &index.to_string())))
                        .collect();
                    self.parts(parts)
                }
                _ => left(MALFORMED),
            },
            What::Map(kind) => {
                let extensible = at == "/paths" || (kind == Kind::Response && at != "/components/responses");
                self.map(node, at, extensible, || What::One(kind))
            }
            What::Schemes => {
                let kind = |scheme: &Node<'_>| {
                    let resolved = self.document.resolve(scheme, "").ok();
                    let text = resolved.as_ref().and_then(|it| it.node.object()?.get("type")?.text());
                    What::One(Kind::of_scheme(text))
                };
                let kinds: Vec<_> = node
                    .object()
                    .into_iter()
                    .flat_map(Object::iter)
                    .map(|(_, scheme)| kind(scheme))
                    .collect();
                let mut kinds = kinds.into_iter();
                self.map(node, at, false, || kinds.next().unwrap_or(What::One(Kind::OtherScheme)))
            }
        }
    }

    /// What is taken over, but for parts about which something was decided: one of several alternatives.
    fn taken(&mut self, node: &Node<'_>, at: &str) -> Outcome {
        let parts: Vec<_> = match node {
            Node::Array(elements) => {
                let place = |(index, element)| (What::Taken, element, below(at, &usize::to_string(&index)));
                elements.iter().enumerate().map(place).collect()
            }
            Node::Object(members) => {
                members.iter().map(|(name, member)| (What::Taken, member, below(at, name))).collect()
            }
            _ => Vec::new(),
        };
        self.parts(parts)
    }

    fn map(
        &mut self,
        node: &Node<'_>,
        at: &str,
        extensible: bool,
        mut what: impl FnMut() -> What,
    ) -> Outcome {
        let Some(members) = node.object() else { return left(MALFORMED) };
        let parts: Vec<_> = members
            .iter()
            .map(|(name, member)| {
                let usual = what();
                let extension = extensible && name.starts_with("x-");
                (if extension { Kind::Root.member(name) } else { usual }, member, below(at, name))
            })
            .collect();
        self.parts(parts)
    }

    fn one(&mut self, kind: Kind, node: &Node<'_>, at: &str) -> Outcome {
        if let (Some(reason), false) = (kind.unused(at), self.used.contains(at)) {
            return left(reason);
        }
        if kind == Kind::Schema {
            return self.schema(node, at);
        }
        let Some(members) = node.object() else { return left(MALFORMED) };
        let refers = reference(node).is_some();
        let parts: Vec<_> = members
            .iter()
            .map(|(name, member)| {
                let what = match name {
                    "$ref" if refers => What::Taken,
                    "summary" | "description" if refers => What::Documentation,
                    _ if refers => What::Left(BESIDE),
                    name => kind.member(name),
                };
                (what, member, below(at, name))
            })
            .collect();
        self.parts(parts)
    }

    fn schema(&mut self, node: &Node<'_>, at: &str) -> Outcome {
        let members = match node {
            Node::Object(members) => members,
            // What is malformed has been decided about.
            _ => return Outcome::All(Fate::Taken),
        };
        let dialect = self.document.dialect();
        let what = |name: &str| match Keyword::of(name, dialect) {
            _ if name == "$ref" => What::Taken,
            Keyword::Schema => What::One(Kind::Schema),
            Keyword::Schemas => What::List(Kind::Schema),
            Keyword::Named | Keyword::Definitions => What::Map(Kind::Schema),
            Keyword::Value(_) | Keyword::Direction | Keyword::Nullable => What::Taken,
            Keyword::Documentation => What::Documentation,
            Keyword::Left(reason) => What::Left(reason),
        };
        let parts = members.iter().map(|(name, member)| (what(name), member, below(at, name))).collect();
        self.parts(parts)
    }

    /// What became of the parts of something. Where it was the same for all, it became that of the whole.
    fn parts(&mut self, parts: Vec<(What, &Node<'_>, String)>) -> Outcome {
        let (mut written, mut fates) = (false, Vec::new());
        let begin = self.entries.len();
        for (what, node, at) in parts {
            match self.look(what, node, &at) {
                Outcome::All(fate) => {
                    self.entries.push(Entry { pointer: at, fate: fate.clone() });
                    fates.push(fate);
                }
                Outcome::Parts => written = true,
            }
        }
        let alike = fates.windows(2).all(|pair| pair[0] == pair[1]);
        match fates.pop() {
            None if !written => Outcome::All(Fate::Taken),
            Some(fate) if alike && !written => {
                self.entries.truncate(begin);
                Outcome::All(fate)
            }
            _ => Outcome::Parts,
        }
    }
}

fn left(reason: &str) -> Outcome {
    Outcome::All(Fate::LeftOut(reason.to_owned()))
}
