//! Texts and names, in pieces.

use super::super::super::parse::FEW;
use super::super::super::scan::plain;
use super::super::super::{Error, Fault, Node};
use super::skip::inside;
use super::{Frame, Open, Picker, State};

/// How far a text or name has come.
#[derive(Debug, Clone, Copy)]
pub(super) struct Text {
    /// Whether it is a name.
    name: bool,
    keep: Keep,
    part: Part,
}

/// How much of it is kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Keep {
    Nothing,
    /// It is looked for among names of at most so many bytes; a longer one is none of them.
    Most(usize),
    All,
}

/// What was read last.
#[derive(Debug, Clone, Copy)]
enum Part {
    Plain,
    /// The backslash at this place.
    Backslash(usize),
    /// Digits of an escape that begins at this place, perhaps behind the first half of a surrogate pair.
    Hex {
        escape: usize,
        high: Option<u32>,
        value: u32,
        digits: u8,
    },
    /// The first half of a surrogate pair.
    High {
        escape: usize,
        high: u32,
    },
    /// The backslash behind it.
    HighBackslash {
        escape: usize,
        high: u32,
    },
}

// === impl Text ===

impl Text {
    pub(super) fn value(keep: bool) -> Self {
        Self { name: false, keep: if keep { Keep::All } else { Keep::Nothing }, part: Part::Plain }
    }

    /// What is wrong where the document ends within it.
    pub(super) fn at_the_end(self, at: usize) -> Error {
        match self.part {
            Part::High { escape, .. } | Part::HighBackslash { escape, .. } => {
                Error { at: escape, fault: Fault::Surrogate }
            }
            _ => Error { at, fault: Fault::End },
        }
    }
}

// === impl Picker ===

impl Picker<'_> {
    pub(super) fn name_begins(&mut self) {
        self.start = self.at + 1;
        let keep = match self.frames.last() {
            _ if self.skipped.depth > 0 => Keep::Nothing,
            None => Keep::Nothing,
            Some(frame) if frame.way.whole => Keep::All,
            Some(frame) => Keep::Most(frame.way.longest()),
        };
        self.state = State::Text(Text { name: true, keep, part: Part::Plain });
    }

    /// Goes on with a text or name.
    pub(super) fn text(&mut self, mut text: Text, rest: &str) -> Result<usize, Error> {
        let byte = rest.as_bytes().first().copied().unwrap_or_default();
        if let (Part::Plain, Keep::Nothing) = (text.part, text.keep) {
            match inside(rest.as_bytes()) {
                (used, true) => return self.text_ends(text).map(|()| used),
                (0, false) => {}
                (used, false) => return Ok(used),
            }
        }
        let mut used = 1;
        text.part = match text.part {
            Part::Plain => {
                used = plain(rest.as_bytes());
                self.keep_text(&mut text, rest.get(..used).unwrap_or_default(), self.at + used)?;
                match rest.as_bytes().get(used) {
                    None => Part::Plain,
                    Some(b'"') => {
                        self.text_ends(text)?;
                        return Ok(used + 1);
                    }
                    Some(b'\\') => {
                        used += 1;
                        Part::Backslash(self.at + used - 1)
                    }
                    Some(_) => return Err(Error { at: self.at + used, fault: Fault::Control }),
                }
            }
            Part::Backslash(escape) => self.escaped(&mut text, escape, byte)?,
            Part::Hex { escape, high, value, digits } => {
                let digit = char::from(byte).to_digit(16);
                let value = value * 16 + digit.ok_or(Error { at: escape, fault: Fault::Escape })?;
                if digits < 3 {
                    Part::Hex { escape, high, value, digits: digits + 1 }
                } else {
                    self.unicode(&mut text, escape, high, value)?
                }
            }
            Part::High { escape, high } if byte == b'\\' => Part::HighBackslash { escape, high },
            Part::HighBackslash { escape, high } if byte == b'u' => {
                Part::Hex { escape, high: Some(high), value: 0, digits: 0 }
            }
            Part::High { escape, .. } | Part::HighBackslash { escape, .. } => {
                return Err(Error { at: escape, fault: Fault::Surrogate });
            }
        };
        self.state = State::Text(text);
        Ok(used)
    }

    /// RFC 8259 section 7.
    fn escaped(&mut self, text: &mut Text, escape: usize, byte: u8) -> Result<Part, Error> {
        let piece = match byte {
            b'"' => "\"",
            b'\\' => "\\",
            b'/' => "/",
            b'b' => "\u{8}",
            b'f' => "\u{c}",
            b'n' => "\n",
            b'r' => "\r",
            b't' => "\t",
            b'u' => return Ok(Part::Hex { escape, high: None, value: 0, digits: 0 }),
            _ => return Err(Error { at: escape, fault: Fault::Escape }),
        };
        self.keep_text(text, piece, self.at + 1)?;
        Ok(Part::Plain)
    }

    /// Four digits are there.
    fn unicode(
        &mut self,
        text: &mut Text,
        escape: usize,
        high: Option<u32>,
        value: u32,
    ) -> Result<Part, Error> {
        let half = Error { at: escape, fault: Fault::Surrogate };
        let value = match (high, value) {
            (None, 0xd800..0xdc00) => return Ok(Part::High { escape, high: value }),
            (None, other) => other,
            (Some(high), 0xdc00..0xe000) => 0x10000 + ((high - 0xd800) << 10) + (value - 0xdc00),
            (Some(_), _) => return Err(half),
        };
        let character = char::from_u32(value).ok_or(half)?;
        self.keep_text(text, character.encode_utf8(&mut [0; 4]), self.at + 1)?;
        Ok(Part::Plain)
    }

    fn keep_text(&mut self, text: &mut Text, piece: &str, end: usize) -> Result<(), Error> {
        match text.keep {
            Keep::Nothing => Ok(()),
            Keep::All => self.keep(piece, end),
            Keep::Most(most) if self.token.len() + piece.len() > most => {
                text.keep = Keep::Nothing;
                Ok(())
            }
            Keep::Most(_) => {
                self.token.push_str(piece);
                Ok(())
            }
        }
    }

    fn text_ends(&mut self, text: Text) -> Result<(), Error> {
        if text.name {
            return self.name_ends(text.keep);
        }
        let node = (text.keep == Keep::All).then(|| Node::Text(self.token.as_str().to_owned().into()));
        if node.is_some() {
            self.hold(self.token.len())?;
        }
        self.done(node);
        Ok(())
    }

    fn name_ends(&mut self, keep: Keep) -> Result<(), Error> {
        self.state = State::Colon;
        self.way = None;
        // The quotation mark is where a name stands.
        let place = self.start - 1;
        let twice = Error { at: place, fault: Fault::Twice };
        let frame = self.frames.last_mut().filter(|_| keep != Keep::Nothing);
        if let Some(Frame { way, open: Open::Object { name, members, places, seen } }) = frame {
            if way.whole {
                if members.len() < FEW && members.iter().any(|(known, _)| **known == *self.token) {
                    return Err(twice);
                }
                places.push(place);
                self.way = Some(way);
            } else if let Some((at, way)) = way.member(&self.token) {
                if *seen & 1 << at != 0 {
                    return Err(twice);
                }
                *seen |= 1 << at;
                self.way = Some(way);
            }
            if self.way.is_some() {
                name.clear();
                name.push_str(&self.token);
                self.hold(self.token.len())?;
            }
        }
        self.token.clear();
        Ok(())
    }
}
