//! `tollgate init`: a configuration to begin with.

use std::fs::{self, OpenOptions};
use std::io::Write as _;
use std::path::Path;
use std::process::ExitCode;

use anyhow::Context as _;
use tollgate::author;

use crate::args::Init;

/// The configuration: small, and every line explained.
pub const STARTER: &str = include_str!("init/gateway.toml");

/// Writes `gateway.toml` and `schema.json`; never over what is there.
pub fn init(arguments: &Init) -> anyhow::Result<ExitCode> {
    let directory = &arguments.directory;
    fs::create_dir_all(directory).with_context(|| format!("{} cannot be made", directory.display()))?;
    let schema = serde_json::to_string_pretty(&author::schema())? + "\n";
    // Hidden, or the gateway would take it for configuration.
    write_new(&directory.join(".schema.json"), &schema)?;
    write_new(&directory.join("gateway.toml"), STARTER)?;
    let shown = directory.display();
    println!(
        "{shown}/gateway.toml is a configuration to begin with; {shown}/.schema.json is for your editor."
    );
    println!("\n  tollgate check {shown}\n  tollgate routes {shown}\n  tollgate serve {shown}");
    Ok(ExitCode::SUCCESS)
}

fn write_new(path: &Path, text: &str) -> anyhow::Result<()> {
    let opened = OpenOptions::new().write(true).create_new(true).open(path);
    let mut file = opened.with_context(|| format!("{} cannot be written", path.display()))?;
    file.write_all(text.as_bytes()).with_context(|| format!("{} cannot be written", path.display()))
}
