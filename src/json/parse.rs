//! From bytes to a value.

use std::borrow::Cow;

use super::scan::plain;
use super::{Error, Fault, Limits, MOST_DEPTH, Node, Number, Object};

/// Objects of up to so many members are looked through for names that stand twice; larger ones are sorted.
pub(super) const FEW: usize = 12;

/// Reads a document (RFC 8259).
pub fn parse<'a>(bytes: &'a [u8], limits: &Limits) -> Result<Node<'a>, Error> {
    if bytes.len() > limits.bytes {
        return Err(Error { at: limits.bytes, fault: Fault::Bytes });
    }
    let text = std::str::from_utf8(bytes)
        .map_err(|error| Error { at: error.valid_up_to(), fault: Fault::Encoding })?;
    let depth = limits.depth.min(MOST_DEPTH);
    let mut reader = Reader { text, bytes, at: 0, values: limits.values, most_text: limits.text };
    reader.space();
    let node = reader.value(depth)?;
    reader.space();
    if reader.at < bytes.len() {
        return Err(reader.fault(Fault::After));
    }
    Ok(node)
}

struct Reader<'a> {
    text: &'a str,
    bytes: &'a [u8],
    at: usize,
    /// How many values may still come.
    values: usize,
    most_text: usize,
}

impl<'a> Reader<'a> {
    fn fault(&self, fault: Fault) -> Error {
        Error { at: self.at, fault }
    }

    /// What should have been here: nothing, or something else.
    fn unexpected(&self) -> Error {
        self.fault(if self.at < self.bytes.len() { Fault::Unexpected } else { Fault::End })
    }

    fn peek(&self) -> Option<u8> {
        self.bytes.get(self.at).copied()
    }

    /// RFC 8259 section 2: these four, and no others.
    fn space(&mut self) {
        while matches!(self.peek(), Some(b' ' | b'\t' | b'\n' | b'\r')) {
            self.at += 1;
        }
    }

