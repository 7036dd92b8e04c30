//! The shipped configuration: `routes/` of the current directory where that is it, else the copy in this program.

use std::path::{Path, PathBuf};

use tollgate::author;
use tollgate::diagnostic::Diagnostic;
use tollgate::plan::{Abilities, Plan};

use super::SERVICES;
use crate::load::{self, Configuration};

/// The shipped files as they were when this program was built.
pub const FILES: [(&str, &str); 7] = [
    ("access.toml", include_str!("../../../routes/access.toml")),
    ("catalog.yaml", include_str!("../../../routes/catalog.yaml")),
    ("dashboard.toml", include_str!("../../../routes/dashboard.toml")),
    ("gateway.toml", include_str!("../../../routes/gateway.toml")),
    ("limits.toml", include_str!("../../../routes/limits.toml")),
    ("orders.json", include_str!("../../../routes/orders.json")),
    ("users.toml", include_str!("../../../routes/users.toml")),
];

/// A configuration, and its directory where it has one.
pub type Found = (Configuration, Option<PathBuf>);

/// The configuration of the demo. A `routes/` that knows nothing of the demo's services is somebody else's.
pub fn find() -> Result<Found, Vec<Diagnostic>> {
    let directory = Path::new("routes");
    if directory.is_dir() {
        let configuration = load::load(directory, &Abilities::NATIVE)?;
        if has_services(&configuration.plan) {
            return Ok((configuration, Some(directory.to_owned())));
        }
    }
    Ok((built_in()?, None))
}

/// The copy in this program.
pub fn built_in() -> Result<Configuration, Vec<Diagnostic>> {
    let files = FILES.map(|(name, text)| (name.to_owned(), text.to_owned()));
    load::compile(author::load(&files)?, &Abilities::NATIVE)
}

fn has_services(plan: &Plan) -> bool {
    SERVICES.iter().all(|(name, _)| plan.upstreams.iter().any(|upstream| *upstream.name == **name))
}
