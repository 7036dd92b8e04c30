//! Case files: TOML, YAML or JSON by their extension.

use std::path::{Path, PathBuf};

use super::Case;
use crate::author;
use crate::config::Document;
use crate::diagnostic::Diagnostic;

/// Reads the case file at `path`. The error says what is wrong, and where.
pub fn read(path: &Path) -> Result<Case, String> {
    let text = std::fs::read_to_string(path).map_err(|error| error.to_string())?;
    let mut case = parse(path, &text)?;
    for token in case.tokens.values_mut() {
        let key = path.parent().unwrap_or(path).join(&token.key);
        token.pem = std::fs::read_to_string(key).map_err(|error| format!("{}: {error}", token.key))?;
    }
    if case.config.is_some() == case.directory.is_some() {
        return Err("a case has exactly one of config and directory".to_owned());
    }
    if case.steps.is_empty() && case.refused.is_none() {
        return Err("a case has steps, or its configuration is refused".to_owned());
    }
    Ok(case)
}

/// The configuration of `case`, which was read from `path`.
pub fn documents(case: &Case, path: &Path) -> Result<Vec<(String, Document)>, String> {
    let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
    match (&case.config, &case.directory) {
        (Some(document), _) => Ok(vec![(name, document.clone())]),
        (None, Some(directory)) => {
            let directory = path.parent().unwrap_or(path).join(directory);
            author::load_dir(&directory).map(|loaded| loaded.documents).map_err(|found| told(&found))
        }
        (None, None) => Ok(Vec::new()),
    }
}

/// Every case file under `path`, or `path` itself, in the order of their names. In a directory with files named
/// `*.case.toml` (or `.yaml`, `.json`) these are the cases, so that they can stand beside a configuration; in one
/// without, all of its files are.
pub fn find(path: &Path) -> std::io::Result<Vec<PathBuf>> {
    if !path.is_dir() {
        return Ok(vec![path.to_owned()]);
    }
    let mut entries: Vec<_> =
        std::fs::read_dir(path)?.map(|entry| entry.map(|entry| entry.path())).collect::<Result<_, _>>()?;
    entries.sort();
    let named = entries.iter().any(|entry| is_named_case(entry));
    let mut found = Vec::new();
    for entry in entries {
        if entry.is_dir() {
            found.append(&mut find(&entry)?);
        } else if is_readable(&entry) && (!named || is_named_case(&entry)) {
            found.push(entry);
        }
    }
    Ok(found)
}

fn is_readable(path: &Path) -> bool {
    path.extension()
        .is_some_and(|extension| ["toml", "yaml", "yml", "json"].iter().any(|known| extension == *known))
}

fn is_named_case(path: &Path) -> bool {
    is_readable(path)
        && path.file_stem().is_some_and(|stem| Path::new(stem).extension().is_some_and(|e| e == "case"))
}

/// TOML is read by serde itself, which knows the line of every mistake; the others through their values.
fn parse(path: &Path, text: &str) -> Result<Case, String> {
    if path.extension().is_some_and(|extension| extension == "toml") {
        return toml::from_str(text).map_err(|error| error.to_string());
    }
    let values = author::values(&path.to_string_lossy(), text).map_err(|found| told(&found))?;
    serde_json::from_value(values).map_err(|error| error.to_string())
}

fn told(diagnostics: &[Diagnostic]) -> String {
    diagnostics.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n")
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    const YAML: &str = "
story: a case in YAML
config: {routes: [{id: a, respond: {body: hi}}]}
steps:
  - request: GET /
    expect: {status: 200, headers: {content-length: 2}, body: {contains: h}}
";

    #[test]
    fn reads_every_format_alike() {
        let yaml = parse(Path::new("a.yaml"), YAML).unwrap();
        let toml = "story = 'a case in YAML'\n[[config.routes]]\nid = 'a'\nrespond = { body = 'hi' }\n\
                    [[steps]]\nrequest = 'GET /'\nexpect = { status = 200, headers = { content-length = 2 }, \
                    body = { contains = 'h' } }";
        assert_eq!(parse(Path::new("a.toml"), toml).unwrap(), yaml);
        let json = serde_json::to_string(&author::values("a.yaml", YAML).unwrap()).unwrap();
        assert_eq!(parse(Path::new("a.json"), &json).unwrap(), yaml);
    }

    #[test]
    fn mistakes_have_a_place() {
        let error = parse(Path::new("a.toml"), "story = 'x'\nstesp = []").unwrap_err();
        assert!(error.contains("line 2") && error.contains("unknown field `stesp`"), "{error}");
        let error =
            parse(Path::new("a.toml"), "story = 'x'\n[[steps]]\nafter = '5'\nrequest = 'GET /'").unwrap_err();
        assert!(error.contains("line 3") && error.contains("not a span of time"), "{error}");
    }
}
