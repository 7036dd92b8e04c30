//! What the commands print, word for word.
//!
//! Each file in `tests/commands` begins with a command line and goes on with what it prints and how it ends. The
//! commands run in that folder. `TOLLGATE_BLESS=1 cargo test -p native-runner --test commands` writes the files anew;
//! read the difference before you commit it.

#![allow(clippy::unwrap_used, clippy::panic)]

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use similar::TextDiff;

#[test]
fn commands_print_what_is_expected() {
    let mut files: Vec<PathBuf> = fs::read_dir(folder())
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "txt"))
        .collect();
    files.sort();
    assert!(!files.is_empty());
    let wrong: Vec<String> = files.iter().filter_map(|file| compare(file)).collect();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn a_new_configuration_can_be_used_and_is_never_written_over() {
    let directory = std::env::temp_dir().join(format!("tollgate-init-{}", std::process::id()));
    let path = directory.to_str().unwrap();
    let made = run(&["init", path]);
    assert!(made.status.success(), "{made:?}");
    let checked = run(&["check", path, "--deny-warnings", "--for", "both"]);
    assert!(checked.status.success(), "{checked:?}");
    // What is commented out must be right too.
    let starter = fs::read_to_string(directory.join("gateway.toml")).unwrap();
    let whole = starter.replace("# [[", "[[");
    let whole: String = whole
        .lines()
        .map(|line| match line.strip_prefix("# ") {
            Some(text) if text.contains(" = ") && !text.contains(": $") => format!("{text}\n"),
            _ => format!("{line}\n"),
        })
        .collect();
    fs::write(directory.join("gateway.toml"), &whole).unwrap();
    let checked = run(&["check", path, "--deny-warnings", "--for", "both"]);
    assert!(checked.status.success(), "{checked:?}\n{whole}");
    assert!(String::from_utf8_lossy(&checked.stdout).contains("3 routes"), "{checked:?}");
    let again = run(&["init", path]);
    assert!(!again.status.success());
    assert_eq!(fs::read_to_string(directory.join("gateway.toml")).unwrap(), whole);
    fs::remove_dir_all(&directory).unwrap();
}

#[test]
fn a_document_becomes_part_of_a_configuration() {
    let directory = std::env::temp_dir().join(format!("tollgate-import-{}", std::process::id()));
    let path = directory.to_str().unwrap();
    let report = directory.with_extension("json");
    let import = |more: &[&str]| {
        run(&[&["import", "openapi", "openapi/small.yaml", "--out", path][..], more].concat())
    };
    let made = import(&["--validate", "--report", report.to_str().unwrap()]);
    assert!(made.status.success(), "{made:?}");
    let checked = run(&["check", path]);
    assert!(checked.status.success(), "{checked:?}");
    let copy = fs::read_to_string(directory.join("openapi/small.yaml")).unwrap();
    assert_eq!(copy, fs::read_to_string(folder().join("openapi/small.yaml")).unwrap());
    let report: serde_json::Value = serde_json::from_str(&fs::read_to_string(report).unwrap()).unwrap();
    assert_eq!((&report["operations"], &report["closed"]), (&2.into(), &1.into()), "{report}");
    assert!(
        report["left_out"].as_array().unwrap().iter().any(|it| it["pointer"] == "/servers/1"),
        "{report}"
    );
    // Nothing is written over.
    let again = import(&[]);
    assert!(!again.status.success(), "{again:?}");
    // What is there already is known: neither ids nor ways in stand twice, and the upstream is not written again.
    let more = import(&["--format", "yaml", "--prefix", "/more", "--upstream", "small.example"]);
    assert!(more.status.success(), "{more:?}");
    let text = fs::read_to_string(directory.join("small.yaml")).unwrap();
    assert!(text.contains("getThing-2") && !text.contains("upstreams:"), "{text}");
    // The same routes again are a conflict, and it is said.
    fs::remove_file(directory.join("small.yaml")).unwrap();
    let conflict = import(&["--format", "yaml"]);
    assert!(!conflict.status.success(), "{conflict:?}");
    let said = String::from_utf8_lossy(&conflict.stderr).into_owned();
    assert!(said.contains("the configuration has mistakes now"), "{said}");
    fs::remove_dir_all(&directory).unwrap();
}

