//! Paths of a document as patterns of routes.

use crate::openapi::operation::capture;
use crate::route::pattern::{Pattern, Segment, Tail};

/// A path, as a route can have it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Translated {
    /// The pattern.
    pub(super) pattern: String,
    /// Conditions on the query, where the path has one in it: names, and values where there are some.
    pub(super) query: Vec<(String, Option<String>)>,
    /// Which paths and conditions these are, whatever the captures are called.
    pub(super) place: String,
}

/// The pattern and conditions for a path of a document.
///
/// A parameter's name that no capture can have is changed: names mean nothing to anybody outside. Some documents have a
/// query in their paths, which OpenAPI does not allow and which means what it says.
///
/// # Errors
///
/// Why no pattern takes what the path takes.
pub(super) fn translate(path: &str) -> Result<Translated, String> {
    if path.contains('#') {
        return Err(
            "a client sends no fragment (#), so that no route can tell this path from another".to_owned()
        );
    }
    if !path.starts_with('/') {
        return Err("a path begins with a slash".to_owned());
    }
    let (path, query) = path.split_once('?').map_or((path, None), |(path, query)| (path, Some(query)));
    let segments: Vec<_> = path.split('/').collect();
    let last = segments.len() - 1;
    let segments = segments.iter().enumerate().map(|(at, text)| segment(text, at == last));
    let pattern = segments.collect::<Result<Vec<_>, _>>()?.join("/");
    let parsed = Pattern::path(&pattern).map_err(|error| error.message)?;
    let query: Vec<_> = query.map(conditions).transpose()?.unwrap_or_default();
    let mut place = without_names(&parsed);
    let mut sorted = query.clone();
    sorted.sort();
    for (name, value) in sorted {
        place.push_str(&format!(" {name}={value:?}"));
    }
    Ok(Translated { pattern, query, place })
}

/// One segment. Braces of a document are those of parameters; there is no other meaning to them.
fn segment(text: &str, is_last: bool) -> Result<String, String> {
    let Some((before, rest)) = text.split_once('{') else { return Ok(text.replace('}', "}}")) };
    let Some((name, after)) = rest.split_once('}') else {
        return Err(format!("the segment {text:?} has an opening brace without a closing one"));
    };
    if after.contains('{') {
        return Err(format!("the segment {text:?} has two parameters, and a pattern one at most"));
    }
    // What some makers write for "all the rest, slashes too".
    let rest = name.strip_suffix('+').or_else(|| name.strip_suffix('*')).or_else(|| name.strip_prefix('+'));
    if let Some(name) = rest {
        if !is_last || !before.is_empty() || !after.is_empty() {
            return Err(format!("{{{name}}} takes several segments, which only the end of a pattern can"));
        }
        return Ok(format!("{{*{}}}", capture(name)));
    }
    Ok(format!("{}{{{}}}{}", before.replace('}', "}}"), capture(name), after.replace('}', "}}")))
}

fn conditions(query: &str) -> Result<Vec<(String, Option<String>)>, String> {
    let mut found: Vec<(String, Option<String>)> = Vec::new();
    for pair in query.split('&').filter(|pair| !pair.is_empty()) {
        let (name, value) = pair.split_once('=').map_or((pair, None), |(name, value)| (name, Some(value)));
        // `?a={b}`: any value will do.
        let value = value.filter(|value| !value.contains('{'));
        if pair.contains(['%', '+']) || name.contains('{') || found.iter().any(|(known, _)| known == name) {
            return Err(format!("the query {query:?} in it is no condition that a route can have"));
        }
        found.push((name.to_owned(), value.map(str::to_owned)));
    }
    Ok(found)
}

/// The pattern, with all captures alike.
fn without_names(pattern: &Pattern) -> String {
    let mut text = String::new();
    for segment in pattern.segments() {
        text.push('/');
        match segment {
            Segment::Literal(literal) => text.push_str(literal),
            Segment::Capture { prefix, suffix, .. } => text.push_str(&format!("{prefix}\u{0}{suffix}")),
        }
    }
    if *pattern.tail() != Tail::End {
        text.push_str("/\u{1}");
    }
    text
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn paths_become_patterns() {
        for (path, expected) in [
            ("/pets", "/pets"),
            ("/", "/"),
            ("/pets/{petId}", "/pets/{petId}"),
            ("/pets/{id}.json", "/pets/{id}.json"),
            ("/pets/{pet-id}/x", "/pets/{pet_id}/x"),
            ("/pets/{1st}", "/pets/{_1st}"),
            ("/files/{path+}", "/files/{*path}"),
            ("/files/{+path}", "/files/{*path}"),
            ("/v1/messages?beta=true", "/v1/messages"),
            ("/lint}", "/lint}}"),
        ] {
            assert_eq!(translate(path).unwrap().pattern, expected, "{path}");
        }
        let translated = translate("/a?b=true&c&d={x}").unwrap();
        let expected = [("b", Some("true")), ("c", None), ("d", None)]
            .map(|(k, v)| (k.to_owned(), v.map(str::to_owned)));
        assert_eq!(translated.query, expected);
    }

    #[test]
    fn what_no_pattern_takes_is_said() {
        for (path, part) in [
            ("/compare/{base}...{head}", "two parameters"),
            ("/a/{b", "without a closing one"),
            ("/a#b", "fragment"),
            ("/{a+}/b", "several segments"),
            ("/a/{x}/{x}", "twice"),
            ("/a//b", "empty segment"),
            ("pets", "begins with a slash"),
            ("/a?{b}", "no condition"),
        ] {
            let message = translate(path).unwrap_err();
            assert!(message.contains(part), "{path}: {message}");
        }
    }

    #[test]
    fn captures_are_alike_whatever_they_are_called() {
        let place = |path| translate(path).unwrap().place;
        assert_eq!(place("/a/{b}"), place("/a/{c}"));
        assert_eq!(place("/a?x=1&y"), place("/a?y&x=1"));
        assert_ne!(place("/a/{b}"), place("/a/{b}.json"));
        assert_ne!(place("/a"), place("/a?x=1"));
        assert_ne!(place("/a/{b+}"), place("/a/{b}"));
    }
}
