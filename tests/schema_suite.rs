//! The official test suite of JSON Schema, over what validation makes of the library: our values, our patterns, our bounds.
//! Where it comes from is said in `tests/schema_suite/README.md`.

#![allow(clippy::unwrap_used)]
#![cfg(not(target_family = "wasm"))]

use serde_json::Value;
use tollgate::json::Bounds;
use tollgate::validation::{Draft, Sources, judge};

const BOUNDS: Bounds = Bounds { depth: 64, members: 10_000, elements: 10_000, text: 1 << 20 };

/// What is not as the suite has it, by the beginnings of the names of groups, and why.
const DIFFERENT: &[(&str, &str)] = &[
    // The plan refuses every `$schema` but those of the two drafts.
    ("vocabulary: ", "metaschemas of one's own"),
];

/// A group of tests: its name, a schema, and for each document its name, itself, and whether it is valid.
type Group = (String, Value, Vec<(String, Value, bool)>);

fn remotes() -> Vec<(String, Value, Draft)> {
    let all: Vec<(String, Value)> = serde_json::from_str(include_str!("schema_suite/remotes.json")).unwrap();
    let draft = |address: &str| if address.contains("/draft7/") { Draft::Draft7 } else { Draft::Draft202012 };
    all.into_iter().map(|(address, value)| (address.clone(), value, draft(&address))).collect()
}

fn run(text: &str, draft: Draft, least: usize) {
    let groups: Vec<Group> = serde_json::from_str(text).unwrap();
    let mut wrong = Vec::new();
    let mut run = 0;
    for (name, schema, tests) in &groups {
        if DIFFERENT.iter().any(|(beginning, _)| name.starts_with(beginning)) {
            continue;
        }
        let mut documents = remotes();
        documents.extend(metaschemas());
        documents.push(("tollgate:///test".to_owned(), schema.clone(), draft));
        let made = Sources::new(documents).map_err(|error| format!("{error:?}")).and_then(|sources| {
            let made = sources.schema(schema, "tollgate:///test", draft, Some(false));
            made.map_err(|mistakes| format!("{mistakes:?}"))
        });
        let schema = match made {
            Ok(schema) => schema,
            Err(why) => {
                wrong.push(format!("{name}: {why}"));
                continue;
            }
        };
        for (test, document, valid) in tests {
            run += 1;
            if judge(document.to_string().as_bytes(), &BOUNDS, &schema).is_ok() != *valid {
                wrong.push(format!("{name}: {test}: should be {}", if *valid { "valid" } else { "invalid" }));
            }
        }
    }
    assert!(wrong.is_empty(), "{} of {run}\n{}", wrong.len(), wrong.join("\n"));
    assert!(run > least, "only {run} documents were judged");
}

/// The suite refers to the schemas of schemas, too.
fn metaschemas() -> Vec<(String, Value, Draft)> {
    Vec::new()
}

#[test]
fn draft_2020_12_is_as_its_suite_has_it() {
    run(include_str!("schema_suite/2020-12.json"), Draft::Draft202012, 1000);
}

#[test]
fn draft_07_is_as_its_suite_has_it() {
    run(include_str!("schema_suite/draft-07.json"), Draft::Draft7, 800);
}
