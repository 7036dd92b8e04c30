//! Parameters of the path and the query, header fields and cookies: from texts to values that a schema can judge.

use std::borrow::Cow;
use std::sync::Arc;

use http::HeaderMap;
use http::header::{COOKIE, HeaderName};

use super::kinds::{Kinds, Prefer};
use super::schema::{Schema, Verdict};
use crate::json::{Limits, Node, Object, parse};
use crate::problem::{Violation, Violations};
use crate::transform::query;

/// The most values of one list, and members of one object, that are read out of a parameter: more fit into no schema of a
/// parameter that makes sense.
const MOST_VALUES: usize = 256;

/// One parameter.
#[derive(Debug)]
pub struct Parameter {
    /// Where it stands.
    pub place: Place,
    /// Its name.
    pub name: Box<str>,
    /// Whether there must be one.
    pub required: bool,
    /// How lists and objects are written.
    pub style: Style,
    /// What it must be.
    pub schema: Arc<Schema>,
    /// What its text may stand for.
    pub kinds: Kinds,
}

/// Where a parameter stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Place {
    /// What the route's path captures, by its place among the captures.
    Path(usize),
    /// The query.
    Query,
    /// A header field.
    Header(HeaderName),
    /// A cookie.
    Cookie,
}

/// How lists and objects are written (OpenAPI 3.1 section 4.8.12.2): RFC 6570 has the first three.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Style {
    /// `form`, exploded: a list is the parameter several times, an object each of its members as a parameter of its own.
    Repeated,
    /// `form` and `simple`: `a,b`.
    Commas,
    /// `spaceDelimited`: `a%20b`.
    Spaces,
    /// `pipeDelimited`: `a|b`.
    Pipes,
    /// `deepObject`: `name[member]=value`.
    Deep,
    /// The value is JSON, as parameters with `content` in OpenAPI.
    Json,
}

/// A request, as far as parameters stand in it.
#[derive(Debug, Clone, Copy)]
pub struct Given<'a> {
    /// What the path captures, in order.
    pub captures: &'a [&'a str],
    /// The query.
    pub query: Option<&'a str>,
    /// The header fields.
    pub headers: &'a HeaderMap,
}

/// The texts of one parameter.
enum Texts<'a> {
    /// It is not there.
    None,
    /// It stands there once.
    One(Cow<'a, str>),
    /// It is a list.
    List(Vec<Cow<'a, str>>),
    /// It is an object.
    Object(Vec<(Cow<'a, str>, Cow<'a, str>)>),
}

// === impl Place ===

impl Place {
    /// As problems name it, which is as OpenAPI does.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Path(_) => "path",
            Self::Query => "query",
            Self::Header(_) => "header",
            Self::Cookie => "cookie",
        }
    }
}

// === impl Parameter ===

impl Parameter {
    /// Judges the parameter; what is wrong with it goes to `found`.
    pub fn judge(&self, given: &Given<'_>, found: &mut Violations) {
        let mut wrong = |detail: &str| {
            found.push(Violation::in_parameter(self.place.name(), &self.name, "", detail));
        };
        let texts = match self.texts(given) {
            Ok(Texts::None) => {
                if self.required {
                    wrong("is missing");
                }
                return;
            }
            Ok(texts) => texts,
            Err(why) => return wrong(why),
        };
        let Some(value) = self.value(&texts, Prefer::Values) else { return wrong("is not JSON") };
        let Verdict::Invalid(violations) = self.schema.judge(&value) else { return };
        if self.kinds.is_ambiguous()
            && let Some(value) = self.value(&texts, Prefer::Text)
            && self.schema.judge(&value) == Verdict::Valid
        {
            return;
        }
        for Violation { pointer, detail, .. } in violations {
            let pointer = pointer.as_deref().map_or("", |pointer| pointer.trim_start_matches('#'));
            found.push(Violation::in_parameter(self.place.name(), &self.name, pointer, detail));
        }
    }

    /// Whether a parameter of the query is this one, or a member of it.
    pub fn takes(&self, name: &str) -> bool {
        self.place == Place::Query
            && match (self.style, &self.kinds.object) {
                (Style::Deep, _) => deep_member(&self.name, name).is_some(),
                (Style::Repeated, Some(members)) => members.contains_key(name),
                _ => *self.name == *name,
            }
    }

