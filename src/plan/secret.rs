//! Settings that are secrets: a configuration names the variable that has one.

use super::compile::{Context, Pointer};
use super::template::check_variable_name;

impl Context<'_> {
    /// The variable that has the secret: all of `text` is one `${name}`.
    pub(super) fn secret(&mut self, at: &Pointer, text: &str) -> Option<Box<str>> {
        let Some(name) = text.strip_prefix("${").and_then(|rest| rest.strip_suffix('}')) else {
            // The text may be the secret itself: it is not repeated.
            self.error(at, "a secret does not stand in a configuration")
                .help("name the variable that has it, as in \"${partner_secret}\"");
            return None;
        };
        if let Err(message) = check_variable_name(name) {
            self.error(at, message);
            return None;
        }
        self.variables.insert(name.into());
        Some(name.into())
    }
}
