//! `tollgate schema`: the JSON Schema of configuration files, for editors.

use std::process::ExitCode;

use tollgate::author;

use crate::output;

/// Prints it.
pub fn schema() -> anyhow::Result<ExitCode> {
    output::print(&(serde_json::to_string_pretty(&author::schema())? + "\n"))?;
    Ok(ExitCode::SUCCESS)
}
