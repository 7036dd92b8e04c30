//! What stands in documents is true: each block of TOML on these pages is a configuration of its own.

#![allow(clippy::unwrap_used)]

use std::fs;
use std::path::Path;

use tollgate::author;
use tollgate::plan::{Abilities, Plan};

/// The pages, each with fewer configurations than it has.
const PAGES: &[(&str, usize)] = &[
    ("balancing.md", 3),
    ("batches.md", 0),
    ("caching.md", 4),
    ("compose.md", 2),
    ("compression.md", 1),
    ("discovery.md", 0),
    ("graphql.md", 0),
    ("health.md", 0),
    ("idempotency.md", 0),
    ("limits.md", 10),
    ("mappings.md", 0),
    ("migration.md", 0),
    ("openapi.md", 0),
    ("overload.md", 0),
    ("registry.md", 0),
    ("retries.md", 0),
    ("shapes.md", 0),
    ("transform.md", 1),
    ("validation.md", 1),
    ("versions.md", 1),
];

#[test]
fn configurations_are_valid() {
    PAGES.iter().for_each(|(page, few)| are_valid(page, *few));
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
