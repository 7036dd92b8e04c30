//! What pre-initialisation read, kept in the memory image.

use std::sync::OnceLock;

static CONFIGURATION: OnceLock<String> = OnceLock::new();

/// The documents that were frozen in; `unfrozen` when the module was never initialised.
pub fn configuration() -> &'static str {
    CONFIGURATION.get().map_or("unfrozen", String::as_str)
}

/// Called once by `freeze`, before the memory image is taken. A failure is told on standard error, then traps.
#[unsafe(export_name = "wizer-initialize")]
pub extern "C" fn initialize() {
    let read = std::io::read_to_string(std::io::stdin());
    let text = read.unwrap_or_else(|e| fail(&format!("cannot read the documents: {e}")));
    if text.contains("\"refuse\"") {
        fail("routes.toml:1: the documents ask to be refused");
    }
    let _ = CONFIGURATION.set(text);
}

fn fail(why: &str) -> ! {
    eprintln!("{why}");
    std::process::abort()
}
