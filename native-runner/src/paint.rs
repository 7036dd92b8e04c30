//! Colours: only on a terminal, and only as an addition to what the words say.

use std::io::IsTerminal;

/// Paints text, or leaves it as it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Paint(bool);

// === impl Paint ===

impl Paint {
    /// Leaves everything as it is.
    pub const PLAIN: Self = Self(false);

    /// For what is written to `stream`: <https://no-color.org> says how users ask for none.
    pub fn on(stream: &impl IsTerminal) -> Self {
        let unwanted = std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty())
            || std::env::var_os("TERM").is_some_and(|value| value == "dumb");
        Self(!unwanted && stream.is_terminal())
    }

    /// What the eye should find first.
    pub fn strong(self, text: &str) -> String {
        self.wrap("1", text)
    }

    /// What matters less.
    pub fn faint(self, text: &str) -> String {
        self.wrap("2", text)
    }

    /// A mistake.
    pub fn bad(self, text: &str) -> String {
        self.wrap("1;31", text)
    }

    /// Something questionable.
    pub fn doubtful(self, text: &str) -> String {
        self.wrap("1;33", text)
    }

    /// All is well.
    pub fn good(self, text: &str) -> String {
        self.wrap("1;32", text)
    }

    fn wrap(self, code: &str, text: &str) -> String {
        if self.0 { format!("\u{1b}[{code}m{text}\u{1b}[0m") } else { text.to_owned() }
    }
}
