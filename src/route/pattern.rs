//! Path patterns: what they match, what they capture, and which of two goes first.

use std::cmp::{Ordering, Reverse};
use std::fmt::Write as _;

pub(crate) use super::segment::braces;
pub use super::segment::{PatternError, Segment};
use super::segment::{capture_name, error};

/// A path pattern: segments, and what may follow them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pattern {
    segments: Vec<Segment>,
    tail: Tail,
}

/// What may follow a pattern's segments.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Tail {
    /// Nothing.
    End,
    /// A slash and at least one character more, captured: `/static/{*rest}`.
    Rest(Box<str>),
    /// Nothing, or a slash and anything: a prefix route.
    Under,
}

/// The most segments a pattern may have: deeper ones are mistakes.
const MAX_SEGMENTS: usize = 64;

// === impl Pattern ===

impl Pattern {
    /// Reads a whole-path pattern: `/users/{id}`, `/files/{name}.json`, `/static/{*rest}`.
    pub fn path(text: &str) -> Result<Self, PatternError> {
        let mut texts = split(text)?;
        let mut tail = Tail::End;
        if let Some(name) = texts.last().and_then(|last| rest_name(last)) {
            tail = Tail::Rest(capture_name(name)?);
            texts.pop();
        }
        Self::from_segments(&texts, tail)
    }

    /// Reads a prefix pattern: everything at and under `/legacy`. A slash at the end means nothing.
    pub fn prefix(text: &str) -> Result<Self, PatternError> {
        let mut texts = split(text)?;
        if texts.last() == Some(&"") {
            texts.pop();
        }
        Self::from_segments(&texts, Tail::Under)
    }

    fn from_segments(texts: &[&str], tail: Tail) -> Result<Self, PatternError> {
        if texts.len() > MAX_SEGMENTS {
            return Err(error(format!("a pattern has at most {MAX_SEGMENTS} segments")));
        }
        if texts.iter().rev().skip(usize::from(tail == Tail::End)).any(|text| text.is_empty()) {
            return Err(error("an empty segment, \"//\", can never match: paths are normalised first"));
        }
        let segments = texts.iter().map(|text| Segment::parse(text)).collect::<Result<Vec<_>, _>>()?;
        let pattern = Self { segments, tail };
        let names: Vec<_> = pattern.captures().collect();
        match names.iter().enumerate().find(|(at, name)| names[..*at].contains(name)) {
            Some((_, name)) => Err(error(format!("the name {{{name}}} stands twice"))),
            None => Ok(pattern),
        }
    }

    /// The names captured, from left to right.
    pub fn captures(&self) -> impl Iterator<Item = &str> {
        let rest = match &self.tail {
            Tail::Rest(name) => Some(&**name),
            Tail::End | Tail::Under => None,
        };
        self.segments.iter().filter_map(Segment::name).chain(rest)
    }

    /// The segments.
    pub fn segments(&self) -> &[Segment] {
        &self.segments
    }

    /// What may follow them.
    pub fn tail(&self) -> &Tail {
        &self.tail
    }

    /// Whether it is a prefix pattern.
    pub fn is_prefix(&self) -> bool {
        self.tail == Tail::Under
    }

    /// Whether the normalised `path` matches.
    pub fn matches(&self, path: &str) -> bool {
        self.walk(path, |_| ())
    }

