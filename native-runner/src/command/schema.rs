//! `tollgate schema`: the JSON Schema of configuration files, for editors.

use std::io::{Write as _, stdout};
use std::process::ExitCode;

use tollgate::author;

/// Prints it.
pub fn schema() -> anyhow::Result<ExitCode> {
    writeln!(stdout(), "{}", serde_json::to_string_pretty(&author::schema())?)?;
    Ok(ExitCode::SUCCESS)
}
