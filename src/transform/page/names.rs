//! Which names a template asks for, found out by its words alone.
//!
//! The crate could tell, but with hash maps, which a plan that is frozen must not make. What is found here may be more than what
//! is really asked for, never less.

use std::collections::BTreeSet;

use crate::expression::{Known, Mistake, Variable};
use crate::plan::scalar::nearest;

/// Words of the language.
const WORDS: [&str; 27] = [
    "and",
    "autoescape",
    "break",
    "continue",
    "elif",
    "else",
    "endautoescape",
    "endfilter",
    "endfor",
    "endif",
    "endraw",
    "endset",
    "endwith",
    "false",
    "filter",
    "for",
    "if",
    "in",
    "is",
    "not",
    "or",
    "raw",
    "recursive",
    "set",
    "true",
    "with",
    "none",
];

/// What there is beside variables.
const GLOBALS: [&str; 5] = ["loop", "range", "True", "False", "None"];

/// What values are passed through (`super::environment`).
const FILTERS: [&str; 22] = [
    "default",
    "first",
    "float",
    "int",
    "items",
    "join",
    "last",
    "length",
    "lower",
    "map",
    "reject",
    "rejectattr",
    "reverse",
    "round",
    "safe",
    "select",
    "selectattr",
    "sort",
    "string",
    "trim",
    "unique",
    "upper",
];

/// What is asked of values (the same).
const TESTS: [&str; 10] =
    ["boolean", "defined", "even", "mapping", "none", "number", "odd", "sequence", "string", "undefined"];

/// The names of a template.
#[derive(Debug, Default)]
pub(super) struct Names<'s> {
    /// Each with its members, as far as these are written behind points.
    paths: Vec<Vec<&'s str>>,
    /// Those that the template itself gives values.
    locals: BTreeSet<&'s str>,
    filters: BTreeSet<&'s str>,
    tests: BTreeSet<&'s str>,
    /// An asterisk stands between two operands.
    multiplies: bool,
}

/// The names of `source`.
pub(super) fn of(source: &str) -> Names<'_> {
    let mut names = Names::default();
    let mut rest = source;
    while let Some(at) = rest.find('{') {
        rest = &rest[at + 1..];
        rest = match rest.as_bytes().first() {
            Some(b'#') => rest.split_once("#}").map_or("", |(_, after)| after),
            Some(b'{' | b'%') => names.code(&rest[1..]),
            _ => rest,
        };
    }
    names
}

// === impl Names ===