#[test]
fn the_schema_is_the_one_in_docs() {
    let printed = run(&["schema"]);
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
    assert_eq!(
        String::from_utf8(printed.stdout).unwrap(),
        fs::read_to_string(root.join("docs/schema.json")).unwrap()
    );
}

/// The picture in docs/compose.md is that of the example above it.
#[test]
fn the_picture_in_docs_is_that_of_its_example() {
    let docs = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap().join("docs");
    let text = fs::read_to_string(docs.join("compose.md")).unwrap();
    let example = text.split("```toml\n").nth(1).unwrap().split("```").next().unwrap();
    let directory = std::env::temp_dir().join(format!("tollgate-graph-{}", std::process::id()));
    fs::create_dir_all(&directory).unwrap();
    fs::write(directory.join("gateway.toml"), example).unwrap();
    let drawn = run(&["graph", directory.to_str().unwrap(), "dashboard", "--format", "svg"]);
    let checked = run(&["check", directory.to_str().unwrap()]);
    fs::remove_dir_all(&directory).unwrap();
    let drawn = String::from_utf8(drawn.stdout).unwrap();
    let picture = docs.join("compose.svg");
    if std::env::var_os("TOLLGATE_BLESS").is_some() {
        fs::write(&picture, &drawn).unwrap();
    }
    assert!(drawn == fs::read_to_string(&picture).unwrap(), "TOLLGATE_BLESS=1 draws it anew");
    // And what is said there of `check` is what it says.
    let said =
        "what one request may become upstream\n  dashboard  at most 102 requests, 5m, 8MiB of answers: ";
    assert!(text.contains(said) && String::from_utf8_lossy(&checked.stdout).contains(said), "{checked:?}");
}

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/commands")
}

fn run(arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_tollgate"))
        .args(arguments)
        .current_dir(folder())
        .env_remove("COLUMNS")
        .env_remove("RUST_LOG")
        .env_remove("TOLLGATE_ADMIN_TOKEN")
        .output()
        .unwrap()
}

/// The difference between what a command prints and what its file says, if there is one.
fn compare(file: &Path) -> Option<String> {
    let expected = fs::read_to_string(file).unwrap();
    let line = expected.lines().next().unwrap_or_default();
    let arguments = words(
        line.strip_prefix("$ tollgate ").unwrap_or_else(|| panic!("{} has no command", file.display())),
    );
    let output = run(&arguments.iter().map(String::as_str).collect::<Vec<_>>());
    let mut actual = format!("{line}\n{}", String::from_utf8_lossy(&output.stdout));
    if !output.stderr.is_empty() {
        actual += &format!("--- standard error\n{}", String::from_utf8_lossy(&output.stderr));
    }
    actual += &format!("--- status {}\n", output.status.code().unwrap());
    if std::env::var_os("TOLLGATE_BLESS").is_some() {
        fs::write(file, actual).unwrap();
        return None;
    }
    if expected == actual {
        return None;
    }
    let difference = TextDiff::from_lines(&expected, &actual);
    let difference = difference.unified_diff().context_radius(3).header("expected", "actual").to_string();
    Some(format!(
        "{}:\n{difference}\nIf the new text is right: TOLLGATE_BLESS=1 cargo test -p native-runner --test commands\n",
        file.display()
    ))
}

/// The words of a command line, with single quotes.
fn words(line: &str) -> Vec<String> {
    let mut words = vec![String::new()];
    let mut quoted = false;
    for c in line.chars() {
        match c {
            '\'' => quoted = !quoted,
            ' ' if !quoted => words.push(String::new()),
            c => words.last_mut().unwrap().push(c),
        }
    }
    words
}
