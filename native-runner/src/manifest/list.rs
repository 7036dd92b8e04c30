//! A TOML list of texts, changed entry by entry: what stays keeps its place and its comments.

use toml_edit::{Array, RawString, Value};

/// Makes `list` hold `wanted`: takes away what is not wanted, and adds what is missing at the end.
pub(super) fn update(list: &mut Array, wanted: &[&str], same: impl Fn(&str, &str) -> bool) {
    let is = |entry: &Value, want: &str| entry.as_str().is_some_and(|entry| same(entry, want));
    let stays: Vec<bool> = list.iter().map(|entry| wanted.iter().any(|want| is(entry, want))).collect();
    let missing: Vec<&str> =
        wanted.iter().filter(|want| !list.iter().any(|entry| is(entry, want))).copied().collect();
    if missing.is_empty() && stays.iter().all(|stays| *stays) {
        return;
    }
    match Lines::of(list) {
        Some(lines) => *list = lines.update(&stays, &missing),
        None => {
            let mut stays = stays.into_iter();
            list.retain(|_| stays.next().unwrap_or(false));
            list.extend(missing);
            list.fmt();
        }
    }
}

/// A list of several lines.
struct Lines {
    /// What follows the bracket in its line.
    opening: String,
    lines: Vec<Line>,
    /// What goes before the closing bracket in its line and the ones above.
    closing: String,
}

struct Line {
    /// What goes before the entry: lines with comments, and white space.
    before: String,
    entry: Value,
    /// What follows the entry in its line: white space, and perhaps a comment.
    after: String,
}

// === impl Lines ===

impl Lines {
    /// `None` for a list that stands in one line.
    fn of(list: &Array) -> Option<Self> {
        let mut lines: Vec<Line> = Vec::new();
        let mut opening = String::new();
        for entry in list {
            let (after, before) = split(text(entry.decor().prefix()))?;
            match lines.last_mut() {
                // TOML's comments go before what follows; a reader's belong to what they stand behind.
                Some(line) => line.after.push_str(&after),
                None => opening = after,
            }
            let after = text(entry.decor().suffix()).to_owned();
            let mut entry = entry.clone();
            entry.decor_mut().clear();
            lines.push(Line { before, entry, after });
        }
        let end = match lines.last_mut() {
            Some(line) => std::mem::take(&mut line.after) + text(Some(list.trailing())),
            None => text(Some(list.trailing())).to_owned(),
        };
        let (after, closing) = split(&end)?;
        match lines.last_mut() {
            Some(line) => line.after = after,
            None => opening = after,
        }
        Some(Self { opening, lines, closing })
    }

    fn update(self, stays: &[bool], missing: &[&str]) -> Array {
        let indent =
            self.lines.last().map_or("    ", |line| line.before.rsplit('\n').next().unwrap_or_default());
        let new = |entry: &&str| Line {
            before: indent.to_owned(),
            entry: Value::from(*entry),
            after: String::new(),
        };
        let new: Vec<Line> = missing.iter().map(new).collect();
        let kept = self.lines.into_iter().zip(stays).filter_map(|(line, stays)| stays.then_some(line));
        let mut list = Array::new();
        let mut behind = self.opening;
        for Line { before, mut entry, after } in kept.chain(new) {
            entry.decor_mut().set_prefix(format!("{behind}\n{before}"));
            list.push_formatted(entry);
            behind = after;
        }
        list.set_trailing(format!("{behind}\n{}", self.closing));
        list.set_trailing_comma(!list.is_empty());
        list
    }
}

/// The rest of one line, and the lines after it.
fn split(text: &str) -> Option<(String, String)> {
    text.split_once('\n').map(|(rest, after)| (rest.to_owned(), after.to_owned()))
}

fn text(raw: Option<&RawString>) -> &str {
    raw.and_then(RawString::as_str).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn updated(list: &str, wanted: &[&str]) -> String {
        let mut document: toml_edit::DocumentMut = format!("a = {list}\n").parse().unwrap();
        update(document["a"].as_array_mut().unwrap(), wanted, |a, b| a == b);
        let text = document.to_string();
        text.parse::<toml_edit::DocumentMut>().unwrap();
        text.trim_end().strip_prefix("a = ").unwrap().to_owned()
    }

    #[test]
    fn one_line_stays_one() {
        assert_eq!(updated("[]", &["a", "b"]), r#"["a", "b"]"#);
        assert_eq!(updated(r#"[ "x","a" ]"#, &["a", "b"]), r#"["a", "b"]"#);
        assert_eq!(updated(r#"[ "a" , "b" ]"#, &["b", "a"]), r#"[ "a" , "b" ]"#);
    }

    #[test]
    fn comments_stay_where_they_belong() {
        let list = "[ # all\n  # before a\n  \"a\", # of a\n  \"x\", # of x\n  # before b\n  \"b\" # of b\n  # end\n]";
        let expected =
            "[ # all\n  # before a\n  \"a\", # of a\n  # before b\n  \"b\", # of b\n  \"c\",\n  # end\n]";
        assert_eq!(updated(list, &["a", "b", "c"]), expected);
        assert_eq!(updated("[\n  \"x\",\n]", &[]), "[\n]");
        assert_eq!(updated("[\n  \"x\", # x\n]", &["a"]), "[\n  \"a\",\n]");
    }
}