impl<'s> Names<'s> {
    /// Reads what stands between delimiters, and gives back what follows.
    fn code(&mut self, code: &'s str) -> &'s str {
        let mut rest = code;
        // What stood before: a point, a bar or `is` make something else of a name.
        let mut before = "";
        let mut after_for = false;
        loop {
            rest = rest.trim_start();
            let Some(first) = rest.chars().next() else { return "" };
            if rest.starts_with("%}") || rest.starts_with("}}") {
                return &rest[2..];
            }
            if first == '"' || first == '\'' {
                rest = past_text(&rest[1..], first);
                before = "text";
                continue;
            }
            if !(first.is_ascii_alphabetic() || first == '_') {
                self.multiplies |= first == '*' && !matches!(before, "(" | ",");
                before = &rest[..first.len_utf8()];
                rest = &rest[first.len_utf8()..];
                continue;
            }
            let (path, next) = path(rest);
            let follows = next.trim_start();
            let assigned = follows.starts_with('=') && !follows.starts_with("==");
            let word = path.first().copied().unwrap_or_default();
            match word {
                "for" => after_for = true,
                "in" => after_for = false,
                _ => {}
            }
            match before {
                "|" | "filter" => drop(self.filters.insert(word)),
                "is" | "is not" if word != "not" => drop(self.tests.insert(word)),
                "." | "is" | "is not" => {}
                // `{% set name %}…{% endset %}`.
                _ if after_for || assigned || before == "set" => drop(self.locals.insert(word)),
                _ if WORDS.contains(&word) => {}
                _ => self.paths.push(path),
            }
            before = if before == "is" && word == "not" { "is not" } else { word };
            rest = next;
        }
    }

    /// Whether a variable may be asked for: it, one of its members, or what it is a member of.
    pub(super) fn ask_for(&self, variable: Variable) -> bool {
        if matches!(variable, Variable::Steps | Variable::Item | Variable::Index | Variable::Items) {
            return false;
        }
        let name: Vec<_> = variable.name().split('.').collect();
        self.paths.iter().any(|path| name.starts_with(path) || path.starts_with(&name))
    }

    /// The steps that are named.
    pub(super) fn steps(&self) -> Vec<Box<str>> {
        let of =
            |path: &Vec<&str>| (*path.first()? == "steps").then(|| path.get(1).copied().map(Into::into))?;
        self.paths.iter().filter_map(of).collect()
    }

    /// What is asked for and never there.
    pub(super) fn mistakes(&self, known: &Known<'_>) -> Vec<Mistake> {
        let mut mistakes = Vec::new();
        if self.multiplies {
            mistakes.push(Mistake {
                message: "a template does not multiply".to_owned(),
                help: Some("calculate it in a value with CEL; a template is for text".to_owned()),
            });
        }
        for (what, used, known) in
            [("filter", &self.filters, &FILTERS[..]), ("test", &self.tests, &TESTS[..])]
        {
            for name in used.iter().filter(|name| !known.contains(name)) {
                let help = match nearest(name, known.iter().copied()) {
                    Some(meant) => format!("did you mean `{meant}`?"),
                    None => format!("there are {}", known.join(", ")),
                };
                mistakes.push(Mistake { message: format!("there is no {what} `{name}`"), help: Some(help) });
            }
        }
        let roots: BTreeSet<_> = Variable::ALL
            .iter()
            .filter(|variable| variable.is_known(known))
            .filter_map(|variable| variable.name().split('.').next())
            .collect();
        let mut seen = BTreeSet::new();
        for path in self.paths.iter().filter(|path| seen.insert(path.iter().take(2).collect::<Vec<_>>())) {
            let Some(root) = path.first() else { continue };
            if self.locals.contains(root) || GLOBALS.contains(root) {
                continue;
            }
            let variable = Variable::ALL.iter().find(|it| {
                let name: Vec<_> = it.name().split('.').collect();
                path.starts_with(&name)
            });
            match variable {
                Some(variable) if !variable.is_known(known) => mistakes.push(Mistake {
                    message: format!("`{}` is not known here", variable.name()),
                    help: Some(format!("it is known {}", variable.place())),
                }),
                Some(Variable::Steps) => mistakes.extend(unknown_step(path, known)),
                Some(_) => {}
                None if roots.contains(root) => mistakes.extend(unknown_member(path, known)),
                None => {
                    let help = match nearest(root, roots.iter().copied()) {
                        Some(meant) => format!("did you mean `{meant}`?"),
                        None => format!("there are {}", roots.iter().copied().collect::<Vec<_>>().join(", ")),
                    };
                    mistakes.push(Mistake {
                        message: format!("there is no variable `{root}`"),
                        help: Some(help),
                    });
                }
            }
        }
        mistakes
    }
}

/// A step that there is not, or none by name: whoever fills the template has to know which it is about.
fn unknown_step(path: &[&str], known: &Known<'_>) -> Option<Mistake> {
    let help = format!("the steps known here are {}", known.steps.join(", "));
    match path.get(1) {
        None => Some(Mistake {
            message: "`steps` is asked for by the name of a step".to_owned(),
            help: Some(help),
        }),
        Some(name) if known.steps.contains(name) => None,
        Some(name) => Some(Mistake { message: format!("there is no step `{name}` here"), help: Some(help) }),
    }
}

/// `request.boy`.
fn unknown_member(path: &[&str], known: &Known<'_>) -> Option<Mistake> {
    let [root, member, ..] = path else { return None };
    let members: Vec<_> = Variable::ALL
        .iter()
        .filter(|variable| variable.is_known(known))
        .filter_map(|variable| variable.name().strip_prefix(root)?.strip_prefix('.'))
        .collect();
    let help = match nearest(member, members.iter().copied()) {
        Some(meant) => format!("did you mean `{root}.{meant}`?"),
        None => format!("`{root}` has {}", members.join(", ")),
    };
    Some(Mistake { message: format!("`{root}` has no `{member}`"), help: Some(help) })
}

/// A name with what stands behind points, and what follows.
fn path(text: &str) -> (Vec<&str>, &str) {
    let mut rest = text;
    let mut path = Vec::new();
    loop {
        let end = rest.find(|sign: char| !(sign.is_ascii_alphanumeric() || sign == '_'));
        let (name, after) = rest.split_at(end.unwrap_or(rest.len()));
        path.push(name);
        match after.trim_start().strip_prefix('.').map(str::trim_start) {
            Some(next) if next.starts_with(|sign: char| sign.is_ascii_alphabetic() || sign == '_') => {
                rest = next;
            }
            _ => return (path, after),
        }
    }
}

/// What follows a text that ends with `quote`.
fn past_text(text: &str, quote: char) -> &str {
    let mut escaped = false;
    for (at, sign) in text.char_indices() {
        match sign {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            _ if sign == quote => return &text[at + sign.len_utf8()..],
            _ => {}
        }
    }
    ""
}
