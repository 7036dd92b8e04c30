//! The corpus, `tests/cases`, over the simulated host. Over the others: `tollgate test` (`scripts/test.sh`).
#![allow(clippy::disallowed_methods, reason = "a test may read its environment")]
#![cfg(feature = "author")]
#![allow(clippy::panic)]

use std::path::Path;

use tollgate::sim::case::HostKind;
use tollgate::sim::case::read;
use tollgate::sim::report::{Failing, Report, Verdict};

#[test]
fn the_corpus_over_the_simulated_host() {
    let corpus = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/cases");
    let files = match read::find(&corpus) {
        Ok(files) => files,
        Err(error) => panic!("{}: {error}", corpus.display()),
    };
    // Names a part of the corpus: `CASES=routing/head cargo test --test cases`.
    let wanted = std::env::var("CASES").unwrap_or_default();
    let wanted = files.iter().filter(|file| file.to_string_lossy().contains(&wanted));
    let reports: Vec<_> = wanted.map(|file| run(file, &corpus)).collect();
    let failed: Vec<_> = reports.iter().filter(|report| !report.is_fine()).collect();
    let skipped = reports.iter().filter(|report| matches!(report.verdict, Verdict::Skipped(_))).count();
    println!("{} passed, {} failed, {skipped} skipped", reports.len() - failed.len() - skipped, failed.len());
    if !failed.is_empty() {
        let told: String = failed.iter().map(|report| report.render(false)).collect();
        panic!("{} cases failed\n\n{told}", failed.len());
    }
    assert!(!reports.is_empty(), "there are no cases");
}

/// The examples of `docs/testing.md` that are whole cases.
#[test]
fn the_examples_in_the_documentation() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let text = std::fs::read_to_string(root.join("docs/testing.md")).unwrap_or_default();
    let blocks = text.split("```toml\n").skip(1).filter_map(|rest| rest.split("```").next());
    let examples: Vec<_> = blocks.filter(|block| block.contains("[[steps]]")).collect();
    assert!(!examples.is_empty(), "docs/testing.md has no example");
    for example in examples {
        let file = std::env::temp_dir().join(format!("tollgate-{}-example.toml", std::process::id()));
        let report = std::fs::write(&file, example).map(|()| run(&file, root));
        let _ = std::fs::remove_file(&file);
        match report {
            Ok(report) => assert!(report.is_fine(), "{}", report.render(false)),
            Err(error) => panic!("{error}"),
        }
    }
}

fn run(file: &Path, corpus: &Path) -> Report {
    let name = file.strip_prefix(corpus).unwrap_or(file).display().to_string();
    let read = read::read(file).and_then(|case| Ok((read::documents(&case, file)?, case)));
    match read {
        Ok((documents, case)) => tollgate::sim::run(&case, &name, &documents),
        Err(problem) => Report {
            file: name,
            story: "cannot be read".to_owned(),
            host: HostKind::Sim,
            verdict: Verdict::Failed(vec![Failing::Case(problem)]),
        },
    }
}
