//! What `tollgate import` is told.

use std::path::PathBuf;

use clap::{Args, Subcommand, ValueEnum};

/// Make a configuration of a description of an API.
#[derive(Debug, Args)]
pub struct Import {
    /// What it is made of.
    #[command(subcommand)]
    pub command: ImportCommand,
}

/// What a configuration is made of.
#[derive(Debug, Subcommand)]
#[allow(missing_docs, reason = "clap would print a variant's comment instead of its arguments' long one")]
pub enum ImportCommand {
    Openapi(Openapi),
}

/// Make a configuration of an OpenAPI document, 3.0 or 3.1, in JSON or YAML.
///
/// Writes an upstream for each server, a route for each operation, and ways in for its security; and reports everything
/// of the document that is not in the configuration, and why. Nothing is fetched: what stands in other documents is left
/// out.
///
/// What a document does not say, such as who issues tokens, is a placeholder that works for nobody, and stands under "To
/// do". A route whose security cannot be expressed lets nobody in.
#[derive(Debug, Args)]
#[command(after_long_help = "\
Examples:
  tollgate import openapi shop.yaml > routes/shop.toml
  tollgate import openapi shop.yaml --out routes            writes routes/shop.toml, and checks routes
  tollgate import openapi shop.yaml --prefix /shop --upstream shop
  tollgate import openapi shop.yaml --report report.json | less")]
pub struct Openapi {
    /// The document; its name ends in .json, .yaml or .yml.
    pub file: PathBuf,
    /// The directory of a configuration: a file is added to it, and its upstreams and names are known. Default: the
    /// configuration is printed, and the report goes to standard error.
    #[arg(long, value_name = "DIRECTORY")]
    pub out: Option<PathBuf>,
    /// One upstream for all routes, instead of one for each server; one of the configuration in --out, or a new one.
    #[arg(long, value_name = "NAME")]
    pub upstream: Option<String>,
    /// What goes before every path, and is not sent to the upstream.
    #[arg(long, value_name = "PATH", default_value = "", hide_default_value = true)]
    pub prefix: String,
    /// Validate requests by the document, and report answers that are not as it says. With --out, the document is copied
    /// into openapi/ beneath the directory; else it is for you to put it there.
    #[arg(long)]
    pub validate: bool,
    /// What the configuration is written in.
    #[arg(long, value_name = "FORMAT", default_value = "toml")]
    pub format: ImportFormat,
    /// Write the report here as well, with every place, as JSON.
    #[arg(long, value_name = "FILE")]
    pub report: Option<PathBuf>,
}

/// What a configuration is written in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum ImportFormat {
    /// TOML.
    Toml,
    /// YAML.
    Yaml,
}
