//! Variables: from a file of `name = "value"` lines, or from the environment.

use std::collections::BTreeMap;
use std::io::Read as _;
use std::path::Path;

use anyhow::Context as _;
use tollgate::host::{Secret, VariableError};

/// What goes before a variable's name, in capitals, in the environment: the name `billing_token` is
/// `TOLLGATE_VARIABLE_BILLING_TOKEN`.
pub const ENVIRONMENT_PREFIX: &str = "TOLLGATE_VARIABLE_";

/// What goes after that for the path of a file with the value: `TOLLGATE_VARIABLE_BILLING_TOKEN_FILE`.
pub const FILE_SUFFIX: &str = "_FILE";

/// The largest file with a value, in bytes: tokens and keys have a few kilobytes.
const LARGEST: u64 = 64 << 10;

/// Variables of a file, and the environment for those that are not in it.
#[derive(Debug, Default)]
pub struct Variables {
    given: BTreeMap<String, Secret>,
}

impl Variables {
    /// Only these, and the environment.
    pub fn new(given: BTreeMap<String, Secret>) -> Self {
        Self { given }
    }

    /// Reads a file of `name=value` lines. Empty lines and lines that begin with `#` mean nothing; white space around
    /// name and value is left out, and so are double quotes around the value.
    pub fn from_file(path: &Path) -> anyhow::Result<Self> {
        let text = std::fs::read_to_string(path)
            .with_context(|| format!("the variables file {} cannot be read", path.display()))?;
        let mut given = BTreeMap::new();
        for (line, number) in text.lines().zip(1..) {
            let line = line.trim();
            if line.is_empty() || line.starts_with('#') {
                continue;
            }
            // The line itself is not shown: it holds a secret.
            let (name, value) = line
                .split_once('=')
                .with_context(|| format!("{}:{number} is not name=value", path.display()))?;
            let value = value.trim();
            let value = value.strip_prefix('"').and_then(|value| value.strip_suffix('"')).unwrap_or(value);
            given.insert(name.trim().to_owned(), Secret::new(value));
        }
        Ok(Self { given })
    }
}

impl Variables {
    /// The variable's value; `None` where there is none, or none that is text.
    pub fn get(&self, name: &str) -> Option<Secret> {
        self.read(name).ok().flatten()
    }

    /// What a component without Spin's variables finds in its environment.
    pub fn environment(&self, names: &[Box<str>]) -> Vec<(String, String)> {
        let pair = |name: &str| Some((environment_name(name), self.get(name)?.expose().to_owned()));
        names.iter().filter_map(|name| pair(name)).collect()
    }

    fn read(&self, name: &str) -> Result<Option<Secret>, VariableError> {
        if let Some(value) = self.given.get(name) {
            return Ok(Some(value.clone()));
        }
        match std::env::var(environment_name(name)) {
            Ok(value) => Ok(Some(Secret::new(value))),
            Err(std::env::VarError::NotPresent) => {
                match std::env::var_os(environment_name(name) + FILE_SUFFIX) {
                    Some(path) => from_file(Path::new(&path)).map(Some),
                    None => Ok(None),
                }
            }
            Err(std::env::VarError::NotUnicode(_)) => {
                Err(VariableError { cause: "its value in the environment is not UTF-8".to_owned() })
            }
        }
    }
}

/// The value that stands in a file, without white space around it. Read each time, because such files are replaced: tokens of
/// Kubernetes' service accounts about every hour. They are small, and in memory.
fn from_file(path: &Path) -> Result<Secret, VariableError> {
    let failed = |what: String| VariableError { cause: format!("{}: {what}", path.display()) };
    let file = std::fs::File::open(path).map_err(|error| failed(error.to_string()))?;
    let mut text = String::new();
    let read = file.take(LARGEST + 1).read_to_string(&mut text).map_err(|error| failed(error.to_string()))?;
    if read as u64 > LARGEST {
        return Err(failed(format!("the file is larger than {LARGEST} bytes")));
    }
    Ok(Secret::new(text.trim()))
}

fn environment_name(name: &str) -> String {
    format!("{ENVIRONMENT_PREFIX}{}", name.to_ascii_uppercase())
}

impl tollgate::host::Variables for Variables {
    async fn variable(&self, name: &str) -> Result<Option<Secret>, VariableError> {
        self.read(name)
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn a_file_is_read_each_time() {
        let path = std::env::temp_dir().join(format!("tollgate-variable-{}", std::process::id()));
        std::fs::write(&path, "one\n").unwrap();
        assert_eq!(from_file(&path).unwrap().expose(), "one");
        std::fs::write(&path, " two ").unwrap();
        assert_eq!(from_file(&path).unwrap().expose(), "two");
        std::fs::write(&path, "x".repeat(65 << 10)).unwrap();
        assert!(from_file(&path).unwrap_err().cause.contains("larger"));
        std::fs::write(&path, [0xff, 0xfe]).unwrap();
        assert!(from_file(&path).is_err());
        std::fs::remove_file(&path).unwrap();
        assert!(from_file(&path).is_err());
    }
}
