//! What an operator is told about a configuration, word for word.
//!
//! Each folder in `tests/config` holds the files of one configuration and `expected.txt`: every diagnostic as it is
//! printed. `TOLLGATE_BLESS=1 cargo test -p tollgate --test config` writes them, and the generated pages in `docs`,
//! anew; read the difference before you commit it.

#![allow(clippy::unwrap_used)]

use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};

use similar::TextDiff;
use tollgate::author::{self, Loaded};
use tollgate::diagnostic::Diagnostic;
use tollgate::plan::{Abilities, Plan};
use tollgate::problem::{Blame, Problem, TYPE_BASE};

/// What making a plan has to say about a configuration that could be read. A folder with `component` in its name is for
/// a host that cannot do everything; `component-atomic` and `component-portable` for the other kinds of it.
fn plan_diagnostics(folder: &Path, loaded: &Loaded) -> Vec<Diagnostic> {
    let name = folder.to_string_lossy();
    let abilities = match () {
        () if name.contains("component-atomic") => Abilities::ATOMIC,
        () if name.contains("component-portable") => Abilities::PORTABLE,
        () if name.contains("component") => Abilities::COMPONENT,
        () => Abilities::NATIVE,
    };
    match Plan::compile(&loaded.documents, &abilities) {
        Ok((_, warnings)) => warnings,
        Err(diagnostics) => diagnostics,
    }
}

#[test]
fn diagnostics_are_worded_as_expected() {
    let mut folders: Vec<PathBuf> =
        fs::read_dir(root().join("tests/config")).unwrap().map(|entry| entry.unwrap().path()).collect();
    folders.sort();
    assert!(!folders.is_empty());
    let wrong: Vec<String> = folders
        .iter()
        .filter_map(|folder| compare(&folder.join("expected.txt"), &said_about(folder)))
        .collect();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn the_schema_in_docs_is_up_to_date() {
    let schema = serde_json::to_string_pretty(&author::schema()).unwrap() + "\n";
    let wrong = compare(&root().join("docs/schema.json"), &schema);
    assert!(wrong.is_none(), "{}", wrong.unwrap_or_default());
}

#[test]
fn the_reference_in_docs_is_up_to_date() {
    let wrong = compare(&root().join("docs/configuration.md"), &author::reference());
    assert!(wrong.is_none(), "{}", wrong.unwrap_or_default());
}

#[test]
fn the_page_about_expressions_is_up_to_date() {
    let wrong = compare(&root().join("docs/expressions.md"), &tollgate::expression::reference());
    assert!(wrong.is_none(), "{}", wrong.unwrap_or_default());
}

#[test]
fn the_page_of_problems_is_up_to_date() {
    let wrong = compare(&root().join("docs/problems.md"), &page_of_problems());
    assert!(wrong.is_none(), "{}", wrong.unwrap_or_default());
}

/// Where the `type` of a problem leads: one heading a slug.
fn page_of_problems() -> String {
    let mut page = PROBLEMS.to_owned();
    for problem in Problem::ALL {
        let spec = problem.spec();
        let blame = match spec.blame {
            Blame::Client => "the client",
            Blame::Gateway => "the gateway",
            Blame::Upstream => "the upstream",
        };
        let error = spec.proxy_error.map_or_else(|| "none".to_owned(), |error| format!("`{error}`"));
        let meaning = problem.meaning();
        write!(page, "\n## {}\n\n{meaning}\n\n", spec.slug).unwrap();
        writeln!(
            page,
            "| status | title | made to fail by | `Proxy-Status` error |\n| --- | --- | --- | --- |"
        )
        .unwrap();
        writeln!(page, "| {} | {} | {blame} | {error} |", spec.status, spec.title).unwrap();
        let uri = problem.type_uri();
        if !uri.starts_with(TYPE_BASE) {
            writeln!(page, "\nIts `type` is `{uri}`.").unwrap();
        }
    }
    page.replace("TYPE_BASE", TYPE_BASE)
}

const PROBLEMS: &str = "\
<!-- Generated from src/problem.rs: TOLLGATE_BLESS=1 cargo test -p tollgate --test config -->

# Problems

Everything the gateway itself answers with when it cannot do what a request asks for. Each answer is
`application/problem+json` (RFC 9457); its `type` is `TYPE_BASE` and the name of a section here. The name
is also the outcome in the access log and a label in the metrics. `Proxy-Status` (RFC 9209) says the same to machines.
What an upstream answers is passed on as it is and is never one of these.
";

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn said_about(folder: &Path) -> String {
    let diagnostics = match author::load_dir(folder) {
        Ok(loaded) => {
            let mut diagnostics = plan_diagnostics(folder, &loaded);
            loaded.locations.locate(&mut diagnostics);
            diagnostics
        }
        Err(diagnostics) => diagnostics,
    };
    let mut text = String::new();
    for diagnostic in &diagnostics {
        writeln!(text, "{diagnostic}\n").unwrap();
    }
    match text.trim_end() {
        "" => "nothing to say\n".to_owned(),
        // A diagnostic about the folder itself names it, and it is somewhere else on every machine.
        text => text.replace(&format!("{}/", root().display()), "") + "\n",
    }
}

/// The difference between what is there and what is expected at `path`, if there is one.
fn compare(path: &Path, actual: &str) -> Option<String> {
    if std::env::var_os("TOLLGATE_BLESS").is_some() {
        fs::write(path, actual).unwrap();
        return None;
    }
    let expected = fs::read_to_string(path).unwrap_or_default();
    if expected == actual {
        return None;
    }
    let name = path.strip_prefix(root()).unwrap_or(path).display();
    let difference = TextDiff::from_lines(expected.as_str(), actual);
    let difference = difference.unified_diff().context_radius(3).header("expected", "actual").to_string();
    Some(format!(
        "{name} is not what it should be:\n{difference}\nIf the new text is right: \
         TOLLGATE_BLESS=1 cargo test -p tollgate --test config\n"
    ))
}