    /// Calls itself for what is within arrays and objects, at most `depth` deep.
    fn value(&mut self, depth: usize) -> Result<Node<'a>, Error> {
        self.values = self.values.checked_sub(1).ok_or_else(|| self.fault(Fault::Values))?;
        match self.peek() {
            Some(b'"') => Ok(Node::Text(self.string()?)),
            Some(b'-' | b'0'..=b'9') => self.number(),
            Some(b'{') => self.object(depth.checked_sub(1).ok_or_else(|| self.fault(Fault::Deep))?),
            Some(b'[') => self.array(depth.checked_sub(1).ok_or_else(|| self.fault(Fault::Deep))?),
            Some(b't') => self.word("true", Node::Bool(true)),
            Some(b'f') => self.word("false", Node::Bool(false)),
            Some(b'n') => self.word("null", Node::Null),
            _ => Err(self.unexpected()),
        }
    }

    fn word(&mut self, word: &str, node: Node<'a>) -> Result<Node<'a>, Error> {
        for expected in word.bytes() {
            if self.peek() != Some(expected) {
                return Err(self.unexpected());
            }
            self.at += 1;
        }
        Ok(node)
    }

    fn array(&mut self, depth: usize) -> Result<Node<'a>, Error> {
        self.at += 1;
        let mut elements = Vec::new();
        self.space();
        if self.peek() == Some(b']') {
            self.at += 1;
            return Ok(Node::Array(elements));
        }
        loop {
            self.space();
            elements.push(self.value(depth)?);
            self.space();
            match self.peek() {
                Some(b',') => self.at += 1,
                Some(b']') => break,
                _ => return Err(self.unexpected()),
            }
        }
        self.at += 1;
        Ok(Node::Array(elements))
    }

    fn object(&mut self, depth: usize) -> Result<Node<'a>, Error> {
        self.at += 1;
        let mut members: Vec<(Cow<'a, str>, Node<'a>)> = Vec::new();
        // Where names stand, to say which of them is there twice.
        let mut places = Vec::new();
        self.space();
        if self.peek() == Some(b'}') {
            self.at += 1;
            return Ok(Node::Object(Object { members }));
        }
        loop {
            self.space();
            if self.peek() != Some(b'"') {
                return Err(self.unexpected());
            }
            let place = self.at;
            let name = self.string()?;
            if members.len() < FEW && members.iter().any(|(known, _)| *known == name) {
                return Err(Error { at: place, fault: Fault::Twice });
            }
            self.space();
            if self.peek() != Some(b':') {
                return Err(self.unexpected());
            }
            self.at += 1;
            self.space();
            members.push((name, self.value(depth)?));
            places.push(place);
            self.space();
            match self.peek() {
                Some(b',') => self.at += 1,
                Some(b'}') => break,
                _ => return Err(self.unexpected()),
            }
        }
        self.at += 1;
        if members.len() > FEW
            && let Some(second) = twice(&members)
        {
            return Err(Error { at: places[second], fault: Fault::Twice });
        }
        Ok(Node::Object(Object { members }))
    }

    /// RFC 8259 section 6.
    fn number(&mut self) -> Result<Node<'a>, Error> {
        let start = self.at;
        if self.peek() == Some(b'-') {
            self.at += 1;
        }
        match self.peek() {
            Some(b'0') => self.at += 1,
            Some(b'1'..=b'9') => self.digits()?,
            _ => return Err(self.fault(Fault::Number)),
        }
        if self.peek() == Some(b'.') {
            self.at += 1;
            self.digits()?;
        }
        if matches!(self.peek(), Some(b'e' | b'E')) {
            self.at += 1;
            if matches!(self.peek(), Some(b'+' | b'-')) {
                self.at += 1;
            }
            self.digits()?;
        }
        // `01` and `1x` are mistakes in the number rather than after it.
        if matches!(self.peek(), Some(b'0'..=b'9' | b'.' | b'+' | b'-' | b'a'..=b'z' | b'A'..=b'Z')) {
            return Err(self.fault(Fault::Number));
        }
        if self.at - start > self.most_text {
            return Err(Error { at: start, fault: Fault::Text });
        }
        Ok(Node::Number(Number::known(&self.text[start..self.at])))
    }

    /// One digit or more.
    fn digits(&mut self) -> Result<(), Error> {
        let start = self.at;
        while matches!(self.peek(), Some(b'0'..=b'9')) {
            self.at += 1;
        }
        if self.at == start { Err(self.fault(Fault::Number)) } else { Ok(()) }
    }

    /// From one quotation mark to the other. Borrowed unless there is an escape in it.
    fn string(&mut self) -> Result<Cow<'a, str>, Error> {
        self.at += 1;
        let start = self.at;
        let mut piece = start;
        let mut text = String::new();
        loop {
            match self.peek() {
                None => return Err(self.fault(Fault::End)),
                Some(b'"') => break,
                Some(b'\\') => {
                    text.push_str(&self.text[piece..self.at]);
                    text.push(self.escape()?);
                    piece = self.at;
                }
                Some(0..=0x1f) => return Err(self.fault(Fault::Control)),
                Some(_) => self.at += plain(&self.bytes[self.at..]),
            }
        }
        let end = self.at;
        self.at += 1;
        if end - start > self.most_text {
            return Err(Error { at: start, fault: Fault::Text });
        }
        if piece == start {
            return Ok(Cow::Borrowed(&self.text[start..end]));
        }
        text.push_str(&self.text[piece..end]);
        Ok(Cow::Owned(text))
    }

    /// RFC 8259 section 7.
    fn escape(&mut self) -> Result<char, Error> {
        let start = self.at;
        self.at += 1;
        let escaped = match self.peek() {
            Some(b'"') => '"',
            Some(b'\\') => '\\',
            Some(b'/') => '/',
            Some(b'b') => '\u{8}',
            Some(b'f') => '\u{c}',
            Some(b'n') => '\n',
            Some(b'r') => '\r',
            Some(b't') => '\t',
            Some(b'u') => {
                self.at += 1;
                return self.unicode(start);
            }
            Some(_) => return Err(Error { at: start, fault: Fault::Escape }),
            None => return Err(self.fault(Fault::End)),
        };
        self.at += 1;
        Ok(escaped)
    }

    /// What follows `\u`: a character, or the first half of a surrogate pair with the second behind it.
    fn unicode(&mut self, start: usize) -> Result<char, Error> {
        let half = Error { at: start, fault: Fault::Surrogate };
        let first = self.hex(start)?;
        if !(0xd800..0xe000).contains(&first) {
            return char::from_u32(first).ok_or(half);
        }
        if first >= 0xdc00 || self.peek() != Some(b'\\') || self.bytes.get(self.at + 1) != Some(&b'u') {
            return Err(half);
        }
        self.at += 2;
        let second = self.hex(start)?;
        if !(0xdc00..0xe000).contains(&second) {
            return Err(half);
        }
        char::from_u32(0x10000 + ((first - 0xd800) << 10) + (second - 0xdc00)).ok_or(half)
    }

    /// Four hexadecimal digits.
    fn hex(&mut self, start: usize) -> Result<u32, Error> {
        let mut number = 0;
        for _ in 0..4 {
            let digit = self.peek().ok_or_else(|| self.fault(Fault::End))?;
            let digit = char::from(digit).to_digit(16).ok_or(Error { at: start, fault: Fault::Escape })?;
            number = number * 16 + digit;
            self.at += 1;
        }
        Ok(number)
    }
}

/// The second of two members of one name, the first of such in the order of names.
pub(super) fn twice(members: &[(Cow<'_, str>, Node<'_>)]) -> Option<usize> {
    let mut order: Vec<usize> = (0..members.len()).collect();
    order.sort_unstable_by(|one, other| members[*one].0.cmp(&members[*other].0).then(one.cmp(other)));
    order.windows(2).find(|pair| members[pair[0]].0 == members[pair[1]].0).map(|pair| pair[1])
}

#[cfg(test)]
mod tests;
