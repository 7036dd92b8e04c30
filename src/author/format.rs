//! The formats a configuration may be written in.

use super::node::{Fault, Parsed, Position};
use super::{json, toml, yaml};

/// How large one file may be: some thousand routes. The parsers are linear, so this bounds what a file can cost.
pub(super) const MAX_BYTES: usize = 4 << 20;

/// A format, by the file's extension.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Format {
    Toml,
    Yaml,
    Json,
}

impl Format {
    /// What a file of this name is written in.
    pub(super) fn of(name: &str) -> Option<Self> {
        let (_, extension) = name.rsplit_once('.')?;
        match extension {
            "toml" => Some(Self::Toml),
            "yaml" | "yml" => Some(Self::Yaml),
            "json" => Some(Self::Json),
            _ => None,
        }
    }

    /// What people who write this format call a set of keys with values.
    pub(super) fn table(self) -> &'static str {
        match self {
            Self::Toml => "a table",
            Self::Yaml => "a mapping",
            Self::Json => "an object",
        }
    }

    /// Reads the `text` of a configuration.
    pub(super) fn parse(self, text: &str) -> Parsed {
        let mut parsed = self.parse_within(text, MAX_BYTES);
        if text.len() > MAX_BYTES {
            let help = "split it: all files of the directory together are one configuration";
            parsed.faults = parsed.faults.into_iter().map(|fault| fault.help(help)).collect();
        }
        parsed
    }

    /// Reads a `text` of at most so many bytes.
    pub(super) fn parse_within(self, text: &str, most: usize) -> Parsed {
        if text.len() > most {
            let message = format!("this file is larger than {} MiB", most >> 20);
            return Parsed::broken(Fault::new(Position::START, message));
        }
        // Editors on Windows write a byte order mark; no format needs it.
        let text = text.strip_prefix('\u{feff}').unwrap_or(text);
        match self {
            Self::Toml => toml::parse(text),
            Self::Yaml => yaml::parse(text),
            Self::Json => json::parse(text),
        }
    }
}