    fn texts<'a>(&self, given: &Given<'a>) -> Result<Texts<'a>, &'static str> {
        let texts = match &self.place {
            Place::Path(at) => match given.captures.get(*at) {
                Some(text) => self.split(text, ",", Cow::Borrowed),
                None => Texts::None,
            },
            Place::Query => self.of_query(given.query)?,
            Place::Header(name) => self.of_header(given.headers, name)?,
            Place::Cookie => self.of_cookies(given.headers)?,
        };
        match &texts {
            Texts::List(list) if list.len() > MOST_VALUES => Err("has too many values"),
            Texts::Object(members) if members.len() > MOST_VALUES => Err("has too many members"),
            // Of two, whoever reads them after the gateway might take the other one.
            Texts::Object(members) if stands_twice(members) => Err("has a member several times"),
            _ => Ok(texts),
        }
    }

    /// One text that may be a list.
    fn split<'a>(&self, text: &'a str, at: &str, read: impl Fn(&'a str) -> Cow<'a, str>) -> Texts<'a> {
        if self.style == Style::Json || (self.kinds.list.is_none() && self.kinds.object.is_none()) {
            return Texts::One(read(text));
        }
        let mut pieces = text.split(at).take(MOST_VALUES * 2 + 2);
        if self.kinds.list.is_some() {
            // RFC 6570 section 3.2.1: a list of nothing is no parameter, so that this one has one empty element, or none.
            return Texts::List(if text.is_empty() { Vec::new() } else { pieces.map(read).collect() });
        }
        let mut members = Vec::new();
        // `name,value,name,value`, as `simple` and `form` have objects that are not exploded.
        while let Some(name) = pieces.next() {
            members.push((read(name), pieces.next().map_or(Cow::Borrowed(""), &read)));
        }
        Texts::Object(members)
    }

    fn of_query<'a>(&self, text: Option<&'a str>) -> Result<Texts<'a>, &'static str> {
        match (self.style, &self.kinds.object) {
            (Style::Deep, _) => {
                let all = query::names(text).zip(pairs(text));
                let members = all.filter_map(|(name, (_, value))| {
                    let member = deep_member(&self.name, &name)?.to_owned();
                    Some((Cow::Owned(member), query::decoded(value)))
                });
                return Ok(some_members(members.take(MOST_VALUES + 1).collect()));
            }
            (Style::Repeated, Some(known)) => {
                let all = query::names(text).zip(pairs(text));
                let members = all.filter(|(name, _)| known.contains_key(&**name));
                let members = members.map(|(name, (_, value))| (name, query::decoded(value)));
                return Ok(some_members(members.take(MOST_VALUES + 1).collect()));
            }
            _ => {}
        }
        let mut values = query::raw_values(text, &self.name);
        let Some(first) = values.next() else { return Ok(Texts::None) };
        if self.style == Style::Repeated && self.kinds.list.is_some() {
            let all = std::iter::once(first).chain(values).take(MOST_VALUES + 1);
            return Ok(Texts::List(all.map(query::decoded).collect()));
        }
        if values.next().is_some() {
            return Err("stands several times");
        }
        let first = match self.style {
            // Both ways of writing a space, and both of a pipe.
            Style::Spaces => return Ok(self.split_owned(&first.replace("%20", "+"), "+")),
            Style::Pipes => return Ok(self.split_owned(&first.replace("%7C", "|").replace("%7c", "|"), "|")),
            _ => first,
        };
        Ok(self.split(first, ",", query::decoded))
    }

    fn split_owned<'a>(&self, text: &str, at: &str) -> Texts<'a> {
        let own = |text: Cow<'_, str>| Cow::Owned(text.into_owned());
        match self.split(text, at, query::decoded) {
            Texts::None => Texts::None,
            Texts::One(text) => Texts::One(own(text)),
            Texts::List(list) => Texts::List(list.into_iter().map(own).collect()),
            Texts::Object(members) => {
                Texts::Object(members.into_iter().map(|(name, value)| (own(name), own(value))).collect())
            }
        }
    }

    fn of_header<'a>(&self, headers: &'a HeaderMap, name: &HeaderName) -> Result<Texts<'a>, &'static str> {
        let mut lines = headers.get_all(name).iter().map(|value| value.to_str());
        let Some(first) = lines.next() else { return Ok(Texts::None) };
        let first = first.map_err(|_| "has characters that are not ASCII")?;
        if self.kinds.list.is_none() || self.style == Style::Json {
            if lines.next().is_some() {
                return Err("stands several times");
            }
            return Ok(self.split(first, ",", |piece| Cow::Borrowed(piece.trim_ascii())));
        }
        // RFC 9110 section 5.3: several lines are one list.
        let mut list = Vec::new();
        for line in std::iter::once(Ok(first)).chain(lines) {
            let line = line.map_err(|_| "has characters that are not ASCII")?;
            let elements = line.split(',').map(str::trim_ascii).filter(|element| !element.is_empty());
            list.extend(elements.map(Cow::Borrowed).take(MOST_VALUES + 1));
        }
        Ok(Texts::List(list))
    }

    /// RFC 6265 section 4.2.1.
    fn of_cookies<'a>(&self, headers: &'a HeaderMap) -> Result<Texts<'a>, &'static str> {
        let lines = headers.get_all(COOKIE).iter().filter_map(|value| value.to_str().ok());
        let pairs =
            lines.flat_map(|line| line.split(';')).filter_map(|pair| pair.trim_ascii().split_once('='));
        let mut values = pairs.filter(|(name, _)| *name == &*self.name).map(|(_, value)| value);
        match (values.next(), values.next()) {
            (None, _) => Ok(Texts::None),
            (Some(value), None) => Ok(self.split(value, ",", query::decoded)),
            (Some(_), Some(_)) => Err("stands several times"),
        }
    }

    /// The value that the texts stand for; `None` where it should be JSON, and is none.
    fn value(&self, texts: &Texts<'_>, prefer: Prefer) -> Option<Node<'static>> {
        Some(match texts {
            Texts::None => Node::Null,
            Texts::One(text) if self.style == Style::Json => {
                let limits = Limits { depth: 16, ..Limits::of(text.len()) };
                parse(text.as_bytes(), &limits).ok()?.into_owned()
            }
            Texts::One(text) => self.kinds.read(text, prefer),
            Texts::List(list) => {
                let kinds = self.kinds.list.as_deref();
                Node::Array(list.iter().map(|text| read(kinds, text, prefer)).collect())
            }
            Texts::Object(members) => {
                let known = self.kinds.object.as_ref();
                let mut object = Object::default();
                for (name, text) in members {
                    let kinds = known.and_then(|known| known.get(&**name));
                    object.set(name.clone().into_owned(), read(kinds, text, prefer));
                }
                Node::Object(object)
            }
        })
    }
}

