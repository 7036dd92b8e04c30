//! From a value to bytes.

use super::Node;

/// What a text of a value is written into.
struct Writer {
    out: Vec<u8>,
    most: usize,
}

impl Node<'_> {
    /// Compact JSON: no spaces, members in their order, numbers as they were written. `None` where it were more than
    /// `most` bytes.
    pub fn write(&self, most: usize) -> Option<Vec<u8>> {
        self.write_sized(256, most)
    }

    /// The same, of which `about` so many bytes are expected.
    pub fn write_sized(&self, about: usize, most: usize) -> Option<Vec<u8>> {
        let mut writer = Writer { out: Vec::with_capacity(about.min(most)), most };
        writer.node(self)?;
        (writer.out.len() <= most).then_some(writer.out)
    }

    /// The same of any size.
    pub fn to_text(&self) -> String {
        self.write(usize::MAX).and_then(|bytes| String::from_utf8(bytes).ok()).unwrap_or_default()
    }
}

// === impl Writer ===

impl Writer {
    /// Calls itself for what is within; how deep values are is bounded where they are made.
    fn node(&mut self, node: &Node<'_>) -> Option<()> {
        match node {
            Node::Null => self.out.extend_from_slice(b"null"),
            Node::Bool(true) => self.out.extend_from_slice(b"true"),
            Node::Bool(false) => self.out.extend_from_slice(b"false"),
            Node::Number(number) => self.out.extend_from_slice(number.as_str().as_bytes()),
            Node::Text(text) => string(text, &mut self.out),
            Node::Array(elements) => {
                self.out.push(b'[');
                for (at, element) in elements.iter().enumerate() {
                    if at > 0 {
                        self.out.push(b',');
                    }
                    self.node(element)?;
                }
                self.out.push(b']');
            }
            Node::Object(object) => {
                self.out.push(b'{');
                for (at, (name, value)) in object.iter().enumerate() {
                    if at > 0 {
                        self.out.push(b',');
                    }
                    string(name, &mut self.out);
                    self.out.push(b':');
                    self.node(value)?;
                }
                self.out.push(b'}');
            }
        }
        (self.out.len() <= self.most).then_some(())
    }
}

/// RFC 8259 section 7: only what must be escaped is.
pub(super) fn string(text: &str, out: &mut Vec<u8>) {
    const HEX: &[u8; 16] = b"0123456789abcdef";
    out.push(b'"');
    let bytes = text.as_bytes();
    let mut piece = 0;
    for (at, &byte) in bytes.iter().enumerate() {
        if byte >= 0x20 && byte != b'"' && byte != b'\\' {
            continue;
        }
        out.extend_from_slice(&bytes[piece..at]);
        piece = at + 1;
        out.push(b'\\');
        match byte {
            b'\n' => out.push(b'n'),
            b'\r' => out.push(b'r'),
            b'\t' => out.push(b't'),
            0x8 => out.push(b'b'),
            0xc => out.push(b'f'),
            0..=0x1f => {
                let (high, low) = (HEX[usize::from(byte >> 4)], HEX[usize::from(byte & 15)]);
                out.extend_from_slice(&[b'u', b'0', b'0', high, low]);
            }
            _ => out.push(byte),
        }
    }
    out.extend_from_slice(&bytes[piece..]);
    out.push(b'"');
}
