//! A configuration from a document: an upstream for each server, a route for each operation, ways in for its security.
//!
//! ```text
//! Document ──servers, paths, security──▶ Section… ──write──▶ TOML or YAML
//!     │                │
//!     │                └ what was decided on the way: left out, and why
//!     └──account──▶ every value of the document, taken over, documentation, or left out
//! ```
//!
//! What a document does not say (issuers, addresses, who has which key) becomes a placeholder that works for nobody, and
//! a line of what there is to do. A security requirement that cannot be expressed closes its route: what a document
//! protects is never open because of us.

mod account;
mod grammar;
mod names;
mod path;
mod report;
mod routes;
mod sections;
mod security;
mod servers;
mod ways;
mod write;

use std::collections::{BTreeMap, BTreeSet};

pub use account::{Account, Entry, Fate};
pub use report::{Line, Report};
pub use sections::{Section, Setting};
pub use write::{toml, yaml};

use super::document::Document;
use servers::Servers;
use ways::Ways;

/// What the author wants.
#[derive(Debug, Clone, Default)]
pub struct Options {
    /// The one upstream of all routes, instead of one for each server.
    pub upstream: Option<String>,
    /// `upstream` stands in the configuration already, and is not written.
    pub upstream_is_known: bool,
    /// What goes before every path at the gateway, and not at the upstream; without a slash at its end.
    pub prefix: String,
    /// Requests and answers are validated by the document.
    pub validate: Option<Described>,
    /// Names in the configuration that are taken: of routes, of ways in.
    pub taken: BTreeSet<String>,
}

/// The document, as the configuration names it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Described {
    /// Its name.
    pub name: String,
    /// Its file, from the configuration's directory.
    pub file: String,
}

/// A configuration, and what became of the document.
#[derive(Debug)]
pub struct Import {
    /// What is written.
    pub sections: Vec<Section>,
    /// What became of each value.
    pub account: Account,
    /// What the author has to do before it works: pointer and words.
    pub to_do: Vec<Line>,
    /// How many operations the document has.
    pub operations: usize,
    /// How many of them have a route.
    pub routes: usize,
    /// How many routes let everybody in, because the document asks for no credentials.
    pub public: usize,
    /// How many routes let nobody in, because their security cannot be expressed.
    pub closed: usize,
}

/// Work in progress.
struct Importer<'a, 'o> {
    document: &'a Document<'a>,
    options: &'o Options,
    /// What is left out although its kind is taken over, by pointer.
    decisions: BTreeMap<String, String>,
    /// What of `components` is used, by pointer.
    used: BTreeSet<String>,
    to_do: Vec<Line>,
    servers: Servers,
    ways: Ways,
    ids: BTreeSet<String>,
    /// Paths, methods and conditions that have a route.
    places: BTreeMap<String, String>,
    routes: Vec<Section>,
    /// How often each operation's identifier stands in the document, where it matters.
    operation_ids: BTreeMap<&'a str, usize>,
    operations: usize,
    public: usize,
    closed: usize,
}

/// Makes a configuration of a document.
pub fn import(document: &Document<'_>, options: &Options) -> Import {
    let mut importer = Importer {
        document,
        options,
        decisions: BTreeMap::new(),
        used: BTreeSet::new(),
        to_do: Vec::new(),
        servers: Servers::new(&options.taken),
        ways: Ways::new(&options.taken),
        ids: options.taken.clone(),
        places: BTreeMap::new(),
        routes: Vec::new(),
        operation_ids: BTreeMap::new(),
        operations: 0,
        public: 0,
        closed: 0,
    };
    importer.routes();
    let Importer { servers, ways, decisions, used, routes, operations, public, closed, mut to_do, .. } =
        importer;
    let mut sections = servers.sections(&mut to_do);
    sections.extend(ways.sections(&mut to_do, closed > 0));
    if let Some(Described { name, file }) = &options.validate {
        sections.push(Section::at(["openapi", name]).with("file", file.as_str()));
    }
    let count = routes.len();
    sections.extend(routes);
    let account = account::account(document, &decisions, &used, options.validate.is_some());
    Import { sections, account, to_do, operations, routes: count, public, closed }
}

impl Importer<'_, '_> {
    /// Leaves out what stands at `pointer`.
    fn leave_out(&mut self, pointer: &str, reason: impl Into<String>) {
        self.decisions.entry(pointer.to_owned()).or_insert_with(|| reason.into());
    }

    /// Adds a line to what there is to do.
    fn left_to_do(&mut self, pointer: &str, text: impl Into<String>) {
        self.to_do.push(Line { pointer: pointer.to_owned(), text: text.into() });
    }
}
