//! JSON as clients and upstreams send it, held against `serde_json`, and paths as authors write them.

use tollgate::json::{Fault, Limits, MOST_DEPTH, Path, parse};

/// What is read is what `serde_json` reads, but for what is refused on purpose, and is written so that it is read again.
pub fn document(bytes: &[u8]) {
    let limits = Limits::of(100_000);
    let theirs: Result<serde_json::Value, _> = serde_json::from_slice(bytes);
    match (parse(bytes, &limits), theirs) {
        (Ok(node), theirs) => {
            let written = node.to_text();
            assert_eq!(parse(written.as_bytes(), &limits).as_ref(), Ok(&node), "{written}");
            match theirs {
                Ok(value) => assert_eq!(serde_json::from_str::<serde_json::Value>(&written).unwrap(), value),
                // It makes floating-point numbers of them.
                Err(error) => {
                    assert!(error.to_string().contains("number out of range"), "{error}: {written}")
                }
            }
        }
        (Err(ours), Ok(_)) => {
            assert!(ours.fault == Fault::Twice || ours.fault.is_limit(), "{ours}");
            assert!(ours.at <= bytes.len());
        }
        (Err(ours), Err(_)) => assert!(ours.at <= bytes.len()),
    }
}

pub fn documents() -> Vec<Vec<u8>> {
    let texts = [
        r#"{"id":12345678901234567890,"name":"Ada \u00fc\ud83d\ude00","tags":["a","b"],"price":1.10e+2,"null":null}"#,
        r#"[ {"a": true}, {"a": false, "b": -0.0}, [[[[]]]], "\"\\\/\b\f\n\r\t", 1E400 ]"#,
        "{\"ü\":{\"\":{\"a\":{}}},\"a\":1,\"b\":2,\"c\":3,\"d\":4,\"e\":5,\"f\":6,\"g\":7,\"h\":8,\"i\":9,\"j\":10,\"k\":11,\"l\":12}",
        "  0 ",
        "\"\\ud800\\udc00\"",
    ];
    let deep = "[".repeat(MOST_DEPTH) + &"]".repeat(MOST_DEPTH);
    texts.iter().map(|text| text.as_bytes().to_vec()).chain([deep.into_bytes()]).collect()
}

/// What was read is written in one way, and is read as the same.
pub fn path(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    let Ok(path) = Path::read(text) else { return };
    let shown = path.to_string();
    // A number in a pointer may be a name or the place in an array, for which there is no other spelling.
    if !text.starts_with('/') && shown.len() <= 1_024 {
        assert_eq!(Path::read(&shown).as_ref(), Ok(&path), "{text:?} {shown:?}");
    }
    let _ = parse(b"{\"a\":[{\"b\":1}]}", &Limits::of(100)).unwrap().at(&path);
}

pub fn paths() -> Vec<Vec<u8>> {
    let texts = ["a.b[*].c[0]", "[*]", r#"["a.b"].c["\"\\]"]"#, "/a~1b/0/m~0n/-", "items[*].price", "ü.名"];
    texts.iter().map(|text| text.as_bytes().to_vec()).collect()
}
