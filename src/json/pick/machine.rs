//! A document that arrives in pieces, of which only a part is kept.

use std::borrow::Cow;

use super::super::parse::{FEW, twice};
use super::super::{Error, Fault, Limits, MOST_DEPTH, Node, Number, Object};
use super::number::{Digits, cannot_follow};
use super::utf8::Begun;
use super::{Picks, Way};
use text::Text;

mod skip;
mod text;

/// Reads a document piece by piece and keeps what [`Picks`] name; how it is cut into pieces makes no difference.
///
/// All of the document is checked as [`parse`](crate::json::parse) does it: UTF-8, every text, number and word, depth.
/// What needs memory is checked only of what is kept: [`Limits::bytes`] (texts, names and numbers together),
/// [`Limits::values`], [`Limits::text`], and names that stand twice, among those that are kept or lead to what is.
#[derive(Debug)]
pub struct Picker<'p> {
    limits: Limits,
    /// How many bytes have been read.
    at: usize,
    begun: Begun,
    state: State,
    /// What is kept of the value that is read or comes next.
    way: Option<&'p Way>,
    /// Arrays and objects that are open and of which something is kept.
    frames: Vec<Frame<'p>>,
    /// Those within, of which nothing is.
    skipped: Skipped,
    /// The text, name or number that is read, as far as it is kept.
    token: String,
    /// Where it begins.
    start: usize,
    /// Bytes of texts, names and numbers that are kept.
    held: usize,
    /// Values that are kept.
    values: usize,
    result: Option<Node<'static>>,
    failed: Option<Error>,
}

/// What may come.
#[derive(Debug, Clone, Copy)]
enum State {
    /// A value.
    Value,
    /// The first element of an array, or its end.
    First,
    /// A name.
    Name,
    /// The first name of an object, or its end.
    FirstName,
    /// `:`
    Colon,
    /// `,` or the end of what is open.
    Behind,
    /// Nothing more.
    Done,
    /// The rest of a text or name.
    Text(Text),
    /// The rest of a number.
    Number(Digits),
    /// The rest of a word, of which so many bytes have been read.
    Word(&'static str, usize),
}

#[derive(Debug)]
struct Frame<'p> {
    way: &'p Way,
    open: Open,
}

#[derive(Debug)]
enum Open {
    Array {
        index: usize,
        elements: Vec<Node<'static>>,
    },
    Object {
        /// Of the member that is read.
        name: String,
        members: Vec<(Cow<'static, str>, Node<'static>)>,
        /// Where their names stand, where all are kept.
        places: Vec<usize>,
        /// Which of the members that are asked for have been there, where not all are kept.
        seen: u128,
    },
}

/// What is open, outermost in the highest of the bits that count: 1 for an array. [`MOST_DEPTH`] is how many there are.
#[derive(Debug, Default)]
struct Skipped {
    depth: usize,
    arrays: u128,
}

// === impl Picker ===

impl<'p> Picker<'p> {
    /// For one document.
    pub fn new(picks: &'p Picks, limits: Limits) -> Self {
        Self {
            limits: Limits { depth: limits.depth.min(MOST_DEPTH), ..limits },
            at: 0,
            begun: Begun::default(),
            state: State::Value,
            way: Some(picks.way()),
            frames: Vec::new(),
            skipped: Skipped::default(),
            token: String::new(),
            start: 0,
            held: 0,
            values: 0,
            result: None,
            failed: None,
        }
    }

    /// Reads the next piece. After a mistake, there is nothing but that mistake.
    pub fn feed(&mut self, piece: &[u8]) -> Result<(), Error> {
        if let Some(error) = self.failed {
            return Err(error);
        }
        self.pass(piece).inspect_err(|error| self.failed = Some(*error))
    }

    fn pass(&mut self, piece: &[u8]) -> Result<(), Error> {
        let checked = self.begun.check(piece);
        if let Some((bytes, len)) = checked.first {
            self.run(std::str::from_utf8(&bytes[..len]).unwrap_or_default())?;
        }
        self.run(checked.valid)?;
        if checked.wrong { Err(self.fault(Fault::Encoding)) } else { Ok(()) }
    }

