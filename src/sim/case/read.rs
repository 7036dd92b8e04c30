//! Case files: TOML, YAML or JSON by their extension.

use std::path::{Path, PathBuf};

use super::Case;
use crate::config::Document;

/// Reads the case file at `path`. The error says what is wrong, and where.
pub fn read(path: &Path) -> Result<Case, String> {
    let text = std::fs::read_to_string(path).map_err(|error| error.to_string())?;
    let case: Case = parse(path, &text)?;
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
        (None, Some(directory)) => in_directory(&path.parent().unwrap_or(path).join(directory)),
        (None, None) => Ok(Vec::new()),
    }
}

/// Every case file under `path`, or `path` itself, in the order of their names.
pub fn find(path: &Path) -> std::io::Result<Vec<PathBuf>> {
    if !path.is_dir() {
        return Ok(vec![path.to_owned()]);
    }
    let mut found = Vec::new();
    for entry in sorted(path)? {
        if entry.is_dir() {
            found.append(&mut find(&entry)?);
        } else if is_case(&entry) {
            found.push(entry);
        }
    }
    Ok(found)
}

fn is_case(path: &Path) -> bool {
    path.extension()
        .is_some_and(|extension| ["toml", "yaml", "yml", "json"].iter().any(|known| extension == *known))
}

fn sorted(directory: &Path) -> std::io::Result<Vec<PathBuf>> {
    let mut entries: Vec<_> = std::fs::read_dir(directory)?
        .map(|entry| entry.map(|entry| entry.path()))
        .collect::<Result<_, _>>()?;
    entries.sort();
    Ok(entries)
}

fn in_directory(directory: &Path) -> Result<Vec<(String, Document)>, String> {
    let read = |error: std::io::Error| format!("{}: {error}", directory.display());
    let files: Vec<_> = sorted(directory).map_err(read)?.into_iter().filter(|path| is_case(path)).collect();
    files
        .iter()
        .map(|file| {
            let text = std::fs::read_to_string(file).map_err(read)?;
            let document = parse(file, &text).map_err(|error| format!("{}: {error}", file.display()))?;
            Ok((file.file_name().unwrap_or_default().to_string_lossy().into_owned(), document))
        })
        .collect()
}

fn parse<T: serde::de::DeserializeOwned>(path: &Path, text: &str) -> Result<T, String> {
    match path.extension().and_then(|extension| extension.to_str()) {
        Some("toml") => toml::from_str(text).map_err(|error| error.to_string()),
        Some("json") => serde_json::from_str(text).map_err(|error| error.to_string()),
        _ => Err("a case file ends in .toml or .json".to_owned()),
    }
}
