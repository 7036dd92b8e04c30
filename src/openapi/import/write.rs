//! Sections as TOML and as YAML.
//!
//! Every text of the document is written in double quotes with all that is not visible escaped, so that nothing in it
//! can end where it stands; both formats read such text alike.

use std::fmt::Write as _;

use super::sections::{Section, Setting};

/// Sections as TOML, after comments.
pub fn toml(comments: &[String], sections: &[Section]) -> String {
    let mut text = String::new();
    commented(&mut text, "", comments);
    for section in sections {
        text.push('\n');
        commented(&mut text, "", &section.comments);
        let path = section.path.iter().map(|step| toml_key(step)).collect::<Vec<_>>().join(".");
        let _ = if section.listed { writeln!(text, "[[{path}]]") } else { writeln!(text, "[{path}]") };
        for (key, setting) in &section.settings {
            let _ = writeln!(text, "{} = {}", toml_key(key), toml_value(setting));
        }
    }
    text
}

fn toml_key(key: &str) -> String {
    let bare = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-');
    if !key.is_empty() && key.bytes().all(bare) { key.to_owned() } else { quoted(key) }
}

fn toml_value(setting: &Setting) -> String {
    match setting {
        Setting::Text(text) => quoted(text),
        Setting::Flag(flag) => flag.to_string(),
        Setting::List(texts) => list(texts),
        Setting::Table(settings) => {
            let pair =
                |(key, setting): &(String, Setting)| format!("{} = {}", toml_key(key), toml_value(setting));
            let pairs: Vec<_> = settings.iter().map(pair).collect();
            format!("{{ {} }}", pairs.join(", "))
        }
    }
}

/// Sections as YAML, after comments.
pub fn yaml(comments: &[String], sections: &[Section]) -> String {
    let mut text = String::new();
    commented(&mut text, "", comments);
    let mut open: Vec<&str> = Vec::new();
    for section in sections {
        let shared = open.iter().zip(&section.path).take_while(|(one, other)| *one == other).count();
        open.truncate(shared);
        let comments_go_at = section.path.len().saturating_sub(1);
        for (depth, step) in section.path.iter().enumerate().skip(shared) {
            if depth == 0 {
                text.push('\n');
            }
            if depth == comments_go_at && !section.listed {
                commented(&mut text, &"  ".repeat(depth), &section.comments);
            }
            let _ = writeln!(text, "{}{}:", "  ".repeat(depth), yaml_key(step));
            open.push(step);
        }
        let indent = "  ".repeat(section.path.len());
        if section.listed {
            commented(&mut text, &indent, &section.comments);
        }
        for (at, (key, setting)) in section.settings.iter().enumerate() {
            let lead = match (section.listed, at) {
                (false, _) => "",
                (true, 0) => "- ",
                (true, _) => "  ",
            };
            let _ = writeln!(text, "{indent}{lead}{}: {}", yaml_key(key), yaml_value(setting));
        }
        if section.settings.is_empty() {
            let _ = writeln!(text, "{indent}{{}}");
        }
    }
    text
}

fn yaml_key(key: &str) -> String {
    let bare = key.starts_with(|first: char| first.is_ascii_lowercase())
        && key.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'_')
        && !["true", "false", "null"].contains(&key);
    if bare { key.to_owned() } else { quoted(key) }
}

fn yaml_value(setting: &Setting) -> String {
    match setting {
        Setting::Text(text) => quoted(text),
        Setting::Flag(flag) => flag.to_string(),
        Setting::List(texts) => list(texts),
        Setting::Table(settings) => {
            let pair =
                |(key, setting): &(String, Setting)| format!("{}: {}", yaml_key(key), yaml_value(setting));
            let pairs: Vec<_> = settings.iter().map(pair).collect();
            format!("{{ {} }}", pairs.join(", "))
        }
    }
}

fn list(texts: &[String]) -> String {
    let texts: Vec<_> = texts.iter().map(|text| quoted(text)).collect();
    format!("[{}]", texts.join(", "))
}

/// Comments, one a line, with nothing in them that could end one.
fn commented(text: &mut String, indent: &str, comments: &[String]) {
    for comment in comments {
        let line: String = comment.chars().map(|it| if is_plain(it) { it } else { ' ' }).collect();
        let _ = writeln!(text, "{indent}# {}", line.trim_end());
    }
}

/// Whether a character may stand as it is: line and paragraph separators end lines in YAML 1.1, and a byte order mark is
/// no character to it.
fn is_plain(character: char) -> bool {
    !character.is_control() && !matches!(character, '\u{2028}' | '\u{2029}' | '\u{feff}')
}

fn quoted(text: &str) -> String {
    let mut out = String::from("\"");
    for character in text.chars() {
        match character {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            ' '..='~' => out.push(character),
            other if !is_plain(other) => {
                let _ = write!(out, "\\u{:04x}", u32::from(other));
            }
            other => out.push(other),
        }
    }
    out.push('"');
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::author;

    /// Whatever stands in a document comes out of what is written as it went in, in both formats.
    #[test]
    fn what_is_written_is_read_again() {
        let odd = "a\"b\\c\n\t{x}#: \u{7f}\u{85}\u{2028}\u{feff}ö€\u{1f600} ${v}";
        let section = Section::at(["upstreams", odd]).with("url", odd).comment(format!("{odd}\n[x]"));
        let route = Section::one_of("routes")
            .with("id", "a")
            .with("match", Setting::table([("path", odd.into()), ("methods", vec![odd.to_owned()].into())]))
            .comment("one");
        let sections = [section, route.clone(), route];
        let heading = [odd.to_owned()];
        for (name, text) in [("a.toml", toml(&heading, &sections)), ("a.yaml", yaml(&heading, &sections))] {
            let read = author::values(name, &text);
            let read = read.unwrap_or_else(|found| serde_json::json!(format!("{found:?}")));
            assert_eq!(read["upstreams"][odd]["url"], odd, "{text}");
            assert_eq!(read["routes"][1]["match"]["methods"][0], odd, "{text}");
            assert_eq!(read["routes"].as_array().map(Vec::len), Some(2), "{text}");
        }
    }
}
