//! `tollgate routes`: the routing table in the order in which it is tried.

use std::io::stdout;
use std::process::ExitCode;

use tollgate::plan::Abilities;

use crate::args::Routes;
use crate::paint::Paint;
use crate::{listing, load, output};

/// Prints the table.
pub fn routes(arguments: &Routes) -> anyhow::Result<ExitCode> {
    let configuration = match load::load(&arguments.directory, &Abilities::NATIVE) {
        Ok(configuration) => configuration,
        Err(diagnostics) => {
            eprintln!("{}", load::report(&diagnostics));
            return Ok(ExitCode::FAILURE);
        }
    };
    let (plan, locations) = (&configuration.plan, &configuration.loaded.locations);
    let text = match arguments.json {
        true => serde_json::to_string_pretty(&listing::json(plan, locations))?,
        false => listing::text(plan, locations, Paint::on(&stdout())),
    };
    output::print(&(text + "\n"))?;
    Ok(ExitCode::SUCCESS)
}
