//! From a byte of a text to its line and column.

use super::node::Position;

/// Characters are counted from the nearest block's beginning, so that a position costs the same in a text that is
/// all on one line, such as machine-made JSON.
const BLOCK: usize = 1024;

/// A text's lines.
pub(super) struct Lines<'a> {
    bytes: &'a [u8],
    /// The byte at which each line begins.
    starts: Vec<usize>,
    /// The number of characters before each block.
    before: Vec<usize>,
}

impl<'a> Lines<'a> {
    pub(super) fn new(text: &'a str) -> Self {
        let bytes = text.as_bytes();
        let after_breaks = bytes.iter().enumerate().filter(|(_, byte)| **byte == b'\n').map(|(at, _)| at + 1);
        let starts = std::iter::once(0).chain(after_breaks).collect();
        let mut before = vec![0];
        let mut characters = 0;
        for block in bytes.chunks(BLOCK) {
            characters += count(block);
            before.push(characters);
        }
        Self { bytes, starts, before }
    }

    /// The line and column of the byte `at`; of the end, where the text is shorter.
    pub(super) fn position(&self, at: usize) -> Position {
        let at = at.min(self.bytes.len());
        let line = self.starts.partition_point(|start| *start <= at).max(1);
        let column = self.characters(at) - self.characters(self.starts[line - 1]) + 1;
        let narrow = |number: usize| u32::try_from(number).unwrap_or(u32::MAX);
        Position { line: narrow(line), column: narrow(column) }
    }

    /// The number of characters before the byte `at`.
    fn characters(&self, at: usize) -> usize {
        let block = at / BLOCK;
        self.before[block] + count(&self.bytes[block * BLOCK..at])
    }
}

/// The number of characters that begin in `bytes`.
fn count(bytes: &[u8]) -> usize {
    bytes.iter().filter(|byte| **byte & 0xC0 != 0x80).count()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_are_characters() {
        let text = "a = 1\nü = \"äöü\" # x\n\nlast";
        let lines = Lines::new(text);
        let table = [("a", 1, 1), ("1", 1, 5), ("ü", 2, 1), ("#", 2, 11), ("last", 4, 1)];
        for (what, line, column) in table {
            let at = text.find(what).unwrap_or_default();
            assert_eq!(lines.position(at), Position { line, column }, "{what}");
        }
        assert_eq!(lines.position(9_999), Position { line: 4, column: 5 });
        assert_eq!(Lines::new("").position(0), Position::START);
    }

    #[test]
    fn blocks_do_not_show() {
        let text = "é".repeat(5 * BLOCK);
        let lines = Lines::new(&text);
        for character in [0, 1, BLOCK / 2, BLOCK - 1, BLOCK, 3 * BLOCK + 7, 5 * BLOCK] {
            let column = u32::try_from(character).unwrap_or_default() + 1;
            assert_eq!(lines.position(character * 2), Position { line: 1, column });
        }
    }
}
