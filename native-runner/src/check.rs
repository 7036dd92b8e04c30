//! What `tollgate check` has found, and how it says so.

use std::path::{Path, PathBuf};

use tollgate::diagnostic::{Diagnostic, Place};
use tollgate::plan::{Abilities, Plan};

pub mod report;
pub mod summary;

/// What was found.
#[derive(Debug, Default)]
pub struct Checked {
    /// Where the configuration is to run.
    pub places: Vec<&'static str>,
    /// How many files it has.
    pub files: usize,
    /// What runs in each place, where there are no mistakes.
    pub plans: Vec<(Abilities, Plan)>,
    /// What is wrong or questionable.
    pub diagnostics: Vec<Diagnostic>,
    /// The manifest that was compared.
    pub manifest: Option<PathBuf>,
}

// === impl Checked ===

impl Checked {
    /// What runs in the last of the places that the configuration fits.
    pub fn plan(&self) -> Option<&Plan> {
        self.plans.last().map(|(_, plan)| plan)
    }

    /// Adds what is not known yet: the same mistake is one for every place. Files are named as they can be opened from
    /// here, not from `directory`.
    pub fn add(&mut self, diagnostics: Vec<Diagnostic>, directory: &Path) {
        let open = |place: &mut Place| {
            if !place.file.is_empty() && directory.join(&place.file).is_file() {
                place.file = directory.join(&place.file).display().to_string();
            }
        };
        for mut diagnostic in diagnostics {
            open(&mut diagnostic.place);
            diagnostic.related.iter_mut().for_each(|(place, _)| open(place));
            if !self.diagnostics.contains(&diagnostic) {
                self.diagnostics.push(diagnostic);
            }
        }
    }
}
