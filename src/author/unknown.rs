//! What was probably meant by a key or a word that does not exist.
//!
//! Distances are `strsim`'s (Damerau and Levenshtein: a slip, an omission, an addition, two letters exchanged).

use super::format::Format;
use super::model::{Model, Table};
use super::words::{one_of, quote};

/// Nobody misspells a longer word of ours, and the distance costs the product of the lengths.
const MAX_LENGTH: usize = 64;
/// More places than this are no help.
const MAX_PLACES: usize = 4;

/// An unknown key's surroundings.
pub(super) struct Unknown<'a> {
    pub(super) model: &'a Model,
    pub(super) format: Format,
    /// The table that does not have the key.
    pub(super) table: &'a Table,
    /// The tables around that one, the outermost first.
    pub(super) around: &'a [&'a Table],
}

/// The nearest of `known`, if it is near enough to have been meant.
pub(super) fn closest<'a>(word: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    if word.len() < 2 || word.len() > MAX_LENGTH {
        return None;
    }
    let plain = |word: &str| word.to_lowercase().replace(['-', ' '], "_");
    let word = plain(word);
    let distance = |one: &str| strsim::damerau_levenshtein(&word, &plain(one));
    let (distance, nearest) = known.into_iter().map(|one| (distance(one), one)).min_by_key(|it| it.0)?;
    let letters = word.chars().count().max(nearest.chars().count());
    // A quarter of the letters may be wrong, and never all of them.
    (distance <= letters.div_ceil(4).min(3) && distance < letters).then_some(nearest)
}

impl Unknown<'_> {
    /// What helps somebody who wrote `key`; `taken` says which keys the table has already.
    pub(super) fn help(&self, key: &str, taken: impl Fn(&str) -> bool) -> String {
        let keys = || self.table.keys.keys().map(String::as_str);
        let meant = closest(key, keys().filter(|one| !taken(one))).or_else(|| closest(key, keys()));
        let meant = meant.map(|near| format!("did you mean {}?", quote(near)));
        match (meant, self.inside(key).or_else(|| self.outside(key))) {
            (Some(meant), Some(place)) => format!("{meant} Or: {place}"),
            (Some(help), None) | (None, Some(help)) => help,
            (None, None) => self
                .elsewhere(key)
                .unwrap_or_else(|| format!("the keys here are {}", keys().collect::<Vec<_>>().join(", "))),
        }
    }

    /// The key belongs into a table of this one, perhaps in another spelling.
    fn inside(&self, key: &str) -> Option<String> {
        let tables = self.model.tables_in(self.table);
        let places = |key: &str| {
            let holders = tables.iter().filter(|(_, table)| table.keys.contains_key(key));
            let mut ways: Vec<&str> = holders.map(|(way, _)| way.as_str()).collect();
            // What is nearest is likeliest.
            ways.sort_by_key(|way| way.matches('.').count());
            list(ways)
        };
        if let Some(places) = places(key) {
            return Some(format!("{} is a key of {places} in here", quote(key)));
        }
        let near = closest(key, tables.iter().flat_map(|(_, table)| table.keys.keys().map(String::as_str)))?;
        Some(format!("did you mean {}? It is a key of {} in here", quote(near), places(near)?))
    }

    /// The key belongs to a table around this one.
    fn outside(&self, key: &str) -> Option<String> {
        let levels = self.around.iter().rev().position(|table| table.keys.contains_key(key))? + 1;
        let levels = if levels == 1 { "one level".to_owned() } else { format!("{levels} levels") };
        let how = match self.format {
            Format::Toml => "; a key after a [header] belongs to that header, so write it before",
            Format::Yaml => "; look at its indentation",
            Format::Json => "; look at the braces",
        };
        Some(format!("{} belongs {levels} further out{how}", quote(key)))
    }

    fn elsewhere(&self, key: &str) -> Option<String> {
        let tables = self.model.tables_in(&self.model.root);
        let holders = tables.iter().filter(|(_, table)| table.keys.contains_key(key));
        let places = list(holders.map(|(way, _)| way.as_str()).collect())?;
        Some(format!("{} is a key of {places}", quote(key)))
    }
}

fn list(places: Vec<&str>) -> Option<String> {
    let shown = places.into_iter().take(MAX_PLACES).map(quote);
    Some(one_of(shown)).filter(|list| !list.is_empty())
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
            ("matches", Some("match")),
            ("retries", None),
            ("", None),
            ("a", None),
        ];
        for (word, meant) in table {
            assert_eq!(closest(word, known), meant, "{word}");
        }
        assert_eq!(closest(&"x".repeat(1_000_000), known), None);
    }
}
