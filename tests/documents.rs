//! What stands in documents is true: each block of TOML in pages about limits, caching and registries is a configuration of its
//! own.

#![allow(clippy::unwrap_used)]

use std::fs;
use std::path::Path;

use tollgate::author;
use tollgate::plan::{Abilities, Plan};

#[test]
fn configurations_about_limits_are_valid() {
    are_valid("limits.md", 10);
}

#[test]
fn configurations_about_caching_are_valid() {
    are_valid("caching.md", 4);
}

#[test]
fn configurations_about_registries_are_valid() {
    are_valid("registry.md", 0);
    are_valid("discovery-sources.md", 2);
}

/// Each of more than `few` configurations on a page is one.
fn are_valid(page: &str, few: usize) {
    let text = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("docs").join(page)).unwrap();
    let blocks = blocks(&text);
    assert!(blocks.len() > few, "{page} has only {} configurations", blocks.len());
    let mut wrong = Vec::new();
    for (block, line) in blocks {
        let name = format!("{page}:{line}.toml");
        let compiled = author::load(&[(name.clone(), block.to_owned())]).and_then(|loaded| {
            let compiled = Plan::compile(&loaded.documents, &Abilities::NATIVE);
            compiled.map_err(|mut found| {
                loaded.locations.locate(&mut found);
                found
            })
        });
        if let Err(found) = compiled {
            wrong.extend(found.iter().map(ToString::to_string));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n\n"));
}

/// The blocks of TOML, each with the line that it begins at.
fn blocks(page: &str) -> Vec<(&str, usize)> {
    let mut found = Vec::new();
    for (at, fence) in page.match_indices("```toml\n") {
        let begin = at + fence.len();
        let block = page[begin..].split("```").next().unwrap();
        found.push((block, page[..begin].lines().count() + 1));
    }
    found
}
