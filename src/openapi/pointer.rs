//! JSON Pointers (RFC 6901), written and read.

use std::borrow::Cow;

/// The pointer to the member or element `key` of what `pointer` leads to (RFC 6901 section 3).
pub(super) fn below(pointer: &str, key: &str) -> String {
    let mut text = String::with_capacity(pointer.len() + key.len() + 1);
    text.push_str(pointer);
    text.push('/');
    for character in key.chars() {
        match character {
            '~' => text.push_str("~0"),
            '/' => text.push_str("~1"),
            other => text.push(other),
        }
    }
    text
}

/// The steps of a pointer, each without its escapes; `None` where it is none.
pub(super) fn steps(pointer: &str) -> Option<Vec<Cow<'_, str>>> {
    if pointer.is_empty() {
        return Some(Vec::new());
    }
    let plain = |step: &'_ str| step.replace("~1", "/").replace("~0", "~");
    let step = |step| if str::contains(step, '~') { Cow::Owned(plain(step)) } else { Cow::Borrowed(step) };
    Some(pointer.strip_prefix('/')?.split('/').map(step).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read_again() {
        for key in ["", "a", "/pets/{id}", "~", "~1", "a~0/b"] {
            let pointer = below("/paths", key);
            let steps = steps(&pointer).unwrap_or_default();
            assert_eq!(steps, ["paths", key], "{pointer}");
        }
        assert_eq!(steps(""), Some(Vec::new()));
        assert_eq!(steps("paths"), None);
    }
}
