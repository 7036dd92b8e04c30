//! Functions of text. Places are counted in characters (code points), as in CEL.

use std::borrow::Cow;
use std::ops::Range;

use base64::alphabet;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use base64::prelude::{BASE64_STANDARD, Engine as _};

use super::call::mismatch;
use super::{Found, MADE, Run, as_text};
use crate::expression::fault::Fault;
use crate::expression::node::Function;
use crate::expression::value::{List, Value};

/// With padding or without, as cel-go reads it.
const DECODER: GeneralPurpose = GeneralPurpose::new(
    &alphabet::STANDARD,
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

impl<'a> Run<'a> {
    /// A function whose first argument is text.
    pub(super) fn of_text(
        &mut self,
        function: Function,
        text: Cow<'a, str>,
        rest: &[Value<'a>],
    ) -> Found<'a> {
        self.make(text.len())?;
        match (function, rest) {
            (Function::Trim, []) => {
                let start = text.len() - text.trim_start().len();
                let end = start + text.trim().len();
                self.part(text, start..end)
            }
            (Function::CharAt, [at]) => {
                let at = whole(function, at)?;
                let start = place(&text, at).ok_or(Fault::Bounds(function.name()))?;
                let end = text[start..].chars().next().map_or(start, |it| start + it.len_utf8());
                self.part(text, start..end)
            }
            (Function::Substring, [from, to @ ..]) => {
                let outside = || Fault::Bounds(function.name());
                let start = place(&text, whole(function, from)?).ok_or_else(outside)?;
                let end = match to.first() {
                    Some(to) => place(&text, whole(function, to)?).ok_or_else(outside)?,
                    None => text.len(),
                };
                if start > end {
                    return Err(outside());
                }
                self.part(text, start..end)
            }
            (Function::IndexOf | Function::LastIndexOf, [part, offset @ ..]) => {
                let part = as_text(part, function.name())?;
                self.make(part.len())?;
                let offset = offset.first().map(|offset| whole(function, offset)).transpose()?;
                index_of(function, &text, part, offset).map(Value::Int)
            }
            (Function::Replace, [old, new, most @ ..]) => self.replace(&text, old, new, most),
            (Function::Split, [by, most @ ..]) => self.split(text, by, most),
            (Function::Encode, []) => {
                self.make(text.len() / 2)?;
                Ok(Value::Text(Cow::Owned(BASE64_STANDARD.encode(text.as_bytes()))))
            }
            (Function::Decode, []) => {
                let decoded = DECODER.decode(text.as_bytes()).ok().and_then(|it| String::from_utf8(it).ok());
                let unreadable = Fault::Unreadable("base64 of text");
                decoded.map(|text| Value::Text(Cow::Owned(text))).ok_or(unreadable)
            }
            (function, _) => Err(mismatch(function, &Value::Text(text))),
        }
    }

    /// A part of a text, borrowed where the text is.
    fn part(&mut self, text: Cow<'a, str>, range: Range<usize>) -> Found<'a> {
        let part = match text {
            Cow::Borrowed(text) => text.get(range).map(Cow::Borrowed),
            Cow::Owned(text) => {
                self.make(range.len())?;
                text.get(range).map(|part| Cow::Owned(part.to_owned()))
            }
        };
        part.map(Value::Text).ok_or(Fault::OutOfRange)
    }

    fn replace(&mut self, text: &str, old: &Value<'a>, new: &Value<'a>, most: &[Value<'a>]) -> Found<'a> {
        let name = Function::Replace.name();
        let (old, new) = (as_text(old, name)?, as_text(new, name)?);
        let most = most.first().map(|most| whole(Function::Replace, most)).transpose()?;
        let most = most.and_then(|most| usize::try_from(most).ok()).unwrap_or(usize::MAX);
        self.make(text.len() + old.len())?;
        let count = text.matches(old).take(most).count();
        // Paid for before it is made: a text of one letter can be replaced by a long one everywhere.
        self.make(count.saturating_mul(new.len()).saturating_add(text.len()))?;
        Ok(Value::Text(Cow::Owned(text.replacen(old, new, most))))
    }

    fn split(&mut self, text: Cow<'a, str>, by: &Value<'a>, most: &[Value<'a>]) -> Found<'a> {
        let by = as_text(by, Function::Split.name())?;
        let most = most.first().map(|most| whole(Function::Split, most)).transpose()?;
        let most = most.and_then(|most| usize::try_from(most).ok()).unwrap_or(usize::MAX);
        let mut ranges = Vec::new();
        let mut start = 0;
        while most > 0 && ranges.len() + 1 < most {
            let rest = &text[start..];
            let (length, separator) = if by.is_empty() {
                match rest.chars().next() {
                    Some(first) if first.len_utf8() < rest.len() => (first.len_utf8(), 0),
                    _ => break,
                }
            } else {
                match rest.find(by) {
                    Some(at) => (at, by.len()),
                    None => break,
                }
            };
            self.pay(MADE)?;
            ranges.push(start..start + length);
            start += length + separator;
        }
        // Of nothing there are no characters; between separators, there is one part more than there are of them.
        if most > 0 && !(by.is_empty() && start == text.len()) {
            ranges.push(start..text.len());
        }
        self.pay(MADE)?;
        let parts = ranges.into_iter().map(|range| self.part(text.clone(), range));
        Ok(Value::List(List::Made(parts.collect::<Result<_, _>>()?)))
    }

    /// `list.join(", ")`
    pub(super) fn join(&mut self, list: &List<'a>, by: &[Value<'a>]) -> Found<'a> {
        let name = Function::Join.name();
        let by = by.first().map_or(Ok(""), |by| as_text(by, name))?;
        let mut joined = String::new();
        for at in 0..list.len() {
            self.pay(1)?;
            let Some(item) = list.get(at) else { continue };
            let text = as_text(&item, name)?;
            self.make(text.len() + by.len())?;
            if at > 0 {
                joined.push_str(by);
            }
            joined.push_str(text);
        }
        Ok(Value::Text(Cow::Owned(joined)))
    }
}

/// A whole number that says where, or how many.
pub(super) fn whole(function: Function, value: &Value<'_>) -> Result<i64, Fault> {
    match value {
        Value::Int(value) => Ok(*value),
        other => Err(mismatch(function, other)),
    }
}

/// Where the character of this number begins; where the text ends, for that behind its last.
fn place(text: &str, at: i64) -> Option<usize> {
    let at = usize::try_from(at).ok()?;
    text.char_indices().map(|(start, _)| start).chain([text.len()]).nth(at)
}

/// cel-go `ext.Strings`: the number of the first or last character at which `part` begins, at or after `offset`, or at or
/// before it; -1 for none.
fn index_of(function: Function, text: &str, part: &str, offset: Option<i64>) -> Result<i64, Fault> {
    let length = text.chars().count();
    let number = |count: usize| i64::try_from(count).map_err(|_| Fault::Overflow);
    let offset = match offset {
        None => None,
        Some(offset) => {
            let offset = usize::try_from(offset).map_err(|_| Fault::Bounds(function.name()))?;
            if part.is_empty() {
                return number(offset.min(length));
            }
            if offset >= length {
                return Err(Fault::Bounds(function.name()));
            }
            Some(offset)
        }
    };
    let byte = |at: usize| text.char_indices().nth(at).map_or(text.len(), |(start, _)| start);
    let found = if function == Function::IndexOf {
        let start = byte(offset.unwrap_or(0));
        text[start..].find(part).map(|at| start + at)
    } else {
        let end = offset.map_or(text.len(), |offset| byte(offset.saturating_add(part.chars().count())));
        text[..end].rfind(part)
    };
    found.map_or(Ok(-1), |at| number(text[..at].chars().count()))
}