fn read(kinds: Option<&Kinds>, text: &str, prefer: Prefer) -> Node<'static> {
    kinds.map_or_else(|| Node::Text(text.to_owned().into()), |kinds| kinds.read(text, prefer))
}

fn some_members<'a>(members: Vec<(Cow<'a, str>, Cow<'a, str>)>) -> Texts<'a> {
    if members.is_empty() { Texts::None } else { Texts::Object(members) }
}

fn stands_twice(members: &[(Cow<'_, str>, Cow<'_, str>)]) -> bool {
    let mut names: Vec<&str> = members.iter().map(|(name, _)| &**name).collect();
    names.sort_unstable();
    names.windows(2).any(|pair| pair[0] == pair[1])
}

/// The parameters as they came, names and values apart.
fn pairs(query: Option<&str>) -> impl Iterator<Item = (&str, &str)> {
    let pieces = query.unwrap_or_default().split('&').filter(|piece| !piece.is_empty());
    pieces.map(|piece| piece.split_once('=').unwrap_or((piece, "")))
}

/// `a` in `name[a]`.
fn deep_member<'n>(parameter: &str, name: &'n str) -> Option<&'n str> {
    name.strip_prefix(parameter)?.strip_prefix('[')?.strip_suffix(']')
}

#[cfg(test)]
mod tests;
