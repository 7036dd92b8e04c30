//! The files of a configuration directory.

use std::fs;
use std::io::{self, Read as _};
use std::path::Path;

use crate::diagnostic::{Diagnostic, Place};

use super::format::{Format, MAX_BYTES};

/// What a directory holds.
#[derive(Default)]
pub(super) struct Files {
    /// Names and texts, by name.
    pub(super) files: Vec<(String, String)>,
    /// What could not be read.
    pub(super) unreadable: Vec<Diagnostic>,
}

/// Reads every configuration file directly in `directory`.
pub(super) fn read(directory: &Path) -> Files {
    let mut all = Files::default();
    let names = match names(directory) {
        Ok(names) => names,
        Err(error) => {
            let message = format!("the configuration directory cannot be read: {error}");
            all.unreadable.push(Diagnostic::error(Place::new(directory.display().to_string(), ""), message));
            return all;
        }
    };
    if names.is_empty() {
        let place = Place::new(directory.display().to_string(), "");
        let nothing = Diagnostic::error(place, "there is no configuration file in this directory");
        all.unreadable.push(nothing.help("a configuration file ends in .toml, .yaml, .yml or .json"));
    }
    for name in names {
        match fs::read(directory.join(&name)).map(String::from_utf8) {
            Ok(Ok(text)) => all.files.push((name, text)),
            Ok(Err(error)) => all.unreadable.push(not_text(name, &error.utf8_error(), error.as_bytes())),
            Err(error) => {
                let message = format!("this file cannot be read: {error}");
                all.unreadable.push(Diagnostic::error(Place::new(name, ""), message));
            }
        }
    }
    all
}

/// A file that another one names; no more of it than a file may have.
pub(super) fn named(directory: &Path, name: &str) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    let most = u64::try_from(MAX_BYTES).unwrap_or(u64::MAX);
    fs::File::open(directory.join(name))?.take(most + 1).read_to_end(&mut bytes)?;
    Ok(bytes)
}

fn names(directory: &Path) -> io::Result<Vec<String>> {
    let mut names = Vec::new();
    for entry in fs::read_dir(directory)? {
        let entry = entry?;
        let name = entry.file_name().to_string_lossy().into_owned();
        // The metadata of what a link leads to: mounted configuration is often links, and a broken one is a file that
        // cannot be read rather than none.
        let file = entry.path().metadata().map_or(true, |it| it.is_file());
        if file && is_configuration(&name) {
            names.push(name);
        }
    }
    names.sort_unstable();
    Ok(names)
}

fn is_configuration(name: &str) -> bool {
    !name.starts_with('.') && !name.ends_with(".case.toml") && Format::of(name).is_some()
}

fn not_text(name: String, error: &std::str::Utf8Error, bytes: &[u8]) -> Diagnostic {
    let line = bytes[..error.valid_up_to()].split(|byte| *byte == b'\n').count();
    Diagnostic::error(Place::new(name, ""), format!("this file is not UTF-8 text: see line {line}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_configuration_files_are_read() {
        let table = [
            ("shop.toml", true),
            ("shop.yaml", true),
            ("shop.yml", true),
            ("shop.json", true),
            (".shop.toml", false),
            ("shop.case.toml", false),
            ("README.md", false),
            ("toml", false),
        ];
        for (name, expected) in table {
            assert_eq!(is_configuration(name), expected, "{name}");
        }
    }
}
