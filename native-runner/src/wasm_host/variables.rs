//! `fermyon:spin/variables`: answered by the options' look-up.

use crate::wasm_host::bindings::fermyon::spin::variables::{Error, Host};
use crate::wasm_host::state::State;

impl Host for State {
    fn get(&mut self, name: String) -> wasmtime::Result<Result<String, Error>> {
        if !is_name(&name) {
            return Ok(Err(Error::InvalidName(name)));
        }
        Ok((self.options.variables)(&name)
            .ok_or_else(|| Error::Undefined(format!("no variable named {name:?}"))))
    }
}

/// Spin's rule: words of lower-case letters and digits joined by single underscores, the first beginning with a letter.
fn is_name(name: &str) -> bool {
    let starts = name.starts_with(|first: char| first.is_ascii_lowercase());
    let allowed = name.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_');
    starts && allowed && !name.contains("__") && !name.ends_with('_')
}

#[cfg(test)]
mod tests {
    #[test]
    fn names() {
        for (name, valid) in [("a", true), ("api_key2", true), ("", false), ("A", false), ("2a", false)] {
            assert_eq!(super::is_name(name), valid, "{name}");
        }
        for name in ["_a", "a_", "a__b", "a-b", "ä"] {
            assert!(!super::is_name(name), "{name}");
        }
    }
}
