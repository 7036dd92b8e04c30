//! Text with holes: `/users/{id}/orders/{steps.user.body.id}`.
//!
//! A hole that is the name of a capture of the route's path is filled with what was captured; any other is an expression
//! in CEL. `{{` and `}}` are braces.

use std::fmt;

use percent_encoding::{
    AsciiSet, CONTROLS, NON_ALPHANUMERIC, percent_decode_str, percent_encode, utf8_percent_encode,
};

use super::beyond::Known;
use super::evaluate::Run;
use super::facts::{Facts, Variable};
use super::fault::Fault;
use super::value::Kind;
use super::{Expression, LIMIT, Mistake, output};
use crate::route::pattern::Pattern;

mod scan;

use scan::Part;

/// Text with holes.
#[derive(Debug)]
pub struct Template {
    pieces: Box<[Piece]>,
}

/// What a template is a part of, which says how what fills its holes is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Encode {
    /// A path. Values are percent-encoded, and none may be empty or make a dot segment; what `{*rest}` captured keeps its
    /// slashes.
    Path,
    /// The value of a query parameter, percent-encoded as a whole.
    Query,
    /// Anything else, as it is.
    Plain,
}

#[derive(Debug)]
enum Piece {
    Text(Box<str>),
    /// What the route's path captured under this name.
    Capture(Box<str>),
    Value(Expression),
}

/// The longest template, in bytes. Longer texts are no lines of a configuration.
pub const MOST_TEXT: usize = 65_536;

/// The most holes: each may cost as much as an expression may.
const MOST_HOLES: usize = 64;

/// The longest path or value of a parameter that is made, in bytes: servers take no longer ones (8 KiB is usual).
const MOST_PART: usize = 16_384;

/// The longest of other texts that is made, in bytes.
const MOST_FILLED: usize = 1_048_576;

/// All but unreserved characters (RFC 3986 section 2.3): a value stays within its segment or parameter for any reader.
const VALUE: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// What no path has in it (RFC 3986 section 3.3), the author's own text included. Percent signs are the author's.
const PATH: &AsciiSet = &CONTROLS
    .add(b' ')
    .add(b'"')
    .add(b'#')
    .add(b'<')
    .add(b'>')
    .add(b'?')
    .add(b'[')
    .add(b'\\')
    .add(b']')
    .add(b'^')
    .add(b'`')
    .add(b'{')
    .add(b'|')
    .add(b'}');

// === impl Template ===

impl fmt::Display for Template {
    /// As it can be written.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for piece in &self.pieces {
            match piece {
                Piece::Text(text) => f.write_str(&text.replace('{', "{{").replace('}', "}}"))?,
                Piece::Capture(name) => write!(f, "{{{name}}}")?,
                Piece::Value(expression) => write!(f, "{{{}}}", expression.source())?,
            }
        }
        Ok(())
    }
}

impl Template {
    /// Reads `text`, whose holes can be captures of `pattern` and expressions over what is `known`. Reports every mistake
    /// it can.
    pub fn read(text: &str, pattern: Option<&Pattern>, known: &Known<'_>) -> Result<Self, Vec<Mistake>> {
        let parts = scan::parts(text).map_err(|mistake| vec![mistake])?;
        let mut mistakes = Vec::new();
        let pieces = parts.into_iter().filter_map(|part| match part {
            Part::Text(text) => Some(Piece::Text(text.into())),
            Part::Hole(source) => match piece(source, pattern, known) {
                Ok(piece) => Some(piece),
                Err(found) => {
                    mistakes.extend(found);
                    None
                }
            },
        });
        let pieces = pieces.collect();
        if mistakes.is_empty() { Ok(Self { pieces }) } else { Err(mistakes) }
    }

    /// The text for one request.
    pub fn fill(&self, facts: &Facts<'_>, encode: Encode) -> Result<String, Fault> {
        let most = if encode == Encode::Plain { MOST_FILLED } else { MOST_PART };
        let mut filled = String::new();
        let mut left = LIMIT;
        for piece in &self.pieces {
            match piece {
                Piece::Text(text) => match encode {
                    Encode::Path => filled.extend(utf8_percent_encode(text, PATH)),
                    Encode::Query => filled.extend(utf8_percent_encode(text, VALUE)),
                    Encode::Plain => filled.push_str(text),
                },
                Piece::Capture(name) => push_captured(&mut filled, facts, name, encode)?,
                Piece::Value(expression) => {
                    let mut run = Run::with(facts, left);
                    let value = output::text(run.value(&expression.root)?)?;
                    left = run.left();
                    if value.len() > most {
                        return Err(Fault::TooLarge);
                    }
                    match encode {
                        Encode::Path if value.is_empty() => return Err(Fault::Segment),
                        Encode::Path | Encode::Query => filled.extend(utf8_percent_encode(&value, VALUE)),
                        Encode::Plain => filled.push_str(&value),
                    }
                }
            }
            if filled.len() > most {
                return Err(Fault::TooLarge);
            }
        }
        if encode == Encode::Path && filled.split('/').any(is_dots) {
            return Err(Fault::Segment);
        }
        Ok(filled)
    }

    /// The text where it has no holes.
    pub fn fixed(&self) -> Option<&str> {
        match &*self.pieces {
            [] => Some(""),
            [Piece::Text(text)] => Some(text),
            _ => None,
        }
    }

    /// What its text begins with, before the first hole.
    pub fn start(&self) -> &str {
        match self.pieces.first() {
            Some(Piece::Text(text)) => text,
            _ => "",
        }
    }

