//! How much may be made while a document is changed.

use super::{Fault, Limits, MOST_DEPTH, Node};

/// What may still be made: whatever changes documents pays for it here, so that no configuration makes of a small document
/// one that is too large to be held.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Room {
    values: usize,
    bytes: usize,
    depth: usize,
}

// === impl Room ===

impl Room {
    /// As much as a document of these limits may have: so many values and bytes are made beside what is there already.
    pub fn of(limits: &Limits) -> Self {
        Self { values: limits.values, bytes: limits.bytes, depth: limits.depth.min(MOST_DEPTH) }
    }

    /// So many values of any size.
    pub fn of_values(values: usize) -> Self {
        Self { values, bytes: usize::MAX, depth: MOST_DEPTH }
    }

    /// How many values may still be made.
    pub fn values(&self) -> usize {
        self.values
    }

    /// How many arrays and objects may be within each other.
    pub fn depth(&self) -> usize {
        self.depth
    }

    /// Pays for so many values, whose texts are borrowed.
    pub fn spend(&mut self, values: usize) -> Result<(), Fault> {
        self.values = self.values.checked_sub(values).ok_or(Fault::Values)?;
        Ok(())
    }

    /// Pays for a value that is made or copied, with its texts, to stand within so many arrays and objects. It costs no
    /// more than there is room for.
    pub fn pay(&mut self, node: &Node<'_>, above: usize) -> Result<(), Fault> {
        self.spend(1)?;
        match node {
            Node::Null | Node::Bool(_) => Ok(()),
            Node::Number(number) => self.bytes(number.as_str().len()),
            Node::Text(text) => self.bytes(text.len()),
            Node::Array(elements) => {
                self.level(above + 1)?;
                elements.iter().try_for_each(|element| self.pay(element, above + 1))
            }
            Node::Object(object) => {
                self.level(above + 1)?;
                object.iter().try_for_each(|(name, value)| {
                    self.bytes(name.len())?;
                    self.pay(value, above + 1)
                })
            }
        }
    }

    /// Whether a value may stand within so many arrays and objects.
    pub fn fits(&self, node: &Node<'_>, above: usize) -> Result<(), Fault> {
        match node {
            Node::Array(_) | Node::Object(_) => self.level(above + node.depth()),
            _ => Ok(()),
        }
    }

    fn level(&self, depth: usize) -> Result<(), Fault> {
        if depth > self.depth { Err(Fault::Deep) } else { Ok(()) }
    }

    /// Pays for so many bytes of text.
    pub fn bytes(&mut self, bytes: usize) -> Result<(), Fault> {
        self.bytes = self.bytes.checked_sub(bytes).ok_or(Fault::Bytes)?;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::json::parse;

    #[test]
    fn what_is_made_is_paid_for() {
        let node = parse(br#"{"a":[1.10,"text",null]}"#, &Limits::of(100)).unwrap();
        let room = |values, bytes, depth| Room::of(&Limits { values, bytes, depth, text: 100 }).pay(&node, 0);
        // Five values; one name, four characters of a number, four of a text.
        assert_eq!(room(5, 9, 2), Ok(()));
        assert_eq!(room(4, 9, 2), Err(Fault::Values));
        assert_eq!(room(5, 8, 2), Err(Fault::Bytes));
        assert_eq!(room(5, 9, 1), Err(Fault::Deep));
        let mut room = Room::of(&Limits { depth: 1_000, ..Limits::of(100) });
        assert_eq!(room.depth(), MOST_DEPTH);
        assert_eq!(room.pay(&node, MOST_DEPTH - 2), Ok(()));
        assert_eq!(room.pay(&node, MOST_DEPTH - 1), Err(Fault::Deep));
        assert_eq!(room.fits(&node, MOST_DEPTH - 2), Ok(()));
        assert_eq!(room.fits(&node, MOST_DEPTH - 1), Err(Fault::Deep));
        assert_eq!(room.fits(&Node::Null, MOST_DEPTH), Ok(()));
    }
}
