//! Freezing: documents in, module out, and what is not frozen with them.

use crate::support::{assert_answer, get, module, options, serve_component};
use native_runner::freeze::{componentize, freeze};
use native_runner::wasm_host::Options;

const DOCUMENTS: &str = r#"{"routes.toml":"[[routes]]"}"#;

fn frozen(documents: &str) -> anyhow::Result<Vec<u8>> {
    Ok(freeze(&module(), documents)?.core)
}

#[tokio::test]
async fn the_documents_are_in_the_module() {
    let component = componentize(&frozen(DOCUMENTS).expect("frozen")).expect("a component");
    let directory = tempfile::tempdir().expect("a directory");
    std::fs::write(directory.path().join("a.txt"), "mounted").expect("written");
    let environment = vec![(String::from("REGION"), String::from("north"))];
    let directories = vec![(directory.path().to_owned(), String::from("/files"))];
    let to = serve_component(&component, Options { environment, directories, ..options() }).await;
    assert_answer(&get(to, "/frozen").await, 200, DOCUMENTS);
    // Neither of these may have been frozen along.
    assert_answer(&get(to, "/env?name=REGION").await, 200, "north");
    assert_answer(&get(to, "/file?path=/files/a.txt").await, 200, "mounted");
}

#[tokio::test]
async fn a_module_for_spin_keeps_its_description() {
    let core = frozen(DOCUMENTS).expect("frozen");
    assert!(core.windows(15).any(|part| part == b"component-type:"));
    assert_eq!(core[..8], *b"\0asm\x01\0\0\0");
}

#[tokio::test]
async fn an_unfrozen_module_says_so() {
    let component = componentize(&module()).expect("a component");
    let to = serve_component(&component, options()).await;
    assert_answer(&get(to, "/frozen").await, 200, "unfrozen");
}

#[tokio::test]
async fn a_refusal_is_told_in_the_module_s_own_words() {
    let error = frozen(r#"{"refuse":""}"#).expect_err("a refusal");
    assert_eq!(format!("{error:#}"), "routes.toml:1: the documents ask to be refused");
}

#[test]
fn what_cannot_be_frozen() {
    let error = freeze(b"no module", "{}").expect_err("an error");
    assert!(format!("{error:#}").starts_with("the module cannot be initialised"), "{error:#}");
    let empty = b"\0asm\x01\0\0\0";
    let error = freeze(empty, "{}").expect_err("an error");
    assert!(format!("{error:#}").contains("wizer-initialize"), "{error:#}");
    assert!(componentize(b"no module").is_err());
}
