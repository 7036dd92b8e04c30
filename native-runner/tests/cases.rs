//! The corpus over the native server. Over the simulated host it is a test of the core; over the others,
//! `scripts/test.sh` runs it.
#![allow(clippy::unwrap_used)]

use std::path::Path;

use native_runner::test::{native, test};

#[tokio::test]
async fn the_corpus_over_the_native_server() {
    let corpus = Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/cases");
    assert!(test(&[corpus], &[native::host()]).await.unwrap(), "see above");
}
