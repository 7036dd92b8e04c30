//! From a directory to a plan.

use std::path::Path;

use tollgate::author::{self, Loaded};
use tollgate::diagnostic::Diagnostic;
use tollgate::plan::{Abilities, Plan};

/// A configuration that was read and made into a plan.
#[derive(Debug)]
pub struct Configuration {
    /// What was written.
    pub loaded: Loaded,
    /// What runs.
    pub plan: Plan,
    /// What is questionable.
    pub warnings: Vec<Diagnostic>,
}

/// Reads `directory` and makes a plan for a host with `abilities`. The error is everything that is wrong, with lines.
pub fn load(directory: &Path, abilities: &Abilities) -> Result<Configuration, Vec<Diagnostic>> {
    compile(author::load_dir(directory)?, abilities)
}

/// Makes a plan of what was read.
pub fn compile(loaded: Loaded, abilities: &Abilities) -> Result<Configuration, Vec<Diagnostic>> {
    match Plan::compile(&loaded.documents, abilities) {
        Ok((plan, mut warnings)) => {
            loaded.locations.locate(&mut warnings);
            Ok(Configuration { loaded, plan, warnings })
        }
        Err(mut diagnostics) => {
            loaded.locations.locate(&mut diagnostics);
            Err(diagnostics)
        }
    }
}

/// Diagnostics as an operator reads them, and how many there are of each kind.
pub fn report(diagnostics: &[Diagnostic]) -> String {
    use tollgate::diagnostic::Severity;
    let mut text: String = diagnostics.iter().map(|diagnostic| format!("{diagnostic}\n\n")).collect();
    let errors = diagnostics.iter().filter(|diagnostic| diagnostic.severity == Severity::Error).count();
    let plural = |count: usize, noun: &str| format!("{count} {noun}{}", if count == 1 { "" } else { "s" });
    text.push_str(&plural(errors, "error"));
    text.push_str(", ");
    text.push_str(&plural(diagnostics.len() - errors, "warning"));
    text
}