    /// What has been kept, once there is no more; `null` where the document is no object or array and is not kept as a
    /// whole.
    pub fn finish(mut self) -> Result<Node<'static>, Error> {
        if let Some(error) = self.failed {
            return Err(error);
        }
        if self.begun.len() > 0 {
            return Err(self.fault(Fault::Encoding));
        }
        match self.state {
            State::Number(digits) if digits.is_whole() => self.number_ends()?,
            State::Number(_) => return Err(self.fault(Fault::Number)),
            State::Text(text) => return Err(text.at_the_end(self.at)),
            _ => {}
        }
        match self.state {
            State::Done => Ok(self.result.unwrap_or(Node::Null)),
            _ => Err(self.fault(Fault::End)),
        }
    }

    /// About how many bytes of memory are in use for what is kept.
    pub fn held(&self) -> usize {
        self.held + self.token.capacity() + self.values * size_of::<(Cow<'_, str>, Node<'_>)>()
    }

    fn fault(&self, fault: Fault) -> Error {
        Error { at: self.at, fault }
    }

    /// Goes through whole characters.
    fn run(&mut self, mut rest: &str) -> Result<(), Error> {
        while let Some(byte) = rest.as_bytes().first() {
            if self.skips() {
                let used = self.skip(rest.as_bytes());
                if used > 0 {
                    self.at += used;
                    rest = rest.get(used..).unwrap_or_default();
                    continue;
                }
            }
            let used = match self.state {
                State::Text(text) => self.text(text, rest)?,
                State::Number(digits) => self.number(digits, rest)?,
                State::Word(word, at) => self.word(word, at, rest.as_bytes())?,
                // RFC 8259 section 2: these four, and no others.
                _ if matches!(byte, b' ' | b'\t' | b'\n' | b'\r') => space(rest.as_bytes()),
                state => self.structure(state, *byte)?,
            };
            self.at += used;
            rest = rest.get(used..).unwrap_or_default();
        }
        Ok(())
    }

    fn structure(&mut self, state: State, byte: u8) -> Result<usize, Error> {
        match (state, byte) {
            (State::First, b']') | (State::FirstName, b'}') => self.close()?,
            (State::Value | State::First, _) => self.value(byte)?,
            (State::Name | State::FirstName, b'"') => self.name_begins(),
            (State::Colon, b':') => self.state = State::Value,
            (State::Behind, b',') => self.comma(),
            (State::Behind, b']') if self.in_array() => self.close()?,
            (State::Behind, b'}') if !self.in_array() => self.close()?,
            (State::Done, _) => return Err(self.fault(Fault::After)),
            _ => return Err(self.fault(Fault::Unexpected)),
        }
        Ok(1)
    }

    fn in_array(&self) -> bool {
        if self.skipped.depth > 0 {
            return self.skipped.arrays & 1 == 1;
        }
        self.frames.last().is_some_and(|frame| matches!(frame.open, Open::Array { .. }))
    }

    /// Whether all of the value that is read is kept.
    fn is_kept(&self) -> bool {
        self.way.is_some_and(|way| way.whole)
    }

    /// One more value is kept.
    fn count(&mut self) -> Result<(), Error> {
        if self.values >= self.limits.values {
            return Err(self.fault(Fault::Values));
        }
        self.values += 1;
        Ok(())
    }

    fn value(&mut self, byte: u8) -> Result<(), Error> {
        if self.is_kept() && !matches!(byte, b'{' | b'[') {
            self.count()?;
        }
        self.state = match byte {
            b'{' | b'[' => return self.open(byte == b'['),
            b'"' => {
                self.start = self.at + 1;
                State::Text(Text::value(self.is_kept()))
            }
            b't' => State::Word("true", 1),
            b'f' => State::Word("false", 1),
            b'n' => State::Word("null", 1),
            _ => {
                let digits = Digits::first(byte).ok_or_else(|| self.fault(Fault::Unexpected))?;
                self.start = self.at;
                if self.is_kept() {
                    self.token.push(char::from(byte));
                }
                State::Number(digits)
            }
        };
        Ok(())
    }

    fn open(&mut self, array: bool) -> Result<(), Error> {
        if self.frames.len() + self.skipped.depth >= self.limits.depth {
            return Err(self.fault(Fault::Deep));
        }
        self.state = if array { State::First } else { State::FirstName };
        let Some(way) = self.way else {
            self.skipped.push(array);
            return Ok(());
        };
        self.count()?;
        let open = if array {
            self.way = way.element(0);
            Open::Array { index: 0, elements: Vec::new() }
        } else {
            Open::Object { name: String::new(), members: Vec::new(), places: Vec::new(), seen: 0 }
        };
        self.frames.push(Frame { way, open });
        Ok(())
    }

    fn comma(&mut self) {
        self.way = None;
        if self.skipped.depth > 0 {
            self.state = if self.in_array() { State::Value } else { State::Name };
            return;
        }
        self.state = State::Name;
        if let Some(Frame { way, open: Open::Array { index, .. } }) = self.frames.last_mut() {
            *index += 1;
            self.way = way.element(*index);
            self.state = State::Value;
        }
    }

    fn close(&mut self) -> Result<(), Error> {
        if self.skipped.depth > 0 {
            self.skipped.pop();
            self.done(None);
            return Ok(());
        }
        let node = match self.frames.pop().map(|frame| frame.open) {
            Some(Open::Array { elements, .. }) => Some(Node::Array(elements)),
            Some(Open::Object { members, places, .. }) => {
                if places.len() > FEW
                    && let Some(second) = twice(&members)
                {
                    return Err(Error { at: places[second], fault: Fault::Twice });
                }
                Some(Node::Object(Object { members }))
            }
            None => None,
        };
        self.done(node);
        Ok(())
    }

    /// A value has ended: it is kept where there is one.
    fn done(&mut self, node: Option<Node<'static>>) {
        self.token.clear();
        self.state = State::Behind;
        if self.skipped.depth > 0 {
            return;
        }
        let asked_for = self.frames.last().map_or(0, |frame| frame.way.members.len());
        match (self.frames.last_mut().map(|frame| &mut frame.open), node) {
            (None, node) => {
                self.result = node;
                self.state = State::Done;
            }
            (Some(Open::Array { elements, .. }), Some(node)) => elements.push(node),
            (Some(Open::Object { name, members, .. }), Some(node)) => {
                // A list grows to four at once, and there may be many with one in them.
                if members.is_empty() {
                    members.reserve_exact(asked_for.min(4));
                }
                members.push((Cow::Owned(std::mem::take(name)), node));
            }
            (Some(_), None) => {}
        }
    }

    /// As far as the digits go.
    fn number(&mut self, mut digits: Digits, rest: &str) -> Result<usize, Error> {
        let mut used = 0;
        let mut next = None;
        for byte in rest.bytes() {
            match digits.next(byte) {
                Some(more) => digits = more,
                None => {
                    next = Some(byte);
                    break;
                }
            }
            used += 1;
        }
        if self.is_kept() {
            self.keep(rest.get(..used).unwrap_or_default(), self.at + used)?;
        }
        self.state = State::Number(digits);
        if let Some(byte) = next {
            if !digits.is_whole() || cannot_follow(byte) {
                return Err(Error { at: self.at + used, fault: Fault::Number });
            }
            self.number_ends()?;
        }
        Ok(used)
    }

    fn number_ends(&mut self) -> Result<(), Error> {
        let node = self.is_kept().then(|| Node::Number(Number::known(&self.token).into_owned()));
        self.hold(self.token.len())?;
        self.done(node);
        Ok(())
    }

    fn word(&mut self, word: &'static str, at: usize, rest: &[u8]) -> Result<usize, Error> {
        let expected = &word.as_bytes()[at..];
        let same = expected.iter().zip(rest).take_while(|(expected, byte)| expected == byte).count();
        if same == expected.len() {
            let node = if word == "null" { Node::Null } else { Node::Bool(word == "true") };
            let node = self.is_kept().then_some(node);
            self.done(node);
        } else if same < rest.len() {
            return Err(Error { at: self.at + same, fault: Fault::Unexpected });
        } else {
            self.state = State::Word(word, at + same);
        }
        Ok(same)
    }

    /// Adds to what is kept of a text or number, which goes as far as `end` by now.
    fn keep(&mut self, piece: &str, end: usize) -> Result<(), Error> {
        if end - self.start > self.limits.text {
            return Err(Error { at: self.start, fault: Fault::Text });
        }
        if self.held + self.token.len() + piece.len() > self.limits.bytes {
            return Err(self.fault(Fault::Bytes));
        }
        self.token.push_str(piece);
        Ok(())
    }

    /// So many more bytes stay.
    fn hold(&mut self, bytes: usize) -> Result<(), Error> {
        self.held += bytes;
        if self.held > self.limits.bytes { Err(self.fault(Fault::Bytes)) } else { Ok(()) }
    }
}

// === impl Skipped ===

impl Skipped {
    fn push(&mut self, array: bool) {
        self.depth += 1;
        self.arrays = self.arrays << 1 | u128::from(array);
    }

    fn pop(&mut self) {
        self.depth -= 1;
        self.arrays >>= 1;
    }
}

fn space(rest: &[u8]) -> usize {
    rest.iter().position(|byte| !matches!(byte, b' ' | b'\t' | b'\n' | b'\r')).unwrap_or(rest.len())
}