    /// What the normalised `path` has for each name, from left to right; `None` where it does not match.
    pub fn capture<'p>(&self, path: &'p str) -> Option<Vec<&'p str>> {
        let mut values = Vec::new();
        self.walk(path, |value| values.push(value)).then_some(values)
    }

    /// What the normalised `path` has for the name at this place among [`Self::captures`].
    pub fn captured<'p>(&self, path: &'p str, place: usize) -> Option<&'p str> {
        let (mut at, mut value) = (0, None);
        let matches = self.walk(path, |found| {
            if at == place {
                value = Some(found);
            }
            at += 1;
        });
        value.filter(|_| matches)
    }

    /// The part of `path` that the segments take, without what is under them.
    pub fn matched_part<'p>(&self, path: &'p str) -> &'p str {
        let mut slashes = path.bytes().enumerate().filter(|(_, byte)| *byte == b'/').map(|(at, _)| at);
        slashes.nth(self.segments.len()).map_or(path, |end| &path[..end])
    }

    fn walk<'p>(&self, path: &'p str, mut found: impl FnMut(&'p str)) -> bool {
        let Some(mut rest) = path.strip_prefix('/') else { return false };
        let mut ended = false;
        for segment in &self.segments {
            if ended {
                return false;
            }
            // Segments are short: quicker than a search made for long texts.
            let text = match rest.bytes().position(|byte| byte == b'/') {
                Some(slash) => {
                    let text = &rest[..slash];
                    rest = &rest[slash + 1..];
                    text
                }
                None => {
                    ended = true;
                    rest
                }
            };
            match segment.matches(text) {
                Some(Some(value)) => found(value),
                Some(None) => {}
                None => return false,
            }
        }
        match &self.tail {
            Tail::End => ended,
            Tail::Under => true,
            Tail::Rest(_) if ended || rest.is_empty() => false,
            Tail::Rest(_) => {
                found(rest);
                true
            }
        }
    }

    /// The order in which patterns that match one path are asked: from the left, the first segment that differs
    /// decides; a literal goes before a partial capture, the one with more literal characters first, that before a
    /// whole one; the end of the path before `{*rest}`, and that before everything under a prefix. Equal means: the
    /// same paths.
    pub fn rank(&self, other: &Self) -> Ordering {
        self.rank_by(other, |step| step)
    }

    fn rank_by<'p>(&'p self, other: &'p Self, view: impl Fn(Step<'p>) -> Step<'p>) -> Ordering {
        let last = self.segments.len().max(other.segments.len());
        let orders = (0..=last).map(|at| view(self.step(at)).cmp(&view(other.step(at))));
        orders.into_iter().find(|order| order.is_ne()).unwrap_or(Ordering::Equal)
    }

    fn step(&self, at: usize) -> Step<'_> {
        match self.segments.get(at) {
            Some(Segment::Literal(text)) => Step::Literal(text),
            Some(Segment::Capture { prefix, suffix, .. }) if prefix.is_empty() && suffix.is_empty() => {
                Step::Capture
            }
            Some(Segment::Capture { prefix, suffix, .. }) => {
                Step::Partial(Reverse(prefix.len() + suffix.len()), Reverse(prefix.len()), prefix, suffix)
            }
            None => match self.tail {
                Tail::End => Step::End,
                Tail::Rest(_) => Step::Rest,
                Tail::Under => Step::Under,
            },
        }
    }

    /// The places that together take every path this pattern takes. They have whole captures only, and nothing that is
    /// "this and everything under it": matchit has no notion of that, and goes wrong with what stands around captures
    /// (see [`super::table`]).
    pub fn lookups(&self) -> Vec<Self> {
        let whole = |segment: &Segment| match segment {
            Segment::Literal(_) => segment.clone(),
            Segment::Capture { name, .. } => {
                Segment::Capture { prefix: "".into(), name: name.clone(), suffix: "".into() }
            }
        };
        let with = |extra: Option<Segment>, tail: Tail| {
            let segments = self.segments.iter().map(whole).chain(extra).collect();
            Self { segments, tail }
        };
        match &self.tail {
            Tail::End | Tail::Rest(_) => vec![with(None, self.tail.clone())],
            Tail::Under => {
                let slash = with(Some(Segment::Literal("".into())), Tail::End);
                let below = with(None, Tail::Rest("rest".into()));
                if self.segments.is_empty() {
                    vec![slash, below]
                } else {
                    vec![with(None, Tail::End), slash, below]
                }
            }
        }
    }

    /// The rank of this pattern's own places beside `place`: as [`Self::rank`], with whole captures only.
    pub fn rank_of_place(&self, place: &Self) -> Ordering {
        let whole = |step| if matches!(step, Step::Partial(..)) { Step::Capture } else { step };
        self.rank_by(place, whole)
    }

    /// In matchit's notation, with names that depend on the place alone. Only for patterns from [`Self::lookups`].
    pub fn to_matchit(&self) -> String {
        let mut text = String::new();
        let escape = |literal: &str| literal.replace('{', "{{").replace('}', "}}");
        for segment in &self.segments {
            text.push('/');
            match segment {
                Segment::Literal(literal) => text.push_str(&escape(literal)),
                Segment::Capture { prefix, suffix, .. } => {
                    let _ = write!(text, "{}{{c}}{}", escape(prefix), escape(suffix));
                }
            }
        }
        if !matches!(self.tail, Tail::End) {
            text.push_str("/{*rest}");
        }
        text
    }

    /// Whether every path that `other` matches is matched by this pattern too.
    pub fn covers(&self, other: &Self) -> bool {
        for (at, segment) in self.segments.iter().enumerate() {
            match other.segments.get(at) {
                Some(theirs) if segment.covers(theirs) => {}
                _ => return false,
            }
        }
        let longer = other.segments.len() > self.segments.len();
        match self.tail {
            Tail::End => !longer && other.tail == Tail::End,
            Tail::Under => true,
            Tail::Rest(_) if !longer => matches!(other.tail, Tail::Rest(_)),
            // A sole empty segment is what "at least one character" excludes.
            Tail::Rest(_) => {
                other.segments.get(self.segments.len()) != Some(&Segment::Literal("".into()))
                    || other.segments.len() > self.segments.len() + 1
                    || matches!(other.tail, Tail::Rest(_))
            }
        }
    }

    /// Whether some path is matched by both.
    pub fn overlaps(&self, other: &Self) -> bool {
        let shared = self.segments.len().min(other.segments.len());
        if !(0..shared).all(|at| self.segments[at].overlaps(&other.segments[at])) {
            return false;
        }
        let (short, long) =
            if self.segments.len() <= other.segments.len() { (self, other) } else { (other, self) };
        if short.segments.len() == long.segments.len() {
            return !matches!(
                (&short.tail, &long.tail),
                (Tail::End, Tail::Rest(_)) | (Tail::Rest(_), Tail::End)
            );
        }
        match short.tail {
            Tail::End => false,
            Tail::Under => true,
            Tail::Rest(_) => {
                let only_slash = long.segments.len() == short.segments.len() + 1
                    && long.segments.last() == Some(&Segment::Literal("".into()))
                    && long.tail == Tail::End;
                !only_slash
            }
        }
    }
}

