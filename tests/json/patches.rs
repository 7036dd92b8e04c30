//! Arbitrary patches.

use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;

use super::arbitrary::{NAMES, document};

fn pointer() -> impl Strategy<Value = String> {
    let token = prop_oneof![
        4 => select(&NAMES).prop_map(str::to_owned),
        2 => (0..3usize).prop_map(|at| at.to_string()),
        1 => Just("-".to_owned()),
    ];
    vec(token, 1..4).prop_map(|tokens| tokens.iter().map(|token| format!("/{token}")).collect())
}

/// A JSON Patch.
pub fn patch() -> impl Strategy<Value = String> {
    const WORDS: [&str; 6] = ["add", "remove", "replace", "move", "copy", "test"];
    let operation = (select(&WORDS[..]), pointer(), pointer(), document());
    vec(operation, 0..5).prop_map(|operations| {
        let one = |(word, from, path, value): &(&str, String, String, String)| {
            let inside = *word == "move" && path.starts_with(&format!("{from}/"));
            let word = if inside { "copy" } else { word };
            let quoted = |text: &str| serde_json::to_string(text).unwrap();
            let (from, path) = (quoted(from), quoted(path));
            format!(r#"{{"op":"{word}","from":{from},"path":{path},"value":{value}}}"#)
        };
        format!("[{}]", operations.iter().map(one).collect::<Vec<_>>().join(","))
    })
}
