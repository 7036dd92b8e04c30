//! Variables: from a file of `name = "value"` lines, or from the environment.

use std::collections::BTreeMap;
use std::path::Path;

use anyhow::Context as _;
use tollgate::host::{Secret, VariableError};

/// What goes before a variable's name, in capitals, in the environment: the name `billing_token` is
/// `TOLLGATE_VARIABLE_BILLING_TOKEN`.
pub const ENVIRONMENT_PREFIX: &str = "TOLLGATE_VARIABLE_";

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
            Err(std::env::VarError::NotPresent) => Ok(None),
            Err(std::env::VarError::NotUnicode(_)) => {
                Err(VariableError { cause: "its value in the environment is not UTF-8".to_owned() })
            }
        }
    }
}

fn environment_name(name: &str) -> String {
    format!("{ENVIRONMENT_PREFIX}{}", name.to_ascii_uppercase())
}

impl tollgate::host::Variables for Variables {
    async fn variable(&self, name: &str) -> Result<Option<Secret>, VariableError> {
        self.read(name)
    }
}
