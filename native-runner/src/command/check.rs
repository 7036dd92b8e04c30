//! `tollgate check`: everything that is wrong or questionable about a configuration.

use std::io::stdout;
use std::path::Path;
use std::process::ExitCode;

use tollgate::author;
use tollgate::diagnostic::{Diagnostic, Severity};
use tollgate::plan::{Abilities, Plan};

use crate::args::{Check, Format, Place};
use crate::check::{Checked, report, summary};
use crate::manifest::{self, Needs};
use crate::output;
use crate::paint::Paint;

/// Checks, reports, and says with the exit status whether all is well.
pub fn check(arguments: &Check) -> anyhow::Result<ExitCode> {
    let checked = examine(&arguments.directory, arguments.place)?;
    let worst = if arguments.deny_warnings { Severity::Warning } else { Severity::Error };
    let fails = checked.diagnostics.iter().any(|found| found.severity <= worst);
    let text = match arguments.format {
        Format::Json => format!("{:#}\n", report::json(&checked, !fails)),
        Format::Text => {
            let paint = Paint::on(&stdout());
            let mut text = report::text(&checked.diagnostics, paint);
            match checked.plan().filter(|_| !fails) {
                Some(plan) => text.push_str(&summary::text(plan, &checked, paint)),
                None => text.push_str(&report::totals(&checked.diagnostics, arguments.deny_warnings)),
            }
            text
        }
    };
    output::print(&text)?;
    Ok(if fails { ExitCode::FAILURE } else { ExitCode::SUCCESS })
}

/// Reads the configuration once, and makes a plan for each place it is to run in.
fn examine(directory: &Path, place: Option<Place>) -> anyhow::Result<Checked> {
    let manifest = manifest::find(directory);
    let place = place.unwrap_or(if manifest.is_some() { Place::Both } else { Place::Native });
    let places: &[Abilities] = match place {
        Place::Native => &[Abilities::NATIVE],
        Place::Component => &[Abilities::COMPONENT],
        Place::Atomics => &[Abilities::ATOMIC],
        Place::Both => &[Abilities::NATIVE, Abilities::COMPONENT],
    };
    let mut checked =
        Checked { places: places.iter().map(|abilities| abilities.name).collect(), ..Checked::default() };
    let loaded = match author::load_dir(directory) {
        Ok(loaded) => loaded,
        Err(diagnostics) => {
            checked.add(diagnostics, directory);
            return Ok(checked);
        }
    };
    checked.files = loaded.documents.len();
    for abilities in places {
        let mut found = match Plan::compile(&loaded.documents, abilities) {
            Ok((plan, warnings)) => {
                checked.plans.push((*abilities, plan));
                warnings
            }
            Err(found) => found,
        };
        loaded.locations.locate(&mut found);
        checked.add(found, directory);
    }
    if place != Place::Native
        && let (Some(path), Some(plan)) = (manifest, checked.plan())
    {
        let text = std::fs::read_to_string(&path)?;
        let found: Vec<Diagnostic> = manifest::compare(&path.display().to_string(), &text, &Needs::of(plan));
        checked.diagnostics.extend(found);
        checked.manifest = Some(path);
    }
    Ok(checked)
}
