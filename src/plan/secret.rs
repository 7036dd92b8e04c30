//! Settings that are secrets: named in the configuration, and written nowhere.

use super::compile::{Context, Pointer};
use super::template::{ValuePiece, ValueTemplate};

impl Context<'_> {
    /// The variable that holds a secret: `text` must be exactly one `${name}`. Anything else is a mistake, above all a
    /// secret that stands in a file.
    pub(super) fn secret(&mut self, at: &Pointer, text: &str) -> Option<Box<str>> {
        let variable = match ValueTemplate::parse(text) {
            Ok(ValueTemplate::Variable(pieces)) => sole(&pieces),
            Ok(ValueTemplate::Fixed(_)) => None,
            Err(message) => {
                self.error(at, message);
                return None;
            }
        };
        match &variable {
            Some(name) => drop(self.variables.insert(name.clone())),
            None => self
                .error(at, "a secret stands in no file: this must be exactly one variable")
                .help("such as \"${client_secret}\", with the value in the environment of the gateway"),
        }
        variable
    }
}

fn sole(pieces: &[ValuePiece]) -> Option<Box<str>> {
    let mut sole = None;
    for piece in pieces {
        match piece {
            ValuePiece::Text(text) if text.is_empty() => {}
            ValuePiece::Variable(name) if sole.is_none() => sole = Some(name.clone()),
            _ => return None,
        }
    }
    sole
}
