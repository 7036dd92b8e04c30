//! Names that a configuration takes.

use std::collections::BTreeSet;

/// The longest id of a route (`plan/route.rs`).
const MOST_BYTES: usize = 128;

/// `text` with nothing in it but letters, digits and what `extra` has; never empty.
pub(super) fn legal(text: &str, extra: &str, otherwise: &str) -> String {
    let fits = |it: char| it.is_ascii_alphanumeric() || extra.contains(it);
    let mut name: String = text.chars().map(|it| if fits(it) { it } else { '-' }).collect();
    while name.contains("--") {
        name = name.replace("--", "-");
    }
    name.truncate(MOST_BYTES);
    let name = name.trim_matches('-');
    if name.is_empty() { otherwise.to_owned() } else { name.to_owned() }
}

/// `name`, or `name-2`, `name-3`… where it is taken; taken from then on.
pub(super) fn unique(name: &str, taken: &mut BTreeSet<String>) -> String {
    let mut candidate = name.to_owned();
    let mut number = 2;
    while taken.contains(&candidate) {
        let end = format!("-{number}");
        let room = MOST_BYTES.saturating_sub(end.len()).min(name.len());
        // Legal names are ASCII.
        candidate = format!("{}{end}", name.get(..room).unwrap_or(name));
        number += 1;
    }
    taken.insert(candidate.clone());
    candidate
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_legal_and_unique() {
        let table = [
            ("listPets", "listPets"),
            ("List all pets!", "List-all-pets"),
            ("a/b", "a/b"),
            ("ü", "x"),
            ("", "x"),
        ];
        for (text, expected) in table {
            assert_eq!(legal(text, "._-/", "x"), expected, "{text}");
        }
        let mut taken = BTreeSet::new();
        let long = "a".repeat(200);
        let long = legal(&long, "", "x");
        for expected in [128, 128, 128] {
            assert_eq!(unique(&long, &mut taken).len(), expected);
        }
        assert_eq!(unique("a", &mut taken), "a");
        assert_eq!(unique("a", &mut taken), "a-2");
    }
}