impl std::fmt::Display for Pattern {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        for segment in &self.segments {
            match segment {
                Segment::Literal(literal) => write!(f, "/{literal}")?,
                Segment::Capture { prefix, name, suffix } => write!(f, "/{prefix}{{{name}}}{suffix}")?,
            }
        }
        match &self.tail {
            Tail::End => Ok(()),
            Tail::Rest(name) => write!(f, "/{{*{name}}}"),
            Tail::Under => f.write_str("/**"),
        }
    }
}

/// One place of a pattern, in the order of rank.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
enum Step<'a> {
    End,
    Literal(&'a str),
    Partial(Reverse<usize>, Reverse<usize>, &'a str, &'a str),
    Capture,
    Rest,
    Under,
}

fn split(text: &str) -> Result<Vec<&str>, PatternError> {
    let Some(rest) = text.strip_prefix('/') else {
        return Err(error(format!("a path begins with a slash: \"/{text}\"")));
    };
    if let Some(found) = ["?", "#"].iter().find(|mark| text.contains(**mark)) {
        return Err(error(format!("a path has no \"{found}\": the query has conditions of its own")));
    }
    Ok(rest.split('/').collect())
}

fn rest_name(segment: &str) -> Option<&str> {
    segment.strip_prefix("{*")?.strip_suffix('}')
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn path(text: &str) -> Pattern {
        Pattern::path(text).unwrap()
    }

    #[test]
    fn matches_by_whole_segments() {
        for (pattern, yes, no) in [
            ("/users/{id}", "/users/1", "/users/"),
            ("/users/{id}", "/users/x", "/users/1/orders"),
            ("/files/{name}.json", "/files/a.b.json", "/files/.json"),
            ("/static/{*rest}", "/static/a/b", "/static/"),
            ("/a/", "/a/", "/a"),
            ("/", "/", "/a"),
        ] {
            assert!(path(pattern).matches(yes), "{pattern} {yes}");
            assert!(!path(pattern).matches(no), "{pattern} {no}");
        }
        let legacy = Pattern::prefix("/legacy/").unwrap();
        for yes in ["/legacy", "/legacy/", "/legacy/a/b"] {
            assert!(legacy.matches(yes), "{yes}");
        }
        assert!(!legacy.matches("/legacyx"));
        assert_eq!(legacy.matched_part("/legacy/a/b"), "/legacy");
        assert_eq!(Pattern::prefix("/").unwrap().matched_part("/a"), "");
    }

    #[test]
    fn captures_from_left_to_right() {
        assert_eq!(path("/{a}/x-{b}/{*c}").capture("/1/x-2/3/4"), Some(vec!["1", "2", "3/4"]));
    }

    #[test]
    fn the_more_specific_goes_first() {
        let order = ["/a/b", "/a/{x}.json", "/a/{x}.js", "/a/{x}", "/a/{*x}", "/{x}/b"];
        for pair in order.windows(2) {
            assert_eq!(path(pair[0]).rank(&path(pair[1])), Ordering::Less, "{pair:?}");
        }
        assert_eq!(path("/a").rank(&Pattern::prefix("/a").unwrap()), Ordering::Less);
        assert_eq!(path("/{x}").rank(&path("/{y}")), Ordering::Equal);
    }

    #[test]
    fn explains_what_is_wrong() {
        for (text, part) in [
            ("users", "begins with a slash"),
            ("/a?b", "query"),
            ("/{a}{b}", "two captures"),
            ("/{*a}/b", "last segment"),
            ("/{a}/{a}", "twice"),
            ("/{a-b}", "not a name"),
            ("/a//b", "empty segment"),
            ("/{a", "without a closing"),
            ("/a}", "without an opening"),
        ] {
            let message = Pattern::path(text).unwrap_err().message;
            assert!(message.contains(part), "{text}: {message}");
        }
    }
}
