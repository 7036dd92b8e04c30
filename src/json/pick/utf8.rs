//! UTF-8 that arrives in pieces.

/// What has come of a character that is not there as a whole yet.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Begun {
    bytes: [u8; 4],
    len: usize,
}

/// What is known of a piece.
pub(super) struct Checked<'b> {
    /// The character that was begun before, where it is whole now.
    pub(super) first: Option<([u8; 4], usize)>,
    /// Whole characters behind it.
    pub(super) valid: &'b str,
    /// What follows is not UTF-8.
    pub(super) wrong: bool,
}

// === impl Begun ===

impl Begun {
    /// How many bytes wait for the rest of their character.
    pub(super) fn len(&self) -> usize {
        self.len
    }

    /// Takes the next piece: what of it is UTF-8, and whether it goes on with something else. Its last bytes stay here
    /// where they only begin a character.
    pub(super) fn check<'b>(&mut self, mut piece: &'b [u8]) -> Checked<'b> {
        let mut first = None;
        while self.len > 0 {
            let Some((byte, rest)) = piece.split_first() else {
                return Checked { first: None, valid: "", wrong: false };
            };
            self.bytes[self.len] = *byte;
            let whole = match std::str::from_utf8(&self.bytes[..=self.len]) {
                Ok(_) => true,
                Err(error) if error.error_len().is_none() => false,
                Err(_) => return Checked { first: None, valid: "", wrong: true },
            };
            piece = rest;
            self.len += 1;
            if whole {
                first = Some((self.bytes, self.len));
                self.len = 0;
            }
        }
        match std::str::from_utf8(piece) {
            Ok(valid) => Checked { first, valid, wrong: false },
            Err(error) => {
                let (valid, rest) = piece.split_at(error.valid_up_to());
                let valid = std::str::from_utf8(valid).unwrap_or_default();
                if error.error_len().is_none() {
                    self.len = rest.len();
                    self.bytes[..rest.len()].copy_from_slice(rest);
                }
                Checked { first, valid, wrong: error.error_len().is_some() }
            }
        }
    }
}
