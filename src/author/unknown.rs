//! What was probably meant by a key or a word that does not exist.
//!
//! Distances are `strsim`'s (Damerau and Levenshtein: a slip, an omission, an addition, two letters exchanged).

use super::model::{Model, Table};
use super::words::{one_of, quote};

/// Nobody misspells a longer word of ours, and the distance costs the product of the lengths.
const MAX_LENGTH: usize = 64;
/// More places than this are no help.
const MAX_PLACES: usize = 4;

/// The nearest of `known`, if it is near enough to have been meant.
pub(super) fn closest<'a>(word: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    if word.len() > MAX_LENGTH {
        return None;
    }
    let plain = |word: &str| word.to_lowercase().replace(['-', ' '], "_");
    let word = plain(word);
    let distance = |one: &str| strsim::damerau_levenshtein(&word, &plain(one));
    let (distance, nearest) = known.into_iter().map(|one| (distance(one), one)).min_by_key(|it| it.0)?;
    let letters = word.chars().count().max(nearest.chars().count());
    // A third of the letters may be wrong, and never all of them.
    (distance <= letters.div_ceil(3).min(3) && distance < letters).then_some(nearest)
}

/// What helps somebody who wrote the unknown `key` in `table`. `around` are the tables around that one, the outermost
/// first, each with the way to it; `taken` says which keys of `table` are there already.
pub(super) fn key(
    model: &Model,
    table: &Table,
    around: &[&Table],
    key: &str,
    taken: impl Fn(&str) -> bool,
) -> String {
    let free = table.keys.keys().map(String::as_str).filter(|one| !taken(one));
    let meant = closest(key, free).map(|near| format!("did you mean {}?", quote(near)));
    let place = inside(model, table, key)
        .or_else(|| outside(around, key))
        .or_else(|| elsewhere(model, key, meant.is_some()));
    match (meant, place) {
        (Some(meant), Some(place)) => format!("{meant} Or: {place}"),
        (Some(help), None) | (None, Some(help)) => help,
        (None, None) => {
            let keys: Vec<&str> = table.keys.keys().map(String::as_str).collect();
            format!("the keys here are {}", keys.join(", "))
        }
    }
}

fn inside(model: &Model, table: &Table, key: &str) -> Option<String> {
    let places = model.tables_in(table).into_iter().filter(|(_, inner)| inner.keys.contains_key(key));
    let mut places: Vec<String> = places.map(|(way, _)| way).collect();
    // What is nearest is likeliest.
    places.sort_by_key(|way| way.matches('.').count());
    let shown: Vec<String> = places.into_iter().take(MAX_PLACES).map(|way| quote(&way)).collect();
    (!shown.is_empty()).then(|| format!("{} is a key of {} in here", quote(key), one_of(shown)))
}

fn outside(around: &[&Table], key: &str) -> Option<String> {
    let levels = around.iter().rev().position(|table| table.keys.contains_key(key))? + 1;
    let levels = if levels == 1 { "one level".to_owned() } else { format!("{levels} levels") };
    Some(format!("{} belongs {levels} further out; in TOML, keys come before the next [header]", quote(key)))
}

fn elsewhere(model: &Model, key: &str, only_exact: bool) -> Option<String> {
    if only_exact {
        return None;
    }
    let places = model.tables_in(&model.root).into_iter().filter(|(_, table)| table.keys.contains_key(key));
    let shown: Vec<String> = places.take(MAX_PLACES).map(|(way, _)| quote(&way)).collect();
    (!shown.is_empty()).then(|| format!("{} is a key of {}", quote(key), one_of(shown)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_is_near_was_meant() {
        let known = ["timeouts", "upstream", "id", "match", "first_byte"];
        let table = [
            ("timeout", Some("timeouts")),
            ("Upstream", Some("upstream")),
            ("upstraem", Some("upstream")),
            ("first-byte", Some("first_byte")),
            ("firstByte", Some("first_byte")),
            ("di", Some("id")),
            ("xy", None),
            ("cache", None),
            ("", None),
        ];
        for (word, meant) in table {
            assert_eq!(closest(word, known), meant, "{word}");
        }
        assert_eq!(closest(&"x".repeat(1_000_000), known), None);
    }
}