    /// What stands between its holes.
    pub fn texts(&self) -> impl Iterator<Item = &str> {
        self.pieces.iter().filter_map(|piece| match piece {
            Piece::Text(text) => Some(&**text),
            Piece::Capture(_) | Piece::Value(_) => None,
        })
    }

    /// The variables it asks for; captures are [`Variable::Params`]. Some may come twice.
    pub fn reads(&self) -> impl Iterator<Item = Variable> {
        let captured = self.pieces.iter().any(|piece| matches!(piece, Piece::Capture(_)));
        let read = self.expressions().flat_map(|expression| expression.reads().iter().copied());
        captured.then_some(Variable::Params).into_iter().chain(read)
    }

    /// The steps that it names. Some may come twice.
    pub fn steps(&self) -> impl Iterator<Item = &str> {
        self.expressions().flat_map(|expression| expression.steps().iter().map(|name| &**name))
    }

    /// The expressions in its holes.
    pub fn expressions(&self) -> impl Iterator<Item = &Expression> {
        self.pieces.iter().filter_map(|piece| match piece {
            Piece::Value(expression) => Some(expression),
            Piece::Text(_) | Piece::Capture(_) => None,
        })
    }
}

/// What a hole is filled with.
fn piece(source: &str, pattern: Option<&Pattern>, known: &Known<'_>) -> Result<Piece, Vec<Mistake>> {
    let name = source.trim();
    let captured = |name: &str| pattern.is_some_and(|pattern| pattern.captures().any(|known| known == name));
    let within = |message: String| format!("in {{{name}}}: {message}");
    let bare = name.strip_prefix('*').unwrap_or(name);
    if captured(bare) {
        let variable = Variable::named(name).filter(|variable| variable.is_known(known));
        if variable.is_some() {
            let mistake = Mistake::new(within(format!(
                "`{name}` is both a capture of the route's path and a variable"
            )));
            let help = format!(
                "write {{request.params.{name}}} for what was captured, {{({name})}} for the variable"
            );
            return Err(vec![Mistake { help: Some(help), ..mistake }]);
        }
        return Ok(Piece::Capture(bare.into()));
    }
    let expression = Expression::compile_with(source, Kind::Any, known).map_err(|mistakes| {
        let told = |mistake: Mistake| Mistake { message: within(mistake.message), help: mistake.help };
        mistakes
            .into_iter()
            .map(told)
            .map(|mistake| with_captures(mistake, name, pattern))
            .collect::<Vec<_>>()
    })?;
    if matches!(expression.kind(), Kind::Null | Kind::List | Kind::Map) {
        return Err(vec![Mistake {
            help: Some("what fills a hole is text, a number, or true or false".to_owned()),
            ..Mistake::new(within(format!("it is {}", expression.kind())))
        }]);
    }
    match expression.params().iter().find(|name| pattern.is_some() && !captured(name)) {
        Some(missing) => {
            let message = within(format!("the route's path does not capture `{missing}`"));
            Err(vec![with_captures(Mistake::new(message), name, pattern)])
        }
        None => Ok(Piece::Value(expression)),
    }
}

/// A name that is nothing else may have been meant for a capture.
fn with_captures(mistake: Mistake, name: &str, pattern: Option<&Pattern>) -> Mistake {
    let plain = name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"_*".contains(&byte));
    let param = name.starts_with("request.params");
    let captures: Vec<_> = pattern.into_iter().flat_map(Pattern::captures).collect();
    if !(plain || param) || captures.is_empty() {
        return mistake;
    }
    let captures: Vec<_> = captures.iter().map(|name| format!("{{{name}}}")).collect();
    let help = match mistake.help {
        Some(help) if help.starts_with("did you mean") => help,
        _ => format!("the route's path captures {}", captures.join(", ")),
    };
    Mistake { help: Some(help), ..mistake }
}

fn push_captured(filled: &mut String, facts: &Facts<'_>, name: &str, encode: Encode) -> Result<(), Fault> {
    let raw = facts.pattern.and_then(|pattern| {
        let place = pattern.captures().position(|known| known == name)?;
        pattern.captured(facts.path, place)
    });
    let raw = raw.ok_or_else(|| Fault::Absent(name.into()))?;
    match encode {
        // In normal form already: dot segments are resolved, and what is encoded stays so.
        Encode::Path => {
            if raw.is_empty() {
                return Err(Fault::Segment);
            }
            filled.extend(utf8_percent_encode(raw, PATH));
        }
        Encode::Query => {
            let bytes: Vec<u8> = percent_decode_str(raw).collect();
            filled.extend(percent_encode(&bytes, VALUE));
        }
        Encode::Plain => {
            let text = percent_decode_str(raw).decode_utf8();
            filled.push_str(&text.map_err(|_| Fault::NotText(name.into()))?);
        }
    }
    Ok(())
}

/// RFC 3986 section 5.2.4, for readers who decode before they resolve, too.
fn is_dots(segment: &str) -> bool {
    let mut rest = segment;
    let mut dots = 0;
    while !rest.is_empty() {
        let encoded = rest.get(..3).is_some_and(|start| start.eq_ignore_ascii_case("%2e"));
        rest = match rest.strip_prefix('.') {
            Some(after) => after,
            None if encoded => &rest[3..],
            None => return false,
        };
        dots += 1;
    }
    (1..=2).contains(&dots)
}
