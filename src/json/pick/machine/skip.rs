//! Passing over what is not kept, quickly: a whole token at a time, as long as nothing is unusual. Whatever is, a token that
//! is cut, half a surrogate pair, a mistake, is left to the part that goes character by character.

use super::super::super::scan::plain;
use super::super::number::{Digits, cannot_follow};
use super::{Picker, State, space};

// === impl Picker ===

impl Picker<'_> {
    /// Whether what comes next is skipped.
    pub(super) fn skips(&self) -> bool {
        match self.state {
            State::Text(_) | State::Number(_) | State::Word(..) => false,
            _ if self.skipped.depth > 0 => true,
            State::Value => self.way.is_none(),
            _ => false,
        }
    }

    /// Passes over whole tokens, at most as far as the end of the value that is skipped. How many bytes they were.
    pub(super) fn skip(&mut self, rest: &[u8]) -> usize {
        let mut at = 0;
        loop {
            at += space(&rest[at..]);
            let Some(byte) = rest.get(at) else { return at };
            let (state, used) = match (self.state, byte) {
                (State::Value | State::First, b'{' | b'[') => {
                    if self.frames.len() + self.skipped.depth >= self.limits.depth {
                        return at;
                    }
                    self.skipped.push(*byte == b'[');
                    (if *byte == b'[' { State::First } else { State::FirstName }, 1)
                }
                (State::First | State::Behind, b']') if self.skipped.arrays & 1 == 1 => (State::Done, 1),
                (State::FirstName | State::Behind, b'}') if self.skipped.arrays & 1 == 0 => (State::Done, 1),
                (State::Value | State::First, _) => match scalar(&rest[at..]) {
                    0 => return at,
                    used => (State::Behind, used),
                },
                (State::Name | State::FirstName, b'"') => match string(&rest[at..]) {
                    0 => return at,
                    used => (State::Colon, used),
                },
                (State::Colon, b':') => (State::Value, 1),
                (State::Behind, b',') => (if self.in_array() { State::Value } else { State::Name }, 1),
                _ => return at,
            };
            at += used;
            self.state = state;
            if matches!(state, State::Done) {
                self.skipped.pop();
                self.state = State::Behind;
            }
            if self.skipped.depth == 0 && matches!(self.state, State::Behind) {
                self.done(None);
                return at;
            }
        }
    }
}

/// The length of a text, number or word, or 0 for what is not there as a whole or is no such.
fn scalar(rest: &[u8]) -> usize {
    match rest.first() {
        Some(b'"') => string(rest),
        Some(b't') if rest.starts_with(b"true") => 4,
        Some(b'n') if rest.starts_with(b"null") => 4,
        Some(b'f') if rest.starts_with(b"false") => 5,
        Some(first) => number(*first, rest),
        None => 0,
    }
}

fn number(first: u8, rest: &[u8]) -> usize {
    let Some(mut digits) = Digits::first(first) else { return 0 };
    for (at, byte) in rest.iter().enumerate().skip(1) {
        match digits.next(*byte) {
            Some(more) => digits = more,
            None if digits.is_whole() && !cannot_follow(*byte) => return at,
            None => return 0,
        }
    }
    0
}

fn string(rest: &[u8]) -> usize {
    match inside(&rest[1..]) {
        (used, true) => used + 1,
        (_, false) => 0,
    }
}

/// Passes over text from anywhere in it: how many bytes, and whether the quotation mark behind it is one of them. It stops
/// where something is unusual.
pub(super) fn inside(rest: &[u8]) -> (usize, bool) {
    let mut at = 0;
    loop {
        at += plain(&rest[at..]);
        match rest.get(at..) {
            Some([b'"', ..]) => return (at + 1, true),
            Some([b'\\', b'"' | b'\\' | b'/' | b'b' | b'f' | b'n' | b'r' | b't', ..]) => at += 2,
            // Surrogates begin with d.
            Some([b'\\', b'u', high, digits @ ..])
                if high.is_ascii_hexdigit()
                    && !matches!(high, b'd' | b'D')
                    && digits.first_chunk::<3>().is_some_and(|it| it.iter().all(u8::is_ascii_hexdigit)) =>
            {
                at += 6;
            }
            _ => return (at, false),
        }
    }
}
